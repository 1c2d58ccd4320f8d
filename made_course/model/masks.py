"""Orderings, degrees, masks and connectivity: pure functions on small integer tensors.

The whole argument of MADE (Germain et al. 2015, "Masked Autoencoders") is in this file. Every unit
of the network carries a *degree*. An input's degree is the step at which its variable is generated;
a hidden unit of degree d may depend on the first d variables and on no other; an output may depend
on units of a smaller degree than its own. Masks are nothing but these comparisons, written as
matrices of the shape of the ``nn.Linear`` weight they multiply: (out_features, in_features).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypeAlias, get_args
from zlib import crc32

import torch
from torch import Generator, Tensor

from ..common.arguments import check_choice

Ordering: TypeAlias = Tensor | Sequence[int] | Sequence[Sequence[int]]
DegreeDraw: TypeAlias = Literal["uniform", "paper", "even"]

DEGREE_DRAWS = get_args(DegreeDraw)


def check_ordering(ordering: Ordering, input_dim: int | None = None) -> Tensor:
    """Return an ordering without groups as a (D,) LongTensor, or say why it is none.

    Args:
        ordering: permutation of 0..D-1; ``ordering[t]`` is the variable generated at step t.
        input_dim: the D that is expected, if it is known.

    Raises:
        TypeError: if it is not a tensor or sequence of whole numbers.
        ValueError: if it is not one-dimensional, not of length D, or no permutation.

    Example:
        >>> check_ordering([1, 2, 0])
        tensor([1, 2, 0])
    """
    try:
        found = torch.as_tensor(ordering)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"ordering must be a tensor or a list of whole numbers, got {ordering!r}: groups "
            "are a list of lists"
        ) from error
    if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
        raise TypeError(
            f"ordering must hold whole numbers, got dtype {found.dtype}: use a LongTensor"
        )
    if found.dim() != 1 or found.numel() == 0:
        raise ValueError(f"ordering must have one dimension (D,), got shape {tuple(found.shape)}")
    if input_dim is not None and len(found) != input_dim:
        raise ValueError(f"ordering must name each of {input_dim} variables, got {len(found)}")
    if found.sort().values.tolist() != list(range(len(found))):
        hint = "code counts variables from 0"
        if len(found.unique()) < len(found):
            hint += ", each comes once, and groups are lists of them, [[0, 1], [2, 3]]"
        raise ValueError(
            f"ordering must be a permutation of 0..{len(found) - 1}, got {found.tolist()[:10]}"
            f"{'...' if len(found) > 10 else ''}: {hint}"
        )
    return found.long()


def ordering_of(order: Tensor) -> list[int] | list[list[int]]:
    """The ordering that gives these degrees: ``argsort`` of them, or groups where some are equal.

    Example:
        >>> ordering_of(torch.tensor([3, 1, 2])), ordering_of(torch.tensor([2, 1, 1]))
        ([1, 2, 0], [[1, 2], [0]])
    """
    ordering, sizes = torch.argsort(order, stable=True), order.unique(return_counts=True)[1]
    if len(sizes) == len(order):
        return ordering.tolist()
    return [group.tolist() for group in ordering.split(sizes.tolist())]


def shown_ordering(order: Tensor) -> list[int] | list[list[int]] | str:
    """The ordering as ``print(model)`` shows it: a long one by a checksum, so that two differ."""
    ordering = ordering_of(order)
    return ordering if len(order) <= 10 else hex(crc32(repr(ordering).encode()))


def input_degrees(ordering: Ordering, input_dim: int | None = None) -> Tensor:
    r"""Degree of each variable: the step, counted from 1, at which the ordering generates it.

    Inverse of the ordering: :math:`m^0(\text{ordering}_t) = t + 1`. Variables of a group are
    generated in one step: they have one degree, and none of them sees another.

    Args:
        ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t. Or a list of
            groups, each a list of the variables that are generated at its step.
        input_dim: the D that is expected, if it is known.

    Returns:
        (D,) LongTensor of degrees in 1..D.

    Raises:
        TypeError, ValueError: if ``ordering`` does not have each variable once.

    Source:
        Germain et al. 2015, "Order-agnostic training": the vector m⁰.

    Example:
        >>> input_degrees(torch.tensor([1, 2, 0]))  # x2, then x3, then x1
        tensor([3, 1, 2])
        >>> input_degrees([[1, 2], [0]])  # x2 and x3 at once, then x1
        tensor([2, 1, 1])
    """
    groups = [g for g in ordering if isinstance(g, Sequence)] if isinstance(ordering, list) else []
    if not groups or len(groups) < len(ordering):
        return torch.argsort(check_ordering(ordering, input_dim)) + 1
    place = torch.argsort(check_ordering([i for group in groups for i in group], input_dim))
    steps = [step for step, group in enumerate(filter(None, groups), 1) for _ in group]
    return torch.tensor(steps)[place]


def hidden_degrees(
    below: Tensor,
    width: int,
    input_dim: int,
    draw: DegreeDraw = "uniform",
    generator: Generator | None = None,
) -> Tensor:
    r"""Degrees of one hidden layer, each in 1..D-1.

    A unit of degree d sees at most the first d variables. Degree D would be useless, since no
    output may look at such a unit; for D = 1 every unit is useless, and gets degree 1.

    Args:
        below: degrees of the layer below (inputs or hidden units).
        width: number of units H.
        input_dim: number of variables D.
        draw: ``"uniform"`` draws from 1..D-1 whatever lies below; ``"paper"`` draws from
            :math:`\min_k m^{l-1}(k)` to D-1, so that no unit is left without an input;
            ``"even"`` spreads 1..D-1 evenly, nothing random: with H ≥ D-1 in every layer no
            dependency is lost.
        generator: source of the draws; None is torch's global stream.

    Returns:
        (H,) LongTensor of degrees.

    Raises:
        ValueError: if ``draw`` is unknown.

    Source:
        Germain et al. 2015, "Deep MADE" and Algorithm 1.

    Example:
        >>> hidden_degrees(torch.tensor([3, 1, 2]), 4, 3, "even")
        tensor([1, 1, 2, 2])
    """
    check_choice("degrees", draw, DEGREE_DRAWS)
    top = max(input_dim - 1, 1)
    if draw == "uniform":
        return torch.randint(1, top + 1, (width,), generator=generator, device="cpu")
    if draw == "paper":
        lowest = min(int(below.min()), top)
        return torch.randint(lowest, top + 1, (width,), generator=generator, device="cpu")
    return torch.linspace(1, top, width, dtype=torch.float64, device="cpu").round().long()


def draw_degrees(
    order: Tensor,
    hidden_dims: Sequence[int],
    draw: DegreeDraw = "uniform",
    generator: Generator | None = None,
) -> list[Tensor]:
    """Degrees of every layer: the inputs' (given), then each hidden layer's, from below upwards.

    What is drawn is how many variables a unit may know. Where variables come in groups, its degree
    is that of the last group it then knows whole, or 1.

    Args:
        order: (D,) degrees of the inputs, see :func:`input_degrees`.
        hidden_dims: width of each hidden layer; may be empty.
        draw: how hidden degrees are drawn, see :func:`hidden_degrees`.
        generator: source of the draws; None is torch's global stream.

    Returns:
        list of 1 + len(hidden_dims) LongTensors; ``degrees[0]`` is ``order``.

    Example:
        >>> draw_degrees(torch.tensor([3, 1, 2]), (4, 2), "even")
        [tensor([3, 1, 2]), tensor([1, 1, 2, 2]), tensor([1, 2])]
    """
    known_after = order.bincount()[1:].cumsum(0)
    degrees, known = [order], order
    for width in hidden_dims:
        known = hidden_degrees(known, width, len(order), draw, generator)
        degrees.append(torch.searchsorted(known_after, known, right=True).clamp(min=1))
    return degrees


def build_masks(degrees: Sequence[Tensor], outputs: Tensor | None = None) -> list[Tensor]:
    r"""One mask a layer: which weights may exist.

    .. math::
        M^{W^l}_{k,k'} = 1_{m^l(k) \ge m^{l-1}(k')}, \qquad M^V_{d,k} = 1_{m^0(d) > m^L(k)}

    Hidden layers may keep what they know (``>=``); the output is strict (``>``), and this one
    strict layer on every path is what keeps each variable out of its own conditional.

    Args:
        degrees: degrees of the inputs and of each hidden layer, see :func:`draw_degrees`.
        outputs: degrees of the outputs, where they are not those of the inputs.

    Returns:
        list of len(degrees) BoolTensors (out_features, in_features); the last is the output's.

    Source:
        Germain et al. 2015, "Deep MADE" and Algorithm 1.

    Example:
        >>> hidden, output = build_masks([torch.tensor([3, 1, 2]), torch.tensor([1, 2])])
        >>> hidden.int()  # the unit of degree 1 sees x2, that of degree 2 sees x2 and x3
        tensor([[0, 1, 0],
                [0, 1, 1]], dtype=torch.int32)
        >>> output.int()  # x1 comes last and sees both units, x2 comes first and sees none
        tensor([[1, 1],
                [0, 0],
                [1, 0]], dtype=torch.int32)
    """
    outputs = degrees[0] if outputs is None else outputs
    hidden = [above[:, None] >= below[None, :] for below, above in pairwise(degrees)]
    return [*hidden, outputs[:, None] > degrees[-1][None, :]]


def direct_mask(order: Tensor) -> Tensor:
    r"""Mask of the direct input-to-output connections: :math:`M^A_{d,d'} = 1_{m^0(d) > m^0(d')}`.

    It is also the *strict order* itself: all that an autoregressive model may connect.

    Args:
        order: (D,) degrees of the inputs.

    Returns:
        (D, D) BoolTensor; strictly triangular in the natural ordering.

    Source:
        Germain et al. 2015, "Imposing the Autoregressive Property".

    Example:
        >>> direct_mask(torch.tensor([3, 1, 2])).int()
        tensor([[0, 1, 1],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)
    """
    return order[:, None] > order[None, :]


def connectivity(masks: Sequence[Tensor], direct: Tensor | None = None) -> Tensor:
    """Which inputs reach which outputs: entry [i, j] is true where some path leads from j to i.

    The product of the masks counts paths; only whether there is one matters here.

    Args:
        masks: masks from the first layer to the output, (out_features, in_features) each.
        direct: mask of the direct connections (D, D), if there are any.

    Returns:
        (D, D) BoolTensor, rows are outputs, columns inputs.

    Raises:
        ValueError: if there is no mask, a shape does not fit its neighbour, or an entry is not
            0 or 1.

    Source:
        Germain et al. 2015, "Imposing the Autoregressive Property" (the product of the masks).

    Example:
        >>> connectivity(build_masks([torch.tensor([3, 1, 2]), torch.tensor([1, 1])])).int()
        tensor([[0, 1, 0],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)

        x1 may see x2 and x3, but with both hidden degrees 1 only x2 reaches it.
    """
    if len(masks) == 0:
        raise ValueError("connectivity needs at least one mask, got none")
    masks = [check_mask(mask) for mask in masks]
    reached = masks[0]
    for mask in masks[1:]:
        if mask.shape[1] != reached.shape[0]:
            raise ValueError(
                f"a mask of shape {tuple(mask.shape)} cannot follow a layer of "
                f"{reached.shape[0]} units: masks are (out_features, in_features)"
            )
        reached = mask.float() @ reached.float() > 0
    if direct is not None:
        direct = check_mask(direct, reached.shape)
        reached = reached | direct
    return reached


def paths_through(
    masks: Sequence[Tensor], layer: int, unit: int, direct: Tensor | None = None
) -> list[Tensor]:
    """Which units lie on a path through one unit: its ancestors below, its descendants above.

    Args:
        masks: masks from the first layer to the output, (out_features, in_features) each.
        layer: where the unit is; 0 are the inputs, ``len(masks)`` the outputs.
        unit: its number in the layer.
        direct: mask of the direct connections (D, D), if there are any.

    Returns:
        one BoolTensor a layer, inputs first and outputs last; in its own layer the unit alone.

    Example:
        >>> masks = build_masks([torch.tensor([3, 1, 2]), torch.tensor([1, 2])])
        >>> paths_through(masks, layer=2, unit=2)  # the output of x3 sees x2 by the first unit
        [tensor([False,  True, False]), tensor([ True, False]), tensor([False, False,  True])]
    """
    size = masks[layer].shape[1] if layer < len(masks) else masks[-1].shape[0]
    here = torch.arange(size) == unit
    below, above = [here], [here]
    for mask in reversed(masks[:layer]):
        below.append(mask[below[-1]].any(0))
    for mask in masks[layer:]:
        above.append(mask[:, above[-1]].any(1))
    if direct is not None and layer == 0:
        above[-1] = above[-1] | direct[:, unit]
    if direct is not None and layer == len(masks):
        below[-1] = below[-1] | direct[unit]
    return [*reversed(below), *above[1:]]


def leaking_connections(
    masks: Sequence[Tensor], forbidden: Tensor, direct: Tensor | None = None
) -> list[Tensor]:
    """Which connections lie on a path from an input to an output that must not see it.

    Args:
        masks: masks from the first layer to the output, (out_features, in_features) each.
        forbidden: (D, D) BoolTensor; [i, j]: output i must not see input j.
        direct: mask of the direct connections (D, D), if there are any.

    Returns:
        one BoolTensor for each mask, then the direct one's; all False in a sound network.

    Example:
        >>> degrees = [torch.tensor([1, 2]), torch.tensor([1])]
        >>> first, output = build_masks(degrees)
        >>> output = degrees[0][:, None] >= degrees[1][None, :]  # the mistake: >= in place of >
        >>> leaking_connections([first, output], ~direct_mask(degrees[0]))
        [tensor([[ True, False]]), tensor([[ True],
                [False]])]
    """
    eye = torch.eye(len(forbidden), dtype=torch.float32)
    from_inputs, to_outputs = [eye], [eye]
    for mask in masks:
        from_inputs.append(mask.float() @ from_inputs[-1])
    for mask in reversed(masks):
        to_outputs.append(to_outputs[-1] @ mask.float())
    to_outputs.reverse()
    leaking = [
        mask.bool() & (to_outputs[k + 1].T @ forbidden.float() @ from_inputs[k].T > 0)
        for k, mask in enumerate(masks)
    ]
    return leaking if direct is None else [*leaking, direct.bool() & forbidden]


def check_mask(mask: Tensor, shape: Sequence[int] | None = None) -> Tensor:
    """Return a mask as a BoolTensor, or say why it is none.

    Args:
        mask: tensor of zeros and ones of any dtype, (out_features, in_features).
        shape: the shape that is expected, if it is known.

    Raises:
        TypeError: if it is not a tensor.
        ValueError: if it has another shape, or values other than 0 and 1.

    Example:
        >>> check_mask(torch.tensor([[1.0, 0.0]]), (1, 2))
        tensor([[ True, False]])
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"a mask must be a torch.Tensor, got {type(mask).__name__}")
    expected = "two dimensions" if shape is None else f"shape {tuple(shape)}"
    if mask.dim() != 2 or (shape is not None and mask.shape != torch.Size(shape)):
        raise ValueError(
            f"a mask must have {expected} (out_features, in_features), got {tuple(mask.shape)}"
        )
    if mask.dtype != torch.bool and not bool(((mask == 0) | (mask == 1)).all()):
        raise ValueError("a mask must hold only 0 and 1 (or False and True)")
    return mask.bool()
