#!/usr/bin/env python3
"""The kernel's page tables seen from outside: the dump covers exactly the RAM
of the firmware's map, on machines from 12 MiB to 64 GiB, with and without
what a processor may lack; a null pointer is called one."""

import os
import re

import book
import checkpoints
import guest
import tap

BASE = os.path.join(book.ROOT, "build/tests/page-tables")
DIRECT = 0xffff888000000000
LAZY = ("-m 64G -object memory-backend-ram,id=m,size=64G,reserve=off"
        " -machine memory-backend=m")
RUN = re.compile(r"^x86/mm: 0x([0-9a-f]{16})-0x([0-9a-f]{16}) +\d+[KMGT] in "
                 r"(4K|2M|1G) (RW|ro) (NX|x ) ?(GLB)?", re.M)
USABLE = re.compile(r"BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] usable")

MACHINES = [
    ("512 MiB", {}),
    ("12 MiB", {"mem": "12M"}),
    ("6 GiB on q35", {"machine": "q35", "mem": "6G"}),
    ("64 GiB", {"qemu": LAZY}),
    ("64 GiB without pages of 1 GiB", {"cpu": "qemu64", "qemu": LAZY}),
    ("a processor without NX, global pages and PAT",
     {"cpu": "qemu64,-nx,-pge,-pat", "mem": "3G"}),
]


def ram(text):
    """Whole pages of RAM, as (start, end) of each run."""
    for start, last in USABLE.findall(text):
        start, end = int(start, 16), int(last, 16) + 1
        start = max((start + 4095) & ~4095, 4096)     # page 0 is the BIOS's
        if end > start:
            yield start, end & ~4095


def joined(runs):
    result = []
    for start, end in sorted(runs):
        if result and result[-1][1] == start:
            result[-1][1] = end
        else:
            result.append([start, end])
    return result


def look(name, how):
    ending = guest.boot(checkpoints.kernel(CHAPTER), icount=True,
                        append="ptdump kunit.enable=0", **how)
    runs = [(int(a, 16), int(b, 16), size, rights, execute.strip())
            for a, b, size, rights, execute, _ in RUN.findall(ending.text)]
    direct = joined((a - DIRECT, b - DIRECT) for a, b, *_ in runs
                    if DIRECT <= a < DIRECT + (1 << 46))
    tap.ok(ending.how == "ok", f"{name}: boots", ending.last_lines())
    tap.equal(direct, joined(ram(ending.text)), f"{name}: all RAM, no more")
    if "-nx" not in how.get("cpu", ""):
        tap.ok(not any(r == "RW" and x == "x" for *_, r, x in runs),
               f"{name}: nothing is writable and executable")
    sizes = {"4K": 1 << 12, "2M": 1 << 21, "1G": 1 << 30}
    tap.ok(runs and not any(a % sizes[s] or b % sizes[s]
                            for a, b, s, *_ in runs),
           f"{name}: large pages are aligned")


def null_pointer(chapter):
    """The report of a null pointer, in this checkpoint and in the last."""
    out = os.path.join(BASE, chapter.name)
    path = os.path.join(BASE, "null.nw")
    os.makedirs(BASE, exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write("<<start_kernel: the machine stands>>=\n"
                "*(int *volatile)(void *volatile)24 = 1;\n@\n")
    checkpoints.copy(out, chapter)
    book.tangle(chapter.number, out, [path], plain=False)
    guest.build(out, "-j2", "loom.elf")
    ending = guest.boot(os.path.join(out, "loom.elf"), icount=True,
                        append="kunit.enable=0")
    tap.ok(ending.how == "panic" and
           "BUG: kernel NULL pointer dereference, address: 0000000000000018"
           in ending.text and "tried to write where no page is present"
           in ending.text, f"{chapter.name}: a null pointer is named",
           ending.last_lines(25))


CHAPTER = next(c for c in book.chapters() if c.number == 5)
for machine in MACHINES:
    look(*machine)
null_pointer(CHAPTER)
if book.chapters()[-1] != CHAPTER:
    null_pointer(book.chapters()[-1])
tap.done()
