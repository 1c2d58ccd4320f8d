"""Exercise 9.3: the mask of a window of earlier pixels."""

import torch
from torch import BoolTensor

from ..checking import Exercise, choose, edit, further_cases


def window_mask(side: int, strict: bool) -> BoolTensor:
    """Return a (D, D) mask: a pixel sees its earlier neighbours, and itself unless ``strict``."""
    index = torch.arange(side * side)
    row, column = index // side, index % side
    near_row = (row[:, None] - row).abs() <= 1
    near_column = (column[:, None] - column).abs() <= 1
    earlier = index < index[:, None] if strict else index <= index[:, None]
    return near_row & near_column & earlier


EXERCISE = Exercise(
    title="A window as a mask",
    stars=2,
    reference=window_mask,
    cases=((4, True), (3, True), (4, False)),
    vary=further_cases(lambda key: (choose(key, [2, 5, 6]), choose(key, [True, False]))),
    hints=(
        "Pixel i is in row `i // side` and column `i % side`. When are two pixels in the same "
        "window of 3 × 3, and which of them comes earlier?",
        "`row[:, None] - row` has shape (D, D): the row of the output minus the row of the input. "
        "Inside the window, the differences of rows and of columns are -1, 0 or 1.",
        "Combine three conditions with `&`: near in rows, near in columns, and earlier. A pixel j "
        "is earlier than i if `index < index[:, None]`, or `<=` if not `strict`.",
    ),
    mistakes={
        "your window wraps around. The last pixel of a row and the first of the next differ by 1 "
        "in index, but they are not neighbours. Compare rows and columns": edit(
            "near_row & near_column & earlier",
            "torch.isin(index[:, None] - index, "
            "torch.tensor([strict, 1, side - 1, side, side + 1]))",
        ),
        "your window includes later pixels. Keep only the earlier ones": edit(
            "& earlier", "& ~(torch.eye(side**2).bool() & strict)"
        ),
        "you returned all earlier pixels, which is MADE's mask, but a window reaches only one row "
        "and one column away": edit("near_row & near_column & ", ""),
        "the corners of the window are missing, but a neighbour may be one row and also one column "
        "away": edit(
            "near_row & near_column",
            "((row[:, None] - row).abs() + (column[:, None] - column).abs() <= 1)",
        ),
        "your window is 5 × 5, but in a window of 3 × 3, rows and columns differ by at "
        "most 1": edit(
            "row).abs() <= 1", "row).abs() <= 2", "column).abs() <= 1", "column).abs() <= 2"
        ),
        "you compared the indices of pixels, which continue from row to row. Compare rows and "
        "columns": edit("near_row & near_column", "(index[:, None] - index <= side + 1)"),
        "pixels that are near in rows *or* in columns form a cross of stripes. A window needs both "
        "conditions, combined with &": edit("near_row & near_column", "(near_row | near_column)"),
        "the pixel above and to the right is missing. It is in the row above, so it comes earlier, "
        "although its column is larger": edit(
            "& earlier", "& earlier & (column[:, None] >= column)"
        ),
        "you count pixels column by column. They are counted row by row, so the row is i // side, "
        "the column i % side": edit(
            "index % side", "index % side\n    index = column * side + row"
        ),
        "your matrix has side rows, but it needs one row for each of the side² pixels": (
            lambda side, strict: torch.ones(side, side).tril(-1 if strict else 0).bool()
        ),
        "you returned the window itself. The matrix says for each of the side² pixels which of "
        "the side² pixels it sees": (
            lambda side, strict: torch.tensor([[1, 1, 1], [1, 1 - strict, 0], [0, 0, 0]]).bool()
        ),
    },
)
