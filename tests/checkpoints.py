"""Checkpoints, tangled and built as the tests want them, each once."""

import concurrent.futures
import fcntl
import functools
import hashlib
import os

import book
import guest

BASE = os.path.join(book.ROOT, "build/tests")
JOBS = 2        # boots at a time; a guest with four processors is one thread


@functools.cache
def tree(chapter, compiler="gcc", plain=False, debug=False):
    """The checkpoint of a chapter, built without a warning; its directory.
    @debug is what DEBUG is to be: True for 1, or a word."""
    form = ("plain" if plain else "lines") + "-debug" * bool(debug)
    form += f"-{debug}" * isinstance(debug, str)
    out = os.path.join(BASE, f"{compiler}-{form}", chapter.name)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tangle(chapter, out, plain)
        said = guest.build(out, "-j2", f"CC={compiler}",
                           *[f"DEBUG={debug if isinstance(debug, str) else 1}"]
                           * bool(debug), "loom.elf")
        # Not by WERROR=1: other flags would be another compilation.
        if "warning:" in said:
            os.remove(os.path.join(out, "loom.elf"))
            raise RuntimeError(said)
    return out


def tangle(chapter, out, plain):
    """Not again if nothing of the book is other than it was."""
    stamp = out + ".tangled"
    if os.path.exists(stamp):
        if os.path.isdir(out) and book.read(stamp) == sources():
            return
        os.remove(stamp)
    book.tangle(chapter.number, out, plain=plain)
    with open(stamp, "w", encoding="utf-8") as f:
        f.write(sources())


@functools.cache
def sources():
    """A sum over the chapters and what tangles them."""
    paths = ["book/tangle", "book/tangle.awk", "book/stream", "book/stream.awk"]
    paths += [path for chapter in book.chapters() for path in chapter.sources]
    every = hashlib.sha256()
    for path in paths:
        every.update(f"{path}\0{book.read(path)}\0".encode())
    return every.hexdigest()


def copy(out, *form, **forms):
    """A tree of one's own that is built already, to be changed."""
    guest.copy(tree(*form, **forms), out)
    return out


def kernel(chapter, compiler="gcc", plain=False, debug=False):
    return os.path.join(tree(chapter, compiler, plain, debug), "loom.elf")


def has_debug(chapter):
    """Whether the checkpoint has DEBUG=1; built without it, it is cheap."""
    with open(os.path.join(tree(chapter), "Makefile"), encoding="utf-8") as f:
        return "DEBUG=1" in f.read()


def in_parallel(function, arguments):
    """Yield (argument, result) in order, running JOBS at a time."""
    arguments = list(arguments)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from zip(arguments, pool.map(function, arguments))
