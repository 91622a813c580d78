"""What is misspelt in a chapter's blocks, and would be passed over or printed as
text: classes and attributes that do not exist, fences and divisions that are not
closed, exercises whose files are missing. CONTRIBUTING.md describes the blocks.
"""
import difflib
import os
import re

import memmap

FENCE = re.compile(r"^\s*(`{3,})\s*(.*?)\s*$")
DIVISION = re.compile(r"^(:+)\s*(\{.*\}|[\w.]*)\s*:*\s*$")
ATTRIBUTE = re.compile(r'([\w-]+)=("(?:[^"\\]|\\.)*"|[^\s}]+)')

BLOCKS = {
    "run": "name ch qemu append exit icount debug touch experiment",
    "transcript": "run from to expect",
    "plot": "run data x y caption legend",
    "map": "run caption " + " ".join(memmap.OPTIONS),
    "peers": "run rows caption touch",
    "experiment": "name ch chunk",
    "tikz": "caption",
    "sample": "foot margin name nearby number sign",
    "changes": "",
}
DIVISIONS = {
    "exercise": "title difficulty time code",
    "note": "title",
    "aside": "",
    "epigraph": "by",
}
NEEDED = {"run": "name ch", "transcript": "run", "plot": "run data", "map": "run",
          "peers": "run rows", "experiment": "name ch chunk"}
FURTHER = {"show", "wide"}      # classes beside the first
VALUES = {
    "exit": ("ok fail panic reset any".split(), "how a run ends"),
    "icount": (["yes", "no"], "yes or no"),
    "debug": (["yes", "no"], "yes or no"),
    "difficulty": (list("12345"), "1 to 5"),
}


def meant(word, known):
    near = difflib.get_close_matches(word, known, 1, 0.5)
    return f"; do you mean {near[0]}?" if near else ""


class Lint:
    """The complaints about one file, as (line, message)."""

    def __init__(self, path):
        self.path, self.found = path, []
        self.fence = None           # (marks, line) that is open
        self.open = []              # lines of divisions that are

    def complain(self, line, message):
        self.found.append((line, message))

    def attributes(self, line, words, kind, known, sign):
        classes = re.findall(r"(?:^|\s)\.([\w-]+)", re.sub(ATTRIBUTE, "", words))
        if not classes:
            return None
        if classes[0] not in known:
            self.complain(line, f"no {kind} is called .{classes[0]}"
                          + meant(classes[0], known))
            return None
        for further in classes[1:]:
            if further not in FURTHER:
                self.complain(line, f".{classes[0]} knows no .{further}"
                              + meant(further, FURTHER))
        pairs = {key: value.strip('"') for key, value in ATTRIBUTE.findall(words)}
        allowed = known[classes[0]].split()
        for key, value in pairs.items():
            if key not in allowed:
                self.complain(line, f"a .{classes[0]} has no {key}"
                              + meant(key, allowed))
            elif key in VALUES and value not in VALUES[key][0]:
                self.complain(line, f"{key}={value}: it is {VALUES[key][1]}, "
                              + ", ".join(VALUES[key][0]))
        for key in NEEDED.get(classes[0], "").split():
            if key not in pairs:
                self.complain(line, f"a .{classes[0]} needs {key}=…")
        if len(re.findall(r'(?<!\\)"', words)) % 2:
            self.complain(line, "a quote is not closed")
        return classes[0], pairs

    def exercise(self, line, pairs):
        chapter = os.path.basename(os.path.dirname(self.path))
        folder = f"exercises/{chapter}/{pairs['code']}"
        for name in ("skeleton.nw", "grade"):
            if not os.path.exists(f"{folder}/{name}"):
                self.complain(line, f"there is no {folder}/{name}, which"
                              f" code=\"{pairs['code']}\" asks for")

    def division(self, line, marks, words):
        if not words:
            if not self.open:
                self.complain(line, f"{marks} closes nothing")
            else:
                self.open.pop()
            return
        if len(marks) < 3:
            self.complain(line, f"{marks} begins nothing; it is written :::")
            return
        self.open.append(line)
        words = words.strip("{} ") if words.startswith("{") else "." + words
        known = self.attributes(line, words, "division", DIVISIONS, ":::")
        if known and known[0] == "exercise" and "code" in known[1]:
            self.exercise(line, known[1])

    def unclosed(self):
        for line in self.open:
            self.complain(line, "the ::: that begins here is not closed")
        self.open = []

    def prose(self, line, text):
        fence = FENCE.match(text)
        if self.fence:
            if fence and len(fence[1]) >= len(self.fence[0]) and not fence[2]:
                self.fence = None
            return
        if fence:
            self.fence = fence[1], line
            words = fence[2].strip()
            if words.startswith("{") and not words.startswith("{="):
                if not words.endswith("}"):
                    self.complain(line, "the { of this block is not closed")
                self.attributes(line, words.strip("{}"), "block", BLOCKS, "```")
            return
        division = DIVISION.match(text)
        if division and (len(division[1]) > 2 or division[2].startswith("{.")):
            self.division(line, division[1], division[2])
        elif re.match(r"#{1,3} ", text):
            self.unclosed()

    def end(self):
        if self.fence:
            self.complain(self.fence[1], f"the {self.fence[0]} that begins here"
                          " is not closed")
        self.unclosed()


def lines_of(path):
    """Yield (number, line) of a file's prose."""
    code = False
    with open(path, encoding="utf-8", errors="replace") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if re.match(r"<<.*>>=\s*$", line):
                code = True
            elif line == "@" or line.startswith("@ "):
                code = False
            elif not code:
                yield number, line


def complaints(path):
    """"PATH:LINE: error: …" for each mistake of a file."""
    lint = Lint(path)
    for number, line in lines_of(path):
        lint.prose(number, line)
    lint.end()
    return [f"{path}:{line}: error: {message}" for line, message in sorted(lint.found)]
