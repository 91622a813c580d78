#!/usr/bin/env python3
"""The last checkpoint, with all its suites, on machines that are not what a
kernel expects: zones that begin in holes, nodes inside of nodes, RAM that ends
in the middle of a page, no interrupt controller, no interval timer, no tables;
memory in steps of a MiB from 8 to 40, and nodes of one, two and three of them.
`make test` boots a few of them, in turn."""

import os
import re
import struct
import subprocess

import book
import checkpoints
import guest
import ktap
import tap
import turns

BASE = os.path.join(book.ROOT, "build/tests/machines")
ALL_ABOVE = "-m 5G,maxmem=1T,slots=2"   # with 46 bits: RAM from 1 TiB on
PARTS = 8       # of which a run of `make test` boots one


def srat(name, *ranges, behind=b""):
    """An option that adds a SRAT: who has [start, end), in MiB."""
    body = struct.pack("<IQ", 1, 0) + struct.pack("<BBBBIBBBBI", 0, 16, 0, 0, 1,
                                                  0, 0, 0, 0, 0)
    for node, start, end in ranges:
        body += struct.pack("<BBIHQQIIQ", 1, 40, node, 0, int(start * 2**20),
                            int((end - start) * 2**20), 0, 1, 0)
    path = os.path.join(BASE, name)
    with open(path, "wb") as f:
        f.write(body + behind)
    return f"-acpitable sig=SRAT,rev=3,data={path}"


def between(node, start, end):
    """Nodes that take turns by 64 pages."""
    step = 0.25
    return [(node ^ (i & 1), start + i * step, start + (i + 1) * step)
            for i in range(int((end - start) / step))]


def machines():
    """(name, settings, what it must say)"""
    yield "RAM above 1 TiB", {"cpu": "max,phys-bits=46", "append": "checks",
                              "qemu": ALL_ABOVE}, []
    yield "RAM above 1 TiB, four processors", {
        "cpu": "max,phys-bits=46", "smp": "4", "qemu": ALL_ABOVE}, []
    yield "a node inside of another", {"append": "checks", "qemu": srat(
        "inside", (0, 0, 8), (1, 8, 24), (0, 24, 512))}, ["node 1 PXM 1"]
    yield "a few pages of a node inside of a pageblock of another", {
        "smp": "4", "append": "checks", "qemu": srat(
            "sandwich", (0, 0, 24.0625), (1, 24.0625, 24.125),
            (0, 24.125, 512))}, []
    yield "nodes that take turns", {"append": "checks", "qemu": srat(
        "turns", (0, 0, 16), *between(1, 16, 24), (1, 24, 512))}, []
    yield "a SRAT with a byte behind its last entry", {"qemu": srat(
        "trail", (0, 0, 256), (1, 256, 512), behind=b"\0")}, ["node 1 PXM 1"]
    yield "microvm", {"machine": "microvm"}, []
    yield "isapc", {"machine": "isapc"}, ["0 I/O APICs"]
    yield "acpi=off", {"append": "acpi=off", "smp": "4"}, []
    yield "no interval timer", {"machine": "pc,pit=off"}, [
        "the interval timer does not run; guessing"]
    yield "no interval timer, four processors", {
        "machine": "q35,pit=off", "smp": "4"}, []
    yield "no APIC", {"cpu": "max,-apic", "append": "checks"}, [
        "APIC: none: one processor, no timer"]
    yield "52 bits of address", {"cpu": "max,phys-bits=52"}, []
    yield "poison, clearing, and no merging", {
        "smp": "2", "append": "page_poison=1 init_on_alloc=1 init_on_free=1"
        " slab_nomerge"}, []
    if turns.ALL:       # which takes a minute
        yield "12 MiB, sixty-four processors", {
            "mem": "12M", "smp": "64", "limit": 1200}, []


def with_nodes(*sizes):
    """Nodes of so many MiB, each with a processor."""
    words = [f"-m {sum(sizes)}M -smp {len(sizes)}"]
    for i, size in enumerate(sizes):
        words.append(f"-object memory-backend-ram,id=m{i},size={size}M"
                     f" -numa node,nodeid={i},memdev=m{i},cpus={i}")
    return {"qemu": " ".join(words)}


def sizes():
    for mem in range(8, 41):
        yield f"{mem} MiB", {"mem": f"{mem}M"}, []
        yield f"{mem} MiB, four processors", {
            "mem": f"{mem}M", "smp": "4", "append": "checks"}, []
    for small in 1, 2, 3:
        for large in 8, 15, 16, 31:
            for nodes in ((large, small), (small, large),
                          (small, large, small)):
                yield (f"nodes of {' and '.join(map(str, nodes))} MiB",
                       with_nodes(*nodes), [])
        for count in 3, 7:
            yield (f"{count} nodes of {small} MiB and one of 12",
                   with_nodes(*[small] * count, 12), [])


def from_grub():
    """What GRUB is told to cut out of memory, in bytes."""
    yield "a hole over the border of 16 MiB", ["12M 32M"], []
    yield "RAM that ends in mid-page, and entries below a page", [
        "0x801234 0x1001234", "0x1002468 0x1003100", "0x1003200 0x1003300",
        "0x1003400 0x1003f00", "0x1f000010 0x20000000"], []


def iso(number, holes):
    """An image whose GRUB cuts the holes; its path."""
    root = os.path.join(BASE, f"iso{number}")
    os.makedirs(os.path.join(root, "boot/grub"), exist_ok=True)
    subprocess.run(["cp", kernel, os.path.join(root, "boot/loom.elf")],
                   check=True)
    with open(os.path.join(root, "boot/grub/grub.cfg"), "w",
              encoding="utf-8") as f:
        f.write("set timeout=0\nserial --unit=0 --speed=115200\n"
                "terminal_output serial\nmenuentry Loom {\n")
        f.writelines(f"  cutmem {hole}\n" for hole in holes)
        f.write("  multiboot2 /boot/loom.elf checks\n}\n")
    done = subprocess.run(["grub-mkrescue", "-o", f"{root}.iso", root],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    if done.returncode:
        raise RuntimeError(done.stdout.decode("utf-8", "replace"))
    return f"{root}.iso"


def cases():
    every = list(machines())
    for i, (name, holes, wanted) in enumerate(from_grub()):
        every.append((name, {"holes": holes, "number": i}, wanted))
    return turns.share("odd machines", every, PARTS // 2) + \
        turns.share("sizes of memory and nodes", list(sizes()), 4 * PARTS)


def boot(case):
    settings = dict(case[1])
    if "holes" in settings:
        return guest.boot(iso(settings["number"], settings["holes"]), iso=True)
    return guest.boot(kernel, **settings)


os.makedirs(BASE, exist_ok=True)
chapter = book.chapters()[-1]
kernel = checkpoints.kernel(chapter)
expected = set(ktap.sources(checkpoints.tree(chapter)))
for (name, _, wanted), ending in checkpoints.in_parallel(boot, cases()):
    ran = ktap.parse(ending.text)
    missing = expected - {s.name for s in ran if s.complete}
    silent = [w for w in wanted if not re.search(w, ending.text, re.M)]
    tap.ok(ending.how == "ok" and not missing and not silent, name,
           f"it ended: {ending.how}", *(f"does not say {w}" for w in silent),
           f"suites that did not end: {missing or 'none'}",
           *[f"{s.name}: {c.name} failed at {c.failures}"
             for s in ran for c in s.cases if not c.ok],
           ending.last_lines(), ending.complaints)
tap.done()
