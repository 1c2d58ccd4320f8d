"""Exercise 12.1: the weight that makes the loss the mean over all orderings."""

import torch
from torch import Tensor

from ..checking import Exercise, choose, edit, further_cases, gradient_views
from ..checking.variants import draw_uniform


def _draw_case(key: str, rows: int, D: int) -> tuple[Tensor, Tensor]:
    """Return random costs, and known pixels: none in the first row, all but one in the last."""
    counts = torch.linspace(0, D - 1, rows).round()[:, None]
    return 3 * draw_uniform(key, rows, D), (
        draw_uniform(f"{key} known", rows, D).argsort(1) < counts
    ).float()


def weighted_loss(cost: Tensor, known: Tensor) -> Tensor:
    """Return D times the mean cost of the hidden pixels: (B, D), (B, D) → (B,)."""
    hidden = 1 - known
    return cost.shape[1] / hidden.sum(1) * (cost * hidden).sum(1)


_HIDDEN = "(cost * hidden)"


EXERCISE = Exercise(
    title="The weight of the loss",
    stars=2,
    reference=weighted_loss,
    cases=(_draw_case("three", 3, 4), _draw_case("one", 1, 5), _draw_case("five", 5, 16)),
    vary=further_cases(lambda key: _draw_case(key, choose(key, [2, 3, 4]), 6)),
    hints=(
        "Divide the sum over the hidden pixels by their number. This is the mean cost of the next "
        "pixel. An ordering has D pixels to predict.",
        "The number of hidden pixels of each board is `(1 - known).sum(1)`, and their costs are "
        "`cost * (1 - known)`.",
        "`hidden = 1 - known`, and then `D / hidden.sum(1) * (cost * hidden).sum(1)`, with `D = "
        "cost.shape[1]`.",
    ),
    mistakes={
        "you also counted the known pixels. The network reads them, so their costs tell you "
        "nothing. Multiply the costs by 1 - known": edit(_HIDDEN, "cost"),
        "you summed the costs of the known pixels. The network must predict the hidden ones": edit(
            _HIDDEN, "(cost * known)"
        ),
        "the weight is missing. A board with few hidden pixels has few costs in its sum, but it "
        "represents D steps like all others": edit("cost.shape[1] / hidden.sum(1) * ", ""),
        "you returned the mean cost of one hidden pixel. An ordering has D steps, so multiply by "
        "D": edit("cost.shape[1] / hidden", "1 / hidden"),
        "your weight is D / t, where t is the number of known pixels. Divide by the number of "
        "hidden pixels, D − t": edit("/ hidden.sum(1)", "/ known.sum(1)"),
        "your fraction is upside down. Many hidden pixels need a small weight, because all of them "
        "are in the sum": edit("cost.shape[1] / hidden.sum(1)", "hidden.sum(1) / cost.shape[1]"),
        "your weight is D / (D − t + 1), which is right if t is the step that is predicted, "
        "counted from 1. Here t is the number of known pixels": edit(
            "hidden.sum(1)", "(hidden.sum(1) + 1)"
        ),
        "you returned one number for all boards. Each board has its own t, so return one number "
        "for each: (B,)": lambda cost, known: weighted_loss(cost, known).mean(),
        "you used the mean t for all boards. Each board has its own t, so sum over "
        "dimension 1": edit("hidden.sum(1) *", "hidden.sum(1).mean() *"),
        "your t counts the known pixels of all boards. Each board has its own t, so sum over "
        "dimension 1": edit("hidden.sum(1) *", "(cost.shape[1] - known.sum()) *"),
        "you summed over the boards. Each board has its own loss, so sum over dimension 1": edit(
            "cost.shape[1] / hidden.sum(1) * (cost * hidden).sum(1)",
            "len(cost) / hidden.sum(0) * (cost * hidden).sum(0)",
        ),
        "you used 16 for D, but D is the number of pixels, cost.shape[1]": (
            lambda cost, known: 16 / (16 - known.sum(1)) * (cost * (1 - known)).sum(1)
        ),
        "you used the number of boards for D, but D is the number of pixels, cost.shape[1]": (
            lambda cost, known: len(cost) / (len(cost) - known.sum(1)) * (cost * (1 - known)).sum(1)
        ),
        "you applied the weight twice. Apply it once": edit(
            "cost.shape[1] / hidden.sum(1)", "(cost.shape[1] / hidden.sum(1)) ** 2"
        ),
    },
    views=gradient_views(cost=0),
)
