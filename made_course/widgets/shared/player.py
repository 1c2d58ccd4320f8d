"""The base class of the players: a model that the page runs, and the shape of its rows."""

from __future__ import annotations

import math
from copy import deepcopy

from torch import Tensor
from traitlets import Bytes, Dict

from ...common.words import variable_names
from ...model.made import MADE
from .base import InPage
from .sampler import check_model, describe, weight_bytes

MOST_SEED = 999_999


class Player(InPage):
    """A widget whose page runs a copy of a model over binary variables."""

    network = Dict(help="Description of the model for sampler.mjs.").tag(sync=True)
    weights = Bytes(help="All weights of the model, as float32.").tag(sync=True)
    board = Dict(help="Rows and columns of the picture, and names of the variables.").tag(sync=True)

    def __init__(self, model: MADE, rows: dict[str, Tensor], **state: object) -> None:
        check_model(model)
        n = model.input_dim
        high, wide = shape_of(n)
        state |= {name: check_rows(name, x, model) for name, x in rows.items()}
        self._model = deepcopy(model).cpu().float().eval()
        super().__init__(
            network=describe(self._model),
            weights=weight_bytes(self._model),
            board={"rows": high, "columns": wide, "names": variable_names(n)},
            **state,
        )

    @property
    def _whole(self) -> str:
        return "image" if self.board["rows"] > 1 else "row"


def shape_of(input_dim: int) -> tuple[int, int]:
    """Return rows and columns for so many variables: a square if possible, else a row.

    Example:
        >>> shape_of(784), shape_of(3)
        ((28, 28), (1, 3))
    """
    side = math.isqrt(input_dim)
    return (side, side) if side * side == input_dim else (1, input_dim)


def check_rows(name: str, rows: Tensor, model: MADE) -> list[list[int]]:
    """Return the zeros and ones of one or more rows of the model's data, or raise an error."""
    if not isinstance(rows, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(rows).__name__}")
    n, shown = model.input_dim, rows[None] if rows.dim() == 1 else rows
    if shown.dim() != 2 or shown.shape[1] != n or len(shown) == 0:
        raise ValueError(f"{name} must have shape ({n},) or (m, {n}), got {tuple(rows.shape)}")
    model.check_data(shown)
    return shown.int().tolist()
