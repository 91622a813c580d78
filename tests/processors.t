#!/usr/bin/env python3
"""Checkpoint 8 on machines of many shapes: one to sixteen processors and once
sixty-four, nodes without memory or without processors, fewer started than
there are, guests that take a host's processor from each other while they
calibrate their clocks, and the debug build, whose reports name both orders of
two locks and whose timer ends the kernel when a registered check fails. Last,
a processor that ends the kernel while another is in its way."""

import concurrent.futures
import os
import re

import book
import checkpoints
import guest
import tap

NODES = ("-m 512M -object memory-backend-ram,id=m0,size=256M"
         " -object memory-backend-ram,id=m1,size=256M"
         " -numa node,nodeid=0,cpus=0-1,memdev=m0"
         " -numa node,nodeid=1,memdev=m1 -numa node,nodeid=2,cpus=2-3 -smp 4")
OURS = ["cpumask", "percpu", "percpu_map", "lock_graph", "smp", "locks",
        "interrupts", "litmus"]
ALL = [f"# Subtest: {suite}$" for suite in OURS]
SMP = "kunit.filter_glob=smp"


def cases():
    """(name, settings, what must be said)"""
    yield "one", {"smp": "1"}, ALL + \
        [r"percpu: 1 units of \d+ bytes, 28672 of them dynamic"]
    yield "two, counted", {"smp": "2", "icount": True}, \
        ALL + ["2 of 2 processors run"]
    yield "three on q35, an old one", \
        {"machine": "q35", "smp": "3", "cpu": "qemu64"}, ALL + ["3 of 3"]
    yield "sixteen", {"smp": "16", "append": SMP}, ["16 of 16"]
    yield "nodes without", {"qemu": NODES, "append": SMP}, \
        ["4 of 4", "node 1: processors 2,3; 0 KiB", "node 2: processors none"]
    yield "numbers with a gap", \
        {"qemu": "-smp 6,sockets=2,cores=3,threads=1", "append": SMP}, \
        ["6 of 6"]
    yield "fewer than there are", \
        {"smp": "4", "append": "maxcpus=2 " + SMP}, ["2 units", "2 of 2"]
    yield "no hypervisor: fair locks", \
        {"smp": "2", "cpu": "max,-hypervisor",
         "append": "kunit.filter_glob=locks"}, ["2 of 2"]
    yield "fair locks when asked", \
        {"smp": "2", "append": "spinlock=fair kunit.filter_glob=locks"}, \
        ["2 of 2"]
    yield "a wrong word", {"append": "spinlock=free " + SMP}, \
        ["'free' for parameter 'spinlock': error -22"]
    yield "sixty-four", {"smp": "64", "append": SMP}, ["64 of 64"]


def boot(case):
    return guest.boot(kernel, **case[1])


def judge(name, ending, wanted):
    missing = [p for p in wanted if not re.search(p, ending.text, re.M)]
    tap.ok(ending.how == "ok" and not missing, name,
           f"it ended with {ending.how}",
           *(f"does not say {p}" for p in missing), ending.last_lines())


def on_one_processor(count):
    """Boots at the same time, which all run on the same processor here."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})     # for the threads as well
    try:
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            append = "kunit.filter_glob=interrupts"
            return [job.result() for job in
                    [pool.submit(guest.boot, kernel, append=append)
                     for _ in range(count)]]
    finally:
        os.sched_setaffinity(0, allowed)


def judge_clock(ending):
    """QEMU's APIC timer runs at 1 GHz, by 16 here, whoever stops the guest."""
    line = re.search(r"APIC timer (\d+) kHz, within (\d+) ppm", ending.text)
    khz, ppm = map(int, line.groups()) if line else (0, 0)
    wrong = abs(khz - 62500) * 1000000 // 62500
    # One part in a thousand for the APIC's counts and for whole kHz.
    tap.ok(ending.how == "ok" and wrong <= ppm + 1000 <= 51000,
           "its clock is as good as it says", f"it ended with {ending.how}",
           line and line[0], ending.last_lines())


