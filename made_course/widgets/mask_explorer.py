"""MaskExplorer: a MADE's units, degrees and masks to look at, to change and to break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import count
from pathlib import Path

import torch
from ipywidgets import HTML, BoundedIntText, Button, Checkbox, Dropdown, HBox, Layout, Text
from matplotlib.figure import Figure
from torch import BoolTensor, Generator, LongTensor, Tensor

from ..arguments import check_choice, check_count
from ..figures import plot_network
from ..files import write_whole
from ..made import MADE
from ..masks import DEGREE_DRAWS, check_ordering, draw_degrees, input_degrees
from ..words import check_names, read_ordering, variable_names, write_ordering
from .mask_picture import (
    UNLESS_POINTED_AT,
    draw_page,
    draw_panel,
    is_drawn_as_graph,
    number_of,
    selection_style,
    units_of,
)
from .network import FAULTS, Network
from .panel import Panel, picture
from .svg import element

MOST_UNITS, MOST_LAYERS = 1000, 12
"""Of hidden layers that a reader may ask for."""

FAULT_WORDS = {
    "none": "nothing broken",
    "output with >=": "output mask with >= in place of >",
    "degrees = ordering + 1": "degrees = ordering + 1, not its inverse",
}


class MaskExplorer(Panel):
    """The network behind a MADE as a graph: who sees whom, what the masks are, how they break.

    Everything the controls set can be set and read from Python. Whatever is shown is a copy: a
    model that is given stays as it is.

    Args:
        input_dim: number of variables D, or a MADE, whose sizes, ordering and degrees are shown.
        hidden_dims: width of each hidden layer; may be empty.
        ordering: (D,) variables in the order of their generation, counted from 0; None is
            x₂, x₃, ..., x₁.
        degrees: how hidden degrees are drawn, "uniform", "paper" or "even".
        direct: whether inputs are connected to later outputs directly.
        names: of the variables; None is x₁, x₂, ...
        seed: of everything that is drawn.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Germain et al. 2015, "Deep MADE" and Figure 1.

    Example:
        >>> explorer = MaskExplorer()  # three variables, ordering x2, x3, x1
        >>> explorer.sentence
        'x̂₁ sees x₂ and x₃. It may see x₂ and x₃.'
        >>> explorer.fault = "output with >="
        >>> explorer.leaks
        [(1, 1), (2, 2)]
        >>> round(explorer.total_probability, 2) > 1.1
        True
    """

    def __init__(
        self,
        input_dim: int | MADE = 3,
        hidden_dims: Sequence[int] = (4, 4),
        ordering: Sequence[int] | Tensor | None = None,
        *,
        degrees: str = "even",
        direct: bool = False,
        names: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self._generator = Generator().manual_seed(check_count("seed", seed, smallest=0))
        hidden = None
        self._shows_a_model = isinstance(input_dim, MADE)
        if isinstance(input_dim, MADE):
            changed = tuple(hidden_dims) != (4, 4) or degrees != "even" or direct
            if changed or ordering is not None:
                raise ValueError(
                    "a MADE brings its own widths, ordering, degrees and direct connections: "
                    "leave these out"
                )
            model, input_dim = input_dim, input_dim.input_dim
            hidden = tuple(tuple(layer.tolist()) for layer in model.degrees[1:])
            ordering, direct = torch.argsort(model.order), model.direct is not None
            degrees = model.mask_sets.kind
        input_dim = check_count("input_dim", input_dim)
        if ordering is None:
            ordering = [*range(1, input_dim), 0]
        ordering = tuple(check_ordering(ordering, input_dim).tolist())
        self._draw = check_choice("degrees", degrees, DEGREE_DRAWS)
        if hidden is None:
            hidden = self._drawn(ordering, hidden_dims)
        names = variable_names(input_dim) if names is None else check_names(names, input_dim)
        self._network = Network(tuple(names), ordering, hidden, bool(direct))
        self._start = (self._network, self._draw)
        self._selected = (len(hidden) + 1, ordering[-1])

        self._ordering_box = Text(
            description="Ordering", continuous_update=False, layout=Layout(width="300px")
        )
        earlier, later, shuffled = (
            Button(description=words, layout=Layout(width="auto"), tooltip=tip)
            for words, tip in (
                ("Earlier", "Generate the selected variable one step earlier"),
                ("Later", "Generate the selected variable one step later"),
                ("Random ordering", "Draw an ordering"),
            )
        )
        self._moves = (earlier, later)
        self._widths_box = Text(
            description="Widths", continuous_update=False, layout=Layout(width="220px")
        )
        self._draw_box = Dropdown(
            description="Degrees", options=DEGREE_DRAWS, layout=Layout(width="190px")
        )
        draw_again = Button(
            description="Draw degrees",
            tooltip="Draw the degrees of all hidden units again",
            layout=Layout(width="auto"),
        )
        self._direct_box = Checkbox(
            description="Direct connections", indent=False, layout=Layout(width="auto")
        )
        self._unit_box = Dropdown(description="Unit", layout=Layout(width="330px"))
        self._unit_box.add_class("made-unit")
        self._degree_box = BoundedIntText(
            description="Its degree", min=1, layout=Layout(width="170px")
        )
        self._fault_box = Dropdown(
            description="Break it",
            options=[(FAULT_WORDS[fault], fault) for fault in FAULTS],
            layout=Layout(width="370px"),
        )
        save = Button(
            description="Save picture",
            tooltip="Write this picture as SVG, beside the notebook",
            layout=Layout(width="auto"),
        )
        restart = Button(
            description="Start again", tooltip="Back to how it was", layout=Layout(width="auto")
        )
        self._picture, self._said, self._sum = HTML(), HTML(), HTML()
        wrap = Layout(flex_flow="row wrap")
        super().__init__(
            [
                HBox([self._ordering_box, earlier, later, shuffled], layout=wrap),
                HBox([self._widths_box, self._draw_box, draw_again, self._direct_box], layout=wrap),
                HBox([self._unit_box, self._degree_box], layout=wrap),
                HBox([self._fault_box, save, restart], layout=wrap),
                self._picture,
                self._said,
                self._sum,
            ]
        )
        self._scope = f"made-{self.model_id[:12]}"
        self.add_class(self._scope)

        self.listen(self._ordering_box, self._read_ordering)
        self.press(earlier, lambda: self._move_selected(-1))
        self.press(later, lambda: self._move_selected(+1))
        self.press(shuffled, self.draw_ordering)
        self.listen(self._widths_box, self._read_widths)
        self.listen(self._draw_box, self._choose_draw)
        self.press(draw_again, self.draw_degrees)
        self.listen(self._direct_box, lambda value: self._change(direct=value))
        self.listen(self._unit_box, self._select_number, "index")
        self.listen(self._degree_box, lambda degree: self.set_degree(*self._selected, degree))
        self.listen(self._fault_box, self._break)
        self.press(save, self._save_beside_notebook)
        self.press(restart, self.restart)
        self._show(self._network, self._selected)

    # ---- state ------------------------------------------------------------------------------

    @property
    def ordering(self) -> list[int]:
        """Variables in the order of their generation, counted from 0."""
        return list(self._network.ordering)

    @ordering.setter
    def ordering(self, ordering: Sequence[int] | Tensor) -> None:
        ordering = check_ordering(ordering, len(self._network.names))
        self._change(ordering=tuple(ordering.tolist()))

    @property
    def hidden_dims(self) -> list[int]:
        """Width of each hidden layer; setting it draws all hidden degrees."""
        return [len(layer) for layer in self._network.hidden]

    @hidden_dims.setter
    def hidden_dims(self, hidden_dims: Sequence[int]) -> None:
        self._change(hidden=self._drawn(self._network.ordering, hidden_dims))

    @property
    def hidden_degrees(self) -> list[list[int]]:
        """Degrees of each hidden layer's units; the widths follow."""
        return [list(layer) for layer in self._network.hidden]

    @hidden_degrees.setter
    def hidden_degrees(self, hidden: Sequence[Sequence[int]]) -> None:
        top = max(len(self._network.names) - 1, 1)
        layers = tuple(tuple(check_count("each degree", d) for d in layer) for layer in hidden)
        for layer in layers:
            if not layer:
                raise ValueError("a hidden layer needs at least one unit: leave the layer out")
            if max(layer) > top:
                raise ValueError(
                    f"hidden degrees lie in 1..{top}, got {max(layer)}: "
                    f"no output may see a unit of degree {top + 1} or more"
                )
        self._change(hidden=layers)

    @property
    def draw(self) -> str:
        """How hidden degrees are drawn; setting it draws them."""
        return self._draw

    @draw.setter
    def draw(self, draw: str) -> None:
        self._draw = check_choice("degrees", draw, DEGREE_DRAWS)
        self.draw_degrees()

    @property
    def direct(self) -> bool:
        """Whether inputs are connected to later outputs directly."""
        return self._network.direct

    @direct.setter
    def direct(self, direct: bool) -> None:
        self._change(direct=bool(direct))

    @property
    def fault(self) -> str:
        """What is broken: "none", "output with >=" or "degrees = ordering + 1"."""
        return self._network.fault

    @fault.setter
    def fault(self, fault: str) -> None:
        self._change(fault=check_choice("fault", fault, FAULTS))

    @property
    def selected(self) -> tuple[int, int]:
        """The selected unit as (layer, number): layer 0 are the inputs, the last the outputs."""
        return self._selected

    @selected.setter
    def selected(self, unit: tuple[int, int]) -> None:
        self._select(self._check_unit(*unit))

    # ---- what follows from it ---------------------------------------------------------------

    @property
    def degrees(self) -> list[LongTensor]:
        """Degrees of the inputs and of each hidden layer, as the masks use them."""
        return self._network.degrees

    @property
    def masks(self) -> list[BoolTensor]:
        """Mask of every layer (out_features, in_features), without the direct one."""
        return self._network.masks

    @property
    def direct_mask(self) -> BoolTensor | None:
        """Mask of the direct connections (D, D), if there are any."""
        return self._network.direct_mask

    @property
    def connectivity(self) -> BoolTensor:
        """(D, D): whether some path leads from input j to output i."""
        return self._network.reached

    @property
    def leaks(self) -> list[tuple[int, int]]:
        """Pairs (output, input), counted from 0, that are connected and must not be."""
        return [tuple(pair) for pair in self._network.leaks.nonzero().tolist()]

    @property
    def factorization(self) -> str:
        """The chain rule in this ordering, and whether a leak makes it a mere wish."""
        return self._network.factorization

    @property
    def sentence(self) -> str:
        """What the selected unit sees, or who sees it."""
        return self._network.sentence(*self._selected)

    @property
    def total_probability(self) -> float | None:
        """Σ p(x) over all 2^D inputs of an example with these masks; None for D > 16."""
        return self._network.total_probability

    # ---- actions ----------------------------------------------------------------------------

    def move(self, variable: int, steps: int) -> None:
        """Generate a variable some steps later, or earlier where ``steps`` is negative.

        Raises:
            TypeError, ValueError: if there is no such variable, counted from 0.
        """
        _, variable = self._check_unit(0, variable)
        ordering = self.ordering
        at = ordering.index(variable)
        ordering.insert(min(max(at + steps, 0), len(ordering) - 1), ordering.pop(at))
        self.ordering = ordering

    def draw_ordering(self) -> None:
        """Draw another ordering, each equally likely."""
        drawn = before = self.ordering
        while drawn == before and len(before) > 1:
            drawn = torch.randperm(len(before), generator=self._generator).tolist()
        self.ordering = drawn

    def draw_degrees(self) -> None:
        """Draw the degrees of all hidden units again."""
        self._change(hidden=self._drawn(self._network.ordering, self.hidden_dims))

    def set_degree(self, layer: int, unit: int, degree: int) -> None:
        """Set the degree of one hidden unit; ``layer`` counts from 1, as 0 are the inputs.

        Raises:
            TypeError, ValueError: if there is no such unit, it is not hidden, or no such degree.
        """
        layer, unit = self._check_unit(layer, unit)
        if not 1 <= layer <= len(self._network.hidden):
            raise ValueError(
                "only hidden units' degrees can be set: those of inputs and outputs follow "
                "from the ordering"
            )
        hidden = self.hidden_degrees
        hidden[layer - 1][unit] = degree
        self.hidden_degrees = hidden

    def restart(self) -> None:
        """Back to how it was when it was made."""
        network, self._draw = self._start
        self._show(network, (len(network.masks), network.ordering[-1]))

    def save(self, path: str | Path) -> None:
        """Write the whole picture as an SVG file; a file that is there is replaced as a whole."""
        page = draw_page(self._network, self._selected, self._report())
        write_whole(path, lambda file: file.write_text(page, encoding="utf-8"))

    def figure(self) -> Figure:
        """The same state as a static figure."""
        return plot_network(
            self.degrees,
            self.masks,
            direct=self.direct_mask,
            allowed=self._network.allowed,
            names=self._network.names,
            title=f"{self.factorization}\n{self._network.finding}",
        )

    # ---- between state and page -------------------------------------------------------------

    def _check_unit(self, layer: int, unit: int) -> tuple[int, int]:
        found = check_count("layer", layer, smallest=0), check_count("unit", unit, smallest=0)
        if found not in units_of(self._network):
            raise ValueError(
                f"there is no unit {found}: give (layer, number), counted from 0, "
                f"in layers of {', '.join(map(str, self._network.sizes))} units"
            )
        return found

    def _drawn(self, ordering: Sequence[int], widths: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        if isinstance(widths, str) or not isinstance(widths, Sequence):
            raise TypeError(f"hidden_dims must be widths such as (4, 4), got {widths!r}")
        widths = [check_count("each width", width) for width in widths]
        if len(widths) > MOST_LAYERS or max(widths, default=0) > MOST_UNITS:
            raise ValueError(
                f"at most {MOST_LAYERS} hidden layers of at most {MOST_UNITS} units can be shown, "
                f"got {len(widths)} of at most {max(widths)}"
            )
        order = input_degrees(list(ordering))
        drawn = draw_degrees(order, widths, self._draw, self._generator)[1:]
        return tuple(tuple(layer.tolist()) for layer in drawn)

    def _change(self, **changes: object) -> None:
        network = replace(self._network, **changes)
        layer, unit = self._selected
        last = len(network.hidden) + 1
        layer = last if layer == len(self._network.hidden) + 1 else min(layer, last)
        self._show(network, (layer, min(unit, network.sizes[layer] - 1)))

    def _select(self, unit: tuple[int, int]) -> None:
        self._show(self._network, unit)

    def _select_number(self, number: int) -> None:
        self._select(units_of(self._network)[number])

    def _read_ordering(self, words: str) -> None:
        self.ordering = read_ordering(words, self._network.names)

    def _read_widths(self, words: str) -> None:
        parts = words.replace(",", " ").split()
        wrong = [part for part in parts if not part.isascii() or not part.isdigit()]
        if wrong:
            raise ValueError(
                f"widths are numbers such as 4, 4 (one for each hidden layer), got {wrong[0]!r}"
            )
        self.hidden_dims = [int(part) for part in parts]

    def _break(self, fault: str) -> None:
        """Besides breaking it, select an output whose sentence tells of the leak."""
        network = replace(self._network, fault=fault)
        leaking = network.leaking_output
        telling = self._selected if leaking is None else (len(network.masks), leaking)
        self._show(network, telling)

    def _choose_draw(self, draw: str) -> None:
        self.draw = draw

    def _move_selected(self, steps: int) -> None:
        self.move(self._selected[1], steps)

    def _save_beside_notebook(self) -> None:
        names = (f"masks{'' if k == 1 else f'-{k}'}.svg" for k in count(1))
        name = next(name for name in names if not Path(name).exists())
        self.save(name)
        self._say(f"Saved as {name}, beside this notebook.")

    def _report(self) -> str:
        """What Σp shows, and with which weights it was computed."""
        if self.total_probability is None:
            return self._network.finding
        own = ", not with the model's own" if self._shows_a_model else ""
        return f"{self._network.finding} (Computed with weights that let a leak show{own}.)"

    def _show(self, network: Network, selected: tuple[int, int]) -> None:
        """Take over a state, once it has been drawn: a picture that fails changes nothing."""
        is_new = network is not self._network or not self._picture.value
        pictures = ""
        if is_new or not is_drawn_as_graph(network):
            pictures = draw_panel(network, selected)
        self._network, self._selected = network, selected
        if pictures:
            self._picture.value = pictures  # first what the reader waits for
        self._say()
        with self.quietly():
            self._follow_structure()
            self._follow_selection()
        if is_new:
            self._sum.value = picture(element("div", escape(self._report()), role="status"))
        self.problem = ""

    def _follow_structure(self) -> None:
        network = self._network
        self._ordering_box.value = write_ordering(network.ordering, network.names)
        self._widths_box.value = ", ".join(map(str, self.hidden_dims))
        self._draw_box.value = self._draw
        self._direct_box.value = network.direct
        self._fault_box.value = network.fault
        names = tuple((network.name(*unit), k) for k, unit in enumerate(units_of(network)))
        if self._unit_box.options != names:
            self._unit_box.options = names

    def _follow_selection(self) -> None:
        layer, unit = self._selected
        is_hidden = 1 <= layer <= len(self._network.hidden)
        self._unit_box.index = number_of(self._network, self._selected)
        largest = len(self._network.names)
        self._degree_box.max = max(largest - 1, 1) if is_hidden else largest
        self._degree_box.value = self._network.degree(layer, unit)
        self._degree_box.disabled = not is_hidden
        for button in self._moves:
            button.disabled = is_hidden

    def _say(self, more: str = "") -> None:
        style = selection_style(
            number_of(self._network, self._selected), f".{self._scope} {UNLESS_POINTED_AT}"
        )
        self._said.value = picture(
            element("style", style),
            element("div", f"{escape(self.sentence)} {escape(more)}", role="status"),
            class_="made-picture made-said",
        )
