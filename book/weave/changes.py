"""What a chapter adds to the checkpoint before it, for its .changes block."""
import glob
import re
import subprocess

from common import Stamp, WORK, lua, tools, write
import tags

TYPES = {"struct", "union", "enum"}


class Checkpoint:
    """Files, functions and types of one tangled tree, #line directives left out."""

    def __init__(self, n):
        self.files, self.functions, self.types = {}, {}, {}
        self.origin = {}                      # chapter file -> lines of code
        if n < 1:
            return
        for name in tags.tree_files(n):
            self.files[name] = tags.source_lines(f"{tags.tree(n)}/{name}")
            for text, source, _ in self.files[name]:
                if text and text.strip():
                    self.origin[source] = self.origin.get(source, 0) + 1
        for name, file, line, end, kind, _ in tags.ctags(n):
            body = "\n".join(t for t, _, _ in self.files[file][line - 1:end] if t)
            if kind == "function":
                self.functions[file, name] = body
            elif kind in TYPES:
                self.types[file, f"{kind} {name}"] = body

    def text(self, name):
        return [t for t, _, _ in self.files[name] if t is not None]

    def lines(self):
        return sum(1 for name in self.files for t in self.text(name) if t.strip())


def difference(before, after):
    added = [k[1] for k in after if k not in before]
    changed = [k[1] for k in after if k in before and before[k] != after[k]]
    return sorted(set(added), key=str.lower), sorted(set(changed), key=str.lower)


def chapter_lines(chapter):
    """Lines of code in the chapter itself, chunk references not counted."""
    count, code = 0, False
    for line in chapter.text().splitlines():
        if re.match(r"<<.*>>=\s*$", line):
            code = True
        elif line == "@" or line.startswith("@ "):
            code = False
        elif code and line.strip() and not re.match(r"\s*<<.*>>\s*$", line):
            count += 1
    return count


def elf(n):
    found = glob.glob(f"tangled/{n:02d}-*/loom.elf")
    return found[0] if found else None


def size(n):
    path = elf(n)
    if not path:
        return None
    done = subprocess.run(["size", path], capture_output=True, text=True)
    rows = done.stdout.splitlines()
    if len(rows) < 2:
        return None
    text, data, bss = rows[1].split()[:3]
    return {"text": int(text), "data": int(data), "bss": int(bss)}


def write_changes(chapter, previous):
    """previous is the number of the chapter before, or 0."""
    n = chapter.number
    path = f"{WORK}/changes/{n:02d}.lua"
    elfs = [e for e in (elf(n), elf(previous)) if e]
    stamp = Stamp(path, f"{tags.tree(n)}.stamp", f"{tags.tree(previous)}.stamp",
                  *elfs, *tools("changes.py", "tags.py"))
    if stamp.fresh():
        return
    before, after = Checkpoint(previous), Checkpoint(n)
    functions = difference(before.functions, after.functions)
    types = difference(before.types, after.types)
    common = [f for f in after.files if f in before.files]
    value = {
        "files_added": sorted(f for f in after.files if f not in before.files),
        "files_changed": sorted(f for f in common if before.text(f) != after.text(f)),
        "functions_added": functions[0], "functions_changed": functions[1],
        "types_added": types[0], "types_changed": types[1],
        "lines_chapter": chapter_lines(chapter),
        "lines_before": before.lines(), "lines_after": after.lines(),
    }
    for key, sizes in (("size_before", size(previous)), ("size_after", size(n))):
        if sizes:
            value[key] = sizes
    write(path, "return " + lua(value) + "\n")
    stamp.set()
