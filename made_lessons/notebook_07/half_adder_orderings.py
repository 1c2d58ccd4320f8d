"""7.1: the half adder's best and worst ordering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from made_course.common.words import listing
from made_course.model.masks import check_ordering

from ..checking import (
    Exercise,
    KnownMistake,
    Misformed,
    Wrong,
    exercise,
    require_none,
    shuffled,
    written,
)
from .logistic_orderings import fit_orderings, half_adder_joint

NAMES = ("x₁", "x₂", "carry", "sum")
THE_NAMES = ("x₁", "x₂", "the carry", "the sum")
CARRY, SUM = 2, 3
COLUMNS = (0, 1, CARRY, SUM)
GUESSED = "a dict with 'best' and 'worst', each an ordering such as [0, 1, 2, 3], is expected"

SWAPPED = "best and worst are swapped: the carry is what makes the others easy to predict"
SUM_BEFORE_CARRY = (
    "the carry comes last, so that the third step has to do without it. Whichever of the other "
    "three is left for that step, the two before it fix it by a rule that bends: it is 1 if just "
    "one of them is. A weighted sum makes a coin of it"
)
EFFECTS_FIRST = (
    "this is one of the best. Causes need not come before their effects: given carry and sum, the "
    "two coins are as easy to predict as the other way round. Ask which step has to bend"
)
CARRY_IN_TIME = (
    "this is one of the best: a weighted sum will do at each step. Ask which variable has to be "
    "missing, so that some step must bend"
)
CARRY_FIRST = (
    "this is one of the best. To know the carry early is a help, not a handicap: from then on a "
    "weighted sum will do. Ask in which ordering some step has to bend"
)


@cache
def _costs() -> dict[tuple[int, ...], float]:
    return fit_orderings(half_adder_joint())[0]


def _named(ordering: Sequence[int]) -> str:
    return ", ".join(NAMES[i] for i in ordering)


def _cost(ordering: Sequence[int]) -> str:
    return f"{_named(ordering)} costs {_costs()[tuple(ordering)]:.3f} nats"


def _not_one(columns: Sequence[int]) -> str:
    return f"an ordering has each of the four variables once, by its number: {_numbered(columns)}"


def _numbered(columns: Sequence[int]) -> str:
    return listing([f"{k} for {THE_NAMES[column]}" for k, column in enumerate(columns)])


def examine_guess(
    answer: object, columns: Sequence[int] = COLUMNS, first: int | None = None
) -> str:
    """Judge a best and a worst ordering by what they cost, and by what comes first, if given."""
    if not isinstance(answer, Mapping) or set(answer) != {"best", "worst"}:
        raise Misformed(GUESSED, got=written(answer))
    found = {}
    for name, ordering in answer.items():
        try:
            found[name] = [columns[i] for i in check_ordering(ordering, 4).tolist()]
        except (TypeError, ValueError) as error:
            raise Misformed(
                _not_one(columns),
                got=f"{name!r}: {written(ordering)}",
                expected="such as [0, 1, 2, 3]",
            ) from error
    best, worst = found["best"], found["worst"]
    best_is_best, worst_is_worst = best[-1] != CARRY, worst[-1] == CARRY
    both_wrong = not best_is_best and not worst_is_worst
    require_none([(SWAPPED, both_wrong)], got=f"{_cost(best)}, {_cost(worst)}")
    require_none([(SUM_BEFORE_CARRY, not best_is_best)], tried="the best", got=_cost(best))
    if not worst_is_worst:
        faults = [
            (CARRY_FIRST, worst[0] == CARRY),
            (EFFECTS_FIRST, set(worst[:2]) == {CARRY, SUM}),
            (CARRY_IN_TIME, True),
        ]
        require_none(faults, tried="the worst", got=_cost(worst))
    if first is not None and (best[0], worst[0]) != (first, first):
        raise Wrong(
            f"these are a best and a worst one, but in your variant both begin with "
            f"{THE_NAMES[first]}",
            got=f"{_named(best)}; {_named(worst)}",
        )
    return f"{_cost(best)}, {_cost(worst)}."


def _guess(
    columns: Sequence[int], best: Sequence[int], worst: Sequence[int]
) -> dict[str, list[int]]:
    """Orderings of what stands in the columns, as an answer gives them."""
    return {
        "best": [columns.index(i) for i in best],
        "worst": [columns.index(i) for i in worst],
    }


def _wrong_guesses(columns: Sequence[int]) -> tuple[KnownMistake, ...]:
    guesses = {
        SWAPPED: ([0, 1, SUM, CARRY], [0, 1, CARRY, SUM]),
        SUM_BEFORE_CARRY: ([0, 1, SUM, CARRY], [SUM, 1, 0, CARRY]),
        EFFECTS_FIRST: ([0, 1, CARRY, SUM], [SUM, CARRY, 0, 1]),
        CARRY_IN_TIME: ([SUM, CARRY, 0, 1], [0, 1, CARRY, SUM]),
        CARRY_FIRST: ([0, 1, CARRY, SUM], [CARRY, SUM, 0, 1]),
    }
    from_one = KnownMistake({"best": [1, 2, 3, 4], "worst": [1, 2, 4, 3]}, _not_one(columns))
    return (*(KnownMistake(_guess(columns, *pair), why) for why, pair in guesses.items()), from_one)


def _vary_guess(exercise: Exercise, variant: str) -> Exercise:
    """Other columns, the carry not the third, and a variable that both orderings begin with."""
    columns = shuffled(variant, COLUMNS)
    if columns[2] == CARRY:
        columns = columns[::-1]
    first, *rest = shuffled(f"{variant} first", [0, 1, SUM])
    right = _guess(columns, best=[first, CARRY, *rest], worst=[first, *rest, CARRY])
    return replace(
        exercise,
        reference=lambda: right,
        known_mistakes=_wrong_guesses(columns),
        examine=lambda answer: examine_guess(answer, columns, first),
        asks=f"Your variant: the variables have other numbers, {_numbered(columns)}. Both "
        f"orderings begin with {THE_NAMES[first]}.",
    )


@exercise(
    "7.1",
    "The half adder's best and worst",
    stars=1,
    examine=examine_guess,
    is_value=True,
    vary=_vary_guess,
    hints=(
        "A step is exact where a weighted sum of what is known will do. Look for the step that "
        "cannot be one.",
        "Of x₁, x₂ and the sum, any two fix the third: it is 1 if just one of the two is. That "
        "bends, as parity does. When is a model spared this step?",
        "The sum is x₁ + x₂ − 2 · carry: a weighted sum, once the carry is known. So it matters "
        "only whether the carry comes last.",
    ),
    known_mistakes=_wrong_guesses(COLUMNS),
)
def half_adder_guess() -> dict[str, list[int]]:
    """Any ordering in which the carry is not the last is best; those in which it is are worst."""
    return {"best": [0, 1, 2, 3], "worst": [0, 1, 3, 2]}
