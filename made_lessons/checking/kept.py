"""What an answer must keep of its arguments: their dtype, and the gradient that trains them."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .calls import in_dtype, run
from .comparing import is_same
from .exercise import Misformed, Wrong, defined
from .in_words import written, written_call

CUT_OFF = (
    "the values are right, but carry no gradient, so that nothing could be trained: no_grad, "
    ".detach(), .data, .item(), .numpy() and torch.tensor(…) cut it off"
)
BENT = (
    "the values are right, but their gradient is not, and training follows it. Either a part of it "
    "is cut off (by .detach() or .data), or torch.where leaves out an infinity, whose gradient is "
    "NaN all the same"
)


def kept(
    name: str, *trained: str, dtypes: Sequence[torch.dtype] = (torch.float32, torch.float64)
) -> Callable[[object], None]:
    """Return a function that examines the dtypes and gradients of an answer with right values.

    Args:
        name: name of the exercise.
        trained: names of the arguments whose gradient must be that of the reference.
        dtypes: dtypes of the arguments for which the result must have the reference's dtype.
            Without float32, an answer may compute in float64 and return that.
    """

    def examine(answer: object) -> None:
        reference = defined(name).reference
        names = [*inspect.signature(reference).parameters]
        for case in defined(name).cases:
            for place in map(names.index, trained):
                _require_gradient(answer, reference, case, place, names[place])
            for dtype in dtypes:
                _require_dtype(answer, reference, in_dtype(dtype, case), dtype)

    return examine


def _require_dtype(
    answer: object, reference: Callable[..., Tensor], case: tuple, dtype: torch.dtype
) -> None:
    came, right = run(answer, *case), reference(*copy.deepcopy(case))
    if came.dtype != right.dtype:
        raise Misformed(
            f"the values are right. Where those that are given are {dtype}, {right.dtype} is asked "
            "for: see that no other dtype gets in, or is left",
            tried=f"{written_call(answer, case)}, all floats {dtype}",
            expected=str(right.dtype),
            came=str(came.dtype),
        )


def _require_gradient(
    answer: object, reference: Callable[..., Tensor], case: tuple, place: int, name: str
) -> None:
    tried = f"{written_call(answer, case)}, then the gradient by the {name}"

    def result(function: Callable[..., Tensor], case: tuple) -> tuple[Tensor, Tensor]:
        given = [*copy.deepcopy(case)]
        leaf = given[place] = given[place].requires_grad_()
        return leaf, run(lambda: function(*given))

    try:
        leaf, came = result(answer, case)
    except Wrong as wrong:
        raise Wrong(CUT_OFF, tried=tried, came=wrong.cause) from wrong
    if not came.requires_grad or run(answer, *case).requires_grad:
        raise Wrong(CUT_OFF, tried=tried)
    if came.grad_fn is None:  # it was computed in another process
        return
    right_leaf, right = result(reference, in_dtype(torch.float64, case))
    came.sum().backward()
    right.sum().backward()
    has_slope = leaf != 0  # there a right formula such as max(z, 0) + … may have a corner
    came, right = torch.where(has_slope, leaf.grad, right_leaf.grad), right_leaf.grad
    if not is_same(came, right):
        raise Wrong(BENT, tried=tried, expected=written(right), came=written(came))
