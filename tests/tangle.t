#!/usr/bin/env python3
"""The tangle: mistakes are told with file and line and write nothing; hooks,
replacements and overlays do what CONTRIBUTING.md says; the sections of a
chapter's rooms come where their stubs are; and every line of every
checkpoint's C is the line of the chapter that its #line names."""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import book
import guest
import tap
import turns
import variants

TANGLE = os.path.join(book.ROOT, "book/tangle")


def files(root, texts):
    for path, text in texts.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="",
                  errors="surrogateescape") as f:
            f.write(text)


def tangle(root, number="1", *options, out="out", **environment):
    return subprocess.run([TANGLE, *options, number, out], cwd=root,
                          text=True, stdout=subprocess.PIPE,
                          env={**os.environ, **environment},
                          stderr=subprocess.STDOUT)


def made(root, path="a.c"):
    with open(os.path.join(root, "out", path), encoding="utf-8") as f:
        return f.read()


# --- mistakes ---------------------------------------------------------------

def code(*lines, name="a.c"):
    return f"<<{name}>>=\n" + "".join(line + "\n" for line in lines) + "@\n"


GOOD = code("int good;", name="good.c")


def stub(title="Two", words="#sec:two .back", level=2):
    return f"{'#' * level} {title} {{{words}}}\n\nA sentence.\n\n"


def section(title="Two", words="#sec:two", level=2):
    return stub(title, words, level) + code(f"int {title.strip('[]').lower()};")


