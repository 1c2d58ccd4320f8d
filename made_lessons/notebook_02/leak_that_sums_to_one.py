"""Exercise 2.2: a leak that the sum of probabilities does not show."""

from collections.abc import Callable

import torch
from torch import Tensor

from made_course.common.words import variable_names
from made_course.leaks.dependence import Dependence, binary_points, measure_dependence

from ..checking import Exercise, View, WrongAnswer, as_text, edit, require_form, run
from .sum_over_everything import log_bernoulli

ORDERING = [1, 2, 0]

CONSTANT = (
    "no output moves by more than rounding when an input is flipped, so Σp is 1 without any leak. "
    "Let an output depend on an input that it must not see"
)
HONEST = (
    "there is no leak, because every output moves only with variables of smaller degree. Let an "
    "output see a variable whose degree is not smaller than its own"
)
SELF = (
    "an output depends on its own variable, so it can give both values of this variable a high "
    "probability, and the two no longer sum to one. Let an output see another variable instead, "
    "one of a higher degree than its own"
)
ROWS_APART = (
    "each row of the result must depend on its own row of x only, for any number of rows, without "
    "means over rows and without random numbers"
)
CYCLE = (
    "no output sees its own variable, but the outputs see one another in a cycle, which no "
    "ordering allows. Break the cycle, so that each output sees only earlier variables in some "
    "other ordering"
)


def _check_logits(answer: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the logits (8, 3) of all inputs, after checking that no row depends on another."""
    x = binary_points(3)
    logits = run(answer, x)
    require_form(logits, torch.zeros(8, 3))
    if not bool(logits.isfinite().all()):
        raise WrongAnswer("logits must be finite numbers", got=as_text(logits))
    try:
        alone, again = torch.cat([answer(row[None].clone()) for row in x]), answer(x.clone())
    except (RuntimeError, TypeError, ValueError):  # the answer works only for some numbers of rows
        raise WrongAnswer(ROWS_APART) from None
    if alone.shape != logits.shape or not all(
        torch.allclose(other, logits, atol=1e-5) for other in (alone, again)
    ):
        raise WrongAnswer(ROWS_APART)
    return logits.detach()


def _find_dependence(logits: Tensor) -> Dependence:
    row_number = torch.tensor([4.0, 2.0, 1.0])  # row k of binary_points is k in binary
    return measure_dependence(lambda x: logits[(x @ row_number).long()], binary_points(3))


def _explain_sum(answer: Callable[[Tensor], Tensor], *_: object) -> str:
    # without either fault, the answer would be honest in some ordering, and its sum would be 1
    return SELF if _find_dependence(_check_logits(answer)).by_flip.diagonal().any() else CYCLE


def _describe_input(answer: Callable[[Tensor], Tensor]) -> str:
    leaks = _list_leaks(answer)
    return f"adding up the 8 probabilities (leaks: {leaks})" if leaks else "flipping each input"


def _list_leaks(answer: Callable[[Tensor], Tensor]) -> str:
    names = variable_names(3)
    leaks = _find_dependence(_check_logits(answer)).leaks(ORDERING)
    return ", ".join(f"output {names[i]} sees {names[j]}" for i, j in leaks)


def leaky_logits(x: Tensor) -> Tensor:
    """Return logits that are honest in the ordering x₁, x₂, x₃, and leak in x₂, x₃, x₁."""
    x1, x2, _ = x.unbind(1)
    return torch.stack([0 * x1, 3 * x1 - 1, 2 * x2], dim=1)


def _sum_probabilities(answer: Callable[[Tensor], Tensor]) -> str:
    """Return the sum of the probabilities, after checking that there is a leak."""
    logits = _check_logits(answer)  # called once, because a second call may return different logits
    found = _find_dependence(logits)
    if not found.by_flip.any():
        raise WrongAnswer(CONSTANT, got="no output moved")
    if not found.leaks(ORDERING):
        raise WrongAnswer(HONEST, expected="a leak", got="none")
    total = log_bernoulli(logits.double(), binary_points(3).double()).exp().sum().item()
    return f"{total:.6f}"


EXERCISE = Exercise(
    title="A leak that Σp does not show",
    stars=3,
    reference=leaky_logits,
    message=lambda answer: f"Leaks: {_list_leaks(answer)}. Still, Σp = 1.",
    hints=(
        "Why is Σp = 1 for an honest model? Read the argument again. Does it need the ordering x₂, "
        "x₃, x₁, or is any ordering enough?",
        "A model that is honest in a different ordering is also a distribution. Choose an ordering "
        "in which x₂ comes after x₁.",
        "`x1, x2, x3 = x.unbind(1)`. Combine three logits with `torch.stack([...], dim=1)`: for x₁ "
        "a constant such as `0 * x1`, for x₂ something that depends on `x1`, for x₃ something that "
        "depends on `x1` and `x2` at most.",
    ),
    views=(
        View(
            _sum_probabilities,
            _describe_input,
            mistakes={
                CONSTANT: torch.zeros_like,
                HONEST: edit("[0 * x1, 3 * x1 - 1, 2 * x2]", "[2 * x2, 0 * x2, 1 - x2]"),
                SELF: lambda x: 10 * x - 5,
                CYCLE: lambda x: 4 * x[:, [1, 2, 0]] - 2,
            },
            cause=_explain_sum,
            expected="1, to six decimals",
        ),
    ),
)
