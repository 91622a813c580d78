#!/usr/bin/env python3
"""Turns: what of a test is too much for every `make test` is done in some runs
and left out of others, so that a few runs do all of it.

Who is next follows from the number of commits, so that each change has other
turns than the one before; ROTATE=N chooses. `make test-all` (LOOM_ALL=1) does
everything. What is left out is said on standard error, and kept for the table
at the end of `make test`. What is asked for by name is not left out.

usage: tests/turns.py volumes       print the volumes whose turn it is
"""

import functools
import os
import re
import subprocess
import sys
import time

import book

LEFT_OUT = os.path.join(book.ROOT, "build/log/left-out.txt")
MOST = 92       # what chapters may weigh together: 1 to 13, or 30 and some
PAGES = 800     # of main line, that volumes may have together
ALL = os.environ.get("LOOM_ALL", "") not in ("", "0")


@functools.cache
def turn():
    if os.environ.get("ROTATE"):
        return int(os.environ["ROTATE"])
    done = subprocess.run(["git", "rev-list", "--count", "HEAD"],
                          cwd=book.ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    # A copy without its history has one commit, or none.
    commits = int(done.stdout.strip() or 0)
    return commits if commits > 1 else int(time.time() // 86400)


def deal(weights, number, most=MOST):
    """Which of so many things run `number` does: the last one always, of the
    others as many as `most` allows. They are dealt, the heaviest first, each
    to the lightest of enough hands, and the hands are played in turn."""
    *others, last = range(len(weights))
    room = max(1, most - weights[last])
    hands = [[] for _ in range(max(1, -(-sum(weights[:-1]) // room)))]
    for i in reversed(others):
        min(hands, key=lambda hand: sum(weights[j] for j in hand)).append(i)
    return sorted(hands[number % len(hands)]) + [last]


def chapters():
    """Those whose turn it is. A chapter weighs what its checkpoint does, which
    grows by about the same with each."""
    every = book.chapters()
    return every if ALL else \
        [every[i] for i in deal([c.number for c in every], turn())]


def share(what, things, parts):
    """One of so many parts of a list, in each run another."""
    if ALL:
        return list(things)
    chosen = list(things)[turn() % parts::parts]
    say(f"{what}: {len(things) - len(chosen)} of {len(things)}")
    return chosen


def volumes_of(count):
    """{number: pages} of the volumes that so many chapters fill, in part."""
    text = book.read("book/parts.md")
    rows = re.findall(r"\{chapters=(\d+)-\d+ pages=(\d+)\}", text)
    return {number: int(pages) for number, (first, pages) in enumerate(rows, 1)
            if int(first) <= count}


def volumes():
    """Those whose turn it is to be set on paper."""
    every = volumes_of(len(book.chapters()))
    numbers = list(every)
    return numbers if ALL else \
        [numbers[i] for i in deal(list(every.values()), turn(), PAGES)]


def leave_out(what, chapters):
    """Say that this is not done for these chapters."""
    if chapters:
        say(f"{', '.join(c.label for c in chapters)}: {what}")


def say(line):
    print(f"# left out by ROTATE={turn()}: {line}", file=sys.stderr, flush=True)
    os.makedirs(os.path.dirname(LEFT_OUT), exist_ok=True)
    with open(LEFT_OUT, "a", encoding="utf-8") as f:
        f.write(line + "\n")


def main(words):
    if words != ["volumes"]:
        print(__doc__.split("\n\n")[-1], file=sys.stderr, end="")
        return 2
    for number in volumes_of(len(book.chapters())):
        if number not in volumes():
            say(f"volume {number} on paper")
    print(*volumes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
