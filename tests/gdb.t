#!/usr/bin/env python3
"""gdb speaks in lines of the book: a breakpoint stops in a chapter, shows the
chapter's text, steps to its next line, and names it in a backtrace.

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
    ("kill", "kill"),
]


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


if not shutil.which("gdb"):
    tap.skip("gdb", "there is no gdb here")
else:
    with tempfile.TemporaryDirectory() as folder:
        test(checkpoints.tree(book.chapters()[-1]),
             os.path.join(folder, "gdb.sock"))
tap.done()
