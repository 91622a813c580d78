"""From chapters to TeX or HTML: the steps both editions share."""
import dataclasses
import glob
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import bibliography
import changes
import lint
import tags
from common import DRAFT, Failure, HERE, STREAM, Stamp, WORK, lua, read, run, say, tools, write
from common import chapters as all_chapters

READER = tools("*.lua", "memmap.py")


def woven(chapter, to, room="all"):
    """What a chapter, or one of its rooms, becomes."""
    name = chapter.stem + ("-back" if room == "back" else "")
    return f"{WORK}/{to}/{name}.{'tex' if to == 'latex' else 'html'}"


def side(chapter, to, room="all"):
    return woven(chapter, to, room) + ".side"


def replacing(chapter):
    return re.search(r"^<<replace: ", chapter.text(), re.M)


def wants_changes(chapter):
    return re.search(r"^```+\s*\{\.changes", chapter.text(), re.M)


def previous(chapter, chapters):
    return max((c.number for c in chapters if c.number < chapter.number), default=0)


mistakes = []       # those of one chapter, whose pages are made all the same


def finish():
    """Fail if that chapter had any."""
    if mistakes and not DRAFT:
        raise Failure(f"{len(mistakes)} mistakes in what was woven (LOOM_DRAFT=1 lets them pass)")


def check_sources(chapters, only):
    paths = [path for c in chapters if only in (None, c.number) for path in c.sources]
    if only is None:
        paths += sorted(glob.glob("book/*.md"))
    complain("\n".join(line for path in paths for line in lint.complaints(path)), fatal=only is None)


def make_database(chapters, only=None):
    """Tangle what is asked, tag it, and write the cross references.

    Identifiers come from the last checkpoint, and from the one before each
    replacement, since what was replaced is in no later one.
    """
    check_sources(chapters, only)
    last = chapters[-1].number
    tagged = {last} | {previous(c, chapters) for c in chapters if replacing(c)} - {0}
    counted = [c for c in chapters if wants_changes(c) and (only is None or c.number == only)]
    wanted = tagged | {c.number for c in counted} | {previous(c, chapters) for c in counted} - {0}
    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(tags.tangle, n, chapters) for n in sorted(wanted)]:
            try:
                job.result()
            except Failure as failure:
                if only is None and not DRAFT:
                    raise
                mistakes.append(str(failure))
                say(f"weave: {failure}\nweave: going on with the identifiers of before")
        files = list(pool.map(lambda n: tags.write_tags(n, chapters), sorted(tagged, reverse=True)))
        list(pool.map(lambda c: changes.write_changes(c, previous(c, chapters)), counted))
    write(f"{WORK}/tags/all", "".join(read(f) for f in files))
    bibliography.write_cites()
    stream = tokens(*[c.path for c in chapters])
    split(stream, chapters)
    write(f"{WORK}/xref/volumes.lua", "return " + lua(volumes()) + "\n")
    stamp = Stamp(f"{WORK}/xref/book.lua", f"{WORK}/tags/all", f"{WORK}/xref/volumes.lua",
                  *map(token_file, chapters), *READER)
    if stamp.fresh():
        return
    done = run(["lua5.4", f"{HERE}/xref.lua", f"{WORK}/xref", f"{WORK}/tags/all"], stdin=stream)
    if done.stderr:
        say(done.stderr.strip())
        if only is None and not DRAFT:
            raise Failure("the chapters' headings and labels are not in order")
        mistakes.append(done.stderr)
        return          # and say it again the next time
    stamp.set()


def token_file(chapter):
    return f"{WORK}/tokens/{chapter.stem}"


def split(stream, chapters):
    """Keep each chapter as it was read now: someone may be writing in it."""
    parts = re.split(r"^(?=@chapter )", stream, flags=re.M)
    for part in parts:
        for chapter in chapters:
            if part.startswith(f"@chapter {chapter.path}\n"):
                write(token_file(chapter), part)


def tokens(*paths):
    done = run([STREAM, *paths], check=False)
    if done.returncode:
        raise Failure("a chapter cannot be read:\n" + done.stderr.strip())
    return done.stdout


def inputs(chapter, to):
    """All that a woven chapter depends on."""
    text = chapter.text()
    runs = set(re.findall(r'run="([^"]+)"', text)) | set(re.findall(r"`([^`:\s]+):[^`]+`\{\.live", text))
    out = [token_file(chapter), chapter.slice, *READER,
           f"{WORK}/changes/{chapter.number:02d}.lua"]
    for rows in re.findall(r"\{\.peers.*rows=\"([^\"]*)\"", text):
        runs |= set(re.findall(r"=([\w-]+):", rows))
        out += ["book/peers.tsv", "book/touch/peers.tsv"]
    return out + [f"book/live/{r}.txt" for r in sorted(runs)]


def weave_chapter(chapter, to, room):
    """Make build/weave/TO/STEM.tex or .html; returns the complaints."""
    product = woven(chapter, to, room)
    os.makedirs(os.path.dirname(product), exist_ok=True)
    os.makedirs(f"{WORK}/figures", exist_ok=True)
    stamp = Stamp(product, *inputs(chapter, to), extra=bibliography.words_for(chapter.text()))
    if stamp.fresh():
        return read(product + ".said")
    done = pandoc(read(token_file(chapter)), to, {
        "WEAVE_SLICE": chapter.slice, "WEAVE_SIDE": side(chapter, to, room),
        "WEAVE_FILE": chapter.path, "WEAVE_ROOM": room})
    write(product, done.stdout)
    os.utime(product)
    write(product + ".said", done.stderr)
    stamp.set()
    return done.stderr


