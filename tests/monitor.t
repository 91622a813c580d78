#!/usr/bin/env python3
"""The monitor: what is typed at a terminal, piped in, or given as a script.

`make run` of the first and the last checkpoint is used as a reader uses it,
through a pseudo-terminal and through a pipe; scripts on the command line say
whether their commands did what they should."""

import os
import pty
import re
import select
import subprocess
import time

import book
import checkpoints
import guest
import tap

LIMIT = 120
PROMPT = "loom> "
UP, LEFT = "\033[A", "\033[D"


class Terminal:
    """`make run` of a tree on a pseudo-terminal."""

    def __init__(self, tree, *settings):
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        self.screen, theirs = pty.openpty()
        self.make = subprocess.Popen(
            ["timeout", "--kill-after=5", str(LIMIT), "make", "-s", "-C", tree,
             "run", *settings], stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, env=environment)
        os.close(theirs)
        self.text = ""

    def wait_for(self, wanted):
        """Read until `wanted` has been said; what was said up to its end."""
        end = time.monotonic() + LIMIT
        while wanted not in self.text:
            ready, _, _ = select.select([self.screen], [], [],
                                        max(0, end - time.monotonic()))
            try:
                said = os.read(self.screen, 65536) if ready else b""
            except OSError:     # nobody holds the other end any more
                said = b""
            if not said:
                return self.text + "\n(no more came)"
            self.text += said.decode("utf-8", "replace").replace("\r", "")
        at = self.text.index(wanted) + len(wanted)
        said, self.text = self.text[:at], self.text[at:]
        return said

    def type(self, keys, wanted=PROMPT):
        os.write(self.screen, keys.encode())
        return self.wait_for(wanted)

    def end(self):
        """The status of make, when all of its output has been read."""
        self.wait_for("\0 never said \0")
        os.close(self.screen)
        return self.make.wait()


def piped(tree, text, *settings):
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["timeout", "--kill-after=5", str(LIMIT), "make",
                           "-s", "-C", tree, "run", *settings],
                          input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=environment)
    return done.returncode, done.stdout.replace("\r", "")


def test_terminal(tree):
    terminal = Terminal(tree, "SMP=2")
    said = terminal.wait_for(PROMPT)
    tap.ok(re.fullmatch(r"Loom [^\n]*\n[^\n]*help[^\n]*\nloom> ", said),
           "make run boots quietly to a prompt", said)
    said = terminal.type("zo\t\r")
    tap.ok("zones \n" in said and "node 0" in said, "Tab completes", said)
    first = terminal.type("alloc 3\r")
    said = terminal.type(UP + "\177" + "0" + "\r")
    tap.ok("zone DMA" in said and said != first,
           "an arrow brings a line back, to be changed", first, said)
    said = terminal.type("al 0" + LEFT * 2 + "loc\r")
    tap.ok("zone DMA" in said, "a line is changed in its middle", said)
    given = re.search(r"0x[0-9a-f]{16}", said)
    said = terminal.type(f"free {given[0] if given else 7}\r")
    tap.ok("nothing" not in said, "what was given out is taken back", said)
    said = terminal.type(f"free {given[0] if given else 7}\r")
    tap.ok("given nothing out" in said, "and not a second time", said)
    said = terminal.type("cpus\r")
    tap.ok("cpu 1: online" in said, "two processors", said)
    os.write(terminal.screen, b"\004")
    status = terminal.end()
    tap.ok(status == 0 and "The input has ended" in terminal.text,
           "Ctrl-D ends kernel and QEMU", status, terminal.text)


def test_piped(tree, lines, wanted):
    status, said = piped(tree, lines)
    name = os.path.basename(tree)
    place, missing = 0, []
    for text in wanted:
        at = said.find(text, place)
        if at < 0:
            missing.append(text)
        place = max(place, at)
    tap.ok(status == 0 and not missing, f"{name}: lines from a pipe, to its end",
           f"status {status}, missing {missing}", said)


def test_script(kernel, script, how, *wanted):
    ending = guest.boot(kernel, limit=LIMIT, icount=True,
                        append=f'quiet monitor="{script}"')
    missing = [text for text in wanted if text not in ending.text]
    tap.ok(ending.how == how and not missing, f'monitor="{script}" ends: {how}',
           f"{ending.how}, missing {missing}", ending.last_lines())


first, last = (checkpoints.tree(c) for c in (book.chapters()[0],
                                             book.chapters()[-1]))
elf = os.path.join(last, "loom.elf")
test_terminal(last)
test_piped(first, "help\ntest machine\nno-such\n",
           ["test SUITE", "ok 1 machine", "There is no command no-such",
            "The input has ended"])
test_piped(last, "halt\n", ["loom> halt"])
test_script(elf, "help; map; zones; buddy; slabs; areas; cpus; stats; held",
            "ok", "loom> buddy", "usable", "managed", "kmalloc-64",
            "cpu 0: online", "KiB free")
test_script(elf, "what start_kernel; pagetables 0; trace; test line_editor",
            "ok", "code, start_kernel+0x0", "PGD[  0]", "x86_64_start_kernel",
            "ok 1 line_editor")
test_script(elf, "kmalloc 100; vmalloc 5000; alloc 1 dma; held; areas", "ok",
            "of 128 bytes", "zone DMA", "2 pages, by", "5000 bytes, by vmalloc")
test_script(elf, "kfree 7; alloc; alloc 99; what no_such; kmalloc 0x7fffffff0000;"
            " test no_such; stats", "fail", "has given nothing out", "Usage: ",
            "no free block", "neither", "no object of", "There is no suite",
            "loom> stats")
tap.done()
