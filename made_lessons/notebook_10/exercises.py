"""Notebook 10: a causal mean, the shift, the cache, and one number under three names."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking.exercise import exercise, slip
from ..checking.variants import drawn, further_cases, one_of


def _numbers(word: str, *shape: int) -> Tensor:
    return 4 * drawn(word, *shape) - 2


# ---- 10.1 ---------------------------------------------------------------------------------------


def _scores(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.mT / math.sqrt(query.shape[-1])


def _triangle(scores: Tensor, diagonal: int = 0) -> Tensor:
    return torch.ones_like(scores).tril(diagonal).bool()


@exercise(
    "10.1",
    "A mean over earlier places",
    stars=2,
    cases=(
        tuple(_numbers(name, 1, 3, 2) for name in ("query", "key", "value")),
        tuple(_numbers(name, 2, 5, 4) for name in ("query", "key", "value")),
        (torch.ones(1, 3, 1), *(torch.tensor([[[0.0], [1.0], [top]]]) for top in (200.0, 5.0))),
        (torch.ones(1, 2, 1), torch.tensor([[[-2e10], [0.0]]]), torch.tensor([[[3.0], [5.0]]])),
    ),
    vary=further_cases(
        lambda word: tuple(
            _numbers(f"{word} {part}", 2, one_of(word, [2, 4, 6]), 3) for part in "qkv"
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


# ---- 10.2 ---------------------------------------------------------------------------------------


@exercise(
    "10.2",
    "The shift",
    stars=1,
    cases=(
        (torch.arange(1.0, 7.0).view(1, 3, 2), torch.tensor([-1.0, -2.0])),
        (_numbers("rows", 2, 4, 3), _numbers("start", 3)),
    ),
    vary=further_cases(
        lambda word: (_numbers(word, 2, one_of(word, [2, 3, 5]), 2), _numbers(f"{word} start", 2))
    ),
    hints=(
        "Place 1 holds the start, place 2 what stood at place 1, and so on. What stood at the last "
        "place goes nowhere.",
        "torch.cat([..., h[:, :-1]], dim=1) puts something before all places but the last; "
        "start.expand(len(h), 1, -1) is the start for each row, (B, 1, width).",
    ),
)
def shift(h: Tensor, start: Tensor) -> Tensor:
    """The start at the first place, and at each other what stood before it."""
    return torch.cat([start.expand(len(h), 1, -1), h[:, :-1]], dim=1)


slip(
    "roll carries the last place round to the first: x₁ would be predicted from x_D, a leak. The "
    "first place holds the start",
    lambda h, start: h.roll(1, 1),
)
slip(
    "nothing is shifted: place t holds x_t still, which its output is to predict",
    lambda h, start: h,
)
slip(
    "only the first place has changed: the others hold their own variable still. Each moves on by "
    "one",
    lambda h, start: torch.cat([start.expand(len(h), 1, -1), h[:, 1:]], dim=1),
)
slip(
    "this is shifted the other way: place t holds x_(t+1), the future",
    lambda h, start: torch.cat([h[:, 1:], start.expand(len(h), 1, -1)], dim=1),
)
slip(
    "there is one place too many: what stood at the last place is not needed, h[:, :-1]",
    lambda h, start: torch.cat([start.expand(len(h), 1, -1), h], dim=1),
)
slip(
    "the first place is missing: it holds the start, from which x₁ is predicted",
    lambda h, start: h[:, :-1],
)
slip(
    "the first place is filled with zeros, and not with the start, which is learned",
    lambda h, start: torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1),
)


# ---- 10.3 ---------------------------------------------------------------------------------------


@exercise(
    "10.3",
    "One more place",
    stars=3,
    cases=tuple(
        (*(_numbers(f"{part}{t}", 3) for part in "qkv"), *(_numbers(f"{w}{t}", t, 3) for w in "KV"))
        for t in (4, 2, 0)
    ),
    vary=further_cases(
        lambda word: (
            *(_numbers(f"{word} {part}", 2) for part in "qkv"),
            *(_numbers(f"{word} {part}", one_of(word, [1, 3, 5]), 2) for part in "KV"),
        )
    ),
    hints=(
        "A new place asks once, with its one query. Whose keys does it meet? Those in the cache, "
        "and its own.",
        "First let the new key and value into the cache: torch.cat([keys, key[None]]) is "
        "(t + 1, d). No mask is needed: nothing later is there.",
        "weights = (keys @ query / math.sqrt(len(query))).softmax(0), (t + 1,); then weights @ "
        "values.",
    ),
)
def one_more(
    query: Tensor, key: Tensor, value: Tensor, keys: Tensor, values: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The mean at a new place, and the cache with the place's key and value in it."""
    keys, values = torch.cat([keys, key[None]]), torch.cat([values, value[None]])
    weights = (keys @ query / math.sqrt(len(query))).softmax(0)
    return weights @ values, keys, values


