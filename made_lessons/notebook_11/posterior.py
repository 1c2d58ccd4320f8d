"""Exercise 11.3: p(label | digit) from p(digit | label), by Bayes' rule."""

import torch
from torch import Tensor

from ..checking import Exercise, dtype_views, edit
from ..checking.variants import choose, draw_uniform, further_cases


def _draw_case(
    key: str, rows: int, classes: int = 3, lowest: int = -90, width: int = 6
) -> tuple[Tensor, Tensor]:
    prior = draw_uniform(f"{key} prior", classes)
    return (prior / prior.sum()).log(), lowest + width * draw_uniform(key, rows, classes)


def posterior(log_prior: Tensor, log_given: Tensor) -> Tensor:
    """Return log p(y | x), the joint log-probability minus its logsumexp over labels."""
    joint = log_prior + log_given
    return joint - joint.logsumexp(1, keepdim=True)


EXERCISE = Exercise(
    title="Whose digit is it?",
    stars=2,
    reference=posterior,
    cases=(
        _draw_case("three", 2),
        _draw_case("one", 1, 4),
        _draw_case("far", 4, 2, -150),
        _draw_case("wide", 3, 3, -600, 500),
    ),
    vary=further_cases(lambda key: _draw_case(key, choose(key, [2, 3, 5]), 3)),
    hints=(
        "By Bayes' rule, p(y | x) = p(y) p(x | y) / p(x), and p(x) is the sum of p(y) p(x | y) "
        "over all labels.",
        "In logarithms: add the prior to each row, then subtract the `logsumexp` of the row, so "
        "that its probabilities sum to one. (e^(−90) is 0 or nearly 0 in float32, so use only "
        "logarithms.)",
        "`joint = log_prior + log_given`, and `joint - joint.logsumexp(1, keepdim=True)`, which is "
        "`joint.log_softmax(1)`.",
    ),
    mistakes={
        "the prior is missing. With it, a rare label needs stronger evidence from "
        "the picture": edit("log_prior + log_given", "log_given"),
        "you returned log p(y, x), whose probabilities do not sum to one over labels. Subtract log "
        "p(x), the logsumexp of the row": edit(" - joint.logsumexp(1, keepdim=True)", ""),
        "you summed over rows, dimension 0. Labels are in dimension 1, and each row must sum to "
        "one": edit("logsumexp(1,", "logsumexp(0,"),
        "you computed p(x) without the prior. It is the sum of p(y) p(x | y), so apply softmax "
        "after adding the prior": (
            lambda log_prior, log_given: log_prior + log_given.log_softmax(1)
        ),
        "you subtracted the prior. Bayes' rule multiplies by it, so add its logarithm": edit(
            "log_prior + log_given", "log_given - log_prior"
        ),
        "you divided by the logsumexp. To divide a probability, subtract a logarithm": edit(
            "joint - joint.logs", "joint / joint.logs"
        ),
        "you subtracted one logsumexp of all rows together. Each row must sum to one": edit(
            "joint.logsumexp(1, keepdim=True)", "joint.flatten().logsumexp(0)"
        ),
        "you subtracted the largest entry of each row. Subtract its logsumexp, which includes all "
        "labels": edit("joint.logsumexp(1, keepdim=True)", "joint.amax(1, keepdim=True)"),
        "you returned the most probable labels. Return log p(y | x) of every label": edit(
            "joint - joint.logsumexp(1, keepdim=True)", "joint.argmax(1)"
        ),
        "you counted the prior twice: once in the posterior, and once more in front of it": (
            lambda log_prior, log_given: log_prior + posterior(log_prior, log_given)
        ),
        "you added the prior probability to a log-probability. Add log_prior, without exp": edit(
            "log_prior + log_given", "log_prior.exp() + log_given"
        ),
    },
    views=dtype_views(torch.float64),
)
