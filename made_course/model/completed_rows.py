"""Completed rows, and how much each of them counts."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..common.arguments import check_count
from .heads import Bernoulli, Head


class Completion(NamedTuple):
    r"""Rows whose unknown variables were drawn, and what these samples are worth.

    With weights, the samples alone are not the answer: :attr:`mean`, :meth:`class_shares` and
    :meth:`draw` count each with its share.

    Attributes:
        samples: (B, n, D); the known variables are those that were given.
        log_weights: (B, n) where each sample stands for its importance weight, in nats, up to a
            constant of its row; None where all count alike, since they were drawn exactly.
        effective_sample_size: (B,); about as many exact samples would do: n, or with weights
            :math:`(\sum_k w_k)^2 / \sum_k w_k^2`. It compares the samples with one another, so it
            is at least 1, and it does not know of what none of them has found.
        head: of the model.
    """

    samples: Tensor
    log_weights: Tensor | None
    effective_sample_size: Tensor
    head: Head = Bernoulli()

    @property
    def shares(self) -> Tensor:
        """(B, n) share of its row's weight that each sample has; 1/n where all count alike.

        Example:
            >>> log_weights = torch.tensor([[3.0, 1.0]]).log()
            >>> Completion(torch.zeros(1, 2, 4), log_weights, torch.tensor([1.6])).shares
            tensor([[0.7500, 0.2500]])
        """
        if self.log_weights is None:
            n = self.samples.shape[1]
            return self.samples.new_full(self.samples.shape[:2], 1 / n)
        return self.log_weights.softmax(dim=1)

    @property
    def mean(self) -> Tensor:
        """(B, D) mean of each row's samples, each counted with its share.

        Numbers of classes have none: NaN, see :meth:`class_shares`.

        Example:
            >>> samples = torch.tensor([[[1.0, 1.0], [1.0, 0.0]]])
            >>> Completion(samples, torch.tensor([[3.0, 1.0]]).log(), torch.tensor([1.6])).mean
            tensor([[1.0000, 0.7500]])
        """
        mean = (self.shares[..., None] * self.samples).sum(dim=1)
        for i in range(mean.shape[1]):
            if self.head.of(i).num_classes is not None:
                mean[:, i] = torch.nan
        return mean

    def class_shares(self, i: int) -> Tensor:
        """(B, K) share of its row's weight that each class of variable i has, or each of 0 and 1.

        Raises:
            ValueError: if variable i has no classes.

        Example:
            >>> from made_course import Categorical
            >>> samples, weights = torch.tensor([[[2.0], [0.0]]]), torch.tensor([[3.0, 1.0]])
            >>> found = Completion(samples, weights.log(), torch.tensor([1.6]), Categorical(3))
            >>> found.class_shares(0)
            tensor([[0.2500, 0.0000, 0.7500]])
        """
        count = self.head.of(i).num_values
        if count is None:
            raise ValueError(f"variable {i} has {self.head.of(i)}, and no classes: see mean")
        is_class = F.one_hot(self.samples[..., i].long(), count)
        return (self.shares[..., None] * is_class).sum(dim=1)

    def draw(self, n_samples: int = 1, generator: Generator | None = None) -> Tensor:
        """(B, n_samples, D) samples that all count alike: each row's, as often as by their shares.

        A heavy one comes again and again: all of them are worth no more than
        ``effective_sample_size`` says.

        Raises:
            TypeError, ValueError: if ``n_samples`` is no whole number of at least 1.

        Example:
            >>> samples, weights = torch.tensor([[[2.0], [0.0]]]), torch.tensor([[1.0, 0.0]])
            >>> Completion(samples, weights.log(), torch.ones(1)).draw(3).tolist()
            [[[2.0], [2.0], [2.0]]]
        """
        n = check_count("n_samples", n_samples)
        chosen = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        return self.samples.take_along_dim(chosen[..., None], dim=1)
