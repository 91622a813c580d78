"""The pages of the HTML edition: chapters cut into sections, the frame around
each page, and the pages that are made, not woven."""
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
<script defer="defer" src="search-index.js"></script>
<script defer="defer" src="search.js"></script>
</head>
<body>
<a class="skip" href="#main">to the text</a>
<input type="checkbox" id="sidetoggle"/>
<label class="sidebutton" for="sidetoggle">Contents</label>
<nav class="side" aria-label="Contents">
<div class="search" id="search" hidden="hidden"><input type="search" id="query" placeholder="Search (/)"
aria-label="Search headings, chunks and identifiers" autocomplete="off"/><ol id="hits"></ol></div>
{side}
</nav>
<div class="page">
<nav class="top">{nav}</nav>
<main id="main">
{body}
</main>
<nav class="bottom">{nav}</nav>
</div>
</body>
</html>
"""


def frame(title, body, side, before=None, after=None):
    """A page; before and after are (file, title) of its neighbors."""
    def link(page, mark):
        return f'<a href="{page[0]}">{mark.format(code(page[1]))}</a>' if page else "<span></span>"
    nav = link(before, '<span aria-hidden="true">←</span> {}') \
        + '<a class="home" href="index.html">Contents</a>' \
        + link(after, '{} <span aria-hidden="true">→</span>')
    title = TITLE if not title else f"{strip(title)} · Loom"
    return FRAME.format(title=markup.escape(title), nav=nav, body=permalinks(body), side=side)


def strip(text):
    return re.sub(r"[`*]|\[\[|\]\]", "", text)


def code(text):
    """Markdown's and noweb's marks for code in a title, as HTML."""
    text = markup.escape(text, quote=False)
    return re.sub(r"`([^`]*)`|\[\[(.*?)\]\]", lambda m: f"<code>{m[1] or m[2]}</code>",
                  re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text))


def permalinks(body):
    """Each heading can be linked to."""
    return re.sub(r'(<h([1-4])[^>]* id="([^"]+)"[^>]*>)(.*?)</h\2>',
                  r'\1\4 <a class="permalink" href="#\3" aria-label="link to this heading">¶</a></h\2>',
                  body, flags=re.S)


# --- a chapter is a page for its opening and one for each section

class Page:
    def __init__(self, name, title, body, chapter=None, ident=None):
        self.name, self.title, self.body = name, title, body
        self.chapter, self.ident = chapter, ident


def page_of(chapter):
    return chapter.stem + ".html"


def cut(chapter, body, title, headings):
    """The pages of a woven chapter."""
    number = f"{chapter.number:02d}"
    body = re.sub(r"(?<=[#\"])fn(ref)?(\d+)\"", rf'fn\g<1>-{number}-\g<2>"', body)
    body, notes = footnotes(body)
    pieces = re.split(r'(?=<h2[ >])', body)
    titles = {h["id"]: h for h in headings if h.get("id")}
    pages = [Page(page_of(chapter), f"{chapter.number} {title}", pieces[0], chapter)]
    for piece in pieces[1:]:
        ident = re.match(r'<h2[^>]* id="([^"]+)"', piece)[1]
        heading = titles.get(ident)
        name = re.sub(r"^sec:|^\d\d-", "", ident)
        pages.append(Page(f"{number}-{name}.html",
                          f"{heading['number']} {heading['title']}" if heading else strip_tags(piece),
                          piece, chapter, ident))
    for page in pages:
        own = [notes[i] for i in re.findall(r'href="#(fn-[\d-]+)"', page.body) if i in notes]
        if own:
            page.body += f'<section class="footnotes"><ol>{"".join(own)}</ol></section>'
    return pages


def strip_tags(piece):
    return re.sub(r"<[^>]*>", "", re.match(r"<h2.*?</h2>", piece, re.S)[0])


def footnotes(body):
    """pandoc puts them at the end; each belongs to the page that refers to it."""
    found = re.search(r'<section class="footnotes.*?</section>', body, re.S)
    if not found:
        return body, {}
    notes = re.findall(r'<li id="(fn-[\d-]+)".*?</li>', found[0], re.S)
    texts = re.findall(r'(<li id="fn-[\d-]+".*?</li>)', found[0], re.S)
    # A note keeps its number on whatever page it stands.
    texts = [t.replace("<li ", f'<li value="{n.rsplit("-", 1)[1]}" ', 1) for n, t in zip(notes, texts)]
    return body.replace(found[0], ""), dict(zip(notes, texts))


def connect(pages):
    """Links name the page that an identifier is on."""
    where = {}
    for page in pages:
        for ident in re.findall(r' id="([^"]+)"', page.body):
            where.setdefault(ident, page.name)

    def link(page):
        def one(m):
            target = where.get(m[2])
            if target is None:
                return m[0]
            return f'href="#{m[2]}"' if target == page.name else f'href="{target}#{m[2]}"'
        return one
    for page in pages:
        page.body = re.sub(r'href="([^"#:]*)#([^"]+)"', link(page), page.body)
    return where


# --- contents

def sections(headings):
    return [h for h in headings if h["level"] == 2 and h.get("id") and h.get("number")]


def contents(chapters, db, extra):
    """The list of parts, chapters and sections."""
    headings = {f["chapter"]: f["headings"] for f in db["files"]}
    out = ['<section class="contents"><h2 id="contents">Contents</h2>']
    for kind, what in weave.chapter_order(chapters):
        if kind == "part":
            out.append(f'<div class="part"><h3><span class="secno">Volume {what.roman}</span> {code(what.title)}</h3>'
                       f"{weave.markdown(what.text, 'html')}</div>")
            continue
        rows = headings[what.number]
        title = next((h for h in rows if h["level"] == 1), {"title": what.stem})
        out.append(f'<p class="chapter"><a href="{page_of(what)}"><span class="secno">{what.number}</span> {code(title["title"])}</a></p>')
        out.append("<ol>" + "".join(
            f'<li><a href="#{h["id"]}"><span class="secno">{h["number"]}</span> {code(h["title"])}</a></li>'
            for h in sections(rows)) + "</ol>")
    out.append('<p class="chapter">' + " · ".join(f'<a href="{f}">{t}</a>' for f, t in extra) + "</p></section>")
    return "\n".join(out)


def opening(chapter, headings):
    """Under a chapter's opening: its sections."""
    return "<ol class=\"sections\">" + "".join(
        f'<li><a href="#{h["id"]}"><span class="secno">{h["number"]}</span> {code(h["title"])}</a>'
        + (' <span class="kind">back room</span>' if h.get("stub") else "") + "</li>"
        for h in sections(headings)) + "</ol>"


