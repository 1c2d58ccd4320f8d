"""Exercise 2.1: the sum of probabilities over all inputs."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from made_course.model.heads import Bernoulli

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """Return the log-probability of each row of zeros and ones: (B, D), (B, D) → (B,)."""
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError("log_prob takes rows of zeros and ones, but some entries are neither")
    return Bernoulli().log_prob(logits[..., None], x).sum(1)


def three_coins_log_prob(x: Tensor) -> Tensor:
    """Return log p(x) of three independent coins, an honest model."""
    return _linear_log_prob(x, torch.zeros(3, 3), torch.tensor([1.5, 0.0, -2.0]))


def near_copy_log_prob(x: Tensor) -> Tensor:
    """Return the claimed log p(x) of an autoencoder that nearly copies its input."""
    weight = 5 * torch.eye(x.shape[1]) - 0.5
    return _linear_log_prob(x, weight, torch.full((x.shape[1],), -2.0))


def _linear_log_prob(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return log p(x) of each row, with logits that are a linear function of x."""
    dtype = torch.result_type(x, 0.0)
    return log_bernoulli(F.linear(x, weight.to(dtype), bias.to(dtype)), x)


def _draw_claim(key: str) -> tuple[Callable[[Tensor], Tensor], int]:
    weight, bias = 4 * draw_uniform(key, 6, 6), draw_uniform(f"{key} bias", 6) - 2
    size = choose(key, [2, 4, 6])
    claim = partial(_linear_log_prob, weight=weight[:size, :size], bias=bias[:size])
    claim.__name__ = "claim"
    return claim, size


def total_probability(log_prob: Callable[[Tensor], Tensor], input_dim: int) -> float:
    """Sum exp(log_prob(x)) over all 2^D inputs x of zeros and ones."""
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * input_dim)
    return log_prob(x).exp().sum().item()


EXERCISE = Exercise(
    title="The sum over everything",
    stars=1,
    reference=total_probability,
    cases=((three_coins_log_prob, 3), (near_copy_log_prob, 3), (near_copy_log_prob, 5)),
    vary=further_cases(_draw_claim),
    hints=(
        "Build a tensor of shape (2^D, D) whose rows are all inputs, and call `log_prob` once.",
        "`torch.cartesian_prod(a, b, c)` makes all combinations of the entries of `a`, `b` and "
        "`c`, one per row. For a list of D tensors, use `torch.cartesian_prod(*tensors)`.",
        "`tensors = [torch.tensor([0.0, 1.0])] * input_dim`. Then take `.exp()` of the "
        "log-probabilities, and `.sum()`.",
    ),
    mistakes={
        "you add log-probabilities. Take exp of each first, then add": edit(".exp()", ""),
        "this is exp of the sum of logarithms, which is the product of all probabilities. Take exp "
        "of each first, then add": edit(".exp().sum()", ".sum().exp()"),
        "you divide by the number of inputs, but Σp is a sum, not a mean": edit("sum()", "mean()"),
        "2 to the power of a natural logarithm is not a probability. Use .exp()": edit(
            "log_prob(x).exp()", "(2 ** log_prob(x))"
        ),
        "you take exp after the mean, which gives a geometric mean. Take exp of each first, then "
        "add": edit(".exp().sum()", ".mean().exp()"),
        "one input is missing. The row of zeros also counts": edit("(x).exp", "(x[1:]).exp"),
        "you only use the D inputs with a single 1, but there are 2^D inputs": edit(
            "(x).exp", "(torch.eye(input_dim)).exp"
        ),
    },
)
