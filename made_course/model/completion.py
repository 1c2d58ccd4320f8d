"""Completion: unknown variables are drawn given known ones, exactly or with weights."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from ..common.arguments import check_count, check_rows
from .completed_rows import Completion
from .made import MADE
from .masks import check_ordering, draw_degrees, input_degrees
from .sampling import SAMPLES_AT_ONCE, check_noise, evaluation_mode, fresh_noise, sample_incremental

EQUAL = 0.99
"""Samples worth so large a share of as many exact ones may as well count alike."""


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

    Each unknown variable is drawn given those before it, from
    :math:`q(x) = \prod_{i\ \mathrm{unknown}} p(x_i \mid x_{before})`. That is right as it is, an
    exact sample of the conditional, where no known variable comes after an unknown one. See
    :func:`completion_degrees` for which ordering is taken:

    - the model's own, or one of its K, where it has the known variables first;
    - for a model with a random ordering and ``num_masks=None``, an ordering made for the purpose,
      under which the shared weights are a model, too: known variables first, then the unknown,
      both by their index, so that the hole in an image is drawn row by row; or both backwards where
      the known have the larger indices on average, so that the rows lead away from them. What is
      drawn is the conditional of *this ordering's* distribution, not that of an ensemble of
      orderings;
    - else the model's own all the same. What is known of later variables then comes too late, and
      each sample gets the weight :math:`w = \prod_{i\ \mathrm{known}} p(x_i \mid x_{before})`,
      and a warning says that samples alone are not the answer, unless weights are nearly equal.
      With many variables known nearly all weight may lie on one sample: the effective sample size
      says so.

    Args:
        model: a MADE.
        x: (B, D) rows, valid for the model where they are known; other values are ignored, and
            may be NaN: ``complete(model, x, ~x.isnan())`` fills in what is missing.
        known: (D,) or (B, D) BoolTensor, or zeros and ones.
        n_samples: number n of samples for each row.
        ordering: (D,) permutation of 0..D-1 for a model for any ordering: known variables are
            taken from it first, then unknown ones. None is 0, 1, ..., D-1, or backwards.
        noise: (B, n, D) uniforms in [0, 1] to use instead of fresh ones.
        generator: source of the noise, on the model's device; None is torch's global stream.

    Returns:
        the :class:`Completion`: samples (B, n, D), log-weights (B, n) or None, effective sample
        size (B,). If only some rows need weights, the others' are zeros.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Germain et al. 2015, "Order-agnostic training" (the ordering for the purpose); Uria et al.
        2014, "A Deep and Tractable Density Estimator".

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
    model = require_made(model, "complete")
    n = check_count("n_samples", n_samples)
    found = completed(model, *_check_rows(model, x, known), n, ordering, noise, generator)
    if found.log_weights is not None and len(x):
        worth = found.effective_sample_size.min().item()
        if worth < max(2, EQUAL * n):
            warnings.warn(_in_words(worth, n), stacklevel=3)  # past no_grad
    return found


def completed(
    model: MADE,
    x: Tensor,
    known: Tensor,
    n: int,
    ordering: Tensor | Sequence[int] | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Completion:
    """What :func:`complete` returns, of rows that were checked, without a word of their worth."""
    weight = next(model.parameters())
    shape = (len(x), n, model.input_dim)
    check_noise(noise, shape, generator)
    if noise is None:
        noise = fresh_noise(shape, weight, generator)
    noise = noise.to(weight.device)

    samples = x.new_empty(shape)
    log_weights = x.new_zeros(len(x), n)
    is_exact = known.new_zeros(len(x))
    with torch.autocast(weight.device.type, enabled=False), evaluation_mode(model):
        for degrees, rows, exact in ways(model, (~known).long(), ordering):
            is_exact[rows] = exact
            with model.under(degrees):
                for part in rows.split(max(1, SAMPLES_AT_ONCE // n)):
                    samples[part] = drawn(model, x[part], known[part], noise[part])
                    late = part[~is_exact[part]]
                    log_weights[late] = weights(model, samples[late], known[late])
    if is_exact.all():
        return Completion(samples, None, x.new_full((len(x),), n), model.head)
    return Completion(samples, log_weights, effective_sizes(log_weights), model.head)


def drawn(model: MADE, x: Tensor, known: Tensor, noise: Tensor) -> Tensor:
    """(b, D) rows to (b, n, D): what is not known is drawn n times under the masks in use."""
    given, each = (rows.repeat_interleave(noise.shape[1], dim=0) for rows in (x, known))
    return sample_incremental(model, noise.flatten(0, 1), given, each).view(noise.shape)


def weights(model: MADE, samples: Tensor, known: Tensor) -> Tensor:
    """(b, n) log-probabilities of what is known, each given what comes before it in the sample."""
    conditionals = model.log_conditionals(samples.flatten(0, 1)).view(samples.shape)
    return conditionals.where(known[:, None], 0.0).sum(dim=2)


def effective_sizes(log_weights: Tensor) -> Tensor:
    """(b, n) log-weights to (b,): as many samples of one weight would be worth as much."""
    return (2 * log_weights.logsumexp(1) - (2 * log_weights).logsumexp(1)).exp()


def come_first(order: Tensor, known: Tensor) -> Tensor:
    """Whether no known variable comes after an unknown one: (D,) and (..., D) to (...)."""
    return order.where(known, 0).amax(-1) <= order.where(~known, len(order) + 1).amin(-1)


def ways(
    model: MADE, rank: Tensor, ordering: Tensor | Sequence[int] | None = None
) -> list[tuple[list[Tensor], Tensor, Tensor]]:
    """Degrees under which some rows are drawn, which rows, and which of these are drawn exactly.

    Args:
        model: a MADE.
        rank: (B, D) LongTensor, 0 where a variable is known; among others a smaller rank comes
            first in an ordering that is made for the purpose.
        ordering: see :func:`complete`.
    """
    ranks, of_row = rank.unique(dim=0, return_inverse=True)
    plans = [_plan(model, each, ordering) for each in ranks]
    exact = torch.tensor([is_exact for _, is_exact in plans], device=rank.device)
    together: dict[tuple[int, ...], list[int]] = {}
    for k, (degrees, _) in enumerate(plans):
        together.setdefault(tuple(torch.cat(degrees).tolist()), []).append(k)
    found = []
    for which in together.values():
        rows = torch.isin(of_row, of_row.new_tensor(which)).nonzero().ravel()
        found.append((plans[which[0]][0], rows, exact[of_row[rows]]))
    return found


def _in_words(worth: float, n: int) -> str:
    """Why some completions do not count alike, and what to do."""
    said = (
        f"these completions are worth {worth:.1f} exact ones (of {n}): the ordering has known "
        "variables after unknown ones. Take .draw(n), .mean or .class_shares(i), which count each "
        "with its weight, and not .samples alone"
    )
    if worth >= max(2, n / 10):
        return said
    return (
        f"{said}. Ask for more (n_samples), or use a model whose ordering has first what is known; "
        "for images of which any part may be known, one for any (natural_order=False, "
        "num_masks=None)"
    )


def completion_degrees(
    model: MADE, known: Tensor, ordering: Tensor | Sequence[int] | None = None
) -> tuple[list[Tensor], bool]:
    """Degrees under which the unknown variables are drawn, and whether that is exact.

    Args:
        model: a MADE.
        known: (D,) BoolTensor, or zeros and ones.
        ordering: see :func:`complete`.

    Returns:
        degrees of the variables and of each hidden layer, LongTensors; true where the known
        variables come first. An ordering that is made for the purpose is the same each time.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import MADE
        >>> known = torch.tensor([False, False, True])
        >>> completion_degrees(MADE(3, (4,), ordering=[1, 2, 0]), known)[1]
        False
        >>> model = MADE(3, (4,), natural_order=False, num_masks=None)
        >>> (order, hidden), exact = completion_degrees(model, known)
        >>> order[2].item(), exact  # x3 comes first
        (1, True)
    """
    model = require_made(model, "completion_degrees")
    known = _check_known(known, (model.input_dim,)).to(model.order.device)
    return _plan(model, (~known).long(), ordering)


def _plan(
    model: MADE, rank: Tensor, ordering: Tensor | Sequence[int] | None
) -> tuple[list[Tensor], bool]:
    """Degrees for one pattern of ranks, see :func:`ways`, and whether they are exact."""
    known = rank == 0
    if ordering is not None:
        if not model.mask_sets.is_order_agnostic:
            raise ValueError(
                "ordering is for a model that was trained for any (natural_order=False, "
                "num_masks=None): leave it out, and this model's own is taken"
            )
        return _by_rank(model, rank, check_ordering(ordering, model.input_dim)), True
    stored = [model.degrees]
    if model.num_masks is not None:
        stored += model.mask_sets.members(model.num_masks)
    for degrees in stored:
        if come_first(degrees[0], known):
            return degrees, True
    if not model.mask_sets.is_order_agnostic:
        return stored[0], False
    index = torch.arange(model.input_dim, device=known.device)
    are_known_last = index[known].double().mean() > index[~known].double().mean()
    return _by_rank(model, rank, index.flip(0) if are_known_last else index), True


def _by_rank(model: MADE, rank: Tensor, ordering: Tensor) -> list[Tensor]:
    """Degrees of the variables and hidden layers for an ordering in which ranks rise."""
    ordering = ordering.cpu()
    ordering = ordering[rank.cpu()[ordering].argsort(stable=True)]
    generator, kind = Generator().manual_seed(0), model.mask_sets.kind
    return draw_degrees(input_degrees(ordering), model.hidden_dims, kind, generator)


def require_made(model: MADE, caller: str) -> MADE:
    """The model, or that which ``torch.compile`` was given."""
    model = getattr(model, "_orig_mod", model)
    if not isinstance(model, MADE):
        raise TypeError(f"{caller} needs a MADE, got {type(model).__name__}")
    return model


def _check_rows(model: MADE, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Rows with values in place of what is unknown, and a mask for each of them."""
    check_rows(x, model.input_dim)
    weight = next(model.parameters())
    known = _check_known(known, x.shape[1:], x.shape).expand(x.shape).to(weight.device)
    x = model.head.filled(x.to(weight), known)
    model.head.check(x)
    return x, known


def _check_known(known: Tensor, *shapes: tuple[int, ...]) -> Tensor:
    if not isinstance(known, Tensor):
        raise TypeError(f"known must be a torch.Tensor, got {type(known).__name__}")
    if known.shape not in shapes:
        expected = " or ".join(str(tuple(shape)) for shape in shapes)
        raise ValueError(f"known must have shape {expected}, got {tuple(known.shape)}")
    if not bool(((known == 0) | (known == 1)).all()):
        raise ValueError("known must hold only True and False (or 1 and 0)")
    return known.bool()
