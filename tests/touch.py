"""What operations touch, counted by the plugin book/touch/touch.c in QEMU."""

import bisect
import collections
import dataclasses
import os
import re
import statistics
import struct
import subprocess
import tempfile

import book
import guest

SOURCE = "book/touch/touch.c"
PLUGIN = "build/touch.so"
PEERS = "book/touch/peers.tsv"
COLUMNS = ["instructions", "loads", "stores", "lines", "code_lines", "locked"]
SUITES = "kunit.filter_glob=bench_touch*"


class Without(Exception):
    """QEMU here runs no plugins; the text says so."""


def in_root(path):
    return os.path.join(book.ROOT, path)


def build():
    """The plugin's path; it is compiled if it is older than its source."""
    source, plugin = in_root(SOURCE), in_root(PLUGIN)
    if not os.path.exists(plugin) or \
            os.path.getmtime(plugin) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(plugin), exist_ok=True)
        new = f"{plugin}.{os.getpid()}"     # others may be at it, too
        subprocess.run(["gcc", "-O2", "-Wall", "-fPIC", "-fvisibility=hidden",
                        "-shared", "-o", new, source], check=True)
        os.rename(new, plugin)
    return plugin


def check():
    """Raises Without if this QEMU was built without plugins."""
    said = subprocess.run(["qemu-system-x86_64", "-help"], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    if not re.search(r"^-plugin\b", said, re.M):
        raise Without("this QEMU runs no plugins (it was configured with"
                      " --disable-plugins): what operations touch is not"
                      " counted")


class Names:
    """What lies where in an ELF file of a kernel."""

    def __init__(self, kernel):
        with open(kernel, "rb") as f:
            self.image = f.read()
        start, = struct.unpack_from("<Q", self.image, 32)
        size, count = struct.unpack_from("<HH", self.image, 54)
        self.parts = []         # address, place in the file, bytes there
        for i in range(count):
            kind, _, place, address, _, length = struct.unpack_from(
                "<IIQQQQ", self.image, start + i * size)
            if kind == 1:       # PT_LOAD
                self.parts.append((address, place, length))

    def string(self, address):
        for start, place, length in self.parts:
            if start <= address < start + length:
                place += address - start
                return self.image[place:self.image.index(0, place)].decode()
        raise ValueError(f"nothing lies at {address:#x}")


def boot(kernel, detail=None, **settings):
    """Boot with the plugin; returns the ending, with a line `# value
    touch.NAME.COLUMN median` for each figure at the end of its text, and the
    accesses in detail."""
    check()
    with tempfile.TemporaryDirectory() as folder:
        option = f"{build()},out={folder}/out"
        if detail:
            option += f",detail={detail[0]:x}:{detail[1]}"
        settings["qemu"] = [*settings.get("qemu", ()), "-plugin", option]
        ending = guest.boot(kernel, **settings)
        with open(f"{folder}/out", encoding="ascii") as f:
            regions, accesses = read(f)
    names = Names(kernel)
    for key, rows in regions.items():
        for column, values in zip(COLUMNS, zip(*rows)):
            ending.text += (f"# value touch.{names.string(key)}.{column}"
                            f" {statistics.median_low(values)}\n")
    return ending, regions, accesses


def typical(rows):
    """Which of them is the first with the median of instructions."""
    counts = [row[0] for row in rows]
    return counts.index(statistics.median_low(counts))


class Symbols:
    """Names of addresses, for people."""

    FAR = 1 << 20           # from the last symbol: no part of it

    def __init__(self, kernel):
        listed = subprocess.run(["nm", "-n", kernel], text=True, check=True,
                                stdout=subprocess.PIPE).stdout
        rows = [line.split() for line in listed.splitlines()]
        found = [(int(row[0], 16), row[2]) for row in rows
                 if len(row) == 3 and row[1] not in "Aa"]
        self.addresses = [address for address, _ in found]
        self.names = [name for _, name in found]

    def name(self, address):
        i = bisect.bisect_right(self.addresses, address) - 1
        if i < 0 or address - self.addresses[i] >= self.FAR:
            return f"{address:#x}"
        offset = address - self.addresses[i]
        return self.names[i] + (f"+{offset:#x}" if offset else "")

    def lines(self, accesses):
        """One text for each line, in the order in which they are touched."""
        found = {}
        for at, how, address, size in accesses:
            for place in {address, (address + size - 1) // 64 * 64}:
                if place < address:     # it began in this line
                    continue
                offsets, functions = found.setdefault(place // 64, ({}, {}))
                offsets[f"{place % 64:02x}{how}"] = None
                functions[self.name(at).split("+")[0]] = None
        return [f"{self.name(line * 64)}: {' '.join(sorted(offsets))}"
                f" by {', '.join(functions)}"
                for line, (offsets, functions) in found.items()]


def read(lines):
    """The rows of each region by its key, and the accesses told in detail."""
    regions, accesses = collections.defaultdict(list), []
    for line in lines:
        first, *words = line.split()
        if first == ">":
            accesses.append((int(words[0], 16), words[1], int(words[2], 16),
                             int(words[3])))
        else:
            regions[int(first, 16)].append([int(word) for word in words])
    return regions, accesses


@dataclasses.dataclass
class Row:
    key: str
    operation: str      # Markdown
    linux: dict         # by column
    bound: dict


def rows():
    """Those of book/touch/peers.tsv, whose first line names the columns."""
    found = []
    with open(in_root(PEERS), encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f
                 if line.strip() and not line.startswith("#")]
    for words in lines[1:]:
        line = dict(zip(lines[0], words))
        figures = {name: float(word) for name, word in line.items()
                   if name not in ("key", "operation") and word != "-"}
        found.append(Row(line["key"], line["operation"],
                         {c: figures[c] for c in COLUMNS if c in figures},
                         {c: figures[f"most_{c}"] for c in COLUMNS
                          if f"most_{c}" in figures}))
    return found
