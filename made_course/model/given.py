"""A model with some variables held: draws of the others, and their probabilities."""

from __future__ import annotations

import math
import warnings

import torch
from torch import Generator, Tensor

from ..common.arguments import check_count, check_rows
from .completion import come_first, completed, drawn, effective_sizes, require_made, ways, weights
from .made import MADE
from .sampling import SAMPLES_AT_ONCE, evaluation_mode, fresh_noise

FEW = 30
"""A probability that rests on so few samples is off by a fifth of itself."""


class Given:
    r"""A model with some variables held: draws of the others, and their probabilities.

    .. math::
        p(x_{asked} \mid x_{held}) = \frac{p(x_{asked}, x_{held})}{p(x_{held})}

    Each of the two is exact where its variables come first in the ordering, as all of a row do. A
    model for any ordering has one made for the purpose, see :func:`made_course.complete`, where
    what is held comes first, then what is asked. Elsewhere it is a mean over samples of the others,
    :math:`\frac1n \sum_k \prod_i p(x_i \mid x_{before})`, and a warning says if few of them count.
    So put last what you will ask for.

    Args:
        model: a MADE.
        x: (B, D) rows, or one for all, NaN where a variable is not held. None holds nothing:
            ``Given(model).log_prob(rows)`` is that of what rows with gaps do have.
            :meth:`made_course.Table.encode` makes a row of cells with names.
        n_samples: number n of samples where they stand for all.
        generator: source of all noise, on the model's device; None is torch's global stream.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import Categorical, Mixed, MixtureOfGaussians
        >>> head = Mixed([Categorical(3), MixtureOfGaussians(2)])
        >>> model = MADE(2, (8,), head=head, seed=0)
        >>> a_class = Given(model, torch.tensor([[2.0, torch.nan]]))  # and its number is drawn
        >>> a_class.draw(5)[0, :, 0]
        tensor([2., 2., 2., 2., 2.])
        >>> numbers = Given(model, torch.tensor([[torch.nan, -0.5], [torch.nan, 0.5]]))
        >>> p = numbers.predict_proba(0)  # of each class, by the density that it gives the number
        >>> p.shape, torch.allclose(p.sum(1), torch.ones(2))
        (torch.Size([2, 3]), True)
    """

    def __init__(
        self,
        model: MADE,
        x: Tensor | None = None,
        *,
        n_samples: int = 1000,
        generator: Generator | None = None,
    ) -> None:
        self.model, self.generator = require_made(model, "Given"), generator
        weight = next(model.parameters())
        nothing = weight.detach().new_full((1, self.model.input_dim), torch.nan)
        self.x = nothing if x is None else _checked(self.model, x)
        n = check_count("n_samples", n_samples)
        self.noise = fresh_noise((n, self.model.input_dim), weight, generator)

    def draw(self, n_samples: int = 1) -> Tensor:
        """(B, n_samples, D) rows with what is held, which all count alike."""
        n, held = check_count("n_samples", n_samples), ~self.x.isnan()
        x = self.model.head.filled(self.x, held)
        is_exact = all(exact.all() for *_, exact in ways(self.model, (~held).long()))
        tried = n if is_exact else max(n, len(self.noise))
        with torch.no_grad():
            found = completed(self.model, x, held, tried, generator=self.generator)
        if found.log_weights is None:
            return found.samples
        _warn_of_few(found.effective_sample_size, tried, frames=3)
        return found.draw(n, self.generator)

    def log_prob(self, x: Tensor) -> Tensor:
        """(B,) log-probability of what rows have beside what is held, given that; NaN is not asked.

        What they have of held variables is not looked at.

        Raises:
            TypeError, ValueError: if ``x`` is no rows for the model.
        """
        x = _checked(self.model, x)
        return self._of_ranks_below(2, x) - self._of_ranks_below(1, x)

    def predict_proba(self, i: int) -> Tensor:
        """(B, K) probability of each class of variable i, or of 0 and 1, given what is held.

        Raises:
            TypeError, ValueError: if there is no variable i, it is held, or has no classes.
        """
        i = check_count("i", i, smallest=0, largest=self.model.input_dim - 1)
        count = self.model.head.of(i).num_values
        if count is None:
            raise ValueError(f"variable {i} has {self.model.head.of(i)}, and no classes: see draw")
        if not self.x[:, i].isnan().all():
            raise ValueError(f"variable {i} is held: its probabilities would be 0 and 1")
        scores = []
        for value in range(count):
            asked = torch.full_like(self.x[:1], torch.nan)
            asked[:, i] = value
            scores.append(self._of_ranks_below(2, asked))
        return torch.stack(scores, 1).softmax(1)

    def _of_ranks_below(self, k: int, x: Tensor) -> Tensor:
        """(B,) log-probability of what is held, rank 0, and, with 2, of what is asked, rank 1."""
        held, x = torch.broadcast_tensors(self.x, x)
        x = x.where(held.isnan(), held)
        rank = held.isnan().long() + x.isnan()
        x, log_p = self.model.head.filled(x, rank < 2), x.new_empty(len(x))
        with (
            torch.no_grad(),
            torch.autocast(x.device.type, enabled=False),
            evaluation_mode(self.model),
        ):
            for degrees, rows, _ in ways(self.model, rank):
                with self.model.under(degrees):
                    log_p[rows] = self._marginal(x[rows], rank[rows] < k)
        return log_p

    def _marginal(self, x: Tensor, known: Tensor) -> Tensor:
        """(b,) log-probability of what is known under the masks in use."""
        log_p = weights(self.model, x[:, None], known)[:, 0]
        late, n = (~come_first(self.model.order, known)).nonzero()[:, 0], len(self.noise)
        for part in late.split(max(1, SAMPLES_AT_ONCE // n)):
            noise = self.noise.expand(len(part), -1, -1)
            samples = drawn(self.model, x[part], known[part], noise)
            log_weights = weights(self.model, samples, known[part])
            _warn_of_few(effective_sizes(log_weights), n, frames=5)
            log_p[part] = log_weights.logsumexp(1) - math.log(n)
        return log_p


def _checked(model: MADE, x: Tensor) -> Tensor:
    check_rows(x, model.input_dim)
    x = x.to(next(model.parameters()).detach())
    model.head.check(model.head.filled(x, ~x.isnan()))
    return x


def _warn_of_few(sizes: Tensor, n: int, frames: int) -> None:
    if len(sizes) and sizes.min() < FEW:
        warnings.warn(
            f"what is held comes late in the ordering, and {sizes.min().item():.1f} of {n} samples "
            "count: ask for more (n_samples), or use a model whose ordering has it first",
            stacklevel=frames,
        )
