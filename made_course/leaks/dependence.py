r"""What each output of a network truly depends on, whatever its masks or its author say.

A *leak* is an output that depends on a variable which the ordering does not allow it. Two ways to
look for one, each with a blind spot:

- **Flipping**: change one input at many points, and see which outputs move. On binary inputs this
  is the definition; tried at all :math:`2^D` of them, nothing but what rounding hides is missed
  (a small number in place of a zero is: training may enlarge it).
- **Slopes**: where :math:`\partial z_i / \partial x_j` is not zero, output i should depend on
  input j. Quick to write and widely used, but wrong both ways: behind a ReLU that is off the slope
  is zero although the output moves, and :math:`x^2 - x` has a slope at 0 and at 1 although it is 0
  at both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, product

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import check_count
from ..model.masks import Ordering, direct_mask, input_degrees
from ..model.sampling import evaluation_mode

MOST_POINTS = 1024
"""Up to this many binary inputs, all of them are tried."""
RANDOM_POINTS = 64
ROWS_AT_ONCE = 256
"""With 784 variables, what is computed of so many stays in a processor's cache."""

# What counts as a move. A flip is compared with the same row at the same place of a batch of the
# same shape, so that every product and sum is made in the same order: an input with no path to an
# output adds an exact zero, and that output keeps every bit. What is left are paths that cancel,
# whose sums round differently: measured at up to 2 eps times the sum of the sizes of the terms,
# which is some 3 times the output. Three times as much passes as rounding, and for outputs below 4
# what passes at 4. In float32 a leak of 1e-4 is found while no logit exceeds 50.
EPS_OF_OUTPUT, LEAST_EPS = 16, 64


@dataclass(frozen=True, eq=False)
class Dependence:
    """What :func:`measure_dependence` found; rows of matrices are outputs, columns inputs.

    Args:
        points: (n, D) zeros and ones, the inputs that were tried.
        largest_move: (D, D); [i, j]: how far output i moved at most when input j was flipped.
        moved_at: (D, D) LongTensor; [i, j]: the row of ``points`` whose flip did that.
        tolerance: (D,); what an output may move by rounding alone.
        largest_slope: (D, D); [i, j]: the largest size of the derivative of output i by input j at
            the points, infinite where it was no number; None for a function without gradients.
    """

    points: Tensor
    largest_move: Tensor
    moved_at: Tensor
    tolerance: Tensor
    largest_slope: Tensor | None

    @property
    def by_flip(self) -> Tensor:
        """(D, D) bool; [i, j]: output i moved, by more than rounding, when input j was flipped."""
        return self.largest_move > self.tolerance[:, None]

    @property
    def by_gradient(self) -> Tensor | None:
        """(D, D) bool; [i, j]: the derivative of output i by input j is not zero at some point."""
        return None if self.largest_slope is None else self.largest_slope != 0

    @property
    def exhaustive(self) -> bool:
        """Whether all 2^D binary inputs were tried: ``by_flip`` then misses rounding alone."""
        return len(self.points.unique(dim=0)) == 2 ** self.points.shape[1]

    def leaks(self, ordering: Ordering) -> list[tuple[int, int]]:
        """Pairs (output, input) where an output moved that the ordering forbids to.

        Args:
            ordering: (D,) permutation of 0..D-1; ``ordering[t]`` is generated at step t. Or a list
                of groups, within which no variable may see another.

        Raises:
            TypeError, ValueError: if ``ordering`` does not have each of D variables once.
        """
        forbidden = ~direct_mask(input_degrees(ordering, self.points.shape[1]))
        return [(i, j) for i, j in (self.by_flip & forbidden).nonzero().tolist()]


def binary_points(input_dim: int, seed: int = 0) -> Tensor:
    """Inputs to try: all 2^D where these are at most 1,024, otherwise 64 random ones.

    Args:
        input_dim: number of variables D.
        seed: governs the random points, and nothing else.

    Raises:
        TypeError, ValueError: if an argument is no such whole number.

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
    """Find out what each output depends on, by flipping each input and by gradient.

    A module is measured in evaluation mode, and left as it was; nothing is learned or changed.
    It must treat each row by itself and give the same output for the same input: what does not
    is refused rather than mistaken for a leak.

    Args:
        function: any callable (B, D) → (B, D): a MADE, another module, a function.
        x: (n, D) zeros and ones, the points at which to look: see :func:`binary_points`. For a
            module they are moved to its device and dtype.

    Raises:
        TypeError: if ``function`` cannot be called or returns no tensor of real numbers, or ``x``
            is no tensor.
        ValueError: if ``x`` is not (n, D) of zeros and ones; if the function raises, or its outputs
            have another shape than its inputs, are not finite, differ between two calls, or depend
            on the other rows of a batch.

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
    if not callable(function):
        raise TypeError(f"function must be a callable (B, D) → (B, D), got {function!r}")
    _check_points(x)
    if not isinstance(function, nn.Module):
        return _measure(function, x if x.is_floating_point() else x.float())
    with evaluation_mode(function):
        for tensor in chain(function.parameters(), function.buffers()):
            if tensor.is_floating_point():
                return _measure(function, x.to(tensor))
        return _measure(function, x.float())


