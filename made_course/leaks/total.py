"""The sum of the probabilities of all inputs under a model."""

from __future__ import annotations

import torch
from torch import nn

from ..model.sampling import SAMPLES_AT_ONCE
from .dependence import left_unchanged

MOST_INPUTS = 2**20
"""Largest number of inputs that :func:`total_probability` adds up."""


@torch.no_grad()
def total_probability(model: nn.Module) -> float:
    r"""Return the sum of the probabilities of all inputs: :math:`\sum_x e^{\log p(x)}`.

    The sum is 1 for every honest model, but a sum of 1 does not prove that a model is honest. It is
    computed in float64, with the model in evaluation mode. Then the model is put back as it was.

    Args:
        model: a model of the course with at most 2²⁰ possible inputs, such as 20 binary variables.

    Raises:
        TypeError: if it is not a model of the course with Bernoulli() or Categorical(num_classes).
        ValueError: if there are more than 2²⁰ possible inputs.

    Source:
        Germain et al. 2015, "Autoencoders", on why the loss of an autoencoder is not a likelihood.

    Example:
        >>> from made_course import MADE
        >>> round(total_probability(MADE(4, (8,), seed=0)), 9)
        1.0
    """
    head = getattr(model, "head", None)
    named = all(hasattr(model, name) for name in ("input_dim", "log_prob"))
    if not isinstance(model, nn.Module) or head is None or not named:
        raise TypeError(f"model must be a model of the course, such as a MADE, got {model!r}")
    values = getattr(head, "num_classes", None)
    if values is None:
        raise TypeError(
            f"a sum over all inputs needs variables with finitely many values, got {head!r}: "
            "use a model with Bernoulli() or Categorical(num_classes)"
        )
    if values**model.input_dim > MOST_INPUTS:
        raise ValueError(
            f"there are {values}^{model.input_dim} inputs, but at most "
            f"2^{MOST_INPUTS.bit_length() - 1} can be added up: use a model with fewer variables"
        )
    powers = values ** torch.arange(model.input_dim, device="cpu")
    every = torch.arange(values**model.input_dim, device="cpu")
    with left_unchanged(model):
        model.cpu().double().eval()  # on the CPU, because not every device has float64
        return sum(
            model.log_prob(numbers[:, None] // powers % values).exp().sum().item()
            for numbers in every.split(SAMPLES_AT_ONCE)
        )
