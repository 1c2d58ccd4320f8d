"""Functions on orderings, degrees, masks and connectivity.

The whole argument of MADE (Germain et al. 2015, "Masked Autoencoders") is in this file. Every unit
of the network has a *degree*. The degree of an input is the step at which its variable is
generated. A hidden unit of degree d may depend only on the variables of the first d steps, and an
output only on units of a smaller degree than its own. The masks are these comparisons, written as
matrices (out_features, in_features), the shape of the weights that they multiply.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypeAlias, get_args

import torch
from torch import Generator, Tensor

from ..common.arguments import check_choice

Ordering: TypeAlias = Tensor | Sequence[int] | Sequence[Sequence[int]]
DegreeDraw: TypeAlias = Literal["uniform", "paper", "even"]

DEGREE_DRAWS = get_args(DegreeDraw)


# ---- orderings and degrees ----------------------------------------------------------------------


def input_degrees(ordering: Ordering, input_dim: int | None = None) -> Tensor:
    r"""Return the degrees (D,) of the variables: the steps, counted from 1, that generate them.

    For a permutation, they are its inverse: :math:`m^0(\text{ordering}_t) = t + 1`. The variables
    of a group have the same degree, and none of them sees another.

    Args:
        ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t + 1. Or a list
            of groups such as ``[[1, 2], [0]]``: the variables of a group are generated in one step.
        input_dim: expected D; None accepts any.

    Raises:
        TypeError or ValueError: if ``ordering`` does not contain each of 0..D-1 once.

    Source:
        Germain et al. 2015, "Order-agnostic training": the vector m⁰.

    Example:
        >>> input_degrees(torch.tensor([1, 2, 0]))  # x2, then x3, then x1
        tensor([3, 1, 2])
        >>> input_degrees([[1, 2], [0]])  # x2 and x3 in one step, then x1
        tensor([2, 1, 1])
    """
    steps = ordering if isinstance(ordering, Sequence) else []
    groups = [step for step in steps if isinstance(step, Sequence)]
    if not groups or len(groups) < len(steps):
        return torch.argsort(check_ordering(ordering, input_dim)) + 1
    position = torch.argsort(check_ordering([i for group in groups for i in group], input_dim))
    degrees = [degree for degree, group in enumerate(filter(None, groups), 1) for _ in group]
    return torch.tensor(degrees)[position]


def find_ordering(order: Tensor) -> list[int] | list[list[int]]:
    """Return the ordering that has these degrees (D,), in groups if some degrees are equal.

    Example:
        >>> find_ordering(torch.tensor([3, 1, 2])), find_ordering(torch.tensor([2, 1, 1]))
        ([1, 2, 0], [[1, 2], [0]])
    """
    ordering, sizes = torch.argsort(order, stable=True), order.unique(return_counts=True)[1]
    if len(sizes) == len(order):
        return ordering.tolist()
    return [group.tolist() for group in ordering.split(sizes.tolist())]


def check_ordering(ordering: Ordering, input_dim: int | None = None) -> Tensor:
    """Return a permutation of 0..D-1 as a (D,) LongTensor, or raise a TypeError or ValueError."""
    try:
        found = torch.as_tensor(ordering)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"ordering must be a tensor or a list of variables, got {ordering!r}"
        ) from error
    size = found.numel() if input_dim is None else input_dim
    if found.shape != (size,) or found.sort().values.tolist() != list(range(size)):
        got = f"shape {tuple(found.shape)}"
        if found.dim() == 1:
            got = f"{found[:10].tolist()}{'...' if len(found) > 10 else ''}"
        raise ValueError(
            f"ordering must be a permutation of 0..{size - 1}, got {got}. Count variables from 0, "
            "and name each once"
        )
    return found.long()


def hidden_degrees(
    below: Tensor,
    width: int,
    input_dim: int,
    draw: DegreeDraw = "uniform",
    generator: Generator | None = None,
) -> Tensor:
    r"""Return the degrees of one hidden layer, a LongTensor (H,) with values in 1..D-1.

    A unit of degree d sees at most the variables of the first d steps. Degree D would be useless,
    because no output may see such a unit. For D = 1 every unit is useless, and gets degree 1.

    Args:
        below: LongTensor, degrees of the layer below (inputs or hidden units).
        width: number of units H.
        input_dim: number of variables D.
        draw: ``"uniform"`` draws from 1..D-1. ``"paper"`` draws from
            :math:`\min_k m^{l-1}(k)` to D-1, so that every unit has an input. ``"even"`` spaces
            1..D-1 evenly, without a draw; if every layer has H ≥ D-1, no dependency is lost.
        generator: source of the draws; None is torch's global stream.

    Raises:
        ValueError: if ``draw`` is unknown.

    Source:
        Germain et al. 2015, "Deep MADE" and Algorithm 1.

    Example:
        >>> hidden_degrees(torch.tensor([3, 1, 2]), 4, 3, "even")
        tensor([1, 1, 2, 2])
    """
    check_choice("degrees", draw, DEGREE_DRAWS)
    largest = max(input_dim - 1, 1)
    if draw == "even":
        return torch.linspace(1, largest, width, dtype=torch.float64, device="cpu").round().long()
    smallest = 1 if draw == "uniform" else min(int(below.min()), largest)
    return torch.randint(smallest, largest + 1, (width,), generator=generator, device="cpu")


def draw_degrees(
    order: Tensor,
    hidden_dims: Sequence[int],
    draw: DegreeDraw = "uniform",
    generator: Generator | None = None,
) -> list[Tensor]:
    """Return the degrees of every layer: ``order``, then a LongTensor for each hidden layer.

    A unit first gets the number of variables that it may see. If the variables are in groups, its
    degree is that of the last group that this number covers, or 1 if it covers none.

    Args:
        order: (D,) LongTensor, degrees of the inputs, see :func:`input_degrees`.
        hidden_dims: width of each hidden layer; may be empty.
        draw: how hidden degrees are drawn, see :func:`hidden_degrees`.
        generator: source of the draws; None is torch's global stream.

    Raises:
        ValueError: if ``draw`` is unknown.

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


