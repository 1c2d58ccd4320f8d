"""What the players have in common: a model that the page runs, and where its variables stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor
from traitlets import Bytes, Dict

from ...common.arguments import check_count
from ...common.words import check_names, variable_names
from ...model.activations import ACTIVATIONS
from ...model.completion import completion_degrees
from ...model.heads import Bernoulli
from ...model.made import MADE
from .in_page import InPage

MOST_SEED = 999_999


class Player(InPage):
    """A widget whose page holds a copy of a model over binary variables, and draws by itself."""

    network = Dict(help="What sampler.mjs needs to know of the model.").tag(sync=True)
    weights = Bytes(help="All its numbers, as float32.").tag(sync=True)
    board = Dict(help="Rows and columns of the picture, and names of the variables.").tag(sync=True)

    def __init__(
        self,
        model: MADE,
        rows: dict[str, Tensor | None],
        shape: tuple[int, int] | None,
        names: Sequence[str] | None = None,
        **state: object,
    ) -> None:
        check_model(model)
        n = model.input_dim
        high, wide = check_shape(shape, n)
        names = variable_names(n) if names is None else check_names(names, n)
        state |= {name: [] if x is None else check_rows(name, x, model) for name, x in rows.items()}
        self._model = deepcopy(model).cpu().float().eval()
        super().__init__(
            network=describe(self._model),
            weights=numbers(self._model),
            board={"rows": high, "columns": wide, "names": names},
            **state,
        )

    @property
    def _whole(self) -> str:
        return "image" if min(self.board["rows"], self.board["columns"]) > 1 else "row"


def check_model(model: MADE) -> None:
    """Raise unless the page can run this model."""
    if not isinstance(model, MADE):
        raise TypeError(f"model must be a MADE, got {type(model).__name__}")
    if not isinstance(model.head, Bernoulli):
        raise ValueError(
            f"the player draws binary variables, but the model's head is {model.head!r}: use "
            "model.sample(n) or complete(model, x, known) and a figure of yours"
        )
    if type(model.act) not in ACTIVATIONS.values():
        raise ValueError(
            f"the player knows the activations {', '.join(ACTIVATIONS)}, but the model's is "
            f"{model.act}: use model.sample(n) or complete(model, x, known) and a figure of yours"
        )
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("the model has weights that are no finite numbers: look at its training")


def check_rows(name: str, rows: Tensor, model: MADE) -> list[list[int]]:
    """Zeros and ones of a row or rows of the model's data."""
    if not isinstance(rows, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(rows).__name__}")
    n, shown = model.input_dim, rows[None] if rows.dim() == 1 else rows
    if shown.dim() != 2 or shown.shape[1] != n or len(shown) == 0:
        raise ValueError(f"{name} must have shape ({n},) or (m, {n}), got {tuple(rows.shape)}")
    model.check_data(shown)
    return shown.int().tolist()


def check_pair(shape: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns, or say what is wrong with them."""
    if not isinstance(shape, Sequence) or isinstance(shape, str) or len(shape) != 2:
        raise TypeError(f"shape must be a pair (rows, columns), got {shape!r}")
    rows, columns = (check_count("each of shape", size) for size in shape)
    return rows, columns


def check_shape(shape: tuple[int, int] | None, input_dim: int) -> tuple[int, int]:
    """Rows and columns for so many variables; None is a square if there is one, else a row.

    Example:
        >>> check_shape(None, 784), check_shape(None, 3)
        ((28, 28), (1, 3))
    """
    if shape is None:
        side = math.isqrt(input_dim)
        return (side, side) if side * side == input_dim else (1, input_dim)
    rows, columns = check_pair(shape)
    if rows * columns != input_dim:
        raise ValueError(
            f"shape must have room for exactly {input_dim} variables, got {rows} × {columns}"
        )
    return rows, columns


def describe(model: MADE) -> dict[str, object]:
    """What JSON can hold of a model for sampler.mjs: all but its numbers.

    ``sets`` are the degrees of the ordering in use and of all that are stored; ``whenAny`` those of
    the hidden layers, where a model of any ordering gets one that is made for the purpose.
    """
    stored = [model.degrees]
    if model.mask_sets.are_several:
        stored += model.mask_sets.members(model.num_masks)
    when_any = None
    if model.mask_sets.are_of_any_ordering:
        nothing = torch.zeros(model.input_dim, dtype=torch.bool)
        _, *hidden = completion_degrees(model, nothing, range(model.input_dim))[0]
        when_any = [layer.tolist() for layer in hidden]
    sets = [{"order": o.tolist(), "degrees": [d.tolist() for d in ds]} for o, *ds in stored]
    return {
        **sets[0],
        "activation": next(name for name, of in ACTIVATIONS.items() if of is type(model.act)),
        "direct": model.direct is not None,
        "conditioning": model.net[0].conditioning is not None,
        "sets": sets,
        "whenAny": when_any,
    }


def numbers(model: MADE) -> bytes:
    """Its weights, biases, direct connections and conditioning: each weight matrix transposed."""
    parts = [part for layer in model.net for part in (layer.weight.T, layer.bias)]
    first, direct = model.net[0].conditioning, model.direct
    parts += [] if direct is None else [direct.weight.T]
    parts += [] if first is None else [first.T]
    parts += [] if first is None or direct is None else [direct.conditioning.T]
    return torch.cat([part.detach().flatten() for part in parts]).float().numpy().tobytes()


def uniforms(seed: int, *shape: int) -> Tensor:
    """Numbers above 0 and below 1 that sampler.mjs draws alike from the same seed.

    Example:
        >>> uniforms(0, 2, 2)
        tensor([[0.2664, 0.0003],
                [0.2233, 0.1462]])
    """
    k = np.arange(1, math.prod(shape) + 1, dtype=np.uint32)
    t = k * np.uint32(0x6D2B79F5) + np.array([seed * 0x9E3779B1 % 2**32], dtype=np.uint32)
    t = (t ^ (t >> 15)) * (t | 1)
    t ^= t + (t ^ (t >> 7)) * (t | 61)
    u = (((t ^ (t >> 14)) >> 9) + 0.5) / 2**23
    return torch.from_numpy(u.astype(np.float32)).view(shape)
