"""10.3: one more place, and the cache."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking.exercise import exercise, slip
from ..checking.variants import further_cases, one_of
from .drawn_around_zero import around_zero


@exercise(
    "10.3",
    "One more place",
    stars=3,
    cases=tuple(
        (
            *(around_zero(f"{part}{t}", 3) for part in "qkv"),
            *(around_zero(f"{w}{t}", t, 3) for w in "KV"),
        )
        for t in (4, 2, 0)
    ),
    vary=further_cases(
        lambda word: (
            *(around_zero(f"{word} {part}", 2) for part in "qkv"),
            *(around_zero(f"{word} {part}", one_of(word, [1, 3, 5]), 2) for part in "KV"),
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
