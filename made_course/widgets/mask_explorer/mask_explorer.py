"""MaskExplorer: a MADE's units, degrees and masks to look at, to change and to break."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Generator, Tensor
from traitlets import Any, Bool, Dict, List, observe, validate

from ...common.arguments import check_choice, check_count
from ...common.words import check_names, variable_names
from ...figures import plot_network
from ...figures.picture import Picture
from ...model.made import MADE
from ...model.masks import DEGREE_DRAWS, check_ordering, draw_degrees, input_degrees, ordering_of
from ..shared.base import InPage
from .network import FAULTS, Network

MOST_UNITS, MOST_LAYERS = 1000, 12
"""Of hidden layers that a reader may ask for."""
STATE = ("names", "ordering", "hidden_degrees", "draw", "direct", "fault", "selected")


class MaskExplorer(InPage, module="mask_explorer"):
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
        seed: of everything that is drawn here; what the page draws, it draws by chance.

    Raises:
        TypeError, ValueError: if an argument is not as described.

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
        >>> round(explorer.total_probability, 2) > 1.1
        True
    """

    names = List().tag(sync=True)
    ordering = Any(help="Variables in the order of their generation, from 0.").tag(sync=True)
    hidden_degrees = Any(help="Degrees of each hidden layer's units.").tag(sync=True)
    draw = Any("even", help="How hidden degrees are drawn next.").tag(sync=True)
    direct = Bool(help="Whether inputs are connected to later outputs directly.").tag(sync=True)
    fault = Any("none", help=f"What is broken: one of {FAULTS}.").tag(sync=True)
    selected = Any(help="(layer, number) of the selected unit; 0 are the inputs.").tag(sync=True)
    start = Dict(help="The state as it was made.").tag(sync=True)

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
        if isinstance(input_dim, MADE):
            changed = tuple(hidden_dims) != (4, 4) or degrees != "even" or direct
            if changed or ordering is not None:
                raise ValueError(
                    "a MADE brings its own widths, ordering, degrees and direct connections: "
                    "leave these out"
                )
            model, input_dim = input_dim, input_dim.input_dim
            hidden = [layer.tolist() for layer in model.degrees[1:]]
            ordering, direct = ordering_of(model.order), model.direct is not None
            degrees = model.mask_sets.kind
        input_dim = check_count("input_dim", input_dim)
        if ordering is None:
            ordering = [*range(1, input_dim), 0]
        ordering = check_ordering(ordering, input_dim).tolist()
        check_choice("degrees", degrees, DEGREE_DRAWS)
        if hidden is None:
            hidden = self._drawn(ordering, hidden_dims, degrees)
        state = {
            "names": variable_names(input_dim) if names is None else check_names(names, input_dim),
            "ordering": ordering,
            "hidden_degrees": hidden,
            "draw": degrees,
            "direct": bool(direct),
            "fault": "none",
            "selected": (len(hidden) + 1, ordering[-1]),
        }
        super().__init__(**state, start=state)

    # ---- state ------------------------------------------------------------------------------

    @validate("names")
    def _check_names(self, proposal: dict) -> list[str]:
        return check_names(proposal["value"], len(self.ordering))

    @validate("ordering")
    def _check_ordering(self, proposal: dict) -> list[int]:
        return check_ordering(proposal["value"], len(self.names)).tolist()

    @validate("hidden_degrees")
    def _check_hidden_degrees(self, proposal: dict) -> list[list[int]]:
        top = max(len(self.names) - 1, 1)
        layers = [[check_count("each degree", d) for d in layer] for layer in proposal["value"]]
        for layer in layers:
            if not layer:
                raise ValueError("a hidden layer needs at least one unit: leave the layer out")
            if max(layer) > top:
                raise ValueError(
                    f"hidden degrees lie in 1..{top}, got {max(layer)}: "
                    f"no output may see a unit of degree {top + 1} or more"
                )
        return layers

    @validate("draw")
    def _check_draw(self, proposal: dict) -> str:
        return check_choice("degrees", proposal["value"], DEGREE_DRAWS)

    @validate("fault")
    def _check_fault(self, proposal: dict) -> str:
        return check_choice("fault", proposal["value"], FAULTS)

    @validate("selected")
    def _check_selected(self, proposal: dict) -> tuple[int, int]:
        layer, unit = proposal["value"]
        layer = check_count("layer", layer, smallest=0)
        unit = check_count("unit", unit, smallest=0)
        sizes = self._sizes
        if layer >= len(sizes) or unit >= sizes[layer]:
            raise ValueError(
                f"there is no unit {layer, unit}: give (layer, number), counted from 0, "
                f"in layers of {', '.join(map(str, sizes))} units"
            )
        return layer, unit

    @observe("hidden_degrees")
    def _stay_selected(self, change: dict) -> None:
        """What is selected stays an output if it was one, and else in a layer that is there."""
        if not change["old"]:
            return
        (layer, unit), last = self.selected, len(self.hidden_degrees) + 1
        layer = last if layer == len(change["old"]) + 1 else min(layer, last)
        self.selected = (layer, min(unit, self._sizes[layer] - 1))

    @property
    def hidden_dims(self) -> list[int]:
        """Width of each hidden layer; setting it draws all hidden degrees."""
        return [len(layer) for layer in self.hidden_degrees]

    @hidden_dims.setter
    def hidden_dims(self, hidden_dims: Sequence[int]) -> None:
        self.hidden_degrees = self._drawn(self.ordering, hidden_dims, self.draw)

    def restart(self) -> None:
        """Back to how it was when it was made."""
        with self.hold_trait_notifications():
            for name in STATE:
                setattr(self, name, self.start[name])

    # ---- what follows from it ---------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network that is shown, as a value."""
        hidden = tuple(map(tuple, self.hidden_degrees))
        return Network(tuple(self.names), tuple(self.ordering), hidden, self.direct, self.fault)

    @property
    def degrees(self) -> list[Tensor]:
        """LongTensors: degrees of the inputs and of each hidden layer, as the masks use them."""
        return self.network.degrees

    @property
    def masks(self) -> list[Tensor]:
        """BoolTensors (out_features, in_features), a layer each, without the direct one."""
        return self.network.masks

    @property
    def connectivity(self) -> Tensor:
        """(D, D) bool: whether some path leads from input j to output i."""
        return self.network.reached

    @property
    def leaks(self) -> list[tuple[int, int]]:
        """Pairs (output, input), counted from 0, that are connected and must not be."""
        return [tuple(pair) for pair in self.network.leaks.nonzero().tolist()]

    @property
    def total_probability(self) -> float | None:
        """Σ p(x) over all 2^D inputs of an example with these masks; None for D > 12."""
        return self.network.total_probability

    def figure(self) -> Picture:
        """The same state as a static figure."""
        network, total = self.network, self.total_probability
        fault = "" if network.fault == "none" else f"{network.fault}, "
        count = f"all {2 ** len(network.names):,} binary vectors x"
        added_up = "" if total is None else f"\nΣ p(x) over {count} = {total:.3f}."
        return plot_network(
            network.degrees,
            network.masks,
            direct=network.direct_mask,
            allowed=network.allowed,
            names=network.names,
            title=f"{fault}{network.factorization}{added_up}",
        )

    # -----------------------------------------------------------------------------------------

    @property
    def _sizes(self) -> list[int]:
        return [len(self.names), *self.hidden_dims, len(self.names)]

    def _drawn(self, ordering: Sequence[int], widths: Sequence[int], draw: str) -> list[list[int]]:
        if isinstance(widths, str) or not isinstance(widths, Sequence):
            raise TypeError(f"hidden_dims must be widths such as (4, 4), got {widths!r}")
        widths = [check_count("each width", width) for width in widths]
        if len(widths) > MOST_LAYERS or max(widths, default=0) > MOST_UNITS:
            raise ValueError(
                f"at most {MOST_LAYERS} hidden layers of at most {MOST_UNITS} units can be shown, "
                f"got {len(widths)} of at most {max(widths)}"
            )
        order = input_degrees(list(ordering))
        return [d.tolist() for d in draw_degrees(order, widths, draw, self._generator)[1:]]
