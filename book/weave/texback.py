"""The back matter in TeX."""
import re

import bibliography
import indexes
import weave

ESCAPES = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&",
           "#": r"\#", "%": r"\%", "_": r"\_\allowbreak{}", "^": r"\^{}", "~": r"\textasciitilde{}"}


def tex(text):
    return re.sub(r"[\\{}$&#%_^~]", lambda m: ESCAPES[m[0]], text)


def styled(term):
    """A subject: `code` in it is set as code."""
    return "".join(rf"\nwcode{{{tex(part)}}}" if i % 2 else tex(part)
                   for i, part in enumerate(term.split("`")))


def by_letter(entries, key):
    out, last = [], None
    for entry, row in entries:
        first = indexes.letter(key(entry))
        if first != last:
            out.append(rf"\indexletter{{{tex(first)}}}")
            last = first
        out.append(row)
    return "\n".join(out)


def chapter_heading(title):
    return f"\\plainchapter{{{title}}}\n"


def big_index(title, rows):
    return f"{chapter_heading(title)}\\begin{{bigindex}}\n{rows}\n\\end{{bigindex}}\n" if rows else ""


def is_root(name):
    return re.fullmatch(r"[\w+./-]+", name) and (re.search(r"[./]", name) or name == "Makefile")


def chunk_name(name):
    if is_root(name):
        return rf"\nwfile{{{tex(name)}}}"
    return re.sub(r"\w*(?:\\_\\allowbreak\{\}\w*)+", lambda m: rf"\nwfile{{{m[0]}}}",
                  tex(name.replace("[[", "").replace("]]", "")))


def chunk_index(chunks):
    return by_letter([(c, rf"\chunkentry{{{chunk_name(c['name'])}}}{{{','.join(c['defs'])}}}{{{','.join(c['uses'])}}}")
                      for c in chunks], lambda c: c["name"])


def identifier_index(idents):
    kinds = {"enumerator": "constant", "prototype": "declaration"}
    return by_letter([(e, rf"\identry{{{tex(e['name'])}}}{{{kinds.get(e['kind'], e['kind'])}}}{{{e['id']}}}{{{','.join(e['uses'])}}}")
                      for e in indexes.merge_identifiers(idents)], lambda e: e["name"])


def subject_index(subjects):
    rows = []
    for head, own, subs in subjects:
        row = rf"\subjectentry{{{styled(head)}}}{{{','.join(own)}}}"
        row += "".join("\n" + rf"\subsubjectentry{{{styled(s)}}}{{{','.join(ids)}}}" for s, ids in subs)
        rows.append((head, row))
    return by_letter(rows, lambda head: head)


def back_matter(chapters, colophon):
    db = indexes.database()
    used = bibliography.cited([weave.side(c, "latex") for c in chapters])
    works = bibliography.entries(used, "latex")
    out = ["\\backmatterpages\n"]
    if works:
        out.append(chapter_heading("Bibliography") + "\\begingroup\\small\n" + works + "\n\\endgroup\n")
    out.append(big_index("Chunks", chunk_index(db["chunks"])))
    out.append(big_index("Identifiers", identifier_index(db["idents"])))
    out.append(big_index("Subjects", subject_index(indexes.subjects(chapters, "latex"))))
    out.append(colophon)
    return "\n".join(out)
