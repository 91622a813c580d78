#!/usr/bin/env python3
"""The printed edition: nothing unresolved, nothing missing, nothing too wide."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)
sys.path.insert(0, "book/weave")
sys.path.insert(0, "tests")
import tap  # noqa: E402
import texlog  # noqa: E402
import touch  # noqa: E402
import weave  # noqa: E402

WORK = "build/weave/pdf"


def ok(good, name, details=()):
    return tap.ok(good, name, *list(details)[:20])


def run(*command, cwd=None):
    env = {k: v for k, v in os.environ.items() if k != "LOOM_DRAFT"}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", env=env)
    return done.returncode, done.stdout + done.stderr


def volumes():
    return sorted(int(m[1]) for m in (re.match(r"build/loom-(\d+)\.pdf$", p) for p in glob.glob("build/loom-*.pdf")) if m)


def documents():
    return [f"loom-{n}{room}" for n in volumes() for room in ("", "-back")]


def up_to_date():
    sources = [p for pattern in ("chapters/*/*.nw", "book/*", "book/weave/*", "book/live/*")
               for p in glob.glob(pattern) if os.path.isfile(p)]
    made = [f"build/{d}.pdf" for d in documents()]
    return made and all(map(os.path.exists, made)) and \
        min(map(os.path.getmtime, made)) >= max(map(os.path.getmtime, sources))


def test_book():
    if not up_to_date():
        code, said = run("book/weave/pdf")
        if not ok(code == 0, "the book weaves, within its budgets", said.splitlines()[-15:]):
            return
    else:
        ok(True, "the book is woven")
    arrive = Arrivals()
    for name in documents():
        test_log(name)
        test_file(name, arrive)
    test_far_links(arrive)
    test_outlines()
    test_no_text_is_lost()


def test_log(name):
    log = open(f"{WORK}/{name}.log", encoding="utf-8", errors="replace").read()
    complaints = texlog.warnings(f"{WORK}/{name}.log")
    wide = [c for c in complaints if re.search(r"pt too (wide|high)$", c)]
    ok(not wide, f"{name}: no line is too wide by more than 2 pt", wide)
    glyphs = [c for c in complaints if "no face has" in c]
    ok(not glyphs, f"{name}: every character has a glyph", glyphs)
    loose = re.findall(r"^.*(?:Warning: (?:Reference|Citation|Hyper reference).*undefined"
                       r"|has been referenced but does not exist|multiply.defined).*$", log, re.M)
    ok(not loose, f"{name}: every reference is resolved", loose)
    missing = re.findall(r"^Package loom Warning: missing.*$", log, re.M)
    ok(not missing, f"{name}: no output of a run is missing", missing)


class Arrivals:
    """Where each PDF can be entered, and what others want to enter by."""

    def __init__(self):
        self.there, self.wanted = {}, {}


def woven(name):
    """The TeX that a document was made of."""
    order = open(f"build/weave/latex/{name}-order.tex", encoding="utf-8").read()
    return "".join(open(f"build/weave/latex/{f}.tex", encoding="utf-8").read()
                   for f in re.findall(r"\\include\{(.*?)\}", order))


def test_file(name, arrive):
    pdf = f"build/{name}.pdf"
    _, fonts = run("pdffonts", pdf)
    rows = [r for r in fonts.splitlines()[2:] if r.strip()]
    loose = [r for r in rows if not re.search(r"\s+yes (?:yes|no)\s+(?:yes|no)\s+\d+\s+\d+$", r)]
    ok(rows and not loose, f"{name}: every font is embedded", loose)
    _, info = run("pdfinfo", pdf)
    ok(re.search(r"^Title:\s+Loom", info, re.M) and re.search(r"^Author:\s+\S", info, re.M),
       f"{name}: the file names its title and author", [info])
    _, dests = run("pdfinfo", "-dests", pdf)
    arrive.there[pdf] = set(re.findall(r'"([a-z]+[-:][^"]+)"', dests))
    text = woven(name)
    wanted = set(re.findall(r"\\quicklink\{([a-z]+[-:][^}]+)\}", text)) \
        | set(re.findall(r"\\hyperlink\{(ref-[^}]+)\}", text))
    ok(wanted and not wanted - arrive.there[pdf], f"{name}: every link to a section, a chunk or a work arrives",
       sorted(wanted - arrive.there[pdf]))
    arrive.wanted[name] = set(re.findall(r"\\farlink\{([^}]+)\}\{([^}]+)\}", text))
    alone = []
    _, text = run("pdftotext", "-layout", pdf, "-")
    for number, page in enumerate(text.split("\f"), 1):
        lines = [l for l in page.splitlines() if l.strip() and not re.fullmatch(r"\s*\w{1,5}\s*", l)]
        if lines and re.match(r"\s*⟨.*⟩ ?(\+?≡|←)\s*(\d+\.\d+ ▷|◁.*)?\s*$", lines[-1]):
            alone.append(f"page {number}: {lines[-1].strip()}")
    ok(not alone, f"{name}: no chunk's head stands alone at the foot of a page", alone)


def test_far_links(arrive):
    """What lies beside is entered where it can be; what is not made yet is not
    linked. A volume that waits for its turn to be set has its TeX, and is believed."""
    waiting = [f"loom-{part.number}{room}.pdf" for part in weave.parts() for room in ("", "-back")
               if part.number not in volumes() and glob.glob(f"build/weave/latex/{part.first:02d}-*.tex")]
    lost = [f"{name}: {file}#{place}" for name, wanted in arrive.wanted.items() for file, place in wanted
            if file not in waiting and place not in arrive.there.get(f"build/{file}", ())]
    ok(any(arrive.wanted.values()) and not lost, "every link into another PDF arrives", lost)


def test_outlines():
    lost = []
    for name in documents():
        _, xml = run("pdftohtml", "-xml", "-stdout", "-i", "-f", "1", "-l", "1", f"build/{name}.pdf")
        outline = [plain(o) for o in re.findall(r"<item page=\"\d+\">(.*?)</item>", xml)]
        order = open(f"build/weave/latex/{name}-order.tex", encoding="utf-8").read()
        for stem in re.findall(r"\\include\{(\d\d-.*?)\}", order):
            source = f"chapters/{stem.removesuffix('-back')}/main.nw"
            title = re.search(r"^# (.*?)(?: *\{.*)?$", open(source, encoding="utf-8").read(), re.M)[1]
            if not any(plain(title) in o for o in outline):
                lost.append(f"{name}: {title}")
    ok(not lost, "the outlines hold every chapter", lost)


def plain(text):
    return re.sub(r"[^a-z]", "", re.sub(r"&#?\w+;", "", text).lower())


def letters(text):
    return re.sub(r"[^A-Za-z]", "", text.replace("ﬁ", "fi").replace("ﬂ", "fl"))


def sentences(path):
    """The plain stretches of a chapter's prose, with their line numbers."""
    code = fence = False
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if re.match(r"<<.*>>=", line):
            code = True
        elif line.startswith("@"):
            code = False
        elif line.startswith("```"):
            fence = not fence
        elif not (code or fence or line.startswith(("#", "|", ":", "[]", "<!--"))):
            plain = re.sub(r"\[@[^]]*\]|\[\[.*?\]\]|`[^`]*`(\{[^}]*\})?|\$[^$]*\$|\{[^}]*\}|@?<<|@?>>|\^\[",
                           "\0", line)
            for stretch in plain.split("\0"):
                yield number, letters(stretch)