chapter = next(c for c in book.chapters() if c.number == 8)
kernel = checkpoints.kernel(chapter)
for case, ending in checkpoints.in_parallel(boot, cases()):
    judge(case[0], ending, case[2])
for ending in on_one_processor(6):
    judge_clock(ending)



def judge_order(name, ending):
    """What lockdep=print says: every edge leads to a class further down. The
    chapter's own locks are all leaves; what is planted makes the one edge."""
    said = re.findall(r"^# lock-(class|order) (.*)$", ending.text, re.M)
    classes = [re.match(r"(.*) in (\S+?)(,|$)", text)
               for kind, text in said if kind == "class"]
    place = {match and match[1]: i for i, match in enumerate(classes)}
    edges = [text.split(" -> ") for kind, text in said if kind == "order"]
    wrong = [edge for edge in edges if len(edge) != 2 or
             not place.get(edge[0], -1) < place.get(edge[1], -1)]
    tap.ok(ending.how == "ok" and all(classes) and not wrong and
           edges == [["planted_outer", "planted_inner"]] and
           "tests/" not in str(said), name,
           f"it ended with {ending.how}", f"{len(classes)} classes",
           f"{len(edges)} edges", *map(str, wrong), ending.last_lines())


debug = os.path.join(book.ROOT, "build/tests/processors/08-debug")
checkpoints.copy(debug, chapter, debug=True)
ending = guest.boot(os.path.join(debug, "loom.elf"),
                    append="lockdep=paint kunit.filter_glob=lock_graph")
judge("and refuses to do anything else with it", ending,
      ["'paint' for parameter 'lockdep': error -22"])
ending = guest.boot(os.path.join(debug, "loom.elf"), smp="2",
                    append="kunit.filter_glob=lock*")
judge("the debug build asks", ending,
      ["possible circular locking dependency detected",
       "CPU 0 takes lock_a while it holds lock_b",
       "lock_b was taken while lock_a was held",
       "inconsistent lock state", "irq-safe -> irq-unsafe lock order",
       r"two_orders\+.*08-processors/.*\.nw:\d+",
       "MAX_EDGES too low: locks go unchecked",
       "MAX_LOCK_CLASSES too low: locks go unchecked"])

# What is planted is in a file of its own, as a chapter adds one; a suite of one
# case is named after it.
SUITE = """
#include <kunit/test.h>

#define PLANTED_SUITE(of)						\\
static struct kunit_case of##_cases[] = { KUNIT_CASE(of), {} };		\\
static struct kunit_suite of##_suite = {				\\
	.name = #of, .test_cases = of##_cases,				\\
};									\\
kunit_test_suite(of##_suite)
"""

# A check that fails after a while, a suite that lasts until the check has had
# its turn several times, and one that takes a lock under another.
PLANTED = SUITE + """
#include <linux/check.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>

static const char *planted_check(void)
{
	return jiffies > 30 ? "Q1: as planted" : 0;
}
DEFINE_CHECK(planted_check);

static void a_hundred_ticks(struct kunit *test)
{
	while (jiffies < 100)
		safe_halt();
}
PLANTED_SUITE(a_hundred_ticks);

static DEFINE_SPINLOCK(planted_inner);
static DEFINE_SPINLOCK(planted_outer);

static void two_locks(struct kunit *test)
{
	spin_lock(&planted_outer);
	spin_lock(&planted_inner);
	spin_unlock(&planted_inner);
	spin_unlock(&planted_outer);
}
PLANTED_SUITE(two_locks);
"""
with open(os.path.join(debug, "kernel/planted_check.c"), "w",
          encoding="utf-8") as f:
    f.write(PLANTED)
guest.build(debug, "-j2", "DEBUG=1")
ending = guest.boot(os.path.join(debug, "loom.elf"), smp="2",
                    append="lockdep=print kunit.filter_glob=*lock*")
judge_order("lockdep=print prints the order of locks, and it is one", ending)
ending = guest.boot(os.path.join(debug, "loom.elf"), icount=True,
                    append="kunit.filter_glob=a_hundred_ticks")
tap.ok(ending.how == "panic" and
       "Kernel panic - not syncing: planted_check(): Q1: as planted"
       in ending.text, "a check that fails on the timer ends the debug build",
       f"it ended with {ending.how}", ending.last_lines())

