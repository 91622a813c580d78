#!/usr/bin/env python3
"""What a reader sees of an exercise: it is handed out, it fails as given, a
slip of any kind is told by name and place, and the solution passes."""

import os
import re
import shutil
import subprocess
import tempfile
import time

import book
import grading
import guest
import tap

EX = "01/log-buffer"
FILE = "kernel/log_buf.c"
BODY = "\treturn 0;\n"      # of the stub kmsg_dump_get_buffer()

scratch = tempfile.mkdtemp()
tree = os.path.join(scratch, "01-log-buffer")


def tool(*arguments, limit="120", **variables):
    environment = dict(os.environ, LOOM_WORK=scratch, LOOM_LIMIT=limit,
                       **variables)
    done = subprocess.run([os.path.join(book.ROOT, "exercises/exercise"),
                           *arguments], encoding="utf-8", env=environment,
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


GRADES = {
    "a quote that is not closed": ('one append="numa=on\n', "grade:1: no closing quotation"),
    "quotes within quotes": ('one\ntwo expect="say "hello" twice\n', "grade:2: no closing"),
    "a key that is not": ("one exti=ok\n", "grade:1: what is “exti=ok”"),
    "words without quotes": ("one expect=two words\n", "grade:1: what is “words”.*quoted"),
    "a limit that is no number": ("# boots\none limit=abc\n", "grade:2: limit=abc is no number"),
    "an ending that is none": ("one exit=okay\n", "grade:1: exit=okay is none of"),
    "icount that is neither": ("one icount=maybe\n", "grade:1: icount=maybe is neither"),
    "a line without a name": ("exit=ok\n", "grade:1: a line begins with a name"),
    "quotes in qemu": ("one qemu='-m \"1G'\n", "grade:1: the quotes in qemu="),
    "no boots": ("# none\n", "grade: no boots"),
    "bytes that are not UTF-8": ("one\ntwo expect=\udcff\n", "grade:2: bytes that are not UTF-8"),
}


def test_grade_files():
    path = os.path.join(scratch, "grade")
    for name, (text, message) in GRADES.items():
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(text)
        try:
            said = str(grading.read_boots(path))
        except grading.BadGrade as error:
            said = f"told: {error}"
        except Exception as error:      # a traceback, to a reader
            said = repr(error)
        tap.ok(re.search("told: .*" + message, said), f"a grade file: {name}", said)
    os.remove(path)
    os.mkfifo(path)
    try:
        said = str(grading.read_boots(path))
    except grading.BadGrade as error:
        said = f"told: {error}"
    tap.ok("no ordinary file" in said, "a grade file: a fifo", said)


EXERCISE = "::: {.exercise #ex:x title=\"X\" difficulty=%s code=\"x\"}\nText.\n%s\n"
CHAPTERS = {
    "a difficulty that is a word": (EXERCISE % ("hard", ":::"), "main.nw:1: difficulty=hard"),
    "an exercise that is not closed": ("\n" + EXERCISE % ("2", ""), "main.nw:2: the :::"),
    "a quote that is not closed": (EXERCISE.replace("code=\"x", "code=\"") % ("2\"", ":::"),
                                   "main.nw:1: a quote is not closed"),
    "bytes that are not UTF-8": ("\n\udcff\n", "main.nw:2: bytes that are not"),
}


def test_chapters():
    """What the tool says of a book with mistakes."""
    folder, root = f"{scratch}/chapters/01-a", book.ROOT
    os.makedirs(folder)
    try:
        book.ROOT = scratch
        for name, (text, message) in CHAPTERS.items():
            with open(f"{folder}/main.nw", "w", encoding="utf-8",
                      errors="surrogateescape") as f:
                f.write(text)
            try:
                said = str(book.coding_exercises())
            except book.Mistake as error:
                said = f"told: {error}"
            except Exception as error:
                said = repr(error)
            tap.ok(re.search("told: .*" + message, said), f"a chapter: {name}", said)
    finally:
        book.ROOT = root


def test_floods():
    """A guest that prints without end is ended, and shown by its last lines."""
    process = subprocess.Popen(["yes", "all work " * 500], stdout=subprocess.PIPE)
    text, how = guest.listen(process, time.monotonic() + 60, None)
    process.kill()
    process.stdout.close()
    process.wait()
    tap.equal(how, "flood", "a flood ends a boot")
    ending = guest.Ending(how, text, "")
    tap.ok(len(ending.last_lines(12)) < 4000 and "all work" in ending.last_lines(12),
           "of long lines little is shown", len(ending.last_lines(12)))
    one = guest.Ending("hang", "x" * 4_000_000 + " the end", "").last_lines(12)
    tap.ok(len(one) < 1000 and one.endswith(" the end"), "and of one without an end")


def test_names():
    says(tool("grade", "01/log-bufer"), 1, "a misspelt name",
         "no exercise “01/log-bufer”", "Do you mean 01/log-buffer", "01/fifo")
    says(tool("grade", ""), 1, "no name", "Which exercise", "01/fifo")
    says(tool("nonsense"), 2, "no such command", "usage:")
    says(tool("list"), 0, "the list", "01/log-buffer")
    says(tool("list", limit="abc"), 2, "a limit that is no number",
         "LOOM_LIMIT=abc is no number")
    says(tool("grade", EX), 1, "grading what was not begun",
         f"make exercise EX={EX}")


def test_locale():
    """A terminal that knows no more than Latin-1."""
    name = "en_US.ISO-8859-1"
    done = subprocess.run(["localedef", "-i", "en_US", "-f", "ISO-8859-1",
                           f"{scratch}/{name}"], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode:
        tap.skip(f"the list under {name}", "localedef cannot make it")
        return
    says(tool("list", LC_ALL=name, LOCPATH=scratch), 0, f"the list under {name}",
         "●")


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
         rf"({line}|{line + 1})$", r"^Not there yet: \d of \d\d tests pass")
    write(FILE, given)
    os.mkfifo(os.path.join(tree, "kernel/fifo"))
    says(tool("grade", EX), 1, "a fifo in the tree is told, and not read",
         "kernel/fifo is no ordinary file")
    os.remove(os.path.join(tree, "kernel/fifo"))
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
    test_grade_files()
    test_chapters()
    test_floods()
    test_names()
    test_locale()
    test_handing_out()
    test_keeping(test_grading())
    test_solution()
finally:
    shutil.rmtree(scratch)
tap.done()
