#!/usr/bin/env python3
"""Checkpoint 10 on machines of many shapes: random work on four processors
with a shadow of each object, nodes, sixteen processors, an old processor and
one too old, clang, and the debug build with hidden and shuffled free lists.
And what a report says of the three classic mistakes, with lines of the book."""

import os
import re

import book
import checkpoints
import guest
import tap

NODES = ("-object memory-backend-ram,id=m0,size=96M"
         " -object memory-backend-ram,id=m1,size=32M"
         " -numa node,nodeid=0,cpus=0-1,memdev=m0"
         " -numa node,nodeid=1,cpus=2-3,memdev=m1"
         " -numa node,nodeid=2")
SUITES = ["slub", "slub_check", "slub_debug", "slub_fault", "slub_machine",
          "slub_stress"]
RAN = [rf"^ok \d+ {suite}$" for suite in SUITES]
OURS = "kunit.filter_glob=slub*"
STRESS = "stress=20000 kunit.filter_glob=slub_stress"
SHADOWS = [r"^ +ok 1 shadows$"]
MACHINE = ["no_lock_at_all", "foreign_objects", "a_real_interrupt",
           "to_the_last_page", "statistics"]
FILLED = [rf"^ +ok \d+ {case}$" for case in MACHINE]
HARD = [r"^ +ok \d+ twice_in_a_row$", r"^ +ok \d+ pointers_are_hidden$",
        r"^ +ok \d+ lists_are_shuffled$"]


def cases():
    """(name, kernel, settings, how it ends, what must be said)"""
    chapter = next(c for c in book.chapters() if c.number == 10)
    gcc = checkpoints.kernel(chapter)
    clang = checkpoints.kernel(chapter, compiler="clang")
    debug = checkpoints.kernel(chapter, debug=True)
    small = {"mem": "96M", "append": OURS}
    yield "one processor, counted", gcc, small | {"icount": True}, "ok", \
        RAN + FILLED
    yield "four processors, random work", gcc, \
        {"mem": "256M", "smp": "4", "append": STRESS}, "ok", SHADOWS
    yield "four on q35, no lock shared", gcc, \
        small | {"machine": "q35", "smp": "4"}, "ok", RAN + FILLED
    yield "sixteen", gcc, small | {"smp": "16", "mem": "512M"}, "ok", RAN
    yield "three nodes, one without memory", gcc, \
        {"mem": "128M", "smp": "4", "qemu": NODES, "append": OURS}, "ok", RAN
    yield "qemu64, which has cmpxchg16b", gcc, small | {"cpu": "qemu64"}, \
        "ok", RAN + FILLED
    yield "qemu64 without it is turned away", gcc, \
        {"cpu": "qemu64,-cx16", "append": OURS}, "panic", \
        ["This processor has no CMPXCHG16B"]
    yield "clang", clang, small | {"smp": "2"}, "ok", RAN
    yield "debug build", debug, small | {"smp": "2"}, "ok", RAN + HARD
    yield "all caches debugged", gcc, \
        small | {"append": OURS + " slub_debug"}, "ok", RAN
    yield "cleared, both ways", gcc, \
        small | {"smp": "2", "append": OURS + " init_on_alloc=on"
                 " init_on_free=on"}, "ok", RAN
    yield "slabs of a megabyte", gcc, \
        {"mem": "512M",
         "append": OURS + " slub_min_order=11 slub_max_order=8"}, "ok", \
        RAN + ["slub_min_order=11 is above 10, which is taken",
               "slub_min_order=10 is above slub_max_order, 8"]
    yield "all failing at times", gcc, \
        small | {"append": OURS + "stress failslab=7,50,0,-1"}, "ok", SHADOWS
    yield "bad settings", gcc, \
        {"append": "kunit.enable=0 failslab=0,1"}, "ok", \
        ["'0,1' for parameter 'failslab': error -22"]


def boot(case):
    return guest.boot(case[1], **case[2])


def judge(name, ending, how, wanted):
    missing = [p for p in wanted if not re.search(p, ending.text, re.M)]
    tap.ok(ending.how == how and not missing, name,
           f"it ended with {ending.how}",
           *(f"does not say {p}" for p in missing), ending.last_lines())


# What each mistake must be called, and whose line must stand there.
OWNER = r"\+\S+ age=\d+ cpu=0 \(\S*culprit\.nw:\d+\)"
MISTAKES = [
    ("one byte too many", "p[64] = 'A'; kfree(p);",
     ["BUG kmalloc-64: Right Redzone overwritten",
      "First byte 0x41 instead of 0xcc", "Allocated in culprit" + OWNER]),
    ("a free pointer overwritten",
     "kfree(p); *(long *)(p + 72) = 0x4141414141414141;"
     " __kmalloc(64, GFP_KERNEL); __kmalloc(64, GFP_KERNEL);",
     ["BUG kmalloc-64: (Freepointer|Freechain) corrupt",
      "Freed in culprit" + OWNER]),
    ("freed twice", "kfree(p); kfree(p);",
     ["BUG kmalloc-64: Object already free", "Allocated in culprit" + OWNER,
      "Freed in culprit" + OWNER, "Object at 0x[0-9a-f]+ not freed"]),
]

CULPRIT = """<<main.c: headers>>=
static int mistake;

static int __init setup_mistake(char *value)
{
	mistake = *value - '0';
	return 0;
}
__setup("mistake=", setup_mistake);

static noinline void culprit(void)
{
	char *p = __kmalloc(64, GFP_KERNEL);

	switch (mistake) {
%s
	}
}
@
<<start_kernel: the machine stands>>=
culprit();
@
"""


def mistaken():
    """A kernel of checkpoint 10 that makes the mistake it is told to make."""
    base = os.path.join(book.ROOT, "build/tests/slub")
    os.makedirs(base, exist_ok=True)
    overlay, tree = os.path.join(base, "culprit.nw"), os.path.join(base, "tree")
    code = "\n".join(f"\tcase {i}:\n\t\t{code}\n\t\tbreak;"
                     for i, (_, code, _) in enumerate(MISTAKES))
    with open(overlay, "w", encoding="utf-8") as f:
        f.write(CULPRIT % code)
    checkpoints.copy(tree, next(c for c in book.chapters() if c.number == 10))
    book.tangle(10, tree, plain=False, overlays=[overlay])
    guest.build(tree, "-j2", "loom.elf")
    return os.path.join(tree, "loom.elf")


def main():
    for case, ending in checkpoints.in_parallel(boot, cases()):
        judge(case[0], ending, case[3], case[4])
    kernel = mistaken()
    for i, (name, _, wanted) in enumerate(MISTAKES):
        ending = guest.boot(kernel, append=f"kunit.enable=0 mistake={i}"
                            " slub_debug=FZPU,kmalloc-64")
        judge(f"{name}: the report", ending, "ok", wanted)
    tap.done()


main()
