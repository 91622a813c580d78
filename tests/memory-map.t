#!/usr/bin/env python3
"""The machine as checkpoint 3 finds it: nodes of several shapes, tables that
QEMU was made to damage, parameters right and wrong, and a drawing that fits
80 columns whatever the machine."""

import os
import re
import struct

import book
import checkpoints
import guest
import tap

BASE = os.path.join(book.ROOT, "build/tests/memory-map")
QUIET = "kunit.filter_glob=memory_map"


def memory(*sizes):
    """A node's memory for each size, in MiB: backends m0, m1, ..."""
    words = f"-m {sum(sizes)}M "
    words += " ".join(f"-object memory-backend-ram,id=m{i},size={size}M"
                      for i, size in enumerate(sizes))
    return words


def table(name, signature, data, revision=1):
    """-acpitable for a table with this behind its header."""
    path = os.path.join(BASE, name)
    with open(path, "wb") as f:
        f.write(data)
    return f"-acpitable sig={signature},rev={revision},data={path}"


def srat_memory(domain, base, length, flags=1, size=40):
    return struct.pack("<BBIHQQIIQ", 1, size, domain, 0, base, length, 0,
                       flags, 0)


def srat(*entries):
    return struct.pack("<IQ", 1, 0) + b"".join(entries)


def cases():
    """(name, settings, what must be said, what must not)"""
    nodes = memory(256, 256) + " -smp 2"
    yield ("two nodes", {"qemu": nodes + " -numa node,cpus=0,memdev=m0"
                         " -numa node,cpus=1,memdev=m1"},
           ["node 0: processors 0; 2[56]\\d+ KiB", "distances 10 20",
            "node 1: processors 1; 2[56]\\d+ KiB"], ["one node"])
    yield ("a node without processors, one without memory, odd distances",
           {"qemu": nodes + " -numa node,cpus=0,memdev=m0"
            " -numa node,memdev=m1 -numa node,cpus=1"
            " -numa dist,src=0,dst=1,val=30 -numa dist,src=1,dst=0,val=40"
            " -numa dist,src=0,dst=2,val=20 -numa dist,src=2,dst=0,val=25"
            " -numa dist,src=1,dst=2,val=15 -numa dist,src=2,dst=1,val=99"},
           ["node 1: processors 1; 0 KiB of RAM; distances 25 10 99",
            "node 2: processors none; 2\\d+ KiB of RAM; distances 40 15 10"],
           [])
    yield ("numa=off", {"qemu": nodes + " -numa node,cpus=0,memdev=m0"
                        " -numa node,cpus=1,memdev=m1", "append": "numa=off"},
           ["one node", "node 0: processors 0,1"], ["node 1"])
    yield ("acpi=off", {"append": "acpi=off"}, ["one node"], ["ACPI: RSDT"])
    half = 256 << 20
    yield ("a SRAT of ours", {"qemu": table("good", "SRAT", srat(
        srat_memory(500, 0, half), srat_memory(7, half, half)), 2)},
           ["node 0 PXM 500", "node 1 PXM 7", "processor 0 has no node"],
           ["not used"])
    yield ("a SRAT with an entry without end", {"qemu": table(
        "endless", "SRAT", srat(srat_memory(0, 0, half, size=0)))},
           ["SRAT: bad entry at offset 48", "SRAT not used", "one node"], [])
    yield ("a SRAT with an entry that is cut", {"qemu": table(
        "cut", "SRAT", srat(srat_memory(0, 0, 2 * half))[:-1])},
           ["SRAT: bad entry at offset 48", "one node"], [])
    yield ("a SRAT that covers half", {"qemu": table(
        "half", "SRAT", srat(srat_memory(0, 0, half)))},
           ["of 511 MiB of RAM, nodes have 255", "one node"], [])
    yield ("a SRAT with two owners of a page", {"qemu": table(
        "two", "SRAT", srat(srat_memory(0, 0, half + 4096),
                            srat_memory(1, half, half)))},
           ["nodes 0 and 1 both claim "
            "\\[mem 0x0*10000000-0x0*10000fff\\]", "one node"], [])
    yield ("a SLIT that is too short", {"qemu": table("plain", "SRAT", srat(
        srat_memory(0, 0, half), srat_memory(1, half, half))) + " " +
        table("slit", "SLIT", struct.pack("<Q", 2) + bytes([10, 21, 21]))},
           ["SLIT: not a table of distances", "distances 10 20"], [])
    yield ("mem= takes memory away", {"append": "mem=48M"},
           ["last_pfn = 0x3000,"], [])
    yield ("mem= below the kernel", {"append": "mem=1M"},
           ["mem=1M leaves too little", "'1M' for parameter 'mem': error -22"],
           ["user-def"])
    for wrong in ("mem=0", "mem=48Mb", "mem", "numa=of", "acpi=perhaps"):
        name, _, value = wrong.partition("=")
        yield (f"{wrong} is refused", {"append": wrong},
               [f"'{value}' for parameter '{name}': error -22"], ["user-def"])
    yield ("quotes, and what is not for the kernel",
           {"append": 'a="mem=1M" -- mem=1M'}, ["last_pfn = 0x1ffe0,"], [])
    yield ("a line too long", {"append": "x=12345678 " * 300},
           ["command line cut after 20[34]\\d bytes"], [])
    yield ("no tests", {"append": "kunit.enable=0"}, ["^1\\.\\.0"], ["ok 1"])
    yield ("a file for the kernel",
           {"qemu": f"-initrd {os.path.join(BASE, 'good')}"},
           ["in use: .* module$", "in use: .* kernel$"], [])
    for size in ("32M", "3584M", "9G"):
        yield (f"{size} of memory", {"mem": size}, ["Physical memory"], [])


def boot(case):
    name, settings, _, _ = case
    append = settings.pop("append", "")
    if "kunit" not in append:
        append = QUIET + " " + append
    return guest.boot(kernel, append=append, icount=True, **settings)


os.makedirs(BASE, exist_ok=True)
chapter = next(c for c in book.chapters() if c.number == 3)
kernel = checkpoints.kernel(chapter)
for case, ending in checkpoints.in_parallel(boot, cases()):
    name, _, wanted, unwanted = case
    missing = [p for p in wanted if not re.search(p, ending.text, re.M)]
    present = [p for p in unwanted if re.search(p, ending.text, re.M)]
    drawn = re.findall(r"^ *\S+ \|.*\| \S+$", ending.text, re.M)
    wide = [line for line in ending.text.splitlines()
            if len(line) > 80 and "|" in line]
    tap.ok(ending.how == "ok" and not missing and not present and drawn
           and not wide, name, f"it ended with {ending.how}",
           *(f"does not say {p}" for p in missing),
           *(f"says {p}" for p in present), *wide, ending.last_lines())
tap.done()
