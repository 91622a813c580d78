#!/usr/bin/env python3
"""Random work on the last checkpoint with four processors, each kind with a
model beside it that knows what it should find: blocks of pages, the lists of
processors, objects that change their size, and areas. `make soak N=` says how
many operations of each kind; `make test` does few, and `make test-all` ten
million. A run that fails names the seed that repeats its numbers."""

import os
import sys

import book
import checkpoints
import guest
import ktap
import tap
import turns

CPUS = 4
# Suite, case, and whether stress= counts for each processor.
KINDS = (("page_alloc", "random_work", False),
         ("pcp", "all_at_once", True),
         ("slub_stress", "shadows", True),
         ("vmalloc_stress", "all_processors_at_once", False))
FEW, MANY = 10**4, 10**7
PER_SECOND = 3000       # of a slow host; none waits so long but one that hangs


def number(text):
    """A count, perhaps with a suffix that means powers of ten."""
    powers = {"K": 10**3, "M": 10**6, "G": 10**9}
    suffix = text[-1:].upper()
    return int(text[:-1]) * powers[suffix] if suffix in powers else int(text)


def boot(kind):
    suite, _, each = kind
    return guest.boot(
        kernel, smp=str(CPUS), limit=600 + operations // PER_SECOND,
        append=f"kunit.filter_glob={suite} stress_seed={seed}"
               f" stress={operations // CPUS if each else operations}")


asked = os.environ.get("LOOM_SOAK")
operations = number(asked) if asked else MANY if turns.ALL else FEW
# What is done anew at each turn need not be the same work.
seed = int(os.environ.get("LOOM_SEED") or turns.turn())
kernel = checkpoints.kernel(book.chapters()[-1])
print(f"# {operations} operations of each kind, SEED={seed}", file=sys.stderr)
for (suite, case, _), ending in checkpoints.in_parallel(boot, KINDS):
    ran = ktap.parse(ending.text)
    tap.ok(ending.how == "ok" and (suite, case) in ktap.ran(ran),
           f"{suite}: {operations} operations",
           f"it ended: {ending.how}; again: make soak N={operations}"
           f" SEED={seed}",
           *[f"{s.name}: {c.name} failed at {c.failures}"
             for s in ran for c in s.cases if not c.ok], ending.last_lines())
tap.done()
