#!/usr/bin/env python3
"""The page allocator of checkpoint 7 under random work with a shadow model,
on one node and on three, many more operations than each boot does; and its
suites on machines of 12 MiB to 64 GiB, of eight nodes, and in debug builds."""

import book
import checkpoints
import guest
import tap


def nodes(*sizes):
    """QEMU's words for nodes of these sizes, in MiB; hosts back them lazily."""
    return " ".join(f"-object memory-backend-ram,id=m{n},size={mib}M,reserve=off"
                    f" -numa node,nodeid={n},memdev=m{n}"
                    for n, mib in enumerate(sizes))


RANDOM = [
    ("one node", dict(mem="128M")),
    ("three nodes", dict(mem="128M", qemu=nodes(64, 32, 32))),
]

MACHINES = [
    ("12 MiB", dict(mem="12M")),
    ("64 GiB", dict(mem="64G", qemu=nodes(65536))),
    ("eight nodes", dict(mem="256M", machine="q35", qemu=nodes(*[32] * 8))),
    ("nodes of 1 MiB to 16 GiB", dict(mem="17409M", cpu="qemu64",
                                      qemu=nodes(1024, 16384, 1))),
]


def check(name, kernel, append, settings, cases):
    ending = guest.boot(kernel, append=append, **settings)
    tap.ok(ending.how == "ok", name, f"it ended: {ending.how}",
           ending.last_lines(30))
    missing = [case for case in cases if f" {case}\n" not in ending.text]
    tap.ok(not missing, f"{name}: nothing was left out", *missing)


def main():
    chapter = next(c for c in book.chapters() if c.number == 7)
    kernel = checkpoints.kernel(chapter)
    debug = checkpoints.kernel(chapter, debug=True)
    for name, settings in RANDOM:
        check(f"400,000 operations, {name}", kernel,
              "stress=400000 kunit.filter_glob=page_al*", settings,
              ["random_work"])
    for name, settings in MACHINES:
        for build, image in (("", kernel), (", checking", debug)):
            if build and settings["mem"].endswith("G"):
                continue
            check(name + build, image, "", settings,
                  ["a_node_to_its_last_page", "each_page_missing_in_turn",
                   "tables_without_pages", "buddy", "page_alloc"])
    tap.done()


main()
