"""Variants of exercises for graded work: a variant key gives the same numbers on every computer."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from .exercise import Exercise

T = TypeVar("T")


def further_cases(
    make: Callable[[str], tuple[object, ...]], count: int = 6
) -> Callable[[Exercise, str], Exercise]:
    """Return a function for ``Exercise.vary`` that adds cases after those of the notebook.

    An answer that has memorised the notebook's cases fails on the added ones.

    Args:
        make: function of a key that returns a case.
        count: number of added cases.
    """

    def vary(exercise: Exercise, variant: str) -> Exercise:
        further = [make(f"{variant} {k}") for k in range(count)]
        return replace(exercise, cases=(*exercise.cases, *further))

    return vary


def shuffle(key: str, values: Sequence[T]) -> list[T]:
    """Return the values in an order that depends only on the key, not on the computer.

    Example:
        >>> shuffle("maria", [1, 2, 3, 4, 5])
        [2, 3, 4, 1, 5]
    """
    positions = sorted(range(len(values)), key=lambda position: _digest(key, position))
    return [values[position] for position in positions]


def choose(key: str, values: Sequence[T]) -> T:
    """Return one of the values. The choice depends only on the key, not on the computer.

    Example:
        >>> choose("maria", [1, 2, 3, 4, 5])
        2
    """
    return shuffle(key, values)[0]


def draw_uniform(key: str, *shape: int) -> Tensor:
    """Return uniform numbers in (0, 1) that depend only on the key, not on the computer.

    Example:
        >>> draw_uniform("maria", 3)
        tensor([0.5192, 0.2034, 0.3685])
    """
    digests = [_digest(f"{key} drawn", position) for position in range(math.prod(shape))]
    numbers = [(int.from_bytes(digest[:2], "big") + 0.5) / 2**16 for digest in digests]
    return torch.tensor(numbers).view(shape)


def random_degrees(key: str) -> list[Tensor]:
    """Return degrees of four to six variables and one to three hidden layers, chosen by the key.

    Example:
        >>> random_degrees("maria")
        [tensor([2, 3, 4, 1, 5]), tensor([1, 2, 3])]
    """
    input_dim, n_layers = choose(key, [4, 5, 6]), choose(f"{key} layers", [1, 2, 3])
    layers = [shuffle(key, range(1, input_dim + 1))]
    for size in shuffle(key, [2, 3, 4])[:n_layers]:
        positions = shuffle(f"{key} {size}", range(size))
        layers.append([1 + position % (input_dim - 1) for position in positions])
    return [torch.tensor(layer) for layer in layers]


def _digest(key: str, position: int) -> bytes:
    return hashlib.sha256(f"{position} {key}".encode()).digest()
