"""Build a tree, boot it as an exercise's `grade` file says, and judge it.

A tree passes if it builds and, in every boot, the guest ends as it should,
prints what it must and nothing that it must not, and no self-test fails; and
if every self-test in its tests/ ran to the end in at least one of the boots.
"""

import dataclasses
import os
import re
import shlex
import subprocess

import guest
import ktap

KEYS = {"qemu", "append", "exit", "icount", "limit", "expect", "reject"}
EXITS = {"ok", "fail", "panic", "reset", "any"}

HOW = {
    "ok": "ended well",
    "fail": "ended with self-tests failed",
    "panic": "panicked",
    "reset": "was reset (mostly a triple fault: an exception that the kernel "
             "could not handle)",
    "hang": "did not end in time",
    "flood": "printed without end",
    "stopped": "was stopped at the first test that fails",
}


@dataclasses.dataclass
class Boot:
    """A line of a grade file."""
    name: str
    qemu: str = ""
    append: str = ""
    exit: str = "ok"
    icount: bool = True
    limit: float = 0        # seconds; 0: what the tool is told
    expect: list = dataclasses.field(default_factory=list)
    reject: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Result:
    """What came of a boot."""
    boot: Boot
    ending: guest.Ending
    suites: list            # of ktap.Suite
    problems: list          # of strings; empty if all is well


@dataclasses.dataclass
class Verdict:
    built: bool
    compiler: str           # what make said
    results: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)

    @property
    def passed(self):
        return (self.built and not self.problems
                and not any(result.problems for result in self.results))


class BadGrade(Exception):
    """A grade file that does not say what to do."""


def read_boots(path):
    boots = []
    for number, line in enumerate(lines_of(path), 1):
        place = f"{path}:{number}"
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise BadGrade(f"{place}: {str(error).lower()}: quotes come in pairs,"
                           " as in the shell") from None
        if words:
            boots.append(read_boot(words, place))
    if not boots:
        raise BadGrade(f"{path}: no boots in it")
    return boots