# Processor 1 has the console and keeps it; or it faults while processor 0 is in
# an NMI, where it cannot be stopped, and panics there; or it sends NMIs that
# print to processor 0, which takes the console and gives it back all the time.
PLANTED = SUITE + """
#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/kdebug.h>
#include <linux/panic.h>
#include <asm/apic.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

static bool there, go;

static void wait_for(bool *flag)
{
	while (!READ_ONCE(*flag))
		cpu_relax();
}

static void hold_console(void *arg)
{
	unsigned long flags;

	console_enter(&flags);
	WRITE_ONCE(there, true);
	for (;;)
		cpu_relax();
}

static void beside_a_printer(struct kunit *test)
{
	static struct cpu_work work = { .fn = hold_console };

	queue_cpu_work(1, &work);
	wait_for(&there);
	panic("planted");
}
PLANTED_SUITE(beside_a_printer);

static void fault(void *arg)
{
	wait_for(&go);
	asm volatile("ud2");
}

static int in_nmi_handler(struct notifier_block *nb, unsigned long trapnr,
			  void *args)
{
	if (trapnr != X86_TRAP_NMI)
		return NOTIFY_DONE;
	WRITE_ONCE(go, true);
	while (!other_cpu_in_panic())
		cpu_relax();
	panic("too late");
}

static void beside_a_fault(struct kunit *test)
{
	static struct notifier_block nb = { .notifier_call = in_nmi_handler };
	static struct cpu_work work = { .fn = fault };

	register_die_notifier(&nb);
	queue_cpu_work(1, &work);
	apic_send_NMI(0);
	wait_for(&there);
}
PLANTED_SUITE(beside_a_fault);

static unsigned int nmis;

static int count_nmi(struct notifier_block *nb, unsigned long trapnr,
		     void *args)
{
	if (trapnr == X86_TRAP_NMI)
		WRITE_ONCE(nmis, nmis + 1);
	return NOTIFY_DONE;
}

static void send_nmis(void *arg)
{
	for (unsigned int i = 0; i < 300; i++) {
		apic_send_NMI(0);
		while (READ_ONCE(nmis) == i)
			cpu_relax();
		for (unsigned int j = 0; j < i; j++)
			cpu_relax();
	}
}

static void between_lock_and_owner(struct kunit *test)
{
	static struct notifier_block nb = { .notifier_call = count_nmi };
	struct cpu_work work = { .fn = send_nmis };
	unsigned long flags;

	register_die_notifier(&nb);
	queue_cpu_work(1, &work);
	while (READ_ONCE(work.pending))
		console_leave(console_enter(&flags), flags);
	KUNIT_EXPECT_EQ(test, nmis, 300U);
	unregister_die_notifier(&nb);
}
PLANTED_SUITE(between_lock_and_owner);
"""
planted = os.path.join(book.ROOT, "build/tests/processors/08-planted")
checkpoints.copy(planted, chapter)
with open(os.path.join(planted, "tests/planted_test.c"), "w",
          encoding="utf-8") as f:
    f.write(PLANTED)
guest.build(planted, "-j2")
for suite, message, name in (
        ("beside_a_printer", "planted", "a panic does not wait for a stopped printer"),
        ("beside_a_fault", "invalid opcode", "of a fault and a panic one is reported")):
    ending = guest.boot(os.path.join(planted, "loom.elf"), smp="2", limit=60,
                        append=f"kunit.filter_glob={suite}")
    ends = re.findall(r"end Kernel panic - not syncing: (.*) \]", ending.text)
    tap.ok(ending.how == "panic" and ends == [message], name,
           f"it ended with {ending.how}", ending.last_lines())
ending = guest.boot(os.path.join(planted, "loom.elf"), smp="2", limit=60,
                    append="kunit.filter_glob=between_lock_and_owner")
tap.ok(ending.how == "ok" and "NMI for unknown reason" in ending.text,
       "an NMI that prints finds a console that it can have",
       f"it ended with {ending.how}", ending.last_lines())
tap.done()
