"""Exercise 3.5: draw the degrees of hidden units at random."""

import torch
from torch import LongTensor, Tensor

from made_course.model import masks as package

from ..checking import Exercise, View, call_as_text, edit, require_form, run
from ..checking.exercise import MalformedAnswer, WrongAnswer

_N_UNITS = 3000  # each of five degrees occurs 600 ± 22 times
_CASES = (
    ([1, 4], _N_UNITS, 6),
    ([3, 1, 5, 2, 6, 4], _N_UNITS, 6),
    ([3, 5, 2, 4], _N_UNITS, 6),
    ([5, 5], _N_UNITS, 6),
    ([2, 1], _N_UNITS, 2),
    ([1], _N_UNITS, 1),
)
_ONE_VARIABLE = "if D is 1, no degree is between 1 and D - 1. Give every unit the degree 1"
_TOO_FEW = "there are as many degrees as the layer below has units, but n_units are needed"
_ONE_PER_VARIABLE = (
    "there are only as many degrees as variables, or fewer, but n_units are needed. Several units "
    "may have the same degree, as torch.randint draws them"
)


def _draw_with_answer(answer: object, below: list[int], n_units: int, input_dim: int) -> Tensor:
    """Let an answer draw degrees, and return them after checking their shape and dtype."""
    got = None
    try:
        got = run(answer, torch.tensor(below), n_units, input_dim)
        require_form(got, torch.zeros(n_units).long())
    except WrongAnswer as wrong:
        if isinstance(got, Tensor) and got.dim() == 1 and 1 < len(got) <= input_dim:
            wrong.cause = _TOO_FEW if len(got) == len(below) else _ONE_PER_VARIABLE
        # in the earlier cases, with more variables, the shape and dtype were right
        if input_dim == 1 and not isinstance(wrong, MalformedAnswer):
            raise WrongAnswer(_ONE_VARIABLE, got=wrong.cause) from wrong
        raise
    return got


def _explain_degrees(_: object, got: list[int], right: list[int]) -> str:
    faults = {
        _ONE_VARIABLE: right == [1] and max(got) != 1,
        "a unit of degree 0 sees nothing, so degrees of hidden units start at 1": min(got) < 1,
        "no output may see a unit of degree D. The largest is D - 1": max(got) > max(right),
        "some units have a smaller degree than all units of the layer below, so they see nothing. "
        "Begin the range at the smallest degree of that layer": min(got) < min(right),
        "all units have the same degree, but each must draw its own": len(got) == 1,
        "degree D - 1 never occurs, and without it the last output cannot see its immediate "
        "predecessor. torch.randint(a, b, ...) draws from a to b - 1, so b must be D": (
            max(got) < max(right)
        ),
        "the smallest degree of the layer below never occurs, but a unit of this degree also sees "
        "something, the units below of equal degree": min(got) > min(right),
    }
    some = (
        f"degree {min({*right} - {*got}, default='…')} never occurs, but each degree must be "
        "equally likely"
    )
    return next((cause for cause, is_so in faults.items() if is_so), some)


def draw_hidden_degrees(below: LongTensor, n_units: int, input_dim: int) -> LongTensor:
    """Draw degrees from the smallest degree of the layer below to D - 1, or to 1 if D is 1."""
    lowest, highest = int(below.min()), max(input_dim - 1, 1)
    return torch.randint(lowest, highest + 1, (n_units,))


def _list_distinct_degrees(*call: object) -> list[int]:
    return _draw_with_answer(*call).unique().tolist()


def _describe_next_call(answer: object, *case: object) -> str:
    first, again = _draw_with_answer(answer, *case), _draw_with_answer(answer, *case)
    is_new = len(first.unique()) == 1 or not first.equal(again)
    return "different degrees in the next call" if is_new else "the same degrees in the next call"


def _describe_frequencies(answer: object, below: list[int], *sizes: int) -> str:
    counts = _draw_with_answer(answer, below, *sizes).bincount()[min(below) :]
    is_uniform = bool(counts.max() < 1.3 * _N_UNITS / len(counts))
    return "all degrees equally often" if is_uniform else "some degrees more often than others"


EXERCISE = Exercise(
    title="Draw degrees",
    stars=2,
    reference=draw_hidden_degrees,
    package=package.hidden_degrees,
    hints=(
        "Which degrees are possible? The smallest is that of the layer below, `below.min()`. The "
        "largest is D - 1, and `torch.randint` excludes its upper end.",
        "If D is 1, the largest degree would be 0, with nothing left to draw from. Use "
        "`max(input_dim - 1, 1)`.",
        "Return `torch.randint(lowest, highest + 1, (n_units,))`, where `lowest` is "
        "`int(below.min())` and `highest` is `max(input_dim - 1, 1)`.",
    ),
    views=(
        View(
            _list_distinct_degrees,
            lambda answer, *case: f"the degrees that occur in {call_as_text(answer, case)}",
            mistakes={
                "each unit copies a degree of the layer below, but every whole number from "
                "below.min() to D - 1 must be possible": lambda below, n_units, _: below[
                    torch.randint(len(below), (n_units,))
                ]
            },
            cause=_explain_degrees,
            cases=_CASES,
        ),
        View(
            _describe_next_call,
            mistakes={
                "two "
                "calls return the same degrees. Draw new ones in each call, without a seed": edit(
                    "return ", "torch.manual_seed(0)\n    return "
                )
            },
            cases=_CASES,
        ),
        View(
            _describe_frequencies,
            mistakes={
                "some degrees occur more often than others, but each must be equally likely": edit(
                    "randint(lowest", "randint(1", "(n_units,))", "(n_units,)).clamp(lowest)"
                )
            },
            cases=_CASES,
        ),
    ),
)
