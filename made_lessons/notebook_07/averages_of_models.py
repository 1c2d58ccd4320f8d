"""Exercises 7.2 to 7.4: what averages of models sum to, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from made_course.common.words import listing

from ..checking.exercise import Exercise, Misformed, Slip, Wrong, exercise, require_none, slips
from ..checking.in_words import written
from ..checking.variants import drawn, further_cases, one_of

# ---- 7.2 ----------------------------------------------------------------------------------------

WAYS = ("probabilities", "largest p", "log p", "logits", "logits, one ordering")
TOTALS = ("one", "less", "more", "either")
A_WORD = f"each of {', '.join(map(repr, WAYS))} needs one of {', '.join(map(repr, TOTALS))}"

MEAN_OF_ONES = (
    "each model's probabilities sum to one, so their mean sums to (1 + ... + 1) / 8, whatever the "
    "orderings are"
)
LARGEST = (
    "on each board it is at least as large as the first model's, and that one alone sums to one "
    "already. Where the models differ it is more: choosing the best afterwards is no model"
)
GEOMETRIC = (
    "exp of a mean of log p is the geometric mean of the probabilities. It is never above their "
    "mean, which sums to one, and below it wherever the models differ"
)
LOGITS_IN_A_CIRCLE = (
    "over several orderings the mean output of x₁ depends on x₂, and that of x₂ on x₁. The chain "
    "rule has no ordering to work with, so nothing makes the total one"
)
LOGITS_EITHER_WAY = (
    "it need not be on that side: for the half adder's 24 orderings the total is 2.739, and for "
    "other networks it comes out below one"
)
LOGITS_WITHIN = (
    "within one ordering the eight logits of a variable depend on the variables before it only. So "
    "does their mean, and its sigmoid is a conditional: the chain rule holds"
)
_CAUSES = {
    "probabilities": MEAN_OF_ONES,
    "largest p": LARGEST,
    "log p": GEOMETRIC,
    "logits": LOGITS_EITHER_WAY,
    "logits, one ordering": LOGITS_WITHIN,
}


def examine_totals(answer: object) -> str:
    """Judge what somebody expects of Σp of five kinds of average."""
    if not isinstance(answer, Mapping) or set(answer) != set(WAYS):
        raise Misformed(A_WORD, came=written(answer))
    for way, right in totals_of_averages().items():
        came = answer[way]
        if not isinstance(came, str) or came not in TOTALS:
            raise Misformed(A_WORD, came=f"{way!r}: {written(came)}")
        if came != right:
            circle = way == "logits" and came == "one"
            cause = LOGITS_IN_A_CIRCLE if circle else _CAUSES[way]
            raise Wrong(cause, tried=f"{way!r}", came=f"Σp is {came!r}")
    return "Two of the five are distributions."


@exercise(
    "7.2",
    "Which of them sum to one?",
    stars=2,
    examine=examine_totals,
    is_value=True,
    hints=(
        "Write Σp as a sum over boards of what is said of each board. For the first three, compare "
        "with the eight sums that you know: each is 1.",
        "A geometric mean is never larger than the mean; a largest value is never smaller.",
        "For logits ask what the averaged output of one variable depends on. If that is earlier "
        "variables only, in some ordering, the chain rule holds.",
    ),
)
def totals_of_averages() -> dict[str, str]:
    """Which ways to put eight models together give a distribution, and where the others miss it."""
    return {
        "probabilities": "one",
        "largest p": "more",
        "log p": "less",
        "logits": "either",
        "logits, one ordering": "one",
    }


slips(
    {
        MEAN_OF_ONES: totals_of_averages() | {"probabilities": "either"},
        LARGEST: totals_of_averages() | {"largest p": "one"},
        GEOMETRIC: totals_of_averages() | {"log p": "one"},
        LOGITS_IN_A_CIRCLE: totals_of_averages() | {"logits": "one"},
        LOGITS_EITHER_WAY: totals_of_averages() | {"logits": "more"},
        LOGITS_WITHIN: totals_of_averages() | {"logits, one ordering": "either"},
    }
)


# ---- 7.3 ----------------------------------------------------------------------------------------


@exercise(
    "7.3",
    "Average probabilities, in logarithms",
    stars=2,
    cases=(
        (torch.tensor([[-1.0, -2.0, -3.0], [-2.0, -2.0, -9.0]]),),
        (torch.tensor([[-90.0, -120.0, -60.0, -70.0], [-92.0, -118.5, -75.0, -70.0]]),),
        (torch.tensor([[-700.0, -5.0], [-710.0, -3.0], [-702.0, -4.0]]),),
        (torch.tensor([[-10.0, -400.0], [-300.0, -20.0]]),),
        (torch.tensor([[-800.0, -801.0, -900.0], [-802.0, -801.0, -850.0]], dtype=torch.double),),
    ),
    vary=further_cases(lambda word: (9 * drawn(word, one_of(word, [2, 3, 5, 6]), 4) - 90,)),
    hints=(
        "In three steps it would be exp, mean over the models, log. Only, exp(−120) is 0 in "
        "float32. torch.logsumexp does exp, sum and log in one, without that.",
        "A mean is a sum divided by K. What does a division by K do to a logarithm?",
        "torch.logsumexp(log_p, dim=0) is ln of the sum for each row; subtract math.log(K).",
    ),
)
def log_mean_exp(log_p: Tensor) -> Tensor:
    """From the log-probabilities of K models to that of their mixture: (K, N) → (N,)."""
    return torch.logsumexp(log_p, dim=0) - math.log(len(log_p))


def _best(log_p: Tensor) -> Tensor:
    return log_p.max(0).values


slips(
    {
        "this is the mean of the logarithms. It belongs to the geometric mean of the "
        "probabilities, which is smaller than their mean, and its total is below 1": (
            lambda log_p: log_p.mean(0)
        ),
        "this is the logarithm of the sum: the total would be K. A mean divides by K, so subtract "
        "ln K": lambda log_p: log_p.logsumexp(0),
        "K was subtracted. Division by K is subtraction of ln K in logarithms": (
            lambda log_p: log_p.logsumexp(0) - len(log_p)
        ),
        "the logarithm was divided by K. It is the probability that is to be divided: subtract ln "
        "K": lambda log_p: log_p.logsumexp(0) / len(log_p),
        "ln K was added: that multiplies by K. Subtract it": (
            lambda log_p: log_p.logsumexp(0) + math.log(len(log_p))
        ),
        "this is the worst member of each row: a mixture is never so bad": (
            lambda log_p: log_p.min(0).values
        ),
        "the logarithms are divided by K, which takes roots of the probabilities: subtract ln K "
        "from the logsumexp": lambda log_p: (log_p / len(log_p)).logsumexp(0),
        "this is the best member of each row: it takes the answer to choose it, and the total is "
        "above 1": _best,
        "this averages over rows, one number for each model: models are in dimension 0, so average "
        "over dimension 0": lambda log_p: log_mean_exp(log_p.T),
        "the largest value was subtracted first and not added again: this is how far the mixture "
        "is from the best member": lambda log_p: log_mean_exp(log_p) - _best(log_p),
        "this is the best member alone, divided by K: the others give the row some probability, "
        "too": lambda log_p: _best(log_p) - math.log(len(log_p)),
        "ln N was subtracted, the number of rows. The mean is one over the K models, so subtract "
        "ln K": lambda log_p: log_p.logsumexp(0) - math.log(log_p.shape[1]),
        **{
            f"ln {k} was subtracted. The number of models is not always {k}: it is len(log_p)": (
                lambda log_p, k=k: log_p.logsumexp(0) - math.log(k)
            )
            for k in (2, 3, 8)
        },
    }
)


# ---- 7.4 ----------------------------------------------------------------------------------------

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
        raise Misformed(
            "'possible means' must be a list of numbers", came=written(values)
        ) from None
    if not found <= set(candidates(members)):
        raise Misformed(
            "'possible means' may hold those of the five numbers that are possible, and no others",
            came=written(values),
            expected=f"some of {', '.join(map(str, candidates(members)))}",
        )
    return found


def examine_members(answer: object, members: Sequence[int] = MEMBERS) -> str:
    """Judge the mixture's NLL for one image, and which means over images are possible."""
    if not isinstance(answer, Mapping) or set(answer) != set(KEYS):
        raise Misformed(ENTRIES, came=written(answer))
    one, means = answer["one image"], answer["possible means"]
    try:
        nats = float(one)
    except (TypeError, ValueError, RuntimeError):
        raise Misformed("'one image' must be a number", came=written(one)) from None
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
            came=f"{nats:.4g} nats",
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
        came=written(sorted(means)),
    )
    return f"One image: {right:.3f} nats. The same is the most that the mean can be."


