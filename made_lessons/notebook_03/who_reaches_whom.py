"""Exercise 3.3: which input reaches which output, through all masks."""

import torch
from torch import BoolTensor, Tensor

from made_course.model import masks as package

from ..checking import Exercise, edit, edit_source, further_cases, random_degrees
from .masks_in_code import build_masks


def _build_case(*degrees: list[int]) -> tuple[list[Tensor]]:
    return (build_masks([torch.tensor(layer) for layer in degrees]),)


def connectivity(masks: list[Tensor]) -> BoolTensor:
    """Return a (D, D) tensor in which [i, j] is True if a path leads from input j to output i."""
    paths = masks[0].long()
    for mask in masks[1:]:
        paths = mask.long() @ paths  # the later layer is the left factor
    return paths > 0


EXERCISE = Exercise(
    title="Who reaches whom",
    stars=2,
    reference=connectivity,
    cases=(
        _build_case([3, 1, 2], [1, 2, 1]),
        _build_case([3, 1, 2], [2, 1], [1, 2, 1, 2]),
        _build_case([2, 4, 1, 3], [2, 3, 1, 3, 2]),
        _build_case([2, 1], [1] * 256),
        _build_case([2, 1], [1] * 256, [1] * 256),  # 65,536 paths
        _build_case([3, 1, 2]),
        (
            edit_source(build_masks, "outputs[:, None] >", "outputs[:, None] >=")(
                [torch.tensor([3, 1, 2]), torch.tensor([1, 2, 1])]
            ),
        ),
    ),
    package=package.connectivity,
    vary=further_cases(lambda key: (build_masks(random_degrees(key)),)),
    hints=(
        "The product of the masks counts paths. Which of these counts are above zero?",
        "PyTorch does not multiply matrices of bools, so convert each mask with `.long()` first. "
        "The first mask is the rightmost factor.",
        "Start with `paths = masks[0].long()`. For each further mask, `paths = mask.long() @ "
        "paths`. Return `paths > 0`.",
    ),
    mistakes={
        "you returned the number of paths, but True or False is expected. Is there at least one "
        "path?": edit("paths > 0", "paths"),
        "your result is True only if there is exactly one path. Several paths count as well, so "
        "compare with > 0": edit("paths > 0", "paths == 1"),
        "your result is True only if there are two or more paths. One is enough, so compare with "
        "> 0": edit("paths > 0", "paths > 1"),
        "your result is True everywhere. If you compare with >=: no number of paths is below 0. "
        "Compare with > 0": edit("paths > 0", "paths >= 0"),
        "you add the masks entry by entry, but a path goes through all layers, so you need their "
        "matrix product `@`": edit("@ paths", "+ paths"),
        "the product is in the wrong order. x passes through the first mask first, so that mask is "
        "the rightmost factor, output @ … @ first": lambda masks: connectivity(masks[::-1]),
        "you set the diagonal to False, but an output that sees its own variable is a leak that "
        "this matrix should show": edit("paths > 0", "(paths > 0) & ~torch.eye(len(paths)).bool()"),
        "you multiply the masks entry by entry, as `&` and `*` do, but a path may go through any "
        "hidden unit, so you need the matrix product `@`": edit("@ paths", "* paths"),
        "your result is True only if all hidden units are on a path, as with .all(). One path is "
        "enough, so use .any()": edit(
            "mask.long() @ paths", "(mask[:, :, None] & (paths > 0)).all(1)"
        ),
        "your count overflows with 256 paths, because eight bits have only 256 values, so 256 "
        "becomes 0. Use .long() or .float()": edit(
            "masks[0].long()", "masks[0].to(torch.uint8)", "mask.long()", "mask.to(torch.uint8)"
        ),
    },
)
