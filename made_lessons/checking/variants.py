"""Variants of exercises for graded work: other numbers, the same for the same word everywhere."""

from __future__ import annotations

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
    """A way to vary an exercise that asks for a function: it is tried on further cases.

    They come after all that the notebook tries, so that each wrong answer is found and named there
    as without a variant. One that knows the notebook's cases by heart fails in these.

    Args:
        make: a case, from a word.
        count: how many of them.
    """

    def vary(exercise: Exercise, variant: str) -> Exercise:
        further = [make(f"{variant} {k}") for k in range(count)]
        return replace(exercise, cases=(*exercise.cases, *further))

    return vary


def shuffled(word: str, values: Sequence[T]) -> list[T]:
    """Values in an order that is the same for the same word, on any computer.

    Example:
        >>> shuffled("maria", [1, 2, 3, 4, 5])
        [2, 3, 4, 1, 5]
    """
    places = sorted(range(len(values)), key=lambda place: _digest(word, place))
    return [values[place] for place in places]


def one_of(word: str, values: Sequence[T]) -> T:
    """The value that a word chooses, on any computer.

    Example:
        >>> one_of("maria", [1, 2, 3, 4, 5])
        2
    """
    return shuffled(word, values)[0]


def drawn(word: str, *shape: int) -> Tensor:
    """Numbers between 0 and 1 that are the same for the same word, on any computer.

    Example:
        >>> drawn("maria", 3)
        tensor([0.5192, 0.2034, 0.3685])
    """
    digests = [_digest(f"{word} drawn", place) for place in range(math.prod(shape))]
    numbers = [(int.from_bytes(digest[:2], "big") + 0.5) / 2**16 for digest in digests]
    return torch.tensor(numbers).view(shape)


def drawn_degrees(word: str) -> list[Tensor]:
    """Degrees of four to six variables in some ordering, and of one to three hidden layers.

    Example:
        >>> drawn_degrees("maria")
        [tensor([2, 3, 4, 1, 5]), tensor([1, 2, 3])]
    """
    input_dim, n_layers = one_of(word, [4, 5, 6]), one_of(f"{word} layers", [1, 2, 3])
    layers = [shuffled(word, range(1, input_dim + 1))]
    for size in shuffled(word, [2, 3, 4])[:n_layers]:
        places = shuffled(f"{word} {size}", range(size))
        layers.append([1 + place % (input_dim - 1) for place in places])
    return [torch.tensor(layer) for layer in layers]


def _digest(word: str, place: int) -> bytes:
    return hashlib.sha256(f"{place} {word}".encode()).digest()
