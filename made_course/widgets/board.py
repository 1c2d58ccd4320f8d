"""Where the variables of a model stand in a widget's pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..arguments import check_count
from ..words import check_names, variable_names

MOST_CELLS = 20
"""Variables up to which each is a cell with its name and value."""


@dataclass(frozen=True)
class Board:
    """Where the variables stand in a picture, and what they are called."""

    rows: int
    columns: int
    names: Sequence[str]

    @property
    def in_cells(self) -> bool:
        """Whether each variable is drawn with its name and value."""
        return len(self.names) <= MOST_CELLS

    @property
    def is_image(self) -> bool:
        """Whether the variables are pixels rather than a list."""
        return min(self.rows, self.columns) > 1

    @property
    def things(self) -> str:
        """What the variables are."""
        return "pixels" if self.is_image else "variables"

    @property
    def whole(self) -> str:
        """What they make up."""
        return "image" if self.is_image else "row"

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of one variable in the picture."""
        longer = max(self.rows, self.columns)
        if self.in_cells:
            side = min(72, max(44, 280 // longer))
            return side, side
        if self.is_image:
            return 252 / longer, 252 / longer
        return (560 / longer, 40) if self.rows == 1 else (40, 560 / longer)

    @property
    def middle(self) -> int:
        """A step from which much can be seen: if pixels come by rows, the one in the middle's."""
        return self.rows // 2 * self.columns + math.ceil(self.columns / 2)

    def value(self, one: bool) -> str:
        """A variable's value as it is said."""
        if self.is_image:
            return "1 (ink)" if one else "0 (paper)"
        return "1" if one else "0"


def board(
    input_dim: int, shape: tuple[int, int] | None, names: Sequence[str] | None = None
) -> Board:
    """The board on which a model's variables stand.

    Args:
        input_dim: number of variables D.
        shape: rows and columns; None is a square if D is one, else a row.
        names: of the variables; None is x₁, x₂, ...

    Raises:
        TypeError, ValueError: if the shape is none of D variables, or the names are not theirs.

    Example:
        >>> board(784, None).columns, board(3, None).rows
        (28, 1)
    """
    if shape is None:
        side = math.isqrt(input_dim)
        shape = (side, side) if side * side == input_dim else (1, input_dim)
    if not isinstance(shape, Sequence) or isinstance(shape, str) or len(shape) != 2:
        raise TypeError(f"shape must be a pair (rows, columns), got {shape!r}")
    rows, columns = (check_count("each of shape", size) for size in shape)
    if rows * columns != input_dim:
        raise ValueError(
            f"shape must have room for exactly {input_dim} variables, got {rows} × {columns}"
        )
    names = variable_names(input_dim) if names is None else check_names(names, input_dim)
    return Board(rows, columns, names)