def test_no_text_is_lost():
    """A page may end inside one piece of 20 letters, but not inside two."""
    printed = letters("".join(run("pdftotext", "-raw", f"build/{d}.pdf", "-")[1] for d in documents()))
    lost, pieces = [], 0
    for path in sorted(glob.glob("chapters/*/*.nw")):
        for number, stretch in sentences(path):
            there = [stretch[i:i + 20] in printed for i in range(0, len(stretch) - 19, 20)]
            pieces += len(there)
            if any(not a and not b for a, b in zip(there, there[1:])):
                lost.append(f"{path}:{number}: {stretch[:60]}")
    ok(pieces and not lost, "no text is lost", lost)


def scratch(chapters):
    """A tree with these chapters and the book's own tools."""
    top = tempfile.mkdtemp(prefix="weave-")
    os.mkdir(f"{top}/chapters")
    os.makedirs(f"{top}/book/live")
    for path in glob.glob(f"{ROOT}/book/*"):
        if os.path.basename(path) != "live" and not (path.endswith(".md") and "parts" not in path):
            os.symlink(path, f"{top}/book/{os.path.basename(path)}")
    with open(f"{top}/book/live/toy.txt", "w", encoding="utf-8") as f:
        f.write("[    0.000123] toy: begins\r\n[    0.000200] # value toy.pages 12345\r\n"
                "# data cost 1 10\n# data cost 2 40\ntoy: ends\nnot shown\n"
                "# value bench.order0_hot 87\n# value boot.instructions 5876543\n"
                + "".join(f"# value touch.order9_free.{column} 3105\n"
                          for column in touch.COLUMNS) +
                "# map-frame one\n# map 0 DMA 0 4096 free10\n"
                "# map-frame two & more\n# map 0 DMA 0 1 reserved\n# map 0 DMA 1 4095 slab\n")
    for name, text in chapters.items():
        rooms = text if isinstance(text, dict) else {"main": text}
        os.mkdir(f"{top}/chapters/{name}")
        for room, words in rooms.items():
            with open(f"{top}/chapters/{name}/{room}.nw", "w", encoding="utf-8") as f:
                f.write(words)
    return top


