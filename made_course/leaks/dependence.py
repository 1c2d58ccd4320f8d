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

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import check_count
from ..model.masks import Ordering, direct_mask, input_degrees

MOST_POINTS = 1024
"""Number of binary inputs up to which all of them are tried."""
RANDOM_POINTS = 64
SEPARATE_ROWS = 16
"""Number of rows that are changed, one at a time, if rows mix."""

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
        rows_mix: whether the outputs of a row change, in any bit, when another row is flipped.
        deterministic: whether equal calls return equal outputs. If not, each call was made from the
            same state of the model and of torch's random numbers.
    """

    largest_move: Tensor
    tolerance: Tensor
    largest_slope: Tensor | None
    rows_mix: bool
    deterministic: bool

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

    def deaf(self, ordering: Ordering) -> list[int]:
        """Return outputs, counted from 0, that may see some inputs but move with none of them."""
        allowed = direct_mask(input_degrees(ordering, len(self.largest_move)))
        return (allowed.any(1) & ~(self.by_flip & allowed).any(1)).nonzero().flatten().tolist()


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
        function: any callable (B, D) → (B, D). A module is measured in its present mode, without a
            copy, and is put back as it was. Rows that mix are changed one at a time, and each is
            compared only with itself.
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
    x = x.float()
    if isinstance(function, nn.Module):
        tensors = chain(function.parameters(), function.buffers())
        x = x.to(next((t for t in tensors if t.is_floating_point()), x))
    with left_unchanged(function) as call_from_same_state, torch.no_grad():
        return _measure(function, x, call_from_same_state)


@contextmanager
def left_unchanged(model: Any) -> Iterator[Callable[..., Any]]:
    """Put back all attributes and tensors of a module, and random states, after the ``with``.

    Modules are not copied, because many cannot be. The result calls the model after everything has
    been put back.
    """
    dicts = [vars(module) for module in model.modules()] if isinstance(model, nn.Module) else []
    dicts += [value for each in dicts for value in each.values() if isinstance(value, dict)]
    members = [(each, each.copy()) for each in dicts]
    values = [value for each in dicts for value in each.values()]
    values += [torch.default_generator, *torch.cuda.default_generators]
    tensors = [value for value in values if isinstance(value, Tensor)]
    tensors += [t.grad for t in tensors if t.is_leaf and t.grad is not None]
    contents = [(t, t.data, t.data.clone()) for t in tensors]
    states = [(value, value.get_state()) for value in values if type(value) is Generator]

    def put_back() -> None:
        for each, before in members:
            each.clear()
            each.update(before)
        for tensor, memory, content in contents:
            tensor.data = memory  # which a new dtype or device has replaced
            if not torch.equal(memory, content):
                memory.copy_(content)
        for generator, state in states:
            generator.set_state(state)

    def call_from_same_state(*arguments: Any) -> Any:
        put_back()
        return model(*arguments)

    try:
        yield call_from_same_state
    finally:
        put_back()


def _measure(
    function: Callable[[Tensor], Tensor], x: Tensor, call_from_same_state: Callable[..., Any]
) -> Dependence:
    before = _compute_outputs(function, x)
    rows_mix = _do_rows_mix(function, x, before)
    # rows that kept every bit have shown that equal calls return equal outputs
    is_shown = not rows_mix and len(x) > 1
    deterministic = is_shown or torch.equal(_compute_outputs(function, x), before)
    if not deterministic:
        function = call_from_same_state
        rows_mix = _do_rows_mix(function, x, before)
    if rows_mix:
        order = torch.randperm(len(x), generator=Generator().manual_seed(0), device="cpu")
        rows = order[:SEPARATE_ROWS].tolist()
        function = partial(_change_one_row_at_a_time, function, x, rows)
        x, before = x[rows], before[rows]
    moves = []
    for j in range(x.shape[1]):
        flipped = x.clone()
        flipped[:, j] = 1 - flipped[:, j]
        move = _compute_outputs(function, flipped).double() - before.double()
        moves.append(move.abs().amax(dim=0))
    eps = torch.finfo(before.dtype).eps if before.is_floating_point() else 0.0
    size = before.double().abs().amax(dim=0)
    tolerance = eps * (EPS_OF_OUTPUT * size).clamp(min=LEAST_EPS)
    slopes = _largest_slopes(function, x)
    return Dependence(torch.stack(moves, dim=1), tolerance, slopes, rows_mix, deterministic)


def _do_rows_mix(function: Callable[[Tensor], Tensor], x: Tensor, before: Tensor) -> bool:
    """Flip the first and the last row, each in a call of its own, and compare all other rows."""
    first, last = torch.cat([1 - x[:1], x[1:]]), torch.cat([x[:-1], 1 - x[-1:]])
    return not (
        torch.equal(_compute_outputs(function, first)[1:], before[1:])
        and torch.equal(_compute_outputs(function, last)[:-1], before[:-1])
    )


def _change_one_row_at_a_time(
    function: Callable[[Tensor], Tensor], x: Tensor, rows: Sequence[int], changed: Tensor
) -> Tensor:
    """Return the output of each changed row (R, D) after it has replaced its row of x."""
    outputs = []
    for row, new in zip(rows, changed, strict=True):
        batch = torch.cat([x[:row], new[None], x[row + 1 :]])
        outputs.append(function(batch)[row])
    return torch.stack(outputs)


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
