"""5.2: the training images, scored with the finished weights."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import cache

import torch
from torch import Tensor

from made_course.data.toys import bars_and_stripes
from made_course.model.made import MADE
from made_course.model.sampling import evaluation_mode
from made_course.training.evaluate import evaluate
from made_course.training.history import History

from ..checking import Misformed, View, but, exercise, further_cases, known_mistakes, run, shuffled

_DROPOUT_IS_ON = (
    "two calls gave two numbers: the model is in training mode, so that dropout switches off other "
    "units each time. evaluate sees to that"
)
_DRAWN = (
    "two calls gave two numbers, and with the model in evaluation mode, too: your code draws "
    "something at random, or switches dropout on itself. All of train counts, without dropout"
)
_MEAN_FORGOTTEN = "one number for each row: take the mean, or let evaluate do it"


def _steadiness(answer: object, model: MADE, *rest: object) -> str:
    """Say whether two calls give the same number, and a third kind of call if they do not."""
    first, second = (run(answer, model, *rest) for _ in range(2))
    if isinstance(first, Tensor) and first.shape == (len(rest[1]),):
        got = f"a tensor of shape {tuple(first.shape)}"
        raise Misformed(_MEAN_FORGOTTEN, got=got, expected="a number")
    if _are_close(first, second):
        return "the same number twice"
    with evaluation_mode(model):
        calm = [run(answer, model, *rest) for _ in range(2)]
    return f"two numbers{', in training mode' if _are_close(*calm) else ''}"


def _are_close(first: object, second: object) -> bool:
    """Whether two numbers are close; values that are not numbers are judged by the next view."""
    with suppress(TypeError, ValueError, RuntimeError):
        first, second = (torch.as_tensor(number).item() for number in (first, second))
        return math.isclose(first, second, rel_tol=1e-5)
    return True


def _scores(answer: object) -> str:
    model, history, train, valid = _finished_run()
    return (
        f"Here the last entry of history.train_nll is {history.train_nll[-1]:.2f}. The finished "
        f"weights have {evaluate(model, train):.2f} nats on the training boards, and "
        f"{evaluate(model, valid):.2f} on the others."
    )


def _run_tried(answer: object, model: MADE, history: History, *rows: Tensor) -> str:
    return f"a run of {len(history)} epochs on boards of 4 × 4 pixels, dropout {model.dropout}"


@exercise(
    "5.2",
    "Score the finished weights",
    stars=1,
    views=(
        View(_steadiness, _run_tried, _DRAWN, cases=lambda: (_finished_run(),)),
        View(tried=_run_tried, cases=lambda: (_finished_run(),)),
    ),
    message=_scores,
    vary=further_cases(lambda word: _finished_run(word), count=1),
    hints=(
        "The validation line is measured at the end of an epoch, without dropout. Measure the "
        "training images in just the same way.",
        "evaluate(model, images) gives the mean NLL of any images, with the weights that the model "
        "has now. It switches dropout off, and puts the model's mode back. The history is not "
        "needed.",
    ),
)
def train_nll_now(model: MADE, history: History, train: Tensor, valid: Tensor) -> float:
    """Score the training images with the weights that the training has left."""
    return evaluate(model, train)


known_mistakes(
    {
        "these are training and validation images together: take those of train alone": but(
            "model, train)", "model, torch.cat([train, valid]))"
        ),
        "this is the last entry of history.train_nll: a mean over the last epoch's batches, each "
        "scored with the weights of its moment, and with dropout on. Score the finished "
        "weights": but("evaluate(model, train)", "history.train_nll[-1]"),
        "this is the lowest entry of history.train_nll, and like all of them a mean over an "
        "epoch's batches, with dropout on. Score the finished weights": but(
            "evaluate(model, train)", "min(history.train_nll)"
        ),
        "this is the number of the validation images, the last entry of history.valid_nll: that of "
        "the training images is asked for, train": but("model, train)", "model, valid)"),
        "these are nats for one variable: the NLL sums over variables, and averages over rows "
        "only": but("model, train)", "model, train) / train.shape[1]"),
        _DROPOUT_IS_ON: but("evaluate(model, train)", "-model.log_prob(train).mean().item()"),
        _MEAN_FORGOTTEN: but("evaluate(model, train)", "-model.log_prob(train)"),
        "these are the first rows alone: take all of train": but(
            "model, train)", "model, train[:64])"
        ),
        "these are as many rows of train as valid has: take all of them": but(
            "model, train)", "model, train[: len(valid)])"
        ),
    }
)


@cache
def _finished_run(word: str = "") -> tuple[MADE, History, Tensor, Tensor]:
    """A short training by plain gradient steps, which leaves the model in training mode.

    Its boards are many and sorted, so that no part of them stands for all, and a large rate in the
    last epoch but one keeps the history's last entries from being its lowest.
    """
    boards = bars_and_stripes()
    boards = boards[torch.arange(len(boards)) * 7 % len(boards)]  # bars and stripes in both parts
    if word:
        boards = boards[torch.tensor(shuffled(word, range(len(boards))))]
    train, valid = boards[:20].repeat_interleave(60, 0), boards[20:]
    history = History()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        model = MADE(16, (64,), degrees="even", direct=True, dropout=0.5).train()
        for rate in [*18 * [0.4], 2.0, 0.4]:
            losses = []
            for rows in torch.randperm(len(train)).split(300):
                loss = -model.log_prob(train[rows]).mean()
                gradients = torch.autograd.grad(loss, list(model.parameters()))
                with torch.no_grad():
                    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                        parameter -= rate * gradient
                losses.append(loss.item())
            history.append(
                train_nll=sum(losses) / len(losses),
                valid_nll=evaluate(model, valid),
                lr=rate,
                seconds=0.0,
            )
    return model, history, train, valid