def _answer(one: float, means: Sequence[float]) -> dict[str, object]:
    return {"one image": one, "possible means": list(means)}


def _wrong_answers(members: Sequence[int]) -> tuple[Slip, ...]:
    right, (low, lower, above, middle, _) = _mixture(members), candidates(members)
    numbers = _wrong_numbers(members) | {_near(members): right - 0.04}
    means = {
        BETWEEN: [above],
        _one_image_only(members): [above, middle],
        TOO_HIGH: [low, lower, above, middle],
        TOO_FEW: [lower, above],
    }
    return (
        *(Slip(_answer(number, (low, lower, above)), why) for why, number in numbers.items()),
        *(Slip(_answer(right, possible), why) for why, possible in means.items()),
    )


def _vary_members(exercise: Exercise, variant: str) -> Exercise:
    """Three other members, of which the first is better by two or three nats."""
    best = one_of(variant, [n for n in range(80, 100) if n != 90])
    further = one_of(f"{variant} further", [(2, 3), (2, 4), (2, 5), (3, 4), (3, 5), (3, 6)])
    members = (best, *(best + nats for nats in further))
    return replace(
        exercise,
        reference=lambda: _answer(_mixture(members), candidates(members)[:3]),
        slips=_wrong_answers(members),
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
    slips=_wrong_answers(MEMBERS),
)
def three_members() -> dict[str, object]:
    """Log-mean-exp for one image; a mean over images is bounded above, by best + ln 3, only."""
    nats = torch.tensor([90.0, 92.0, 94.0])
    one_image = math.log(3) - torch.logsumexp(-nats, dim=0).item()
    return {"one image": one_image, "possible means": [85, 89, 90.5]}
