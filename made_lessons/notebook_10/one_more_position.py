"""Exercise 10.3: attention at one more position, with a cache of keys and values."""

import math

import torch
from torch import Tensor

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def one_more(
    query: Tensor, key: Tensor, value: Tensor, keys: Tensor, values: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the attention at a new position, and the cache with its key and value appended."""
    keys, values = torch.cat([keys, key[None]]), torch.cat([values, value[None]])
    weights = (keys @ query / math.sqrt(len(query))).softmax(0)
    return weights @ values, keys, values


EXERCISE = Exercise(
    title="One more position",
    stars=3,
    reference=one_more,
    cases=tuple(
        (
            *(4 * draw_uniform(f"{part}{t}", 3) - 2 for part in "qkv"),
            *(4 * draw_uniform(f"{w}{t}", t, 3) - 2 for w in "KV"),
        )
        for t in (4, 2, 0)
    ),
    vary=further_cases(
        lambda key: (
            *(4 * draw_uniform(f"{key} {part}", 2) - 2 for part in "qkv"),
            *(4 * draw_uniform(f"{key} {part}", choose(key, [1, 3, 5]), 2) - 2 for part in "KV"),
        )
    ),
    hints=(
        "A new position has one query. It is compared with the keys in the cache and with its "
        "own key.",
        "First append the new key and value to the cache: `torch.cat([keys, key[None]])` is (t + "
        "1, d). You need no mask, because nothing later is in the cache.",
        "`weights = (keys @ query / len(query) ** 0.5).softmax(0)` has shape (t + 1,). Then "
        "compute `weights @ values`.",
    ),
    mistakes={
        "the new position does not see itself. Append its key and value to the cache before you "
        "compute the scores. Otherwise the first position has nothing to look at": edit(
            "(keys @", "(keys[:-1] @", "weights @ values", "weights @ values[:-1]"
        ),
        "the cache is returned unchanged, so the next position would not see this one. Return it "
        "with the new key and value": edit(
            "values, keys, values", "values, keys[:-1], values[:-1]"
        ),
        "you put the new position at the front of the cache. The mean is the same, but keys and "
        "values are kept in the order of their positions, so the new one comes last": edit(
            "[keys, key[None]]",
            "[key[None], keys]",
            "[values, value[None]]",
            "[value[None], values]",
        ),
        "you divided by the root of the number of positions. Divide by the root of d, the size of "
        "the vectors": edit("len(query)", "len(keys)"),
        "you took the mean of the keys. Take the mean of the values": edit(
            "weights @ values", "weights @ keys"
        ),
        "the division by the root of d is missing, but every other position has it": edit(
            " / math.sqrt(len(query))", ""
        ),
        "keys and values are swapped. The query is multiplied by the keys, and the weights by the "
        "values": edit("(keys @", "(values @", "weights @ values", "weights @ keys"),
        "your weights do not sum to one, because the softmax over the positions in the cache is "
        "missing": edit(".softmax(0)", ""),
        "you returned only the value of the new position. Return a mean over all positions in the "
        "cache": edit("weights @ values,", "value,"),
    },
)
