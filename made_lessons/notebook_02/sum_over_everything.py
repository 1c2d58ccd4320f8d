"""2.1: the sum of probabilities over all inputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from made_course.leaks.dependence import binary_points

from ..checking.exercise import exercise, slip
from ..checking.variants import drawn, further_cases, one_of
from .log_bernoulli import log_bernoulli


def three_coins(x: Tensor) -> Tensor:
    """An honest log p(x): independent coins, not all of them fair."""
    return log_bernoulli(F.linear(x, torch.zeros(3, 3), torch.tensor([1.5, 0.0, -2.0])), x)


def near_copy(x: Tensor) -> Tensor:
    """What an autoencoder claims that nearly copies its input."""
    weight = 5 * torch.eye(x.shape[1]) - 0.5
    return log_bernoulli(F.linear(x, weight, torch.full((x.shape[1],), -2.0)), x)


def _on_all(finish: Callable[[Tensor], Tensor]) -> Callable[..., float]:
    def total(log_prob: Callable[[Tensor], Tensor], input_dim: int) -> float:
        return finish(log_prob(binary_points(input_dim))).item()

    return total


def _other_claim(word: str) -> tuple[Callable[[Tensor], Tensor], int]:
    weight, bias = 4 * drawn(word, 6, 6), drawn(f"{word} bias", 6) - 2
    size = one_of(word, [2, 4, 6])

    def claim(x: Tensor) -> Tensor:
        return log_bernoulli(F.linear(x, weight[:size, :size], bias[:size]), x)

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


slip(
    "you add log-probabilities: take exp of each first, and add then",
    _on_all(lambda log_p: log_p.sum()),
)
slip(
    "this is the product of all probabilities, as exp of the sum of their logarithms is: "
    "take exp of each first, and add then",
    _on_all(lambda log_p: log_p.sum().exp()),
)
slip(
    "you divide by the number of inputs: Σp is a sum, not a mean",
    _on_all(lambda log_p: log_p.exp().mean()),
)
slip(
    "2 to the power of a natural logarithm is no probability: .exp() undoes it",
    _on_all(lambda log_p: (2**log_p).sum()),
)
slip(
    "exp comes after the mean here, which makes a geometric mean: take exp of each first, and add",
    _on_all(lambda log_p: log_p.mean().exp()),
)
slip(
    "one input is missing, that of zeros alone: it counts, too",
    lambda log_prob, input_dim: log_prob(binary_points(input_dim)[1:]).exp().sum().item(),
)
slip(
    "these are only the D inputs that hold a single 1: there are 2^D inputs in all",
    lambda log_prob, input_dim: log_prob(torch.eye(input_dim)).exp().sum().item(),
)
