"""10.1: a mean over earlier places."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking import but, dtypes, exercise, further_cases, gradients, one_of, slips
from .drawn_around_zero import around_zero


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
    views=(*gradients(query=0, key=1, value=2), *dtypes(torch.float32, torch.float64)),
    vary=further_cases(
        lambda word: tuple(
            around_zero(f"{word} {part}", 2, one_of(word, [2, 4, 6]), 3) for part in "qkv"
        )
    ),
    hints=(
        "Scores first: query @ key.mT is (B, T, T), row t for the place that looks, column s for "
        "the place it looks at. Divide by the root of d.",
        "A later place must weigh nothing: its score is -math.inf before the softmax. Which "
        "entries of a (T, T) matrix are s > t? torch.ones(T, T).tril().bool() is True for all "
        "others.",
        "scores.masked_fill(~mask, -math.inf).softmax(-1) @ value",
    ),
)
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """At each place the mean of the values up to it, weighted by query times key."""
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    mask = torch.ones_like(scores).tril().bool()
    return scores.masked_fill(~mask, -math.inf).softmax(-1) @ value


slips(
    {
        "there is no mask: each place takes the mean over all places, later ones, too": but(
            ".masked_fill(~mask, -math.inf)", ""
        ),
        "the mask comes after the softmax, whose sum has seen the later scores: the weights of a "
        "place do not sum to one, and say by how much. Mask the scores, before it": but(
            "scores.masked_fill(~mask, -math.inf).softmax(-1)", "(scores.softmax(-1) * mask)"
        ),
        "right on paper: weights that are masked and divided by their sum are those of the softmax "
        "over earlier places. But where a later score is far larger, the earlier weights are 0 in "
        "float32, and 0 / 0 is no number. Mask the scores, before the softmax": but(
            "scores.masked_fill(~mask, -math.inf).softmax(-1)",
            "(w := scores.softmax(-1) * mask) / w.sum(-1, keepdim=True)",
        ),
        "a masked score is 0 here, and e^0 is 1: later places weigh like any other. Only a score "
        "of -inf has the weight 0": but("scores.masked_fill(~mask, -math.inf)", "(scores * mask)"),
        "-inf times 0 is no number: multiplied by a triangle, -inf spoils the scores that are to "
        "stay. masked_fill puts it only where it belongs": but(
            "scores.masked_fill(~mask, -math.inf)", "(scores - math.inf * ~mask)"
        ),
        "a large negative number is not -inf: where the scores of earlier places are lower still, "
        "the later place is heard": but("-math.inf", "-1e9"),
        "the softmax runs over the places that look: it makes columns sum to one, and a weight "
        "then depends on the queries of later places. Each row sums to one: softmax(-1)": but(
            "softmax(-1)", "softmax(-2)"
        ),
        "a place does not see itself here, and the first one sees nothing: a softmax of nothing is "
        "no number. The triangle has its diagonal; what makes the model honest is the shift of its "
        "inputs": but("tril()", "tril(-1)"),
        "the triangle is turned round: each place sees itself and the later ones. Row t is the "
        "place that looks: keep s <= t, which is tril": but("tril()", "triu()"),
        "the division by the root of d is missing: without it scores grow with d, and the softmax "
        "takes one place alone": but(" / math.sqrt(query.shape[-1])", ""),
        "all earlier places weigh the same here: what a query and a key say is not used": (
            lambda query, key, value: value.cumsum(1) / torch.arange(1, value.shape[1] + 1)[:, None]
        ),
        "query and key are swapped: row t must hold the scores of the query of place t": but(
            "query @ key.mT", "key @ query.mT"
        ),
    }
)
