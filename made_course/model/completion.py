"""Completion: draw unknown variables given known ones, exactly or with weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from ..common.arguments import check_count, check_rows
from .heads import Bernoulli, Head
from .made import MADE
from .masks import check_ordering, draw_degrees, input_degrees
from .sampling import (
    SAMPLES_AT_ONCE,
    check_noise,
    draw_noise,
    evaluation_mode,
    sample_incremental,
)


class Completion(NamedTuple):
    r"""Samples of the unknown variables, n for each of B rows.

    If there are weights, the samples follow the right distribution only together with them. Use
    :attr:`mean`, :meth:`class_shares` and :meth:`draw`, which apply the weights.

    Attributes:
        samples: (B, n, D) rows; the known variables have their given values.
        log_weights: (B, n) log importance weights, up to a constant per row; None if all samples
            are exact and count equally.
        effective_sample_size: (B,) number of exact samples that would be as good: n, or with
            weights :math:`(\sum_k w_k)^2 / \sum_k w_k^2`. It only compares the samples with one
            another, so it is at least 1, and cannot reveal a region that all of them missed.
        head: head of the model.
    """

    samples: Tensor
    log_weights: Tensor | None
    effective_sample_size: Tensor
    head: Head = Bernoulli()

    @property
    def shares(self) -> Tensor:
        """(B, n) normalised importance weights: the weights of a row sum to 1."""
        if self.log_weights is None:
            return self.samples.new_full(self.samples.shape[:2], 1 / self.samples.shape[1])
        return self.log_weights.softmax(dim=1)

    @property
    def mean(self) -> Tensor:
        """(B, D) weighted means of the samples; NaN for variables with more than two classes."""
        mean = (self.shares[..., None] * self.samples).sum(dim=1)
        for i in range(mean.shape[1]):
            if (self.head.select(i).num_classes or 0) > 2:
                mean[:, i] = torch.nan
        return mean

    def class_shares(self, i: int) -> Tensor:
        """Return the weighted shares (B, K) of the classes of variable i in each row's samples.

        If the known value is NaN (missing), all shares are 0.

        Raises:
            ValueError: if variable i has no classes.

        Example:
            >>> from made_course import Categorical
            >>> samples, weights = torch.tensor([[[2.0], [0.0]]]), torch.tensor([[3.0, 1.0]])
            >>> found = Completion(samples, weights.log(), torch.tensor([1.6]), Categorical(3))
            >>> found.class_shares(0)
            tensor([[0.2500, 0.0000, 0.7500]])
        """
        count = self.head.select(i).num_classes
        if count is None:
            head = self.head.select(i)
            raise ValueError(f"variable {i} has no classes, because its head is {head}")
        is_class = self.samples[..., i, None] == torch.arange(count, device=self.samples.device)
        return (self.shares[..., None] * is_class).sum(dim=1)

    def draw(self, n_samples: int = 1, generator: Generator | None = None) -> Tensor:
        """Resample with replacement, and return samples (B, n_samples, D) that count equally.

        A sample is drawn with a probability proportional to its weight.

        Raises:
            TypeError or ValueError: if ``n_samples`` is not an integer of at least 1.

        Example:
            >>> samples, weights = torch.tensor([[[2.0], [0.0]]]), torch.tensor([[1.0, 0.0]])
            >>> Completion(samples, weights.log(), torch.ones(1)).draw(3).tolist()
            [[[2.0], [2.0], [2.0]]]
        """
        n = check_count("n_samples", n_samples)
        chosen = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        return self.samples.take_along_dim(chosen[..., None], dim=1)


@torch.no_grad()
def complete(
    model: MADE,
    x: Tensor,
    known: Tensor,
    n_samples: int = 1,
    *,
    ordering: Tensor | Sequence[int] | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Completion:
    r"""Draw the unknown variables of each row given the known ones.

    Each unknown variable is drawn given the variables before it, from
    :math:`q(x) = \prod_{i\ \mathrm{unknown}} p(x_i \mid x_{before})`. If all known variables come
    first in the ordering, this is an exact sample of the conditional distribution.
    :func:`completion_degrees` says which ordering is used. If some known variables come later, each
    sample gets the importance weight :math:`w = \prod_{i\ \mathrm{known}} p(x_i \mid x_{before})`.
    A warning gives the smallest effective sample size if it is below 2 or 0.99 n.

    Args:
        model: a MADE.
        x: (B, D) rows. Values that are not known are ignored, and may be NaN:
            ``complete(model, x, ~x.isnan())`` fills in missing values.
        known: (D,) or (B, D) BoolTensor, or zeros and ones; True where a value is known.
        n_samples: number of samples n for each row.
        ordering: (D,) permutation of 0..D-1, only for a model for any ordering. The known variables
            come first, then the unknown ones, both in this order.
        noise: (B, n, D) uniforms in [0, 1] to use instead of fresh ones.
        generator: source of fresh noise, on the model's device; None is torch's global stream.

    Raises:
        TypeError: if an argument has a wrong type.
        ValueError: if a shape or a value is wrong, or the model does not allow an ``ordering``.

    Source:
        Germain et al. 2015, "Order-agnostic training"; Uria et al. 2014, "A Deep and Tractable
        Density Estimator".

    Example:
        >>> from made_course import MADE
        >>> model = MADE(4, (8,), natural_order=False, num_masks=None, seed=0)
        >>> x, known = torch.tensor([[1, 1, 0, 0]]), torch.tensor([True, False, False, True])
        >>> found = complete(model, x, known, n_samples=5)
        >>> found.samples.shape, found.samples[0, :, known].unique(dim=0).tolist()
        (torch.Size([1, 5, 4]), [[1.0, 0.0]])
        >>> found.log_weights is None, found.effective_sample_size
        (True, tensor([5.]))
    """
    model = _require_made(model, "complete")
    n, weight = check_count("n_samples", n_samples), model.net[0].weight
    check_rows(x, model.input_dim)
    known = _check_known(known, x.shape[1:], x.shape).expand(x.shape).to(weight.device)
    x = model.head.fill_missing(x.to(weight), known)
    model.head.check(x)
    shape = (len(x), n, model.input_dim)
    check_noise(noise, shape, generator)
    noise = draw_noise(shape, weight, generator) if noise is None else noise.to(weight.device)

    # sample k of row b has the index b n + k
    noise, samples = noise.flatten(0, 1), x.new_empty(len(x) * n, model.input_dim)
    log_weights = x.new_zeros(len(x) * n)
    all_exact = True
    patterns, pattern_of = known.unique(dim=0, return_inverse=True)
    with torch.autocast(weight.device.type, enabled=False), evaluation_mode(model):
        for number, pattern in enumerate(patterns):
            degrees, is_exact = completion_degrees(model, pattern, ordering)
            all_exact &= is_exact
            numbers = (pattern_of == number).repeat_interleave(n).nonzero().ravel()
            with model.using_degrees(degrees):
                for chunk in numbers.split(SAMPLES_AT_ONCE):
                    samples[chunk] = sample_incremental(model, noise[chunk], x[chunk // n], pattern)
                    if not is_exact:
                        log_p = model.log_conditionals(samples[chunk])
                        log_weights[chunk] = log_p[:, pattern].sum(dim=1)
    samples, log_weights = samples.view(shape), log_weights.view(len(x), n)
    if all_exact:
        return Completion(samples, None, x.new_full((len(x),), n), model.head)
    size = (2 * log_weights.logsumexp(1) - (2 * log_weights).logsumexp(1)).exp()
    if size.min() < max(2, 0.99 * n):
        # stacklevel 3 points to the caller, beyond the wrapper of no_grad
        warnings.warn(_warning_text(size.min().item(), n), stacklevel=3)
    return Completion(samples, log_weights, size, model.head)


def _warning_text(size: float, n: int) -> str:
    """Return a warning about the smallest effective sample size, for n samples per row."""
    return (
        f"the effective sample size is only {size:.1f} of {n} in the worst row, because the "
        "ordering has known variables after unknown ones. Use .draw(n), .mean or .class_shares(i), "
        "which count each sample with its weight. To increase the size, raise n_samples, or use a "
        "model that has the known variables first, or one for any ordering (natural_order=False, "
        "num_masks=None)"
    )


def completion_degrees(
    model: MADE, known: Tensor, ordering: Tensor | Sequence[int] | None = None
) -> tuple[list[Tensor], bool]:
    """Return the degrees for drawing the unknown variables, and whether the draws are exact.

    The degrees are LongTensors, one for the variables (D,) and one for each hidden layer. The draws
    are exact if no known variable has a larger degree than an unknown one. (The variables of a
    group have equal degrees, and do not see each other.) The first possible choice is used:

    1. The degrees in use, or else those of a stored set, if the draws are exact with them.
    2. For a model for any ordering (``natural_order=False`` and ``num_masks=None``), a new
       ordering: the known variables, then the unknown ones, both by index. Both are reversed if the
       known ones have the larger indices on average, so that a hole in an image is drawn row by
       row, starting next to the known pixels. The draws are exact.
    3. The degrees in use. The draws are then not exact.

    Args:
        model: a MADE.
        known: (D,) BoolTensor, or zeros and ones; True where a value is known.
        ordering: (D,) permutation to use in step 2 instead of the index; step 1 is then skipped.

    Raises:
        TypeError or ValueError: if an argument has a wrong type, shape or value, or the model does
            not allow an ``ordering``.

    Example:
        >>> from made_course import MADE
        >>> known = torch.tensor([False, False, True])
        >>> completion_degrees(MADE(3, (4,), ordering=[1, 2, 0]), known)[1]
        False
        >>> model = MADE(3, (4,), natural_order=False, num_masks=None)
        >>> (order, hidden), is_exact = completion_degrees(model, known)
        >>> order[2].item(), is_exact  # x3 comes first
        (1, True)
    """
    model = _require_made(model, "completion_degrees")
    known, sets = _check_known(known, (model.input_dim,)).to(model.order.device), model.mask_sets
    if ordering is not None:
        if not sets.is_order_agnostic:
            raise ValueError(
                "ordering needs a model that was trained for any ordering (natural_order=False, "
                "num_masks=None): leave it out to use the ordering of this model"
            )
        return _put_known_first(model, known, check_ordering(ordering, model.input_dim)), True
    stored = [model.degrees]
    if model.num_masks is not None:
        stored += sets.member_degrees(model.num_masks)
    for degrees in stored:
        order = degrees[0]
        if order.where(known, 0).max() <= order.where(~known, len(order)).min():
            return degrees, True
    if not sets.is_order_agnostic:
        return stored[0], False
    index = torch.arange(model.input_dim, device=known.device)
    are_known_last = index[known].double().mean() > index[~known].double().mean()
    return _put_known_first(model, known, index.flip(0) if are_known_last else index), True


def _put_known_first(model: MADE, known: Tensor, ordering: Tensor) -> list[Tensor]:
    """Return degrees for ``ordering``, with the known variables moved to its front."""
    ordering, known = ordering.cpu(), known.cpu()
    ordering = torch.cat([ordering[known[ordering]], ordering[~known[ordering]]])
    kind, generator = model.mask_sets.kind, Generator().manual_seed(0)
    return draw_degrees(input_degrees(ordering), model.hidden_dims, kind, generator)


def _require_made(model: MADE, caller: str) -> MADE:
    model = getattr(model, "_orig_mod", model)  # unwrap the result of torch.compile
    if not isinstance(model, MADE):
        raise TypeError(f"{caller} needs a MADE, got {type(model).__name__}")
    return model


def _check_known(known: Tensor, *shapes: tuple[int, ...]) -> Tensor:
    """Return ``known`` as a BoolTensor, or raise an error unless it has one of the shapes."""
    if not isinstance(known, Tensor):
        raise TypeError(f"known must be a torch.Tensor, got {type(known).__name__}")
    if known.shape not in shapes:
        expected = " or ".join(str(tuple(shape)) for shape in shapes)
        raise ValueError(f"known must have shape {expected}, got {tuple(known.shape)}")
    if not bool(((known == 0) | (known == 1)).all()):
        raise ValueError("known must hold only True and False (or 1 and 0)")
    return known.bool()
