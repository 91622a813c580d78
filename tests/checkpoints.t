#!/usr/bin/env python3
"""Every checkpoint builds without a warning with both compilers, the last one
with #line and without; its tree needs nothing of the book; and a change compiles again
what it touches and nothing else."""

import os
import re
import shutil
import subprocess
import tempfile

import book
import checkpoints
import guest
import tap
import turns

BARE = {"PATH": "/usr/bin:/bin"}


EVERY = [("gcc", False), ("clang", True), ("gcc", True), ("clang", False)]


def test_builds(chapter, forms):
    for compiler, plain in forms:
        try:
            checkpoints.tree(chapter, compiler, plain)
            problem = ""
        except (RuntimeError, book.TangleError) as error:
            problem = str(error)
        tap.ok(not problem, f"{chapter.name} builds with {compiler}"
               f"{', plain' if plain else ''}", problem[-3000:])


def test_alone(chapter, plain):
    """The tree somewhere else, with an environment that says nothing."""
    with tempfile.TemporaryDirectory() as away:
        tree = os.path.join(away, "a copy of it", chapter.name)
        shutil.copytree(checkpoints.tree(chapter, plain=plain), tree,
                        ignore=shutil.ignore_patterns("obj", "loom.*"))
        for goal in ("all", "test", "clean"):
            done = subprocess.run(["make", "-s", "-j2", goal], cwd=tree,
                                  env=BARE, text=True, timeout=600,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            tap.ok(done.returncode == 0, f"{chapter.name}"
                   f"{', plain,' if plain else ''} on its own: make {goal}",
                   *[line for line in done.stdout.splitlines()
                     if "FAILED" in line or "not ok" in line],
                   "\n".join(done.stdout.splitlines()[-15:]))
        left = {name for name in os.listdir(tree)
                if name == "obj" or name.startswith("loom.")}
        tap.ok(not left, f"{chapter.name}: make clean leaves the source", left)


def compiled(tree):
    """Build, and say which sources that compiled."""
    said = guest.build(tree, "-j2", "--no-silent", "loom.elf")
    return {file for file in re.findall(r" -o obj/(\S+)\.o ", said)
            if os.path.exists(os.path.join(tree, file))}


def test_rebuilds(chapter):
    with tempfile.TemporaryDirectory() as away:
        tree = os.path.join(away, chapter.name)
        over = os.path.join(away, "over.nw")

        def tangle(text=None):
            if text is None:
                return book.tangle(chapter.number, tree)
            with open(over, "w", encoding="utf-8") as f:
                f.write(text)
            return book.tangle(chapter.number, tree, [over])

        tangle()
        everything = compiled(tree)
        tap.ok("init/main.c" in everything, f"{chapter.name}: it is built")
        tangle()
        tap.equal(compiled(tree), set(), f"{chapter.name}: and not built again")
        tangle("<<lib/string.c>>=\nextern int nothing;\n@\n")
        tap.equal(compiled(tree), {"lib/string.c"},
                  f"{chapter.name}: one file changed, one is compiled")
        tangle()
        compiled(tree)
        tangle("<<include/linux/ctype.h>>=\nextern int nothing;\n@\n")
        users = {file for file in everything if uses(tree, file, "linux/ctype.h")}
        tap.equal(compiled(tree), users, f"{chapter.name}: a header changed,"
                  f" its {len(users)} users are compiled")
        tangle()
        compiled(tree)
        tangle("<<lib/more.c>>=\nextern int nothing;\n@\n")
        tap.equal(compiled(tree), {"lib/more.c"},
                  f"{chapter.name}: a file that is new is compiled")
        tangle()
        os.utime(os.path.join(tree, "lib/string.c"))
        guest.build(tree, "-j2", "CC=clang", "loom.elf")
        tap.ok(b"clang" in read(os.path.join(tree, "loom.elf")),
               f"{chapter.name}: another compiler compiles all of it")


def uses(tree, file, header):
    with open(os.path.join(tree, "obj", file + ".d"), encoding="utf-8") as f:
        return f"include/{header}" in f.read().split()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def test_prose():
    """A sentence that changes compiles nothing."""
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "book"))
        for script in ("tangle", "tangle.awk", "stream", "stream.awk"):
            shutil.copy(os.path.join(book.ROOT, "book", script),
                        os.path.join(root, "book"))
        for chapter in book.chapters():
            shutil.copytree(os.path.join(book.ROOT, chapter.folder),
                            os.path.join(root, chapter.folder))
        last = book.chapters()[-1]
        tree = os.path.join(root, "tree")
        book.tangle(last.number, tree, plain=False, root=root)
        before = times(tree)
        path = os.path.join(root, last.path)
        text = book.read(last.path).split("\n")
        sentence = next(i for i, line in enumerate(text) if line.endswith("."))
        text[sentence] += " And more."
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(text))
        book.tangle(last.number, tree, plain=False, root=root)
        tap.ok(before and times(tree) == before,
               "a sentence that changes touches no file")


def times(tree):
    return {os.path.join(where, name): os.stat(os.path.join(where, name)).st_mtime_ns
            for where, _, names in os.walk(tree) for name in names
            if name != ".manifest"}


# The last checkpoint is built in every form; of each other, both compilers and
# both forms are seen once, in the trees that boot.t boots; by gcc always, by
# clang in turn.
LAST = book.chapters()[-1]
NOW = turns.chapters()
turns.leave_out("the checkpoint built by clang, in plain C",
                [each for each in book.chapters() if each not in NOW])
for each in book.chapters():
    test_builds(each, EVERY if each == LAST else EVERY[:2] if each in NOW
                else EVERY[:1])
test_alone(book.chapters()[0], True)
test_alone(LAST, False)
test_rebuilds(LAST)
test_prose()
tap.done()