@slip(
    "the new place does not see itself: its key and value go into the cache before it asks. The "
    "first place would have nothing to look at"
)
def _asks_first(query, key, value, keys, values):
    weights = (keys @ query / math.sqrt(len(query))).softmax(0)
    return weights @ values, torch.cat([keys, key[None]]), torch.cat([values, value[None]])


slip(
    "the cache goes back as it came: the next place would not see this one. Return it with the "
    "new key and value",
    lambda query, key, value, keys, values: (
        one_more(query, key, value, keys, values)[0],
        keys,
        values,
    ),
)


@slip(
    "the new place is put at the front of the cache. The mean does not mind, but keys and values "
    "stand in the order of their places: the new one comes last"
)
def _at_the_front(query, key, value, keys, values):
    mean, _, _ = one_more(query, key, value, keys, values)
    return mean, torch.cat([key[None], keys]), torch.cat([value[None], values])


@slip("the division by the root of d is missing, which every other place has had")
def _unscaled(query, key, value, keys, values):
    _, keys, values = one_more(query, key, value, keys, values)
    return (keys @ query).softmax(0) @ values, keys, values


@slip(
    "keys and values are swapped: the query meets the keys, and the weights make a mean of the "
    "values"
)
def _swapped(query, key, value, keys, values):
    _, keys, values = one_more(query, key, value, keys, values)
    return (values @ query / math.sqrt(len(query))).softmax(0) @ keys, keys, values


@slip("these weights do not sum to one: a softmax over the places of the cache is missing")
def _without_softmax(query, key, value, keys, values):
    _, keys, values = one_more(query, key, value, keys, values)
    return keys @ query / math.sqrt(len(query)) @ values, keys, values


@slip("this is the value of the new place alone: it takes a mean over all places of the cache")
def _itself_alone(query, key, value, keys, values):
    return value, *one_more(query, key, value, keys, values)[1:]


# ---- 10.4 ---------------------------------------------------------------------------------------


@exercise(
    "10.4",
    "One number, three names",
    stars=1,
    cases=((1400.0, 1000, 1000), (1400.0, 1000, 250), (90.0, 40, 16)),
    vary=further_cases(
        lambda word: (
            round(900 * drawn(word, 1).item()) + 100.0,
            one_of(word, [400, 500, 800]),
            one_of(word, [90, 120, 160]),
        )
    ),
    hints=(
        "A bit is ln 2 = 0.693 nats, so the same sum is more bits than nats.",
        "Perplexity is e to the mean nats of a token: of so many equally likely ones each is as "
        "hard to guess.",
    ),
)
def in_other_words(nats: float, n_bytes: int, n_tokens: int) -> tuple[float, float]:
    """Bits per byte, and perplexity per token."""
    return nats / math.log(2) / n_bytes, math.exp(nats / n_tokens)


slip(
    "the nats are multiplied by ln 2: a bit is the smaller unit, so there are more of them: divide",
    lambda nats, n_bytes, n_tokens: (nats * math.log(2) / n_bytes, math.exp(nats / n_tokens)),
)
slip(
    "these are nats per byte: divide by ln 2",
    lambda nats, n_bytes, n_tokens: (nats / n_bytes, math.exp(nats / n_tokens)),
)
slip(
    "these are bits per token: a byte is what texts are compared by, as each program cuts its own "
    "tokens",
    lambda nats, n_bytes, n_tokens: (
        nats / math.log(2) / n_tokens,
        math.exp(nats / n_tokens),
    ),
)
slip(
    "this is the perplexity per byte: it is asked for per token, and a longer token is harder to "
    "guess",
    lambda nats, n_bytes, n_tokens: (nats / math.log(2) / n_bytes, math.exp(nats / n_bytes)),
)
slip(
    "2 goes with bits and e with nats: 2 to the mean nats is too little",
    lambda nats, n_bytes, n_tokens: (nats / math.log(2) / n_bytes, 2 ** (nats / n_tokens)),
)
slip(
    "perplexity is e to the *mean* nats of a token: the sum must be divided first, as it grows "
    "with the text",
    lambda nats, n_bytes, n_tokens: (
        nats / math.log(2) / n_bytes,
        math.exp(min(nats, 700.0)) / n_tokens,
    ),
)
slip(
    "the two are swapped: bits per byte come first",
    lambda nats, n_bytes, n_tokens: in_other_words(nats, n_bytes, n_tokens)[::-1],
)
