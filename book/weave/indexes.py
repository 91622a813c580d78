"""The back of the book: bibliography and the three indexes, for both editions."""
import json
import re

from common import HERE, WORK, read, run


def database():
    """book.lua as a Python value."""
    script = f"package.path='{HERE}/?.lua;'..package.path; require('tojson')(dofile('{WORK}/xref/book.lua'))"
    return json.loads(run(["lua5.4", "-e", script]).stdout)


def subjects(sides):
    """[(term, [ids], [(subterm, [ids])])] of chapters' side files, sorted."""
    entries = {}
    for side in sides:
        for ident, term in re.findall(r"^subject (\S+) (.+)$", read(side), re.M):
            head, _, sub = term.partition("!")
            entries.setdefault(head.strip(), {}).setdefault(sub.strip(), []).append(ident)
    out = []
    for head in sorted(entries, key=sort_key):
        own = entries[head].pop("", [])
        out.append((head, own, sorted(entries[head].items(), key=lambda e: sort_key(e[0]))))
    return out


def sort_key(term):
    plain = re.sub(r"[`*\\_\s]", "", term).lower()
    return (plain, term)


def letter(term):
    first = sort_key(term)[0][:1].upper()
    return first if first.isalpha() else "#"


def merge_identifiers(idents):
    """Definitions of one name and kind in one chunk are one entry."""
    out, seen = [], set()
    for e in idents:
        key = (e["name"], e["kind"], e["id"])
        if key not in seen:
            seen.add(key)
            out.append(e)
    return out
