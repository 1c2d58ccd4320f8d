"""What open exercises share: is a model honest, and how good is it on rows that are kept?"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from made_course.model.heads import Bernoulli
from made_course.model.sampling import evaluation_mode

from .exercise import Misformed, Slip, Wrong, require_none

BATCH = 100
"""Rows that a model is asked about at once."""
MOVE = 1e-3
"""What an output may move by rounding. A leak as small as that could not improve the score."""
MARGIN = 0.01
"""Share of a coin's NLL by which a model must beat a coin, and pixels taken one by one."""


@dataclass(frozen=True)
class Causes:
    """What may be wrong with a model, in the words of its exercise."""

    row: str
    variable: str
    input_dim: int
    sees_itself: str
    sees_in_circles: str
    is_nll: str
    is_mean: str
    is_one_number: str
    is_coin: str


def causes(row: str, variable: str, input_dim: int) -> Causes:
    """Say what may be wrong of models of D variables.

    Args:
        row: what a row is, such as "image".
        variable: what a variable is, such as "pixel".
        input_dim: number of variables D.

    Example:
        >>> causes("image", "pixel", 784).is_coin
        'this is a coin for each pixel: has the model been trained?'
    """
    return Causes(
        row,
        variable,
        input_dim,
        sees_itself=f"some outputs move when their own {variable} is flipped: this is an "
        "autoencoder that sees its answer. Its number is no likelihood, and it does not count, "
        "however small it is",
        sees_in_circles=f"no output sees its own {variable}, but there is no ordering of the "
        f"{variable}s in which each output sees only earlier ones: {variable}s see one another in "
        "a circle. The product of these conditionals is no distribution",
        is_nll="log-probabilities are never above 0: this is the NLL, its negative",
        is_mean=f"this is the mean over the {input_dim} {variable}s: the log-probability of "
        f"{_with_article(row)} is their sum",
        is_one_number=f"one number came for all {row}s: log_prob must give one for each row, so "
        f"that the mean is taken over {row}s only when they are scored",
        is_coin=f"this is a coin for each {variable}: has the model been trained?",
    )


class InALine:
    """A model in a line: logits from rows, and how they become a log-probability.

    Example:
        >>> coin = InALine(torch.zeros_like)
        >>> coin.log_prob(torch.ones(1, 3)).exp()
        tensor([0.1250])
    """

    def __init__(
        self,
        logits: Callable[[Tensor], Tensor],
        reduce: Callable[[Tensor], Tensor] = lambda log_p: log_p.sum(1),
    ) -> None:
        self.logits, self.reduce = logits, reduce

    def __call__(self, x: Tensor) -> Tensor:
        """Logits of each row."""
        return self.logits(x)

    def log_prob(self, x: Tensor) -> Tensor:
        """What is claimed to be the log-probability of each row."""
        return self.reduce(Bernoulli().log_prob(self.logits(x)[..., None], x))


def in_a_line(causes: Causes) -> tuple[Slip, ...]:
    """Models that every check of this kind refuses."""
    return (
        Slip(InALine(lambda x: 6 * x - 3), causes.sees_itself),
        Slip(InALine(lambda x: 4 * (x.roll(1, 1) + x.roll(-1, 1)) - 4), causes.sees_in_circles),
        Slip(InALine(torch.zeros_like, lambda log_p: -log_p.sum(1)), causes.is_nll),
        Slip(InALine(torch.zeros_like, lambda log_p: log_p.mean(1)), causes.is_mean),
        Slip(InALine(torch.zeros_like, lambda log_p: log_p.sum(1).mean()), causes.is_one_number),
        Slip(InALine(torch.zeros_like), causes.is_coin),
    )


