"""Read what the kernel's self-tests say (KTAP), and what they are."""

import dataclasses
import glob
import os
import re


@dataclasses.dataclass
class Case:
    name: str
    ok: bool
    skipped: bool
    failures: list      # of (file, line, text)


@dataclasses.dataclass
class Suite:
    name: str
    planned: int = 0
    cases: list = dataclasses.field(default_factory=list)
    ended: bool = False

    @property
    def complete(self):
        return self.ended and len(self.cases) == self.planned


FAILED = re.compile(r"\s*# .*?: EXPECTATION FAILED at (\S+):(\d+)")
RESULT = re.compile(r"    (not )?ok \d+ (\S+)( # SKIP.*)?$")
# The value of an operand that is a number, a character or a string anyway.
SAYS_NOTHING = re.compile(
    r"\s*(?:(?:-?(?:0x[0-9a-fA-F]+|\d+)[uUlL]*|'\\?.'|true|false) == |(\".*\") == \1$)")
END = re.compile(r"(not )?ok \d+ (\S+)")


def parse(text):
    """The suites in a guest's output, in order; the last may be cut short."""
    suites, said = [], []
    for line in text.splitlines():
        begin = re.match(r"    # Subtest: (\S+)", line)
        plan = re.match(r"    1\.\.(\d+)$", line)
        result = RESULT.match(line)
        end = END.match(line)
        if begin:
            suites.append(Suite(begin[1]))
        elif not suites or suites[-1].ended:
            continue
        elif plan:
            suites[-1].planned = int(plan[1])
        elif result:
            suites[-1].cases.append(Case(result[2], not result[1],
                                         bool(result[3]), failures(said)))
        elif end and end[2] == suites[-1].name:
            suites[-1].ended = True
        else:
            said.append(line)
            continue
        said = []
    return suites


def failures(lines, most=6):
    """The failed expectations in what a case said."""
    found = []
    for line in lines:
        match = FAILED.match(line)
        if match:
            found.append((match[1], int(match[2]), []))
        elif (found and len(found[-1][2]) < most
              and not SAYS_NOTHING.match(line)):
            found[-1][2].append(line.strip().removeprefix("# "))
    return [(file, line, "\n".join(text)) for file, line, text in found]


@dataclasses.dataclass
class Source:
    """A suite as it stands in a tree's tests/."""
    name: str
    file: str
    cases: dict         # name -> line of the function, in order


def sources(tree):
    """The suites that a tangled tree's tests define, by name; not those that
    measure, which run only when they are asked for."""
    found = {}
    for path in sorted(glob.glob("tests/*.c", root_dir=tree)):
        with open(os.path.join(tree, path), encoding="utf-8") as f:
            text = f.read()
        arrays = dict(re.findall(r"struct kunit_case (\w+)\[\] = \{(.*?)\n\}",
                                 text, re.S))
        for body in re.findall(r"struct kunit_suite \w+ = \{(.*?)\n\}", text,
                               re.S):
            name = re.search(r"\.name\s*=\s*\"([^\"]+)\"", body)
            array = re.search(r"\.test_cases\s*=\s*(\w+)", body)
            cases = re.findall(r"KUNIT_CASE\((\w+)\)",
                               arrays.get(array[1], "") if array else "")
            if name and not name[1].startswith("bench_"):
                found[name[1]] = Source(name[1], path, {
                    case: line_of(text, case) for case in cases})
    return found


def line_of(text, function):
    at = re.search(rf"^[a-z][\w\s*]*\b{function}\(", text, re.M)
    return text.count("\n", 0, at.start()) + 1 if at else 0


def ran(suites):
    """(suite, case) of those that did their work: a case that was skipped has
    tested nothing."""
    return {(suite.name, case.name) for suite in suites
            for case in suite.cases if not case.skipped}


def idle(expected, done, elsewhere=()):
    """The cases of a tree's suites that are not among those done, in words."""
    return [f"{name}: {case} ran in no boot" for name, suite in expected.items()
            if name not in elsewhere for case in suite.cases
            if (name, case) not in done]
