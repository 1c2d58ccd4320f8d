"""Exercise 10.1: attention, a weighted mean over earlier positions."""

import math

import torch
from torch import Tensor

from ..checking import Exercise, dtype_views, edit, gradient_views
from ..checking.variants import choose, draw_uniform, further_cases


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return causal attention, a weighted mean of the values up to each position."""
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    mask = torch.ones_like(scores).tril().bool()
    return scores.masked_fill(~mask, -math.inf).softmax(-1) @ value


EXERCISE = Exercise(
    title="A mean over earlier positions",
    stars=2,
    reference=attend,
    cases=(
        tuple(4 * draw_uniform(name, 1, 3, 2) - 2 for name in ("query", "key", "value")),
        tuple(4 * draw_uniform(name, 2, 5, 4) - 2 for name in ("query", "key", "value")),
        (torch.ones(1, 3, 1), *(torch.tensor([[[0.0], [1.0], [top]]]) for top in (200.0, 5.0))),
        (torch.ones(1, 2, 1), torch.tensor([[[-2e10], [0.0]]]), torch.tensor([[[3.0], [5.0]]])),
    ),
    vary=further_cases(
        lambda key: tuple(
            4 * draw_uniform(f"{key} {part}", 2, choose(key, [2, 4, 6]), 3) - 2 for part in "qkv"
        )
    ),
    hints=(
        "Compute the scores first. `query @ key.mT` has shape (B, T, T). Row t belongs to the "
        "position that looks, column s to the position that it looks at. Divide by the root of d.",
        "A later position must get the weight 0, so its score is `-torch.inf` before the softmax. "
        "Which entries of a (T, T) matrix have s > t? `torch.ones(T, T).tril().bool()` is `True` "
        "for all others.",
        "Return `scores.masked_fill(~mask, -torch.inf).softmax(-1) @ value`.",
    ),
    mistakes={
        "there is no mask, so each position takes the mean over all positions, including later "
        "ones": edit(".masked_fill(~mask, -math.inf)", ""),
        "the mask comes after the softmax, which has already divided by a sum that includes later "
        "scores. The weights of a position do not sum to one, and their sum depends on the future. "
        "Mask the scores before the softmax": edit(
            "scores.masked_fill(~mask, -math.inf).softmax(-1)", "(scores.softmax(-1) * mask)"
        ),
        "this is right on paper, because masked weights divided by their sum are the softmax over "
        "earlier positions. But if a later score is far larger, the earlier weights are 0 in "
        "float32, and 0 / 0 is not a number. Mask the scores before the softmax": edit(
            "scores.masked_fill(~mask, -math.inf).softmax(-1)",
            "(w := scores.softmax(-1) * mask) / w.sum(-1, keepdim=True)",
        ),
        "you set masked scores to 0, and e^0 is 1, so later positions get a weight like any "
        "other. Only a score of -inf gives the weight 0": edit(
            "scores.masked_fill(~mask, -math.inf)", "(scores * mask)"
        ),
        "-inf times 0 is not a number, so multiplying a triangle by -inf spoils the scores that "
        "should stay. masked_fill writes -inf only where it belongs": edit(
            "scores.masked_fill(~mask, -math.inf)", "(scores - math.inf * ~mask)"
        ),
        "a large negative number is not -inf. If the scores of earlier positions are lower still, "
        "the later position is seen": edit("-math.inf", "-1e9"),
        "your softmax is over the positions that look, so columns sum to one and a weight depends "
        "on the queries of later positions. Each row must sum to one, so use softmax(-1)": edit(
            "softmax(-1)", "softmax(-2)"
        ),
        "your positions do not see themselves, and the first one sees nothing, so its softmax is "
        "not a number. Include the diagonal of the triangle, because the shift of the inputs makes "
        "the model honest": edit("tril()", "tril(-1)"),
        "your triangle is upside down. Each position sees itself and the later ones. Row t belongs "
        "to the position that looks, so keep s <= t, which is tril": edit("tril()", "triu()"),
        "you divided the scores by d. Divide them by the root of d": edit(
            "math.sqrt(query.shape[-1])", "query.shape[-1]"
        ),
        "you divided by the root of T, the number of positions. Divide by the root of d, the size "
        "of the vectors": edit("query.shape[-1]", "query.shape[-2]"),
        "the softmax is missing, so the weights of a position can be negative and do not sum to "
        "one": edit("masked_fill(~mask, -math.inf).softmax(-1)", "masked_fill(~mask, 0)"),
        "the division by the root of d is missing. Without it, scores grow with d, and the softmax "
        "gives nearly all the weight to one position": edit(" / math.sqrt(query.shape[-1])", ""),
    },
    views=(*gradient_views(query=0, key=1, value=2), *dtype_views(torch.float32, torch.float64)),
)