def side(chapters, db, where, extra, page):
    """The contents beside a page: all chapters, and the sections of this one."""
    headings = {f["chapter"]: f["headings"] for f in db["files"]}
    out = ['<p class="sidehome"><a href="index.html">Loom</a></p>']
    for kind, what in weave.chapter_order(chapters):
        if kind == "part":
            out.append(f'<p class="sidepart">{what.roman} · {code(what.title)}</p>')
            continue
        title = next((h["title"] for h in headings[what.number] if h["level"] == 1), what.stem)
        here = page.chapter is what
        mark = ' aria-current="page"' if here and not page.ident else ""
        out.append(f'<p class="sidechapter"><a href="{page_of(what)}"{mark}><span class="secno">{what.number}</span> {code(title)}</a></p>')
        if here:
            out.append("<ol>" + "".join(
                f'<li><a href="{where[h["id"]]}"' + (' aria-current="page"' if h["id"] == page.ident else "")
                + f'><span class="secno">{h["number"]}</span> {code(h["title"])}</a></li>'
                for h in sections(headings[what.number]) if h["id"] in where) + "</ol>")
    out.append('<p class="sidepart">At the end</p>')
    out += [f'<p class="sidechapter"><a href="{f}"' + (' aria-current="page"' if f == page.name else "")
            + f">{t}</a></p>" for f, t in extra]
    return "\n".join(out)


# --- indexes

def by_letter(rows, key):
    """[(letter, [row])], letters in order."""
    out = {}
    for entry, row in sorted(rows, key=lambda r: indexes.sort_key(key(r[0]))):
        out.setdefault(indexes.letter(key(entry)), []).append(row)
    return sorted(out.items())


