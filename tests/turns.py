"""Turns: what of a test is too much for every `make test` is done in some runs
and left out of others, so that a few runs do all of it.

Who is next follows from the number of commits, so that each change has other
turns than the one before; ROTATE=N chooses. `make test-all` (LOOM_ALL=1) does
everything. What is left out is said on standard error, and kept for the table
at the end of `make test`.
"""

import functools
import os
import subprocess
import sys
import time

import book

LEFT_OUT = os.path.join(book.ROOT, "build/log/left-out.txt")
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


def choose(things, most, number):
    """At most so many of a list: the last, and others in turn; in order. Each
    is chosen once before any is chosen twice."""
    if len(things) <= most:
        return list(things)
    others, share = range(len(things) - 1), most - 1
    begin = number * share
    chosen = {(begin + i) % len(others) for i in range(share)}
    return [things[i] for i in sorted(chosen)] + [things[-1]]


def take(what, things, most, name=str):
    """Those whose turn it is; says which are left out of `what`."""
    chosen = list(things) if ALL else choose(things, most, turn())
    left = [name(thing) for thing in things if thing not in chosen]
    if left:
        say(f"{what}: not {', '.join(left)}")
    return chosen


def say(line):
    print(f"# left out, ROTATE={turn()}: {line}", file=sys.stderr, flush=True)
    os.makedirs(os.path.dirname(LEFT_OUT), exist_ok=True)
    with open(LEFT_OUT, "a", encoding="utf-8") as f:
        f.write(line + "\n")
