#!/usr/bin/env python3
"""Every checkpoint boots, and passes its self-tests, on machines of many
shapes: the last one on enough that each two properties meet, the others on
one, and in turn on enough that each property is there. A test once written
is there in every later checkpoint, and runs, and is not skipped, in at least
one boot of the last."""

import functools
import itertools

import book
import checkpoints
import guest
import ktap
import tap
import turns

MACHINES = ("pc", "q35")
MEMORY = (12, 64, 512, 5120, 65536)     # MiB; QEMU takes what is touched
CPUS = (1, 2, 4, 16)
NODES = ("flat", "two", "three", "eight")
MODELS = ("max", "qemu64")
BUILDS = ("gcc", "clang", "gcc DEBUG=1", "clang DEBUG=1")
AXES = (MACHINES, MEMORY, CPUS, NODES, MODELS, BUILDS)

# What the last checkpoint's suites ask for on the command line: every other
# boot of a build without checks, which has all of it off, says so.
ASKED = "page_owner=on init_on_free=on"
LESS = "page_poison=off page_owner=off"
MUCH = 1024     # MiB
# Cases of the last checkpoint that no boot here runs: suite -> why.
ELSEWHERE = {"kasan": "is for DEBUG=kasan, and is counted in vmalloc.t"}
# They are skipped where DEBUG=1 has turned on what it promises: records of
# owners, poison of pages, and what slub_debug turns on.
WITHOUT_CHECKS = {("page_owner", "off_is_nothing"), ("pressure", "cleared"),
                  ("slub_check", "on_the_processor")}

# From a chapter on, the least and the most memory it can do with, in MiB.
# Until it has page tables of its own, the kernel maps the first 4 GiB only.
MEMORY_OF = {1: (64, 5120), 5: (64, 65536), 11: (12, 65536)}
LEAST_OF_NODE = 8       # MiB, on average: with less there is one node


def shares(nodes, cpus):
    """(processors, eighths of the memory) of each node."""
    half = cpus // 2
    first, second = span(0, max(half, 1)), span(max(half, 1), cpus)
    if nodes == "two":
        return [(first, 2 if half else 4), (second, 6 if half else 4)]
    if nodes == "three":
        # One node has memory and no processor, another no memory; with a
        # single processor it is the boot processor's own that has none.
        return [(first, 4), (second, 0), ([], 4)] if half else \
            [(first, 0), ([], 2), ([], 6)]
    return [(list(range(node, cpus, 8)), 1) for node in range(8)]


def span(low, high):
    return list(range(low, high))


def numa(nodes, cpus, memory):
    """QEMU's options for the memory and the nodes."""
    if nodes == "flat":
        return ["-object", f"memory-backend-ram,id=m,size={memory}M,reserve=off",
                "-machine", "memory-backend=m"]
    options = []
    every = shares(nodes, cpus)
    for node, (processors, eighths) in enumerate(every):
        this = f"node,nodeid={node}"
        this += "".join(f",cpus={cpu}" for cpu in processors)
        if eighths:
            options += ["-object", f"memory-backend-ram,id=m{node},reserve=off,"
                                   f"size={memory * eighths // 8}M"]
            this += f",memdev=m{node}"
        options += ["-numa", this]
    for a, b in itertools.permutations(range(len(every)), 2):
        options += ["-numa", f"dist,src={a},dst={b},val={20 + 10 * abs(a - b)}"]
    return options


def name(shape):
    machine, memory, cpus, nodes, model, build = shape
    return (f"{machine}, {memory} MiB, {cpus} processor{'s' * (cpus > 1)} of"
            f" {model}, {nodes}, {build}")


def is_last(chapter):
    return chapter == book.chapters()[-1]


