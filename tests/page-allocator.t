#!/usr/bin/env python3
"""Checkpoint 9 on machines of many shapes: one node, two, eight; one processor
and sixteen; with little memory and with 64 GiB; the debug build, whose timer
asks the invariants; clang's; and, once, many more operations than each boot
does, on four processors with a shadow model."""

import re

import book
import checkpoints
import guest
import tap

OURS = "p*"
SUITES = ["page_alloc", "page_owner", "pcp", "pressure"]


def nodes(count, size, smp):
    """As many nodes of that many MiB, the processors in turn."""
    words = [f"-m {count * size}M -smp {smp}"]
    for i in range(count):
        cpus = "".join(f",cpus={cpu}" for cpu in range(i, smp, count))
        words.append(f"-object memory-backend-ram,id=m{i},size={size}M,"
                     f"reserve=off -numa node,nodeid={i},memdev=m{i}{cpus}")
    return " ".join(words)


LAZY = ("-object memory-backend-ram,id=m,size=64G,reserve=off"
        " -machine memory-backend=m -m 64G -smp 2")


def cases():
    """(name, the build, settings, suites that must run)"""
    yield "one processor, counted", {}, {"icount": True}, SUITES
    yield "two nodes", {}, {"qemu": nodes(2, 256, 4)}, SUITES
    yield "eight nodes", {}, {"qemu": nodes(8, 64, 8)}, SUITES
    yield "sixteen processors", {}, {"smp": "16"}, SUITES
    yield "q35 and an old processor", {}, \
        {"machine": "q35", "cpu": "qemu64", "smp": "2"}, SUITES
    yield "16 MiB", {}, {"mem": "16M"}, SUITES
    yield "64 GiB", {}, {"qemu": LAZY}, ["pressure"]
    yield "a movable zone", {}, \
        {"mem": "1G", "append": "kernelcore=512M"}, SUITES
    yield "poison and clearing", {}, \
        {"append": "page_poison=on init_on_alloc=on"}, ["page_alloc"]
    yield "cleared, both ways, with what a loader left", {}, \
        {"mem": "64M", "append": "init_on_alloc=on init_on_free=on",
         "qemu": "-device loader,addr=0xc00000,data=0x55,data-len=8"}, SUITES
    yield "records of owners", {}, \
        {"smp": "4", "append": "page_owner=on stress=5000"}, SUITES
    yield "records of owners in 16 MiB, all poisoned", {}, \
        {"mem": "16M", "append": "page_owner=on page_poison=on"}, \
        ["page_owner"]
    yield "records of owners on three nodes, DEBUG=1", {"debug": True}, \
        {"qemu": nodes(3, 96, 3), "append": "page_owner=on"}, SUITES
    yield "DEBUG=1", {"debug": True}, {"qemu": nodes(2, 128, 4)}, SUITES
    yield "clang", {"compiler": "clang"}, {"smp": "4"}, SUITES
    yield "20,000 operations each", {}, \
        {"smp": "4", "append": "stress=20000"}, ["pcp"]


def boot(case):
    _, build, settings, suites = case
    settings = dict(settings)
    only = OURS if len(suites) > 1 else suites[0]
    append = f"kunit.filter_glob={only} " + settings.pop("append", "")
    kernel = checkpoints.kernel(chapter, **build)
    return guest.boot(kernel, append=append, limit=400, **settings)


chapter = next(c for c in book.chapters() if c.number == 9)
for (name, _, settings, suites), ending in \
        checkpoints.in_parallel(boot, cases()):
    missing = [s for s in suites
               if not re.search(f"# Subtest: {s}$", ending.text, re.M)]
    if "page_owner=on" in settings.get("append", "") and \
            "page_owner=on was not said" in ending.text:
        missing.append("the records")
    tap.ok(ending.how == "ok" and not missing, name,
           f"it ended with {ending.how}",
           *(f"{suite} did not run" for suite in missing),
           ending.last_lines(25))
tap.done()
