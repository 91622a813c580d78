#!/usr/bin/env python3
"""Every checkpoint boots from an ISO, through GRUB, by multiboot2; the same image
boots on a machine with UEFI; and the command line arrives as it was typed."""

import os
import subprocess

import book
import checkpoints
import guest
import tap
import turns

FIRMWARE = "/usr/share/ovmf/OVMF.fd"
EVERY = book.chapters()
QUIET = "kunit.filter_glob=none_such"


def image(chapter, append=""):
    """The checkpoint's ISO with this command line; raises RuntimeError."""
    tree = checkpoints.tree(chapter)
    guest.build(tree, "iso", f"APPEND={append}")
    return os.path.join(tree, "loom.iso")


def boot(chapter, append="", qemu=()):
    try:
        return guest.boot(image(chapter, append), iso=True, qemu=list(qemu))
    except RuntimeError as error:
        return guest.Ending("no ISO", str(error), "")


def test_uefi(chapter, machine):
    """The firmware of today's machines, in place of a BIOS."""
    name = f"{chapter.name} boots from UEFI ({machine})"
    if not os.path.exists(FIRMWARE):
        tap.skip(name, f"no {FIRMWARE}; packages.txt has its package")
        return
    ending = boot(chapter, qemu=["-M", machine, "-bios", FIRMWARE])
    tap.ok(ending.how == "ok" and "cases failed" in ending.text, name,
           f"it ended: {ending.how}", ending.last_lines(), ending.complaints)


def test_command_line(chapter):
    """From chapter 3 on there is one, and the kernel prints it."""
    line = QUIET + " first='a' $HOME ;b `id` second=\"a b\" & |<>{}#x \\y %d *"
    here = guest.boot(checkpoints.kernel(chapter), append=line)
    ending = boot(chapter, line)
    # GRUB puts a backslash before what its own quotes are made of.
    text = ending.text.replace("\\'", "'").replace("\\\\", "\\")
    tap.ok(ending.how == "ok" and line.replace('second="a b"', '"second=a b"')
           in text, f"{chapter.name}: the command line arrives through GRUB",
           ending.how, *[l for l in ending.text.splitlines() if QUIET in l])
    tap.ok(here.how == "ok" and line in here.text, "as it does without",
           *[l for l in here.text.splitlines() if QUIET in l])
    done = subprocess.run(["make", "-s", "test", "BOOT=iso", f"APPEND={QUIET}"],
                          cwd=checkpoints.tree(chapter), text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.ok(done.returncode == 0 and "Subtest" not in done.stdout and
           "first=" not in done.stdout, "and another one makes another image",
           done.stdout[-2000:])


for each, outcome in checkpoints.in_parallel(boot, EVERY):
    tap.ok(outcome.how == "ok", f"{each.name} boots from its ISO",
           f"it ended: {outcome.how}", outcome.last_lines(), outcome.complaints)
test_uefi(EVERY[-1], "q35")
for each in EVERY[:-1] if turns.ALL else EVERY[:1]:
    test_uefi(each, "pc")
for each in EVERY[2:3]:
    test_command_line(each)
tap.done()
