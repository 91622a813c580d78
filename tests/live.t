#!/usr/bin/env python3
"""What the machine said: the outputs kept with the book are those that its
checkpoints print, and livebook tells when one no longer says what it should."""

import os
import shutil
import subprocess
import tempfile

import tap

TOP = os.getcwd()

CHAPTER = """# A chapter {#sec:a}

```{.run name="one" ch="01"}
```

```{.transcript run="one" from="begin" to="end" expect="second"}
```

It took `one:cost`{.live} instructions.

```{.plot #fig:p run="one" data="growth" x="n" y="cost" caption="Growth."}
```

```{.peers #tbl:p run="one" rows="order0_hot, boot_512m=one:cost" caption="Beside Linux."}
```

```{.peers #tbl:q run="one" touch="yes" rows="order0_alloc" caption="Touched."}
```
"""

OUTPUT = """begin
first
second
end
# value cost 1234
# data growth 1 2
# value bench.order0_hot 99
# value touch.order0_alloc.instructions 60
# value touch.order0_alloc.loads 20
# value touch.order0_alloc.stores 10
# value touch.order0_alloc.lines 6
# value touch.order0_alloc.code_lines 5
# value touch.order0_alloc.locked 1
"""


def livebook(folder):
    done = subprocess.run(["timeout", "60", f"{TOP}/book/livebook", "--check"],
                          cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


def check(name, chapter, output, complaint, extra=None):
    """livebook accepts this book if complaint is None, else says it."""
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/chapters/01-a")
        os.makedirs(f"{folder}/book/live")
        os.symlink(f"{TOP}/tests", f"{folder}/tests")
        with open(f"{folder}/chapters/01-a/main.nw", "w", encoding="utf-8",
                  errors="surrogateescape") as f:
            f.write(chapter)
        if extra:
            extra(folder)
        if output is not None:
            with open(f"{folder}/book/live/one.txt", "w") as f:
                f.write(output)
        code, text = livebook(folder)
        if complaint is None:
            tap.ok(code == 0 and not text, name, text)
        else:
            tap.ok(code == 1 and complaint in text, name, text)


def mistakes():
    check("a book whose outputs say what it says", CHAPTER, OUTPUT, None)
    check("a run that was never made", CHAPTER, None,
          "chapters/01-a/main.nw:6: run one was never made")
    check("a promise that is not kept", CHAPTER,
          OUTPUT.replace("second", "third"),
          "chapters/01-a/main.nw:6: run one no longer says 'second'")
    check("what is promised stands elsewhere", CHAPTER,
          OUTPUT.replace("second\nend", "end\nsecond"),
          "chapters/01-a/main.nw:6: run one no longer says 'second'")
    check("a part that has no end", CHAPTER, OUTPUT.replace("end\n", ""),
          "chapters/01-a/main.nw:6: run one has no part from 'begin' to 'end'")
    check("a figure that is not printed", CHAPTER,
          OUTPUT.replace("cost 1234", "price 1234"),
          "chapters/01-a/main.nw:9: run one prints no value cost")
    check("a count of lines that is not printed", CHAPTER,
          OUTPUT.replace("alloc.lines 6", "alloc.pages 6"),
          "one prints no value touch.order0_alloc.lines")
    check("a series that is not printed", CHAPTER,
          OUTPUT.replace("growth", "shrinking"),
          "chapters/01-a/main.nw:11: run one prints no series growth")
    check("a figure beside Linux's that is not printed",
          CHAPTER, OUTPUT.replace("order0", "order1"),
          "chapters/01-a/main.nw:14: run one prints no value bench.order0_hot")
    check("a map that is not printed", CHAPTER +
          '\n```{.map #fig:m run="one" caption="Where."}\n```\n', OUTPUT,
          "chapters/01-a/main.nw:20: run one: there is no line “# map …”")
    check("a run that is not defined", CHAPTER.replace('name="one"', 'name="two"'),
          OUTPUT, "chapters/01-a/main.nw:6: no run is called one")
    check("two runs of one name",
          CHAPTER + '```{.run name="one" ch="01"}\n```\n', OUTPUT,
          "chapters/01-a/main.nw:19: a second run is called one")
    check("a block that does not exist", CHAPTER + "\n```{.chnages}\n```\n", OUTPUT,
          "chapters/01-a/main.nw:20: no block is called .chnages")
    check("an attribute that does not exist",
          CHAPTER.replace('ch="01"', 'ch="01" exti="fail"'), OUTPUT,
          "chapters/01-a/main.nw:3: a .run has no exti; do you mean exit?")
    check("a block that is not closed", CHAPTER.rstrip()[:-3], OUTPUT,
          "chapters/01-a/main.nw:17: the ``` that begins here is not closed")
    check("a run of no chapter", CHAPTER.replace('ch="01"', 'ch="02"'), OUTPUT,
          'chapters/01-a/main.nw:3: there is no chapter ch="02"')
    check("quotes that are not in pairs",
          CHAPTER.replace('ch="01"', """ch="01" qemu="-m '1G\""""), OUTPUT,
          "chapters/01-a/main.nw:3: the quotes in qemu=")
    check("bytes that are not UTF-8", CHAPTER + "Caf\udce9.\n", OUTPUT,
          "chapters/01-a/main.nw:19: bytes that are not UTF-8")
    check("a fifo", CHAPTER, OUTPUT, "chapters/01-a/back.nw is no ordinary file",
          lambda folder: os.mkfifo(f"{folder}/chapters/01-a/back.nw"))
    check("an output of no run", CHAPTER, OUTPUT,
          "book/live/gone.txt: no run of the book says this",
          lambda folder: shutil.copy(__file__, f"{folder}/book/live/gone.txt"))
    check("an experiment that is not there",
          CHAPTER.replace('ch="01"', 'ch="01" experiment="odd"'), OUTPUT,
          "chapters/01-a/main.nw:3: no experiment odd")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def git(*arguments):
    return subprocess.run(["git", *arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kept_outputs():
    """The working tree's outputs are what the last commit holds."""
    name = "the outputs are those kept in git"
    tools = git("diff", "--stat", "HEAD", "--", "book/live/made-with")
    if tools.returncode or tools.stdout:
        tap.skip(name, "no git here, or another compiler or QEMU made them")
        return
    changed = git("diff", "--stat", "HEAD", "--", "book/live").stdout
    tap.ok(not changed.strip(), name, changed)


def main():
    code, text = livebook(TOP)
    tap.ok(code == 0, "every promise of the book is kept", text)
    mistakes()
    kept_outputs()
    tap.done()


main()
