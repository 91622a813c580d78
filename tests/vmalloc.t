#!/usr/bin/env python3
"""vmalloc of checkpoint 11 on machines of many shapes: its suites pass, its
processors stand on guarded stacks, four of them work on areas at random and
find what they wrote, and freeing asks other processors hardly ever."""

import os
import re

import book
import checkpoints
import guest
import ktap
import tap

NODES = ("-object memory-backend-ram,id=m0,size=128M"
         " -object memory-backend-ram,id=m1,size=64M"
         " -object memory-backend-ram,id=m2,size=64M"
         " -numa node,nodeid=0,cpus=0,memdev=m0"
         " -numa node,nodeid=1,cpus=1,memdev=m1"
         " -numa node,nodeid=2,cpus=2-3,memdev=m2")
SUITES = ("rbtree", "stacks", "vmalloc", "vmalloc_failing", "vmalloc_stress")
MINE = "kunit.filter_glob=*"
ONLY = "kunit.filter_glob=vmalloc*"
OPERATIONS = 40000


def cases():
    """(name, settings)"""
    yield "pc, two processors", {"smp": "2", "append": MINE}
    yield "q35, an old processor", \
        {"machine": "q35", "cpu": "qemu64", "append": ONLY}
    yield "12 MiB", {"mem": "12M", "append": ONLY}
    yield "more than 2 GiB", {"mem": "3G", "append": ONLY}
    yield "three nodes", {"mem": "256M", "smp": "4", "qemu": NODES,
                          "append": ONLY}
    yield "sixteen processors", {"smp": "16", "append": ONLY}
    yield "stacks of sixteen", \
        {"smp": "16", "append": "kunit.filter_glob=stacks"}
    yield "fewer than there are", \
        {"smp": "4", "append": "maxcpus=2 kunit.filter_glob=stacks"}


def judge(name, ending):
    tap.ok(ending.how == "ok", name, f"it ended with {ending.how}",
           ending.last_lines())


def stress(kernel):
    """Random work on four processors, for long enough to purge many times."""
    ending = guest.boot(kernel, smp="4", append=f"stress={OPERATIONS} "
                        "kunit.filter_glob=vmalloc_stress")
    judge(f"{OPERATIONS} operations on four processors", ending)
    said = re.search(r"(\d+) operations, (\d+) refused, (\d+) shootdowns",
                     ending.text)
    tap.ok(said and int(said[1]) > OPERATIONS - 4 and int(said[2]) == 0,
           "all of them were done", said and said[0])
    tap.ok(said and 0 < int(said[3]) < OPERATIONS / 500,
           "one shootdown is paid for hundreds of areas", said and said[0])


def debug(chapter):
    kernel = checkpoints.kernel(chapter, "clang", debug=True)
    for suite in ("vmalloc*", "stacks"):
        judge(f"clang's debug build: {suite}",
              guest.boot(kernel, smp="2",
                         append=f"kunit.filter_glob={suite}"))


def sanitized():
    """Every access of the last checkpoint's suites is checked; what they count
    must be free at once. A second boot keeps freed objects in quarantine."""
    chapter = book.chapters()[-1]
    kernel = checkpoints.kernel(chapter, debug="kasan")
    suite = ktap.sources(checkpoints.tree(chapter, debug="kasan"))["kasan"]
    done = set()
    boots = (("1", "kasan.quarantine=0"), ("4", "kasan.quarantine=0"),
             ("2", "kunit.filter_glob=*stress*"))
    for (smp, append), ending in checkpoints.in_parallel(
            lambda boot: guest.boot(kernel, smp=boot[0], append=boot[1]),
            boots):
        judge(f"DEBUG=kasan, {append}, processors: {smp}", ending)
        tap.ok("KASAN: each access is checked" in ending.text,
               "each access was checked")
        done |= ktap.ran(ktap.parse(ending.text))
    idle = ktap.idle({"kasan": suite}, done)
    tap.ok(not idle, "every case of kasan runs in some boot", *idle)


def main():
    chapter = next(c for c in book.chapters() if c.number == 11)
    kernel = checkpoints.kernel(chapter)
    everything = None
    for case, ending in checkpoints.in_parallel(
            lambda case: guest.boot(kernel, **case[1]), cases()):
        judge(case[0], ending)
        everything = everything or ending.text
    for suite in SUITES:
        tap.ok(f"# Subtest: {suite}\n" in everything, f"{suite} was run")
    stress(kernel)
    debug(chapter)
    sanitized()
    tap.done()


main()