@torch.no_grad()
def honest_nll(model: object, kept: Tensor, points: Tensor, causes: Causes) -> Tensor:
    """NLL of each of the kept rows, once it is clear that it is one.

    Args:
        model: an object with ``log_prob(x)`` and, so that it can be seen what its outputs depend
            on, with logits ``model(x)``, both as a MADE has them.
        kept: (N, D) zeros and ones.
        points: (n, D) at which every variable is flipped, to see which outputs move.
        causes: what may be wrong, in words.

    Raises:
        Wrong: if it is no model, its log-probabilities do not belong to its logits, or there is no
            ordering in which each output sees only earlier variables.
    """
    if isinstance(model, type) or not (callable(model) and hasattr(model, "log_prob")):
        raise Misformed(
            "a model is needed: an object with log_prob(x) and, so that the check can see what its "
            "outputs depend on, with logits model(x), both as a MADE has them",
            came="a class" if isinstance(model, type) else f"a {type(model).__name__}",
            expected="a MADE, or a model of your own",
        )
    require_finite_weights(model)
    flips = (points[:, None] - torch.eye(causes.input_dim)).abs()
    rows = torch.cat([kept, points, flips.flatten(0, 1)])
    with evaluation_mode(model) if isinstance(model, nn.Module) else nullcontext():
        log_p, again = (shuffled(_numbers_of(model, causes), rows) for _ in range(2))
        logits = shuffled(_logits_of(model), rows)
    _require_rows_apart(log_p, again, causes)
    n, of_kept = len(kept), logits[: len(kept)]
    by_logits = Bernoulli().log_prob(of_kept[..., None], kept.double()).sum(1)
    _require_log_probabilities(log_p[:n], by_logits, of_kept, kept, causes)
    of_points, of_flips = logits[n:].split([len(points), len(rows) - n - len(points)])
    _require_honest((of_flips.view(flips.shape) - of_points[:, None]).abs(), causes)
    return -by_logits


def shuffled(ask: Callable[[Tensor], Tensor], rows: Tensor, batch: int = BATCH) -> Tensor:
    """What is said of rows, asked in batches of one size and in a sequence of chance.

    So a model cannot tell a row that is scored from one that looks for leaks.

    Args:
        ask: from a batch to one number, or several, for each of its rows.
        rows: (N, D).
        batch: its size, at most N.

    Example:
        >>> shuffled(lambda x: x[:, 0] ** 2, torch.tensor([[1.0], [2.0], [3.0]]), batch=2)
        tensor([1., 4., 9.])
    """
    order = torch.randperm(len(rows), generator=_chance())
    order = torch.cat([order, order[: -len(order) % batch]])
    said = torch.cat([ask(rows[places]) for places in order.split(batch)])
    came = torch.empty_like(said[: len(rows)])
    came[order] = said
    return came


def points_of_chance(rows: Tensor, count: int) -> Tensor:
    """Some of the rows and as many of noise, others each time, at which to look for leaks.

    Example:
        >>> points_of_chance(torch.zeros(10, 3), 2).shape
        torch.Size([4, 3])
    """
    chance = _chance()
    some = torch.randperm(len(rows), generator=chance)[:count]
    return torch.cat([rows[some], torch.randint(2, rows[some].shape, generator=chance).float()])


def _chance() -> torch.Generator:
    """A source of draws that no hand-in can know."""
    return torch.Generator().manual_seed(secrets.randbits(63))


def judge_nll(
    nll: float,
    *,
    kept: str,
    to_beat: float,
    independent: float,
    bands: Sequence[tuple[float, str]],
    causes: Causes,
) -> str:
    """Say how good an honest NLL is.

    Args:
        nll: of the kept rows.
        kept: what these are.
        to_beat: nats of the notebook's own model.
        independent: nats of variables that are taken one by one.
        bands: nats, and what is said of fewer, from the smallest.
        causes: what may be wrong, in words.

    Raises:
        Wrong: if it is not below the number to beat.
    """
    report = {"tried": kept, "expected": f"less than {to_beat:g} nats", "came": f"{nll:.2f} nats"}
    coin = causes.input_dim * math.log(2)
    worse = f"that is worse than a coin for each {causes.variable}, {coin:.0f} nats: has the model "
    require_none(
        [
            (f"{worse}been trained?", nll > (1 + MARGIN) * coin),
            (causes.is_coin, nll > (1 - MARGIN) * coin),
            (
                f"that is hardly better than taking the {causes.variable}s to be independent",
                nll > independent - MARGIN * coin,
            ),
            (
                f"the model is honest, and not yet below {to_beat:g} nats. Compare its NLL on the "
                f"{causes.row}s it learned from: far below, it learns them by heart; near, it "
                "could learn for longer",
                nll >= to_beat,
            ),
        ],
        **report,
    )
    words = next(words for nats, words in bands if nll < nats)
    return f"{nll:.2f} nats on {causes.row}s that the exercise keeps, without a leak. {words}"


def require_finite_weights(model: object) -> None:
    """Tell a training that went wrong from a formula that did.

    Raises:
        Wrong: if some weight of a module is no finite number.
    """
    weights = model.parameters() if isinstance(model, nn.Module) else ()
    if not all(bool(weight.isfinite().all()) for weight in weights):
        raise Wrong(
            "the model has weights that are no finite numbers: look at its training, whose rate "
            "may have been too high"
        )


def _logits_of(model: object) -> Callable[[Tensor], Tensor]:
    return lambda x: _in_shape("model(x)", asked(model, model, x), x.shape)


