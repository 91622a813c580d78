#!/usr/bin/env -S python3 -X utf8
"""memmap: a picture of physical memory by page state.

usage: book/weave/memmap.py [--tikz|--svg] [OPTION=VALUE ...] < OUTPUT

Reads what a guest printed, lines

    # map-frame TITLE
    # map NODE ZONE FIRST-PFN PAGES STATE

and writes the picture as SVG or as a tikzpicture. Options: width and rows (of
cells, at most) for the size, cells in a row, columns of panels, frames
(numbers from 1, with commas), from and to (addresses as 16M), squeeze=no.

Memory lies in rows, low addresses first, as in a hex dump: the address of a
cell can be read off, a buddy stands beside its block or under it, and zones
begin on a row of their own. (A Hilbert curve keeps neighbors together, too, but
nobody can tell where on it an address is.) A cell is the smallest power of two
of pages for which the picture fits; one that holds several states is striped,
each state's stripe as wide as its share. Rows that are all alike in every frame
are drawn once, and the gap says how much was left out. Every state has a color
that color-blind readers can tell from the others, and a shade of gray or a mark
that tells it from them in black and white.
"""

import dataclasses
import re
import sys

PAGE = 4096
UNITS = ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"))

# A state's fill, and the mark along its cells: kind and color.
PLAIN = ("", "")
STYLES = {
    "kernel": ("#1a1a1a", PLAIN),
    "reserved": ("#8a8a8a", PLAIN),
    "memmap": ("#0072B2", ("line", "#ffffff")),
    "pgtable": ("#D55E00", ("dash", "#ffffff")),
    "slab": ("#E69F00", ("dash", "#000000")),
    "vmalloc": ("#CC79A7", ("line", "#000000")),
    "compound": ("#56B4E9", ("double", "#000000")),
    "pcp": ("#F0E442", ("dots", "#000000")),
    "other": ("#c4c4c4", ("double", "#444444")),
    "hole": ("#ffffff", ("dots", "#9a9a9a")),
}
# For states that later chapters add.
SPARE = (("#7a4fa3", ("dots", "#ffffff")), ("#8c5a2b", ("double", "#ffffff")),
         ("#3f7d6b", ("dash", "#ffffff")), ("#b3cde3", ("line", "#000000")),
         ("#decbe4", ("dots", "#000000")), ("#fed9a6", ("double", "#000000")))
ORDERS = 11
FREE = ((0x60, 0xB6, 0x95), (0xD2, 0xEA, 0xDF))     # orders 0 and 10

LABEL = 14.5        # mm, for the addresses at the left
GAP = 4.0           # mm, between panels
HEAD = 4.2          # mm, a line of text
BREAK = 3.3         # mm, where rows were left out
ALIKE = 4           # rows alike before they are drawn once
LEAST_STRIPE = 0.1  # of a cell: a single page must be seen


class BadMap(Exception):
    """What was printed is not a map; the text says where."""


@dataclasses.dataclass(frozen=True)
class Run:
    node: int
    zone: str
    pfn: int
    pages: int
    state: str

    @property
    def end(self):
        return self.pfn + self.pages


@dataclasses.dataclass
class Frame:
    title: str
    runs: list


# --- reading ----------------------------------------------------------------

LINE = re.compile(r"# map (\d+) (\w+) (?:0x)?([0-9a-f]+) (\d+) (\w+)\s*$")


def parse(text):
    """The frames in a guest's output."""
    frames = []
    for number, line in enumerate(text.splitlines(), 1):
        at = line.find("# map")
        if at < 0:
            continue
        line = line[at:]
        if line.startswith("# map-frame"):
            frames.append(Frame(line[len("# map-frame"):].strip(), []))
        elif line.startswith("# map "):
            match = LINE.match(line)
            if not match or not int(match[4]):
                raise BadMap(f"line {number}: {line!r} is not “# map NODE ZONE"
                             " FIRST-PFN PAGES STATE”")
            if not frames:
                frames.append(Frame("", []))
            frames[-1].runs.append(Run(int(match[1]), match[2],
                                       int(match[3], 16), int(match[4]),
                                       match[5]))
    frames = [frame for frame in frames if frame.runs]
    for frame in frames:
        check(frame)
    return frames


