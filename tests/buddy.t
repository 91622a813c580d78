#!/usr/bin/env python3
"""The page allocator of checkpoint 7 under random work with a shadow model:
on one node and on three, many more operations than each boot does."""

import book
import checkpoints
import guest
import tap

NODES = ("-object memory-backend-ram,id=m0,size=64M"
         " -object memory-backend-ram,id=m1,size=32M"
         " -object memory-backend-ram,id=m2,size=32M"
         " -numa node,nodeid=0,memdev=m0 -numa node,nodeid=1,memdev=m1"
         " -numa node,nodeid=2,memdev=m2")


def main():
    chapter = next(c for c in book.chapters() if c.number == 7)
    kernel = checkpoints.kernel(chapter)
    for name, qemu in (("one node", ""), ("three nodes", NODES)):
        ending = guest.boot(kernel, mem="128M", qemu=qemu,
                            append="stress=400000 kunit.filter_glob=page_al*")
        tap.ok(ending.how == "ok", f"400,000 operations, {name}",
               f"it ended: {ending.how}", ending.last_lines())
        tap.ok("Subtest: page_alloc" in ending.text, f"the suite ran, {name}")
    tap.done()


main()
