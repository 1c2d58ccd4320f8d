"""What there is to know of an example's orderings: which is best, where it costs, all together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from ..joint import (
    OrderingFits,
    chain_joint,
    fit_orderings,
    half_adder_joint,
    joint_of,
    kl_divergence,
    parity_joint,
)
from ..toys import rain_diary
from ..words import variable_names

MOST_SHOWN = 24
"""Orderings in one picture: all of four variables."""
DIGITS = 3
"""Of a number of nats, as it is shown; what looks equal passes as equal."""
SAME = "same"

Ordering = tuple[int, ...]


@dataclass(frozen=True)
class Example:
    """A joint distribution with its names and its story.

    Args:
        joint: the truth, see :func:`made_course.joint.check_joint`.
        names: of the variables.
        story: what the variables are.
        reason: why orderings cost what they cost; empty where nobody knows.
    """

    joint: Tensor
    names: Sequence[str]
    story: str
    reason: str = ""


def examples() -> dict[str, Example]:
    """Those that come with the course, by name."""
    return {
        "half adder": Example(
            half_adder_joint(),
            ["x₁", "x₂", "carry", "sum"],
            "x₁ and x₂ are fair coins. Carry and sum are the two digits of x₁ + x₂ in binary, "
            "each of them wrong once in a thousand.",
            "The sum of two coins is 1 if just one of them is. It goes up and then down again, and "
            "a weighted sum cannot bend. If the carry is known it need not: the sum is "
            "x₁ + x₂ − 2 · carry. So it costs most to leave the carry to the end.",
        ),
        "parity": Example(
            parity_joint(4),
            variable_names(4),
            "All rows of four values with an even number of ones, each as probable as the others.",
            "Any three of the variables are fair coins. The fourth follows from them, but by a "
            "rule that bends: for a weighted sum it is one more coin, and a coin costs ln 2.",
        ),
        "chain": Example(
            chain_joint(4),
            variable_names(4),
            "x₁ is a fair coin. Each later variable repeats the one before it, nine times in ten.",
            "Of the known variables only the nearest on either side count, and what they say adds "
            "up. So a weighted sum is all that is needed, in whichever ordering.",
        ),
        "rain diary": Example(
            joint_of(rain_diary()),
            ["wet", "rain", "sprinkler"],
            "The diary of notebook 1: on twenty days, was the grass wet, did it rain, was the "
            "sprinkler on?",
            "The first two steps are exact, as a line goes through any two points. The third "
            "misses how all three go together, and that is the same whichever comes last.",
        ),
    }


@dataclass(frozen=True, eq=False)
class Study:
    """All orderings of an example, held against the truth; everything is worked out once."""

    example: Example

    @cached_property
    def fits(self) -> OrderingFits:
        """The best model of each ordering."""
        return fit_orderings(self.example.joint)

    @property
    def names(self) -> Sequence[str]:
        """Of the variables, as text."""
        return self.example.names

    @property
    def costs(self) -> dict[Ordering, float]:
        """Every ordering → KL of its model in nats."""
        return self.fits.costs

    @cached_property
    def least(self) -> float:
        """Cost of the best ordering of all."""
        return min(self.costs.values())

    @cached_property
    def most(self) -> float:
        """Cost of the worst ordering of all."""
        return max(self.costs.values())

    @property
    def all_same(self) -> bool:
        """Whether the ordering makes no difference that could be seen."""
        return shows_as(self.least, self.most)

    def rank(self, ordering: Ordering) -> str:
        """Return "best", "worst" or "", which is also said where all cost the same."""
        if self.all_same:
            return ""
        if shows_as(self.costs[ordering], self.least):
            return "best"
        return "worst" if shows_as(self.costs[ordering], self.most) else ""

    @cached_property
    def by_cost(self) -> list[Ordering]:
        """All orderings, the best first; equal ones in lexicographic sequence."""
        return sorted(self.costs, key=lambda ordering: (round(self.costs[ordering], 6), ordering))

    @cached_property
    def shown(self) -> list[Ordering]:
        """All orderings or, of more than 24, the best, the worst and 22 spread evenly between."""
        count = len(self.by_cost)
        if count <= MOST_SHOWN:
            return sorted(self.by_cost)
        places = (round(k * (count - 1) / (MOST_SHOWN - 1)) for k in range(MOST_SHOWN))
        return sorted(self.by_cost[place] for place in places)

    def in_sequence(self, best_first: bool) -> list[Ordering]:
        """The shown orderings as they stand below one another."""
        if not best_first:
            return self.shown
        return [ordering for ordering in self.by_cost if ordering in set(self.shown)]

    def steps(self, ordering: Ordering) -> list[float]:
        """Nats that each step costs; they add up to the ordering's cost."""
        return self.fits.steps(ordering).tolist()

    def costliest(self, ordering: Ordering) -> int:
        """The step, counted from 1, that costs most; of equal ones the last, which knows most."""
        steps = [round(nats, 6) for nats in self.steps(ordering)]
        return max(range(len(steps)), key=lambda t: (steps[t], t)) + 1

    # ---- together ---------------------------------------------------------------------------

    @cached_property
    def mixture_cost(self) -> float:
        """KL of the mean of the shown orderings' probabilities."""
        log_q = self.fits.mean_of_probabilities(self.shown)
        return kl_divergence(self.example.joint, log_q)

    @cached_property
    def mixture_total(self) -> float:
        """Σp of the same."""
        return self.fits.mean_of_probabilities(self.shown).exp().sum().item()

    @cached_property
    def claimed_cost(self) -> float:
        """What the mean of the shown orderings' logits would cost, if it were a distribution."""
        return kl_divergence(self.example.joint, self.fits.mean_of_logits(self.shown))

    @cached_property
    def claimed_total(self) -> float:
        """Σp of the mean of the shown orderings' logits."""
        return self.fits.mean_of_logits(self.shown).exp().sum().item()

    # ---- in words ---------------------------------------------------------------------------

    def name(self, ordering: Ordering) -> str:
        """The ordering as a reader says it."""
        return ", ".join(self.names[i] for i in ordering)

    def factor(self, ordering: Ordering, step: int) -> str:
        """The conditional of a step, counted from 1."""
        *before, this = (self.names[i] for i in ordering[:step])
        return f"p({this} | {', '.join(before)})" if before else f"p({this})"

    @cached_property
    def verdict(self) -> str:
        """Which orderings are best and worst, and by how much."""
        count = len(self.costs)
        if count == 1:
            return f"There is one ordering. It costs {nats(self.least)}."
        if self.all_same and shows_as(self.most, 0):
            return (
                f"No difference: in each of the {count} orderings the model is exact, to a "
                "thousandth of a nat."
            )
        if self.all_same:
            return f"No difference: each of the {count} orderings costs {nats(self.least)}."
        said = []
        for which, cost in (("best", self.least), ("worst", self.most)):
            them = [ordering for ordering in self.by_cost if self.rank(ordering) == which]
            how_many = "only" if len(them) == 1 else f"{len(them)} of {count} orderings, such as"
            said.append(f"{which.capitalize()}: {nats(cost)}, {how_many} {self.name(min(them))}.")
        return " ".join(said)

    @property
    def selection(self) -> str:
        """Which orderings are shown, where that is not all of them."""
        count = len(self.costs)
        if count <= MOST_SHOWN:
            return ""
        return (
            f"Shown are {MOST_SHOWN} of all {count} orderings: a best one, a worst one, and "
            f"{MOST_SHOWN - 2} spread evenly between them by what they cost."
        )

    def answer(self, guess: Ordering | str | None) -> str:
        """What has become of the reader's guess."""
        if guess is None:
            return ""
        if guess == SAME:
            said = "they do" if self.all_same else "they do not"
            return f"You guessed that all orderings cost the same: {said}."
        said = f"You guessed {self.name(guess)}. "
        if self.all_same:
            return f"{said}It is as good as any other."
        if self.rank(guess) == "best":
            return f"{said}None is better."
        more = self.costs[guess] - self.least
        worst = ": one of the worst" if self.rank(guess) == "worst" else ""
        return f"{said}It costs {nats(more)} more than the best{worst}."

    def sentence(self, ordering: Ordering) -> str:
        """What an ordering costs, and which of its steps."""
        rank = self.rank(ordering)
        said = f"{self.name(ordering)} costs {nats(self.costs[ordering])}"
        said += f": one of the {rank}." if rank else "."
        step = self.costliest(ordering)
        most = self.steps(ordering)[step - 1]
        if shows_as(most, 0):
            return f"{said} Every step is exact, to a thousandth of a nat."
        which = f"Step {step}, {self.factor(ordering, step)}, costs"
        if shows_as(most, self.costs[ordering]):
            return f"{said} {which} all of it."
        return f"{said} {which} most: {nats(most)}."

    def weighted_sum(self, ordering: Ordering, step: int) -> str:
        """The logistic regression of a step, written out."""
        *before, this = ordering[:step]
        s = sum(2**j for j in before)
        said = number(self.fits.bias[this, s].item(), 1)
        for j in before:
            weight = round(self.fits.weight[this, s, j].item(), 1)
            said += f" {'−' if weight < 0 else '+'} {abs(weight):.1f} · {self.names[j]}"
        return f"z = {said}"

    @cached_property
    def together(self) -> list[str]:
        """What comes of averaging the shown orderings' models, in two ways; a paragraph each."""
        count = len(self.shown)
        costs = [self.costs[ordering] for ordering in self.shown]
        mean, best = sum(costs) / count, min(costs)
        if count == 1:
            return ["With one variable there is one ordering, and nothing to average."]
        mixture = (
            f"Mean of the probabilities: draw one of the {count} orderings, then use its model. "
            f"This is a distribution. It costs {nats(self.mixture_cost)}: never more than the "
            f"{count} orderings do on average ({nats(mean)}), and never more than the best of "
            f"them plus ln {count} ({nats(best)} + {number(math.log(count), 3)})."
        )
        logits = "Mean of the logits: average what the networks put out, then take the sigmoid. "
        if shows_as(self.claimed_total, 1):
            return [mixture, f"{logits}Here it sums to one, which in general it does not."]
        exact = ", although each of the models is exact" if shows_as(self.most, 0) else ""
        logits += (
            "Each output now depends on variables that come later in some of the orderings, and "
            f"that is a leak. This is no distribution{exact}. What it claims to cost, "
            f"{nats(self.claimed_cost)}, means nothing"
        )
        below = self.claimed_cost < 0
        return [mixture, f"{logits}: no distribution costs less than 0." if below else f"{logits}."]


def number(value: float, digits: int) -> str:
    """A number with a real minus sign, and none before zero.

    Example:
        >>> number(-0.00001, 3), number(-1.25, 1)
        ('0.000', '−1.2')
    """
    rounded = round(value, digits)
    return f"{'−' if rounded < 0 else ''}{abs(rounded):.{digits}f}"


def shows_as(value: float, other: float) -> bool:
    """Whether two numbers of nats look the same on the page.

    Example:
        >>> shows_as(0.01683, 0.01651), shows_as(0.016, 0.017)
        (True, False)
    """
    return number(value, DIGITS) == number(other, DIGITS)


def nats(value: float) -> str:
    """A number of nats as it is said.

    Example:
        >>> nats(0.68567)
        '0.686 nats'
    """
    return f"{number(value, DIGITS)} nats"
