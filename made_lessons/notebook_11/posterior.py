"""11.3: from a model of digits given their label to a label given the digit."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking import (
    but,
    drawn,
    dtypes,
    exercise,
    further_cases,
    gradients,
    known_mistakes,
    one_of,
)


def _case(word: str, rows: int, classes: int = 3, lowest: int = -90) -> tuple[Tensor, Tensor]:
    prior = drawn(f"{word} prior", classes)
    return (prior / prior.sum()).log(), lowest + 6 * drawn(word, rows, classes)


@exercise(
    "11.3",
    "Whose digit is it?",
    stars=2,
    cases=(_case("three", 2), _case("one", 1, 4), _case("far", 4, 2, -150)),
    views=(*gradients(log_given=1), *dtypes(torch.float64)),
    vary=further_cases(lambda word: _case(word, one_of(word, [2, 3, 5]), 3)),
    hints=(
        "Bayes: p(y | x) = p(y) p(x | y) / p(x), and p(x) is the sum of p(y) p(x | y) over all "
        "labels.",
        "In logarithms: add the prior to each row, then subtract the logsumexp of the row, so that "
        "its probabilities sum to one. (e to the −90 is 0 in float32, or nearly: stay in "
        "logarithms.)",
        "joint = log_prior + log_given, and joint - joint.logsumexp(1, keepdim=True), which is "
        "joint.log_softmax(1).",
    ),
)
def posterior(log_prior: Tensor, log_given: Tensor) -> Tensor:
    """Bayes in logarithms: the joint, less its sum over labels."""
    joint = log_prior + log_given
    return joint - joint.logsumexp(1, keepdim=True)


known_mistakes(
    {
        "the prior is missing: a label that is rare needs a picture that says so louder": but(
            "log_prior + log_given", "log_given"
        ),
        "this is log p(y, x), and its probabilities do not sum to one over labels: subtract "
        "log p(x), the logsumexp of the row": but(" - joint.logsumexp(1, keepdim=True)", ""),
        "this sums over rows, dimension 0: labels stand in dimension 1, and each row sums to "
        "one by itself": but("logsumexp(1,", "logsumexp(0,"),
        "these are probabilities: their logarithm is asked for": (
            lambda log_prior, log_given: (log_prior + log_given).softmax(1)
        ),
        "p(x) is the sum of p(y) p(x | y), and here it is made without the prior: softmax comes "
        "after the prior, not before": (
            lambda log_prior, log_given: log_prior + log_given.log_softmax(1)
        ),
        "e^(−90) has lost its digits in float32, or is 0: stay in logarithms, with logsumexp or "
        "log_softmax": (
            lambda log_prior, log_given: (
                (log_prior + log_given).exp() / (log_prior + log_given).exp().sum(1, keepdim=True)
            ).log()
        ),
        "the prior is counted twice: once in the sum, and once more in what is divided": (
            lambda log_prior, log_given: log_prior + posterior(log_prior, log_given)
        ),
        "the prior is added as a probability to a logarithm: both have to be logarithms": but(
            "log_prior + log_given", "log_prior.exp() + log_given"
        ),
    }
)
