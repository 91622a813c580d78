#!/usr/bin/env python3
"""Counted in instructions, two boots of a kernel are the same to the byte,
on one processor and on four, whatever else the host does."""

import book
import checkpoints
import guest
import tap


def test(chapter, smp):
    kernel = checkpoints.kernel(chapter)
    (_, a), (_, b) = checkpoints.in_parallel(
        lambda _: guest.boot(kernel, icount=True, smp=smp), range(2))
    differ = [f"{x!r} and {y!r}" for x, y in
              zip(a.text.splitlines(), b.text.splitlines()) if x != y]
    tap.ok(a.how == b.how == "ok" and a.text == b.text and "# value" in a.text,
           f"{chapter.name}: two boots on {smp} are alike",
           f"ended {a.how} and {b.how}", *differ[:5], a.last_lines(5))


for each in book.chapters():
    for processors in ("1", "4"):
        test(each, processors)
tap.done()
