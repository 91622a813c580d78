"""What the weavers of both editions share: chapters, commands, staleness."""
import fcntl
import glob
import hashlib
import os
import re
import subprocess
import sys

# Relative, for the way to the root may hold what Lua and TeX read as their own.
HERE = os.path.relpath(os.path.dirname(os.path.abspath(__file__)))     # book/weave
BOOK = os.path.dirname(HERE)                                           # book
WORK = "build/weave"
LOG = "build/log/weave.log"
STREAM = os.path.join(BOOK, "stream")
DRAFT = os.environ.get("LOOM_DRAFT") == "1"


class Failure(Exception):
    """Ends the program; the text has been made for the reader's eyes."""


class Chapter:
    """A folder: main.nw, and the rooms beside it."""

    def __init__(self, path):
        self.path = path
        self.stem = os.path.basename(path)
        self.number = int(re.match(r"\d+", self.stem).group())
        self.slice = f"{WORK}/xref/{self.number:02d}.lua"
        self.sources = sorted(glob.glob(f"{path}/*.nw"), key=lambda p: (not p.endswith("/main.nw"), p))

    def text(self):
        return "".join(read(path) for path in self.sources)

    def has_room(self, room):
        return room == "main" or len(self.sources) > 1


def chapters():
    found = [Chapter(p.rstrip("/")) for p in sorted(glob.glob("chapters/[0-9][0-9]-*/"))]
    if not found:
        raise Failure("no chapters/NN-name here; run from the book's root")
    return found


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return default


def write(path, text):
    """Write, unless the file says so already; nobody sees half of it."""
    if read(path, None) != text:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        part = f"{path}.{os.getpid()}"
        with open(part, "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(part, path)


def digest(*paths):
    h = hashlib.sha1()
    for path in paths:
        h.update(path.encode() + b"\0")
        try:
            with open(path, "rb") as f:
                h.update(f.read())
        except (FileNotFoundError, IsADirectoryError):
            h.update(b"-")
    return h.hexdigest()


def tools(*patterns):
    return sorted(p for pattern in patterns for p in glob.glob(os.path.join(HERE, pattern)))


class Stamp:
    """Remembers what a product was made from."""

    def __init__(self, product, *inputs, extra=""):
        self.product, self.path = product, product + ".stamp"
        self.value = digest(*inputs) + " " + extra

    def fresh(self):
        return os.path.exists(self.product) and read(self.path) == self.value

    def set(self):
        write(self.path, self.value)


def say(text):
    print(text, flush=True)


def log(text):
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    with open(LOG, "a", encoding="utf-8") as f:
        f.write(text if text.endswith("\n") else text + "\n")


def run(command, stdin=None, env=None, check=True):
    """Run a command; its complaints go to the log and come back as stderr."""
    log("$ " + " ".join(command))
    done = subprocess.run(command, input=stdin, capture_output=True, text=True,
                          errors="replace", env={**os.environ, **(env or {})})
    if done.stderr:
        log(done.stderr)
    if check and done.returncode:
        raise Failure(f"{' '.join(command[:4])}: exit {done.returncode}\n{done.stderr.strip()}")
    return done


class Lock:
    """Two weaves of one tree take turns."""

    def __init__(self, name):
        os.makedirs(WORK, exist_ok=True)
        self.file = open(f"{WORK}/{name}.lock", "w")

    def __enter__(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        fcntl.flock(self.file, fcntl.LOCK_UN)


def lua(value, indent=""):
    """A Python value as a Lua literal."""
    if isinstance(value, dict):
        return "{" + ",\n".join(f"[{lua(k)}]={lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(lua(v) for v in value) + "}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def main(action):
    """Run a command line; failures are one message and exit code 1."""
    try:
        action()
    except Failure as failure:
        sys.stdout.flush()
        print(f"weave: {failure}", file=sys.stderr)
        log(f"weave: {failure}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
