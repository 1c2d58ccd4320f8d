"""9.3: a window as a mask."""

from __future__ import annotations

import torch
from torch import BoolTensor

from ..checking.exercise import exercise, slip
from ..checking.variants import further_cases, one_of


def _window(side: int) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    return ((row[:, None] - row).abs() <= 1) & ((column[:, None] - column).abs() <= 1)


def _past(side: int, strict: bool) -> BoolTensor:
    return torch.ones(side**2, side**2).tril(-1 if strict else 0).bool()


@exercise(
    "9.3",
    "A window as a mask",
    stars=2,
    cases=((4, True), (3, True), (4, False)),
    vary=further_cases(lambda word: (one_of(word, [2, 5, 6]), one_of(word, [True, False]))),
    hints=(
        "Pixel i stands in row i // side and column i % side. When are two pixels in one window of "
        "3 × 3, and which of them comes earlier?",
        "row[:, None] - row is (D, D): the row of the output minus the row of the input. In the "
        "window both differences, of rows and of columns, are -1, 0 or 1.",
        "Three conditions, joined by &: near in rows, near in columns, and earlier: place < "
        "place[:, None], or <= where it is not strict.",
    ),
)
def window_mask(side: int, strict: bool) -> BoolTensor:
    """Neighbours in row and column that come earlier, row by row, and oneself unless strict."""
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near_row = (row[:, None] - row).abs() <= 1
    near_column = (column[:, None] - column).abs() <= 1
    earlier = place < place[:, None] if strict else place <= place[:, None]
    return near_row & near_column & earlier


@slip(
    "the window wraps around: the last pixel of a row and the first of the next differ by "
    "1 in number, and are no neighbours. Compare rows and columns"
)
def _by_differences(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    back = place[:, None] - place
    wanted = [1, side - 1, side, side + 1] + [0] * (not strict)
    return torch.isin(back, torch.tensor(wanted))


slip(
    "the whole window is open, later pixels, too: keep those that come earlier",
    lambda side, strict: _window(side) & ~(torch.eye(side**2).bool() & strict),
)
slip(
    "these are all earlier pixels, which is MADE's mask: a window reaches one row and one "
    "column far",
    _past,
)


@slip("the corners of the window are missing: a neighbour may be one row and one column away")
def _without_diagonals(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    steps = (row[:, None] - row).abs() + (column[:, None] - column).abs()
    return (steps <= 1) & _past(side, strict)


@slip("the window is 5 × 5: in one of 3 × 3 rows and columns differ by at most 1")
def _wide_window(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near = (row[:, None] - row).abs() <= 2, (column[:, None] - column).abs() <= 2
    return near[0] & near[1] & _past(side, strict)


@slip(
    "the window is measured in numbers of pixels, which run on from row to row: compare "
    "rows and columns"
)
def _by_numbers(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    return ((place[:, None] - place) <= side + 1) & _past(side, strict)


@slip("near in rows *or* in columns is a cross of stripes: a window needs both, joined by &")
def _row_or_column(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near = (row[:, None] - row).abs() <= 1, (column[:, None] - column).abs() <= 1
    return (near[0] | near[1]) & _past(side, strict)


@slip(
    "the pixel up and to the right is missing: it stands in the row above, so it comes "
    "earlier, though its column is larger"
)
def _without_the_right(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    column = place % side
    return window_mask(side, strict) & (column[:, None] >= column)


@slip(
    "pixels are counted row by row, and here column by column: the row is i // side, the "
    "column i % side"
)
def _column_by_column(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side).view(side, side).T.flatten()
    return window_mask(side, strict)[place][:, place]


slip(
    "the matrix has side rows in your code: it has one for each of the side² pixels",
    lambda side, strict: torch.ones(side, side).tril(-1 if strict else 0).bool(),
)
slip(
    "this is the window itself. The matrix says for each of the side² pixels which of the "
    "side² it sees",
    lambda side, strict: torch.tensor([[1, 1, 1], [1, 1 - strict, 0], [0, 0, 0]]).bool(),
)
