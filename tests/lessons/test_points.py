"""Verdicts of the judge: right answers earn their points, and the course's own earn none."""

from collections import namedtuple
from fractions import Fraction

import numpy as np
import pytest
import torch

from made_lessons.checking.catalogue import NOTEBOOKS, exercise_named, exercises_in
from made_lessons.grading import judge
from made_lessons.grading.judge import COURSES_OWN, FORGEABLE, WAITS, Verdict, judge_answer
from tests.lessons.checking import far, right
from tests.lessons.submitting import judged, notebook

# ---- right answers ------------------------------------------------------------------------------

EXERCISES = [exercise for number in NOTEBOOKS for exercise in exercises_in(number)]
FAR = [exercise for exercise in EXERCISES if not exercise.is_inspected]


@pytest.mark.parametrize("exercise", FAR, ids=lambda exercise: exercise.name)
def test_a_judge_in_another_process_finds_what_the_check_finds(exercise):
    # test_every_exercise.py tries all mistakes
    mistakes = [*exercise.known_mistakes.items()][:2]
    expected = [("wrong", cause) for cause, _ in mistakes]
    answers = [answer for _, answer in mistakes]
    if not exercise.is_open:  # whose reference trains a model
        expected.append(("right", ""))
        answers.append(exercise.reference() if exercise.is_value else exercise.reference)
    for (state, words), verdict in zip(expected, far(exercise, answers), strict=True):
        assert verdict.state == state, verdict
        assert verdict.message.startswith(words)
    varied = exercise_named(exercise.name, "ann")
    if exercise.vary:
        answer = varied.reference() if exercise.is_value else varied.reference
        assert far(varied, [answer])[0].state == "right"


Tables = namedtuple("Tables", "second third first")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("1.1", type("Numbers", (list,), {})),
        ("1.1", lambda sizes: [*map(Fraction, sizes)]),
        ("1.1", lambda sizes: [*map(np.int64, sizes)]),
        ("1.2", lambda found: Tables(*found)),
        ("1.4", torch.nn.Parameter),
    ],
)
def test_a_right_answer_is_right_in_any_class(name, change):
    reference = exercise_named(name).reference
    right(name, lambda *given: change(reference(*given)))  # also judges it in another process


VALUES = [np.arange(3), np.float32(1), {1, 2}, {"a": torch.ones(2)}, (1, 2), None, True, "text"]
VALUES += [[[1], [2]], int, torch.ones(3, 2).T]


def test_a_wrong_value_gets_the_same_words_from_another_process():
    answers = [lambda ordering, value=value: value for value in VALUES]
    exercise = exercise_named("1.3")
    expected = [judge_answer(exercise, answer) for answer in answers]
    assert [verdict.state for verdict in expected] == ["wrong"] * len(VALUES)
    for answer, verdict in zip(answers, expected, strict=True):
        assert far(exercise, [answer]) == [verdict]


@pytest.mark.delivery
def test_an_exercise_that_never_ends_costs_no_other():
    endless = 'def table_sizes(input_dim):\n    while True: pass\ncheck("1.1", table_sizes)'
    turn = 'def turn(ordering):\n    return torch.argsort(ordering) + 1\ncheck("1.3", turn)'
    found = judged(endless, turn)
    assert found["1.1"].message.startswith("your code was stopped")
    assert found["1.3"].state == "right"


BY_HEART = """
def table_sizes(input_dim):
    return {1: [1], 3: [1, 2, 4], 10: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]}[input_dim]
"""


def test_an_answer_is_judged_by_its_variant():
    units = exercise_named("3.4", "ann").reference()
    for key, state in (("ann", "right"), ("ben", "wrong")):
        found = judged(f'me = "{key}"', f'check("3.4", {units}, variant=me)')["3.4"]
        assert (found.state, found.variant) == (state, key)
    assert judged(f'check("3.4", {units})')["3.4"].state == "wrong"
    assert judged(BY_HEART, 'check("1.1", table_sizes)')["1.1"] == Verdict("right")
    found = judged(BY_HEART, 'check("1.1", table_sizes, variant="eve")')["1.1"]
    assert (found.state, "KeyError" in found.message) == ("wrong", True)
    assert judged('check("3.4", [7], variant="v" * 5_000_000)')["3.4"].variant == "v" * 100


def test_the_last_check_that_is_reached_counts():
    last = 'check("3.4", [2, 4, 6])', 'for name in ["3.4"]: check(name, [1])'
    assert judged(*last, '1 / 0\ncheck("3.4", [2, 4, 6])')["3.4"].state == "wrong"
    assert judged(*reversed(last))["3.4"].state == "right"


