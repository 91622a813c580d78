#!/usr/bin/env python3
"""Each coding exercise: the skeleton builds and fails, the solution passes,
and so does one of another design; every planted wrong answer fails. Each question has its answer. And no chapter
is short of either.

    tests/exercises.t [05 ...]      those of some chapters only
"""

import os
import re
import subprocess
import sys

import book
import tap
import turns

LEAST = {1: (2, 4)}         # chapter: coding exercises, questions
USUAL = (4, 6)


def path(name):
    return os.path.join(book.ROOT, name)


def answers(chapter):
    """The answers of a chapter by identifier."""
    try:
        text = book.read(f"solutions/{chapter.name}/answers.md")
    except FileNotFoundError:
        return {}
    parts = re.split(r"^#+ .*\{#(ex:[\w-]+)[^}]*\}\s*$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def test_text(chapter):
    all_of_it = book.exercises(chapter)
    coding = [e for e in all_of_it if e.slug]
    questions = [e for e in all_of_it if not e.slug]
    least = LEAST.get(chapter.number, USUAL)
    tap.ok(len(coding) >= least[0] and len(questions) >= least[1],
           f"{chapter.name} has {len(coding)} exercises to code and"
           f" {len(questions)} questions", f"wanted at least {least}")
    ids = [e.id for e in all_of_it]
    tap.ok(len(ids) == len(set(ids)) and all(ids),
           f"{chapter.name}: each exercise has its own identifier", ids)
    poor = [e.id for e in all_of_it
            if not 1 <= e.difficulty <= 5 or not e.time or not e.text.strip()]
    tap.ok(not poor, f"{chapter.name}: difficulty, time and text of each", poor)
    given = answers(chapter)
    short = [e.id for e in questions if len(given.get(e.id, "").split()) < 20]
    tap.ok(not short, f"{chapter.name}: each question has an answer", short)
    stray = set(given) - set(ids)
    tap.ok(not stray, f"{chapter.name}: each answer has a question", stray)


def test_directories(chapter):
    coding = [e for e in book.exercises(chapter) if e.slug]
    # Where one exercise has another right answer, all have.
    planted = any(e.right_answers() for e in coding)
    for exercise in coding:
        lacks = [name for name in (exercise.skeleton, exercise.grade,
                                   exercise.solution)
                 if not os.path.exists(path(name))]
        tap.ok(not lacks, f"{exercise.name} is all there", lacks)
        wrong = exercise.wrong_answers()
        tap.ok(len(wrong) >= 2, f"{exercise.name} plants {len(wrong)} wrong"
               " answers")
        tap.ok(exercise.right_answers() or not planted,
               f"{exercise.name} plants a right one that is not the solution")
        hints = book.read(exercise.hints) if os.path.exists(
            path(exercise.hints)) else ""
        tap.ok(len(hints.strip().split("\n\n")) >= 2 and max(
            map(len, hints.split("\n"))) <= 80, f"{exercise.name} has hints")
    place = path(f"exercises/{chapter.name}")
    slugs = set(os.listdir(place)) if os.path.isdir(place) else set()
    tap.ok(slugs == {e.slug for e in coding},
           f"{chapter.name}: its exercises and their directories agree",
           f"directories: {sorted(slugs)}")


def test_marks(exercise):
    text = book.read(exercise.skeleton) + book.read(exercise.grade)
    tap.ok("EXERCISE:" in text, f"{exercise.name} says what to edit")
    test = f"<<tests/ex_{exercise.slug.replace('-', '_')}.c>>="
    tap.ok(test in text, f"{exercise.name} is graded by {test[2:-3]}")


def test_proofs(coding):
    """The tool's own proof, an exercise a processor at a time."""
    if not coding:
        return
    done = subprocess.run([path("exercises/exercise"), "prove",
                           *[e.name for e in coding]], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    seen, heads = {}, 0
    for line in done.stdout.splitlines():
        head = re.match(r"(ok|NOT OK)  (\S+): (.*)", line)
        if head:
            heads += 1
            name = f"{head[2]}: {head[3]}"
            seen[name] = (head[1] == "ok", [])
        elif seen:
            seen[name][1].append(line.strip())
    for name, (good, said) in seen.items():
        tap.ok(good, name, *said[-30:])
    wanted = sum(2 + len(e.right_answers()) + len(e.wrong_answers())
                 for e in coding)
    tap.ok(heads == wanted and (done.returncode == 0) ==
           all(good for good, _ in seen.values()),
           f"{wanted} variants were tried", f"{heads} seen;"
           f" status {done.returncode}", done.stdout[-1500:])


CHAPTERS = [chapter for chapter in book.chapters()
            if not sys.argv[1:] or chapter.label in sys.argv[1:]]
CODING = [exercise for exercise in book.coding_exercises()
          if exercise.chapter in CHAPTERS]
for each in CHAPTERS:
    test_text(each)
    test_directories(each)
for each in CODING:
    if os.path.exists(path(each.skeleton)) and os.path.exists(path(each.grade)):
        test_marks(each)
NOW = CHAPTERS if sys.argv[1:] else turns.chapters()
turns.leave_out("proofs of exercises (prove tests/exercises.t :: NN)",
                [chapter for chapter in CHAPTERS if chapter not in NOW])
test_proofs([e for e in CODING if e.chapter in NOW])
tap.done()
