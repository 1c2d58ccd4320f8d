"""9.3: a window as a mask."""

from __future__ import annotations

import torch
from torch import BoolTensor

from ..checking import but, exercise, further_cases, known_mistakes, one_of


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


known_mistakes(
    {
        "the window wraps around: the last pixel of a row and the first of the next differ by 1 in "
        "number, and are no neighbours. Compare rows and columns": but(
            "near_row & near_column & earlier",
            "torch.isin(place[:, None] - place, "
            "torch.tensor([strict, 1, side - 1, side, side + 1]))",
        ),
        "the whole window is open, later pixels, too: keep those that come earlier": but(
            "& earlier", "& ~(torch.eye(side**2).bool() & strict)"
        ),
        "these are all earlier pixels, which is MADE's mask: a window reaches one row and one "
        "column far": but("near_row & near_column & ", ""),
        "the corners of the window are missing: a neighbour may be one row and one column "
        "away": but(
            "near_row & near_column",
            "((row[:, None] - row).abs() + (column[:, None] - column).abs() <= 1)",
        ),
        "the window is 5 × 5: in one of 3 × 3 rows and columns differ by at most 1": but(
            "row).abs() <= 1", "row).abs() <= 2", "column).abs() <= 1", "column).abs() <= 2"
        ),
        "the window is measured in numbers of pixels, which run on from row to row: compare rows "
        "and columns": but("near_row & near_column", "(place[:, None] - place <= side + 1)"),
        "near in rows *or* in columns is a cross of stripes: a window needs both, joined by &": but(
            "near_row & near_column", "(near_row | near_column)"
        ),
        "the pixel up and to the right is missing: it stands in the row above, so it comes "
        "earlier, though its column is larger": but(
            "& earlier", "& earlier & (column[:, None] >= column)"
        ),
        "pixels are counted row by row, and here column by column: the row is i // side, the "
        "column i % side": but("place % side", "place % side\n    place = column * side + row"),
        "the matrix has side rows in your code: it has one for each of the side² pixels": (
            lambda side, strict: torch.ones(side, side).tril(-1 if strict else 0).bool()
        ),
        "this is the window itself. The matrix says for each of the side² pixels which of the "
        "side² it sees": (
            lambda side, strict: torch.tensor([[1, 1, 1], [1, 1 - strict, 0], [0, 0, 0]]).bool()
        ),
    }
)
