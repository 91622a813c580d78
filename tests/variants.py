"""A checkpoint with one overlay or another, by tangling no more than differs.

What an exercise's variants have in common is all of the kernel but a few
files. The chapters' chunks are read once; of each variant, those are tangled
that have a part in a file which the overlays change, and the other files are
the checkpoint's own. tests/tangle.t sees that this makes the trees that
book/tangle makes.
"""

import collections
import dataclasses
import filecmp
import functools
import os
import shutil
import subprocess
import tempfile
import threading

import book

NOWEB = os.environ.get("NOWEB_LIB", "/usr/lib/noweb")
READING = threading.Lock()


@dataclasses.dataclass
class Definition:
    """A chunk's definition, as tokens that can stand anywhere in a stream."""
    name: str
    uses: list
    tokens: list


@functools.cache
def definitions(path):
    """Those of a chapter, or of an overlay, in order."""
    return parse(stream(path))


def stream(*paths):
    done = subprocess.run(["book/stream", *paths], cwd=book.ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise book.TangleError(done.stderr.strip())
    return done.stdout.splitlines()


def parse(tokens):
    found, file, line, code = [], "", 1, None
    for token in tokens:
        word, _, rest = token.partition(" ")
        if word == "@file":
            file, line = rest, 1
        elif word == "@line":
            line = int(rest)
        elif word == "@begin" and rest.startswith("code"):
            code = Definition("", [], [f"@file {file}", f"@line {line}"])
            found.append(code)
        elif word == "@defn":
            code.name = rest.removeprefix("replace: ")
        elif word == "@use" and code:
            code.uses.append(rest)
        elif word == "@nl" or token == "@index nl":
            line += 1
        if code:
            code.tokens.append(token)
        if word == "@end" and rest.startswith("code"):
            code = None
    return found


def closure(names, edges):
    """The names, and what can be reached from them."""
    reached, left = set(), list(names)
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left += edges[name]
    return reached


def concerned(changed, every):
    """The chunks with a part in a file that a changed chunk has a part in."""
    users, used = collections.defaultdict(set), collections.defaultdict(set)
    for definition in every:
        for name in definition.uses:
            users[name].add(definition.name)
            used[definition.name].add(name)
    return closure(closure(changed, users), used)


class Tree:
    """A copy of a checkpoint's tree `base` that becomes one variant after the
    other. Files that stay the same keep their times."""

    def __init__(self, chapter, base, tree, plain=True):
        self.base, self.tree, self.plain = base, tree, plain
        self.written = set()
        with READING:
            each = [(c, definitions(c.folder)) for c in book.chapters()]
        self.early = [d for c, all_of_it in each for d in all_of_it
                      if c.number <= chapter.number]
        self.late = [d for c, all_of_it in each for d in all_of_it
                     if c.number > chapter.number]

    def become(self, overlays):
        """The checkpoint with these overlays."""
        with tempfile.TemporaryDirectory() as scratch:
            files = self.expand(stream(*overlays), scratch)
        for file in self.written - files:
            self.restore(file)
        self.written = files

    def expand(self, over, scratch):
        own = parse(over)
        wanted = concerned({d.name for d in own}, self.early + own + self.late)
        early = [token for d in self.early if d.name in wanted
                 for token in d.tokens] + over
        late = [token for d in self.late if d.name in wanted
                for token in d.tokens]
        manifest, checkpoint = f"{scratch}/manifest", f"{scratch}/checkpoint"
        with open(checkpoint, "w", encoding="utf-8") as out:
            done = subprocess.run(
                ["awk", "-v", f"keep={len(early)}", "-v",
                 f"plain={self.plain:d}", "-v", f"manifest={manifest}",
                 "-f", "book/tangle.awk"],
                cwd=book.ROOT, text=True,
                env={**os.environ, "RENAMED": "", "LC_ALL": "C"},
                input="\n".join(early + late) + "\n", stdout=out,
                stderr=subprocess.PIPE)
        if done.returncode:
            raise book.TangleError(done.stderr.strip())
        with open(manifest, encoding="utf-8") as f:
            files = {name: int(lines) for name, lines in map(str.split, f)}
        staged = f"{scratch}/files"
        for file in files:
            for tree in (self.tree, staged):
                os.makedirs(os.path.join(tree, os.path.dirname(file)),
                            exist_ok=True)
        with open(checkpoint, encoding="utf-8") as f:
            subprocess.run([f"{NOWEB}/mnt", "-t8", "-all"],
                           cwd=staged, stdin=f, check=True)
        for file, lines in files.items():
            with open(os.path.join(staged, file), "rb") as f:
                if f.read().count(b"\n") != lines:     # mnt would not say so
                    raise book.TangleError(f"{file}: not all was written;"
                                           " is there room?")
            replace(*(os.path.join(t, file) for t in (staged, self.tree)))
        return set(files)

    def restore(self, file):
        """Make it what the checkpoint has; it is then newer than its object."""
        theirs, ours = (os.path.join(t, file) for t in (self.base, self.tree))
        if not os.path.exists(theirs):
            os.remove(ours)
        else:
            replace(theirs, ours)


def replace(theirs, ours):
    """Make a file, which may be read-only, what another is, if it differs."""
    if os.path.exists(ours):
        if filecmp.cmp(theirs, ours, shallow=False):
            return
        os.remove(ours)
    shutil.copyfile(theirs, ours)
