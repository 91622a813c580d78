#!/usr/bin/env python3
"""Turns: every chapter has its own before any has two, the last has each, and
none are needed while all fit in one; what is left out is told. And the table
of seconds adds up."""

import os
import re
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


def test_volumes():
    """On paper, the last volume each time and the others in turn."""
    for chapters in (1, 11, 12, 18, 30):
        volumes = turns.volumes_of(chapters)
        pages, numbers = list(volumes.values()), list(volumes)
        hands = [[numbers[i] for i in turns.deal(pages, turn, turns.PAGES)]
                 for turn in range(6)]
        tap.ok(set().union(*hands) == set(numbers)
               and all(hand[-1] == numbers[-1] for hand in hands)
               and all(len(hand) > 1 for hand in hands if len(numbers) > 1),
               f"of {chapters} chapters every volume has its turn on paper",
               hands)
    tap.equal(turns.volumes_of(11), {1: 245, 2: 400}, "with their pages")


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
    numbers = [list(map(float, row)) for row in re.findall(
        r"^  .* ([\d.]+) +([\d.]+) +([\d.]+)  \w+$", text, re.M)]
    total = list(map(float, re.search(r"^  together +([\d.]+) +([\d.]+)$",
                                      text, re.M).groups()))
    tap.ok("turns.t's own" in text and
           all(abs(sum(n[i] for n in numbers) - sum_) < 0.06 * len(numbers)
               for i, sum_ in zip((0, 2), total)),
           "the columns add up", text)
    tap.ok("eft out" in text, "what was left out is told", text)
    done = subprocess.run([TIMING], stderr=subprocess.PIPE, check=False)
    tap.ok(done.returncode == 2 and b"usage" in done.stderr,
           "and how it is called")


test_hands()
test_settings()
test_volumes()
test_timing()
tap.done()
