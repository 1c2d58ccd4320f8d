"""What a hidden unit makes of its sum: a function of one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import nn

Activation: TypeAlias = Literal["relu", "tanh", "silu"] | Callable[[], nn.Module]

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}


def make_activation(activation: Activation) -> nn.Module:
    """The module of one of the names, or one that a class (or function) makes without arguments.

    Raises:
        ValueError: if it is neither, or the module mixes units: then masks could not hold.

    Example:
        >>> make_activation("tanh"), make_activation(nn.GELU)
        (Tanh(), GELU(approximate='none'))
        >>> make_activation(lambda: nn.LeakyReLU(0.1))
        LeakyReLU(negative_slope=0.1)
    """
    make = ACTIVATIONS.get(activation) if isinstance(activation, str) else activation
    try:
        act = None if make is None else make()
    except TypeError:
        act = None
    if not isinstance(act, nn.Module):
        raise ValueError(
            f"unknown activation {activation!r}: choose one of {', '.join(ACTIVATIONS)} or a class "
            "of modules that needs no arguments, such as torch.nn.GELU"
        )
    if not _takes_units_one_by_one(act):
        raise ValueError(
            f"activation {act} lets hidden units see one another, so that masks could not hold: "
            "choose one that works number by number, such as torch.nn.GELU"
        )
    return act


@torch.no_grad()
def _takes_units_one_by_one(act: nn.Module) -> bool:
    sums = torch.linspace(-3, 3, 12)
    was_training = act.training
    act.eval()  # some draw random numbers while they train
    try:
        together = act(sums.view(3, 4).clone())  # some work in place
        return torch.allclose(together, act(sums.view(12, 1).clone()).view(3, 4))
    except RuntimeError:  # made for so many units, or puts out fewer
        return False
    finally:
        act.train(was_training)
