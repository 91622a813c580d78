#!/usr/bin/env python3
"""A kernel that goes wrong is seen to: the module that boots them tells each
ending from the others, and so does `make test` in a tree."""

import os
import subprocess
import tempfile

import book
import grading
import guest
import ktap
import tap

LAST = "<<start_kernel: bring up the machine>>=\n%s\n@\n"
SUITE = """<<tests/ending_test.c>>=
#include <kunit/test.h>

static void good(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1, 1);
}

static void bad(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 2 + 2, 5);
}

static struct kunit_case ending_cases[] = {
	KUNIT_CASE(good),
	KUNIT_CASE(bad),
	{}
};

static struct kunit_suite ending_suite = {
	.name = "ending",
	.test_cases = ending_cases,
};
kunit_test_suite(ending_suite);
@
"""

# what the kernel does: (overlay, how it ends, what it says, what make says)
ENDINGS = {
    "all is well": (None, "ok", "KTAP version 1", "All self-tests passed"),
    "a test fails": (SUITE, "fail", "not ok", "self-test failed"),
    "it panics": (LAST % 'panic("for a test");', "panic", "for a test",
                  "panicked"),
    "it triple faults": (
        LAST % 'asm volatile("lidt %0; ud2" : : "m"((char[10]){0}));',
        "reset", "Loom", "status 0"),
    "it says nothing more": (LAST % "for (;;)\n\tasm volatile(\"hlt\");",
                             "hang", "Loom", None),
}


def test(tree, name, overlay, how, says, make_says):
    overlays = []
    if overlay:
        overlays = [os.path.join(tree + ".nw")]
        with open(overlays[0], "w", encoding="utf-8") as f:
            f.write(overlay)
    book.tangle(1, tree, overlays)
    guest.build(tree, "loom.elf")
    ending = guest.boot(os.path.join(tree, "loom.elf"),
                        limit=10 if how == "hang" else 240)
    tap.ok(ending.how == how and says in ending.text, f"{name}: {how}",
           f"it ended: {ending.how}", ending.last_lines(), ending.complaints)
    if make_says:
        done = subprocess.run(["make", "-s", "-C", tree, "test"], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        tap.ok(make_says in done.stdout and
               (done.returncode == 0) == (how == "ok"),
               f"{name}: make test says so", done.returncode, done.stdout)
    return ending


def test_until(tree):
    """Where only the verdict counts, a guest need not go on after its first
    failure; this one would go on for ever."""
    endless = SUITE.replace("static struct kunit_case", """
static void endless(struct kunit *test)
{
	for (;;)
		;
}

static struct kunit_case""").replace("\t{}\n", "\tKUNIT_CASE(endless),\n\t{}\n")
    with open(tree + ".nw", "w", encoding="utf-8") as f:
        f.write(endless)
    book.tangle(1, tree, [tree + ".nw"])
    guest.build(tree, "loom.elf")
    ending = guest.boot(os.path.join(tree, "loom.elf"),
                        until=grading.FAILURE)
    tap.ok(ending.how == "stopped" and
           ending.text.splitlines()[-1].endswith("not ok 2 bad"),
           "a guest is stopped at its first failure", ending.how,
           ending.last_lines())


def test_report(text):
    """What the failing suite said, as the tests read it."""
    suite = next((s for s in ktap.parse(text) if s.name == "ending"), None)
    tap.ok(suite and suite.complete, "the failing suite is complete", text)
    good, bad = suite.cases
    tap.ok(good.ok and not bad.ok, "one case passes and one fails")
    file, line, why = bad.failures[0]
    tap.ok(file == "tests/ending_test.c" and "2 + 2 == 4" in why,
           "with file, line and values", bad.failures)
    with open(os.path.join(scratch, "tree", file), encoding="utf-8") as f:
        tap.ok("2 + 2, 5" in f.read().split("\n")[line - 1],
               "and the line is the expectation's")


with tempfile.TemporaryDirectory() as scratch:
    for case, wanted in ENDINGS.items():
        end = test(os.path.join(scratch, "tree"), case, *wanted)
        if wanted[1] == "fail":
            test_report(end.text)
    test_until(os.path.join(scratch, "tree"))
tap.done()
