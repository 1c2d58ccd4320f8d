"""OrderingLab: which ordering suits a simple model, and at which step another one costs more."""

from __future__ import annotations

from traitlets import Any, Dict, observe, validate

from ...common.arguments import check_choice, check_count
from ...model.masks import check_ordering
from ..shared.base import InPage
from .examples import examples

SAME = "same"


class OrderingLab(InPage, module="ordering_lab"):
    """One simple model for every ordering of a few variables: which comes closest to the truth?

    The model is a logistic regression for each variable on those before it, and the best there is;
    what it costs is its distance from the truth in nats, the NLL above the entropy: see
    :func:`made_course.fit_orderings`. Guess first; the costs are shown once there is a guess.

    Args:
        example: "half adder", "parity", "chain" or "rain diary", the one that is shown first.

    Raises:
        ValueError: if it is none of these.

    Example:
        >>> lab = OrderingLab()  # a half adder: x₁, x₂, carry, sum
        >>> lab.guess = [0, 1, 3, 2]
        >>> lab.selected
        [0, 1, 3, 2]
    """

    examples = Dict(help="what the page needs of each").tag(sync=True)
    example = Any(help="by name; another one asks again").tag(sync=True)
    guess = Any(None, help='the best ordering, or "same" if all cost the same').tag(sync=True)
    selected = Any(help="the ordering whose steps are shown").tag(sync=True)
    step = Any(None, help="of it, counted from 1; None is the costliest").tag(sync=True)

    def __init__(self, example: str = "half adder") -> None:
        check_choice("example", example, tuple(examples()))
        super().__init__(examples=examples())
        self.example = example

    @property
    def _count(self) -> int:
        return len(self.examples[self.example]["names"])

    @validate("example")
    def _check_example(self, proposal: dict) -> str:
        return check_choice("example", proposal["value"], tuple(examples()))

    @validate("guess", "selected")
    def _check_ordering(self, proposal: dict) -> list[int] | str | None:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "guess" and (value is None or isinstance(value, str)):
            return value and check_choice("guess", value, (SAME,))
        return check_ordering(value, self._count).tolist()

    @validate("step")
    def _check_step(self, proposal: dict) -> int | None:
        step = proposal["value"]
        return None if step is None else check_count("step", step, largest=self._count)

    @observe("example")
    def _start(self, _: dict) -> None:
        self.guess, self.selected, self.step = None, list(range(self._count)), None

    @observe("guess", "selected")
    def _follow(self, change: dict) -> None:
        self.step = None
        if change["name"] == "guess" and isinstance(self.guess, list):
            self.selected = self.guess
