"""The base class of the models that are not a MADE: ordering, log-probabilities, samples."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import check_count, check_last_dimension
from ..model.heads import Bernoulli, Head, check_head
from ..model.made import MADE
from ..model.masks import check_ordering, input_degrees
from ..model.sampling import sample_in_chunks, sample_naive


class OrderedModel(nn.Module):
    """A model that generates its variables one after another.

    A subclass defines ``forward(x)``, which returns the parameters of all conditionals. Sampling
    takes one forward pass per variable, unless the subclass defines ``_sample_rows(noise)``. The
    arguments are those of :class:`made_course.MADE`; an ordering cannot have groups, and None is
    the natural ordering.
    """

    num_masks = 1  # so that fit does not resample masks

    def __init__(
        self,
        input_dim: int,
        ordering: Tensor | Sequence[int] | None = None,
        head: Head | None = None,
    ) -> None:
        super().__init__()
        self.input_dim = check_count("input_dim", input_dim)
        self.head = Bernoulli() if head is None else check_head(head, self.input_dim)
        ordering = range(self.input_dim) if ordering is None else ordering
        self.register_buffer("order", input_degrees(check_ordering(ordering, self.input_dim)))

    @property
    def ordering(self) -> Tensor:
        """(D,) LongTensor, indices of the variables in the order in which they are generated."""
        return torch.argsort(self.order)

    check_data = MADE.check_data
    log_conditionals = MADE.log_conditionals
    n_parameters = MADE.n_parameters

    def log_prob(self, x: Tensor, ensemble: int | None = None) -> Tensor:
        """Return the log-probability (B,) of rows (B, D), in nats.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if ``ensemble`` is not None or 1, or ``x`` has a wrong shape or value.
        """
        if ensemble not in (None, 1):
            raise ValueError(
                f"{type(self).__name__} has one ordering: ensemble must be None or 1, got "
                f"{ensemble}. A MADE can have several, see num_masks"
            )
        return self.log_conditionals(x).sum(dim=-1)

    def _to_input(self, x: Tensor) -> Tensor:
        check_last_dimension(x, self.input_dim)
        return x.to(next(self.parameters()).dtype)

    @torch.no_grad()
    def sample(
        self,
        n_samples: int,
        device: torch.device | str | None = None,
        *,
        noise: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Draw samples (n, D) variable by variable; see :meth:`made_course.MADE.sample`."""
        return sample_in_chunks(
            self._sample_rows,
            (check_count("n_samples", n_samples), self.input_dim),
            next(self.parameters()),
            device=device,
            noise=noise,
            generator=generator,
        )

    def _sample_rows(self, noise: Tensor) -> Tensor:
        return sample_naive(self, self.order, noise, self.head)

    def extra_repr(self) -> str:
        """Return the number of variables and the ordering, for ``print(model)``."""
        return f"input_dim={self.input_dim}, ordering={reprlib.repr(self.ordering.tolist())}"
