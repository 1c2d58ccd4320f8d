"""10.3: one more place, and the cache."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checking import but, exercise, further_cases, one_of, slips
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


slips(
    {
        "the new place does not see itself: its key and value go into the cache before it asks. "
        "The first place would have nothing to look at": but(
            "(keys @", "(keys[:-1] @", "weights @ values", "weights @ values[:-1]"
        ),
        "the cache goes back as it came: the next place would not see this one. Return it with the "
        "new key and value": but("values, keys, values", "values, keys[:-1], values[:-1]"),
        "the new place is put at the front of the cache. The mean does not mind, but keys and "
        "values stand in the order of their places: the new one comes last": but(
            "[keys, key[None]]",
            "[key[None], keys]",
            "[values, value[None]]",
            "[value[None], values]",
        ),
        "the division by the root of d is missing, which every other place has had": but(
            " / math.sqrt(len(query))", ""
        ),
        "keys and values are swapped: the query meets the keys, and the weights make a mean of the "
        "values": but("(keys @", "(values @", "weights @ values", "weights @ keys"),
        "these weights do not sum to one: a softmax over the places of the cache is missing": but(
            ".softmax(0)", ""
        ),
        "this is the value of the new place alone: it takes a mean over all places of the "
        "cache": but("weights @ values,", "value,"),
    }
)
