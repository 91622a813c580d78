#!/usr/bin/env python3
"""Every parameter of the command line, on the last checkpoint with all its
suites: at its least, its largest, an ordinary value and whatever else it
takes, each a boot; and all that it refuses, with a message for each, in one.
`make test` boots a few of them, in turn."""

import dataclasses
import glob
import os
import re

import book
import checkpoints
import guest
import ktap
import tap
import turns

PARTS = 16      # of which a run of `make test` boots one
HUGE = "18446744073709551615"           # the largest number that is read
BEYOND = "99999999999999999999999"


@dataclasses.dataclass
class Parameter:
    takes: tuple            # values that are taken; None: without "="
    refuses: tuple = ()     # and values that are refused
    says: str = ""          # what the guest must say of the last that it takes


SWITCH = Parameter(("0", "1", "on", "off"),
                   (None, "", "-1", "2147483647", "perhaps"))
FLAG = Parameter((None, "", "perhaps"))
NOT_NUMBERS = ("", "-1", BEYOND, "many", "1,1")


def word(*takes):
    return Parameter(takes, (None, "", "0", "1", "perhaps", takes[0] + "x"))


def faults():
    return Parameter(("1,0,0,0", "1,100,0,-1", "7,50,0,-1", "1,100,9,1"),
                     ("", "0,1", "0,1,0,1", "1,101,0,1", "1,1,-1,1",
                      "1,2,3,4,5", "on", HUGE))


PARAMETERS = {
    "acpi": word("off"),
    "checks": Parameter((None, "0", "1", "off", "on"),
                        ("", "-1", "2147483647", "perhaps")),
    "deferred_init": word("off"),
    "fail_page_alloc": faults(),
    "failslab": faults(),
    "init_on_alloc": SWITCH,
    "init_on_free": SWITCH,
    "kernelcore": Parameter(("0", "1", HUGE, "0%", "100%", "256M", "mirror"),
                            (None, "", "101%", "many", "1,1")),
    "kunit.enable": Parameter(("1", "0"), ("", "-1", "perhaps")),
    "kunit.filter_glob": Parameter(("*", "", "nothing", "slub*")),
    # Known to builds with DEBUG=kasan and DEBUG=1 alone.
    "kasan.quarantine": Parameter(("0", HUGE)),
    "lockdep": Parameter(("print",)),
    # What takes as long as one says is given little time.
    "litmus": Parameter(("0", "1", "50"), NOT_NUMBERS),
    "map": Parameter((None, "perhaps"), (), "there is no such workload"),
    "maxcpus": Parameter(("0", "1", HUGE, "2"), (None,) + NOT_NUMBERS),
    "mem": Parameter(("12M", HUGE, BEYOND, "256M"),
                     (None, "", "0", "1", "1M", "-1", "48Mb", "50%")),
    "memblock": word("debug"),
    "min_free_kbytes": Parameter(
        ("0", "4096", "520000", "2147483647"),
        (None, "2147483648", HUGE) + NOT_NUMBERS,
        "min_free_kbytes=2147483647 is more than half"),
    "mminit_loglevel": Parameter(("0", "4", "1"), (None, "5") + NOT_NUMBERS),
    "monitor": Parameter(("help",), (), "this list"),
    "movable_node": FLAG,
    "movablecore": Parameter(("0", "1", HUGE, "0%", "100%", "25%"),
                             (None, "", "101%", "mirror", "many")),
    "numa": word("off"),
    "page_owner": SWITCH,
    "page_poison": SWITCH,
    "ptdump": FLAG,
    "slab_nomerge": FLAG,
    "slub_debug": Parameter((None, "", "-", "perhaps", "FZPU,kmalloc-64")),
    "slub_max_order": Parameter(("0", HUGE, "2"), NOT_NUMBERS),
    "slub_min_objects": Parameter(("0", HUGE, "8"), NOT_NUMBERS),
    "slub_min_order": Parameter(("0", HUGE, "1"), NOT_NUMBERS),
    "spinlock": word("fair", "unfair"),
    "stress_seed": Parameter(("0", HUGE, "5"), (None,) + NOT_NUMBERS),
    "stress": Parameter(("0", "1", "5000"), ("", "-1", "many", "1,1")),
    "watermark_scale_factor": Parameter(("1", "3000", "20"),
                                        (None, "0", "3001") + NOT_NUMBERS),
}


def declared(tree):
    """The parameters in a tangled tree's sources."""
    names = set()
    for path in glob.glob(os.path.join(tree, "**/*.c"), recursive=True):
        with open(path, encoding="utf-8") as f:
            names |= set(re.findall(
                r"^(?:early_param|__setup)\(\"([^\"=]+)=?\"", f.read(), re.M))
    return names


def assign(name, value):
    return name if value is None else f"{name}={value}"


def boots():
    """(command line, what must be said, whether suites run)"""
    for name, parameter in sorted(PARAMETERS.items()):
        suites = not name.startswith(("kunit.", "monitor"))
        for value in parameter.takes:
            last = value == parameter.takes[-1]
            yield (assign(name, value),
                   [parameter.says] if last and parameter.says else [], suites)
        if parameter.refuses:
            yield (" ".join(assign(name, v) for v in parameter.refuses),
                   [f"'{v or ''}' for parameter '{name}': error -"
                    for v in parameter.refuses], suites)


def boot(case):
    return guest.boot(kernel, smp="2", append=case[0])


tree = checkpoints.tree(book.chapters()[-1])
kernel = checkpoints.kernel(book.chapters()[-1])
tap.equal(sorted(declared(tree)), sorted(PARAMETERS),
          "each parameter of the sources is in the table")
expected = set(ktap.sources(tree))
chosen = turns.share("boots with a parameter", list(boots()), PARTS)
for (line, wanted, suites), ending in checkpoints.in_parallel(boot, chosen):
    ran = ktap.parse(ending.text)
    missing = expected - {s.name for s in ran if s.complete} if suites else ()
    silent = [w for w in wanted if w not in ending.text]
    tap.ok(ending.how == "ok" and not missing and not silent, line,
           f"it ended: {ending.how}", *(f"does not say {w}" for w in silent),
           f"suites that did not end: {missing or 'none'}",
           *[f"{s.name}: {c.name} failed at {c.failures}"
             for s in ran for c in s.cases if not c.ok], ending.last_lines())
tap.done()
