"""Exercise 7.4: the NLL of a mixture of three members."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from numbers import Real

import torch
from torch import Tensor

from made_course.common.words import join_names

from ..checking import Exercise, MalformedAnswer, View, as_text, choose

MEMBERS = (90, 92, 94)


def candidates(members: Sequence[int]) -> tuple[float, ...]:
    """Return five numbers, the first three of which can be the mixture's mean NLL over images."""
    best, middle, worst = members
    return best - 5, best - 1, best + 0.5, middle, worst + 1


def _mixture_nll(members: Sequence[int], sign: int = -1) -> float:
    nats = torch.tensor(members, dtype=torch.float64)
    return sign * (torch.logsumexp(sign * nats, dim=0).item() - math.log(3))


def _right_answer(members: Sequence[int]) -> dict[str, object]:
    return {"one image": _mixture_nll(members), "possible means": [*candidates(members)[:3]]}


def _list_powers(members: Sequence[int]) -> str:
    return join_names([f"e^−{nats}" for nats in members])


def _wrong_answers(members: Sequence[int]) -> dict[str, dict[str, object]]:
    right, numbers, means = _right_answer(members), _wrong_nlls(members), _wrong_means(members)
    wrong = {cause: right | {"one image": nll} for cause, nll in numbers.items()}
    return wrong | {cause: right | {"possible means": found} for cause, found in means.items()}


def _wrong_nlls(members: Sequence[int]) -> dict[str, float]:
    """Return wrong NLLs of one image in nats, each with its cause as the key."""
    best, right, powers = members[0], _mixture_nll(members), _list_powers(members)
    return {
        f"you averaged the nats. A mixture averages probabilities, and of {powers} the first is "
        "by far the largest": sum(members) / 3,
        "you returned the best member. The mixture gives it only a third of the weight, which "
        "costs up to ln 3 = 1.10 nats. The other two members also give the "
        "image a little probability, which wins some of it back": best,
        "you returned the bound, best + ln 3. The mixture costs this much if the other two "
        "members give the image no probability at all, but they give it some": best + math.log(3),
        "you did not divide the sum of the probabilities by 3, so your NLL is too low by ln 3 = "
        "1.10 nats": right - math.log(3),
        "you took exp of the nats. Nats are negative log-probabilities, so an image that costs "
        f"{best} nats has probability e^−{best}": _mixture_nll(members, sign=1),
        "you returned the log-probability. The NLL is its negative": -right,
        "you returned bits. Use the natural logarithm, ln": right / math.log(2),
        "your logarithm of 3 is to base 2. For nats, use the natural logarithm, ln 3 = 1.10": (
            right - math.log(3) + math.log2(3)
        ),
        "you returned the probability itself, the mean of three. Its cost in nats is −ln of it": (
            math.exp(-right)
        ),
    }


def _wrong_means(members: Sequence[int]) -> dict[str, list[float]]:
    best, middle, worst = members
    above = candidates(members)[2]
    return {
        "for one image the mixture lies between its members, but a mean need not. On each image "
        "the mixture is close to the member that is best there, and this may be a different member "
        "each time. Only the upper bound holds": [above],
        f"your means lie between {best} and {worst}, which is right only for a single image. "
        "Different members can be good on different images, so a mean over images can be below "
        f"{best}. It is always below {middle}, because the mixture costs at most ln 3 more than "
        "the best member": [above, middle],
    }


def _explain_means(answer: object, got: list[float], right: list[float]) -> str:
    if max(got, default=0) > right[-1]:
        return (
            "you chose a mean that is too high. On each image the mixture is at most ln 3 = 1.10 "
            "nats worse than the first member, so the same holds for the means"
        )
    return (
        "a possible mean is missing. The upper bound is best + ln 3, and these three numbers give "
        "no lower bound"
    )


def _get_entry(answer: object, key: str) -> object:
    if not isinstance(answer, Mapping) or set(answer) != {"one image", "possible means"}:
        raise MalformedAnswer(
            "return a dict with a number for 'one image' and a list for 'possible means'",
            got=as_text(answer),
        )
    return answer[key]


def _to_number(value: object) -> float | None:
    is_number = isinstance(value, Real | Tensor) and getattr(value, "ndim", 0) == 0
    return float(value) if is_number and math.isfinite(value) else None


def _make_views(members: Sequence[int]) -> list[View]:
    """Return views of the NLL for one image, and of the possible means over images."""

    def describe_image_nll(answer: object) -> str:
        one = _get_entry(answer, "one image")
        nats = _to_number(one)
        if nats is None:
            raise MalformedAnswer("'one image' must be a finite number", got=as_text(one))
        is_right = abs(nats - _mixture_nll(members)) <= 0.01
        return "the right number to within 0.01" if is_right else f"{nats:.4g} nats"

    def parse_means(answer: object) -> list[float]:
        means = _get_entry(answer, "possible means")
        is_list = isinstance(means, Collection) and not isinstance(means, Mapping)
        found = {*map(_to_number, means)} if is_list else {None}
        if None in found:
            raise MalformedAnswer(
                "'possible means' must be a list of finite numbers", got=as_text(means)
            )
        if not found <= set(candidates(members)):
            raise MalformedAnswer(
                "'possible means' may contain only the five numbers of the exercise",
                got=as_text(means),
                expected=f"some of {', '.join(map(str, candidates(members)))}",
            )
        return sorted(found)

    return [
        View(
            describe_image_nll,
            "one image",
            f"the NLL is −ln of a mean of three probabilities, {_list_powers(members)}. Compute it "
            "to within 0.01",
        ),
        View(parse_means, "the mean over many images", _explain_means, expected=""),
    ]


def _vary_members(exercise: Exercise, variant: str) -> Exercise:
    """Ask about three other members. The first is better than the others by at least two nats."""
    best = choose(variant, [n for n in range(80, 100) if n != 90])
    further = choose(f"{variant} further", [(2, 3), (2, 4), (2, 5), (3, 4), (3, 5), (3, 6)])
    members = (best, *(best + nats for nats in further))
    return replace(
        exercise,
        reference=lambda: _right_answer(members),
        mistakes=_wrong_answers(members),
        views=_make_views(members),
        task=f"Your variant: three members at {join_names([*map(str, members)])} nats. For "
        f"'possible means', choose from {join_names([*map(str, candidates(members))])}.",
    )


def three_members() -> dict[str, object]:
    """Return the NLL of one image by log-mean-exp, and the given means of at most 90 + ln 3."""
    nats = torch.tensor([90.0, 92.0, 94.0])
    one_image = math.log(3) - torch.logsumexp(-nats, dim=0).item()
    return {"one image": one_image, "possible means": [85, 89, 90.5]}


EXERCISE = Exercise(
    title="Three members at 90, 92 and 94 nats",
    stars=2,
    reference=three_members,
    message="The NLL for one image is also the highest possible mean.",
    is_value=True,
    vary=_vary_members,
    hints=(
        "Nats are negative log-probabilities. The mixture's probability is the mean of e^−90, "
        "e^−92 and e^−94. Your `log_mean_exp` takes log-probabilities of shape (K, N).",
        "For one image, the NLL is 90 + ln 3 − ln(1 + e^−2 + e^−4).",
        "For means, imagine two kinds of images, each with a member that is good at it. On every "
        "image the mixture is close to the member that is good there.",
    ),
    mistakes=_wrong_answers(MEMBERS),
    views=_make_views(MEMBERS),
)
