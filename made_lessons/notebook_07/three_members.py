"""7.4: what a mixture of three members costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from made_course.common.words import listing

from ..checking import Exercise, KnownMistake, Misformed, exercise, one_of, require_none, written

KEYS = ("one image", "possible means")
MEMBERS = (90, 92, 94)


BETWEEN = (
    "for one image the mixture lies between its members. For means it need not: on each image it "
    "follows whichever member is good there, and these may be different ones. What holds is the "
    "bound from above"
)
TOO_HIGH = (
    "on each image the mixture is at most ln 3 = 1.10 nats worse than the first member. So the "
    "same holds for the means"
)
TOO_FEW = (
    "a possible mean is missing. From above it is bounded by best + ln 3; from below these three "
    "numbers say nothing"
)
ENTRIES = "a dict is expected, with a number for 'one image' and a list for 'possible means'"


def candidates(members: Sequence[int]) -> tuple[float, ...]:
    """Five numbers, the first three of which may be the mean of a mixture."""
    best, middle, worst = members
    return best - 5, best - 1, best + 0.5, middle, worst + 1


def _mixture(members: Sequence[int], sign: int = -1) -> float:
    nats = torch.tensor(members, dtype=torch.float64)
    return sign * (torch.logsumexp(sign * nats, dim=0).item() - math.log(3))


def _powers(members: Sequence[int]) -> str:
    return listing([f"e^−{nats}" for nats in members])


def _wrong_numbers(members: Sequence[int]) -> dict[str, float]:
    """Nats that readers give for one image, and why they are wrong."""
    best, right, powers = members[0], _mixture(members), _powers(members)
    return {
        "this is the mean of the nats. A mixture averages probabilities, and of "
        f"{powers} the first is by far the largest": sum(members) / 3,
        "this is the best member. The mixture gives it a third of the weight only, which costs up "
        "to ln 3 = 1.10 nats; the other two give some of that back": best,
        "this is the bound, best + ln 3: it is what the mixture costs if the other two give the "
        "image no probability at all. They give it some": best + math.log(3),
        "the sum of the probabilities is not divided by 3: its NLL is smaller by ln 3 = 1.10 "
        "nats": right - math.log(3),
        "you took exp of the nats. They are negative log-probabilities: the probability of an "
        f"image that costs {best} nats is e^−{best}": _mixture(members, sign=1),
        "this is the log-probability; in nats of NLL it is positive": -right,
        "these are bits: take the natural logarithm, ln": right / math.log(2),
        "the logarithm of 3 is to base 2 here: nats take the natural one, ln 3 = 1.10": (
            right - math.log(3) + math.log2(3)
        ),
        "this is the probability itself, the mean of three: its cost in nats is −ln of it": (
            math.exp(-right)
        ),
    }


def _near(members: Sequence[int]) -> str:
    return f"this is near. Give it to 0.01: −ln of the mean of {_powers(members)}"


def _one_image_only(members: Sequence[int]) -> str:
    best, middle, worst = members
    return (
        f"these lie between {best} and {worst}. That holds for a single image only: means go lower "
        f"where different members are good on different images, and not as high as {middle}"
    )


def _numbers(values: object, members: Sequence[int]) -> set[float]:
    try:
        found = {float(value) for value in values}
    except (TypeError, ValueError, RuntimeError):
        raise Misformed("'possible means' must be a list of numbers", got=written(values)) from None
    if not found <= set(candidates(members)):
        raise Misformed(
            "'possible means' may hold those of the five numbers that are possible, and no others",
            got=written(values),
            expected=f"some of {', '.join(map(str, candidates(members)))}",
        )
    return found


def examine_members(answer: object, members: Sequence[int] = MEMBERS) -> str:
    """Judge the mixture's NLL for one image, and which means over images are possible."""
    if not isinstance(answer, Mapping) or set(answer) != set(KEYS):
        raise Misformed(ENTRIES, got=written(answer))
    one, means = answer["one image"], answer["possible means"]
    try:
        nats = float(one)
    except (TypeError, ValueError, RuntimeError):
        raise Misformed("'one image' must be a number", got=written(one)) from None
    means = _numbers(means, members)
    right = _mixture(members)
    if not abs(nats - right) <= 0.01:  # nan is not near anything
        known = _wrong_numbers(members).items()
        require_none(
            [
                *((why, abs(nats - n) < (0.01 if abs(n) > 1 else 1e-30)) for why, n in known),
                (_near(members), abs(nats - right) < 0.1),
                (f"three probabilities, {_powers(members)}: take −ln of their mean", True),
            ],
            tried="one image",
            got=f"{nats:.4g} nats",
        )
    low, lower, above, middle, _ = candidates(members)
    require_none(
        [
            (_one_image_only(members), means == {above, middle}),
            (TOO_HIGH, means - {low, lower, above}),
            (BETWEEN, means == {above}),
            (TOO_FEW, means != {low, lower, above}),
        ],
        tried="the mean over many images",
        got=written(sorted(means)),
    )
    return f"One image: {right:.3f} nats. The same is the most that the mean can be."


def _answer(one: float, means: Sequence[float]) -> dict[str, object]:
    return {"one image": one, "possible means": list(means)}


def _wrong_answers(members: Sequence[int]) -> tuple[KnownMistake, ...]:
    right, (low, lower, above, middle, _) = _mixture(members), candidates(members)
    numbers = _wrong_numbers(members) | {_near(members): right - 0.04}
    means = {
        BETWEEN: [above],
        _one_image_only(members): [above, middle],
        TOO_HIGH: [low, lower, above, middle],
        TOO_FEW: [lower, above],
    }
    return (
        *(
            KnownMistake(_answer(number, (low, lower, above)), why)
            for why, number in numbers.items()
        ),
        *(KnownMistake(_answer(right, possible), why) for why, possible in means.items()),
    )


def _vary_members(exercise: Exercise, variant: str) -> Exercise:
    """Three other members, of which the first is better by two or three nats."""
    best = one_of(variant, [n for n in range(80, 100) if n != 90])
    further = one_of(f"{variant} further", [(2, 3), (2, 4), (2, 5), (3, 4), (3, 5), (3, 6)])
    members = (best, *(best + nats for nats in further))
    return replace(
        exercise,
        reference=lambda: _answer(_mixture(members), candidates(members)[:3]),
        known_mistakes=_wrong_answers(members),
        examine=lambda answer: examine_members(answer, members),
        asks=f"Your variant: three members at {listing([*map(str, members)])} nats, and for the "
        f"means of the three others {listing([*map(str, candidates(members))])}.",
    )


@exercise(
    "7.4",
    "Three members at 90, 92 and 94 nats",
    stars=2,
    examine=examine_members,
    is_value=True,
    vary=_vary_members,
    hints=(
        "Nats are negative log-probabilities. The mixture's probability is the mean of e^−90, "
        "e^−92 and e^−94; your log_mean_exp takes (K, N).",
        "For one image: 90 + ln 3 − ln(1 + e^−2 + e^−4).",
        "For means, think of two kinds of images, and of members each of which is good at one "
        "kind: on every image the mixture is near the one that is good there.",
    ),
    known_mistakes=_wrong_answers(MEMBERS),
)
def three_members() -> dict[str, object]:
    """Log-mean-exp for one image; a mean over images is bounded above, by best + ln 3, only."""
    nats = torch.tensor([90.0, 92.0, 94.0])
    one_image = math.log(3) - torch.logsumexp(-nats, dim=0).item()
    return {"one image": one_image, "possible means": [85, 89, 90.5]}
