#!/usr/bin/env python3
"""Turns: every chapter has its own before any has two, the last has each, and
none are needed while all fit in one; what is left out is told. And the table
of seconds adds up."""

import os
import subprocess

import book
import tap
import turns

TIMING = os.path.join(book.ROOT, "tests/timing")


def test_hands():
    for count in (1, 2, 11, 15, 16, 30, 45):
        weights = list(range(1, count + 1))
        hands = [turns.deal(weights, 0)]
        while turns.deal(weights, len(hands)) != hands[0]:
            hands.append(turns.deal(weights, len(hands)))
        others = [i for hand in hands for i in hand[:-1]]
        tap.equal(sorted(others), list(range(count - 1)),
                  f"of {count}, each has its turn once in {len(hands)} runs")
        tap.ok(all(hand[-1] == count - 1 for hand in hands),
               "and the last has every turn")
        heaviest = max(sum(weights[i] for i in hand) for hand in hands)
        tap.ok(heaviest <= max(turns.MOST * 1.15, 2 * count),
               f"no run has much more than {turns.MOST}", hands)
        tap.ok(len(hands) == 1 or sum(weights) > turns.MOST,
               "and all are in one if they fit")


def taken(**variables):
    """What turns.chapters() has by these settings, and the number."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("ROTATE", "LOOM_ALL")}
    done = subprocess.run(
        ["python3", "-c", "import turns; turns.MOST = 12\n"
         "turns.deal.__defaults__ = (12,)\n"
         "print(turns.turn(), *[c.number for c in turns.chapters()])"],
        env={**environment, **variables, "PYTHONPATH": f"{book.ROOT}/tests"},
        cwd="/", text=True, stdout=subprocess.PIPE, check=True)
    number, *chosen = map(int, done.stdout.split())
    return number, chosen


def test_settings():
    every = [chapter.number for chapter in book.chapters()]
    tap.equal(taken(ROTATE="7")[0], 7, "ROTATE chooses")
    tap.equal(taken(ROTATE="7"), taken(ROTATE="7"), "always the same")
    tap.ok(taken(ROTATE="7")[1] != taken(ROTATE="8")[1], "others come next")
    tap.ok(taken()[0] > 0 and taken() == taken(),
           "without it the commits are counted, or the days")
    tap.equal(taken(LOOM_ALL="1")[1], every, "make test-all leaves none out")
    seen = sorted({n for i in range(len(every)) for n in
                   taken(ROTATE=str(i))[1]})
    tap.equal(seen, every, "and so do a few runs together")


def test_timing():
    """The table of what is measured at the moment, whatever that is."""
    done = subprocess.run([TIMING, "run", "turns.t's own", "sh", "-c",
                           "exit 3"], check=False)
    tap.equal(done.returncode, 3, "what is measured ends as it does")
    kept = os.path.join(book.ROOT, "build/log/seconds/turns.t's own")
    try:
        text = subprocess.run([TIMING, "table"], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
    finally:
        os.remove(kept)
    rows = [line.split("  ") for line in text.splitlines()
            if line.endswith(("each", "once", "square", "turns"))]
    total = next(line.split() for line in text.splitlines()
                 if line.startswith("  together"))
    numbers = [list(map(float, " ".join(row).split()[-4:-1])) for row in rows]
    tap.ok("turns.t's own" in text and
           abs(sum(n[0] for n in numbers) - float(total[1])) < 0.06 * len(rows)
           and abs(sum(n[2] for n in numbers) - float(total[2]))
           < 0.06 * len(rows), "the columns add up", text)
    tap.ok("eft out" in text, "what was left out is told", text)
    done = subprocess.run([TIMING], stderr=subprocess.PIPE, check=False)
    tap.ok(done.returncode == 2 and b"usage" in done.stderr,
           "and how it is called")


test_hands()
test_settings()
test_timing()
tap.done()