def test_only_checks_of_the_notebook_are_judged():
    stubs = [f'check("{name}", ...)' for name in ("10.1", "99.1", "1.1", "10.2", "0.1")]
    assert [verdict.state for verdict in judged(*stubs[::-1], number=10).values()] == [
        *["not attempted"] * 2,
        *["no check"] * 2,
    ]
    with pytest.raises(ValueError, match="another notebook: it has no check of notebook 03"):
        judge.judge(notebook(*stubs).encode(), 3)


# ---- the course's own answers -------------------------------------------------------------------

OWN = Verdict(WAITS, COURSES_OWN)


@pytest.mark.delivery
@pytest.mark.parametrize("number", NOTEBOOKS[1:])
def test_yours_earns_nothing(number):
    names = [exercise.name for exercise in exercises_in(number)]
    cells = [f'from made_lessons import yours\ncheck("{name}", yours("{name}"))' for name in names]
    assert judged(*cells) == dict.fromkeys(names, OWN)


TAKEN = "from made_lessons.checking.catalogue import exercise_named\n"
SHOWN = """
import contextlib, io
from made_lessons import solution
with contextlib.redirect_stdout(io.StringIO()) as out:
    solution("3.2")
exec(out.getvalue().partition("The package does")[0])
check("3.2", build_masks)
"""
WAYS = {
    "a function around it": f'{TAKEN}own = exercise_named("3.2").reference\n'
    'check("3.2", lambda degrees: own(degrees))',
    "a function around the package's": "import made_course\n"
    'check("3.2", lambda degrees: made_course.build_masks(degrees))',
    "its text, executed": SHOWN,
    "a value": f'{TAKEN}check("3.4", exercise_named("3.4").reference())',
    "a variant's": f'{TAKEN}check("3.1", exercise_named("3.1", "a").reference(), variant="a")',
    "the package's class": "from made_course import MaskedLinear\ncheck('4.1', MaskedLinear)",
}


@pytest.mark.parametrize("way", [*WAYS])
def test_the_courses_own_answer_earns_nothing(way):
    assert [v for v in judged(WAYS[way]).values() if v.state != "no check"] == [OWN]


def test_a_later_cell_may_use_yours():
    cells = [
        'from made_lessons import yours\ncheck("1.3", torch.argsort)',
        'd = yours("1.3")(torch.arange(3))',
        "def table_sizes(n):\n    return [2**i for i in range(n + 0 * len(d))]",
        'check("1.1", table_sizes)',
    ]
    assert judged(*cells)["1.1"] == Verdict("right")


FORGES = """
import sys
from made_lessons.grading.judge import Verdict
from made_lessons.grading import run_cells
for program in (run_cells, sys.modules["__main__"]):
    program.judge_answer = lambda *_: Verdict("right")
class MaskedLinear(torch.nn.Linear):
    def set_mask(self, mask): return 1
    def forward(self, x): return x
check("4.1", MaskedLinear)
"""


def test_a_verdict_that_a_submission_could_forge_waits():
    assert judged(FORGES)["4.1"] == Verdict(WAITS, FORGEABLE)
    assert [e.name for e in EXERCISES if e.is_inspected] == ["4.1", "4.5"]


# ---- open exercises -----------------------------------------------------------------------------

LINE = """
class Line:
    def __call__(self, x):
        return torch.zeros_like(x) + LOGIT

    def log_prob(self, x):
        return (x * LOGIT - torch.nn.functional.softplus(torch.tensor(LOGIT))).sum(1)

check("9.4", Line())
"""


def test_the_judge_keeps_the_rows_that_it_scores():
    assert "got 22.87 nats" in judged(LINE.replace("LOGIT", "0.0"))["9.4"].message
    # claims that all rows are zeros, which cost 0.004 nats
    found = judged(LINE.replace("LOGIT", "-9.0").replace("return (", "x.zero_()\n        return ("))
    assert (found["9.4"].state, "got 0.0" in found["9.4"].message) == ("wrong", False)


@pytest.mark.parametrize(("name", "nats"), [("5.4", 72.5), ("9.4", 8.9), ("8.5", 6.6)])
def test_a_score_that_nobody_has_reached_waits(name, nats, monkeypatch):
    for more, state in ((0, WAITS), (1, "right")):
        said = f"{nats + more:.2f} nats on rows, without a leak."
        monkeypatch.setattr("made_lessons.grading.judge.examine", lambda *_, said=said: said)
        assert judge_answer(exercise_named(name), ...).state == state
