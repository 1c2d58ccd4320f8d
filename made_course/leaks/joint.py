"""Joint distributions of a few binary variables, small enough to write down."""

from __future__ import annotations

import torch
from torch import Tensor

from ..common.arguments import check_count
from .dependence import binary_points

MOST_VARIABLES = 6
"""Of seven variables there are 5,040 orderings."""
STAY = 0.9
"""How often a variable of the chain repeats the one before it."""
NOISE = 0.001
"""How often a digit of the half adder is wrong."""


def check_joint(joint: Tensor) -> Tensor:
    """Return a joint distribution as (2^D,) float64 that sums to one, or say why it is none.

    Args:
        joint: one probability for each combination of values, (2, ..., 2) with an axis for each
            variable, or the same in a row, (2^D,), in the sequence of ``binary_points(D)``.

    Raises:
        TypeError: if it is not a tensor.
        ValueError: if it has not 2^D entries for a D from 1 to 6, or is no distribution.

    Example:
        >>> check_joint(torch.tensor([[0.1, 0.2], [0.3, 0.4]])).shape
        torch.Size([4])
        >>> check_joint(torch.tensor([0.5, 0.6]))
        Traceback (most recent call last):
        ...
        ValueError: the probabilities of a joint distribution sum to 1, got 1.1
    """
    if not isinstance(joint, Tensor):
        raise TypeError(f"joint must be a torch.Tensor, got {type(joint).__name__}")
    sizes = [2**count for count in range(1, MOST_VARIABLES + 1)]
    if joint.numel() not in sizes or not (joint.dim() == 1 or set(joint.shape) == {2}):
        raise ValueError(
            "joint must have shape (2, ..., 2), an axis for each variable, or (2^D,), "
            f"for 1 to {MOST_VARIABLES} variables: got {tuple(joint.shape)}"
        )
    flat = joint.detach().cpu().double().flatten()
    if not bool((flat.isfinite() & (flat >= 0)).all()):
        raise ValueError("each probability of a joint distribution must be at least 0 and finite")
    total = flat.sum().item()
    if abs(total - 1) > 1e-5:
        raise ValueError(f"the probabilities of a joint distribution sum to 1, got {total:.6g}")
    return flat / total


def joint_of(rows: Tensor) -> Tensor:
    """How often each combination of values occurs in a data set: its own joint distribution.

    Args:
        rows: (N, D) of zeros and ones, D from 1 to 6.

    Returns:
        (2^D,) float64, in the sequence of ``binary_points(D)``.

    Example:
        >>> joint_of(torch.tensor([[0, 1], [0, 1], [1, 1], [0, 0]]))
        tensor([0.2500, 0.5000, 0.0000, 0.2500], dtype=torch.float64)
    """
    count = rows.shape[1]
    places = rows.cpu().long() @ place_values(count)
    return torch.bincount(places, minlength=2**count).double() / len(rows)


def chain_joint(input_dim: int = 4) -> Tensor:
    """Each variable is a copy of the one before it, nine times in ten; the first is a coin.

    Returns:
        (2^D,) float64, in the sequence of ``binary_points(D)``.

    Raises:
        TypeError, ValueError: if D is not a whole number from 1 to 6.

    Example:
        >>> chain_joint(2)  # 00, 01, 10, 11
        tensor([0.4500, 0.0500, 0.0500, 0.4500], dtype=torch.float64)
    """
    points = _points(input_dim)
    return _probability_where(points[:, 1:] == points[:, :-1], STAY).prod(dim=1) / 2


def parity_joint(input_dim: int = 4) -> Tensor:
    """Equally probable: all rows with an even number of ones. Any D − 1 variables are fair coins.

    Returns:
        (2^D,) float64, in the sequence of ``binary_points(D)``.

    Raises:
        TypeError, ValueError: if D is not a whole number from 1 to 6.

    Example:
        >>> parity_joint(2)  # 00, 01, 10, 11
        tensor([0.5000, 0.0000, 0.0000, 0.5000], dtype=torch.float64)
    """
    points = _points(input_dim)
    return (points.sum(dim=1) % 2 == 0).double() / 2 ** (input_dim - 1)


def half_adder_joint() -> Tensor:
    """Two fair coins x₁ and x₂, and the two digits of their sum in binary: the carry and the sum.

    The carry is 1 if both coins are, the sum if just one is. Each of these two digits is wrong once
    in a thousand, independently of the other.

    Returns:
        (16,) float64; variables are x₁, x₂, carry, sum, in the sequence of ``binary_points(4)``.

    Example:
        >>> half_adder_joint().reshape(2, 2, 2, 2)[1, 1].round(decimals=3)  # 1 + 1 = 10 in binary
        tensor([[0.0000, 0.0000],
                [0.2500, 0.0000]], dtype=torch.float64)
    """
    first, second, carry, digit = _points(4).bool().T
    right = torch.stack([carry == (first & second), digit == (first ^ second)])
    return _probability_where(right, 1 - NOISE).prod(dim=0) / 4


def kl_divergence(joint: Tensor, log_q: Tensor) -> float:
    r"""How far a model is from the truth: its NLL minus the entropy, which no model gets below.

    .. math:: \mathrm{KL}(p \,\|\, q) = \sum_x p(x)\,\big(\ln p(x) - \ln q(x)\big)

    Zero where q = p, and positive for every other *distribution* q.

    Args:
        joint: (2^D,) the truth p, in the sequence of ``binary_points(D)``.
        log_q: (2^D,) log-probabilities.

    Returns:
        Nats; infinite where q is 0 and p is not.

    Example:
        >>> half = torch.full((4,), 0.25).log()  # two fair coins
        >>> round(kl_divergence(parity_joint(2), half), 4)  # ln 2: the second coin is no coin
        0.6931
    """
    happens = joint > 0
    p, log_q = joint[happens], log_q[happens]
    return (p * (p.log() - log_q)).sum().item()


def place_values(count: int) -> Tensor:
    """Of the digits of a row's number, the first variable's the highest."""
    return 2 ** torch.arange(count - 1, -1, -1)


def _points(input_dim: int) -> Tensor:
    return binary_points(check_count("input_dim", input_dim, largest=MOST_VARIABLES)).double()


def _probability_where(condition: Tensor, probability: float) -> Tensor:
    true, false = torch.tensor([probability, 1 - probability], dtype=torch.float64)
    return torch.where(condition, true, false)
