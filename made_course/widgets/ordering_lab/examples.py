"""Four small truths, and what the best model of each of their orderings costs, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from torch import Tensor

from ...common.words import variable_names
from ...data.toys import rain_diary
from ...leaks.joint import chain_joint, half_adder_joint, joint_of, parity_joint
from ...leaks.ordering_fits import fit_orderings


def state_of(joint: Tensor, names: Sequence[str], story: str, reason: str) -> dict[str, object]:
    """What the page needs of a truth: sets of variables are numbers, as in ``OrderingFits``.

    Args:
        joint: the truth, see :func:`made_course.leaks.joint.check_joint`.
        names: of the variables.
        story: what the variables are.
        reason: why orderings cost what they cost.
    """
    fits = fit_orderings(joint)
    count = len(names)
    pairs = [(i, s) for i in range(count) for s in range(2**count) if not s & 2**i]
    return {
        "names": list(names),
        "story": story,
        "reason": reason,
        "steps": {f"{i}|{s}": max(0, round(fits.excess[i, s].item(), 6)) for i, s in pairs},
        "cases": {
            f"{i}|{s}": [
                [k, *(round(number, 6) for number in row)]
                for k, row in enumerate(_rows(fits.conditional(i, _members(s, count))))
                if row[0] > 0
            ]
            for i, s in pairs
        },
    }


def _members(s: int, count: int) -> list[int]:
    return [j for j in range(count) if s >> j & 1]


def _rows(columns: Sequence[Tensor]) -> list[tuple[float, ...]]:
    """How often each case occurs, p(1), and what the model says."""
    return [*zip(*(column.tolist() for column in columns), strict=True)]


@cache
def examples() -> dict[str, dict[str, object]]:
    """Those that come with the course, by name."""
    return {
        "half adder": state_of(
            half_adder_joint(),
            ["x₁", "x₂", "carry", "sum"],
            "x₁ and x₂ are fair coins. Carry and sum are the two digits of x₁ + x₂ in binary, "
            "each of them wrong once in a thousand.",
            "The sum of two coins is 1 if just one of them is: it goes up and then down again. "
            "If the carry is known it need not: the sum is x₁ + x₂ − 2 · carry. So it costs most "
            "to leave the carry to the end.",
        ),
        "parity": state_of(
            parity_joint(4),
            variable_names(4),
            "All rows of four values with an even number of ones, each as probable as the others.",
            "Any three of the variables are fair coins. The fourth follows from them, but by a "
            "rule that bends: for a weighted sum it is one more coin, and a coin costs ln 2.",
        ),
        "chain": state_of(
            chain_joint(4),
            variable_names(4),
            "x₁ is a fair coin. Each later variable repeats the one before it, nine times in ten.",
            "Of the known variables only the nearest on either side count, and what they say adds "
            "up. So a weighted sum is all that is needed, in whichever ordering.",
        ),
        "rain diary": state_of(
            joint_of(rain_diary()),
            ["wet", "rain", "sprinkler"],
            "The diary of notebook 1: on twenty days, was the grass wet, did it rain, was the "
            "sprinkler on?",
            "The first two steps are exact, as a line goes through any two points. The third "
            "misses how all three go together, and that is the same whichever comes last.",
        ),
    }
