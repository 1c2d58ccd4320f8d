"""MaskExplorer: a widget that draws a small MADE, breaks its masks and trains it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from traitlets import Any, Bool, Dict, List, validate

from ...common.arguments import check_choice, check_count
from ...common.words import factorization, variable_names
from ...data.toys import bars_and_stripes, rain_diary
from ...figures import plot_network
from ...figures.picture import Picture
from ...leaks.total import total_probability
from ...model.made import MADE
from ...model.masks import (
    DEGREE_DRAWS,
    Ordering,
    build_masks,
    connectivity,
    direct_mask,
    draw_degrees,
    find_ordering,
    input_degrees,
)
from ..shared.base import PageWidget

MOST_UNITS, MOST_LAYERS, MOST_BOARDS = 64, 4, 32
FAULTS = ("none", "output with >=", "degrees = ordering + 1")
LESSONS = ("diary", "boards", "yours")
CHOICES = {"lesson": LESSONS, "draw": DEGREE_DRAWS, "fault": FAULTS}
STATE = ("lesson", "yours", "ordering", "hidden_degrees", "draw", "direct", "fault", "selected")
BOARDS = [  # shown until the reader paints boards
    [int(value) for value in row.split()]
    for row in (
        "1 0 0 0 1 0 0 0 1 0 0 0 1 1 1 1",
        "1 1 1 1 0 1 1 0 0 1 1 0 0 1 1 0",
        "1 1 1 1 1 0 0 1 1 0 0 1 1 1 1 1",
    )
]


class MaskExplorer(PageWidget, module="mask_explorer"):
    """A widget that draws a MADE, one row per step, and lets the reader break and train it.

    Python can read and set everything that the controls set, but the weights stay in the page.

    Args:
        lesson: data to train on: "diary", the days of :func:`made_course.rain_diary`; "boards", the
            boards of :func:`made_course.bars_and_stripes`; "yours", boards that the reader paints.
        hidden_dims: width of each hidden layer; may be empty. None is (4, 4) for the diary, and
            (64, 64) for boards.
        ordering: indices of the variables in the order in which they are generated, or groups of
            them; None is x₂, x₃, x₁ for the diary, and row by row for boards.
        direct: whether inputs are connected directly to later outputs.
        fault: fault of the masks: "none", "output with >=", or "degrees = ordering + 1".
        simple: whether to show only the network, one switch and the drawings; False also shows
            masks, costs and all controls.
        joins: whether a variable that is dragged onto another one joins its step; otherwise the
            two swap steps.

    Raises:
        TypeError: if an argument has a wrong type.
        ValueError: if a name is unknown, ``ordering`` is not a permutation, or the network has more
            than 4 hidden layers or 64 units in a layer.

    Source:
        Germain et al. 2015, "Deep MADE" and Figure 1.

    Example:
        >>> explorer = MaskExplorer()  # three variables, ordering x2, x3, x1
        >>> explorer.connectivity.int()
        tensor([[0, 1, 1],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)
        >>> explorer.fault = "output with >="
        >>> explorer.leaks
        [(1, 1), (2, 2)]
        >>> nats, total = explorer.train()  # the floor of the diary is 1.84 nats
        >>> nats < 1 and total > 2
        True
    """

    lesson = Any(help=f"Data to train on: one of {LESSONS}.").tag(sync=True)
    yours = List(help="Boards of 16 pixels that the reader painted.").tag(sync=True)
    ordering = Any(help="Groups of variables, step by step, from 0.").tag(sync=True)
    hidden_degrees = Any(help="Degrees of each hidden layer's units, ascending.").tag(sync=True)
    draw = Any("even", help="How hidden degrees are drawn next.").tag(sync=True)
    direct = Bool(help="Whether inputs are connected directly to later outputs.").tag(sync=True)
    fault = Any("none", help=f"Fault of the masks: one of {FAULTS}.").tag(sync=True)
    selected = Any(help="(layer, index) of the selected unit; inputs: layer 0.").tag(sync=True)
    simple = Bool(help="Whether to show only the main parts.").tag(sync=True)
    joins = Bool(help="Whether dragging joins two steps.").tag(sync=True)
    start = Dict(help="The initial state, for a restart.").tag(sync=True)

    def __init__(
        self,
        lesson: str = "diary",
        hidden_dims: Sequence[int] | None = None,
        ordering: Ordering | None = None,
        *,
        direct: bool = False,
        fault: str = "none",
        simple: bool = True,
        joins: bool = False,
    ) -> None:
        check_choice("lesson", lesson, LESSONS)
        is_diary = lesson == "diary"
        if ordering is None:
            ordering = [1, 2, 0] if is_diary else list(range(16))
        groups = _list_groups(ordering, 3 if is_diary else 16)
        widths = hidden_dims if hidden_dims is not None else [4, 4] if is_diary else [64, 64]
        hidden = _spread_degrees(groups, widths)
        state = {
            "lesson": lesson,
            "yours": BOARDS,
            "ordering": groups,
            "hidden_degrees": hidden,
            "draw": "even",
            "direct": direct,
            "fault": fault,
            "selected": (
                len(hidden) + 1,
                groups[-1][0] if is_diary else groups[len(groups) // 2][0],
            ),
        }
        super().__init__(**state, simple=simple, joins=joins, start=state)

    @validate(*CHOICES)
    def _check_choice(self, proposal: dict) -> str:
        name = proposal["trait"].name
        return check_choice(name, proposal["value"], CHOICES[name])

    @validate("yours")
    def _check_yours(self, proposal: dict) -> list[list[int]]:
        boards = proposal["value"]
        are_boards = all(len(board) == 16 and {*board} <= {0, 1} for board in boards)
        if len(boards) > MOST_BOARDS or not are_boards:
            raise ValueError(f"yours must be at most {MOST_BOARDS} boards of 16 zeros and ones")
        return boards

    @validate("ordering")
    def _check_ordering(self, proposal: dict) -> list[list[int]]:
        return _list_groups(proposal["value"], 3 if self.lesson == "diary" else 16)

    @validate("hidden_degrees")
    def _check_hidden_degrees(self, proposal: dict) -> list[list[int]]:
        top = max(len(self.ordering) - 1, 1)
        layers = [
            sorted(check_count("each degree", d) for d in layer) for layer in proposal["value"]
        ]
        for layer in layers:
            if not layer or layer[-1] > top:
                raise ValueError(
                    f"each hidden layer needs degrees in 1..{top}, got {layer}, "
                    f"because no output may see a unit of degree {top + 1} or more"
                )
        return layers

    @validate("selected")
    def _check_selected(self, proposal: dict) -> tuple[int, int]:
        layer, unit = (check_count("each index", i, smallest=0) for i in proposal["value"])
        count = len(self._variables)
        sizes = [count, *map(len, self.hidden_degrees), count]
        if layer >= len(sizes) or unit >= sizes[layer]:
            raise ValueError(
                f"there is no unit {layer, unit}: give (layer, index), counted from 0, "
                f"in layers of {', '.join(map(str, sizes))} units"
            )
        return layer, unit

    def restart(self) -> None:
        """Restore the state in which the widget was created."""
        with self.hold_trait_notifications():
            for name in STATE:
                setattr(self, name, self.start[name])

    @property
    def degrees(self) -> list[Tensor]:
        """LongTensors of degrees: of the inputs, which a fault may change, and of hidden layers."""
        order = input_degrees(self.ordering)
        if self.fault == "degrees = ordering + 1":
            order = torch.tensor(self._variables) + 1
        return [order, *map(torch.tensor, self.hidden_degrees)]

    @property
    def masks(self) -> list[Tensor]:
        """BoolTensors (out_features, in_features), one per layer, without direct connections."""
        *masks, last = build_masks(self.degrees)
        order, below = self.degrees[0], self.degrees[-1]
        is_loose = self.fault == "output with >="
        return [*masks, last | (is_loose & (order[:, None] == below))]

    @property
    def direct_mask(self) -> Tensor | None:
        """Mask of the direct connections, (D, D) BoolTensor; None if there are none."""
        if not self.direct:
            return None
        order = self.degrees[0]
        is_loose = self.fault == "output with >="
        return direct_mask(order) | (is_loose & (order[:, None] == order))

    @property
    def connectivity(self) -> Tensor:
        """(D, D) BoolTensor in which [i, j] is True if a path leads from input j to output i."""
        return connectivity(self.masks, self.direct_mask)

    @property
    def leaks(self) -> list[tuple[int, int]]:
        """Pairs (output, input), counted from 0, that are connected but must not be."""
        return [
            tuple(pair) for pair in (self.connectivity & ~self._allowed_pairs).nonzero().tolist()
        ]

    def train(self) -> tuple[float, float]:
        """Train a MADE with these masks in Python, for 400 steps of Adam on all rows at once.

        Returns:
            mean NLL in nats per row, and sum of p over all 2^D rows.
        """
        rows = {"diary": rain_diary, "boards": bars_and_stripes}.get(
            self.lesson, lambda: torch.tensor(self.yours, dtype=torch.float)
        )()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            widths = [len(layer) for layer in self.hidden_degrees]
            model = MADE(len(self._variables), widths, activation="tanh", direct=self.direct)
        for layer, mask in zip(model.net, self.masks, strict=True):
            layer.set_mask(mask)
        if model.direct is not None and self.direct_mask is not None:
            model.direct.set_mask(self.direct_mask)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(400):
            optimizer.zero_grad()
            (-model.log_prob(rows).mean()).backward()
            optimizer.step()
        with torch.no_grad():
            return -model.log_prob(rows).mean().item(), total_probability(model)

    def figure(self) -> Picture:
        """Return a static figure of the network in its present state."""
        formula = factorization(variable_names(len(self._variables)), self.ordering)
        fault = "" if self.fault == "none" else f"{self.fault}, "
        return plot_network(
            self.degrees,
            self.masks,
            direct=self.direct_mask,
            allowed=self._allowed_pairs,
            title=f"{fault}wanted: {formula}" if self.leaks else f"{fault}{formula}",
        )

    @property
    def _variables(self) -> list[int]:
        return [i for group in self.ordering for i in group]

    @property
    def _allowed_pairs(self) -> Tensor:
        """(D, D) BoolTensor in which [i, j] is True if output i may see input j."""
        return direct_mask(input_degrees(self.ordering))


def _spread_degrees(groups: list[list[int]], widths: Sequence[int]) -> list[list[int]]:
    """Return the degrees of each hidden layer, spread evenly, for an ordering in groups."""
    widths = [check_count("each width", width) for width in widths]
    if len(widths) > MOST_LAYERS or max(widths, default=0) > MOST_UNITS:
        raise ValueError(
            f"at most {MOST_LAYERS} hidden layers of at most {MOST_UNITS} units can be shown, "
            f"got {len(widths)} of at most {max(widths)}"
        )
    drawn = draw_degrees(input_degrees(groups), widths, "even")
    return [sorted(layer.tolist()) for layer in drawn[1:]]


def _list_groups(ordering: Ordering, count: int) -> list[list[int]]:
    """Return an ordering of ``count`` variables as groups, one list of variables per step."""
    groups = find_ordering(input_degrees(ordering, count))
    return [group if isinstance(group, list) else [group] for group in groups]
