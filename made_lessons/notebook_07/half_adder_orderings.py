"""Exercise 7.1: the half adder's best and worst ordering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from made_course.common.words import listing
from made_course.model.masks import check_ordering

from ..checking import Exercise, MalformedAnswer, View, as_text, exercise, known_mistakes, shuffle
from .logistic_orderings import fit_orderings, half_adder_joint

CARRY, SUM = 2, 3
NAMES = ("x₁", "x₂", "the carry", "the sum")
COLUMNS = (0, 1, CARRY, SUM)
"""The variable in each column. A variant has the columns in a different order."""

CAUSES = {
    "you swapped best and worst. Once the carry is known, the others are easy to predict": (
        [0, 1, SUM, CARRY],
        [0, 1, CARRY, SUM],
    ),
    "in your best ordering the carry comes last, so the third step has to do without it. Any two "
    "of the other three determine the third one, which is 1 if exactly one of them is 1. But a "
    "weighted sum of the two does not predict it better than a fair coin": (
        [0, 1, SUM, CARRY],
        [SUM, 1, 0, CARRY],
    ),
    "your worst is one of the best orderings. Causes need not come before their effects. Given "
    "carry and sum, the two coins are as easy to predict as the other way round. At which step "
    "would a weighted sum not be enough?": (
        [0, 1, CARRY, SUM],
        [SUM, CARRY, 0, 1],
    ),
    "your worst is one of the best orderings, because a weighted sum is enough at each step. Which "
    "variable must be missing, so that a weighted sum is not enough?": (
        [SUM, CARRY, 0, 1],
        [0, 1, CARRY, SUM],
    ),
    "your worst is one of the best orderings. It helps to know the carry early, because a weighted "
    "sum is then enough. In which ordering is it not enough?": (
        [0, 1, CARRY, SUM],
        [CARRY, SUM, 0, 1],
    ),
}
"""For each cause, a wrong answer: a best and a worst ordering of the variables."""


@cache
def _costs() -> dict[tuple[int, ...], float]:
    return fit_orderings(half_adder_joint())[0]


def _cost_text(ordering: Sequence[int]) -> str:
    return f"{_costs()[tuple(ordering)]:.3f} nats"


def _explain_ordering(columns: Sequence[int]) -> str:
    numbers = _list_numbers(columns)
    return f"an ordering contains each of the four variables once, by its number: {numbers}"


def _list_numbers(columns: Sequence[int]) -> str:
    return listing([f"{k} for {NAMES[variable]}" for k, variable in enumerate(columns)])


def _orderings(answer: object, columns: Sequence[int]) -> list[list[int]]:
    """Return the best and the worst ordering of an answer, as indices of variables, not columns."""
    if not isinstance(answer, Mapping) or set(answer) != {"best", "worst"}:
        raise MalformedAnswer(
            "return a dict with 'best' and 'worst', each an ordering such as [0, 1, 2, 3]",
            got=as_text(answer),
        )
    found = []
    for name in ("best", "worst"):
        try:
            found.append([columns[i] for i in check_ordering(answer[name], 4).tolist()])
        except (TypeError, ValueError) as error:
            raise MalformedAnswer(
                _explain_ordering(columns),
                got=f"{name!r}: {as_text(answer[name])}",
                expected="such as [0, 1, 2, 3]",
            ) from error
    return found


def _describe_costs(answer: object, columns: Sequence[int]) -> str:
    """Describe both costs, and the first variables of a worst ordering that costs too little."""
    best, worst = _orderings(answer, columns)
    costs = f"best {_cost_text(best)}, worst {_cost_text(worst)}"
    if CARRY in (best[-1], worst[-1]):
        return costs
    if worst[0] == CARRY:
        return f"{costs}, with the carry first"
    return f"{costs}{', with sum and carry first' if {*worst[:2]} == {CARRY, SUM} else ''}"


def _view(columns: Sequence[int]) -> View:
    return View(partial(_describe_costs, columns=columns), as_text)


def _answer_of_orderings(
    columns: Sequence[int], best: Sequence[int], worst: Sequence[int]
) -> dict[str, list[int]]:
    """Convert two orderings of variables to an answer, which contains indices of columns."""
    return {
        "best": [columns.index(i) for i in best],
        "worst": [columns.index(i) for i in worst],
    }


def _known_mistakes(columns: Sequence[int]) -> dict[str, dict[str, list[int]]]:
    guesses = {cause: _answer_of_orderings(columns, *pair) for cause, pair in CAUSES.items()}
    guesses[_explain_ordering(columns)] = {"best": [1, 2, 3, 4], "worst": [1, 2, 4, 3]}
    return guesses


def _vary_guess(exercise: Exercise, variant: str) -> Exercise:
    """Change the order of the columns, and ask for orderings with a given first variable."""
    columns = shuffle(variant, COLUMNS)
    if columns[2] == CARRY:
        columns = columns[::-1]
    first, *rest = shuffle(f"{variant} first", [0, 1, SUM])
    right = _answer_of_orderings(columns, best=[first, CARRY, *rest], worst=[first, *rest, CARRY])
    starts = View(
        lambda answer: listing([NAMES[ordering[0]] for ordering in _orderings(answer, columns)]),
        "the first variable of each",
        "these are a best and a worst ordering, but in your variant both must begin with "
        f"{NAMES[first]}",
    )
    return replace(
        exercise,
        reference=lambda: right,
        known_mistakes=_known_mistakes(columns),
        views=[_view(columns), starts],
        task=f"Your variant: the variables have other numbers, {_list_numbers(columns)}. Both "
        f"orderings begin with {NAMES[first]}.",
    )


@exercise(
    "7.1",
    "The half adder's best and worst",
    stars=1,
    is_value=True,
    vary=_vary_guess,
    hints=(
        "A step is exact if a weighted sum of the known variables is enough. Look for the step "
        "that needs more.",
        "Any two of x₁, x₂ and the sum determine the third, which is 1 if exactly one of the two "
        "is 1. No weighted sum can do this, because it is like parity. Which orderings avoid this "
        "step?",
        "The sum is x₁ + x₂ − 2 · carry, a weighted sum once the carry is known. So it matters "
        "only whether the carry comes last.",
    ),
    views=[_view(COLUMNS)],
)
def half_adder_guess() -> dict[str, list[int]]:
    """Return a best ordering, in which the carry is not last, and a worst, in which it is last."""
    return {"best": [0, 1, 2, 3], "worst": [0, 1, 3, 2]}


known_mistakes(_known_mistakes(COLUMNS))
