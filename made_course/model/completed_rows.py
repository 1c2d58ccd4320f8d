"""The result of a completion: samples, their weights, and means, shares and draws from them."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..common.arguments import check_count
from .heads import Bernoulli, Head


class Completion(NamedTuple):
    r"""Samples of the unknown variables of B rows, n for each row.

    If the samples have weights, they are not the answer by themselves. Use :attr:`mean`,
    :meth:`class_shares` and :meth:`draw`, which count each sample with its share of the weight.

    Attributes:
        samples: (B, n, D) rows; the known variables are those that were given.
        log_weights: (B, n) log importance weights, up to a constant per row; None if all samples
            are exact and count alike.
        effective_sample_size: (B,) number of exact samples that would be as good: n, or with
            weights :math:`(\sum_k w_k)^2 / \sum_k w_k^2`. It compares the samples with each other,
            so it is at least 1, and cannot tell what none of them has found.
        head: head of the model.
    """

    samples: Tensor
    log_weights: Tensor | None
    effective_sample_size: Tensor
    head: Head = Bernoulli()

    @property
    def shares(self) -> Tensor:
        """(B, n) share of each sample in the weight of its row."""
        if self.log_weights is None:
            n = self.samples.shape[1]
            return self.samples.new_full(self.samples.shape[:2], 1 / n)
        return self.log_weights.softmax(dim=1)

    @property
    def mean(self) -> Tensor:
        """(B, D) weighted mean of each row's samples; NaN for variables of more than two classes.

        Example:
            >>> samples = torch.tensor([[[1.0, 1.0], [1.0, 0.0]]])
            >>> Completion(samples, torch.tensor([[3.0, 1.0]]).log(), torch.tensor([1.6])).mean
            tensor([[1.0000, 0.7500]])
        """
        mean = (self.shares[..., None] * self.samples).sum(dim=1)
        for i in range(mean.shape[1]):
            if (self.head.of(i).num_classes or 0) > 2:
                mean[:, i] = torch.nan
        return mean

    def class_shares(self, i: int) -> Tensor:
        """Return (B, K) share of each class of variable i in the weight of its row.

        Example:
            >>> from made_course import Categorical
            >>> samples, weights = torch.tensor([[[2.0], [0.0]]]), torch.tensor([[3.0, 1.0]])
            >>> found = Completion(samples, weights.log(), torch.tensor([1.6]), Categorical(3))
            >>> found.class_shares(0)
            tensor([[0.2500, 0.0000, 0.7500]])
        """
        count = self.head.of(i).num_classes
        if count is None:
            raise ValueError(f"variable {i} has {self.head.of(i)}, and no classes: see mean")
        is_class = F.one_hot(self.samples[..., i].long(), count)
        return (self.shares[..., None] * is_class).sum(dim=1)

    def draw(self, n_samples: int = 1, generator: Generator | None = None) -> Tensor:
        """Return (B, n_samples, D) samples that count alike, drawn by their weights.

        A sample with a large weight is drawn again and again.

        Example:
            >>> samples, weights = torch.tensor([[[2.0], [0.0]]]), torch.tensor([[1.0, 0.0]])
            >>> Completion(samples, weights.log(), torch.ones(1)).draw(3).tolist()
            [[[2.0], [2.0], [2.0]]]
        """
        n = check_count("n_samples", n_samples)
        chosen = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        return self.samples.take_along_dim(chosen[..., None], dim=1)