def _measure(function: Callable[[Tensor], Tensor], x: Tensor) -> Dependence:
    n, input_dim = x.shape
    repeats = max(1, ROWS_AT_ONCE // n)  # as many inputs are flipped in one batch
    batch = x.repeat(repeats, 1)
    largest_move = torch.zeros(input_dim, input_dim, dtype=torch.float64)
    moved_at = torch.zeros(input_dim, input_dim, dtype=torch.long)
    with torch.no_grad():
        before = _outputs(function, batch)
        tolerance = _tolerance(before)
        _require_repeatable(function, batch, before, tolerance)
        _require_rows_apart(function, batch, before, tolerance)
        for inputs in torch.arange(input_dim).split(repeats):
            flipped = batch.clone().view(repeats, n, input_dim)
            for copy, j in zip(flipped, inputs, strict=False):
                copy[:, j] = 1 - copy[:, j]
            moves = _distance(_outputs(function, flipped.view_as(batch)), before)
            largest, where = moves.view(repeats, n, input_dim)[: len(inputs)].max(dim=1)
            largest_move[:, inputs], moved_at[:, inputs] = largest.T, where.T
    slopes = _largest_slopes(function, batch, n)
    return Dependence(x.cpu(), largest_move, moved_at, tolerance, slopes)


def _outputs(function: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    try:
        outputs = function(batch.clone())  # a copy: it may write into what it is given
    except Exception as error:
        raise ValueError(
            f"the function raised {type(error).__name__} on an input of shape "
            f"{tuple(batch.shape)}: {error}"
        ) from error
    if not isinstance(outputs, Tensor) or outputs.is_complex():
        got = outputs.dtype if isinstance(outputs, Tensor) else type(outputs).__name__
        raise TypeError(f"the function must return a tensor of real numbers (B, D), got {got}")
    if outputs.shape != batch.shape:
        raise ValueError(
            f"the function must return one output for each variable: shape {tuple(batch.shape)} "
            f"for an input of that shape, got {tuple(outputs.shape)}"
        )
    outputs = outputs.detach().cpu().clone()  # and it may write into what it returned
    if not bool(outputs.isfinite().all()):
        row, i = (~outputs.isfinite()).nonzero()[0].tolist()
        raise ValueError(
            f"outputs must be finite, got {outputs[row, i].item()} from output {i} (counted from "
            f"0) at x = {batch[row].int().tolist()[:20]}{'...' if batch.shape[1] > 20 else ''}"
        )
    return outputs


def _tolerance(outputs: Tensor) -> Tensor:
    eps = torch.finfo(outputs.dtype).eps if outputs.is_floating_point() else 0.0
    size = outputs.double().abs().amax(dim=0)
    return eps * (EPS_OF_OUTPUT * size).clamp(min=LEAST_EPS)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    return (a.double() - b.double()).abs()


def _require_repeatable(
    function: Callable[[Tensor], Tensor], batch: Tensor, outputs: Tensor, tolerance: Tensor
) -> None:
    moves = _distance(_outputs(function, batch), outputs)
    if bool((moves > tolerance).any()):
        raise ValueError(
            f"two calls on the same input gave outputs that differ by up to {moves.max():.3g}: "
            "the function draws random numbers, as dropout does in training mode. Call eval() on "
            "the model first, or give the model itself"
        )


def _require_rows_apart(
    function: Callable[[Tensor], Tensor], batch: Tensor, outputs: Tensor, tolerance: Tensor
) -> None:
    """Every second row stays and must keep its outputs, whatever stands in the rows between."""
    for first, filling in product((0, 1), (0.0, 1.0)):
        changed = torch.full_like(batch, filling)
        changed[first::2] = batch[first::2]
        moves = _distance(_outputs(function, changed), outputs)[first::2]
        if bool((moves > tolerance).any()):
            raise ValueError(
                f"outputs of a row moved by up to {moves.max():.3g} when only other rows of the "
                "batch changed: rows influence one another, as with BatchNorm in training mode, "
                "so that what an output depends on cannot be told. Call eval() on the model first, "
                "or give the model itself"
            )


def _largest_slopes(function: Callable[[Tensor], Tensor], batch: Tensor, n: int) -> Tensor | None:
    input_dim = batch.shape[1]
    repeats = len(batch) // n
    slopes = torch.zeros(input_dim, input_dim, dtype=torch.float64)
    batch = batch.clone().requires_grad_()
    try:
        with torch.enable_grad():
            outputs = function(batch.clone())
        for rows in torch.arange(input_dim).split(repeats):
            wanted = torch.zeros_like(outputs).view(repeats, n, input_dim)
            for copy, i in zip(wanted, rows, strict=False):
                copy[:, i] = 1
            (slope,) = torch.autograd.grad(
                outputs, batch, wanted.view_as(outputs), retain_graph=True
            )
            slope = slope.view(repeats, n, input_dim)[: len(rows)].abs().amax(dim=1)
            slopes[rows] = slope.nan_to_num(nan=torch.inf, posinf=torch.inf).double().cpu()
    except (RuntimeError, TypeError, ValueError):  # it worked without gradients: it has none
        return None
    return slopes


def _check_points(x: Tensor) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
    if x.dim() != 2 or x.numel() == 0:
        raise ValueError(f"x must have shape (n, D), one point a row, got {tuple(x.shape)}")
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError("x must hold only 0 and 1: an input is flipped from one to the other")
