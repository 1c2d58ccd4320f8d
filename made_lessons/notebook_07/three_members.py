"""7.4: what a mixture of three members costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from made_course.common.words import listing

from ..checking import Exercise, KnownMistake, Misformed, View, exercise, one_of, written

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


def _wrong_means(members: Sequence[int]) -> dict[str, list[float]]:
    best, middle, worst = members
    low, lower, above, *_ = candidates(members)
    between = (
        f"these lie between {best} and {worst}. That holds for a single image only: means go lower "
        f"where different members are good on different images, and not as high as {middle}"
    )
    return {
        BETWEEN: [above],
        between: [above, middle],
        TOO_HIGH: [low, lower, above, middle],
        TOO_FEW: [lower, above],
    }


def _known_mistakes(members: Sequence[int]) -> tuple[KnownMistake, ...]:
    right, means = _mixture(members), candidates(members)[:3]
    numbers, possible = _wrong_numbers(members).items(), _wrong_means(members).items()
    return (
        *(KnownMistake(_answer(number, means), why) for why, number in numbers),
        *(KnownMistake(_answer(right, wrong), why) for why, wrong in possible),
    )


def _answer(one: float, means: Sequence[float]) -> dict[str, object]:
    return {"one image": one, "possible means": [*means]}


def _part(answer: object, key: str) -> object:
    if not isinstance(answer, Mapping) or set(answer) != set(KEYS):
        raise Misformed(
            "a dict is expected, with a number for 'one image' and a list for 'possible means'",
            got=written(answer),
        )
    return answer[key]


def _views(members: Sequence[int]) -> list[View]:
    """Look at the NLL for one image, and at which means over images are possible."""

    def one_image(answer: object) -> str:
        one = _part(answer, "one image")
        try:
            nats = float(one)
        except (TypeError, ValueError, RuntimeError):
            raise Misformed("'one image' must be a number", got=written(one)) from None
        is_right = abs(nats - _mixture(members)) <= 0.01
        return "the right number to 0.01" if is_right else f"{nats:.4g} nats"

    def possible_means(answer: object) -> list[float]:
        means = _part(answer, "possible means")
        try:
            found = {float(mean) for mean in means}
        except (TypeError, ValueError, RuntimeError):
            raise Misformed(
                "'possible means' must be a list of numbers", got=written(means)
            ) from None
        if not found <= set(candidates(members)):
            raise Misformed(
                "'possible means' may hold those of the five numbers that are possible, and no "
                "others",
                got=written(means),
                expected=f"some of {', '.join(map(str, candidates(members)))}",
            )
        return sorted(found)

    return [
        View(
            one_image,
            "one image",
            f"take −ln of the mean of three probabilities, {_powers(members)}, and give it to 0.01",
        ),
        View(
            possible_means,
            "the mean over many images",
            lambda answer, got, right: TOO_HIGH if max(got, default=0) > right[-1] else TOO_FEW,
            expected="",
        ),
    ]


def _vary_members(exercise: Exercise, variant: str) -> Exercise:
    """Ask about three other members, of which the first is better by two or three nats."""
    best = one_of(variant, [n for n in range(80, 100) if n != 90])
    further = one_of(f"{variant} further", [(2, 3), (2, 4), (2, 5), (3, 4), (3, 5), (3, 6)])
    members = (best, *(best + nats for nats in further))
    return replace(
        exercise,
        reference=lambda: _answer(_mixture(members), candidates(members)[:3]),
        known_mistakes=_known_mistakes(members),
        views=_views(members),
        asks=f"Your variant: three members at {listing([*map(str, members)])} nats, and for the "
        f"means of the three others {listing([*map(str, candidates(members))])}.",
    )


@exercise(
    "7.4",
    "Three members at 90, 92 and 94 nats",
    stars=2,
    message="The NLL of the one image is also the highest possible mean.",
    is_value=True,
    vary=_vary_members,
    hints=(
        "Nats are negative log-probabilities. The mixture's probability is the mean of e^−90, "
        "e^−92 and e^−94; your log_mean_exp takes (K, N).",
        "For one image: 90 + ln 3 − ln(1 + e^−2 + e^−4).",
        "For means, think of two kinds of images, and of members each of which is good at one "
        "kind: on every image the mixture is near the one that is good there.",
    ),
    known_mistakes=_known_mistakes(MEMBERS),
    views=_views(MEMBERS),
)
def three_members() -> dict[str, object]:
    """Log-mean-exp for one image; a mean over images is bounded above, by best + ln 3, only."""
    nats = torch.tensor([90.0, 92.0, 94.0])
    one_image = math.log(3) - torch.logsumexp(-nats, dim=0).item()
    return {"one image": one_image, "possible means": [85, 89, 90.5]}
