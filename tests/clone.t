#!/usr/bin/env python3
"""A clone in a folder whose name is full of what shells, make, TeX and Lua read
as their own: what a person does there works as it does anywhere. Its chapters
may be changed, so the Makefile is tried here too: mistakes are told with their
reason, products follow what they were made of, a reader's changes are kept."""

import json
import os
import re
import shutil
import subprocess
import tempfile

import book
import tap

CHAPTER = book.chapters()[0]
TREE = f"tangled/{CHAPTER.name}"
CH = f"CH={CHAPTER.label}"
ODD = "it's a \"copy\" of $HOME; & (more) #2 100%"


def clone(top):
    """What git knows of this tree, as it stands, and the compiler's memory."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=book.ROOT, text=True,
                            stdout=subprocess.PIPE, check=True).stdout
    for path in filter(None, listed.split("\0")):
        if os.path.exists(os.path.join(book.ROOT, path)):
            os.makedirs(os.path.dirname(f"{top}/{path}"), exist_ok=True)
            shutil.copy(os.path.join(book.ROOT, path), f"{top}/{path}")
    os.makedirs(f"{top}/build")
    os.symlink(os.path.join(book.ROOT, "build/ccache"), f"{top}/build/ccache")


def run(*command, **variables):
    """(status, what it said), in the clone, as from a reader's shell."""
    environment = {key: value for key, value in os.environ.items() if key not in
                   ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CH", "EX", "LOOM_WORK")}
    done = subprocess.run(command, cwd=top, text=True, errors="replace",
                          env={**environment, **variables},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def says(outcome, good, name, *patterns, without=()):
    code, text = outcome
    lacks = [p for p in patterns if not re.search(p, text, re.M)]
    lacks += [f"without {p}" for p in without if re.search(p, text, re.M)]
    return tap.ok((code == 0) == good and not lacks, name, f"status {code}",
                  f"not so: {lacks}", text[-3000:])


def read(path):
    with open(f"{top}/{path}", encoding="utf-8") as f:
        return f.read()


def write(path, text):
    with open(f"{top}/{path}", "w", encoding="utf-8") as f:
        f.write(text)


def test_odd_folder():
    says(run("make", "-j8", "checkpoint", CH), True, "make checkpoint",
         without=["warning"])
    says(run("make", "test", CH), True, "make test", rf"Loom {CHAPTER.name} \(",
         "All self-tests passed")
    before = read("book/live/first-light.txt")
    says(run("book/livebook", "first-light"), True, "a run is made")
    tap.equal(read("book/live/first-light.txt"), before,
              "and says what it says elsewhere")
    says(run("make", "page", CH), True, "make page",
         f"wrote  build/page-{CHAPTER.name}.pdf",
         f"wrote  build/page-{CHAPTER.name}-back.pdf")
    says(run("make", "exercise", "EX=01/log-buffer"), True, "make exercise",
         r"work/01-log-buffer/kernel/log_buf\.c:\d+")
    says(run("make", "grade", "EX=01/log-buffer"), False, "make grade",
         r"FAIL +log_buffer:", "Not there yet", without=["does not build"])
    says(run("make", "solution", "EX=01/log-buffer"), True, "make solution",
         r"^\+.*log_buf\[")
    says(run("make", "grade", "EX=01/log-buffer; touch gone"), False,
         "an exercise's name is not the shell's", "no exercise")
    tap.ok(not os.path.exists(f"{top}/gone"), "and nothing of it is run")
    says(run("make", "diff", CH), True, "make diff", r"^\+\+\+ ")


def test_plain():
    plain = f"work/plain-{CHAPTER.name}"
    says(run("make", "plain", CH), True, "make plain", f"{plain}/ is yours")
    tap.ok("#line" not in read(f"{plain}/init/main.c")
           and os.access(f"{top}/{plain}/init/main.c", os.W_OK), "it is plain C")
    commands = {each["file"]: each for each
                in json.loads(read(f"{plain}/compile_commands.json"))}
    sources = {os.path.relpath(os.path.join(where, name), f"{top}/{plain}")
               for where, _, names in os.walk(f"{top}/{plain}")
               for name in names if name.endswith((".c", ".S"))}
    tap.equal(set(commands), sources, "each source has its command")
    main = commands["init/main.c"]
    done = subprocess.run(main["command"].replace("-MMD -MP -c",
                                                  "-fsyntax-only"),
                          shell=True, cwd=main["directory"], text=True,
                          stderr=subprocess.PIPE, check=False)
    tap.ok(done.returncode == 0 and "LOOM_CHECKPOINT" in main["command"],
           "which compiles it", done.stderr)
    says(run("make", "-s", "-C", plain, "tags"), True, "make tags", without=["."])
    tap.ok(re.search(r"^start_kernel\tinit/main\.c\t", read(f"{plain}/tags"), re.M),
           "finds the functions")
    says(run("make", "plain", CH), True, "again: nothing was changed")
    write(f"{plain}/init/main.c", read(f"{plain}/init/main.c") + "/* mine */\n")
    says(run("make", "plain", CH), False, "make plain, after a change",
         "changed in work/plain", "init/main.c", "mv work/plain")
    tap.ok(read(f"{plain}/init/main.c").endswith("/* mine */\n"), "keeps it")


def test_iso():
    says(run("make", "iso", CH), True, "make iso")
    image = f"{top}/{TREE}/loom.iso"
    first = os.stat(image).st_mtime_ns
    says(run("make", "iso", CH), True, "again")
    tap.equal(os.stat(image).st_mtime_ns, first, "it is not made again")
    append = "kunit.filter_glob=string first='it is' $HOME;`id` \"a b\" &|<>{}#\\x"
    says(run("make", "iso", CH, f"APPEND={append}"), True, "with another APPEND")
    cfg = read(f"{TREE}/obj/iso/boot/grub/grub.cfg")
    tap.ok(os.stat(image).st_mtime_ns != first and
           r"kunit.filter_glob=string first=\'it is\' \$HOME\;\`id\`"
           r' "a b" \&\|\<\>\{\}\#\\x' in cfg, "it is, with its signs guarded", cfg)


def test_failures():
    """What stops a build is told, and what fails a boot is named."""
    room = f"{CHAPTER.folder}/tests.nw"
    text = read(room)
    case = re.search(r"static void (\w+)\(struct kunit \*test\)\n\{\n", text)
    suite = case[0]

    def becomes(lines):
        write(room, text.replace(suite, suite + lines))
        return run("make", "test", CH)

    line = text[:case.end()].count("\n") + 1
    says(becomes("\tint oops = \n"), False, "a mistake of C",
         rf"^{room}:\d+:.*error:", f"{TREE} was not built",
         f"build/log/{CHAPTER.name}.txt", without=["^gcc", "-ffreestanding"])
    says(becomes("\tint unused;\n"), True, "a warning",
         rf"^{room}:{line}:.*warning: unused variable", without=["-ffreestanding"])
    says(becomes("\textern int no_such; no_such = 1;\n"), False,
         "what the linker misses", "undefined reference to `no_such'",
         without=["-ffreestanding", "obj/lib"])
    says(becomes('\tKUNIT_EXPECT_EQ(test, 1, 2);\n'), False, "a test that fails",
         rf"A self-test failed:\n  \w+: {case[1]}$")
    write(room, text)


def test_products():
    """Products follow what they are made of, what goes away included."""
    kernel = f"{top}/{TREE}/loom.elf"
    says(run("make", "checkpoint", CH), True, "the checkpoint is made")
    with open(kernel, "rb") as f:
        own = f.read()
    says(run("make", "checkpoint", CH, "CC=gcc -O1"), True,
         "with another compiler")
    with open(kernel, "rb") as f:
        tap.ok(f.read() != own, "the kernel is another one")
    says(run("make", "checkpoint", CH), True, "the checkpoint again")
    with open(kernel, "rb") as f:
        tap.ok(f.read() == own, "is what it was")
    shutil.rmtree(f"{top}/{TREE}")
    says(run("make", "checkpoint", CH), True, "a tree that was removed")
    tap.ok(os.path.exists(kernel), "is made again")
    os.remove(kernel)
    says(run("make", "checkpoint", CH), True, "and a kernel")
    tap.ok(os.path.exists(kernel), "is")
    main = read(f"{TREE}/init/main.c")
    os.remove(f"{top}/{TREE}/init/main.c")
    write(f"{TREE}/init/main.c", main + "/* mine */\n")
    os.utime(f"{top}/{CHAPTER.path}")
    says(run("make", "checkpoint", CH), False, "a change in tangled/ is told",
         r"^  init/main\.c", "make plain")
    tap.ok(read(f"{TREE}/init/main.c").endswith("/* mine */\n"), "and kept")
    says(run("book/livebook", "first-light"), False,
         "the book does not quote a changed tree", "not as the chapters made it",
         r"init/main\.c: FAILED", without=["Traceback"])
    write(f"{TREE}/init/main.c", main)


def test_colon():
    """What cannot work is refused at once."""
    folder = os.path.join(scratch, "a:b")
    os.mkdir(folder)
    shutil.copy(os.path.join(book.ROOT, "Makefile"), folder)
    says(run("make", "-C", folder, "help"), False, "a path with a colon is refused",
         "colon.*Move the book")


SMALL = """# More

<<NAME>>=
all: loom.elf
loom.elf: Makefile more.c
	touch loom.elf
@

<<more.c>>=
int one;
@
"""


def test_deleted_chapter():
    """A chapter that goes away takes its products along; one that loses a file
    is made again."""
    for chapter in book.chapters():
        shutil.rmtree(f"{top}/{chapter.folder}")
    for name in ("01-one", "02-two"):
        os.mkdir(f"{top}/chapters/{name}")
    write("chapters/01-one/main.nw", SMALL.replace("NAME", "Makefile"))
    write("chapters/02-two/main.nw", "# Two\n\n<<more.c>>=\nint two;\n@\n\n"
          "## Tests {#sec:tests .back}\n")
    write("chapters/02-two/tests.nw",
          "## Tests {#sec:tests}\n\n<<tests/a.c>>=\nint test;\n@\n")
    says(run("make", "checkpoints"), True, "make checkpoints")
    tap.ok(os.path.exists(f"{top}/tangled/02-two/tests/a.c")
           and not os.path.exists(f"{top}/{TREE}"),
           "the trees of deleted chapters are gone", os.listdir(f"{top}/tangled"))
    os.remove(f"{top}/chapters/02-two/tests.nw")
    write("chapters/02-two/main.nw", "# Two\n\n<<more.c>>=\nint two;\n@\n")
    os.utime(f"{top}/chapters/02-two/main.nw", (1, 1))
    says(run("make", "checkpoints"), True, "a room that is deleted")
    tap.ok(not os.path.exists(f"{top}/tangled/02-two/tests/a.c"),
           "takes its files along")
    os.rename(f"{top}/chapters/02-two", f"{top}/chapters/02-other")
    says(run("make", "checkpoints"), True, "a chapter that is renamed",
         "removing tangled/02-two")
    tap.ok(os.path.exists(f"{top}/tangled/02-other/loom.elf")
           and not os.path.exists(f"{top}/tangled/02-two")
           and not os.path.exists(f"{top}/build/checkpoint/02-two.built"),
           "takes its products along", os.listdir(f"{top}/tangled"))


if not os.path.exists(os.path.join(book.ROOT, ".git")):
    tap.skip("a clone in a folder of an odd name", "this is no repository")
    tap.done()
scratch = tempfile.mkdtemp()
top = os.path.join(scratch, ODD)
try:
    clone(top)
    test_colon()
    test_odd_folder()
    test_plain()
    test_iso()
    test_failures()
    test_products()
    test_deleted_chapter()
finally:
    shutil.rmtree(scratch)
tap.done()
