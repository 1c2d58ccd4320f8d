"""The cost of each ordering of a few binary variables, for a model of logistic regressions.

By the chain rule, every ordering gives the joint distribution if each conditional is exact. Here
each conditional is the best logistic regression on the variables before it, as in a MADE without
hidden layers. It depends only on the *set* of these variables, so the 24 orderings of four
variables share 4 · 2³ = 32 regressions.

A joint distribution is a float64 tensor (2^D,), one probability for each row of
``binary_points(D)``.
"""

import math
from itertools import permutations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from made_course.leaks.dependence import binary_points


def chain_joint(input_dim: int = 4) -> Tensor:
    """Return the distribution of a chain in which x[i + 1] = x[i] with probability 0.9."""
    points = binary_points(input_dim)
    repeats = points[:, 1:] == points[:, :-1]
    return (0.1 + 0.8 * repeats.double()).prod(dim=1) / 2


def parity_joint(input_dim: int = 4) -> Tensor:
    """Return the uniform distribution over all rows with an even number of ones."""
    is_even = binary_points(input_dim).sum(dim=1) % 2 == 0
    return is_even.double() / is_even.sum()


def half_adder_joint() -> Tensor:
    """Return the joint distribution of two fair coins x₁ and x₂, and the digits of their sum.

    Each of the two digits is wrong with probability 0.001, independently of the other.
    """
    first, second, carry, digit = binary_points(4).bool().T
    right = torch.stack([carry == (first & second), digit == (first ^ second)])
    return (0.001 + 0.998 * right.double()).prod(dim=0) / 4


def fit_orderings(
    joint: Tensor,
) -> tuple[dict[tuple[int, ...], float], dict[tuple[int, ...], Tensor]]:
    """Fit the best logistic regressions for every ordering.

    Args:
        joint: (2^D,) true distribution of a few variables; all D! orderings are fitted.

    Returns:
        For each of the D! orderings, KL(joint || model) in nats, and the model's logits (2^D, D)
        for all rows of ``binary_points(D)``.

    Example:
        >>> costs, logits = fit_orderings(half_adder_joint())  # x1, x2, carry, sum
        >>> round(costs[0, 1, 2, 3], 3), round(costs[0, 1, 3, 2], 3)
        (0.017, 0.686)
    """
    dim = int(math.log2(len(joint)))
    points = binary_points(dim).double()
    entropy = -torch.xlogy(joint, joint).sum().item()
    fits, costs, logits = {}, {}, {}
    for ordering in permutations(range(dim)):
        keys = [(i, frozenset(ordering[:step])) for step, i in enumerate(ordering)]
        for i, before in keys:
            if (i, before) not in fits:
                fits[i, before] = _best_regression(joint, points[:, [*before]], points[:, i])
        costs[ordering] = sum(fits[key][0] for key in keys) - entropy
        logits[ordering] = torch.stack([fits[key][1] for key in sorted(keys)], dim=1)
    return costs, logits


def _best_regression(joint: Tensor, inputs: Tensor, target: Tensor) -> tuple[float, Tensor]:
    """Fit a logistic regression, and return its cross-entropy and the logit of each row."""
    features = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1).double()
    weights = torch.zeros(features.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights],
        max_iter=500,
        tolerance_grad=1e-10,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def cross_entropy() -> Tensor:
        optimizer.zero_grad()
        loss = (joint * softplus((1 - 2 * target) * (features @ weights))).sum()
        loss.backward()
        return loss

    optimizer.step(cross_entropy)
    return cross_entropy().item(), (features @ weights).detach()
