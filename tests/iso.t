#!/usr/bin/env python3
"""Every checkpoint boots from an ISO, through GRUB, by multiboot2."""

import os

import book
import checkpoints
import guest
import tap


def test(chapter):
    tree = checkpoints.tree(chapter)
    try:
        guest.build(tree, "iso")
    except RuntimeError as error:
        return guest.Ending("no ISO", str(error), "")
    return guest.boot(os.path.join(tree, "loom.iso"), iso=True)


for each, ending in checkpoints.in_parallel(test, book.chapters()):
    tap.ok(ending.how == "ok", f"{each.name} boots from its ISO",
           f"it ended: {ending.how}", ending.last_lines(), ending.complaints)
tap.done()
