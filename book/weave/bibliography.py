"""Citations: one bibliography for the book, the same words in both editions.

pandoc's citeproc is asked once how each entry of refs.bib is cited; the reader
then sets citations by itself, and only what is cited is listed at the end.
"""
import re

from common import BOOK, Stamp, WORK, lua, read, run, tools, write

REFS = f"{BOOK}/refs.bib"
CITES = f"{WORK}/cites.lua"
STYLE = f"{WORK}/style.csl"


def keys():
    return re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", read(REFS), re.M)


def citeproc(markdown, to):
    """pandoc's own style (Chicago, author and date), but an author is always
    named: the entry before may be one that is not listed."""
    style = run(["pandoc", "--print-default-data-file=default.csl"]).stdout
    write(STYLE, re.sub(r' subsequent-author-substitute="[^"]*"', "", style))
    return run(["pandoc", "-f", "markdown", "-t", to, "--wrap=none", "--citeproc",
                f"--csl={STYLE}", f"--bibliography={REFS}"], stdin=markdown).stdout


def write_cites():
    """cites.lua: key -> how its author and year are cited."""
    stamp = Stamp(CITES, REFS, *tools("bibliography.py"))
    if stamp.fresh():
        return
    entries = keys()
    text = "".join(f"{k} => [@{k}]\n\n" for k in entries) + "::: {#refs}\n:::\n"
    cites = {}
    for key, author, year in re.findall(r"^(\S+) (?:⇒|=>) \((.+) (\S+)\)$",
                                        citeproc(text, "plain"), re.M):
        cites[key] = {"author": author, "year": year}
    for key in entries:
        cites.setdefault(key, {"author": key, "year": "n.d."})
    write(CITES, "return " + lua(cites) + "\n")
    stamp.set()


def words_for(text):
    """How the works that a chapter's text names are cited, as one string."""
    named = set(re.findall(r"@([\w:.-]*\w)", text))
    return " ".join(f"{key} {row}" for key, row in
                    re.findall(r'\["(\S+?)"\]=\{\["author"\]=(".*?",\s*\["year"\]=".*?")\}', read(CITES))
                    if key in named).replace("\n", " ")


def cited(side_files):
    found = set()
    for path in side_files:
        found.update(re.findall(r"^cite (\S+)$", read(path), re.M))
    return sorted(found)


def entries(used, to):
    """The list of what is cited, in TeX or HTML."""
    if not used:
        return ""
    # All keys are given, so that 1994a is 1994a here too; what is not cited is
    # taken out again.
    meta = "---\nnocite: |\n  " + ", ".join(f"@{k}" for k in keys()) + "\n---\n\n::: {#refs}\n:::\n"
    text = citeproc(meta, to)
    if to == "html":
        found = re.findall(r'<div id="ref-(\S+?)" class="csl-entry"[^>]*>\n(.*?)\n</div>', text, re.S)
        return "\n".join(f'<p class="reference" id="ref-{k}">{body}</p>' for k, body in found if k in used)
    found = re.findall(r"\\hypertarget\{ref-(\S+?)\}\{\}\}%\n(.*?)(?=\n\n|\n\\end\{CSL)", text, re.S)
    return "\n".join(f"\\begin{{bibentry}}{{{k}}}{body}\\end{{bibentry}}" for k, body in found if k in used)