EIGHTY = "\t/* " + "M" * 65 + " */"
GOOD = f"""# Toys {{#sec:toys}}

The toy has `toy:toy.pages`{{.live}} pages, see [@fig:cost] and [[first]].

<<mm/toy.c>>=
static int hidden(void)
{{
{EIGHTY}
	return 80 @>> 1;
}}

<<toy: the first>>
@

<<toy: the first>>=
int first(void)
{{
	return hidden();
}}
@

```{{.transcript run="toy" from="toy: begins" to="toy: ends"}}
```

```{{.plot #fig:cost run="toy" data="cost" x="turns" y="instructions" caption="The cost."}}
```

```{{.peers #tbl:peers run="toy" rows="order0_hot, boot_512m=toy:boot.instructions" caption="Beside Linux."}}
```

```{{.peers #tbl:touched run="toy" touch="yes" rows="order9_free" caption="What it touches."}}
```

```{{.map #fig:map run="toy" frames="2" caption="What is where."}}
```
"""
OTHER = """# More toys {#sec:more}

As in [@sec:toys], with a static function of the same name.

<<mm/other.c>>=
static int hidden(void)
{
	return 1;
}

int second(void)
{
	return hidden();
}
@

<<replace: toy: the first>>=
int first(void)
{
	return 2;
}
@
"""


STUB = """
## Counting toys {#sec:counting .back}

A toy is counted once.

## Mending {#sec:mending}

<<mm/toy.c>>=
int mend;
@
"""
BODY = """## Counting toys {#sec:counting}

Here toys are counted, which [@sec:toys] promised.

<<mm/toy.c>>=
int count;
@

### By hand

One, two.
"""


def test_rooms(top):
    """A section in the back room has the number and the place of its stub."""
    _, main = run("pdftotext", "-layout", f"{top}/build/loom-1.pdf", "-")
    _, back = run("pdftotext", "-layout", f"{top}/build/loom-1-back.pdf", "-")
    ok(all(re.search(r"1\.1\s+Counting toys", text) for text in (main, back)),
       "a section has one number in both rooms")
    ok("A toy is counted once" in main and "A toy is counted once" not in back
       and "Here toys are counted" in back and "Here toys are counted" not in main,
       "the stub is in the main line, the section in the back room")
    ok(re.search(r"1\.1\.1\s+By hand", back) and re.search(r"1\.2\s+Mending", main),
       "and what follows is numbered as if they were one")
    ok(re.search(r"mm/toy\.c\s+1\.3", back) and re.search(r"mm/toy\.c\s+1\.4", main),
       "so are chunks")


