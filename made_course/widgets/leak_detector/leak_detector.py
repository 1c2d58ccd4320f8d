"""What each output truly depends on, against what the ordering allows: leaks are named."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from traitlets import Any, Bytes, Dict, List, validate

from ...common.arguments import check_count
from ...common.words import variable_names
from ...figures import plot_dependence
from ...figures.picture import Picture
from ...leaks.dependence import Dependence, binary_points, measure_dependence
from ...model.made import MADE
from ...model.masks import check_ordering, direct_mask, input_degrees
from ..shared.base import InPage

MOST_CELLS = 20
"""Variables up to which they stand in their own sequence in a picture, not in the ordering's."""


class LeakDetector(InPage, module="leak_detector"):
    """Finds out what each output depends on, and names every one that the ordering forbids.

    Each input is flipped at many points, and the derivatives are taken there: see
    :func:`made_course.measure_dependence`. What is found is drawn against what the ordering
    allows. The model is only looked at: neither its weights nor its masks nor its mode change.

    Args:
        model_or_function: a MADE, another module, or any callable (B, D) → (B, D).
        input_dim: number of variables D, of anything but a MADE.

    Attributes:
        ordering: what the outputs are held against, a permutation of 0..D-1; it begins as that of
            a MADE, and as x₁, x₂, ... for anything else.

    Raises:
        TypeError, ValueError: if an argument is not as described, or the function cannot be
            measured: see :func:`made_course.measure_dependence`.

    Example:
        >>> def cheat(x):  # each output sees its own variable
        ...     return 2 * x - 1
        >>> detector = LeakDetector(cheat, input_dim=3)
        >>> detector.leaks
        [(0, 0), (1, 1), (2, 2)]
        >>> detector.selected, detector.pointed  # the output and the input that the page explains
        (0, 0)
    """

    names = List().tag(sync=True)
    ordering = Any(help="ordering[t] is generated at step t").tag(sync=True)
    first_ordering = List(help="the one to go back to").tag(sync=True)
    selected = Any(0, help="the output, counted from 0, that is explained").tag(sync=True)
    pointed = Any(0, help="and the input").tag(sync=True)
    found = Bytes(help="a byte a pair: 1 by flip, 2 by slope, 4 no number, 8 faint").tag(sync=True)
    moves = Bytes(help="largest move of each pair, float32").tag(sync=True)
    tried = Dict(help="at which points, and how finely").tag(sync=True)

    def __init__(
        self,
        model_or_function: MADE | Callable[[Tensor], Tensor],
        input_dim: int | None = None,
    ) -> None:
        self._count = count = _count_variables(model_or_function, input_dim)
        first = list(range(count))
        if isinstance(model_or_function, MADE):
            first = torch.argsort(model_or_function.order).tolist()
        self.dependence = measure_dependence(model_or_function, binary_points(count))
        super().__init__(
            names=variable_names(count),
            first_ordering=first,
            ordering=first,
            **_state(self.dependence),
        )
        self.selected, self.pointed = self._most_telling()

    @validate("ordering")
    def _check_ordering(self, proposal: dict) -> list[int]:
        return check_ordering(proposal["value"], self._count).tolist()

    @validate("selected", "pointed")
    def _check_variable(self, proposal: dict) -> int:
        return check_count(proposal["trait"].name, proposal["value"], 0, self._count - 1)

    @property
    def leaks(self) -> list[tuple[int, int]]:
        """Pairs (output, input), counted from 0, that flipping found and the ordering forbids."""
        return self.dependence.leaks(self.ordering)

    def figure(self) -> Picture:
        """The same state as a figure: one matrix where flips and slopes find the same."""
        rows = list(range(self._count)) if self._count <= MOST_CELLS else self.ordering
        by_flip, by_gradient = self.dependence.by_flip, self.dependence.by_gradient
        ways = {"What flipping finds": by_flip}
        if by_gradient is not None and not torch.equal(by_gradient, by_flip):
            ways["What slopes find"] = by_gradient
        allowed = direct_mask(input_degrees(self.ordering))
        return plot_dependence(
            {way: seen[rows][:, rows] for way, seen in ways.items()},
            allowed[rows][:, rows],
            names=[self.names[i] for i in rows],
        )

    def _most_telling(self) -> tuple[int, int]:
        """The largest leak; where there is none, the last output and what moved it most."""
        moves = self.dependence.largest_move
        leaking = self.dependence.by_flip & ~direct_mask(input_degrees(self.ordering))
        if bool(leaking.any()):
            return divmod(int(moves.where(leaking, -1).argmax()), self._count)
        return self.ordering[-1], int(moves[self.ordering[-1]].argmax())


def _state(dependence: Dependence) -> dict[str, object]:
    """What the page needs of a measurement, as traits."""
    slope = dependence.largest_slope
    found = dependence.by_flip.byte()
    if slope is not None:
        faint = slope <= dependence.tolerance[:, None]
        found = found + 2 * (slope != 0) + 4 * slope.isinf() + 8 * faint
    return {
        "found": found.byte().numpy().tobytes(),
        "moves": dependence.largest_move.float().numpy().tobytes(),
        "tried": {
            "points": len(dependence.points),
            "all": dependence.exhaustive,
            "where": dependence.moved_at.flatten().tolist() if dependence.exhaustive else [],
            "rounding": dependence.tolerance.max().item(),
            "slopes": slope is not None,
        },
    }


def _count_variables(function: object, input_dim: int | None) -> int:
    if isinstance(function, MADE):
        return function.input_dim
    if input_dim is None:
        raise ValueError(
            "only of a MADE is the number of variables known: give input_dim, as in "
            "LeakDetector(function, input_dim=3)"
        )
    return check_count("input_dim", input_dim)
