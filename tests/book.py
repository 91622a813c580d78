"""What the book's sources say: chapters, exercises, checkpoints.

The weaver has a reader of its own; this one knows as much as the tests and
the exercise tool need.
"""

import dataclasses
import functools
import glob
import os
import re
import shlex
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Mistake(Exception):
    """A mistake in the book's sources: "file:line: what is wrong"."""


@dataclasses.dataclass(unsafe_hash=True)
class Chapter:
    number: int
    name: str       # "01-first-light"
    folder: str     # "chapters/01-first-light", from the root

    @property
    def path(self):
        """The chapter as one reads it."""
        return f"{self.folder}/main.nw"

    @property
    def sources(self):
        """All its files: main.nw, back.nw, tests.nw."""
        rooms = sorted(glob.glob(f"{self.folder}/*.nw", root_dir=ROOT))
        return [self.path] + [room for room in rooms if room != self.path]

    @property
    def label(self):
        return f"{self.number:02d}"


@dataclasses.dataclass(unsafe_hash=True)
class Exercise:
    chapter: Chapter
    id: str         # "ex:first-fit"
    slug: str       # "first-fit", or None for a question
    title: str
    difficulty: int
    time: str
    text: str       # Markdown
    line: int       # of the chapter, where it begins

    @property
    def name(self):
        """What a reader types: 07/first-fit."""
        return f"{self.chapter.label}/{self.slug}"

    @property
    def directory(self):
        return f"exercises/{self.chapter.name}/{self.slug}"

    @property
    def skeleton(self):
        return f"{self.directory}/skeleton.nw"

    @property
    def grade(self):
        return f"{self.directory}/grade"

    @property
    def solution(self):
        return f"solutions/{self.chapter.name}/{self.slug}.nw"

    @property
    def hints(self):
        return f"{self.directory}/hints"

    @property
    def forbidden(self):
        return f"{self.directory}/forbidden"

    def right_answers(self):
        return sorted(glob.glob(f"{self.directory}/right-*.nw", root_dir=ROOT))

    def wrong_answers(self):
        return sorted(glob.glob(f"{self.directory}/wrong-*.nw", root_dir=ROOT))


def chapters():
    found = []
    for path in sorted(glob.glob("chapters/[0-9][0-9]-*/", root_dir=ROOT)):
        name = os.path.basename(path.rstrip("/"))
        found.append(Chapter(int(name[:2]), name, f"chapters/{name}"))
    return found


def read(path):
    """The text of one of its files, which may be a fifo by mistake."""
    whole = os.path.join(ROOT, path)
    if os.path.exists(whole) and not os.path.isfile(whole):
        raise Mistake(f"{path} is no ordinary file")
    try:
        with open(whole, encoding="utf-8") as f:
            return f.read()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Mistake(f"{path}:{line}: bytes that are not UTF-8;"
                      " save the file as UTF-8") from None


def prose_lines(path):
    return prose_of(read(path))


def prose_of(text):
    """Yield (number, line) of the documentation chunks of a noweb file."""
    code = False
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"<<.*>>=\s*$", line):
            code = True
        elif line == "@" or line.startswith("@ "):
            code = False
            yield number, line[2:]
        elif not code:
            yield number, line


def attributes(text, place=""):
    """The identifier and the key=value pairs of a {.class #id key=value}."""
    try:
        words = shlex.split(text.replace("'", "\\'"))
    except ValueError:
        raise Mistake(f"{place}: a quote is not closed") from None
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    ids = [word[1:] for word in words if word.startswith("#")]
    return (ids[0] if ids else None), pairs


def exercises(chapter):
    """The exercises of a chapter, questions included, as they stand in it."""
    found, depth, current = [], 0, None
    for number, line in prose_lines(chapter.path):
        opening = re.match(r":{3,}\s*(\{.*\}|\w.*)\s*:*$", line)
        closing = re.match(r":{3,}\s*$", line)
        if current is None:
            if opening and ".exercise" in opening[1].split("{")[-1].split():
                place = f"{chapter.path}:{number}"
                id, pairs = attributes(opening[1].strip("{} "), place)
                difficulty = pairs.get("difficulty", "0")
                if difficulty not in list("012345"):
                    raise Mistake(f"{place}: difficulty={difficulty}:"
                                  " it is a number, 1 to 5")
                current = Exercise(chapter, id, pairs.get("code"),
                                   pairs.get("title", ""), int(difficulty),
                                   pairs.get("time", ""), "", number)
                depth = 1
            continue
        depth += bool(opening) - bool(closing)
        if depth:
            current.text += line + "\n"
        else:
            found.append(current)
            current = None
    if current:
        raise Mistake(f"{chapter.path}:{current.line}: the ::: that begins here"
                      " is not closed")
    return found


