#!/usr/bin/env python3
"""The Makefile: help tells of every task, a wrong chapter or exercise is told
with the right ones, what is made is not made again, README's commands exist."""

import os
import re
import shutil
import subprocess
import tempfile

import book
import tap


def make(*arguments, **variables):
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CH", "EX")}
    environment.update(variables)
    done = subprocess.run(["make", *arguments], cwd=book.ROOT, text=True,
                          env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.returncode, done.stdout


def says(outcome, good, name, *patterns):
    code, text = outcome
    lacks = [p for p in patterns if not re.search(p, text, re.M)]
    tap.ok((code == 0) == good and not lacks, name, f"status {code}",
           f"not found: {lacks}", text[-2000:])


def targets():
    """The tasks that the Makefile has, and those that help tells of."""
    text = book.read("Makefile").replace("\\\n", " ")
    phony = {word for line in re.findall(r"^\.PHONY:(.*)$", text, re.M)
             for word in line.split()}
    told = set(re.findall(r"^  make ([\w-]+)", make("help")[1], re.M))
    return phony, told


def test_help():
    phony, told = targets()
    tap.ok(phony and phony == told, "help tells of each task, and of no other",
           f"not told: {sorted(phony - told)}", f"told: {sorted(told - phony)}")
    said = make("help")[1]
    for setting in ("APPEND", "MEM", "SMP", "NUMA", "MACHINE", "CPU", "QEMU",
                    "DEBUG", "BOOT", "WERROR", "CC", "LOOM_DRAFT", "LOOM_LIMIT"):
        tap.ok(re.search(rf"^ .*\b{setting}=\S+ |^{setting}=|, {setting}=", said, re.M),
               f"help says what {setting} is", said)
    readme = book.read("README.md")
    for command in ("make", "make test"):
        tap.ok(re.search(rf"^{command}( +#.*)?$", readme, re.M),
               f"README says `{command}`")
    named = set(re.findall(r"`make\s([\w-]+)", readme + book.read("CONTRIBUTING.md")))
    unknown = {task for task in named
               if task not in phony}
    tap.ok(not unknown, "README and CONTRIBUTING name tasks that exist", unknown)


def test_wrong_names():
    last = book.chapters()[-1]
    for wrong in ("99", "nonsense", "0"):
        for task in ("checkpoint", "run"):
            says(make(task, f"CH={wrong}"), False, f"make {task} CH={wrong}",
                 wrong, *[chapter.name for chapter in book.chapters()])
    name = last.name.split("-", 1)[1]
    for right in (last.label, str(last.number), last.name, name):
        says(make("-n", "checkpoint", f"CH={right}"), True, f"CH={right} is right")
    for wrong, message in (("MAP=demnad", "MAP=demnad: there is no such workload; do"
                            " you mean demand.*06-pages has demand"),
                           ("NUMA=two", "NUMA=two: it is a number"),
                           ("QEMU=-m '1G", "QEMU=-m '1G: quotes come in pairs")):
        says(make("map", "CH=06", wrong), False, f"make map {wrong}", message)
    says(make("exercise", "EX=01/log-bufer"), False, "make exercise, misspelt",
         "no exercise", "01/log-buffer")
    says(make("grade", "EX=99/none"), False, "make grade, no such chapter",
         "no exercise", "01/log-buffer")
    says(make("solution"), False, "make solution without EX", "Which exercise")


def objects():
    return {os.path.join(where, name): os.stat(os.path.join(where, name)).st_mtime_ns
            for where, _, names in os.walk(os.path.join(book.ROOT, "tangled"))
            for name in names}


def sources():
    return [os.stat(os.path.join(book.ROOT, path)).st_mtime_ns
            for path in sum((c.sources for c in book.chapters()), [])
            + ["book/tangle", "book/tangle.awk", "book/stream", "book/stream.awk"]]


def test_checkpoints():
    says(make("checkpoints"), True, "make checkpoints")
    for _ in range(3):          # a chapter may be saved while we look
        given = sources()
        before = objects()
        code, text = make("checkpoints")
        if sources() == given and not code and not text.strip():
            break
    tap.ok(code == 0 and not text.strip(), "again: it has nothing to do", text)
    tap.ok(before and objects() == before, "and touches nothing")
    built = [chapter.name for chapter in book.chapters()
             if os.path.exists(os.path.join(book.ROOT, "tangled", chapter.name,
                                            "loom.elf"))]
    tap.equal(built, [chapter.name for chapter in book.chapters()],
              "every chapter has its kernel")
    one = book.chapters()[0]
    says(make("test", f"CH={one.label}"), True, f"make test CH={one.label}",
         "All self-tests passed")


def test_diff():
    one, two = [chapter.name for chapter in book.chapters()[:2]]
    says(make("diff", "CH=02"), True, "make diff CH=02",
         rf"^\+\+\+ {two}/", rf"^--- {one}/", r"^\+[^+]")
    says(make("diff", "CH=01"), True, "make diff CH=01: all is new",
         rf"^\+\+\+ {one}/Makefile")


def test_exercise():
    scratch = tempfile.mkdtemp()
    try:
        tree = os.path.join(scratch, "01-log-buffer")
        says(make("exercise", "EX=01/log-buffer", LOOM_WORK=scratch), True,
             "make exercise", re.escape(tree))
        says(make("grade", "EX=01/log-buffer", LOOM_WORK=scratch), False,
             "make grade, as given", "Not there yet")
        says(make("solution", "EX=01/log-buffer", LOOM_WORK=scratch), True,
             "make solution", "log-buffer.nw")
    finally:
        shutil.rmtree(scratch)


def test_packages():
    lines = [line for line in book.read("packages.txt").splitlines()
             if line.strip() and not line.startswith("#")]
    odd = [line for line in lines
           if not re.match(r"[a-z0-9][a-z0-9+.-]+\s+\S.*$", line)]
    tap.ok(lines and not odd, "packages.txt: a package and what it is for", odd)
    names = [line.split()[0] for line in lines]
    twice = sorted({name for name in names if names.count(name) > 1})
    tap.ok(not twice, "none of them twice", twice)
    missing = [p for p in ("gcc", "clang", "clang-format", "noweb",
                           "qemu-system-x86", "git") if p not in names]
    tap.ok(not missing, "what the tests call is among them", missing)


test_help()
test_checkpoints()
test_wrong_names()
test_diff()
test_exercise()
test_packages()
tap.done()