def _numbers_of(model: object, causes: Causes) -> Callable[[Tensor], Tensor]:
    def numbers(x: Tensor) -> Tensor:
        came = asked(model.log_prob, model, x)
        if came.numel() == 1:
            raise Misformed(causes.is_one_number, came="one number", expected=f"shape ({len(x)},)")
        return _in_shape("log_prob(x)", came, x.shape[:1])

    return numbers


def _in_shape(name: str, came: Tensor, shape: torch.Size) -> Tensor:
    if came.shape != shape:
        raise Misformed(
            f"{name} has another shape",
            came=f"shape {tuple(came.shape)}",
            expected=f"shape {tuple(shape)}",
        )
    if not bool(came.isfinite().all()):
        raise Wrong(f"{name} is not finite everywhere: log_prob needs its stable form")
    return came


def _require_rows_apart(log_p: Tensor, again: Tensor, causes: Causes) -> None:
    if not torch.allclose(log_p, again, rtol=1e-3, atol=1e-2):
        at = (log_p - again).abs().argmax()
        raise Wrong(
            f"the number of {_with_article(causes.row)} changes with the other rows that it is "
            "scored with, or from call to call: log_prob(x) must treat each row by itself, and "
            "always alike",
            tried=f"log_prob of one {causes.row} twice, among others each time",
            expected="the same number",
            came=f"{log_p[at]:.2f} and {again[at]:.2f}",
        )


def _with_article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _require_log_probabilities(
    log_p: Tensor, by_logits: Tensor, logits: Tensor, x: Tensor, causes: Causes
) -> None:
    report = {
        "tried": f"log_prob(x) beside the logits model(x), of the {causes.row}s kept",
        "expected": f"{by_logits[0]:.2f}",
        "came": f"{log_p[0]:.2f}",
    }
    if bool((log_p > 1e-3).any()):
        raise Wrong(causes.is_nll, **report)
    if torch.allclose(log_p, by_logits, rtol=1e-3, atol=0.1):
        return
    if torch.allclose(causes.input_dim * log_p, by_logits, rtol=1e-3, atol=0.1):
        raise Wrong(causes.is_mean, **report)
    if bool(((logits >= 0) & (logits <= 1)).all()):
        of_probabilities = Bernoulli().log_prob(logits.logit(1e-9)[..., None], x.to(logits))
        if torch.allclose(log_p, of_probabilities.sum(1), rtol=1e-3, atol=0.1):
            raise Wrong("model(x) gives probabilities: it must give their logits", **report)
    raise Wrong(
        "log_prob does not belong to these logits: it must be the sum of the log-probabilities "
        f"that they give to the {causes.variable}s. (A mean of several models' probabilities has "
        "other logits than the mean of theirs.)",
        **report,
    )


def _require_honest(moved: Tensor, causes: Causes) -> None:
    """What a flip moves, (rows, variable flipped, output), must go with some ordering."""
    count = causes.input_dim
    seen = (moved > MOVE).any(0).T
    report = {"tried": f"flipping each {causes.variable} of {len(moved)} {causes.row}s"}
    own = int(seen.diagonal().sum())
    if own:
        raise Wrong(
            causes.sees_itself,
            **report,
            expected=f"no output moves with its own {causes.variable}",
            came=f"{own} of {count} do",
        )
    without_place = _without_place_in_an_ordering(seen)
    if without_place:
        raise Wrong(
            causes.sees_in_circles,
            **report,
            expected=f"an ordering of all {count} {causes.variable}s",
            came=f"{without_place} of them have no place in one",
        )


def _without_place_in_an_ordering(seen: Tensor) -> int:
    """Take away, again and again, whatever sees nothing that is left; how many stay?"""
    waits_for = seen.sum(1)
    first = waits_for == 0
    while bool(first.any()):
        waits_for = waits_for - seen[:, first].sum(1)
        waits_for[first] = -1  # taken
        first = waits_for == 0
    return int((waits_for > 0).sum())


def asked(function: object, model: object, x: Tensor) -> Tensor:
    """What a model says of rows, as a tensor of float64 on the processor."""
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            x = x.to(parameter)
            break
    try:
        came = function(x.clone())
    except Exception as error:
        raise Wrong(f"your model raised {type(error).__name__}: {error}") from error
    if not isinstance(came, Tensor):
        raise Misformed(
            "log_prob(x) and model(x) must give tensors",
            came=f"a {type(came).__name__}",
            expected="a torch.Tensor",
        )
    return came.detach().double().cpu()
