#!/usr/bin/env python3
"""Checkpoint 6 on machines of many shapes: from 12 MiB to 64 GiB, with holes,
with up to eight nodes, one of them without memory, and with parameters right
and wrong: its suites pass, and its zones and zonelists are what they should."""

import re

import book
import checkpoints
import guest
import tap

TESTS = "kunit.filter_glob=pages mminit_loglevel=1"


def nodes(*sizes, more=""):
    """A node for each size in MiB, with a processor each; 0: no memory."""
    words = [f"-m {sum(sizes)}M -smp {len(sizes)}"]
    for i, size in enumerate(sizes):
        if size:
            words.append(f"-object memory-backend-ram,id=m{i},size={size}M")
        memory = f",memdev=m{i}" if size else ""
        words.append(f"-numa node,nodeid={i},cpus={i}{memory}")
    return " ".join(words) + " " + more


def cases():
    """(name, settings, what must be said)"""
    yield "pc", {}, ["node 0: DMA32 .*present 126944 of 126944",
                     "struct pages: 4 pages of 2 MiB, 0 of 4 KiB"]
    yield "q35 with 5 GiB", {"machine": "q35", "mem": "5G"}, [
        "node 0: Normal ", "struct pages: 40 pages of 2 MiB"]
    yield "12 MiB", {"mem": "12M"}, ["struct pages: 0 pages of 2 MiB, 48 of"]
    yield "64 GiB", {"qemu": "-object memory-backend-ram,id=m,size=64G,"
                     "reserve=off -machine memory-backend=m -m 64G"}, [
        "struct pages: 512 pages of 2 MiB, 0 of"]
    yield "a hole larger than all memory", {
        "qemu": "-M pc,max-ram-below-4g=64M -m 128M"}, [
        "node 0: DMA32 .*present 12256 of 1044480",
        "struct pages: 0 pages of 2 MiB, 512 of 4 KiB"]
    yield "three nodes", {"qemu": nodes(512, 256, 768)}, [
        "node 1: fallback 1:DMA32 2:DMA32 0:DMA32 0:DMA"]
    yield "a node without memory", {"qemu": nodes(256, 256, 0)}, [
        "node 2: fallback [01]:DMA32"]
    yield "nodes that share a section", {"qemu": nodes(200, 100, 212)}, [
        "node 2: DMA32", "struct pages: 2 pages of 2 MiB, 1024 of 4 KiB"]
    yield "eight nodes in a ring", {"qemu": nodes(*[64] * 8)}, [
        f"node {i}: fallback {i}:DMA32.* {(i + 1) % 8}:DMA32"
        for i in range(1, 8)]
    yield "kernelcore=", {"append": "kernelcore=256M"}, ["Movable"]
    yield "movablecore=", {"append": "movablecore=25%"}, ["Movable"]
    yield "kernelcore=mirror", {"mem": "5G", "append": "kernelcore=mirror"}, [
        "not all below 0x100000000 is mirrored", "Movable +100000"]
    yield "deferred_init=off", {"append": "deferred_init=off"}, [
        "^0 blocks of 4 MiB deferred"]
    for wrong in ("kernelcore=", "kernelcore=12Q", "movablecore=101%",
                  "kernelcore=mirrors", "deferred_init=on"):
        name, _, value = wrong.partition("=")
        yield f"{wrong} is refused", {"append": wrong}, [
            f"'{value}' for parameter '{name}': error -22"]


def boot(case):
    _, settings, _ = case
    append = TESTS + " " + settings.pop("append", "")
    return guest.boot(kernel, append=append, icount=True, **settings)


kernel = checkpoints.kernel(next(c for c in book.chapters() if c.number == 6))
for (name, _, wanted), ending in checkpoints.in_parallel(boot, cases()):
    missing = [p for p in wanted if not re.search(p, ending.text, re.M)]
    tap.ok(ending.how == "ok" and not missing, name,
           f"it ended with {ending.how}",
           *(f"does not say {p}" for p in missing), ending.last_lines(25))
tap.done()
