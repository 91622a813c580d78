#!/usr/bin/env python3
"""Every checkpoint boots, and passes its self-tests, on machines of many
shapes: the last one on all of them, the others on enough that each two
properties meet. A test once written runs in every later checkpoint."""

import itertools

import book
import checkpoints
import guest
import ktap
import tap

MACHINES = ("pc", "q35")
MEMORY = (64, 512, 5120)        # MiB
CPUS = (1, 4)
NODES = ("flat", "two", "three")
MODELS = ("max", "qemu64")
COMPILERS = ("gcc", "clang")
AXES = (MACHINES, MEMORY, CPUS, NODES, MODELS, COMPILERS)

# In three nodes one has memory and no processor, another no memory; with a
# single processor it is the boot processor's own node that has none.
SHAPES = {          # (processors of a node, its share of memory in quarters)
    ("two", 1): [("0", 2), ("", 2)],
    ("two", 4): [("0-1", 1), ("2-3", 3)],
    ("three", 1): [("0", 0), ("", 1), ("", 3)],
    ("three", 4): [("0-1", 2), ("2-3", 0), ("", 2)],
}


def numa(nodes, cpus, memory):
    """QEMU's options for the nodes."""
    if nodes == "flat":
        return []
    options = []
    for node, (processors, quarters) in enumerate(SHAPES[nodes, cpus]):
        this = f"node,nodeid={node}"
        if processors:
            this += f",cpus={processors}"
        if quarters:
            options += ["-object", f"memory-backend-ram,id=m{node},"
                                   f"size={memory * quarters // 4}M"]
            this += f",memdev=m{node}"
        options += ["-numa", this]
    count = len(SHAPES[nodes, cpus])
    for a, b in itertools.permutations(range(count), 2):
        options += ["-numa", f"dist,src={a},dst={b},val={20 + 10 * abs(a - b)}"]
    return options


def name(shape):
    machine, memory, cpus, nodes, model, compiler = shape
    return (f"{machine}, {memory} MiB, {cpus} processor{'s' * (cpus > 1)} of"
            f" {model}, {nodes}, {compiler}")


def pairwise():
    """Few shapes, in which any two values of two axes occur together."""
    left = {(i, a, j, b) for (i, x), (j, y) in
            itertools.combinations(list(enumerate(AXES)), 2)
            for a in x for b in y}

    def pairs(shape):
        return {(i, a, j, b) for (i, a), (j, b) in
                itertools.combinations(list(enumerate(shape)), 2)}

    chosen = []
    everything = list(itertools.product(*AXES))
    while left:
        best = max(everything, key=lambda shape: len(left & pairs(shape)))
        left -= pairs(best)
        chosen.append(best)
    return chosen


def boot(kernels, shape):
    machine, memory, cpus, nodes, model, compiler = shape
    return guest.boot(kernels[compiler], machine=machine, cpu=model,
                      mem=f"{memory}M", smp=str(cpus),
                      qemu=numa(nodes, cpus, memory))


def retired():
    """Cases that no longer run: lines `NN suite: case   reason`."""
    try:
        lines = book.read("tests/retired").splitlines()
    except FileNotFoundError:
        return {}
    words = [line.split(None, 3) for line in lines
             if line and not line.startswith("#")]
    return {(suite.rstrip(":"), case): int(chapter)
            for chapter, suite, case, reason in words}


def test_chapter(chapter, shapes):
    kernels = {compiler: checkpoints.kernel(chapter, compiler)
               for compiler in COMPILERS}
    expected = ktap.sources(checkpoints.tree(chapter))
    seen = set()
    for shape, ending in checkpoints.in_parallel(
            lambda shape: boot(kernels, shape), shapes):
        suites = ktap.parse(ending.text)
        missing = set(expected) - {s.name for s in suites if s.complete}
        seen |= {(s.name, case.name) for s in suites for case in s.cases}
        tap.ok(ending.how == "ok" and not missing,
               f"{chapter.name}: {name(shape)}", f"it ended: {ending.how}",
               f"suites that did not end: {missing or 'none'}",
               *[f"{s.name}: {c.name} failed at {c.failures}"
                 for s in suites for c in s.cases if not c.ok],
               ending.last_lines(), ending.complaints)
    return seen


def main():
    every = list(itertools.product(*AXES))
    few = pairwise()
    chapters = book.chapters()
    gone = retired()
    before = set()
    for chapter in chapters:
        seen = test_chapter(chapter, every if chapter is chapters[-1] else few)
        lost = {test for test in before - seen
                if gone.get(test, 1000) > chapter.number}
        tap.ok(seen and not lost, f"{chapter.name}: all the tests of the"
               f" chapters before it ({len(before)}) run too", sorted(lost))
        before |= seen
    tap.done()


main()
