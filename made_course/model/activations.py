"""Elementwise activations of hidden units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import nn

Activation: TypeAlias = Literal["relu", "tanh", "silu"] | Callable[[], nn.Module]

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}


def make_activation(activation: Activation) -> nn.Module:
    """Create an activation module from its name, or from a callable that needs no arguments.

    Example:
        >>> make_activation("tanh"), make_activation(nn.GELU)
        (Tanh(), GELU(approximate='none'))
    """
    make = ACTIVATIONS.get(activation) if isinstance(activation, str) else activation
    act = make() if callable(make) and not isinstance(make, nn.Module) else None
    if not isinstance(act, nn.Module):
        raise ValueError(
            f"unknown activation {activation!r}: choose one of {', '.join(ACTIVATIONS)}, or a "
            "class of modules that needs no arguments, such as torch.nn.GELU"
        )
    return act