# name: ({chapter, or chapter/room: text}, the place, words of the message)
MISTAKES = {
    "a chunk that no chapter defines":
        ({"01-a": code("int a;", "<<nowhere>>")},
         "chapters/01-a/main.nw:3", "<<nowhere>> is used here and defined in no"),
    "a chunk that nothing uses":
        ({"01-a": GOOD + code("int a;", name="lonely")},
         "chapters/01-a/main.nw:4", "<<lonely>> is defined here and used nowhere"),
    "a chunk that nothing uses, in a later chapter":
        ({"01-a": GOOD, "02-b": "\n" + code("int a;", name="lonely")},
         "chapters/02-b/main.nw:2", "<<lonely>> is defined here and used nowhere"),
    "text before a reference":
        ({"01-a": code("int a; <<b>>") + code("int b;", name="b")},
         "chapters/01-a/main.nw:2", "<<b>> must stand alone"),
    "text after a reference":
        ({"01-a": code("<<b>> /* b */") + code("int b;", name="b")},
         "chapters/01-a/main.nw:2", "<<b>> must stand alone"),
    "shifts that look like a reference":
        ({"01-a": code("int a = b << 2 | c >> 3;")},
         "chapters/01-a/main.nw:2", "must stand alone"),
    "two references on a line":
        ({"01-a": code("<<b>> <<b>>") + code("int b;", name="b")},
         "chapters/01-a/main.nw:2", "<<b>> must stand alone"),
    "a replacement of nothing":
        ({"01-a": code("int a;"), "02-b": code("int b;", name="replace: c")},
         "chapters/02-b/main.nw:1", "replaces <<c>>, which nothing before it"),
    "a replacement of what comes later":
        ({"01-a": code("<<c>>") + code("int b;", name="replace: c"),
          "02-b": code("int c;", name="c")},
         "chapters/01-a/main.nw:4", "replaces <<c>>, which nothing before it"),
    "a shift without its @ in code":
        ({"01-a": code("int a;", "int b = 1 << 2;")},
         "chapters/01-a/main.nw:3", "@<<"),
    "a shift to the right without its @":
        ({"01-a": code("int a;", "int b = 1 >> 2;")},
         "chapters/01-a/main.nw:3", "@>>"),
    "a shift without its @ in prose":
        ({"01-a": code("int a;") + "We write 1 << 2.\n"},
         "chapters/01-a/main.nw:4", "<<"),
    "a chunk that contains itself":
        ({"01-a": code("<<b>>") + code("<<c>>", name="b")
          + code("<<b>>", name="c")},
         "chapters/01-a/main.nw:", "contains itself"),
    "a reference after a backslash":
        ({"01-a": code("#define A \\", "<<b>>") + code("int b;", name="b")},
         "chapters/01-a/main.nw:3", "<<b>> follows a line continued"),
    "a file used as a part":
        ({"01-a": code("<<b.h>>") + code("int b;", name="b.h")},
         "chapters/01-a/main.nw:2", "<<b.h>> is a file"),
    "a reference that is not closed":
        ({"01-a": code("int a;", "<<b")}, "chapters/01-a/main.nw:3", "@<<"),
    "a definition with something after it":
        ({"01-a": GOOD + "<<a.c>>= int a;\n@\n"},
         "chapters/01-a/main.nw:4", "<<"),
    "a quotation of code that is not closed":
        ({"01-a": GOOD + "We write [[a and more.\n\n"},
         "chapters/01-a/main.nw:4", "[["),
    "no file at all":
        ({"01-a": "Prose.\n"}, "no chapter makes", "a file"),
    "a path that leaves the tree":
        ({"01-a": code("int a;", name="../a.c")},
         "chapters/01-a/main.nw:1", "../a.c"),
    "an absolute path":
        ({"01-a": code("int a;", name="/a.c")},
         "chapters/01-a/main.nw:1", "/a.c"),
    "a file under a second name":
        ({"01-a": GOOD + code("int a;", name="./good.c")},
         "chapters/01-a/main.nw:4", "<<./good.c>> has another name"),
    "a folder with two slashes":
        ({"01-a": code("int a;", name="mm//a.c")},
         "chapters/01-a/main.nw:1", "<<mm//a.c>> has another name"),
    "a file that is the tangle's own":
        ({"01-a": code("int a;", name=".manifest")},
         "chapters/01-a/main.nw:1", "<<.manifest>> is what a build or"),
    "a file that a build makes":
        ({"01-a": code("int a;", name="obj/a.c")},
         "chapters/01-a/main.nw:1", "<<obj/a.c>> is what a build or"),
    "a file that is a folder":
        ({"01-a": code("int a;", name="a.c") + code("int b;", name="a.c/b.c")},
         "chapters/01-a/main.nw:4", "<<a.c>> is a file"),

    # what noweb says nothing of, or something that misleads
    "a NUL byte":
        ({"01-a": code("int a;", "int\0 b;")},
         "chapters/01-a/main.nw:3", "a NUL byte"),
    "bytes that are not UTF-8":
        ({"01-a": GOOD, "02-b": "Caf\udce9.\n"},
         "chapters/02-b/main.nw:1", "not UTF-8"),
    "line ends of two bytes":
        ({"01-a": GOOD + code("<<b>>", "int a;").replace("\n", "\r\n")},
         "chapters/01-a/main.nw:4", "lines end in CR LF"),
    "blanks behind a reference":
        ({"01-a": code("<<b>> \t") + code("int b;", name="b")},
         "chapters/01-a/main.nw:2", "take away the blanks behind it"),
    "a chunk that the next one ends":
        ({"01-a": GOOD + "<<a.c>>=\nint a;\n\nProse.\n" + GOOD},
         "chapters/01-a/main.nw:4", "is not closed by a line with @"),
    "a chunk that the file ends":
        ({"01-a": GOOD + "<<a.c>>=\nint a;\n\nProse.\n"},
         "chapters/01-a/main.nw:4", "is not closed by a line with @"),
    "a chunk that a room's end ends":
        ({"01-a": GOOD + stub(),
          "01-a/back": section() + "<<a.c>>=\nint a;\n"},
         "chapters/01-a/back.nw:8", "is not closed by a line with @"),

    "a missing chapter number":
        ({"01-a": GOOD, "03-c": code("int c;", name="c.c")},
         "chapters/03-c", "missing or taken twice"),
    "a doubled chapter number":
        ({"01-a": GOOD, "01-c": code("int c;", name="c.c")},
         "chapters/01-c", "missing or taken twice"),

    # rooms
    "a stub without an identifier":
        ({"01-a": GOOD + stub(words=".back")},
         "chapters/01-a/main.nw:4", "a section with .back needs an identifier"),
    "a section without a stub":
        ({"01-a": GOOD, "01-a/back": section()},
         "chapters/01-a/back.nw:1", "with .back is called sec:two"),
    "a section without an identifier":
        ({"01-a": GOOD, "01-a/back": section(words=".other")},
         "chapters/01-a/back.nw:1", "with .back is called Two"),
    "a section whose heading in main.nw is no stub":
        ({"01-a": GOOD + stub(words="#sec:two"), "01-a/tests": section()},
         "chapters/01-a/tests.nw:1", "with .back is called sec:two"),
    "a section whose stub is in another chapter":
        ({"01-a": GOOD, "01-a/back": section(), "02-b": stub()},
         "chapters/01-a/back.nw:1", "with .back is called sec:two"),
    "a stub without a section":
        ({"01-a": GOOD + stub(), "01-a/back": "# Remarks\n"},
         "chapters/01-a/main.nw:4", "no room has the section sec:two"),
    "a stub without a room":
        ({"01-a": GOOD + stub()},
         "chapters/01-a/main.nw:4", "no room has the section sec:two"),
    "a section of another title":
        ({"01-a": GOOD + stub(), "01-a/back": section("Too")},
         "chapters/01-a/back.nw:1", "another one in chapters/01-a/main.nw:4"),
    "a section of another level":
        ({"01-a": GOOD + stub(), "01-a/back": "\n" + section(level=3)},
         "chapters/01-a/back.nw:2", "another one in chapters/01-a/main.nw:4"),
    "a section in two rooms":
        ({"01-a": GOOD + stub(), "01-a/back": section(),
          "01-a/tests": section()},
         "chapters/01-a/tests.nw:1", "sec:two is in two rooms"),
    "a section twice in a room":
        ({"01-a": GOOD + stub(), "01-a/back": section() + section()},
         "chapters/01-a/back.nw:8", "sec:two is in two rooms"),
    "code before the first section":
        ({"01-a": GOOD + stub(),
          "01-a/back": code("int early;") + section()},
         "chapters/01-a/back.nw:1", "code before the first section"),
    "text before the first section":
        ({"01-a": GOOD + stub(), "01-a/back": "Remarks.\n\n" + section()},
         "chapters/01-a/back.nw:1", "text before the first section"),
    "a room without sections":
        ({"01-a": GOOD, "01-a/tests-more": code("int a;")},
         "chapters/01-a/tests-more.nw:1", "a room has sections"),
    "a room of another name":
        ({"01-a": GOOD, "01-a/backs": section()},
         "chapters/01-a/backs.nw", "a room is called back.nw or tests.nw"),
    "a folder without the chapter":
        ({"01-a": GOOD, "02-b/back": section()},
         "chapters/02-b", "has no main.nw"),
}


