#!/usr/bin/env python3
"""gdb speaks in lines of the book: a breakpoint stops in a chapter, shows the
chapter's text, steps to its next line, and names it in a backtrace. It has the
kernel's macros, and commands that ask in the kernel's words. Two sessions of
`make debug` at a time do not meet.

Done in the last checkpoint, on a machine stopped at reset as `make debug`
leaves it, in a single run of gdb's batch mode."""

import os
import re
import shutil
import subprocess
import tempfile

import book
import checkpoints
import guest
import tap

LIMIT = 120
PLACE = re.compile(r"(chapters/\d\d-[\w-]+/[\w-]+\.nw):(\d+)")

# Between two marks stands what one command said.
COMMANDS = [
    ("arrive", "continue"),
    ("where", "info line"),
    ("list", "list"),
    ("step", "next"),
    ("where2", "info line"),
    ("later", "hbreak idt_gate"),
    ("arrive2", "continue"),
    ("trace", "backtrace"),
    ("alone", "delete"),
    ("running", "hbreak kunit_run_all_tests"),
    ("arrive3", "continue"),
    ("macro", "print PAGE_SIZE"),
    ("page", "print vmemmap[0x100]"),
    ("zones", "loom zones"),
    ("buddy", "loom buddy"),
    ("percpu", "loom per-cpu cpu_number"),
    ("function", 'print $per_cpu("cpu_number", 0)'),
    ("slabs", "loom slabs kmalloc-64"),
    ("object", "loom what kmalloc_caches[0][6]"),
    ("areas", "loom areas"),
    ("code", "loom what kfree"),
    ("nothing", "loom what 0xfff0000000000000"),
    ("help", "help loom"),
    ("kill", "kill"),
]

# What the house's commands must say, by the commands' names.
HOUSE = {
    "macro": r"= 4096", "page": r"pfn 0x100, node 0, ZONE_DMA, .*reserved",
    "zones": r"node 0 DMA32 +pfn 0x1000", "buddy": r"^node 0 DMA( +\d+){11}$",
    "percpu": r"^cpu 0: 0$", "function": r"= 0$",
    "slabs": r"kmalloc-64: objects of 64, 64 apart",
    "object": r"object \d+ of \d+ of kmem_cache, byte 0",
    "code": r"kfree .*\(chapters/10-slub/main\.nw:\d+\)",
    "nothing": r"nothing is known", "help": r"loom buddy -- Walk",
}


def session(tree, socket_path):
    """Run gdb on a fresh machine; what it said, by the commands' names."""
    qemu = subprocess.Popen(
        guest.command(os.path.join(tree, "loom.elf"),
                      qemu=["-S", "-gdb",
                            f"unix:{socket_path},server=on,wait=on"]),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    line = ["gdb", "-q", "-nx", "-batch", os.path.join(tree, "loom.elf"),
            "-ex", "set pagination off", "-ex", "set confirm off",
            "-ex", f"directory {book.ROOT}",
            "-x", os.path.join(tree, "obj/macros.gdb"),
            "-x", os.path.join(tree, "scripts/gdb/loom.py"),
            "-ex", "set tcp auto-retry on",
            "-ex", f"target remote {socket_path}",
            "-ex", "hbreak start_kernel"]
    for name, command in COMMANDS:
        line += ["-ex", f"echo \\n@{name}\\n", "-ex", command]
    try:
        wait_for_socket(socket_path, qemu)
        done = subprocess.run(line, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=LIMIT)
        return done.stdout
    except subprocess.TimeoutExpired as slow:
        return f"{slow.stdout}\n(gdb took more than {LIMIT} seconds)"
    finally:
        qemu.kill()
        qemu.wait()


def wait_for_socket(path, process):
    """QEMU makes the socket before anything else; it is there or QEMU ended."""
    while not os.path.exists(path) and process.poll() is None:
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass


def parts_of(text):
    parts = re.split(r"^@(\w+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def place_of(text):
    """The first line of a chapter that gdb names, by `info line` or a stop."""
    found = PLACE.search(text) or re.search(
        r'Line (?P<n>\d+) of "(?P<f>chapters/\d\d-[\w-]+/[\w-]+\.nw)"', text)
    if not found:
        return None, 0
    if "n" in found.groupdict():
        return found["f"], int(found["n"])
    return found[1], int(found[2])


def test(tree, socket_path):
    text = session(tree, socket_path)
    said = parts_of(text)

    def check(condition, name):
        tap.ok(condition, name, text)

    file, line = place_of(said.get("where", ""))
    check(file and "start_kernel" in said["arrive"],
          f"a breakpoint stops at {file}:{line}")
    lines = book.read(file).split("\n") if file else [""]
    source = lines[line - 1] if line <= len(lines) else ""
    check(source.strip() and f"{line}\t{source}" in said.get("list", ""),
          "gdb lists the lines of the chapter")

    file2, line2 = place_of(said.get("where2", ""))
    check(file2 and (file2, line2) != (file, line),
          f"next goes to {file2}:{line2}")

    trace = said.get("trace", "")
    places = PLACE.findall(trace)
    functions = re.findall(r"^#\d+\s+(?:0x[0-9a-f]+ in )?(\w+)", trace, re.M)
    check(functions[:1] == ["idt_gate"] and "trap_init" in functions and
          "start_kernel" in functions,
          f"a backtrace from a later function: {', '.join(functions)}")
    check(len(places) == len(functions) >= 4,
          "each of its frames is a line of a chapter")

    for name, wanted in HOUSE.items():
        said_now = said.get(name, "").strip()
        tap.ok(re.search(wanted, said_now, re.M) and "Error" not in said_now,
               f"{dict(COMMANDS)[name]}: {said_now.splitlines()[:1]}", said_now)
    tap.ok("Error" not in said.get("areas", "Error"), "loom areas",
           said.get("areas"))


def debug_session(tree):
    """`make debug` with the commands that stop at start_kernel on its input."""
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.Popen(
        ["timeout", "--kill-after=5", str(LIMIT), "make", "-s", "-C", tree,
         "debug"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=environment)


def test_two_sessions(tree):
    sessions = [debug_session(tree) for _ in range(2)]
    for process in sessions:    # both are open before either is answered
        process.stdin.write("set confirm off\nset pagination off\ncontinue\n")
        process.stdin.flush()
    said = [process.communicate("print PAGE_SIZE\nkill\nquit\n")[0]
            for process in sessions]
    tap.ok(all("Breakpoint 1, start_kernel" in text and "= 4096" in text
               for text in said), "two sessions of make debug at a time", *said)


if not shutil.which("gdb"):
    tap.skip("gdb", "there is no gdb here")
else:
    last = checkpoints.tree(book.chapters()[-1])
    guest.build(last, "obj/macros.gdb")
    with tempfile.TemporaryDirectory() as folder:
        test(last, os.path.join(folder, "gdb.sock"))
    test_two_sessions(last)
tap.done()