def test_scratch():
    top = scratch({"01-toys": {"main": GOOD + STUB, "back": BODY}, "02-more": OTHER})
    code, said = run("book/weave/pdf", cwd=top)
    if ok(code == 0 and "too wide" not in said and "columns" not in said,
          "a line of 80 columns fits the measure", said.splitlines()):
        _, text = run("pdftotext", "-layout", f"{top}/build/loom-1.pdf", "-")
        ok("12,345 pages" in text, "a figure the machine printed stands in its sentence")
        ok(all(re.search(row, text) for row in (r"hot +87 +481 +688\b", r"instructions +5\.9 +42\.9 +1,502\b",
                                                r"Table 1\.1\.? .*Beside Linux")),
           "what a run measured stands beside Linux's figures")
        ok(all(w in text for w in ("two & more", "node 0, DMA: 0–16M", "slab", "15.5 MiB more")) and
           re.search(r"Figure 1\.2\.? +What is where", text), "a map of memory is drawn")
        ok("toy: ends" in text and "not shown" not in text, "a transcript shows the lines asked for")
        ok("replaces" in text and "replaced in" in text, "a replacement is marked on both sides")
        second = open(f"{top}/build/weave/latex/02-more.tex", encoding="utf-8").read()
        ok("link{chunk-01-mm-toy-c}{hidden}" not in second, "a static function of another file is not meant")
        test_rooms(top)
        code, said = run("book/weave/pdf", "--chapter", "02", cwd=top)
        _, pages = run("pdftotext", f"{top}/build/page-02-more.pdf", "-")
        ok(code == 0 and "More toys" in pages and "The cost" not in pages and "Chapter 1" in pages,
           "one chapter is set alone, with references to the others", said.splitlines())
        code, said = run("book/weave/pdf", cwd=top)
        ok(code == 0 and "weave  [" in said, "weaving again works", said.splitlines())
    shutil.rmtree(top)