def test_mistakes():
    for name, (chapters, place, words) in MISTAKES.items():
        with tempfile.TemporaryDirectory() as root:
            files(root, {f"chapters/{c if '/' in c else c + '/main'}.nw": text
                         for c, text in chapters.items()})
            done = tangle(root, "1", "--plain")
            said = [line for line in done.stdout.splitlines()
                    if place in line and words in line]
            tap.ok(done.returncode and said, f"told: {name}",
                   f"status {done.returncode}; wanted {place}: … {words}",
                   "said:", done.stdout)
            tap.ok(not os.path.exists(os.path.join(root, "out")),
                   f"nothing is written for {name}")


def test_odd_files():
    """What is no file is not waited for."""
    for path in ("chapters/01-a/main.nw", "chapters/01-a/back.nw"):
        with tempfile.TemporaryDirectory() as root:
            files(root, {"chapters/01-a/other": "", **({} if "main" in path else
                         {"chapters/01-a/main.nw": GOOD})})
            os.mkfifo(f"{root}/{path}")
            done = subprocess.run(["timeout", "20", TANGLE, "1", "out"], cwd=root,
                                  text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            tap.ok(done.returncode == 1 and f"{path} is no ordinary file"
                   in done.stdout, f"a fifo is refused: {path}", done.stdout)


def without_room(most):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return limit


def test_no_room():
    """Where files cannot grow, nothing is written, and no chapter is blamed."""
    long = "".join(code(f"int a{i};" + " " * 60) for i in range(2000))
    with tempfile.TemporaryDirectory() as root:
        files(root, {"chapters/01-a/main.nw": GOOD})
        tangle(root)
        files(root, {"chapters/01-a/main.nw": GOOD + long})
        for most in (20_000, 150_000, 1 << 30):
            done = subprocess.run([TANGLE, "1", "out"], cwd=root, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  preexec_fn=without_room(most))
            if most == 1 << 30:
                tap.ok(done.returncode == 0, "and with room it is", done.stdout)
            else:
                tap.ok(done.returncode and "room" in done.stdout
                       and os.listdir(f"{root}/out") in (
                           [".manifest", "good.c"], ["good.c", ".manifest"]),
                       f"no room for {most} bytes: told, and nothing written",
                       done.stdout, os.listdir(f"{root}/out"))


def test_arguments():
    with tempfile.TemporaryDirectory() as root:
        files(root, {"chapters/01-a/main.nw": GOOD})
        for number in ("0", "2", "x", "", "-1"):
            done = tangle(root, number)
            tap.ok(done.returncode and not os.path.exists(root + "/out"),
                   f"no checkpoint “{number}”", done.stdout)
        done = tangle(root, "1", "--overlay", "none.nw")
        tap.ok(done.returncode and "none.nw" in done.stdout,
               "an overlay that is not there", done.stdout)
        tap.ok(tangle(root, "01").returncode == 0, "01 is 1")


# --- what it makes ----------------------------------------------------------

def test_making():
    with tempfile.TemporaryDirectory() as root:
        files(root, {
            "chapters/01-a/main.nw": code("int a;", "\t<<b>>", "\t<<hook>>", "int z;")
            + code("<<hook>>", name="later.c")
            + code("int b1;", name="b"),
            "chapters/02-b/main.nw": code("int b2;", name="b")
            + code("int h;", name="hook"),
            "chapters/03-c/main.nw": code("int b3;", name="replace: b")
            + code("int b4 = 1 @<< 2 @>> 1;", name="b"),
            "an overlay.nw": code("int b5;", name="b")
            + code("int o;", name="deep/er/o.c"),
        })
        want = {"1": "int a;\n\tint b1;\nint z;\n",
                "2": "int a;\n\tint b1;\n\tint b2;\n\tint h;\nint z;\n",
                "3": "int a;\n\tint b3;\n\tint b4 = 1 << 2 >> 1;\n"
                     "\tint h;\nint z;\n"}
        for number, text in want.items():
            done = tangle(root, number, "--plain")
            tap.ok(done.returncode == 0, f"checkpoint {number} is made",
                   done.stdout)
            tap.equal(os.path.exists(f"{root}/out/later.c"), number != "1",
                      f"a file without lines is none, in checkpoint {number}")
            tap.equal(made(root), text,
                      {"1": "a hook is empty before its chapter",
                       "2": "a definition is appended to, a hook filled",
                       "3": "a replacement starts again"}[number])
        tangle(root, "2", "--plain", "--overlay", "an overlay.nw")
        tap.ok("int b5;" in made(root), "an overlay appends")
        tap.equal(made(root, "deep/er/o.c"), "int o;\n", "and adds files")
        tangle(root, "2", "--overlay", "an overlay.nw=notes.nw")
        tap.ok('"notes.nw"' in made(root, "deep/er/o.c"),
               "and may be called otherwise in #line")
        tangle(root, "2", "--plain")
        tap.ok(not os.path.exists(f"{root}/out/deep/er/o.c"),
               "a file that is made no more is removed")


def test_gaps():
    """Functions of chunks that are appended stay apart, in plain C."""
    with tempfile.TemporaryDirectory() as root:
        files(root, {"chapters/01-a/main.nw": code("<<f>>") + code("int x;", "int y;",
                                                              name="f")
                     + code("int a(void)", "{", "}", name="f")
                     + "Prose.\n" + code("int b(void)", "{", "}", name="f")
                     + code("<<f>>", name="b.c")})
        tangle(root, "1", "--plain")
        functions = "int a(void)\n{\n}\n\nint b(void)\n{\n}\n"
        tap.equal(made(root), "int x;\nint y;\n" + functions,
                  "an empty line between functions, none between variables")
        tap.equal(made(root, "b.c"), made(root), "wherever the chunk is used")


def test_rooms():
    """Sections of rooms come where their stubs are, whatever room they are in
    and in whatever order, with their subsections and with their own lines."""
    with tempfile.TemporaryDirectory() as root:
        files(root, {
            "chapters/01-a/main.nw":
                "# A\n\n" + section("One", "#sec:one") + stub()
                + stub("[[Three]]", "#sec:three .back", 3)
                + section("Four", "#sec:four")
                + "```\n## Nine {#sec:nine .back}\n```\n"
                + code("<<hook>>") + stub("Five", "#sec:five .wide .back"),
            "chapters/01-a/back.nw":
                "<!-- remarks -->\n" + section("Five", "#sec:five")
                + section("[[Three]]", "#sec:three", 3)
                + section("Deeper", "#sec:deeper", 3),
            "chapters/01-a/tests-two.nw": section() + "```\n## Eight\n```\n"
                + code("int still_two;"),
            "chapters/02-b/main.nw": stub() + section("Six", "#sec:six"),
            "chapters/02-b/tests.nw":
                section() + code("int filled;", name="hook"),
        })
        first = ["one", "two", "still_two", "three", "deeper", "four"]
        for number, want in (("1", first + ["five"]),
                             ("2", first + ["filled", "five", "two", "six"])):
            done = tangle(root, number)
            tap.ok(done.returncode == 0, f"rooms are read for checkpoint {number}",
                   done.stdout)
            tap.equal(re.findall(r"int (\w+);", made(root)), want,
                      "their sections come where the stubs are")
            sources, places, wrong = {}, {}, []
            for file, line, text in book.lines_with_origin(made(root)):
                if not text.strip():
                    continue
                if file not in sources:
                    with open(f"{root}/{file}", encoding="utf-8") as f:
                        sources[file] = f.read().split("\n")
                places[text] = file
                if sources[file][line - 1] != text:
                    wrong.append(f"{file}:{line} is not {text!r}")
            tap.ok(not wrong, "every #line names the line of its room", *wrong)
            tap.equal([places[f"int {name};"].split("/")[-1] for name in
                       ("one", "still_two", "deeper")],
                      ["main.nw", "tests-two.nw", "back.nw"],
                      "and the file that it is in")


def test_times():
    with tempfile.TemporaryDirectory() as root:
        files(root, {"chapters/01-a/main.nw": GOOD + code("int a;")})
        tangle(root)
        for name in ("a.c", "good.c"):
            os.utime(f"{root}/out/{name}", (1, 1))
        files(root, {"chapters/01-a/main.nw": GOOD + code("int other;"),
                     "out/readers.c": "int mine;\n"})
        tangle(root)
        tap.equal(os.stat(f"{root}/out/good.c").st_mtime, 1,
                  "an unchanged file keeps its time")
        tap.ok(os.stat(f"{root}/out/a.c").st_mtime > time.time() - 3600,
               "a changed file is new")
        tap.ok(os.path.exists(f"{root}/out/readers.c"),
               "a file that the tangle did not make is left alone")
        files(root, {"chapters/01-a/main.nw": code("int a;", "<<gone>>")})
        tangle(root)
        tap.ok("int other;" in made(root), "a mistake leaves the last tree")


def writable(root):
    return [bool(os.stat(f"{root}/out/{name}").st_mode & 0o222)
            for name in ("a.c", "good.c")]


def test_readers_changes():
    """What a reader changed in a tree is never overwritten."""
    with tempfile.TemporaryDirectory() as root:
        first, second = GOOD + code("int a;"), GOOD + code("int other;")
        chapter = "chapters/01-a/main.nw"

        def becomes(text, edit=None, *options):
            shutil.rmtree(f"{root}/out", ignore_errors=True)
            files(root, {chapter: first})
            tangle(root, "1", *options)
            if edit:
                os.chmod(f"{root}/out/a.c", 0o644)
                files(root, {"out/a.c": edit})
            files(root, {chapter: text})
            return tangle(root, "1", *options)

        becomes(first)
        tap.equal(writable(root), [False, False], "the files of a tree are read-only")
        becomes(first, None, "--plain")
        tap.equal(writable(root), [True, True], "those of a plain tree are not")
        for options in ([], ["--plain"]):
            done = becomes(second, "mine\n", *options)
            tap.ok(done.returncode == 1 and "a.c" in done.stdout
                   and "good.c" not in done.stdout and "mv out" in done.stdout,
                   f"a changed file is told {options}", done.stdout)
            tap.equal(made(root), "mine\n", "and not overwritten")
        done = becomes(GOOD, "mine\n")
        tap.ok(done.returncode == 1 and made(root) == "mine\n",
               "nor removed when no chapter makes it any more", done.stdout)
        done = becomes(first + code("int n;", name="new.c"), "mine\n")
        tap.ok(done.returncode == 1 and not os.path.exists(f"{root}/out/new.c"),
               "and nothing else is written", done.stdout)
        done = becomes(second, '#line 5 "chapters/01-a/main.nw"\nint other;\n')
        tap.ok(done.returncode == 0, "what becomes the same is no loss", done.stdout)
        os.remove(f"{root}/out/a.c")
        done = tangle(root)
        tap.ok(done.returncode == 0 and "int other;" in made(root),
               "a file that was removed is made again", done.stdout)
        files(root, {"out/new.c": "mine\n",
                     chapter: second + code("int n;", name="new.c")})
        done = tangle(root)
        tap.ok(done.returncode == 1 and made(root, "new.c") == "mine\n",
               "a file of the reader's own is not overwritten", done.stdout)
        with open(f"{root}/out/.manifest", "w", encoding="utf-8") as f:
            f.write("good.c\nnew.c\na.c\n")
        done = tangle(root)
        tap.ok(done.returncode == 0 and "int n;" in made(root, "new.c"),
               "a manifest of earlier times has no sums, and is believed",
               done.stdout)


def test_sweep():
    with tempfile.TemporaryDirectory() as root:
        files(root, {"chapters/01-a/main.nw": GOOD + code("int a;", name="mm/a.c"),
                     "tangled/02-readers/a.c": "mine\n"})
        for name in ("01-a", "01-gone", "01-changed"):
            tangle(root, out=f"tangled/{name}")
        files(root, {"tangled/01-gone/obj/a.o": "", "tangled/01-gone/loom.elf": ""})
        os.remove(f"{root}/tangled/01-changed/good.c")
        files(root, {"tangled/01-changed/good.c": "mine\n"})
        done = subprocess.run([TANGLE, "--sweep"], cwd=root, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.ok(done.returncode == 1 and "tangled/01-changed" in done.stdout
               and "good.c" in done.stdout, "a changed tree is told", done.stdout)
        os.remove(f"{root}/tangled/01-changed/good.c")
        files(root, {"tangled/01-changed/notes": "mine\n"})
        done = subprocess.run([TANGLE, "--sweep"], cwd=root, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        left = sorted(os.path.join(where, name)[len(root) + 9:] for where, _, names
                      in os.walk(f"{root}/tangled") for name in names)
        tap.ok(done.returncode == 0, "trees of deleted chapters are removed",
               done.stdout)
        tap.equal(left, ["01-a/.manifest", "01-a/good.c", "01-a/mm/a.c",
                         "01-changed/notes", "02-readers/a.c"],
                  "and nothing that is the reader's")


def test_locales():
    """A tree that was made under one locale and made again under another."""
    with tempfile.TemporaryDirectory() as root:
        done = subprocess.run(["localedef", "-i", "en_US", "-f", "UTF-8",
                               f"{root}/en_US.UTF-8"], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        there = os.path.exists(f"{root}/en_US.UTF-8/LC_COLLATE")
        if not there:
            tap.skip("the tangle under en_US.UTF-8", "localedef cannot make it:"
                     f" status {done.returncode}")
            return
        names = ["a.c", "B.c", "mm/a-b.c", "mm/a_b.c", "mm/ab.c", "mm/A.c",
                 "include/a.h", "include/asm/a.h", "include/asm-a.h", "Makefile"]
        files(root, {"chapters/01-a/main.nw": "".join(
            code(f"int {name[-3]};", name=name) for name in names)})
        for locale in ("C", "en_US.UTF-8", "C", "C.UTF-8", "en_US.UTF-8"):
            done = tangle(root, LC_ALL=locale, LOCPATH=root)
            there = {name for name in names
                     if os.path.exists(f"{root}/out/{name}")}
            tap.ok(done.returncode == 0 and there == set(names),
                   f"under {locale} all files are there", done.stdout,
                   sorted(set(names) - there))


# --- #line, over the real chapters ------------------------------------------

def unescaped(line):
    return line.replace("@<<", "<<").replace("@>>", ">>").strip()


def test_lines(chapter, sources):
    with tempfile.TemporaryDirectory() as both:
        book.tangle(chapter.number, f"{both}/lines", plain=False)
        book.tangle(chapter.number, f"{both}/plain")
        with open(f"{both}/lines/.manifest", encoding="utf-8") as f:
            paths = [line.split()[1] for line in f]
        wrong, checked, different, directives = [], 0, [], []
        for path in paths:
            with open(f"{both}/lines/{path}", encoding="utf-8") as f:
                lined = f.read()
            with open(f"{both}/plain/{path}", encoding="utf-8") as f:
                plain = f.read()
            if "#line " in plain:
                directives.append(path)
            rest = [l for l in lined.split("\n") if not l.startswith("#line ")]
            if "\n".join(rest).split() != plain.split():
                different.append(path)
            if not path.endswith((".c", ".h", ".S")):
                continue
            for file, number, line in book.lines_with_origin(lined):
                if not line.strip():
                    continue
                checked += 1
                origin = sources.get(file, [])
                if not 0 < number <= len(origin) or \
                        unescaped(origin[number - 1]) != line.strip():
                    wrong.append(f"{path}: {file}:{number} is not {line!r}")
        tap.ok(checked and not wrong, f"{chapter.name}: {checked} lines of C"
               " are the chapters' lines", "\n".join(wrong[:10]))
        tap.ok(not directives, f"{chapter.name}: no #line in plain C",
               directives)
        tap.ok(not different, f"{chapter.name}: plain C is the same code",
               different)
        test_variants(chapter, both)


def test_variants(chapter, both):
    """A tree that becomes one variant after the other is what the tangle
    makes of each; the two forms are seen by turns."""
    plain = chapter.number % 2 == 0 or turns.ALL
    base = f"{both}/{'plain' if plain else 'lines'}"
    exercises = [e for e in book.coding_exercises() if e.chapter == chapter]
    guest.copy(base, f"{both}/variant")
    changing = variants.Tree(chapter, base, f"{both}/variant", plain)
    for exercise in exercises if turns.ALL else exercises[:1]:
        solved = [exercise.skeleton, exercise.solution]
        every = [solved] + [solved + [w] for w in exercise.right_answers()
                          + exercise.wrong_answers()]
        for overlays in every + [[exercise.skeleton]]:
            changing.become(overlays)
            if not turns.ALL and len(overlays) > 1:
                continue
            book.tangle(chapter.number, f"{both}/whole", overlays, plain)
            done = subprocess.run(["diff", "-r", "-x", ".manifest", "whole",
                                   "variant"], cwd=both, text=True, check=False,
                                  stdout=subprocess.PIPE)
            tap.ok(done.returncode == 0, f"{overlays[-1]} is the same tangled in"
                   " part", *done.stdout.split("\n")[:20])


test_mistakes()
test_odd_files()
test_no_room()
test_arguments()
test_making()
test_gaps()
test_rooms()
test_times()
test_readers_changes()
test_sweep()
test_locales()
SOURCES = {path: book.read(path).split("\n")
           for chapter in book.chapters() for path in chapter.sources}
if not turns.ALL:
    turns.say("variants of exercises tangled in part and as a whole, but for"
              " one of each chapter")
NOW = turns.chapters()
turns.leave_out("the lines that #line names",
                [each for each in book.chapters() if each not in NOW])
for each in NOW:
    test_lines(each, SOURCES)
tap.done()
