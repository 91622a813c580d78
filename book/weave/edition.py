"""The pages of the HTML edition and of the EPUB, in reading order."""
import glob
import re

import bibliography
import indexes
import pages
import weave
from common import WORK, read


def found_in(found, what):
    """What the side files of the chapters and pages say of `figure` or `copy`."""
    sides = [weave.side(c, "html") for c in found] + sorted(glob.glob(f"{WORK}/html/*.md.side"))
    return [name for path in sides for name in re.findall(rf"^{what} (.+)$", read(path), re.M)]


def title_of(chapter, db):
    headings = next(f["headings"] for f in db["files"] if f["chapter"] == chapter.number)
    title = next((h["title"] for h in headings if h["level"] == 1), chapter.stem)
    return pages.strip(title)


def woven_page(name, file, title):
    body = weave.weave_page(name, "html")
    return [pages.Page(file, title, body)] if body else []


def end_pages(found, db, links):
    """What stands behind the chapters: (page, its name in the contents)."""
    sides = [weave.side(c, "html") for c in found] + sorted(glob.glob(f"{WORK}/html/appendix-*.md.side"))
    out = []
    for part in weave.parts():
        out += woven_page(f"appendix-{part.number}.md", f"appendix-{part.number}.html", f"Appendix to volume {part.roman}")
    out += woven_page("glossary.md", "glossary.html", "Glossary")
    out.append(pages.Page("bibliography.html", "Bibliography", pages.bibliography_page(bibliography.cited(sides))))
    out += pages.subject_index(indexes.subjects(sides), links)
    out += pages.identifier_index(db, links) + pages.chunk_index(db, links)
    out += woven_page("back.md", "colophon.html", "Colophon")
    return out


def prefaces(found):
    out = []
    for part in weave.parts():
        if any(part.has(c) for c in found):
            out += woven_page(f"preface-{part.number}.md", f"preface-{part.number}.html",
                              f"Preface to volume {part.roman}")
    return out + woven_page("front.md", "front.html", "How to read this book") \
        + woven_page("notation.md", "notation.html", "Notation")


def all_pages(found, db):
    """Every page, in reading order, and where each identifier is."""
    links = pages.Links(db)
    headings = {f["chapter"]: f["headings"] for f in db["files"]}
    chapter_pages = []
    for chapter in found:
        own = pages.cut(chapter, read(weave.woven(chapter, "html")), title_of(chapter, db), headings[chapter.number])
        own[0].body += pages.opening(chapter, headings[chapter.number])
        chapter_pages += own
    before, after = prefaces(found), end_pages(found, db, links)
    extra = [(p.name, p.title.split(", ")[0]) for p in before + after if not p.name[:-5].rpartition("-")[2].isdigit()
             or p.name.startswith(("preface", "appendix"))]
    index = pages.Page("index.html", "Contents", read("book/cover.html") + pages.contents(found, db, extra))
    everything = [index, *before, *chapter_pages, *after]
    return everything, pages.connect(everything), extra
