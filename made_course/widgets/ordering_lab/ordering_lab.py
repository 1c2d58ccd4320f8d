"""OrderingLab: which ordering suits a simple model, and what comes of averaging over orderings."""

from __future__ import annotations

from traitlets import Any, Bool, Dict, observe, validate

from ...common.arguments import check_choice, check_count
from ...model.masks import check_ordering
from ..shared.base import InPage
from .examples import Example, examples

SAME = "same"


class OrderingLab(InPage, module="ordering_lab"):
    """One simple model for every ordering of a few variables: which comes closest to the truth?

    The model is a logistic regression for each variable on those before it, and the best there is,
    see :func:`made_course.fit_orderings`. What it costs is its distance from the truth in nats, the
    NLL above the entropy. Guess first; what the orderings cost is shown when you press Reveal, or
    set ``revealed``.

    Args:
        example: "half adder", "parity", "chain" or "rain diary", the one that is shown first.

    Raises:
        ValueError: if it is none of these.

    Source:
        Germain et al. 2015, "Order-agnostic training", on averaging over orderings.

    Example:
        >>> lab = OrderingLab()  # a half adder: x₁, x₂, carry, sum
        >>> lab.guess = [0, 1, 3, 2]
        >>> lab.revealed = True
        >>> lab.verdict
        'Best: 0.017 nats, 18 of 24 orderings, such as x₁, x₂, carry, sum. Worst: 0.686 nats, ...
        >>> lab.sentence
        'x₁, x₂, sum, carry costs 0.686 nats: one of the worst. Step 3, p(sum | x₁, x₂), ...
        >>> round(lab.mixture_total, 3), round(lab.claimed_total, 3)  # Σp of two kinds of mean
        (1.0, 2.739)
    """

    examples = Dict(help="what the page needs of each").tag(sync=True)
    example = Any(help="by name; another one hides the costs, and asks again").tag(sync=True)
    guess = Any(None, help='the best ordering, "same" if all cost the same').tag(sync=True)
    revealed = Bool(False, help="hiding the costs forgets the guess").tag(sync=True)
    selected = Any(help="the ordering whose steps are shown").tag(sync=True)
    step = Any(None, help="of it, counted from 1; None is the costliest, once revealed").tag(
        sync=True
    )

    def __init__(self, example: str = "half adder") -> None:
        check_choice("example", example, tuple(examples()))
        super().__init__(examples={name: one.state for name, one in examples().items()})
        self.example = example

    @validate("example")
    def _check_example(self, proposal: dict) -> str:
        return check_choice("example", proposal["value"], tuple(examples()))

    @validate("guess", "selected")
    def _check_ordering(self, proposal: dict) -> list[int] | str | None:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "guess" and (value is None or isinstance(value, str)):
            return value and check_choice("guess", value, (SAME,))
        return check_ordering(value, len(self.names)).tolist()

    @validate("step")
    def _check_step(self, proposal: dict) -> int | None:
        step = proposal["value"]
        return None if step is None else check_count("step", step, largest=len(self.names))

    @observe("example")
    def _start(self, _: dict) -> None:
        self.selected = list(range(len(self.names)))
        self.revealed, self.guess, self.step = False, None, None

    @observe("guess", "selected", "revealed")
    def _follow(self, change: dict) -> None:
        if change["name"] == "selected":
            self.step = None
        elif change["name"] == "revealed" and not self.revealed:
            self.guess = None
        elif change["name"] == "guess" and isinstance(self.guess, list):
            self.selected = self.guess

    @property
    def _shown(self) -> Example:
        return examples()[self.example]

    @property
    def names(self) -> list[str]:
        """Of the variables."""
        return list(self._shown.names)

    @property
    def verdict(self) -> str:
        """Which of all orderings are best and worst, whether it is shown or not."""
        return self._shown.verdict

    @property
    def sentence(self) -> str:
        """What the selected ordering costs, and which of its steps."""
        return self._shown.sentence(tuple(self.selected))

    @property
    def mixture_total(self) -> float:
        """Σp of the mean of all orderings' probabilities: 1."""
        return self._shown.means["probabilities"]

    @property
    def claimed_total(self) -> float:
        """Σp of the mean of all orderings' logits."""
        return self._shown.means["logits"]
