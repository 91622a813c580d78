#!/usr/bin/env python3
"""make bench: it reads what a guest measured, knows what is over its bound,
and the last checkpoint keeps all the bounds that it has figures for."""

import os
import re
import subprocess
import tempfile

import book
import checkpoints
import guest
import ktap
import peers
import tap
import touch

LOG = """Loom 11-vmalloc (gcc)
# value boot.instructions 5400000
    # Subtest: bench_order0
# value bench.order0_hot 87
# value bench.order9_pair 799
# value bench.kmalloc64_hot 65
# data bench.growth 10 20
    ok 1 pairs
"""


def bench(*arguments):
    done = subprocess.run([os.path.join(book.ROOT, "book/bench"), *arguments],
                          cwd=book.ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def read(text):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as log:
        log.write(text)
        log.flush()
        return bench("--read", log.name)


def rows_in(text):
    """The rows of the table by what they begin with."""
    return {line.split("  ")[0]: line.split("  ", 1)[1].split()
            for line in text.splitlines() if re.match(r"\S.*  ", line)}


def test_data():
    rows = {row.key: row for row in peers.rows()}
    tap.equal(len(rows), 18, "a row for each cost")
    odd = [row.key for row in rows.values()
           if not 0 < row.bound < row.tiny or row.cloud == 0]
    tap.ok(not odd, "every bound is below Linux's figure", odd)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        table.write("# a comment\nkey\tonly two\n")
        table.flush()
        try:
            peers.rows(table.name)
            said = ""
        except peers.BadTable as error:
            said = str(error)
    tap.ok(":2: " in said and "it has 2" in said,
           "a line with columns missing is told", said)


def test_reading():
    code, text = read(LOG)
    rows = rows_in(text)
    tap.equal(code, 0, "figures within their bounds")
    tap.equal(rows.get("alloc_page and __free_page, hot"),
              ["87", "481", "688", "130", "ok"], "a row")
    tap.equal(rows.get("kmalloc(64) and kfree, hot", [])[-1:], ["ok"],
              "on its bound is not over it")
    tap.equal(rows.get("vmalloc and vfree, 1 MiB"),
              ["–", "79,004", "111,889", "40,000"], "what has no figure yet")
    tap.equal(len(rows), 18, "nothing else is in the table")
    figures = "".join(f"# value touch.order0_free.{column} {n}\n" for column, n
                      in zip(touch.COLUMNS, (50, 20, 13, 6, 5, 2)))
    code, text = read(LOG + figures)
    tap.ok(code == 0 and re.search(r"^__free_page +50 +172 +20 +41 +13 +31 +6 +14"
                                   r" +5 +17 +2 +ok$", text, re.M),
           "what an operation touches has its own", text)
    code, text = read(LOG + figures.replace(".lines 6", ".lines 7"))
    tap.ok(code == 1 and "over its bound: __free_page: 7 lines, at most 6"
           in text, "one line more is over it", text)
    code, text = read(LOG.replace("order9_pair 799", "order9_pair 801"))
    tap.ok(code == 1 and "over its bound: alloc_pages and __free_pages,"
           " order 9" in text, "one instruction more is over it", text)
    code, text = read("# value bench.least_ram 11\n# value bench.memory_taken"
                      " 2.19\n# value bench.boot_16g 20.01\n")
    rows = rows_in(text)
    tap.equal((code, rows.get("least RAM that starts, MiB", [])[0::4]),
              (1, ["11", "ok"]), "megabytes")
    tap.equal(rows.get("memory taken of 512 MiB, percent", [])[0::4],
              ["2.2", "ok"], "percents")


def test_mistakes():
    code, text = bench("99")
    tap.ok(code == 2 and "make checkpoint CH=99" in text,
           "a checkpoint that is not built", text)
    code, text = bench("01", "order33")
    tap.ok(code == 2 and "order33" in text and "order3_pair" in text,
           "a row that there is not", text)
    code, text = bench()
    tap.ok(code == 1 and "usage" in text, "no argument", text)


def test_suites():
    """Suites that measure run when they are asked for, and only then."""
    last = book.chapters()[-1]
    kernel = checkpoints.kernel(last)
    for append, all_of_them in (("", False), ("kunit.filter_glob=*", False),
                                ("kunit.filter_glob=bench_*", True)):
        ending = guest.boot(kernel, append=append, icount=True)
        ran = {suite.name.startswith("bench_")
               for suite in ktap.parse(ending.text)}
        tap.ok(ending.how == "ok" and ran == {all_of_them},
               f"“{append}” runs {'only' if all_of_them else 'no'} suites"
               " that measure", ending.how, ending.last_lines())


def test_touch():
    """The plugin counts right what is known."""
    last = book.chapters()[-1]
    try:
        ending, _, _ = touch.boot(checkpoints.kernel(last), append=touch.SUITES,
                                  icount=True)
    except touch.Without as without:
        tap.ok(True, f"what is known # SKIP {without}")
        return
    values = peers.values(ending.text)
    for name, wanted in {"nothing": (0, 0, 0, 0, 0, 0),
                         "loop": (2000, 0, 0, 0, 1, 0),
                         "loads": (400, 100, 0, 100, 1, 0),
                         "locked": (400, 100, 100, 100, 1, 100),
                         "across": (1, 1, 0, 2, 1, 0)}.items():
        found = [values.get(f"touch.known.{name}.{column}", -1)
                 for column in touch.COLUMNS]
        # A register may have to be loaded, and code may lie across two lines.
        slack = 3 if name in ("loop", "loads", "locked") else 0
        room = [slack, 0, 0, 0, 1, 0]
        tap.ok(all(w <= f <= w + r for f, w, r in zip(found, wanted, room)),
               f"a region that is known: {name}", found)
    code, text = bench("--lines", last.label, "known.across")
    tap.ok(code == 0 and re.search(r"^known.across: 2 lines\n    lines\S*: 3cr by"
                                   r" known_regions\n", text, re.M),
           "which line was touched, where, and by whom", text)
    code, text = bench("--lines", last.label, "kmalloc65")
    tap.ok(code == 2 and "kmalloc65" in text and "kmalloc64_free" in text,
           "an operation that there is not", text)


def test_last():
    """The real thing, as `make bench` does it."""
    last = book.chapters()[-1]
    subprocess.run(["make", "checkpoint", f"CH={last.label}"], cwd=book.ROOT,
                   check=True, stdout=subprocess.PIPE)
    code, text = bench(last.label)
    rows = rows_in(text)
    tap.ok(code == 0, "the last checkpoint keeps every bound", text)
    started = [rows.get(name, ["–"])[0] for name in rows
               if name.startswith("to start")]
    tap.ok(len(started) == 2 and "–" not in started,
           "and says what it takes to start", text)


test_data()
test_reading()
test_mistakes()
test_suites()
test_touch()
test_last()
tap.done()
