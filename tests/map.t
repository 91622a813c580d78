#!/usr/bin/env python3
"""make map: what a guest prints of its memory becomes a picture in which
every page is where it should be, and every state can be told from the others."""

import itertools
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import book
import tap

sys.path.insert(0, os.path.join(book.ROOT, "book/weave"))
import memmap   # noqa: E402

PRINTED = """[    0.1] Loom
# map-frame before
# map 0 DMA 0 1 reserved
# map 0 DMA 1 255 free0
# map 0 DMA 100 3840 free10
# map-frame after
# map 0 DMA 0 1 reserved
# map 0 DMA 1 63 slab
# map 0 DMA 40 192 free6
# map 0 DMA 100 3840 free10
other words
"""


def fails(text, *patterns, **options):
    try:
        memmap.picture(text, **options)
        return f"nothing was wrong with {text!r}"
    except memmap.BadMap as error:
        return [p for p in patterns if p not in str(error)]


def test_reading():
    frames = memmap.parse(PRINTED)
    tap.equal([(f.title, len(f.runs)) for f in frames],
              [("before", 3), ("after", 4)], "frames and their runs")
    tap.equal(frames[1].runs[2], memmap.Run(0, "DMA", 0x40, 192, "free6"),
              "page numbers are hexadecimal, lengths are not")
    tap.equal(memmap.parse("# map 1 NORMAL 0x40 2 pcp\n")[0].runs[0].pfn, 0x40,
              "with 0x or without")
    for what, wrong in (
            ("nothing", fails("hello", "no line", "chapter 6")),
            ("a line cut short", fails("# map 0 DMA 0", "line 1", "NODE ZONE")),
            ("no pages", fails("# map 0 DMA 0 0 slab", "line 1")),
            ("a page twice", fails("# map 0 DMA 0 8 slab\n# map 0 DMA 4 9 pcp",
                                   "page 0x4", "slab", "pcp")),
            ("no such frame", fails(PRINTED, "there are 2", frames="3")),
            ("nothing there", fails(PRINTED, "no memory", **{"from": "1G"})),
            ("no address", fails(PRINTED, "'much'", to="much"))):
        tap.equal(wrong, [], f"{what} is told")


def area(drawing, color):
    return sum(w * h for _, _, w, h in drawing.boxes.get(color, []))


def test_areas():
    """A state's part of the picture is its part of the memory."""
    text = "".join(f"# map 0 DMA {pfn:x} {n} {state}\n" for pfn, n, state in (
        (0, 100, "reserved"), (100, 28, "slab"), (128, 300, "memmap"),
        (428, 84, "slab"), (512, 512, "compound")))
    for rows, pages in ((64, 1), (8, 2), (2, 8)):
        drawing = memmap.draw(memmap.parse(text), rows=rows, squeeze=False)
        of = {state: area(drawing, memmap.STYLES[state][0]) for state in
              ("reserved", "slab", "memmap", "compound")}
        unit = of["compound"] / 512     # the legend has a swatch for each
        swatch = 4.8 * 2.7
        unit = (of["compound"] - swatch) / 512
        got = {state: round((a - swatch) / unit) for state, a in of.items()}
        tap.equal(got, {"reserved": 100, "slab": 112, "memmap": 300,
                        "compound": 512}, f"areas, {rows} rows")
        said = [word[0] for word in drawing.words if "cell" in word[0]]
        tap.ok(len(said) == 1 and (f"{pages} pages" in said[0] or
                                   pages == 1 and "a page," in said[0]),
               f"a cell is {pages} pages", said)


def test_small_is_seen():
    text = ("# map 0 DMA32 0 1000000 compound\n# map 0 DMA32 f4240 1 slab\n"
            "# map 0 DMA32 f4241 99999 compound\n")
    drawing = memmap.draw(memmap.parse(text))
    boxes = [box for box in drawing.boxes[memmap.STYLES["slab"][0]]]
    tap.ok(len(boxes) == 2 and boxes[0][2] > 0.05,
           "one page among a million is seen", boxes)


def test_left_out():
    """Rows alike are drawn once, and what was left out is said."""
    text = "# map 0 NORMAL 100000 131072 free10\n# map 0 NORMAL 120000 64 slab\n"
    drawing = memmap.draw(memmap.parse(text))
    words = [word[0] for word in drawing.words]
    tap.ok(any("512 MiB more" in word for word in words)
           and any("a page," in word for word in words) and "4G" in words,
           "rows alike", words)
    hole = text + "# map 0 NORMAL 160000 64 pcp\n"
    words = [word[0] for word in memmap.draw(memmap.parse(hole)).words]
    tap.ok(any("1023 MiB without" in w for w in words)
           and "5.5G" in words, "rows without memory", words)
    unlike = memmap.parse("# map-frame a\n" + text +
                          "# map-frame b\n# map 0 NORMAL 100000 64 slab\n"
                          "# map 0 NORMAL 100040 131072 free10\n")
    words = [word[0] for word in memmap.draw(unlike).words]
    tap.ok("a" in words and "b" in words and "4.5G" in words,
           "but only if they are alike in every frame", words)


