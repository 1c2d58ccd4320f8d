"""What the probabilities that a model gives to all inputs add up to."""

from __future__ import annotations

import copy

import torch
from torch import nn

from ..model.sampling import SAMPLES_AT_ONCE

MOST_INPUTS = 2**20
"""Up to this many inputs :func:`total_probability` adds up."""


@torch.no_grad()
def total_probability(model: nn.Module) -> float:
    r"""What a model's "probabilities" of all inputs add up to: :math:`\sum_x e^{\log p(x)}`.

    1 for every honest model; that is necessary, but not sufficient. Computed in float64, on a copy
    of the model in evaluation mode.

    Args:
        model: any model of the course, of at most 20 binary variables (or as many classes that
            there are no more than 2²⁰ inputs).

    Returns:
        the sum.

    Raises:
        TypeError: if ``model`` is none, or its variables have no fixed number of values.
        ValueError: if there are too many inputs.

    Source:
        Germain et al. 2015, "Autoencoders": why the loss of an autoencoder is no likelihood.

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
            f"a sum over all inputs needs variables of finitely many values, and {head!r} is not "
            "known to have them: take a model with Bernoulli() or Categorical(num_classes)"
        )
    if values**model.input_dim > MOST_INPUTS:
        raise ValueError(
            f"there are {values}^{model.input_dim} inputs, too many to add up: take a model with "
            f"fewer variables, such that there are at most 2^{MOST_INPUTS.bit_length() - 1}"
        )
    model = copy.deepcopy(model).cpu().double().eval()  # not every device has float64
    places = values ** torch.arange(model.input_dim, device="cpu")
    return sum(
        model.log_prob(numbers[:, None] // places % values).exp().sum().item()
        for numbers in torch.arange(values**model.input_dim, device="cpu").split(SAMPLES_AT_ONCE)
    )
