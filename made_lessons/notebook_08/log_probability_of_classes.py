"""8.1: the log-probability of classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from made_course.model.heads import Categorical

from ..checking import drawn, exercise, further_cases, known_mistakes


def _at_class(values: Tensor, x: Tensor) -> Tensor:
    return values.gather(-1, x.long()[..., None]).squeeze(-1)


_LOGITS = torch.tensor(
    [
        [[0.0, 1.0, 2.0, 0.5], [1.5, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        [[2.0, 0.0, -2.0, 1.0], [0.5, 0.5, 3.0, -1.0], [1.0, 2.0, 3.0, 4.0]],
    ]
)
_CLASSES = torch.tensor([[2.0, 0.0, 3.0], [1.0, 3.0, 0.0]])


@exercise(
    "8.1",
    "Log-probability of classes",
    stars=2,
    cases=(
        (_LOGITS, _CLASSES),
        (torch.zeros(1, 3, 4), torch.zeros(1, 3)),
        (300 * _LOGITS, _CLASSES),
        (torch.tensor([[[0.2, -1.0, 1.0], [2.0, 0.5, 0.0]]]), torch.tensor([[2.0, 1.0]])),
    ),
    package=Categorical.log_prob,
    vary=further_cases(
        lambda word: (6 * drawn(word, 3, 2, 5) - 3, (5 * drawn(f"{word} x", 3, 2)).floor())
    ),
    hints=(
        "Two steps. First turn each variable's K logits into K log-probabilities. Then pick the "
        "one that belongs to the class in x.",
        "The first step is logits.log_softmax(-1), or logits minus their logsumexp over the last "
        "dimension.",
        "log_p.gather(-1, x.long()[..., None]) picks one of each K; squeeze(-1) takes the last "
        "dimension away, and sum(1) adds up the variables.",
    ),
)
def categorical_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Sum over variables of the log-softmax at each variable's class."""
    log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
    return log_p.gather(-1, x.long()[..., None]).squeeze(-1).sum(dim=1)


known_mistakes(
    {
        "these are the logits of the classes. A logit is no logarithm of a probability yet: take "
        "off the log of the sum over all classes": lambda z, x: _at_class(z, x).sum(1),
        "the softmax is taken over the variables. It is the K classes of one variable that share a "
        "probability of one: the last dimension": (
            lambda z, x: _at_class(z.log_softmax(1), x).sum(1)
        ),
        "these are probabilities, summed. It is their logarithms that are summed": (
            lambda z, x: _at_class(z.softmax(-1), x).sum(1)
        ),
        "this is the logarithm of a sum of probabilities: those of the variables are multiplied, "
        "so it is their logarithms that are summed": (
            lambda z, x: _at_class(z.softmax(-1), x).sum(1).log()
        ),
        "exp is missing inside the logarithm: it takes the log of the sum of exp(logit), which is "
        "logsumexp": lambda z, x: (_at_class(z, x) - z.sum(-1).log()).sum(1),
        "the softmax is taken over the rows of the batch. It is the K classes of one variable that "
        "share a probability of one: the last dimension": (
            lambda z, x: _at_class(z.log_softmax(0), x).sum(1)
        ),
        "all classes are summed: each variable counts with the class that it has, and no other": (
            lambda z, x: z.log_softmax(-1).sum((1, 2))
        ),
        "each variable counts with its most likely class: it is the class in x that counts": (
            lambda z, x: z.log_softmax(-1).amax(-1).sum(1)
        ),
        "the logsumexp is taken over all numbers of a row. It is the K classes of one variable "
        "that share a probability of one: the last dimension only": (
            lambda z, x: (_at_class(z, x) - z.logsumexp((1, 2))[:, None]).sum(1)
        ),
        "the sigmoid is for one number a variable. Of K logits it knows only one: the others come "
        "in by the softmax": lambda z, x: nn.functional.logsigmoid(_at_class(z, x)).sum(1),
    }
)
