"""Boot a checkpoint in QEMU and see how it ends.

The kernel tells how it ended through isa-debug-exit. Nothing here waits a
fixed time: a guest ends by itself, or is ended after `limit` seconds, which
is generous, because machines are slow at times; what it said last is kept.
"""

import dataclasses
import json
import os
import re
import select
import shlex
import shutil
import socket
import subprocess
import tempfile
import time

ENDINGS = {33: "ok", 35: "fail", 37: "panic", 0: "reset"}

LONGEST = 300       # of a line that is shown
MOST = 16 << 20     # bytes that a guest may say

ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1",
          "-rtc", "base=2026-01-01,clock=vm"]


@dataclasses.dataclass
class Ending:
    how: str        # ok, fail, panic, reset, hang, flood, stopped, "status N"
    text: str       # all that the guest wrote on its serial port
    complaints: str # what QEMU wrote on standard error
    stuck: list = dataclasses.field(default_factory=list)
                    # of each processor of a guest that did not end: the
                    # addresses that it was at, the innermost first

    def last_lines(self, n=15):
        return "\n".join(line if len(line) <= LONGEST else "… " + line[-LONGEST:]
                         for line in self.text[-n * 4096:].splitlines()[-n:])


def command(kernel, machine="pc", cpu="max", mem="512M", smp="1", qemu=(),
            append="", icount=False, iso=False):
    """The QEMU command line; `qemu` holds further options, and wins."""
    if isinstance(qemu, str):
        qemu = shlex.split(qemu)
    line = ["qemu-system-x86_64", "-nodefaults", "-M", machine, "-accel", "tcg",
            "-cpu", cpu, "-m", mem, "-smp", smp, "-display", "none",
            "-no-reboot", "-serial", "stdio",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if icount:
        line += ICOUNT
    line += qemu
    if iso:     # GRUB wants a screen even if it speaks on the serial port
        return line + ["-vga", "std", "-cdrom", kernel]
    return line + ["-kernel", kernel, "-append", append]


def boot(kernel, limit=240, until=None, watch=False, **settings):
    """Boot `kernel` (loom.elf, or loom.iso with iso=True) to its end, or until
    it says something that settles the question. With `watch`, a guest that
    does not end is asked where it is."""
    # timeout(1) ends the guest even if we are not there to do it.
    line = ["timeout", "--kill-after=5", str(limit + 60)]
    with (tempfile.TemporaryFile() as err,
          tempfile.TemporaryDirectory() as scratch):
        monitor, stuck = os.path.join(scratch, "monitor"), []
        watch = watch and len(monitor) < LONGEST_SOCKET and "," not in monitor
        process = subprocess.Popen(
            line + command(kernel, **settings)
            + ["-qmp", f"unix:{monitor},server=on,wait=off"] * watch,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
        try:
            text, how = listen(process, time.monotonic() + limit, until)
            if how == "hang" and watch:
                stuck = whereabouts(monitor)
        finally:
            process.terminate()     # which timeout passes on
            process.stdout.close()
            process.wait()
        err.seek(0)
        complaints = err.read().decode("utf-8", "replace")[-4000:]
    how = how or ENDINGS.get(process.returncode, f"status {process.returncode}")
    return Ending(how, text, complaints, stuck)


def listen(process, end, until):
    """What the guest says, and how it ended if it did not by itself."""
    out, how = bytearray(), None
    while not how:
        ready, _, _ = select.select([process.stdout], [], [],
                                    max(0, end - time.monotonic()))
        said = os.read(process.stdout.fileno(), 65536) if ready else b""
        out += said
        if not ready:
            how = "hang"
        elif not said:
            process.wait()
            break
        elif len(out) > MOST:
            how = "flood"
        elif until and re.search(until, out.decode("utf-8", "replace"), re.M):
            how = "stopped"
    return out.decode("utf-8", "replace").replace("\r\n", "\n"), how


LONGEST_SOCKET = 100    # bytes of a path; 107 is what there is room for
FRAMES = 12             # of a guest that hangs, at most


def whereabouts(monitor):
    """Ask QEMU, through its monitor, what each processor is at: the address
    of its instruction, then those that frame pointers lead to."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(monitor)
            stream = line.makefile("rw", encoding="utf-8")
            stream.readline()
            ask(stream, "qmp_capabilities")
            ask(stream, "stop")
            each = ask(stream, "query-cpus-fast")
            return [frames(stream, cpu["cpu-index"]) for cpu in each]
    except (OSError, ValueError, KeyError):
        return []           # it is a courtesy


def ask(stream, command, **arguments):
    json.dump({"execute": command, "arguments": arguments}, stream)
    stream.write("\n")
    stream.flush()
    for answer in map(json.loads, stream):
        if "return" in answer or "error" in answer:
            return answer["return"]
    raise OSError("QEMU has gone")


def frames(stream, cpu):
    def monitor(command):
        return ask(stream, "human-monitor-command", **{
            "command-line": command, "cpu-index": cpu})

    said = monitor("info registers")
    registers = re.search(r"RBP=(\w+).*?RIP=(\w+)", said, re.S)
    if not registers:
        return []               # it was never in 64-bit mode
    frame, at = (int(register, 16) for register in registers.groups())
    found = [at]
    while frame >> 47 and frame % 8 == 0 and len(found) < FRAMES:
        words = re.findall(r"0x(\w{16})\b", monitor(f"x /2gx {frame:#x}"))
        if len(words) < 2:
            break
        above, back = (int(word, 16) for word in words[-2:])
        if not back:
            break
        found.append(back - 1)      # in the call, not behind it
        if above <= frame:
            break
        frame = above
    return found


def copy(tree, out):
    """Make `out` a copy of a built tree, in which make finds nothing to do."""
    for old in (out, f"{out}.new"):
        shutil.rmtree(old, ignore_errors=True)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    # Renamed when it is whole, for a copy may be interrupted.
    subprocess.run(["cp", "-a", tree, f"{out}.new"], check=True)
    os.rename(f"{out}.new", out)


def build(tree, *arguments):
    """Run make in a tangled tree; returns its output, or raises with it."""
    # The children of `make test` must not think they are part of that make.
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s", "-C", tree, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"make failed in {tree}:\n{done.stdout}")
    return done.stdout
