"""Checkpoints, tangled and built as the tests want them, each once."""

import concurrent.futures
import fcntl
import functools
import os

import book
import guest

BASE = os.path.join(book.ROOT, "build/tests")
JOBS = 2        # boots at a time; a guest with four processors is one thread


@functools.cache
def tree(chapter, compiler="gcc", plain=False, debug=False):
    """The checkpoint of a chapter, built without a warning; its directory."""
    form = ("plain" if plain else "lines") + "-debug" * debug
    out = os.path.join(BASE, f"{compiler}-{form}", chapter.name)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        book.tangle(chapter.number, out, plain=plain)
        said = guest.build(out, "-j2", f"CC={compiler}",
                           *["DEBUG=1"] * debug, "loom.elf")
        # Not by WERROR=1: other flags would be another compilation.
        if "warning:" in said:
            os.remove(os.path.join(out, "loom.elf"))
            raise RuntimeError(said)
    return out


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