def possible(chapter):
    """The shapes that a chapter's kernel is made for."""
    least, most = MEMORY_OF[max(n for n in MEMORY_OF if n <= chapter.number)]
    debug = checkpoints.has_debug(chapter)
    builds = [build for build in BUILDS if debug or "DEBUG" not in build]
    if not is_last(chapter):
        builds = builds[:3]     # a build takes longer than what it is for here
    return [shape for shape in itertools.product(*AXES)
            if least <= shape[1] <= most
            and (shape[3] == "flat" or shape[1] >= 8 * LEAST_OF_NODE)
            and shape[5] in builds]


def cover(shapes, together):
    """Few of the shapes, in which any values of so many axes that occur
    together in one of them do."""
    def meetings(shape):
        return set(itertools.combinations(enumerate(shape), together))

    left = set().union(*map(meetings, shapes))
    chosen = []
    while left:
        best = max(shapes, key=lambda shape: len(left & meetings(shape)))
        left -= meetings(best)
        chosen.append(best)
    return chosen


@functools.cache
def kernel(chapter, build):
    compiler, _, debug = build.partition(" ")
    # The trees that checkpoints.t has built.
    plain = compiler == "clang" and not is_last(chapter)
    return checkpoints.kernel(chapter, compiler, plain, bool(debug))


def boot(chapter, shape, append=""):
    machine, memory, cpus, nodes, model, build = shape
    return guest.boot(kernel(chapter, build), machine=machine, cpu=model,
                      mem=f"{memory}M", smp=str(cpus), append=append,
                      qemu=numa(nodes, cpus, memory))


def with_lines(chapter, shapes):
    """(shape, command line) of each boot. What writes to all of memory is left
    out where there is more than QEMU's host may have."""
    quiet = itertools.count()

    def line(shape):
        much = shape[1] > MUCH
        if "DEBUG" in shape[5]:
            return LESS if much else ""
        return ASKED if is_last(chapter) and not much and next(quiet) % 2 \
            else ""

    return [(shape, line(shape)) for shape in shapes]


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
    for build in dict.fromkeys(shape[5] for shape in shapes):
        kernel(chapter, build)      # once, before they are asked for at once
    expected = ktap.sources(checkpoints.tree(chapter))
    seen, ran = set(), set()
    for (shape, append), ending in checkpoints.in_parallel(
            lambda case: boot(chapter, *case), with_lines(chapter, shapes)):
        suites = ktap.parse(ending.text)
        done = ktap.ran(suites)
        ran |= done
        off = WITHOUT_CHECKS & done if is_last(chapter) \
            and "DEBUG" in shape[5] and not append else ()
        missing = set(expected) - {s.name for s in suites if s.complete}
        seen |= {(s.name, case.name) for s in suites for case in s.cases}
        tap.ok(ending.how == "ok" and not missing and not off,
               f"{chapter.name}: {name(shape)} {append}".rstrip(),
               f"it ended: {ending.how}",
               f"suites that did not end: {missing or 'none'}",
               *[f"DEBUG=1 did not turn on what {each} does without"
                 for each in off],
               *[f"{s.name}: {c.name} failed at {c.failures}"
                 for s in suites for c in s.cases if not c.ok],
               ending.last_lines(), ending.complaints)
    if is_last(chapter):
        idle = ktap.idle(expected, ran, ELSEWHERE)
        tap.ok(not idle, f"{chapter.name}: every case runs in some boot", *idle)
    return seen


def main():
    chapters = book.chapters()
    gone = retired()
    before = set()
    now = turns.chapters()
    turns.leave_out("boots on all machines but one, by clang and with DEBUG=1",
                    [chapter for chapter in chapters if chapter not in now])
    for chapter in chapters:
        shapes = cover(possible(chapter), 2 if is_last(chapter) else 1)
        if chapter not in now:      # has_debug() has built it with gcc
            shapes = [shape for shape in shapes if shape[5] == "gcc"][:1]
        seen = test_chapter(chapter, shapes)
        lost = {test for test in before - seen
                if gone.get(test, 1000) > chapter.number}
        tap.ok(seen and not lost, f"{chapter.name}: all the tests of the"
               f" chapters before it ({len(before)}) run too", sorted(lost))
        before |= seen
    tap.done()


main()
