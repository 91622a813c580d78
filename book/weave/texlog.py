"""What TeX said, in terms of the chapters.

A woven chapter has comments `%% chapters/NN-x.nw:LINE`; the lines after one
follow those of the source.
"""
import glob
import re

from common import WORK, read

TEX = f"{WORK}/latex"


def source(tex, line):
    """The place in a chapter that a line of woven TeX comes from."""
    rows = read(tex).splitlines()
    for i in range(min(line, len(rows)) - 1, -1, -1):
        m = re.match(r"%% (\S+):(\d+)$", rows[i])
        if m:
            return f"{m[1]}:{int(m[2]) + max(0, line - i - 2)}"
    return f"{tex}:{line}"


def errors(log):
    """TeX's error messages, each with what it stumbled over."""
    rows = read(log).splitlines()
    out = []
    for i, row in enumerate(rows):
        m = re.match(r"(\S+?\.(?:tex|sty)):(\d+): (.*)", row)
        if m and "==>" not in m[3]:
            context = [r for r in rows[i + 1:i + 12] if re.match(r"l\.\d+ |<argument>", r)]
            out.append(f"{source(m[1], int(m[2]))}: {m[3]}")
            out += ["    " + c for c in context[:2]]
        elif row.startswith("! "):
            out += [row] + ["    " + r for r in rows[i + 1:i + 5]]
    return "\n".join(out[:30]) or "no message; the log's end:\n" + "\n".join(rows[-15:])


def holding(character):
    """The first line of a chapter that holds a character."""
    for path in sorted(glob.glob("chapters/*/*.nw")) + sorted(glob.glob("book/*.md")):
        for number, line in enumerate(read(path).splitlines(), 1):
            if character in line:
                return f"{path}:{number}"
    return "?"


def warnings(log, slack=2.0):
    """Overfull lines, missing glyphs and unresolved references."""
    out, opened, page = [], None, "?"
    for row in read(log).splitlines():
        for name in re.findall(r"\(((?:\./)?[\w./-]+\.tex)", row):
            opened = name
        page = (re.findall(r"\[(\d+)", row) or [page])[-1]
        m = re.match(r"Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\)(.*)", row)
        if m and float(m[1]) > slack:
            where = re.search(r"at lines? (\d+)", m[2])
            place = source(opened, int(where[1])) if where and opened else f"{opened} (after page {page})"
            out.append(f"{place}: warning: {float(m[1]):.1f} pt too {'wide' if 'hbox' in row else 'high'}")
        m = re.match(r"Missing character: There is no (\S) \((U\+\w+)\)", row)
        if m:
            out.append(f"{holding(m[1])}: warning: no face has the character {m[1]} ({m[2]})")
        if re.search(r"LaTeX Warning: (Reference|Citation|Hyper reference) .* undefined", row):
            out.append(f"{opened or '?'}: warning: {row}")
        if re.search(r"name\{.*\} has been referenced but does not exist", row):
            out.append(f"warning: {row}")
    return out
