"""The frame around each HTML page, and the pages that are made, not woven."""
import html as markup
import re

import bibliography
import indexes
import weave

TITLE = "Loom: a book that is a kernel"
FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>{title}</title>
<link rel="stylesheet" href="style.css"/>
</head>
<body>
<a class="skip" href="#main">to the text</a>
<nav class="top">{nav}</nav>
<main id="main">
{body}
</main>
<nav class="bottom">{nav}</nav>
</body>
</html>
"""


def frame(title, body, before=None, after=None):
    """A page; before and after are (file, title) of its neighbors."""
    def link(page, mark):
        return f'<a href="{page[0]}">{mark.format(page[1])}</a>' if page else "<span></span>"
    nav = link(before, '<span aria-hidden="true">←</span> {}') \
        + '<a class="home" href="index.html">Contents</a>' \
        + link(after, '{} <span aria-hidden="true">→</span>')
    title = TITLE if not title else f"{strip(title)} · Loom"
    return FRAME.format(title=markup.escape(title), nav=nav, body=body)


def strip(text):
    return re.sub(r"[`*]|\[\[|\]\]", "", text)


def code(text):
    """Markdown's and noweb's marks for code in a title, as HTML."""
    text = markup.escape(text, quote=False)
    return re.sub(r"`([^`]*)`|\[\[(.*?)\]\]", lambda m: f"<code>{m[1] or m[2]}</code>",
                  re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text))


def page_of(chapter):
    return chapter.stem + ".html"


def contents(chapters, db, extra):
    """The list of parts, chapters and sections."""
    headings = {f["chapter"]: f["headings"] for f in db["files"]}
    out = ['<section class="contents"><h2 id="contents">Contents</h2>']
    for kind, what in weave.chapter_order(chapters):
        if kind == "part":
            number, title, _, _, body = what
            out.append(f'<div class="part"><h3><span class="secno">Part {roman(number)}</span> {code(title)}</h3>'
                       f"{weave.markdown(body, 'html')}</div>")
            continue
        rows = headings[what.number]
        title = next((h for h in rows if h["level"] == 1), {"title": what.stem})
        out.append(f'<p class="chapter"><a href="{page_of(what)}"><span class="secno">{what.number}</span> {code(title["title"])}</a></p>')
        sections = [h for h in rows if h["level"] == 2 and h.get("id") and h.get("number")]
        if sections:
            out.append("<ol>" + "".join(
                f'<li><a href="{page_of(what)}#{h["id"]}"><span class="secno">{h["number"]}</span> {code(h["title"])}</a></li>'
                for h in sections) + "</ol>")
    out.append('<p class="chapter">' + " · ".join(f'<a href="{f}">{t}</a>' for f, t in extra) + "</p></section>")
    return "\n".join(out)


def roman(n):
    return ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][n]


# --- indexes

def letters(rows, key):
    """A list with a heading for each letter."""
    out, last = [], None
    for entry, row in rows:
        first = indexes.letter(key(entry))
        if first != last:
            if last is not None:
                out.append("</ul>")
            out.append(f'<h2 class="letter">{markup.escape(first)}</h2><ul class="index">')
            last = first
        out.append(f"<li>{row}</li>")
    return "\n".join(out) + ("</ul>" if out else "")


class Links:
    def __init__(self, chapters, db):
        self.pages = {c.number: page_of(c) for c in chapters}
        self.numbers = db["numbers"]

    def chunk(self, ident, bold=False):
        link = f'<a href="{self.pages[int(ident[:2])]}#chunk-{ident}">{self.numbers[ident]}</a>'
        return f"<b>{link}</b>" if bold else link

    def chunks(self, idents):
        return ", ".join(self.chunk(i) for i in idents)

    def subject(self, ident):
        chapter = int(ident[:2])
        return f'<a href="{self.pages[chapter]}#subj-{ident}">{chapter}</a>'

    def subjects(self, idents):
        return ", ".join(self.subject(i) for i in idents)


def chunk_name(name):
    if re.fullmatch(r"[\w+./-]+", name) and re.search(r"[./]|^Makefile$", name):
        return f"<code>{markup.escape(name)}</code>"
    text = markup.escape(name.replace("[[", "").replace("]]", ""), quote=False)
    return re.sub(r"\w*_\w+", r"<code>\g<0></code>", text)


def chunk_index(db, links):
    rows = [(c, f'<span class="use">⟨{chunk_name(c["name"])}⟩</span> '
             + ", ".join(links.chunk(d, True) for d in c["defs"])
             + (f' <span class="kind">used</span> {links.chunks(c["uses"])}' if c["uses"] else ""))
            for c in db["chunks"]]
    return "<h1>Chunks</h1>\n" + letters(rows, lambda c: c["name"])


def identifier_index(db, links):
    kinds = {"enumerator": "constant", "prototype": "declaration"}
    rows = [(e, f'<code>{e["name"]}</code> <span class="kind">{kinds.get(e["kind"], e["kind"])}</span> '
             + ", ".join([links.chunk(e["id"], True)] + [links.chunk(u) for u in e["uses"]]))
            for e in indexes.merge_identifiers(db["idents"])]
    return "<h1>Identifiers</h1>\n" + letters(rows, lambda e: e["name"])


def subject_index(subjects, links):
    rows = []
    for head, own, subs in subjects:
        row = f"{code(head)} {links.subjects(own)}"
        if subs:
            row += "<ul>" + "".join(f"<li>{code(s)} {links.subjects(i)}</li>" for s, i in subs) + "</ul>"
        rows.append((head, row))
    return "<h1>Subjects</h1>\n<p>The numbers are those of chapters.</p>" + letters(rows, lambda h: h)


def bibliography_page(used):
    return "<h1>Bibliography</h1>\n" + bibliography.entries(used, "html")