def listed(letters, pages=None):
    """A list with a heading for each letter, and the letters above it."""
    bar = letter_bar([first for first, _ in letters], pages)
    return bar + "\n".join(
        f'<h2 class="letter" id="{letter_id(first)}">{markup.escape(first)}</h2><ul class="index">'
        + "\n".join(f"<li>{row}</li>" for row in rows) + "</ul>" for first, rows in letters)


def letter_id(first):
    return "letter-" + ("other" if first == "#" else first.lower())


def letter_bar(letters, pages=None):
    return '<p class="letters">' + " ".join(
        f'<a href="{pages[first] if pages else ""}#{letter_id(first)}">{markup.escape(first)}</a>' for first in letters) + "</p>"


LARGEST = 200_000           # characters of an index page, before links are made


def index_pages(name, title, rows, key):
    """An index as one page or, if it is long, as one for some letters each."""
    letters, groups = by_letter(rows, key), [[]]
    for letter in letters:
        size = sum(len(row) for _, rows in groups[-1] for row in rows)
        if groups[-1] and size + sum(map(len, letter[1])) > LARGEST:
            groups.append([])
        groups[-1].append(letter)
    files = [f"{name}.html"] + [f"{name}-{n}.html" for n in range(2, len(groups) + 1)]
    where = {first: files[i] for i, group in enumerate(groups) for first, _ in group}
    out = []
    for i, group in enumerate(groups):
        span = "" if len(groups) == 1 else f", {group[0][0]}–{group[-1][0]}"
        head = f"<h1>{title}{span}</h1>\n"
        if len(groups) > 1:
            head += letter_bar([first for first, _ in letters], where)
            body = listed(group).partition("</p>")[2]
        else:
            body = listed(group)
        out.append(Page(files[i], title + span, head + body))
    return out


class Links:
    def __init__(self, db):
        self.numbers = db["numbers"]

    def chunk(self, ident, bold=False):
        link = f'<a href="#chunk-{ident}">{self.numbers[ident]}</a>'
        return f"<b>{link}</b>" if bold else link

    def chunks(self, idents):
        return ", ".join(self.chunk(i) for i in idents)

    def subjects(self, idents):
        return ", ".join(f'<a href="#subj-{i}">{int(i[:2]) or "appendix"}</a>' for i in idents)


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
    return index_pages("chunks", "Chunks", rows, lambda c: c["name"])


KINDS = {"enumerator": "constant", "prototype": "declaration"}


def identifier_index(db, links):
    rows = [(e, f'<code>{e["name"]}</code> <span class="kind">{KINDS.get(e["kind"], e["kind"])}</span> '
             + ", ".join([links.chunk(e["id"], True)] + [links.chunk(u) for u in e["uses"]]))
            for e in indexes.merge_identifiers(db["idents"])]
    return index_pages("identifiers", "Identifiers", rows, lambda e: e["name"])


def subject_index(subjects, links):
    rows = []
    for head, own, subs in subjects:
        row = f"{code(head)} {links.subjects(own)}"
        if subs:
            row += "<ul>" + "".join(f"<li>{code(s)} {links.subjects(i)}</li>" for s, i in subs) + "</ul>"
        rows.append((head, row))
    out = index_pages("subjects", "Subjects", rows, lambda h: h)
    out[0].body = out[0].body.replace("</h1>", "</h1><p>The numbers are those of chapters.</p>", 1)
    return out


def bibliography_page(used):
    return "<h1>Bibliography</h1>\n" + bibliography.entries(used, "html")


# --- what the search finds: kind, words, number, link

def search_rows(db, where):
    for f in db["files"]:
        for h in f["headings"]:
            if h.get("id") in where:
                yield "section", strip(h["title"]), h.get("number") or "", f"{where[h['id']]}#{h['id']}"
    for c in db["chunks"]:
        ident = "chunk-" + c["defs"][0]
        if ident in where:
            yield "chunk", strip(c["name"]), db["numbers"][c["defs"][0]], f"{where[ident]}#{ident}"
    for e in indexes.merge_identifiers(db["idents"]):
        ident = "chunk-" + e["id"]
        if ident in where:
            yield KINDS.get(e["kind"], e["kind"]), e["name"], db["numbers"][e["id"]], f"{where[ident]}#{ident}"
