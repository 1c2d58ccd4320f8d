"""What a class learned: ``python -m tools.classroom.gain before.csv after.csv``.

Each file has a line of names, ``who,1,2,3,4,5,6,7,8,9,10``, and a line for each learner: a word
that is the same in both files, and a letter for each of the ten questions, or nothing. Compared
are those who are in both files. Which answer is right, and what a wrong one reveals, is read from
``docs/ten_answers.md``. Nothing is kept, and nothing is sent.
"""

import csv
import re
import sys
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "ten_answers.md"
ROW = re.compile(r"^\| (\d*) ?\|(?: ([abc]):.*?)? \| ([abc]) \| (.+?) \| .*\|$", re.MULTILINE)
QUESTIONS = [str(k) for k in range(1, 11)]


def answers():
    """For each question the letter that is right, and what each of the others reveals."""
    found = {}
    for number, right, wrong, reveals in ROW.findall(PAGE.read_text(encoding="utf-8")):
        if number:
            question = number
            found[question] = (right, {})
        found[question][1][wrong] = reveals
    return found


def read(path):
    """Learner → letter of each question; one of a wrong form is refused with its place."""
    given = {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file, restval=""):
            if set(line) != {"who", *QUESTIONS}:
                raise ValueError(f"{path}: the first line must be who,{','.join(QUESTIONS)}")
            who = line.pop("who").strip()
            letters = {question: letter.strip().lower() for question, letter in line.items()}
            odd = {q: letter for q, letter in letters.items() if letter not in {*"abc", ""}}
            if odd or not who or who in given:
                raise ValueError(f"{path}: {who or 'a line without a name'}: {odd or 'twice'}")
            given[who] = letters
    return given


def report(before, after):
    """Lines of a table, and the wrong answers that stay."""
    both = sorted(before.keys() & after.keys())
    left_out = len(before.keys() ^ after.keys())
    yield f"{len(both)} learners are in both files, {left_out} in one alone (left out)\n"
    if not both:
        return
    yield "| question | right before | right after | gain |\n|---|---|---|---|"
    right = {question: letter for question, (letter, _) in answers().items()}
    totals = [0, 0]
    for q in QUESTIONS:
        counts = [sum(given[who][q] == right[q] for who in both) for given in (before, after)]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        yield f"| {q} | {counts[0]} | {counts[1]} | {counts[1] - counts[0]:+} |"
    means = [total / len(both) for total in totals]
    yield f"| mean of ten | {means[0]:.1f} | {means[1]:.1f} | {means[1] - means[0]:+.1f} |"
    yield "\nWrong answers that stay, by learners who gave the same both times:"
    for q, (_, wrong) in answers().items():
        stays = Counter(before[who][q] for who in both if before[who][q] == after[who][q])
        for letter, reveals in wrong.items():
            if stays[letter]:
                yield f"- question {q}, {letter}, {stays[letter]} of {len(both)}: {reveals}"


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    try:
        print(*report(*map(read, arguments)), sep="\n")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
