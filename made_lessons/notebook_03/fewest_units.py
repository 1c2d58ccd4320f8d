"""Exercise 3.4: the fewest units that connect five pairs of an input and an output."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, count

from made_course.common.words import add_hat, variable_names

from ..checking import Exercise, View, WrongAnswer, as_text, shuffle

Pairs = Sequence[tuple[int, int]]
"""Pairs (output i, input j), counted from 1 and ordered by output."""
_PAIRS = ((3, 1), (4, 2), (6, 4), (7, 3), (8, 6))
_ALLOWED = [(i, j) for i in range(2, 9) for j in range(1, i)]
_NAMES = variable_names(8)

_ONE_EACH = (
    "all five pairs are connected, but you use as many units as there are pairs. One unit can "
    "serve several pairs. Which degrees work for two pairs at once?"
)
_EVERY_DEGREE = (
    "with every degree from 1 to 7, all 28 allowed pairs are connected, but you need only five of "
    "them"
)
_NOT_FEWEST = (
    "all five pairs are connected, but fewer units are enough. Does each unit serve as many pairs "
    "as it could? A unit of degree d also sees the d-th variable itself"
)


def _parse_degrees(answer: object) -> list[int]:
    """Return the degrees in an answer as a list of ints from 1 to 7."""
    values = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(values, list | tuple):
        values = [value.item() if hasattr(value, "item") else value for value in values]
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise WrongAnswer(
            "the answer must be a list of whole numbers, one degree per unit, such as [1, 4]",
            got=as_text(answer),
        )
    if not all(1 <= d <= 7 for d in values):
        raise WrongAnswer(
            "hidden degrees must be between 1 and 7, because no output may see a unit of degree 8, "
            "and a unit of degree 0 would see nothing",
            got=as_text(values),
        )
    return values


def _make_path_view(i: int, j: int) -> View:
    """Return a view of the path from input j to output i."""
    output, variable = add_hat(_NAMES[i - 1]), _NAMES[j - 1]

    def why(answer: object, *_: object) -> str:
        too_high = f" A unit of degree {i} will not do, because {output} sees smaller degrees only"
        return (
            f"{output} does not see {variable}. Which degrees may a unit have so that it sees "
            f"{variable}, and {output} may see it?{too_high if i in _parse_degrees(answer) else ''}"
        )

    path = f"a path from {variable} to {output}"
    return View(
        lambda answer: path if any(j <= d < i for d in _parse_degrees(answer)) else "none",
        lambda answer: f"hidden degrees {_parse_degrees(answer)}",
        why,
    )


def _count_units(answer: object) -> str:
    degrees = _parse_degrees(answer)
    return f"{len(degrees)} units{', of every degree' if {*degrees} == {*range(1, 8)} else ''}"


def _explain_number(_: object, got: str, right: str) -> str:
    return {"5 units": _ONE_EACH, "7 units, of every degree": _EVERY_DEGREE}.get(got, _NOT_FEWEST)


def _make_views(pairs: Pairs) -> list[View]:
    number = View(_count_units, cause=_explain_number, expected="")
    return [*(_make_path_view(i, j) for i, j in pairs), number]


def _vary(exercise: Exercise, variant: str) -> Exercise:
    """Choose five pairs that need three units and share no solution with the notebook's pairs."""
    pairs = next(
        pairs
        for k in count()
        if len(dict(pairs := sorted(shuffle(f"{variant} {k}", _ALLOWED)[:5]))) == 5
        and len(fewest_units(pairs)) == 3
        and len(_sets_of_three(pairs)) < 3  # so that a different variant's answer is seldom right
        and not _sets_of_three(pairs) & _sets_of_three(_PAIRS)
    )
    wanted = ", ".join(f"{add_hat(_NAMES[i - 1])} sees {_NAMES[j - 1]}" for i, j in pairs)
    return replace(
        exercise,
        reference=lambda: fewest_units(pairs),
        mistakes={},
        views=_make_views(pairs),
        task=f"Your variant: five other pairs, {wanted}.",
    )


def _sets_of_three(pairs: Pairs) -> set[tuple[int, ...]]:
    """Return all sets of three degrees that connect all pairs."""
    found = combinations(range(1, 8), 3)
    return {three for three in found if all(any(j <= d < i for d in three) for i, j in pairs)}


def fewest_units(pairs=((3, 1), (4, 2), (6, 4), (7, 3), (8, 6))) -> list[int]:
    """Choose degrees greedily: a unit of degree d connects input j to output i if j ≤ d < i."""
    degrees = []
    for i, j in pairs:  # (output i, input j), ordered by output
        if not any(j <= d < i for d in degrees):
            degrees.append(i - 1)  # no smaller degree connects more of the later pairs
    return degrees  # [2, 5, 7]; [2, 4, 6] and others work too


EXERCISE = Exercise(
    title="Fewest units",
    stars=3,
    reference=fewest_units,
    message="You connected all five pairs with 3 units, and fewer are not enough.",
    is_value=True,
    vary=_vary,
    hints=(
        "Start with one pair: x̂₃ sees x₁. Which degrees may a unit have so that it sees x₁, and "
        "x̂₃ may see it? List these degrees for each of the five pairs.",
        "A unit of degree d sees xⱼ if j ≤ d, and x̂ᵢ may see it if d < i. So x̂₃ sees x₁ through a "
        "unit of degree 1 or 2, and x̂₄ sees x₂ through one of degree 2 or 3. Which degree works "
        "for both?",
        "The five lists are {1, 2}, {2, 3}, {4, 5}, {3, 4, 5, 6} and {6, 7}. Choose as few numbers "
        "as possible so that each list contains one of them.",
    ),
    mistakes={
        _ONE_EACH: [1, 2, 4, 3, 6],
        _EVERY_DEGREE: [1, 2, 3, 4, 5, 6, 7],
        _NOT_FEWEST: [2, 5, 7, 2],
    },
    views=_make_views(_PAIRS),
)
