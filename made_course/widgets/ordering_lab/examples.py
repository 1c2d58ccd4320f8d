"""What there is to know of an example's orderings: which is best, where it costs, all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from torch import Tensor

from ...common.words import variable_names
from ...data.toys import rain_diary
from ...leaks.joint import chain_joint, half_adder_joint, joint_of, kl_divergence, parity_joint
from ...leaks.ordering_fits import OrderingFits, fit_orderings

Ordering = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Example:
    """A joint distribution with all its orderings held against it, each worked out once.

    Args:
        joint: the truth, see :func:`made_course.leaks.joint.check_joint`.
        names: of the variables.
        story: what the variables are.
        reason: why orderings cost what they cost.
    """

    joint: Tensor
    names: Sequence[str]
    story: str
    reason: str

    @cached_property
    def fits(self) -> OrderingFits:
        """The best model of each ordering."""
        return fit_orderings(self.joint)

    @cached_property
    def costs(self) -> dict[Ordering, str]:
        """Each ordering, the cheapest first → nats as they are said: alike passes as equal."""
        costs = self.fits.costs
        ranked = sorted(costs, key=lambda ordering: (round(costs[ordering], 6), ordering))
        return {ordering: nats(costs[ordering]) for ordering in ranked}

    @cached_property
    def ends(self) -> tuple[str, str]:
        """What the best and the worst orderings cost."""
        least, *_, most = self.costs.values()
        return least, most

    @cached_property
    def state(self) -> dict[str, object]:
        """All that the page shows, as JSON."""
        count = len(self.names)
        return {
            "names": list(self.names),
            "story": self.story,
            "reason": self.reason,
            "verdict": self.verdict,
            "most": max(self.fits.costs.values()),
            "orderings": {
                ",".join(map(str, ordering)): {
                    "steps": [
                        max(0, round(cost, 6)) for cost in self.fits.steps(ordering).tolist()
                    ],
                    "said": self.sentence(ordering),
                }
                for ordering in self.costs
            },
            "groups": self.groups,
            "cases": {
                f"{i}|{','.join(map(str, before))}": self.cases(i, before)
                for i in range(count)
                for before in _subsets([j for j in range(count) if j != i])
            },
            "means": self.means,
        }

    @cached_property
    def means(self) -> dict[str, object]:
        """Σp of the mean of all orderings' probabilities and of their logits, and what they say."""
        everyone = list(self.costs)
        mixture = self.fits.mean_of_probabilities(everyone)
        logits = self.fits.mean_of_logits(everyone)
        average = sum(self.fits.costs.values()) / len(everyone)
        claimed = logits.exp().sum().item()
        leak = "An output now depends on variables that come later in some orderings: a leak. The "
        leak += f"{nats(kl_divergence(self.joint, logits))} that it claims to cost mean nothing."
        return {
            "probabilities": mixture.exp().sum().item(),
            "mixture": f"Draw one of the {len(everyone)} orderings, then use its model: a "
            f"distribution. It costs {nats(kl_divergence(self.joint, mixture))}; the orderings "
            f"cost {nats(average)} on average.",
            "logits": claimed,
            "claim": "Average what the networks put out, then take the sigmoid. "
            + ("It sums to one here, not in general." if nats(claimed) == nats(1) else leak),
        }

    @cached_property
    def groups(self) -> list[dict[str, object]]:
        """Orderings that cost the same together, the cheapest first."""
        groups: dict[str, list[Ordering]] = {}
        for ordering, cost in self.costs.items():
            groups.setdefault(cost, []).append(ordering)
        return [
            {
                "said": self._describe(cost, members),
                "cost": sum(map(self.fits.costs.get, members)) / len(members),
                "members": [",".join(map(str, ordering)) for ordering in sorted(members)],
            }
            for cost, members in groups.items()
        ]

    def _describe(self, cost: str, members: Sequence[Ordering]) -> str:
        mark = {"best": "★ best, ", "worst": "▼ worst, ", "": ""}[self.rank(cost)]
        said, last = f"{mark}{cost}: {len(members)} orderings", members[0][-1]
        if {ordering for ordering in self.costs if ordering[-1] == last} == set(members):
            return f"{said}, all that end with {self.names[last]}"
        return said

    def rank(self, cost: str) -> str:
        """Return "best", "worst" or "", which is also said where all cost the same."""
        least, most = self.ends
        return "" if least == most else {least: "best", most: "worst"}.get(cost, "")

    def cases(self, variable: int, before: Sequence[int]) -> dict[str, object]:
        """All values before a step: how often they occur, p(1), and what the model says."""
        numbers = zip(*(v.tolist() for v in self.fits.conditional(variable, before)), strict=True)
        rows = [
            [[k >> b & 1 for b in reversed(range(len(before)))], *(round(v, 6) for v in row)]
            for k, row in enumerate(numbers)
            if row[0] > 0
        ]
        s = sum(2**j for j in before)
        weight, bias = self.fits.weight[variable, s].tolist(), self.fits.bias[variable, s].item()
        terms = [
            f" {'−' if weight[j] < -0.05 else '+'} {abs(weight[j]):.1f} · {self.names[j]}"
            for j in before
        ]
        return {
            "rows": rows,
            "sum": f"z = {'−' if bias < -0.05 else ''}{abs(bias):.1f}{''.join(terms)}",
        }

    def name(self, ordering: Ordering) -> str:
        """The ordering as a reader says it."""
        return ", ".join(self.names[i] for i in ordering)

    def factor(self, ordering: Ordering, t: int) -> str:
        """The conditional of step t, such as p(x₂ | x₁)."""
        *before, this = (self.names[i] for i in ordering[: t + 1])
        return f"p({this}{' | ' * bool(before)}{', '.join(before)})"

    @cached_property
    def verdict(self) -> str:
        """Which orderings are best and worst, and by how much."""
        count, (least, most) = len(self.costs), self.ends
        if least == most == nats(0):
            exact = "the model is exact, to a thousandth of a nat."
            return f"No difference: in each of the {count} orderings {exact}"
        if least == most:
            return f"No difference: each of the {count} orderings costs {least}."
        said = []
        for which, cost in (("Best", least), ("Worst", most)):
            them = [ordering for ordering in self.costs if self.costs[ordering] == cost]
            such = f"{len(them)} of {count} orderings, such as {self.name(min(them))}"
            said.append(f"{which}: {cost}, {such}.")
        return " ".join(said)

    def sentence(self, ordering: Ordering) -> str:
        """What an ordering costs, and which of its steps."""
        cost, rank = self.costs[ordering], self.rank(self.costs[ordering])
        said = f"{self.name(ordering)} costs {cost}{': one of the ' * bool(rank)}{rank}."
        steps = [round(step, 6) for step in self.fits.steps(ordering).tolist()]
        most = max(range(len(steps)), key=lambda t: (steps[t], t))
        if nats(steps[most]) == nats(0):
            return f"{said} Every step is exact, to a thousandth of a nat."
        share = "all of it" if nats(steps[most]) == cost else f"most: {nats(steps[most])}"
        return f"{said} Step {most + 1}, {self.factor(ordering, most)}, costs {share}."


def _subsets(of: Sequence[int]) -> list[list[int]]:
    return [[j for b, j in enumerate(of) if s >> b & 1] for s in range(2 ** len(of))]


@cache
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


def nats(value: float) -> str:
    """A number of nats as it is said; what is said alike passes as equal.

    Example:
        >>> nats(0.68567), nats(-0.00001), nats(-1.25)
        ('0.686 nats', '0.000 nats', '−1.250 nats')
    """
    rounded = round(value, 3)
    return f"{'−' if rounded < 0 else ''}{abs(rounded):.3f} nats"
