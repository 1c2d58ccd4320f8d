"""2.2: a leak that the sum of probabilities does not show."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from made_course.common.words import variable_names
from made_course.leaks.dependence import binary_points, measure_dependence

from ..checking import (
    Wrong,
    but,
    exercise,
    known_mistakes,
    require_same,
    run,
    written,
    written_call,
)
from .log_bernoulli import log_bernoulli

ORDERING = [1, 2, 0]
_PLACES = torch.tensor([4.0, 2.0, 1.0])
"""Of the bits of a row's number among all rows."""

CONSTANT = (
    "no output moves by more than rounding, whichever input is flipped. So Σp is 1, and there is "
    "no leak: some output must move with an input that it must not see"
)
HONEST = (
    "there is no leak: every output moves only with variables of smaller degree. Let one see a "
    "variable of a degree that is not smaller than its own"
)
SELF = (
    "an output depends on its own variable. It may then give both values of the variable a high "
    "probability, and the two no longer sum to one: let an output see another variable instead, "
    "one of a higher degree than its own"
)
ROWS_APART = (
    "each row of the result must be made from its own row of x alone, however many rows there are: "
    "without means over rows, and without random numbers"
)
CIRCLE = (
    "no output sees its own variable, but they see one another in a circle, which no ordering "
    "allows. Break it: in some other ordering, each must see only what comes before it"
)


def examine_leaky(answer: Callable[[Tensor], Tensor]) -> str:
    """Judge a function by what flipping finds and by its Σp, whatever it computes."""
    x = binary_points(3)
    logits = run(answer, x)
    try:
        form = torch.zeros_like(logits) if isinstance(logits, Tensor) else logits
        require_same(form, torch.zeros(8, 3))
        if not bool(logits.isfinite().all()):
            raise Wrong("logits must be finite numbers", got=written(logits))
        if not _rows_are_apart(answer, x, logits):
            raise Wrong(ROWS_APART)
    except Wrong as wrong:
        wrong.tried = written_call(answer, [x])
        raise
    # all from one call: whoever answers otherwise the next time has no leak here, or no sum of one
    found = measure_dependence(lambda rows: logits.detach()[(rows @ _PLACES).long()], x)
    if not found.by_flip.any():
        raise Wrong(CONSTANT, tried="flipping each input", got="no output moved")
    leaks = found.leaks(ORDERING)
    if not leaks:
        raise Wrong(HONEST, tried="flipping each input", expected="a leak", got="none")
    names = variable_names(3)
    seen = ", ".join(f"output {names[i]} sees {names[j]}" for i, j in leaks)
    total = log_bernoulli(logits.detach().double(), x.double()).exp().sum().item()
    if abs(total - 1) > 1e-6:
        # without both, some ordering of the three allows everything, and the sum is one
        raise Wrong(
            SELF if found.by_flip.diagonal().any() else CIRCLE,
            tried=f"adding up the 8 probabilities (leaks: {seen})",
            expected="1, to six decimals",
            got=f"{total:.6f}",
        )
    return f"Leaks: {seen}; and yet Σp = 1."


def _rows_are_apart(answer: Callable[[Tensor], Tensor], x: Tensor, logits: Tensor) -> bool:
    """Whether each row alone gives the same logits as all rows together, and in a second call."""
    try:
        alone = torch.cat([answer(row[None].clone()) for row in x])
        again = answer(x.clone())
    except (RuntimeError, TypeError, ValueError):  # it counts on the number of rows
        return False
    return alone.shape == logits.shape and all(
        torch.allclose(other, logits, atol=1e-5) for other in (alone, again)
    )


@exercise(
    "2.2",
    "A leak that Σp does not show",
    stars=3,
    examine=examine_leaky,
    hints=(
        "Why does Σp = 1 hold for an honest model? Read the argument again. Does it need the "
        "ordering to be x₂, x₃, x₁, or would any ordering do?",
        "A model that is honest in another ordering is a distribution, too. Choose one in which x₂ "
        "comes after x₁.",
        "x1, x2, x3 = x.unbind(1). Put three logits together by torch.stack([...], dim=1): of x₁ a "
        "constant such as 0 * x1, of x₂ something that depends on x1, of x₃ anything that depends "
        "on x1 and x2 at most.",
    ),
)
def leaky_logits(x: Tensor) -> Tensor:
    """Honest in the ordering x₁, x₂, x₃, and so leaky in x₂, x₃, x₁: output x₂ sees x₁."""
    x1, x2, _ = x.unbind(1)
    return torch.stack([0 * x1, 3 * x1 - 1, 2 * x2], dim=1)


known_mistakes(
    {
        CONSTANT: torch.zeros_like,
        HONEST: but("[0 * x1, 3 * x1 - 1, 2 * x2]", "[2 * x2, 0 * x2, 1 - x2]"),
        SELF: lambda x: 10 * x - 5,
        CIRCLE: lambda x: 4 * x[:, [1, 2, 0]] - 2,
    }
)
