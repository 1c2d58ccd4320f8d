"""10.1: a mean over earlier places."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking.exercise import exercise, slip
from ..checking.variants import further_cases, one_of
from .drawn_around_zero import around_zero


def _scores(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.mT / math.sqrt(query.shape[-1])


def _triangle(scores: Tensor, diagonal: int = 0) -> Tensor:
    return torch.ones_like(scores).tril(diagonal).bool()


@exercise(
    "10.1",
    "A mean over earlier places",
    stars=2,
    cases=(
        tuple(around_zero(name, 1, 3, 2) for name in ("query", "key", "value")),
        tuple(around_zero(name, 2, 5, 4) for name in ("query", "key", "value")),
        (torch.ones(1, 3, 1), *(torch.tensor([[[0.0], [1.0], [top]]]) for top in (200.0, 5.0))),
        (torch.ones(1, 2, 1), torch.tensor([[[-2e10], [0.0]]]), torch.tensor([[[3.0], [5.0]]])),
    ),
    vary=further_cases(
        lambda word: tuple(
            around_zero(f"{word} {part}", 2, one_of(word, [2, 4, 6]), 3) for part in "qkv"
        )
    ),
    hints=(
        "Scores first: query @ key.mT is (B, T, T), row t for the place that looks, column s for "
        "the place it looks at. Divide by the root of d.",
        "A later place must weigh nothing: its score is -math.inf before the softmax. Which "
        "entries of a (T, T) matrix are s > t? torch.ones(T, T).tril() has ones for all others.",
        "scores.masked_fill(~mask, -math.inf).softmax(-1) @ value",
    ),
)
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """At each place the mean of the values up to it, weighted by query times key."""
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    mask = torch.ones_like(scores).tril().bool()
    return scores.masked_fill(~mask, -math.inf).softmax(-1) @ value


slip(
    "there is no mask: each place takes the mean over all places, later ones, too",
    lambda query, key, value: _scores(query, key).softmax(-1) @ value,
)
slip(
    "the mask comes after the softmax, whose sum has seen the later scores: the weights of a place "
    "do not sum to one, and say by how much. Mask the scores, before it",
    lambda query, key, value: (_scores(query, key).softmax(-1) * _triangle(query @ key.mT)) @ value,
)


@slip(
    "right on paper: weights that are masked and divided by their sum are those of the softmax "
    "over earlier places. But where a later score is far larger, the earlier weights are 0 in "
    "float32, and 0 / 0 is no number. Mask the scores, before the softmax"
)
def _divided_again(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    weights = _scores(query, key).softmax(-1)
    weights = weights * _triangle(weights)
    return weights / weights.sum(-1, keepdim=True) @ value


slip(
    "a masked score is 0 here, and e^0 is 1: later places weigh like any other. Only a score of "
    "-inf has the weight 0",
    lambda query, key, value: (_scores(query, key) * _triangle(query @ key.mT)).softmax(-1) @ value,
)
slip(
    "-inf times 0 is no number: multiplied by a triangle, -inf spoils the scores that are to stay. "
    "masked_fill puts it only where it belongs",
    lambda query, key, value: (
        (_scores(query, key) - math.inf * (1 - _triangle(query @ key.mT).float())).softmax(-1)
        @ value
    ),
)
slip(
    "a large negative number is not -inf: where the scores of earlier places are lower still, the "
    "later place is heard",
    lambda query, key, value: (
        _scores(query, key).masked_fill(~_triangle(query @ key.mT), -1e9).softmax(-1) @ value
    ),
)
slip(
    "the softmax runs over the places that look: it makes columns sum to one, and a weight then "
    "depends on the queries of later places. Each row sums to one: softmax(-1)",
    lambda query, key, value: (
        _scores(query, key).masked_fill(~_triangle(query @ key.mT), -math.inf).softmax(-2) @ value
    ),
)
slip(
    "a place does not see itself here, and the first one sees nothing: a softmax of nothing is no "
    "number. The triangle has its diagonal; what makes the model honest is the shift of its inputs",
    lambda query, key, value: (
        _scores(query, key).masked_fill(~_triangle(query @ key.mT, -1), -math.inf).softmax(-1)
        @ value
    ),
)
slip(
    "the triangle is turned round: each place sees itself and the later ones. Row t is the place "
    "that looks: keep s <= t, which is tril",
    lambda query, key, value: (
        _scores(query, key).masked_fill(~_triangle(query @ key.mT).mT, -math.inf).softmax(-1)
        @ value
    ),
)
slip(
    "the division by the root of d is missing: without it scores grow with d, and the softmax "
    "takes one place alone",
    lambda query, key, value: (
        (query @ key.mT).masked_fill(~_triangle(query @ key.mT), -math.inf).softmax(-1) @ value
    ),
)
slip(
    "all earlier places weigh the same here: what a query and a key say is not used",
    lambda query, key, value: value.cumsum(1) / torch.arange(1, value.shape[1] + 1)[:, None],
)
slip(
    "query and key are swapped: row t must hold the scores of the query of place t",
    lambda query, key, value: attend(key, query, value),
)