def check(frame):
    """No page is in two states."""
    frame.runs.sort(key=lambda run: run.pfn)
    for one, two in zip(frame.runs, frame.runs[1:]):
        if one.end > two.pfn:
            raise BadMap(f"frame “{frame.title}”: page 0x{two.pfn:x} is"
                         f" {one.state} and {two.state}")


def clip(frame, low, high):
    """The part of a frame between two page numbers."""
    runs = [dataclasses.replace(run, pfn=max(run.pfn, low),
                                pages=min(run.end, high) - max(run.pfn, low))
            for run in frame.runs if run.pfn < high and run.end > low]
    return Frame(frame.title, runs)


def size_of(text):
    """Bytes of 16M, 1.5G or 4096."""
    match = re.match(r"([\d.]+)([KMG]?)$", text.upper())
    if not match:
        raise BadMap(f"what is the address {text!r}? wanted one like 16M")
    return int(float(match[1]) * dict((u, n) for n, u in UNITS).get(match[2], 1))


def short(size):
    """16M for 16 MiB; exact."""
    for unit, letter in UNITS:
        if size and size % (unit // 4) == 0 and size >= unit:
            return f"{size / unit:g}{letter}"
    return f"{size // 1024}K" if size else "0"


def long(size):
    for unit, letter in UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {letter}iB" if size < 1000 * unit \
                else f"{size // unit} {letter}iB"
    return f"{size} bytes"


# --- what is where ----------------------------------------------------------

@dataclasses.dataclass
class Zone:
    """Part of the picture: all of a node's zone, on rows of its own."""
    node: int
    name: str
    low: int
    high: int

    def title(self):
        return (f"node {self.node}, {self.name}:"
                f" {short(self.low * PAGE)}–{short(self.high * PAGE)}")


def zones_of(frames):
    found = {}
    for frame in frames:
        for run in frame.runs:
            zone = found.setdefault((run.node, run.zone), Zone(
                run.node, run.zone, run.pfn, run.end))
            zone.low, zone.high = min(zone.low, run.pfn), max(zone.high, run.end)
    return sorted(found.values(), key=lambda zone: zone.low)


@dataclasses.dataclass
class Row:
    """The cells of a row of one panel: a tuple of (state, pages) for each. A
    row of one state, or one outside of the zone, has that and no cells."""
    state: str = "hole"
    cells: list = None


def rows_of(runs, zone, per_cell, cells):
    """The rows of a zone, and the number of the first."""
    per_row = per_cell * cells
    first = zone.low // per_row
    rows = [Row() for _ in range(-(-zone.high // per_row) - first)]
    for run in runs:
        if (run.node, run.zone) != (zone.node, zone.name):
            continue
        for number in range(run.pfn // per_row, -(-run.end // per_row)):
            low = max(run.pfn, number * per_row)
            high = min(run.end, (number + 1) * per_row)
            if high - low == per_row:
                rows[number - first].state = run.state
            else:
                fill_cells(rows[number - first], run.state, low, high, per_cell,
                           cells)
    for row in rows:
        if row.cells:
            row.cells = [tuple(sorted(cell.items(), key=lambda c: rank(c[0])))
                         for cell in row.cells]
    return rows, first


def fill_cells(row, state, low, high, per_cell, cells):
    row.state = None
    row.cells = row.cells or [{} for _ in range(cells)]
    while low < high:
        end = min(high, (low // per_cell + 1) * per_cell)
        cell = row.cells[low // per_cell % cells]
        cell[state] = cell.get(state, 0) + end - low
        low = end


def rank(state):
    """Where a state stands in a stripe and in the legend."""
    names = list(STYLES)
    if state.startswith("free"):
        return (1, int(state[4:] or 0), state)
    return (0, names.index(state), state) if state in names[:-1] else \
        (2, 0, state) if state == "hole" else (0, len(names), state)


@dataclasses.dataclass
class Strip:
    """What is drawn across all panels: a heading, a row, or a break."""
    kind: str           # head, row, break
    text: str = ""
    zone: Zone = None
    number: int = 0     # of the row, in the machine's memory
    label: bool = False # whether its address is printed
    rows: list = dataclasses.field(default_factory=list)    # one a panel


LABELED = 8             # every so many rows have their address printed


def alike(panels, i):
    """How many rows from the i-th on have one state, in each panel the same."""
    states = [panel[i].state for panel in panels]
    end = i
    while None not in states and end < len(panels[0]) and \
            [panel[end].state for panel in panels] == states:
        end += 1
    return end - i, set(states) == {"hole"}


def strips_of(zone, frames, per_cell, cells, squeeze):
    """The strips of a zone; rows alike are left out."""
    every = [rows_of(frame.runs, zone, per_cell, cells) for frame in frames]
    first = every[0][1]
    panels = [rows for rows, _ in every]
    out = [Strip("head", zone.title(), zone)]
    i, unlabeled = 0, LABELED
    while i < len(panels[0]):
        same, hole = alike(panels, i) if squeeze else (1, False)
        left_out = same - (not hole) if same >= ALIKE else 0
        if not (left_out and hole):
            unlabeled += 1
            label = unlabeled >= LABELED
            unlabeled = 0 if label else unlabeled
            out.append(Strip("row", "", zone, first + i, label,
                             [panel[i] for panel in panels]))
        if left_out:
            what = "without memory" if hole else "more"
            size = long(left_out * per_cell * cells * PAGE)
            out.append(Strip("break", f"⋮  {size} {what}"))
            unlabeled = LABELED
        i += max(left_out + (not hole), 1) if left_out else 1
    return out


MOST_ROWS = 1 << 16     # that are looked at for what can be left out


def layout(frames, cells, rows, squeeze):
    """Strips, and how many pages a cell stands for: as few as fit."""
    zones = zones_of(frames)
    per_cell = 1
    while True:
        span = sum(zone.high // (per_cell * cells) - zone.low // (per_cell * cells)
                   for zone in zones)
        if span <= (MOST_ROWS if squeeze else rows):
            strips = [strip for zone in zones for strip in
                      strips_of(zone, frames, per_cell, cells, squeeze)]
            if sum(s.kind == "row" for s in strips) <= max(rows, 2 * len(zones)):
                return strips, per_cell
        per_cell *= 2


# --- drawing ----------------------------------------------------------------

class Drawing:
    """Rectangles by color, lines by kind and color, and words; in mm, y down."""

    def __init__(self):
        self.boxes, self.lines, self.words = {}, {}, []
        self.width = self.height = 0

    def box(self, color, x, y, w, h):
        self.boxes.setdefault(color, []).append((x, y, w, h))

    def line(self, kind, color, x1, y1, x2, y2):
        if kind == "double":
            for shift in (-0.2, 0.2):
                self.line("line", color, x1, y1 + shift, x2, y2 + shift)
            return
        self.lines.setdefault((kind, color), []).append((x1, y1, x2, y2))

    def word(self, text, x, y, anchor="start", bold=False):
        self.words.append((text, x, y, anchor, bold))


def style_of(state, states):
    """Fill and mark of a state; `states` are all there are in the picture."""
    if state.startswith("free"):
        part = min(int(state[4:] or 0), ORDERS - 1) / (ORDERS - 1)
        rgb = [round(a + part * (b - a)) for a, b in zip(*FREE)]
        return "#%02x%02x%02x" % tuple(rgb), PLAIN
    if state in STYLES:
        return STYLES[state]
    unknown = sorted({s for s in states if s not in STYLES and s[:4] != "free"})
    return SPARE[unknown.index(state) % len(SPARE)]


def draw_row(drawing, row, x, y, size, cells, per_cell, states):
    """A row: what is alike in one piece, mixed cells in stripes."""
    every = row.cells or [((row.state, per_cell),)] * cells
    i = 0
    while i < cells:
        first, cell = i, every[i]
        i += 1
        if len(cell) == 1 and cell[0][1] == per_cell:
            while i < cells and every[i] == cell:
                i += 1
            draw_piece(drawing, style_of(cell[0][0], states), x + first * size,
                       x + i * size, y, size)
        elif cell:
            draw_mixed(drawing, cell, x + first * size, y, size, per_cell, states)


def draw_piece(drawing, style, left, right, y, size):
    fill, (kind, color) = style
    drawing.box(fill, left, y, right - left, size)
    if kind:
        drawing.line(kind, color, left + 0.3 * size, y + size / 2,
                     right - 0.3 * size, y + size / 2)


def draw_mixed(drawing, cell, x, y, size, per_cell, states):
    shares = [max(pages / per_cell, LEAST_STRIPE) for _, pages in cell]
    scale = min(1, 1 / sum(shares))
    for (state, _), share in zip(cell, shares):
        drawing.box(style_of(state, states)[0], x, y, share * scale * size, size)
        x += share * scale * size


def draw_edges(drawing, frame, zone, rows, x, size, per_cell, cells):
    """The borders between free blocks that are a cell or more. `rows` says
    where each row of the zone that is drawn is."""
    for run in frame.runs:
        order = int(run.state[4:]) if re.match(r"free\d+$", run.state) else -1
        if (run.node, run.zone) != (zone.node, zone.name) or \
                not per_cell <= 1 << max(order, 0) < per_cell * cells or order < 0:
            continue
        for pfn in range(run.pfn, run.end, 1 << order):
            row, column = divmod(pfn // per_cell, cells)
            if column and row in rows:
                at = x + column * size
                drawing.line("edge", "#ffffff", at, rows[row], at,
                             rows[row] + size)


def draw(frames, width=120.0, rows=44, cells=0, columns=0, squeeze=True):
    """The drawing of these frames, `width` mm wide."""
    columns = columns or min(len(frames), 3 if width > 140 else 2)
    panel = (width - LABEL - GAP * (columns - 1)) / columns
    cells = cells or (64 if panel >= 56 else 32)
    size = panel / cells
    strips, per_cell = layout(frames, cells, rows, squeeze)
    states = {run.state for frame in frames for run in frame.runs}
    drawing = Drawing()
    y = 0.0
    for start in range(0, len(frames), columns):
        group = range(start, min(start + columns, len(frames)))
        y = draw_group(drawing, frames, group, strips, y, panel, size, per_cell,
                       cells, states)
    drawing.height = legend(drawing, states, y + 1.5, width, per_cell)
    drawing.width = width
    return drawing


def draw_group(drawing, frames, group, strips, y, panel, size, per_cell, cells,
               states):
    """Panels side by side; returns where they end."""
    left = {i: LABEL + (i - group[0]) * (panel + GAP) for i in group}
    if any(frames[i].title for i in group):
        for i in group:
            drawing.word(frames[i].title, left[i], y + 2.6, bold=True)
        y += HEAD + 0.6
    places = {}
    for strip in strips:
        if strip.kind == "head":
            drawing.word(strip.text, LABEL, y + HEAD - 1)
            rows = places.setdefault((strip.zone.node, strip.zone.name),
                                     (strip.zone, {}))[1]
            y += HEAD
        elif strip.kind == "break":
            drawing.word(strip.text, LABEL, y + BREAK - 0.9)
            y += BREAK
        else:
            if strip.label:
                drawing.word(short(strip.number * cells * per_cell * PAGE),
                             LABEL - 1.2, y + size / 2 + 0.75, "end")
            for i in group:
                draw_row(drawing, strip.rows[i], left[i], y, size, cells,
                         per_cell, states)
            rows[strip.number] = y
            y += size
    for zone, rows in places.values():
        for i in group:
            draw_edges(drawing, frames[i], zone, rows, left[i], size, per_cell,
                       cells)
    return y + 2.5


def legend(drawing, states, y, width, per_cell):
    """What the colors mean, and the scale; returns where it ends."""
    x = LABEL

    def entry(text, swatch, room):
        nonlocal x, y
        if x + swatch + room > width:
            x, y = LABEL, y + 4.2
        drawing.word(text, x + swatch + 1, y + 2.3)
        at, x = x, x + swatch + room
        return at

    free = sorted((s for s in states if re.match(r"free\d+$", s)), key=rank)
    for state in sorted(states - set(free), key=rank):
        at = entry(state, 4.8, 3.5 + 1.75 * len(state))
        fill, (kind, color) = style_of(state, states)
        drawing.box(fill, at, y, 4.8, 2.7)
        if state == "hole":
            for edge in ((at, y, at + 4.8, y), (at, y + 2.7, at + 4.8, y + 2.7)):
                drawing.line("dots", "#9a9a9a", *edge)
        if kind:
            drawing.line(kind, color, at + 0.5, y + 1.35, at + 4.3, y + 1.35)
    if free:
        at = entry("free, by order, 0 to 10", 1.6 * ORDERS, 44)
        for order in range(ORDERS):
            drawing.box(style_of(f"free{order}", states)[0], at + 1.6 * order, y,
                        1.6, 2.7)
    y += 4.4
    pages = "a page" if per_cell == 1 else f"{per_cell:,} pages"
    text = f"A cell is {pages}, {long(per_cell * PAGE)}"
    drawing.word(text + (", in stripes if it holds several states."
                         if per_cell > 1 else "."), LABEL, y + 2.3)
    return y + 4


# --- two languages for it -----------------------------------------------------

DASHES = {"line": "", "edge": "", "dash": "0.7 0.5", "dots": "0.05 0.55"}
WIDTHS = {"line": 0.16, "edge": 0.16, "dash": 0.22, "dots": 0.3}


def n(value):
    return f"{value:.3f}".rstrip("0").rstrip(".")


def svg(drawing):
    width, height = n(drawing.width), n(drawing.height)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm"'
           f' height="{height}mm" viewBox="0 0 {width} {height}">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for color, boxes in drawing.boxes.items():
        path = "".join(f"M{n(x)} {n(y)}h{n(w)}v{n(h)}h{n(-w)}z"
                       for x, y, w, h in boxes)
        out.append(f'<path fill="{color}" d="{path}"/>')
    for (kind, color), lines in drawing.lines.items():
        path = "".join(f"M{n(a)} {n(b)}L{n(c)} {n(d)}" for a, b, c, d in lines)
        dash = f' stroke-dasharray="{DASHES[kind]}"' if DASHES[kind] else ""
        out.append(f'<path stroke="{color}" stroke-width="{WIDTHS[kind]}"'
                   f' stroke-linecap="{"round" if kind == "dots" else "butt"}"'
                   f'{dash} d="{path}"/>')
    out.append('<g font-family="sans-serif" font-size="2.6" fill="#18181a">')
    for text, x, y, anchor, bold in drawing.words:
        for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(char, entity)
        out.append(f'<text x="{n(x)}" y="{n(y)}" text-anchor="{anchor}"'
                   + (' font-weight="bold"' if bold else "") + f">{text}</text>")
    return "\n".join(out + ["</g>", "</svg>", ""])


TEX = {"\\": r"\textbackslash{}", "⋮": r"\hbox to 2mm{\hss$\vdots$\hss}",
       **{c: "\\" + c for c in "{}$&#%_"}, "^": r"\^{}", "~": r"\~{}"}


def tikz(drawing):
    out = [r"\begin{tikzpicture}[x=1mm,y=-1mm,line cap=butt]",
           r"\useasboundingbox (0,0) rectangle"
           f" ({n(drawing.width)},{n(drawing.height)});"]
    names = {}

    def color(code):
        name = names.setdefault(code, f"map{len(names)}")
        if name == f"map{len(names) - 1}":
            out.append(rf"\definecolor{{{name}}}{{HTML}}{{{code[1:].upper()}}}")
        return name

    for code, boxes in drawing.boxes.items():
        out.append(rf"\fill[{color(code)}]")
        out += [f"({n(x)},{n(y)}) rectangle +({n(w)},{n(h)})"
                for x, y, w, h in boxes] + [";"]
    for (kind, code), lines in drawing.lines.items():
        dash = DASHES[kind].split()
        options = [color(code), f"line width={WIDTHS[kind]}mm"]
        if dash:
            options.append(f"dash pattern=on {dash[0]}mm off {dash[1]}mm")
        if kind == "dots":
            options.append("line cap=round")
        out.append(rf"\draw[{','.join(options)}]")
        out += [f"({n(a)},{n(b)}) -- ({n(c)},{n(d)})" for a, b, c, d in lines]
        out.append(";")
    for text, x, y, anchor, bold in drawing.words:
        text = "".join(TEX.get(c, c) for c in text)
        face = r"\scriptsize\sffamily" + (r"\bfseries" if bold else "")
        out.append(rf"\node[font={face},inner sep=0pt,anchor=base"
                   f" {'east' if anchor == 'end' else 'west'}]"
                   f" at ({n(x)},{n(y)}) {{{text}}};")
    return "\n".join(out + [r"\end{tikzpicture}", ""])


# --- the command line ---------------------------------------------------------

def picture(text, **options):
    """The drawing of what a guest printed; options are those of the usage."""
    frames = parse(text)
    if not frames:
        raise BadMap("there is no line “# map …”: was the kernel asked for a map"
                     " (map on its command line), and does its checkpoint have"
                     " one (from chapter 6 on)?")
    if options.get("frames"):
        wanted = [int(i) for i in re.split(r"[,\s]+", options["frames"].strip())]
        if not all(1 <= i <= len(frames) for i in wanted):
            raise BadMap(f"frames={options['frames']}: there are"
                         f" {len(frames)}, counted from 1")
        frames = [frames[i - 1] for i in wanted]
    low = size_of(options.get("from") or "0") // PAGE
    high = size_of(options["to"]) // PAGE if options.get("to") else 1 << 60
    frames = [clip(frame, low, high) for frame in frames]
    if not all(frame.runs for frame in frames):
        raise BadMap(f"no memory between {options.get('from') or 0} and"
                     f" {options.get('to') or 'the end'}")
    return draw(frames, float(options.get("width") or 120),
                int(options.get("rows") or 44), int(options.get("cells") or 0),
                int(options.get("columns") or 0),
                options.get("squeeze", "yes") != "no")


OPTIONS = {"width", "rows", "cells", "columns", "frames", "from", "to", "squeeze"}


def options_of(words):
    options = dict(word.partition("=")[::2] for word in words)
    unknown = set(options) - OPTIONS
    if unknown:
        raise BadMap(f"what is {', '.join(sorted(unknown))}? the options are "
                     + ", ".join(sorted(OPTIONS)))
    return options


def main():
    words = sys.argv[1:]
    language = tikz if "--tikz" in words else svg
    try:
        options = options_of(w for w in words if not w.startswith("--"))
        sys.stdout.write(language(picture(sys.stdin.read(), **options)))
    except (BadMap, ValueError) as error:
        sys.exit(f"map: {error}")


if __name__ == "__main__":
    main()