def lines_of(path):
    if os.path.exists(path) and not os.path.isfile(path):
        raise BadGrade(f"{path} is no ordinary file")
    try:
        with open(path, encoding="utf-8") as f:
            return f.read().splitlines()
    except OSError as error:
        raise BadGrade(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadGrade(f"{path}:{line}: bytes that are not UTF-8") from None


def read_boot(words, place):
    boot = Boot(words[0])
    if "=" in boot.name:
        raise BadGrade(f"{place}: a line begins with a name, not with {boot.name}")
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals or key not in KEYS:
            raise BadGrade(f"{place}: what is “{word}”? the keys are "
                           + ", ".join(sorted(KEYS)) + "; a line is a name and"
                           " KEY=VALUE, quoted as in the shell")
        if key in ("expect", "reject"):
            getattr(boot, key).append(value)
        elif key == "icount":
            if value not in ("0", "no", "1", "yes"):
                raise BadGrade(f"{place}: icount={value} is neither yes nor no")
            boot.icount = value in ("1", "yes")
        elif key == "limit":
            if not re.fullmatch(r"\d+(\.\d+)?", value):
                raise BadGrade(f"{place}: limit={value} is no number of seconds")
            boot.limit = float(value)
        else:
            setattr(boot, key, value)
    try:
        shlex.split(boot.qemu)
    except ValueError:
        raise BadGrade(f"{place}: the quotes in qemu={boot.qemu} are not"
                       " in pairs") from None
    if boot.exit not in EXITS:
        raise BadGrade(f"{place}: exit={boot.exit} is none of "
                       + ", ".join(sorted(EXITS)))
    return boot


def build(tree):
    """Make loom.elf; returns (whether it worked, what make said)."""
    kernel = os.path.join(tree, "loom.elf")
    if os.path.exists(kernel):      # a source may have gone since
        os.remove(kernel)
    try:
        return True, guest.build(tree, f"-j{min(os.cpu_count() or 1, 8)}",
                                 "loom.elf")
    except RuntimeError as failure:
        return False, str(failure).split("\n", 1)[-1]


# A test that fails; nothing that comes later makes it good.
FAILURE = r"^    not ok \d+ [^\n]*\n"


def run(tree, boot, limit, all_of_it=True):
    ending = guest.boot(os.path.join(tree, "loom.elf"),
                        limit=max(boot.limit, limit), qemu=boot.qemu,
                        append=boot.append, icount=boot.icount, watch=True,
                        until=None if all_of_it or boot.exit != "ok"
                        else FAILURE)
    suites = ktap.parse(ending.text)
    return Result(boot, ending, suites, list(problems_of(boot, ending, suites)))


def problems_of(boot, ending, suites):
    if boot.exit not in ("any", ending.how):
        ended = HOW.get(ending.how, "ended with QEMU's " + ending.how)
        yield f"The kernel {ended}" + (
            "." if boot.exit == "ok" else
            f", and should have ended otherwise (exit={boot.exit}).")
    if boot.exit == "ok":
        for suite in suites:
            for case in suite.cases:
                if not case.ok:
                    yield f"{suite.name}: {case.name} fails."
    for text in boot.expect:
        if text not in ending.text:
            yield f"It does not print “{text}”."
    for text in boot.reject:
        if text in ending.text:
            yield f"It prints “{text}”, which it must not."


def in_tree(tree, file):
    """A file of the tree by its name there. An object that was compiled for
    another tree has the other's path in front."""
    parts = os.path.normpath(file).split("/")
    for i in range(len(parts)):
        if os.path.exists(os.path.join(tree, name := "/".join(parts[i:]))) \
                and not name.startswith("/"):
            return name
    return file


def places(tree, addresses):
    """(function, file, line) of each address of the tree's kernel."""
    done = subprocess.run(["addr2line", "-f", "-e", "loom.elf",
                           *map(hex, addresses)], cwd=tree, text=True,
                          stdout=subprocess.PIPE, check=False)
    lines = done.stdout.split("\n")
    for function, place in zip(lines[0::2], lines[1::2]):
        place = re.sub(r" \(discriminator \d+\)$", "", place)
        file, _, line = place.rpartition(":")
        yield function, in_tree(tree, file), int(line) if line.isdigit() else 0


def tally(tree, results):
    """How many tests there were, those that were not reached included, and how
    many of them passed; each counts in each boot."""
    known = ktap.sources(tree)
    total = passed = 0
    for result in results:
        ran = {(suite.name, case.name) for suite in result.suites
               for case in suite.cases}
        missed = set()
        if result.ending.how not in ("ok", "fail"):
            begun = {suite.name for suite in result.suites}
            alone = "kunit.filter_glob" in result.boot.append
            missed = {(source.name, case) for source in known.values()
                      if source.name in begun or not alone
                      for case in source.cases} - ran
        total += len(ran) + len(missed)
        passed += sum(case.ok for suite in result.suites
                      for case in suite.cases)
    return passed, total


def tests_not_run(tree, results):
    """Self-tests of the tree that no boot ran to the end."""
    complete = {suite.name for result in results for suite in result.suites
                if suite.complete}
    ran = {(suite.name, case.name) for result in results
           for suite in result.suites for case in suite.cases
           if not case.skipped}
    sources = ktap.sources(tree).values()
    missing = [source.name for source in sources if source.name not in complete]
    if missing:
        yield f"These tests did not run to the end: {', '.join(missing)}."
    for source in sources:
        if source.name in complete and os.path.basename(source.file).startswith("ex_"):
            for case in source.cases:
                if (source.name, case) not in ran:
                    yield f"The test {source.name}: {case} was skipped in every boot."


def quick(tree, boots):
    """The boots with the exercise's own suite alone, if it has but one."""
    own = [source.name for source in ktap.sources(tree).values()
           if os.path.basename(source.file).startswith("ex_")]
    if len(own) != 1:
        return
    for boot in boots:
        if boot.exit == "ok" and "kunit.filter_glob" not in boot.append:
            append = f"{boot.append} kunit.filter_glob={own[0]}".strip()
            yield dataclasses.replace(boot, append=append, expect=[], reject=[])


def read_forbidden(path):
    """(object, pattern, why) of each line of an exercise's `forbidden`."""
    try:
        with open(path, encoding="utf-8") as f:
            lines = [shlex.split(line, comments=True) for line in f]
    except FileNotFoundError:
        return []
    return [(words[0], words[1], " ".join(words[2:])) for words in lines if words]


def forbidden_in(tree, forbidden):
    """What an answer's object files use that the exercise does not allow: what
    they call and refer to, and their instructions."""
    for file, pattern, why in forbidden:
        done = subprocess.run(["objdump", "-dr", "--no-show-raw-insn",
                               f"obj/{file}.o"], cwd=tree, text=True,
                              stdout=subprocess.PIPE, check=False)
        used = re.search(pattern, done.stdout)
        if used:
            yield f"{file} uses {used[0].strip()}: {why}."


def judge(tree, boots, limit, all_of_them=True, forbidden=()):
    """Build `tree`, run `boots`, and say how it went; with all_of_them unset,
    run them until one goes wrong, which is all that some want to know. Most
    answers that are wrong are found out by the exercise's own suite."""
    built, said = build(tree)
    verdict = Verdict(built, said)
    if built:
        verdict.problems = list(forbidden_in(tree, forbidden))
        if verdict.problems and not all_of_them:
            return verdict
        for boot in () if all_of_them else quick(tree, boots):
            result = run(tree, boot, limit, False)
            if result.problems:
                verdict.results.append(result)
                return verdict
        for boot in boots:
            verdict.results.append(run(tree, boot, limit, all_of_them))
            if verdict.results[-1].problems and not all_of_them:
                return verdict
        verdict.problems += tests_not_run(tree, verdict.results)
    return verdict