def test_large():
    """16 nodes of 64 GiB: it fits the page, and does not take long."""
    text = "".join(f"# map {node} NORMAL {node << 24:x} {1 << 24} free10\n"
                   f"# map {node} NORMAL {(node + 1) << 24:x} 1 memmap\n"
                   for node in range(0, 16, 2))
    drawing = memmap.draw(memmap.parse(text))
    tap.ok(drawing.height < 240, "a machine of 512 GiB", drawing.height)
    tap.equal(sum("node" in word[0] for word in drawing.words), 8,
              "each zone has its heading")


# --- colors -------------------------------------------------------------------

def linear(color):
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
            for p in parts]


# Viénot, Brettel and Mollon's simulation (1999), in linear light.
BLIND = {"protan": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0),
                    (0.00401, -0.00401, 1)),
         "deutan": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0),
                    (-0.02234, 0.02234, 1)),
         "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1))}


def lab(color, matrix):
    rgb = linear(color)
    rgb = [max(0, sum(m * c for m, c in zip(row, rgb))) for row in matrix]
    white = (0.9505, 1, 1.089)
    xyz = [sum(m * c for m, c in zip(row, rgb)) / w for row, w in zip((
        (0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722),
        (0.0193, 0.1192, 0.9505)), white)]
    f = [c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in xyz]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distance(a, b, matrix):
    return sum((x - y) ** 2 for x, y in zip(lab(a, matrix), lab(b, matrix))) ** 0.5


def test_colors():
    styles = {state: memmap.style_of(state, set()) for state in memmap.STYLES}
    styles |= {f"free{order}": memmap.style_of(f"free{order}", set())
               for order in (0, 10)}
    alike, gray = [], []
    for (a, (one, mark)), (b, (two, other)) in itertools.combinations(
            styles.items(), 2):
        if a.startswith("free") and b.startswith("free"):
            continue
        for who, matrix in BLIND.items():
            if distance(one, two, matrix) < 9:
                alike.append(f"{a} and {b} to {who}:"
                             f" {distance(one, two, matrix):.0f}")
        shades = abs(lab(one, BLIND["all"])[0] - lab(two, BLIND["all"])[0])
        if shades < 9 and mark == other:
            gray.append(f"{a} and {b}: {shades:.0f}")
    tap.ok(not alike, "color-blind readers can tell states apart", *alike)
    tap.ok(not gray, "and so can a black and white print", *gray)
    ramp = [lab(memmap.style_of(f"free{i}", set())[0], BLIND["all"])[0]
            for i in range(11)]
    tap.ok(ramp == sorted(ramp) and ramp[-1] - ramp[0] > 15,
           "larger free blocks are lighter", ramp)
    new = {f"state{i}" for i in range(6)} | {"slab"}
    tap.equal(len({memmap.style_of(state, new) for state in new}), 7,
              "states that are new have looks of their own")


def test_languages():
    drawing = memmap.picture(PRINTED.replace("after", "after <1 & 50%>"))
    root = xml.fromstring(memmap.svg(drawing))
    words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    tap.ok("after <1 & 50%>" in words and "node 0, DMA: 0–16M" in words,
           "the SVG can be read", words)
    tikz = memmap.tikz(drawing)
    tap.ok(r"after <1 \& 50\%>" in tikz and tikz.count("{") == tikz.count("}"),
           "and TeX's own characters are escaped", tikz[-300:])


def test_command():
    """The commands, with a kernel that prints a map, or that has none."""
    done = subprocess.run([os.path.join(book.ROOT, "book/weave/memmap.py"),
                           "frames=2", "widht=3"], input=PRINTED, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    tap.ok(done.returncode == 1 and "widht" in done.stderr
           and "width" in done.stderr, "a misspelt option is told", done.stderr)
    for chapter in (4, book.chapters()[-1].number):
        draw(chapter, chapter >= 6 and has_map(chapter))


def has_map(chapter):
    with tempfile.TemporaryDirectory() as tree:
        book.tangle(chapter, tree)
        return os.path.exists(os.path.join(tree, "tests/page_map.c"))


def draw(chapter, good):
    with tempfile.TemporaryDirectory() as away:
        out = os.path.join(away, "map.svg")
        done = subprocess.run(
            ["make", "-s", "map", f"CH={chapter}", "NUMA=2", "MEM=128M",
             "SMP=2", f"OUT={out}"], cwd=book.ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if not good:
            tap.ok(done.returncode and "from chapter 6 on" in done.stdout,
                   f"chapter {chapter} has no map, which is told", done.stdout)
            return
        text = open(out, encoding="utf-8").read() \
            if os.path.exists(out) else ""
        tap.ok(done.returncode == 0 and "node 0, " in text
               and "node 1, " in text, f"chapter {chapter}: two nodes are drawn",
               done.stdout)
        with open(os.path.join(away, "map.txt"), encoding="utf-8") as f:
            pages = sum(run.pages for run in memmap.parse(f.read())[-1].runs
                        if run.state != "hole")
        tap.ok(0.99 * 32768 <= pages <= 32768,
               "and no page is forgotten or drawn twice", pages)


test_reading()
test_areas()
test_small_is_seen()
test_left_out()
test_large()
test_colors()
test_languages()
test_command()
tap.done()
