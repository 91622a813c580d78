#!/usr/bin/env python3
"""What a reader sees of an exercise: it is handed out, it fails as given, a
slip of any kind is told by name and place, and the solution passes."""

import os
import re
import shutil
import subprocess
import tempfile

import book
import tap

EX = "01/log-buffer"
FILE = "kernel/log_buf.c"
BODY = "\treturn 0;\n"      # of the stub kmsg_dump_get_buffer()

scratch = tempfile.mkdtemp()
tree = os.path.join(scratch, "01-log-buffer")


def tool(*arguments, limit="120"):
    environment = dict(os.environ, LOOM_WORK=scratch, LOOM_LIMIT=limit)
    done = subprocess.run([os.path.join(book.ROOT, "exercises/exercise"),
                           *arguments], text=True, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def says(outcome, status, name, *patterns):
    code, text = outcome
    lacks = [p for p in patterns if not re.search(p, text, re.M)]
    tap.ok(code == status and not lacks, name,
           f"status {code}, wanted {status}; not found: {lacks}", text)


def read(file):
    with open(os.path.join(tree, file), encoding="utf-8") as f:
        return f.read()


def write(file, text):
    with open(os.path.join(tree, file), "w", encoding="utf-8") as f:
        f.write(text)


def line_of(text, part):
    return text[:text.index(part)].count("\n") + 1


def test_titles():
    """What has a number on paper has a title on a terminal."""
    bare = [e.id for c in book.chapters() for e in book.exercises(c)
            if re.search("“(sec|fig|tbl|ex):", book.plain_text(e.text))]
    tap.ok(not bare, "references in exercises are titles", bare)
    known = {name for c in book.chapters() for e in book.exercises(c)
             for name in re.findall(r"\[@((?:sec|fig|tbl|ex):[\w-]+)\]", e.text)}
    whole = "".join(book.read(path) for c in book.chapters() for path in c.sources)
    bare = [name for name in sorted(known) if f"#{name}" in whole
            and "chapter to come" in book.plain_text(f"[@{name}]")]
    tap.ok(not bare, "but for those to chapters to come", bare)
    tap.equal(book.plain_text("as in [@fig:mb-cost] [@knuth1970, p. 2]"),
              "as in the figure “What it costs to reserve and free one page"
              " when so many regions are reserved” (Knuth 1970, p. 2)",
              "of a figure its caption, of a work its author and year")


def test_names():
    says(tool("grade", "01/log-bufer"), 1, "a misspelt name",
         "no exercise “01/log-bufer”", "Do you mean 01/log-buffer", "01/fifo")
    says(tool("grade", ""), 1, "no name", "Which exercise", "01/fifo")
    says(tool("nonsense"), 2, "no such command", "usage:")
    says(tool("list"), 0, "the list", "01/log-buffer")
    says(tool("grade", EX), 1, "grading what was not begun",
         f"make exercise EX={EX}")


def test_handing_out():
    says(tool("exercise", "1/log-buffer"), 0, "the exercise is handed out",
         "Exercise 01/log-buffer", re.escape(tree), FILE + r":\d+ in log_store\(\)",
         f"make grade EX={EX}")
    log = subprocess.run(["git", "-C", tree, "log", "--format=%s"], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    tap.equal(log, "The exercise as given\n", "it is a repository of its own")
    tap.ok("#line" not in read("kernel/printk.c"), "in plain C")


def test_grading():
    given = read(FILE)
    says(tool("list"), 0, "what was begun is marked", rf"^\* {EX} .*begun")
    failed = tool("grade", EX)
    tap.ok(not re.search(r"^ +\d+[UL]* == \d+ \(0x", failed[1], re.M),
           "no number is said to be itself", failed[1])
    says(tool("list"), 0, "what failed is marked",
         rf"^✗ {EX} .*failed, \d+ of \d+ tests passed$")
    says(failed, 1, "as given it fails",
         r"FAIL +log_buffer: hidden_messages_are_kept",
         r"tests/ex_log_buffer\.c:\d+ \(.*log-buffer/skeleton\.nw:\d+\)",
         r"Expected n ==", "Not there yet",
         r"pass +the kernel's other tests")
    slips = {
        "a syntax error": ("\treturn 0\n", 1, (
            f"does not build; look at .*{FILE}:", "expected ‘;’|expected ';'")),
        "a panic": ('\tpanic("oh no");\n', 1, (
            "The kernel panicked", "not syncing: oh no",
            r"STOP +log_buffer: hidden_messages_are_kept \(tests/ex_log_buffer"
            r"\.c:\d+\) began and did not end",
            "did not run to the end: .*printf")),
        "a triple fault": ('\tasm volatile("lidt %0; ud2" : : "m"((char[10]){0}));'
                           "\n\treturn 0;\n", 1, (
            "The kernel was reset", "triple fault", "last words")),
    }
    for name, (body, status, patterns) in slips.items():
        write(FILE, given.replace(BODY, body))
        says(tool("grade", EX), status, f"{name} is told", *patterns)
    write(FILE, given.replace(BODY, "\tfor (;;)\n\t\t;\n"))
    hung = tool("grade", EX, limit="3")
    says(hung, 1, "a hang is told", "did not end in time", "LOOM_LIMIT",
         "Subtest: log_buffer")
    line = line_of(read(FILE), "for (;;)")
    says(hung, 1, "and where it hangs", "It was then at:",
         rf"kmsg_dump_get_buffer\(\) at {re.escape(tree)}/{FILE}:"
         rf"({line}|{line + 1})$", r"^Not there yet: 0 of \d\d tests pass")
    write(FILE, given)
    return given


def test_keeping(given):
    write(FILE, given + "/* mine */\n")
    says(tool("exercise", EX), 0, "what the reader changed is kept",
         "changes of yours", "--again")
    tap.ok("mine" in read(FILE), "and is there")
    test = read("tests/ex_log_buffer.c")
    write("tests/ex_log_buffer.c", re.sub(r"KUNIT_CASE\(\w+\),", "", test))
    says(tool("grade", EX), 1, "a test that the reader emptied is restored",
         "ex_log_buffer.c is not as given", "FAIL +log_buffer: hidden")
    tap.ok("KUNIT_CASE(" not in read("tests/ex_log_buffer.c"),
           "but not in the reader's tree")
    says(tool("exercise", "--again", EX), 0, "starting again",
         r"earlier attempt is now .*\.old-1")
    tap.ok("mine" not in read(FILE) and os.path.isdir(tree + ".old-1"),
           "keeps the first attempt and gives a fresh one")


def test_solution():
    says(tool("hint", EX), 0, "a hint", "^Hint 1 of 3: ")
    says(tool("hint", EX), 0, "and the next", r"\AHint 2 of 3: ")
    says(tool("hint", EX), 0, "and the last", r"\AHint 3 of 3: ")
    says(tool("hint", EX), 0, "and all of them", r"\AHint 1 of 3: ",
         "^Hint 3 of 3", f"make solution EX={EX}")
    says(tool("solution", EX), 0, "the solution is shown",
         "solutions/01-first-light/log-buffer.nw", r"^\+.*log_buf\[")
    for file in (FILE, "kernel/printk.c"):
        shutil.copy(os.path.join(tree + ".solution", file),
                    os.path.join(tree, file))
    says(tool("grade", EX), 0, "and passes", "All passes",
         "pass +log_buffer: any_place_will_do")
    says(tool("list"), 0, "which is marked", rf"^✓ {EX} .*passed$")
    write("tests/first_light_test.c", "")
    says(tool("list"), 0, "until something is changed",
         rf"^✓ {EX} .*passed, changed since$")
    write("lib/string.c", read("lib/string.c").replace("return n;\n}",
                                                       "return n + 1;\n}", 1))
    says(tool("grade", EX), 1, "breaking the kernel elsewhere fails",
         "Not there yet")


try:
    test_titles()
    test_names()
    test_handing_out()
    test_keeping(test_grading())
    test_solution()
finally:
    shutil.rmtree(scratch)
tap.done()
