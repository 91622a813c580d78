#!/usr/bin/env python3
"""The style that a machine can check: 80 columns, white space, .clang-format
on the tangled C, nothing unfinished, no path of one machine."""

import difflib
import functools
import glob
import os
import re
import subprocess
import tempfile
import threading

import book
import checkpoints
import tap
import variants

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|TB" r"D)\b")
# A path that exists on one machine only; .gitignore's own /work/ is another.
MACHINE = re.compile(r"(?<![\w.$}/*])/(work|tmp|home|root|var/tmp)/[\w.]")


def tracked():
    done = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"],
                          cwd=book.ROOT, stdout=subprocess.PIPE, check=False)
    return [f for f in done.stdout.decode().split("\0")
            if f and os.path.isfile(os.path.join(book.ROOT, f))]


def text_of(path):
    with open(os.path.join(book.ROOT, path), "rb") as f:
        data = f.read()
    return None if b"\0" in data else data.decode("utf-8", "surrogateescape")


def columns(line):
    return len(line.replace("@<<", "<<").replace("@>>", ">>").expandtabs(8))


def code_lines(text):
    """(number, line) of the code chunks of a noweb file."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"<<.*>>=\s*$", line):
            inside = True
        elif line == "@" or line.startswith("@ "):
            inside = False
        elif inside:
            yield number, line


def test_columns(path):
    wide = [f"{path}:{number}: {columns(line)} columns"
            for number, line in code_lines(text_of(path)) if columns(line) > 80]
    tap.ok(not wide, f"{path} within 80 columns", *wide)


LONGEST_SOURCE = 4400       # lines: "not much above 4,000"
STUB = 35                   # lines: half a page of idea


def stubs(text):
    """(heading, lines of its text) of the sections that stand in the back room."""
    heading, lines = None, []
    for _, line in book.prose_of(text):
        if re.match(r"#{1,3} ", line):
            if heading:
                yield heading, lines
            heading, lines = (line if re.search(r"\.back[ }]", line) else None), []
        elif line.strip():
            lines.append(line)
    if heading:
        yield heading, lines


def test_rooms(chapter):
    """Each file can be read at a sitting; a stub says what is in the back room,
    and says it shortly; every exercise has a title."""
    wrong = [f"{path}: {n} lines" for path in chapter.sources
             for n in [text_of(path).count("\n")] if n > LONGEST_SOURCE]
    for heading, lines in stubs(text_of(chapter.path)):
        if not any(line.endswith((".", ":", "?", ")")) and len(line.split()) > 3 for line in lines):
            wrong.append(f"{chapter.path}: nothing is said under {heading}")
        if len(lines) > STUB:
            wrong.append(f"{chapter.path}: {len(lines)} lines are no stub: {heading}")
    wrong += [f"{chapter.path}:{e.line}: {e.id} has no title"
              for e in book.exercises(chapter) if not e.title]
    tap.ok(not wrong, f"{chapter.name}: files, stubs and exercises", *wrong)


def test_files():
    """White space, encoding and words of everything that git keeps."""
    white, encoding, words, machine = [], [], [], []
    for path in tracked():
        text = text_of(path)
        if text is None or path.startswith(("book/live/", "tests/host/corpus/")):
            continue
        if "\udc80" <= max(text, default="") <= "\udcff" or "\r" in text:
            encoding.append(path)
        if text and not text.endswith("\n"):
            white.append(f"{path}: does not end with a newline")
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                white.append(f"{path}:{number}: white space at the end")
            if UNFINISHED.search(line):
                words.append(f"{path}:{number}: {line.strip()}")
            if MACHINE.search(line) and path != ".gitignore":
                machine.append(f"{path}:{number}: {line.strip()}")
    tap.ok(not white, "no white space at the end of a line", *white[:20])
    tap.ok(not encoding, "UTF-8 with Unix's line ends", *encoding)
    tap.ok(not words, "nothing says that it is unfinished", *words[:20])
    tap.ok(not machine, "no path of one machine", *machine[:20])


def test_scripts():
    broken = []
    for path in tracked():
        text = text_of(path) or ""
        full = os.path.join(book.ROOT, path)
        if path.endswith(".py") or re.match(r"#!.*python", text):
            try:
                compile(text, path, "exec")
            except SyntaxError as error:
                broken.append(str(error))
        elif re.match(r"#!/bin/(ba)?sh", text):
            shell = text.split("\n")[0][2:]
            done = subprocess.run([shell, "-n", full], text=True, check=False,
                                  stderr=subprocess.PIPE)
            if done.returncode:
                broken.append(done.stderr)
        if text.startswith("#!") and not os.access(full, os.X_OK):
            broken.append(f"{path} cannot be executed")
    tap.ok(not broken, "scripts parse and can be run", *broken)


# --- clang-format -----------------------------------------------------------

def squeezed(line):
    return re.sub(r"\s+", "", line)


def normal(line):
    """Its indentation, and its text with single spaces."""
    indent = re.match(r"[\t ]*", line)[0]
    text = re.sub(r"[ \t]+", " ", line.strip())
    return indent + re.sub(r"\) \{", "){", text)    # a literal, either way


def misplaced(source, formatted):
    """Line numbers at which the two differ in white space alone."""
    lines = source.split("\n")
    ours = [normal(line) for line in lines]
    theirs = [normal(line) for line in formatted.split("\n")]
    macro, skip = False, []
    for i, line in enumerate(lines):
        continued = i and re.search(r"[,(=&|?:+]$", lines[i - 1].rstrip())
        skip.append(macro or line.startswith("#") or continued)
        macro = line.endswith("\\")
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        wanted = {squeezed(line): line for line in theirs[j1:j2]}
        for i in range(i1, i2):
            line = wanted.get(squeezed(ours[i]), ours[i])
            if (kind == "replace" and line != ours[i] and not skip[i]
                    and columns(line) <= 80):   # what it would not break
                yield i + 1, line


@functools.cache
def loops(tree):
    """The macros of a tree that are used like `for`."""
    return {name for file in c_files(tree)
            for name in re.findall(r"#define (\w*for_each\w*)\(",
                                   read(tree, file).decode())}


def clang_format(tree, files, base=None):
    """What is wrong with some files of a tree, which stand on `base`."""
    style = book.read(".clang-format").replace("ColumnLimit: 80",
                                               "ColumnLimit: 0")
    macros = loops(tree) | (loops(base) if base else set())
    style = re.sub(r"ForEachMacros: \[.*",
                   f"ForEachMacros: [{', '.join(sorted(macros))}]", style)
    with open(os.path.join(tree, ".clang-format"), "w", encoding="utf-8") as f:
        f.write(style)

    def complaints(file):
        done = subprocess.run(["clang-format", file], cwd=tree, text=True,
                              stdout=subprocess.PIPE, check=True)
        return [f"{file}:{line}: wanted {wanted!r}" for line, wanted
                in misplaced(read(tree, file).decode(), done.stdout)]

    for _, found in checkpoints.in_parallel(complaints, files):
        yield from found


def c_files(tree):
    return sorted(glob.glob("**/*.[ch]", root_dir=tree, recursive=True))


def test_format():
    last = book.chapters()[-1]
    with tempfile.TemporaryDirectory() as tree:
        book.tangle(last.number, tree)
        files = c_files(tree)
        wrong = list(clang_format(tree, files))
        tap.ok(files and not wrong, f"{len(files)} files of checkpoint"
               f" {last.label} are indented and spaced as Linux's", *wrong[:30])
        path = os.path.join(tree, "lib/string.c")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        os.remove(path)     # what is tangled is read-only
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("\treturn n;", "    return n;", 1))
        tap.ok(list(clang_format(tree, ["lib/string.c"])),
               "and one that is not is found")


BASES = threading.Lock()


@functools.cache
def tangled(chapter):
    tree = os.path.join(book.ROOT, "build/tests/style", chapter.name)
    book.tangle(chapter.number, tree)
    return tree


def base_of(chapter):
    """A chapter's checkpoint; one that two ask for at once is tangled once."""
    with BASES:
        return tangled(chapter)


def solution_format(exercise):
    """(files that a solution changes, what is wrong with them)"""
    base = base_of(exercise.chapter)
    with tempfile.TemporaryDirectory() as solved:
        variants.Tree(exercise.chapter, base, solved).become(
            [exercise.skeleton, exercise.solution])
        files = [f for f in c_files(solved)
                 if read(base, f) != read(solved, f)]
        return files, list(clang_format(solved, files, base))


def test_solution_formats():
    solved = [exercise for exercise in book.coding_exercises()
              if os.path.exists(os.path.join(book.ROOT, exercise.solution))]
    for exercise, (files, wrong) in checkpoints.in_parallel(solution_format,
                                                            solved):
        tap.ok(not wrong, f"{exercise.name}: {len(files)} files as well",
               *wrong[:30])


def read(tree, file):
    try:
        with open(os.path.join(tree, file), "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


for each in book.chapters():
    test_rooms(each)
for source in sorted(f for f in tracked() if f.endswith(".nw")):
    test_columns(source)
test_files()
test_scripts()
test_format()
test_solution_formats()
tap.done()
