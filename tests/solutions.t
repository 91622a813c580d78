#!/usr/bin/env python3
"""The solutions as a book: all of them are there, under the numbers that their
exercises have, with nothing missing, unresolved or too wide."""

import os
import re
import subprocess
import sys

import book
import tap

sys.path.insert(0, os.path.join(book.ROOT, "book/weave"))
os.chdir(book.ROOT)
import texlog   # noqa: E402

PDF = "build/loom-solutions.pdf"
LOG = "build/weave/solutions/loom-solutions.log"


def run(*command):
    environment = {k: v for k, v in os.environ.items() if k != "LOOM_DRAFT"}
    done = subprocess.run(command, text=True, errors="replace", env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def test_log():
    complaints = texlog.warnings(LOG)
    wide = [c for c in complaints if re.search(r"pt too (wide|high)$", c)]
    tap.ok(not wide, "no line is too wide", *wide)
    glyphs = [c for c in complaints if "no face has" in c]
    tap.ok(not glyphs, "every character has a glyph", *glyphs)
    log = book.read(LOG)
    loose = re.findall(r"^.*(?:Reference|Citation|Hyper reference).*undefined.*$"
                       r"|^.*has been referenced but does not exist.*$"
                       r"|^.*multiply.defined.*$", log, re.M)
    tap.ok(not loose, "every reference is resolved", *loose)


def test_numbers():
    """A solution has the number of its exercise."""
    woven = "".join(book.read(f"build/weave/solutions/{c.name}.tex") for c in book.chapters())
    found = dict(re.findall(r"\\solution\{(ex:[\w-]+)\}\{([\d.]+)\}", woven))
    wanted = {e.id: f"{c.number}.{i}" for c in book.chapters()
              for i, e in enumerate(book.exercises(c), 1)}
    tap.ok(wanted and found == wanted, f"{len(wanted)} exercises have their"
           " numbers", {k: (found.get(k), n) for k, n in wanted.items()
                        if found.get(k) != n})


def squeezed(text):
    return re.sub(r"[^A-Za-z0-9]", "", text.replace("ﬁ", "fi").replace("ﬂ", "fl"))


def test_text():
    """Each solution's code is there, up to the breaks of its pages."""
    _, text = run("pdftotext", "-raw", PDF, "-")
    printed = squeezed(text)
    for chapter in book.chapters():
        lost = []
        for exercise in book.exercises(chapter):
            if not exercise.slug:
                continue
            code = re.findall(r"^<<.*>>=\n(.*?)^@", book.read(exercise.solution),
                              re.M | re.S)
            lines = [squeezed(line) for line in "".join(code).split("\n")]
            lines = [line for line in lines if len(line) > 12]
            gone = [line for line in lines if line not in printed]
            if len(gone) * 20 > len(lines):
                lost.append(f"{exercise.name}: {gone[:3]}")
        tap.ok(not lost, f"{chapter.name}: the code of its solutions", *lost)


CODE, SAID = run("book/weave/solutions")
if tap.ok(CODE == 0, "the solutions are woven", SAID[-1500:]):
    test_log()
    test_numbers()
    test_text()
tap.done()