# ---- masks --------------------------------------------------------------------------------------


def build_masks(degrees: Sequence[Tensor], outputs: Tensor | None = None) -> list[Tensor]:
    r"""Return one mask per layer, a BoolTensor (out_features, in_features).

    .. math::
        M^{W^l}_{k,k'} = 1_{m^l(k) \ge m^{l-1}(k')}, \qquad M^V_{d,k} = 1_{m^0(d) > m^L(k)}

    A hidden unit may see units of its own degree (``>=``), and an output may not (``>``). This one
    strict comparison on every path keeps each variable out of its own conditional.

    Args:
        degrees: LongTensors, degrees of the inputs and of each hidden layer, see
            :func:`draw_degrees`.
        outputs: LongTensor, degrees of the outputs; None takes the degrees of the inputs.

    Source:
        Germain et al. 2015, "Deep MADE" and Algorithm 1.

    Example:
        >>> hidden, output = build_masks([torch.tensor([3, 1, 2]), torch.tensor([1, 2])])
        >>> hidden.int()  # degree 1 sees x2, degree 2 sees x2 and x3
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
    r"""Return the mask of direct connections: :math:`M^A_{d,d'} = 1_{m^0(d) > m^0(d')}`.

    The variables have the degrees ``order`` (D,). Entry [i, j] of the (D, D) BoolTensor is True if
    output i may see input j. The mask is also the *strict order*: all connections that an
    autoregressive model may have. For the natural ordering, it is strictly lower triangular.

    Source:
        Germain et al. 2015, "Imposing the Autoregressive Property".

    Example:
        >>> direct_mask(torch.tensor([3, 1, 2])).int()
        tensor([[0, 1, 1],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)
    """
    return order[:, None] > order[None, :]


def check_mask(mask: Tensor, shape: Sequence[int] | None = None) -> Tensor:
    """Return a mask of zeros and ones as a BoolTensor, or raise a TypeError or ValueError.

    The mask must have this shape, or any two dimensions if the shape is None.
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"a mask must be a torch.Tensor, got {type(mask).__name__}")
    if mask.dim() != 2 or (shape is not None and mask.shape != torch.Size(shape)):
        expected = "two dimensions" if shape is None else f"shape {tuple(shape)}"
        raise ValueError(
            f"a mask must have {expected} (out_features, in_features), got {tuple(mask.shape)}"
        )
    if mask.dtype != torch.bool and not bool(((mask == 0) | (mask == 1)).all()):
        raise ValueError("a mask must hold only 0 and 1 (or False and True)")
    return mask.bool()


# ---- connectivity -------------------------------------------------------------------------------


def connectivity(masks: Sequence[Tensor], direct: Tensor | None = None) -> Tensor:
    """Return a (D, D) BoolTensor in which [i, j] is True if a path leads from input j to output i.

    Args:
        masks: masks from the first layer to the output, (out_features, in_features) each.
        direct: (D, D) mask of the direct connections, if there are any.

    Raises:
        TypeError or ValueError: if there is no mask, or one has a wrong type, shape or value.

    Source:
        Germain et al. 2015, "Imposing the Autoregressive Property": the product of the masks, which
        counts the paths.

    Example:
        >>> connectivity(build_masks([torch.tensor([3, 1, 2]), torch.tensor([1, 1])])).int()
        tensor([[0, 1, 0],
                [0, 0, 0],
                [0, 1, 0]], dtype=torch.int32)

        x1 may see x2 and x3, but only x2 reaches it, because both hidden units have degree 1.
    """
    if len(masks) == 0:
        raise ValueError("connectivity needs at least one mask, got none")
    reached, *above = map(check_mask, masks)
    for mask in above:
        if mask.shape[1] != reached.shape[0]:
            raise ValueError(
                f"a mask of shape {tuple(mask.shape)} cannot follow a layer of "
                f"{reached.shape[0]} units: masks are (out_features, in_features)"
            )
        reached = mask.float() @ reached.float() > 0
    return reached if direct is None else reached | check_mask(direct, reached.shape)
