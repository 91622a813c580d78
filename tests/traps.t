#!/usr/bin/env python3
"""Reports of faults that end the kernel: what they say, that the lines they
name are those addr2line names, and that they end whatever is broken.

Each case adds a few lines to checkpoint 2, and most of them to the last one
as well, by an overlay. The kernel's own tests take every exception that can be
survived; here are the others."""

import json
import os
import re
import select
import shutil
import socket
import subprocess
import time

import book
import checkpoints
import guest
import tap
import variants

BASE = os.path.join(book.ROOT, "build/tests/traps")
START = "start_kernel: bring up the machine"
HEADERS = "main.c: headers"

# The entry that maps a page of the direct map far from the kernel, changed.
CHANGE_ENTRY = """
static inline unsigned long with_entry(unsigned long set, unsigned long clear)
{
	unsigned long address = PAGE_OFFSET + 0x3000000;
	struct pt_walk walk;
	u64 *entry;

	pt_walk_kernel(&walk, address);
	entry = __va(walk.level[walk.levels - 1].at);
	*entry = (*entry | set) & ~clear;
	write_cr3(read_cr3());
	return address;
}
"""
INCLUDES = "".join(f"#include <asm/{name}.h>\n" for name in (
    "page", "pgwalk", "processor", "i8259", "io", "irqflags", "traps"))
INCLUDES += "#include <linux/bug.h>\n#include <linux/console.h>\n"

DEEP = """
static noinline int deep(int n)
{
	if (n >= 0)
		n = deep(n + 1);
	barrier();
	return n + 1;
}
"""
BAD_CONSOLE = """
static void bad_write(struct console *c, const char *text, unsigned int n)
{
	*(volatile int *)0x5eed0000beef = n;
}
static struct console bad = { .name = "bad", .write = bad_write };
"""


def overlay(name, statements, declarations=""):
    path = os.path.join(BASE, name + ".nw")
    os.makedirs(BASE, exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"<<{HEADERS}>>=\n{INCLUDES}{declarations}@\n\n"
                f"<<{START}>>=\n{statements}\n@\n")
    return path


TREES = {}          # by path


def build(chapter, path, compiler="gcc", plain=False):
    """The checkpoint with an overlay. All cases share a tree, for speed."""
    tree = os.path.join(BASE, f"{compiler}{'-plain' * plain}", chapter.name)
    if tree not in TREES:
        base = checkpoints.tree(chapter, compiler, plain)
        guest.copy(base, tree)
        TREES[tree] = variants.Tree(chapter, base, tree, plain)
    TREES[tree].become([path])
    guest.build(tree, "-j2", f"CC={compiler}", "loom.elf")
    return tree


def in_order(text, wanted):
    """The first of `wanted` that is not in `text` behind those before it."""
    place = 0
    for each in wanted:
        place = text.find(each, place)
        if place < 0:
            return each
        place += len(each)
    return None