def planned():
    """Chapters can be referred to before they are written."""
    return {f"sec:{slug}": {"kind": "chapter", "number": str(int(n)), "chapter": int(n), "planned": str(int(n))}
            for n, slug in re.findall(r"^(\d\d) (\S+)", read("book/plan.txt"), re.M)}


def labels():
    """Every label of the chapters: a list of [id, kind, number, chapter, room]."""
    script = (f"package.path='{HERE}/?.lua;'..package.path; local all = {{}};"
              "for i = 1, #arg do for _, l in ipairs(dofile(arg[i]).own or {}) do"
              " if l.id and l.number then all[#all + 1] = {l.id, l.kind, l.number,"
              " tonumber(l.number:match('^%d+')), l.room} end end end;"
              "require('tojson')(all)")
    slices = [c.slice for c in all_chapters() if os.path.exists(c.slice)]
    write(f"{WORK}/xref/labels.run", script)
    return json.loads(run(["lua5.4", f"{WORK}/xref/labels.run", *slices]).stdout or "[]")


def pandoc(stream, to, env):
    # pandoc takes a reader's name for one in small letters: the path from here is.
    reader = os.path.relpath(f"{HERE}/reader.lua")
    done = run(["pandoc", "-p", "-f", reader, "-t", to, "--wrap=preserve",
                "--no-highlight", "--mathml", "--top-level-division=chapter"],
               stdin=stream, check=False,
               env={**env, "WEAVE_TO": to, "WEAVE_CITES": bibliography.CITES})
    if done.returncode:
        raise Failure(f"{env.get('WEAVE_FILE')}: pandoc stopped:\n{done.stderr.strip()}")
    return done


def page_slice(path):
    """What a page that is no chapter needs to know: the labels it names."""
    every = planned()
    every.update({ident: {"kind": kind, "number": number, "chapter": chapter, "room": room}
                  for ident, kind, number, chapter, room in labels()})
    known = {i: every[i] for i in set(re.findall(r"@(\w+:[\w-]+)", read(path))) if i in every}
    out = f"{WORK}/pages/{os.path.basename(path)}.lua"
    write(out, "return " + lua({
        "file": path, "labels": known, "volumes": volumes(),
        **{key: {} for key in ("chunks", "order", "uses", "prose", "own", "place", "pages")}}) + "\n")
    return out


def weave_page(name, to):
    """Weave book/NAME, a Markdown page that is no chapter; returns the text."""
    path = f"book/{name}"
    if not os.path.exists(path):
        return ""
    done = pandoc(tokens(path), to, {"WEAVE_FILE": path, "WEAVE_SLICE": page_slice(path),
                                     "WEAVE_SIDE": f"{WORK}/{to}/{name}.side"})
    complain(done.stderr.strip())
    return done.stdout


def weave_all(chapters, to, only=None):
    """Weave every chapter that needs it, with a line of progress for each."""
    rooms = ("main", "back") if to == "latex" else ("all",)
    chosen = [(c, room) for c in chapters if only in (None, c.number)
              for room in rooms if c.has_room(room)]

    def one(item):
        i, (chapter, room) = item
        complaints = weave_chapter(chapter, to, room)
        say(f"weave  [{i}/{len(chosen)}] {chapter.stem}" + (", back room" if room == "back" else ""))
        return complaints

    with ThreadPoolExecutor(2) as pool:
        complaints = "".join(pool.map(one, enumerate(chosen, 1)))
    complain(complaints, fatal=only is None)


def complain(text, fatal=True):
    if not text:
        return
    lines = list(dict.fromkeys(text.strip().splitlines()))
    say("\n".join(lines))
    errors = [l for l in lines if ": warning:" not in l]
    if not fatal:
        mistakes.extend(errors)
    elif errors and not DRAFT:
        raise Failure(f"{len(errors)} mistakes in the chapters (LOOM_DRAFT=1 goes on)")


# --- parts

@dataclasses.dataclass
class Part:
    """A part of the book, and a volume."""
    number: int
    title: str
    first: int          # chapter
    last: int
    pages: int          # of its main line, at most
    text: str           # Markdown

    @property
    def roman(self):
        return ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][self.number]

    def has(self, chapter):
        return self.first <= chapter.number <= self.last


def parts():
    """book/parts.md: headings `# Title {chapters=01-05 pages=245}`, a paragraph under each."""
    out = []
    for title, first, last, pages, body in re.findall(
            r"^# (.*?) *\{chapters=(\d+)-(\d+) pages=(\d+)\}\n(.*?)(?=^# |\Z)",
            read("book/parts.md"), re.M | re.S):
        out.append(Part(len(out) + 1, title, int(first), int(last), int(pages), body.strip()))
    return out


def volumes():
    """The volume of each chapter, written or not."""
    return {n: part.number for part in parts() for n in range(part.first, part.last + 1)}


def chapter_order(chapters):
    """Yield ('part', part) before the first chapter of each, and ('chapter', c)."""
    todo = parts()
    for chapter in chapters:
        while todo and todo[0].first <= chapter.number:
            part = todo.pop(0)
            if part.has(chapter):
                yield "part", part
        yield "chapter", chapter


def markdown(text, to):
    return run(["pandoc", "-f", "markdown", "-t", to], stdin=text).stdout.strip()
