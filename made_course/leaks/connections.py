"""The connections of a masked network that leak."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def leaking_connections(
    masks: Sequence[Tensor], forbidden: Tensor, direct: Tensor | None = None
) -> list[Tensor]:
    """Find the connections on a path from an input to an output that must not see it.

    The masks (out_features, in_features) lead from the first layer to the output. The matrix
    ``forbidden`` (D, D) is True at [i, j] if output i must not see input j. The result is a
    BoolTensor for each mask and, if given, for ``direct``, True for the connections that leak.

    Example:
        >>> from made_course import build_masks, direct_mask
        >>> degrees = [torch.tensor([1, 2]), torch.tensor([1])]
        >>> first, output = build_masks(degrees)
        >>> output = degrees[0][:, None] >= degrees[1][None, :]  # the mistake: >= instead of >
        >>> leaking_connections([first, output], ~direct_mask(degrees[0]))
        [tensor([[ True, False]]), tensor([[ True],
                [False]])]
    """
    eye = torch.eye(len(forbidden))
    from_inputs, to_outputs = [eye], [eye]
    for mask in masks[:-1]:
        from_inputs.append(mask.float() @ from_inputs[-1])
    for mask in reversed(masks[1:]):
        to_outputs.insert(0, to_outputs[0] @ mask.float())
    leaking = [
        mask.bool() & (above.T @ forbidden.float() @ below.T > 0)
        for mask, below, above in zip(masks, from_inputs, to_outputs, strict=True)
    ]
    return leaking if direct is None else [*leaking, direct.bool() & forbidden]