BAD = {
    "an unknown figure": ("See [@fig:nowhere].", r"01-toys/main\.nw:3: error: .*fig:nowhere"),
    "a missing run": ('```{.transcript run="never"}\n```', r"01-toys/main\.nw:3: error: .*never"),
    "a missing value": ("It is `never:x`{.live}.", r"01-toys/main\.nw:3: error: .*never:x"),
    "a row that no run printed": ('```{.peers #tbl:p run="toy" rows="order3_pair" caption="x"}\n```',
                                  r"01-toys/main\.nw:3: error: .*toy:bench\.order3_pair"),
    "a map that no run printed": ('```{.map #fig:m run="toy" frames="3" caption="x"}\n```',
                                  r"01-toys/main\.nw:3: error: .*map of run toy"),
    "a row that there is not": ('```{.peers #tbl:p run="toy" rows="order33" caption="x"}\n```',
                                r"01-toys/main\.nw:3: error: .*row order33"),
    "a missing run without quotes": ('```{.transcript run=never}\n```', r"01-toys/main\.nw:3: error: .*never"),
    "a block that does not exist": ("```{.chnages}\n```", r"01-toys/main\.nw:3: error: .*\.chnages; do you mean changes"),
    "an attribute that does not exist": ('```{.run name="toy" ch="01" exti="ok"}\n```',
                                         r"01-toys/main\.nw:3: error: .*exti; do you mean exit"),
    "a value that an attribute has not": ('```{.run name="toy" ch="01" exit="okay"}\n```',
                                          r"01-toys/main\.nw:3: error: exit=okay: .*panic"),
    "a run without a name": ('```{.run ch="01"}\n```', r"01-toys/main\.nw:3: error: .*needs name"),
    "a quote that is not closed": ('```{.run name="toy ch="01"}\n```', r"01-toys/main\.nw:3: error: .*quote"),
    "a block that is not closed": ('```{.run name="toy" ch="01"}\nText.', r"01-toys/main\.nw:3: error: the ``` .*not closed"),
    "an exercise that is not closed": ('::: {.exercise #ex:x title="X" difficulty=1 time="1 hour"}\nText.',
                                       r"01-toys/main\.nw:3: error: the ::: .*not closed"),
    "an exercise that a heading ends": ('::: {.exercise #ex:x title="X" difficulty=1 time="1 hour"}\nText.\n\n## More\n\n:::',
                                        r"01-toys/main\.nw:3: error: the ::: .*not closed"),
    "an end of nothing": ("Text.\n\n:::", r"01-toys/main\.nw:5: error: ::: closes nothing"),
    "a difficulty that is a word": ('::: {.exercise #ex:x title="X" difficulty=hard time="1 hour"}\nText.\n:::',
                                    r"01-toys/main\.nw:3: error: difficulty=hard: .*1 to 5"),
    "a division that does not exist": ('::: {.exercice #ex:x}\nText.\n:::',
                                       r"01-toys/main\.nw:3: error: .*\.exercice; do you mean exercise"),
    "an exercise without its files": ('::: {.exercise #ex:x title="X" difficulty=1 time="1 hour" code="x"}\nText.\n:::',
                                      r"01-toys/main\.nw:3: error: there is no exercises/01-toys/x/skeleton\.nw"),
    "a chunk that does not exist": ("See [[<<mm/tyo.c>>]].", r"01-toys/main\.nw:3: error: no chunk of the name mm/tyo\.c"),
    "an unknown work": ("As in [@nobody1900].", r"01-toys/main\.nw:3: error: .*nobody1900"),
}


# A page takes TeX a second or two.
ALONE = {"a chunk that does not exist", "an exercise without its files"}


def test_mistakes():
    for what, (line, message) in BAD.items():
        top = scratch({"01-toys": f"# Toys\n\n{line}\n\n<<mm/toy.c>>=\nint toy;\n@\n"})
        code, said = run("book/weave/pdf", cwd=top)
        ok(code != 0 and re.search(message, said), f"{what} is reported with its line", said.splitlines())
        if what in ALONE:
            code, said = run("book/weave/pdf", "--chapter", "01", cwd=top)
            ok(code != 0 and re.search(message, said) and os.path.exists(f"{top}/build/page-01-toys.pdf"),
               f"{what} is reported for one chapter, whose page is made", said.splitlines())
        shutil.rmtree(top)
    top = scratch({"01-toys": "# Toys\n\n```{.tikz #fig:x caption=\"x\"}\n\\begin{tikzpicture}\n\\nosuchthing\n"
                              "\\end{tikzpicture}\n```\n\n<<mm/toy.c>>=\nint toy;\n@\n"})
    code, said = run("book/weave/pdf", cwd=top)
    ok(code != 0 and re.search(r"01-toys/main\.nw:5: Undefined control", said),
       "TeX's error in a figure is reported with its line", said.splitlines())
    shutil.rmtree(top)


def test_budget():
    """A chapter above its budget fails, and says by how much."""
    long = "".join(f"## Section {i} {{#sec:s{i}}}\n\n" + "Many words stand here. " * 150 + "\n\n" for i in range(12))
    top = scratch({"01-toys": GOOD + long})
    os.remove(f"{top}/book/plan.txt")
    with open(f"{top}/book/plan.txt", "w", encoding="utf-8") as f:
        f.write("01 toys 3\n")
    code, said = run("book/weave/pdf", cwd=top)
    ok(code != 0 and re.search(r"chapters/01-toys/main\.nw: \d+ pages of main line, 3 are its budget", said),
       "a chapter above its budget fails", said.splitlines()[-10:])
    shutil.rmtree(top)


test_mistakes()
test_scratch()
test_budget()
test_book()
tap.done()
