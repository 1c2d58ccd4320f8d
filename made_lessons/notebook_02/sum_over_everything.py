"""2.1: the sum of probabilities over all inputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checking import but, drawn, exercise, further_cases, known_mistakes, one_of
from .log_bernoulli import log_bernoulli


def three_coins(x: Tensor) -> Tensor:
    """An honest log p(x): independent coins, not all of them fair."""
    return _linear_log_prob(x, torch.zeros(3, 3), torch.tensor([1.5, 0.0, -2.0]))


def near_copy(x: Tensor) -> Tensor:
    """What an autoencoder claims that nearly copies its input."""
    weight = 5 * torch.eye(x.shape[1]) - 0.5
    return _linear_log_prob(x, weight, torch.full((x.shape[1],), -2.0))


def _linear_log_prob(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Log-probability of rows by linear logits, in float64 where the rows are."""
    dtype = torch.result_type(x, 0.0)
    return log_bernoulli(F.linear(x, weight.to(dtype), bias.to(dtype)), x)


def _other_claim(word: str) -> tuple[Callable[[Tensor], Tensor], int]:
    weight, bias = 4 * drawn(word, 6, 6), drawn(f"{word} bias", 6) - 2
    size = one_of(word, [2, 4, 6])

    def claim(x: Tensor) -> Tensor:
        return _linear_log_prob(x, weight[:size, :size], bias[:size])

    return claim, size


@exercise(
    "2.1",
    "The sum over everything",
    stars=1,
    cases=((three_coins, 3), (near_copy, 3), (near_copy, 5)),
    vary=further_cases(_other_claim),
    hints=(
        "Build a tensor of shape (2^D, D) whose rows are all the inputs, and give it to log_prob "
        "in one go.",
        "torch.cartesian_prod(a, b, c) makes all combinations of the entries of a, b and c, one a "
        "row. With a list of D tensors: torch.cartesian_prod(*tensors).",
        "tensors = [torch.tensor([0.0, 1.0])] * input_dim. Then .exp() of the log-probabilities, "
        "and .sum().",
    ),
)
def total_probability(log_prob: Callable[[Tensor], Tensor], input_dim: int) -> float:
    """Sum of exp(log_prob(x)) over all 2^D inputs x of zeros and ones."""
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * input_dim)
    return log_prob(x).exp().sum().item()


known_mistakes(
    {
        "you add log-probabilities: take exp of each first, and add then": but(".exp()", ""),
        "this is the product of all probabilities, as exp of the sum of their logarithms is: take "
        "exp of each first, and add then": but(".exp().sum()", ".sum().exp()"),
        "you divide by the number of inputs: Σp is a sum, not a mean": but("sum()", "mean()"),
        "2 to the power of a natural logarithm is no probability: .exp() undoes it": but(
            "log_prob(x).exp()", "(2 ** log_prob(x))"
        ),
        "exp comes after the mean here, which makes a geometric mean: take exp of each first, and "
        "add": but(".exp().sum()", ".mean().exp()"),
        "one input is missing, that of zeros alone: it counts, too": but("(x).exp", "(x[1:]).exp"),
        "these are only the D inputs that hold a single 1: there are 2^D inputs in all": but(
            "(x).exp", "(torch.eye(input_dim)).exp"
        ),
    }
)
