"""Exercise 8.1: the log-probability of classes."""

import torch
from torch import Tensor, nn

from made_course.model.heads import Categorical

from ..checking import Exercise, draw_uniform, further_cases


def _select_class(values: Tensor, x: Tensor) -> Tensor:
    return values.gather(-1, x.long()[..., None]).squeeze(-1)


def _draw_case(key: str, *shape: int) -> tuple[Tensor, Tensor]:
    return 6 * draw_uniform(key, *shape) - 3, (
        shape[-1] * draw_uniform(f"{key} x", *shape[:-1])
    ).floor()


_LOGITS, _CLASSES = _draw_case("two rows", 2, 3, 4)


def categorical_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Return the sum over variables of the log-softmax at each variable's class."""
    log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
    return log_p.gather(-1, x.long()[..., None]).squeeze(-1).sum(dim=1)


EXERCISE = Exercise(
    title="Log-probability of classes",
    stars=2,
    reference=categorical_log_prob,
    cases=(
        (_LOGITS, _CLASSES),
        (torch.zeros(1, 3, 4), torch.zeros(1, 3)),
        (300 * _LOGITS, _CLASSES),
        _draw_case("one row", 1, 2, 3),
    ),
    package=Categorical.log_prob,
    vary=further_cases(lambda key: _draw_case(key, 3, 2, 5)),
    hints=(
        "You need two steps. First turn the K logits of each variable into K log-probabilities. "
        "Then pick the log-probability of the class in `x`.",
        "The first step is `logits.log_softmax(-1)`, or `logits` minus their `logsumexp` over the "
        "last dimension.",
        "`log_p.gather(-1, x.long()[..., None])` picks one of the K entries of each variable. "
        "`squeeze(-1)` removes the last dimension, and `sum(1)` adds up the variables.",
    ),
    mistakes={
        "you summed the logits of the classes. A logit is not yet a log-probability. Subtract the "
        "logsumexp over all classes": lambda z, x: _select_class(z, x).sum(1),
        "your softmax is over the variables. The probabilities of the K classes of one variable "
        "must sum to one, so take it over the last dimension": (
            lambda z, x: _select_class(z.log_softmax(1), x).sum(1)
        ),
        "you summed over rows, but each row has its own log-probability. Sum over dimension 1": (
            lambda z, x: _select_class(z.log_softmax(-1), x).sum(0)
        ),
        "view and reshape do not swap dimensions, so classes and variables are mixed up. Use "
        "transpose(1, 2)": lambda z, x: _select_class(
            z.reshape(len(z), z.shape[2], -1).mT.log_softmax(-1), x
        ).sum(1),
        "you summed probabilities. Sum their logarithms": (
            lambda z, x: _select_class(z.softmax(-1), x).sum(1)
        ),
        "you took the logarithm of a sum of probabilities. The probabilities of the variables "
        "are multiplied, so sum their logarithms": (
            lambda z, x: _select_class(z.softmax(-1), x).sum(1).log()
        ),
        "exp is missing inside your logarithm. Subtract the log of the sum of exp(logit), which is "
        "logsumexp": lambda z, x: (_select_class(z, x) - z.sum(-1).log()).sum(1),
        "your softmax is over the rows of the batch. The probabilities of the K classes of one "
        "variable must sum to one, so take it over the last dimension": (
            lambda z, x: _select_class(z.log_softmax(0), x).sum(1)
        ),
        "you summed over all classes, but only the class in x counts": (
            lambda z, x: z.log_softmax(-1).sum((1, 2))
        ),
        "you took the most likely class of each variable. Take the class in x": (
            lambda z, x: z.log_softmax(-1).amax(-1).sum(1)
        ),
        "your logsumexp is over all numbers of a row. The K classes of one variable share a "
        "probability of one, so take it over the last dimension only": (
            lambda z, x: (_select_class(z, x) - z.logsumexp((1, 2))[:, None]).sum(1)
        ),
        "you used a sigmoid, which is for one number per variable. It uses only one of the K "
        "logits, but the softmax uses all": lambda z, x: nn.functional.logsigmoid(
            _select_class(z, x)
        ).sum(1),
    },
)
