"""The back matter in TeX."""
import re

import bibliography
import indexes
import weave
from common import WORK

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
    for entry, row in sorted(entries, key=lambda e: indexes.sort_key(key(e[0]))):
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


class Links:
    """Numbers of chunks, as links from one document."""

    def __init__(self, db, document):
        self.numbers, self.rooms, self.document = db["numbers"], db["rooms"], document
        self.volumes = weave.volumes()

    def chunk(self, ident):
        number = rf"\chunkno{{{self.numbers[ident]}}}"
        volume, room = self.volumes.get(int(ident[:2])), self.rooms[ident]
        if (volume, room) == (self.document.part.number, self.document.room):
            return rf"\quicklink{{chunk-{ident}}}{{{number}}}"
        return rf"\farlink{{loom-{volume}{'-back' if room == 'back' else ''}.pdf}}{{chunk-{ident}}}{{{number}}}"

    def chunks(self, idents):
        return ", ".join(map(self.chunk, idents))


def chunk_index(chunks, links):
    return by_letter([(c, rf"\chunkentry{{{chunk_name(c['name'])}}}{{{links.chunks(c['defs'])}}}{{{links.chunks(c['uses'])}}}")
                      for c in chunks], lambda c: c["name"])


KINDS = {"enumerator": "constant", "prototype": "declaration"}


def identifier_index(idents, links, uses=True):
    return by_letter([(e, rf"\identry{{{tex(e['name'])}}}{{{KINDS.get(e['kind'], e['kind'])}}}"
                       rf"{{{links.chunk(e['id'])}}}{{{links.chunks(e['uses']) if uses else ''}}}")
                      for e in indexes.merge_identifiers(idents)], lambda e: e["name"])


def subject_index(subjects):
    rows = []
    for head, own, subs in subjects:
        row = rf"\subjectentry{{{styled(head)}}}{{{','.join(own)}}}"
        row += "".join("\n" + rf"\subsubjectentry{{{styled(s)}}}{{{','.join(ids)}}}" for s, ids in subs)
        rows.append((head, row))
    return by_letter(rows, lambda head: head)


def of_volume(part, ids):
    return any(part.first <= int(i[:2]) <= part.last for i in ids)


def public(ident):
    return not ident["static"] and ident["kind"] in ("function", "macro", "struct", "union", "enum", "variable", "typedef") \
        and ident["root"].startswith(("include/", "arch/x86/include/", "mm/", "kernel/", "lib/", "init/", "arch/"))


def back_matter(document, colophon):
    """The main line ends with what a reader looks up, the back room with everything."""
    db, part = indexes.database(), document.part
    links = Links(db, document)
    sides = [weave.side(c, "latex", document.room) for c in document.chapters]
    if document.room == "main":
        sides.append(f"{WORK}/latex/appendix-{part.number}.md.side")
    idents = [e for e in db["idents"] if of_volume(part, [e["id"]])]
    works = bibliography.entries(bibliography.cited(sides), "latex")
    out = []
    if works:
        out.append(chapter_heading("Bibliography") + "\\begingroup\\small\n" + works + "\n\\endgroup\n")
    if document.room == "main":
        out.append(big_index("Public names", identifier_index(filter(public, idents), links, uses=False)))
    else:
        out.append(big_index("Chunks", chunk_index([c for c in db["chunks"] if of_volume(part, c["defs"])], links)))
        out.append(big_index("Identifiers", identifier_index(idents, links)))
    out.append(big_index("Subjects", subject_index(indexes.subjects(sides))))
    out.append(colophon)
    return "\n".join(out)
