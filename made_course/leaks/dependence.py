r"""Measure the dependence of a network's outputs on its inputs, without reading its masks.

A *leak* is an output that depends on a variable which the ordering does not allow it to see. Two
tests look for leaks:

- **Flips**: flip one input, and find the outputs that change. For binary inputs, this is the
  definition of dependence. If all :math:`2^D` inputs are tried, the test misses only changes that
  are lost in rounding.
- **Slopes**: find the pairs for which :math:`\partial z_i / \partial x_j` is not zero. This test is
  widely used, but it can be wrong in both directions. Behind a ReLU that is off, the slope is zero,
  although a flip may change the output. The slopes of :math:`x^2 - x` at 0 and at 1 are not 0,
  although the function is 0 at both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import check_count
from ..model.masks import Ordering, direct_mask, input_degrees
from ..model.sampling import evaluation_mode

MOST_POINTS = 1024
"""Number of binary inputs up to which all of them are tried."""
RANDOM_POINTS = 64

# Tolerance for rounding, in machine epsilons. A flip keeps the shape of the batch and the position
# of each row, so every sum is computed in the same order, and an output without a path from the
# input keeps every bit. Only paths that cancel out leave a rounding error. The largest error
# measured was about a third of this tolerance. In float32, a leak of 1e-4 is found if no logit
# exceeds 50.
EPS_OF_OUTPUT, LEAST_EPS = 16, 64


@dataclass(frozen=True, eq=False)
class Dependence:
    """Result of :func:`measure_dependence`; rows of matrices are outputs, columns are inputs.

    Args:
        largest_move: (D, D); entry [i, j] is the largest change of output i if input j is flipped.
        tolerance: (D,) largest change of each output that rounding may cause.
        largest_slope: (D, D); entry [i, j] is the largest absolute derivative of output i with
            respect to input j, or infinity if it was NaN; None for a function without gradients.
    """

    largest_move: Tensor
    tolerance: Tensor
    largest_slope: Tensor | None

    @property
    def by_flip(self) -> Tensor:
        """(D, D) BoolTensor, True at [i, j] if flipping input j moves output i beyond rounding."""
        return self.largest_move > self.tolerance[:, None]

    @property
    def by_gradient(self) -> Tensor | None:
        """(D, D) BoolTensor, True at [i, j] if ∂zᵢ/∂xⱼ is ever nonzero; None without gradients."""
        return None if self.largest_slope is None else self.largest_slope != 0

    def leaks(self, ordering: Ordering) -> list[tuple[int, int]]:
        """Return pairs (output, input), counted from 0, that flips find but the ordering forbids.

        The ordering may have groups. The errors are those of :func:`made_course.input_degrees`.
        """
        forbidden = ~direct_mask(input_degrees(ordering, len(self.largest_move)))
        return [(i, j) for i, j in (self.by_flip & forbidden).nonzero().tolist()]


def binary_points(input_dim: int, seed: int = 0) -> Tensor:
    """Return all 2^D binary inputs (n, D) if there are at most 1,024, otherwise 64 random ones.

    Args:
        input_dim: number of variables D.
        seed: seed of the random inputs.

    Raises:
        TypeError or ValueError: if ``input_dim`` is not an integer of at least 1, or ``seed``
            of at least 0.

    Example:
        >>> binary_points(2)
        tensor([[0., 0.],
                [0., 1.],
                [1., 0.],
                [1., 1.]])
        >>> binary_points(784).shape
        torch.Size([64, 784])
    """
    input_dim = check_count("input_dim", input_dim)
    seed = check_count("seed", seed, smallest=0)
    if 2**input_dim <= MOST_POINTS:
        digits = torch.arange(input_dim, device="cpu").flip(0)
        return (torch.arange(2**input_dim, device="cpu")[:, None] >> digits & 1).float()
    shape = (RANDOM_POINTS, input_dim)
    return torch.randint(2, shape, generator=Generator().manual_seed(seed), device="cpu").float()


def measure_dependence(function: Callable[[Tensor], Tensor], x: Tensor) -> Dependence:
    """Measure the dependence of each output on each input, by flips and by gradients.

    Args:
        function: any deterministic callable (B, D) → (B, D) that treats rows separately. A module
            is measured in evaluation mode.
        x: (n, D) zeros and ones, the points to test, see :func:`binary_points`. For a module, they
            are converted to its device and dtype.

    Raises:
        ValueError: if ``x`` is not (n, D) of zeros and ones, or the outputs have a different shape
            or are not finite.

    Example:
        >>> def shifted(x):  # output 1 sees x0, output 0 sees nothing
        ...     return torch.stack([torch.zeros(len(x)), 3 * x[:, 0]], dim=1)
        >>> found = measure_dependence(shifted, binary_points(2))
        >>> found.by_flip.int()
        tensor([[0, 0],
                [1, 0]], dtype=torch.int32)
        >>> found.leaks([0, 1]), found.leaks([1, 0])
        ([], [(1, 0)])
    """
    if x.dim() != 2 or x.numel() == 0 or not bool(((x == 0) | (x == 1)).all()):
        values = x.unique()[:4].tolist()
        raise ValueError(f"x must be (n, D) zeros and ones, got {tuple(x.shape)} with {values}")
    if not isinstance(function, nn.Module):
        return _measure(function, x.float())
    with evaluation_mode(function):
        tensors = chain(function.parameters(), function.buffers())
        like = next((t for t in tensors if t.is_floating_point()), torch.zeros(0))
        return _measure(function, x.to(like))


def _measure(function: Callable[[Tensor], Tensor], x: Tensor) -> Dependence:
    moves = []
    with torch.no_grad():
        before = _compute_outputs(function, x)
        for j in range(x.shape[1]):
            flipped = x.clone()
            flipped[:, j] = 1 - flipped[:, j]
            move = _compute_outputs(function, flipped).double() - before.double()
            moves.append(move.abs().amax(dim=0))
    eps = torch.finfo(before.dtype).eps if before.is_floating_point() else 0.0
    size = before.double().abs().amax(dim=0)
    tolerance = eps * (EPS_OF_OUTPUT * size).clamp(min=LEAST_EPS)
    return Dependence(torch.stack(moves, dim=1), tolerance, _largest_slopes(function, x))


def _compute_outputs(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    outputs = function(x.clone()).cpu()
    if outputs.shape != x.shape:
        shapes = f"{tuple(x.shape)} → {tuple(outputs.shape)}"
        raise ValueError(f"the function must return one output per variable, got {shapes}")
    if not bool(outputs.isfinite().all()):
        raise ValueError("the outputs must be finite numbers, got NaN or infinity")
    return outputs


def _largest_slopes(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor | None:
    """Return the largest absolute derivatives (D, D) over the points; None without gradients."""
    x = x.clone().requires_grad_()
    slopes = []
    try:
        with torch.enable_grad():
            outputs = function(x.clone())
            for i in range(x.shape[1]):
                (slope,) = torch.autograd.grad(outputs[:, i].sum(), x, retain_graph=True)
                slope = slope.abs().amax(dim=0).double().cpu()
                slopes.append(slope.nan_to_num(nan=torch.inf, posinf=torch.inf))
    except RuntimeError:  # the function worked above, so only its gradients fail
        return None
    return torch.stack(slopes)
