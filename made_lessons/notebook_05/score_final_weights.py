"""Exercise 5.2: score the training images with the final weights."""

import math
from functools import cache

import torch
from torch import Tensor

from made_course.data.toys import bars_and_stripes
from made_course.model.made import MADE
from made_course.training.evaluate import evaluate
from made_course.training.history import History

from ..checking import Exercise, MalformedAnswer, View, edit, run
from ..checking.variants import further_cases, shuffle

_MEAN_FORGOTTEN = "you returned one number for each row. Take the mean, or let evaluate do it"


def _compare_two_calls(answer: object, model: MADE, *rest: object) -> str:
    first, second = (run(answer, model, *rest) for _ in range(2))
    if isinstance(first, Tensor) and first.shape == (len(rest[1]),):
        got = f"a tensor of shape {tuple(first.shape)}"
        raise MalformedAnswer(_MEAN_FORGOTTEN, got=got, expected="a number")
    return "the same number twice" if _are_close(first, second) else "two different numbers"


def _are_close(first: object, second: object) -> bool:
    """Return True if two values are close, or if one is not a number (the next view's job)."""
    try:
        numbers = [torch.as_tensor(number).item() for number in (first, second)]
        return math.isclose(*numbers, rel_tol=1e-5) or math.isnan(numbers[0])
    except (TypeError, ValueError, RuntimeError):
        return True


def _describe_scores(answer: object) -> str:
    model, history, train, valid = _finished_run()
    return (
        f"In this run, the last entry of history.train_nll is {history.train_nll[-1]:.2f}. The "
        f"final weights have {evaluate(model, train):.2f} nats on the training boards and "
        f"{evaluate(model, valid):.2f} on the validation boards."
    )


def _describe_run(answer: object, model: MADE, history: History, *rows: Tensor) -> str:
    return f"a run of {len(history)} epochs on boards of 4 × 4 pixels, with dropout {model.dropout}"


def train_nll_now(model: MADE, history: History, train: Tensor, valid: Tensor) -> float:
    """Return the NLL of the training images under the final weights."""
    return evaluate(model, train)


@cache
def _finished_run(key: str = "") -> tuple[MADE, History, Tensor, Tensor]:
    """Train a model for 20 epochs by gradient descent, and leave it in training mode.

    The training rows are grouped by board, so that a part of them has a different NLL. The large
    learning rate of the second-to-last epoch makes the last entries of the history differ from the
    lowest ones. A variant key decides which boards are validation boards.
    """
    boards = bars_and_stripes()
    mixed = torch.arange(len(boards)) * 7 % len(boards)  # both splits get bars and stripes
    boards = boards[mixed]
    if key:
        boards = boards[torch.tensor(shuffle(key, range(len(boards))))]
    train, valid = boards[:20].repeat_interleave(60, 0), boards[20:]
    history = History()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        model = MADE(16, (64,), degrees="even", direct=True, dropout=0.5).train()
        for rate in [*18 * [0.4], 2.0, 0.4]:
            losses = []
            for rows in torch.randperm(len(train)).split(300):
                loss = -model.log_prob(train[rows]).mean()
                model.zero_grad()
                loss.backward()
                # gradient descent by hand, because creating the first optimizer takes 0.9 s
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter.add_(parameter.grad, alpha=-rate)
                losses.append(loss.item())
            nll = {"train_nll": sum(losses) / len(losses), "valid_nll": evaluate(model, valid)}
            history.append(**nll, lr=rate, seconds=0.0)
    return model, history, train, valid


EXERCISE = Exercise(
    title="Score the final weights",
    stars=1,
    reference=train_nll_now,
    message=_describe_scores,
    vary=further_cases(lambda key: _finished_run(key), count=1),
    hints=(
        "The validation curve is measured at the end of an epoch, without dropout. Score the "
        "training images in the same way.",
        "`evaluate(model, images)` returns the mean NLL of any images under the current weights. "
        "It switches dropout off and restores the model's mode afterwards. You do not need the "
        "history.",
    ),
    mistakes={
        "you scored training and validation images together. Score only train": edit(
            "model, train)", "model, torch.cat([train, valid]))"
        ),
        "you returned the last entry of history.train_nll. It is a mean over the batches of the "
        "last epoch, each scored with the weights of that moment and with dropout on. Score "
        "train with the final weights": edit("evaluate(model, train)", "history.train_nll[-1]"),
        "you returned the lowest entry of history.train_nll. Like all its entries, it is a mean "
        "over the batches of an epoch, with dropout on. Score train with the "
        "final weights": edit("evaluate(model, train)", "min(history.train_nll)"),
        "you returned the NLL of the validation images, the last entry of history.valid_nll. Score "
        "the training images, train": edit("model, train)", "model, valid)"),
        "you returned nats per variable. The NLL is a sum over variables, and a mean only over "
        "rows": edit("model, train)", "model, train) / train.shape[1]"),
        "two calls returned different numbers. Either the model is in training mode, where dropout "
        "switches off different units each time, or your code draws rows at random. evaluate "
        "switches dropout off. Give it all of train": edit(
            "evaluate(model, train)", "-model.log_prob(train).mean().item()"
        ),
        _MEAN_FORGOTTEN: edit("evaluate(model, train)", "-model.log_prob(train)"),
        "you scored only the first rows. Take all of train": edit(
            "model, train)", "model, train[:64])"
        ),
        "you scored only as many rows of train as valid has. Take all of them": edit(
            "model, train)", "model, train[: len(valid)])"
        ),
    },
    views=(
        View(_compare_two_calls, _describe_run, cases=lambda: (_finished_run(),)),
        View(shown_input=_describe_run, cases=lambda: (_finished_run(),)),
    ),
)