def coding_exercises():
    """Those of the chapters, then what has a skeleton and no text yet."""
    found = [exercise for chapter in chapters()
             for exercise in exercises(chapter) if exercise.slug]
    known = {exercise.skeleton for exercise in found}
    for chapter in chapters():
        for path in sorted(glob.glob(f"exercises/{chapter.name}/*/skeleton.nw",
                                     root_dir=ROOT)):
            if path not in known:
                slug = path.split("/")[-2]
                found.append(Exercise(chapter, f"ex:{slug}", slug, "", 0, "", "", 0))
    return found


class TangleError(Exception):
    """What book/tangle said when it refused."""


def tangle(number, out, overlays=(), plain=True, root=ROOT):
    """Write checkpoint `number` into `out`."""
    line = ["book/tangle"] + ["--plain"] * plain
    for overlay in overlays:
        line += ["--overlay", overlay]
    done = subprocess.run([*line, str(number), out], cwd=root, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise TangleError(done.stdout.strip())


def lines_with_origin(text):
    """Yield (file, number, line) for the lines of C tangled with #line."""
    file, number = None, 0
    for line in text.split("\n"):
        directive = re.match(r'#line (\d+) "(.*)"$', line)
        if directive:
            file, number = directive[2], int(directive[1])
            continue
        yield file, number, line
        number += 1


def origins(number, path, overlays=()):
    """Where the lines of a file of a plain tree stand in the book: a map from
    its line numbers to "chapters/NN-name/main.nw:line"."""
    with tempfile.TemporaryDirectory() as both:
        for plain in (False, True):
            tangle(number, os.path.join(both, str(plain)), overlays, plain)
        with open(os.path.join(both, "False", path), encoding="utf-8") as f:
            book = [f"{file}:{n}" for file, n, line in
                    lines_with_origin(f.read()) if line.strip()]
        with open(os.path.join(both, "True", path), encoding="utf-8") as f:
            tree = [n for n, line in enumerate(f.read().split("\n"), 1)
                    if line.strip()]
    return dict(zip(tree, book))


def plain_text(markdown):
    """An exercise's Markdown for a terminal."""
    text = re.sub(r"\[\[(.*?)\]\]", r"`\1`", markdown)
    text = re.sub(r"(?:the )?\[@(\w+:[\w-]+)\]", reference_text, text)
    text = re.sub(r"\[@([\w-]+)(.*?)\]", citation_text, text)
    text = re.sub(r"\[([^\]]*)\]\{\.index[^}]*\}", r"\1", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    return text.replace("@<<", "<<").replace("@>>", ">>").strip()


def reference_text(match):
    """What has a number on paper has a title here."""
    kind = {"sec": "section", "fig": "figure", "tbl": "table",
            "eq": "equation", "ex": "exercise"}.get(match[1].split(":")[0])
    title = titles().get(match[1])
    return (f"the {kind or 'part'} “{title}”" if title else
            f"the chapter to come, “{match[1].split(':')[1]}”,")


@functools.cache
def titles():
    """By identifier: the headings of sections and exercises, and the first
    sentences of captions."""
    found = {}
    for chapter in chapters():
        for path in chapter.sources:
            for _, line in prose_lines(path):
                mark = re.search(r"\{[^{}]*#((?:sec|fig|tbl|ex):[\w-]+)[^{}]*",
                                 line)
                if not mark:
                    continue
                named = re.search(r"(?:caption|title)=\"(.*?)\"[ }]", line)
                headed = re.match(r"(?:#+|:|!\[)\s*(.*?)\s*(?:\]\(.*)?\{[.#]",
                                  line)
                title = named[1] if named else headed[1] if headed else ""
                title = re.sub(r"\[\[(.*?)\]\]", r"`\1`", title)
                found[mark[1]] = re.split(r"(?<=[^.])\.(?:\s|$)", title)[0]
    return found


def citation_text(match):
    """An author and a year for a key of the bibliography."""
    entry = re.search(rf"^@\w+\{{{match[1]},.*", read("book/refs.bib"), re.M)
    author, year = (re.search(rf"\b{field}=\{{(.*?)\}}", entry[0] if entry else "")
                    for field in ("author", "year"))
    if not author or not year:
        return f"({match[1]}{match[2]})"
    first = author[1].split(" and ")[0]
    family = first.split(",")[0] if "," in first else first.split()[-1]
    return f"({family} {year[1]}{match[2]})"
