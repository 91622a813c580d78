"""What a checkpoint defines, and on which line of which chapter.

A checkpoint is tangled with #line directives into build/weave/tree/NN, read by
ctags, and each definition is mapped back through the #lines.
"""
import glob
import os
import re
import subprocess

from common import BOOK, Failure, Stamp, WORK, log, read, tools, write

LINE = re.compile(r'^#line (\d+) "(.*)"$')
LOCAL = {"local", "parameter"}
DECLARED = {"externvar": "prototype"}


def tree(n):
    return f"{WORK}/tree/{n:02d}"


def tangle(n, chapters):
    """Make the tree of checkpoint n, if it is not made of these chapters."""
    inputs = [p for c in chapters for p in c.sources if c.number <= n]
    stamp = Stamp(tree(n), *(f"{BOOK}/{tool}" for tool in ("tangle", "tangle.awk", "stream", "stream.awk")), *inputs)
    if stamp.fresh():
        return
    os.makedirs(tree(n), exist_ok=True)
    done = subprocess.run([f"{BOOK}/tangle", f"{n:02d}", tree(n)],
                          capture_output=True, text=True)
    log(f"$ tangle {n}\n{done.stderr}")
    if done.returncode:
        raise Failure(f"checkpoint {n} does not tangle:\n{done.stderr.strip()}")
    stamp.set()


def source_lines(path):
    """For each line of a tangled file: (text, chapter file, line there)."""
    out, source, number = [], None, 0
    for text in read(path).splitlines():
        m = LINE.match(text)
        if m:
            number, source = int(m[1]) - 1, m[2]
            out.append((None, source, number))
        else:
            number += 1
            out.append((text, source, number))
    return out


def tree_files(n):
    top = tree(n)
    listed = [line.split()[-1] for line in read(f"{top}/.manifest").splitlines()]
    return listed or [os.path.relpath(p, top) for p in
                      glob.glob(f"{top}/**/*", recursive=True) if os.path.isfile(p)]


def ctags(n):
    """Yield (name, file, line, end, kind, static) for checkpoint n."""
    files = [f for f in tree_files(n) if f.endswith((".c", ".h", ".S"))]
    done = subprocess.run(
        ["ctags", "--options=NONE", "--languages=C,Asm", "--langmap=C:.c.h,Asm:.S",
         "--kinds-C=defgstuvplzx", "--kinds-Asm=dlm", "--fields=nKef", "--excmd=number",
         "--sort=no", "-f", "-", "-L", "-"],
        input="\n".join(files), capture_output=True, text=True, cwd=tree(n))
    for row in done.stdout.splitlines():
        if row.startswith("!"):
            continue
        name, path, _, kind, *fields = row.split("\t")
        extra = dict(f.partition(":")[::2] for f in fields)
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or name.startswith("__anon"):
            continue
        line = int(extra.get("line", 0))
        yield name, path, line, int(extra.get("end", line) or line), kind, "file" in extra


def write_tags(n, chapters):
    """The definitions of checkpoint n as a file for xref.lua."""
    path = f"{WORK}/tags/{n:02d}"
    stamp = Stamp(path, f"{tree(n)}.stamp", *tools("tags.py"))
    if stamp.fresh():
        return path
    lines, out = {}, []
    for name, file, line, _, kind, static in ctags(n):
        if file not in lines:
            lines[file] = source_lines(f"{tree(n)}/{file}")
        if not 0 < line <= len(lines[file]):
            continue
        _, source, number = lines[file][line - 1]
        kind = "local" if kind in LOCAL else DECLARED.get(kind, kind)
        out.append(f"{source}:{number} {kind} {name} {file} {int(static)}")
    write(path, "\n".join(out) + "\n")
    stamp.set()
    return path
