"""3.3: who reaches whom, through all masks."""

from __future__ import annotations

import torch
from torch import BoolTensor, Tensor

from made_course.model import masks as package

from ..checking import but, drawn_degrees, edited, exercise, further_cases, known_mistakes
from .masks_in_code import build_masks


def _masks(*degrees: list[int]) -> tuple[list[Tensor]]:
    return (build_masks([torch.tensor(layer) for layer in degrees]),)


@exercise(
    "3.3",
    "Who reaches whom",
    stars=2,
    cases=(
        _masks([3, 1, 2], [1, 2, 1]),
        _masks([3, 1, 2], [2, 1], [1, 2, 1, 2]),
        _masks([2, 4, 1, 3], [2, 3, 1, 3, 2]),
        _masks([2, 1], [1] * 256),
        _masks([3, 1, 2]),
        (
            edited(build_masks, "outputs[:, None] >", "outputs[:, None] >=")(
                [torch.tensor([3, 1, 2]), torch.tensor([1, 2, 1])]
            ),
        ),
    ),
    package=package.connectivity,
    vary=further_cases(lambda word: (build_masks(drawn_degrees(word)),)),
    hints=(
        "The product of the masks counts paths. What is left is to ask of each count whether it "
        "is above zero.",
        "PyTorch does not multiply matrices of bools: turn each mask into .long() first. The first "
        "mask stands rightmost.",
        "paths = masks[0].long(); then for each further mask paths = mask.long() @ paths; return "
        "paths > 0.",
    ),
)
def connectivity(masks: list[Tensor]) -> BoolTensor:
    """[i, j]: whether at least one path leads from input j to output i."""
    paths = masks[0].long()
    for mask in masks[1:]:
        paths = mask.long() @ paths  # the later layer stands on the left
    return paths > 0


known_mistakes(
    {
        "these are numbers of paths: asked is only whether there is one, as True or False": but(
            "paths > 0", "paths"
        ),
        "true only where there is exactly one path: several will do as well, so compare with > "
        "0": but("paths > 0", "paths == 1"),
        "true only where there are two paths or more: one is enough, so compare with > 0": but(
            "paths > 0", "paths > 1"
        ),
        "true everywhere, as no number of paths is below 0: compare with > 0": but(
            "paths > 0", "paths >= 0"
        ),
        "the masks are added entry by entry: a path goes through all layers, so it takes their "
        "matrix product `@`": but("@ paths", "+ paths"),
        "the product is in the wrong order: x passes the first mask first, so that one stands at "
        "the right, output @ … @ first": lambda masks: connectivity(masks[::-1]),
        "you set the diagonal to False. An output that sees its own variable is a leak, and this "
        "matrix is there to show it": but(
            "paths > 0", "(paths > 0) & ~torch.eye(len(paths)).bool()"
        ),
        "the masks are multiplied entry by entry, as `&` and `*` do it: a path goes through any "
        "hidden unit, so it takes the matrix product `@`": but("@ paths", "* paths"),
        "true only where all hidden units lead on, as by .all(): one path is enough, .any()": but(
            "mask.long() @ paths", "(mask[:, :, None] & (paths > 0)).all(1)"
        ),
        "with 256 paths your count runs over: eight bits count 256 values, and 256 becomes 0. Take "
        ".long() or .float()": but(
            "masks[0].long()", "masks[0].to(torch.uint8)", "mask.long()", "mask.to(torch.uint8)"
        ),
    }
)
