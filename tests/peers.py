"""The figures of others, book/peers.tsv, and those that a guest prints."""

import dataclasses
import os
import re

import book

PATH = "book/peers.tsv"
COLUMNS = ["key", "operation", "unit", "tiny", "cloud", "bound"]


class BadTable(Exception):
    """A line of the table that cannot be read."""


@dataclasses.dataclass
class Row:
    key: str
    operation: str      # Markdown
    unit: str
    tiny: float
    cloud: float | None
    bound: float

    @property
    def plain(self):
        """For a terminal, with the unit if it is not the usual one."""
        text = self.operation.replace("`", "")
        return text if self.unit == "instructions" else f"{text}, {self.unit}"

    def verdict(self, here):
        return "ok" if here <= self.bound else "over"


def rows(path=PATH):
    found = []
    with open(os.path.join(book.ROOT, path), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.startswith("#") or not line.strip():
                continue
            words = line.rstrip("\n").split("\t")
            try:
                key, operation, unit, *figures = words
                figures = [None if f == "-" else float(f) for f in figures]
                found.append(Row(key, operation, unit, *figures))
            except (ValueError, TypeError):
                raise BadTable(f"{path}:{number}: wanted {len(COLUMNS)} columns,"
                               f" {', '.join(COLUMNS)}, separated by tabs;"
                               f" it has {len(words)}") from None
    keys = [row.key for row in found]
    if len(set(keys)) != len(keys):
        raise BadTable(f"{path}: two rows have one key")
    return found


def values(text):
    """What a guest says in lines `# value key number`."""
    return {key: float(number) for key, number in re.findall(
        r"# value (\S+) ([\d.e+-]+)\s*$", text, re.M)}


def number(value):
    """As the book sets it: 17,071 or 4.6; a dash for what is not known."""
    if value is None:
        return "–"
    if value >= 1000 or value == int(value):
        return f"{round(value):,}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