def symbols(kernel):
    """Where each function begins; a name may stand for several."""
    listing = subprocess.run(["nm", kernel], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    found = {}
    for line in listing.splitlines():
        address, kind, name = line.split()[-3:]
        if kind in "tTwW":
            found.setdefault(name, []).append(int(address, 16))
    return found


def wrong_lines(tree, text):
    """Lines of the trace that addr2line sees elsewhere; how many were seen."""
    kernel = os.path.join(tree, "loom.elf")
    begins, seen, wrong = symbols(kernel), 0, []
    for arrow, name, offset, line in re.findall(
            r"^(->|  ) (\S+)\+0x([0-9a-f]+)/0x[0-9a-f]+ \((.*)\)$", text, re.M):
        seen += 1
        places = [address + int(offset, 16) - (arrow != "->")
                  for address in begins.get(name, [])]
        says = subprocess.run(
            ["addr2line", "-e", kernel, *map(hex, places)],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        says = re.sub(r" \(discriminator.*", "", says)
        if not any(each.endswith("/" + line) or each == line
                   for each in says.split()):
            wrong.append(f"{name}+{offset}: {line}, addr2line: {says.split()}")
    return wrong, seen


def report(chapter, name, statements, wanted, declarations="", reject=(),
           least=2, **how):
    """Boot an overlay that must panic, and read its report."""
    tree = build(chapter, overlay(name, statements, declarations), **how)
    ending = guest.boot(os.path.join(tree, "loom.elf"), icount=True, limit=60)
    title = f"{chapter.name}: {name}" + "".join(f", {k}={v}"
                                               for k, v in how.items())
    missing = in_order(ending.text, wanted)
    unwanted = [each for each in reject if each in ending.text]
    tap.ok(ending.how == "panic" and missing is None and not unwanted,
           f"{title}: the report", f"ended {ending.how}; missing {missing!r}",
           f"unwanted {unwanted}", ending.last_lines(40))
    wrong, seen = wrong_lines(tree, ending.text)
    if least:
        tap.ok(seen >= least and not wrong, f"{title}: lines as addr2line's",
               f"{seen} lines", *wrong)
    return ending


def reports(chapter):
    report(chapter, "wild-store", "*(volatile int *)0x5eed0000beef = 42;",
           ["unable to handle page fault for address: 00005eed0000beef",
            "#PF: code 0x0002: the kernel tried to write where no page",
            "PGD[189]", "not present", "RIP: 0010:start_kernel+", "Call trace:",
            "<boot stack>", "-> start_kernel+",
            "Kernel panic - not syncing: page fault"])
    report(chapter, "stack-overflow", "printk(\"%d\\n\", deep(0));",
           ["BUG: double fault", "the boot stack is full", "guard page",
            "-> deep", "times more", "start_kernel+",
            "Kernel panic - not syncing: double fault"], DEEP)
    report(chapter, "no-execute",
           "((void (*)(void))with_entry(_PAGE_NX, 0))();",
           ["BUG: unable to handle page fault",
            "#PF: code 0x0011: the kernel tried to execute where the page "
            "forbids it", "->", " page, RW NX", "Call trace:",
            "-> 0xffff888003000000", "start_kernel+"], CHANGE_ENTRY)
    report(chapter, "reserved-bit",
           "(void)*(volatile int *)with_entry(1UL @<< 51, 0);",
           ["the kernel tried to read where an entry has reserved bits", "->",
            "reserved 0x8000000000000", "Call trace:"], CHANGE_ENTRY)
    report(chapter, "read-only",
           "*(volatile int *)with_entry(0, _PAGE_RW) = 1;",
           ["#PF: code 0x0003: the kernel tried to write where the page "
            "forbids it", "->", "page, RO"], CHANGE_ENTRY)
    report(chapter, "not-canonical",
           "*(volatile int *)0xdead000000000100 = 42;",
           ["BUG: general protection fault", "holds dead000000000100",
            "not canonical", "Call trace:"])
    report(chapter, "wild-jump", "((void (*)(void))0xffffffffdead0000)();",
           ["code 0x0010: the kernel tried to execute where no page is present",
            "RIP: 0010:0xffffffffdead0000", "-> 0xffffffffdead0000",
            "   start_kernel+"])
    one_trace(chapter)


def one_trace(chapter):
    ending = report(chapter, "bug", "BUG_ON(1 + 1 == 2);",
                    ["Kernel panic - not syncing: BUG at", "Call trace:",
                     "panic+", "start_kernel+", "---[ end Kernel panic"])
    tap.equal(ending.text.count("Call trace:"), 1,
              f"{chapter.name}: a BUG has one trace")
    ending = report(chapter, "broken-console", "register_console(&bad); BUG();",
                    ["Loom"], BAD_CONSOLE, least=0)
    tap.ok(ending.how == "panic",
           f"{chapter.name}: a broken console does not keep the kernel alive")


def forms(chapter):
    """The same report by clang, and with the lines of plain C."""
    store = "*(volatile int *)0x5eed0000beef = 42;"
    report(chapter, "wild-store", store,
           ["-> start_kernel+", "x86_64_start_kernel+", "chapters/01-first"],
           compiler="clang")
    report(chapter, "wild-store", store,
           ["-> start_kernel+", "(init/main.c:", "(arch/x86/kernel/head64.c:"],
           reject=["chapters/"], plain=True)


def stray_interrupt(chapter):
    """The timer's line, unmasked: vector 48 now, and no double fault."""
    tree = build(chapter, overlay("timer", """
outb(0x30, 0x43);		/* count down once */
outb(0x10, 0x40);
outb(0x00, 0x40);
outb(0xfe, 0x21);
local_irq_enable();
for (int i = 0; i < 1000000; i++)
	cpu_relax();
local_irq_disable();
outb(0xff, 0x21);
"""))
    ending = guest.boot(os.path.join(tree, "loom.elf"), icount=True, limit=60)
    tap.ok(ending.how == "ok" and "Vector 48 arrived" in ending.text,
           f"{chapter.name}: a stray interrupt is told from an exception",
           ending.how, ending.last_lines())


def wait_for(process, marker, limit=60):
    """Read the guest's words until `marker`, or until it ends."""
    text, end = "", time.monotonic() + limit
    while marker is None or marker not in text:
        ready, _, _ = select.select([process.stdout], [], [],
                                    max(0, end - time.monotonic()))
        data = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not data:
            break
        text += data.decode("utf-8", "replace").replace("\r", "")
    return text


def monitor(path, *commands):
    """Have QEMU's monitor execute each command."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        lines = s.makefile("rw")
        lines.readline()
        for command in ({"execute": "qmp_capabilities"},) + tuple(
                {"execute": "human-monitor-command",
                 "arguments": {"command-line": c}} for c in commands):
            lines.write(json.dumps(command) + "\n")
            lines.flush()
            while "return" not in json.loads(lines.readline()):
                pass


def hardware_errors(chapter):
    """What comes from outside: an NMI is survived, a machine check is not."""
    tree = build(chapter, overlay("hardware", """
printk("waiting for trouble\\n");
while (!READ_ONCE(unexpected_interrupts))
	cpu_relax();
"""))
    path = os.path.join(BASE, "qmp")
    if os.path.exists(path):
        os.unlink(path)
    process = subprocess.Popen(
        guest.command(os.path.join(tree, "loom.elf"),
                      qemu=f"-qmp unix:{path},server=on,wait=off"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        text = wait_for(process, "waiting for trouble")
        monitor(path, "nmi")
        text += wait_for(process, "going on")
        monitor(path, "mce 0 0 0xb600000000000000 0 0x12345000 0")
        text += wait_for(process, None)
        process.wait(10)
    finally:
        process.kill()
        process.wait()
    missing = in_order(text, ["NMI for unknown reason", "going on",
                              "BUG: machine check", "bank 0 says b6",
                              "Call trace:", "start_kernel+"])
    tap.ok(missing is None and process.returncode == 37,
           f"{chapter.name}: an NMI, then a machine check",
           f"missing {missing!r}, status {process.returncode}", text)


def moved_text(chapter):
    """A table that carries code with it moves the text: the build must see."""
    path = os.path.join(BASE, "moved-text.nw")
    with open(path, "w", encoding="utf-8") as f:
        f.write('<<kallsyms.awk: the tables>>=\nEND {\n\tif (symbols)\n'
                '\t\tprint "\\t.section .head.text, \\"ax\\"\\n\\t.skip 64"\n'
                '}\n@\n')
    try:
        build(chapter, path)
        said = "it was built"
    except RuntimeError as error:
        said = str(error)
    tap.ok("differ" in said, f"{chapter.name}: text that moves stops the build",
           said)


def any_awk(chapter):
    """The table does not depend on which awk the reader has."""
    tree = build(chapter, overlay("awk", ";"))
    made = {}
    for awk in ("mawk", "gawk", "busybox"):
        if not shutil.which(awk):
            continue
        folder = os.path.join(BASE, "bin-" + awk)
        os.makedirs(folder, exist_ok=True)
        link = os.path.join(folder, "awk")
        if not os.path.lexists(link):
            os.symlink(shutil.which(awk), link)
        environment = dict(os.environ, PATH=folder + ":" + os.environ["PATH"])
        made[awk] = subprocess.run(
            "sh scripts/symbols.sh -l obj/loom.1.elf |"
            " awk -f scripts/kallsyms.awk", shell=True, cwd=tree, check=True,
            env=environment, stdout=subprocess.PIPE).stdout
    alike = len(set(made.values())) == 1
    tap.ok(alike and min(map(len, made.values())) > 10000,
           f"{chapter.name}: {', '.join(made)} make the same table",
           str({awk: len(table) for awk, table in made.items()}))


CHAPTERS = book.chapters()
for each in dict.fromkeys((CHAPTERS[1], CHAPTERS[-1])):
    reports(each)
    any_awk(each)
    moved_text(each)
forms(CHAPTERS[-1])
stray_interrupt(CHAPTERS[1])
hardware_errors(CHAPTERS[1])
tap.done()
