"""Judge the models of open exercises: whether they are honest, and their NLL on held-out rows."""

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

from .exercise import Misformed, Wrong, require_none

BATCH = 100
"""Rows that a model is asked about at once."""
MOVE = 1e-3
"""What an output may move by rounding. A leak as small as that could not improve the score."""
MARGIN = 0.01
"""Share of a coin's NLL by which a model must beat a coin, and pixels taken one by one."""


@dataclass(frozen=True)
class Rows:
    """How a message calls the rows of an exercise and their variables.

    Args:
        row: name of a row, such as "image".
        variable: name of a variable, such as "pixel".
        input_dim: number of variables D.
    """

    row: str
    variable: str
    input_dim: int


@torch.no_grad()
def honest_nll(model: object, kept: Tensor, points: Tensor, words: Rows) -> Tensor:
    """Return the NLL of each held-out row, after checking that the model is honest.

    Args:
        model: an object with ``log_prob(x)`` and, so that it can be seen what its outputs depend
            on, with logits ``model(x)``, both as a MADE has them.
        kept: (N, D) zeros and ones.
        points: (n, D) at which every variable is flipped, to see which outputs move.
        words: names of rows and variables.

    Raises:
        Wrong: if it is not a model, its log-probabilities do not belong to its logits, or no
            ordering lets each output see only earlier variables.
    """
    if isinstance(model, type) or not (callable(model) and hasattr(model, "log_prob")):
        raise Misformed(
            "a model is needed: an object with log_prob(x) and, so that the check can see what its "
            "outputs depend on, with logits model(x), both as a MADE has them",
            got="a class" if isinstance(model, type) else f"a {type(model).__name__}",
            expected="a MADE, or a model of your own",
        )
    require_finite_weights(model)
    flips = (points[:, None] - torch.eye(words.input_dim)).abs()
    rows = torch.cat([kept, points, flips.flatten(0, 1)])
    with evaluation_mode(model) if isinstance(model, nn.Module) else nullcontext():
        log_p, again = (shuffled(_numbers_of(model, words), rows) for _ in range(2))
        logits = shuffled(_logits_of(model), rows)
    _require_rows_apart(log_p, again, words)
    n, of_kept = len(kept), logits[: len(kept)]
    by_logits = Bernoulli().log_prob(of_kept[..., None], kept.double()).sum(1)
    _require_log_probabilities(log_p[:n], by_logits, of_kept, kept, words)
    of_points, of_flips = logits[n:].split([len(points), len(rows) - n - len(points)])
    _require_honest((of_flips.view(flips.shape) - of_points[:, None]).abs(), words)
    return -by_logits


def shuffled(ask: Callable[[Tensor], Tensor], rows: Tensor, batch: int = BATCH) -> Tensor:
    """Ask a model about rows in batches of one size and in random order.

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
    got = torch.empty_like(said[: len(rows)])
    got[order] = said
    return got


def points_of_chance(rows: Tensor, count: int) -> Tensor:
    """Return random rows, and as many rows of noise, at which to look for leaks.

    Example:
        >>> points_of_chance(torch.zeros(10, 3), 2).shape
        torch.Size([4, 3])
    """
    chance = _chance()
    some = torch.randperm(len(rows), generator=chance)[:count]
    return torch.cat([rows[some], torch.randint(2, rows[some].shape, generator=chance).float()])


def _chance() -> torch.Generator:
    """Return a generator that no submission can predict."""
    return torch.Generator().manual_seed(secrets.randbits(63))


def judge_nll(
    nll: float,
    *,
    kept: str,
    to_beat: float,
    independent: float,
    bands: Sequence[tuple[float, str]],
    words: Rows,
) -> str:
    """Say how good an honest NLL is.

    Args:
        nll: mean NLL of the held-out rows, in nats.
        kept: name of the held-out rows, for the message.
        to_beat: NLL of the notebook's own model, in nats.
        independent: NLL of independent variables, in nats.
        bands: bounds in nats, from the smallest, and the sentence about an NLL below each.
        words: names of rows and variables.

    Raises:
        Wrong: if it is not below the number to beat.
    """
    report = {"tried": kept, "expected": f"less than {to_beat:g} nats", "got": f"{nll:.2f} nats"}
    coin = words.input_dim * math.log(2)
    worse = f"that is worse than a coin for each {words.variable}, {coin:.0f} nats: has the model "
    require_none(
        [
            (f"{worse}been trained?", nll > (1 + MARGIN) * coin),
            (
                f"this is a coin for each {words.variable}: has the model been trained?",
                nll > (1 - MARGIN) * coin,
            ),
            (
                f"that is hardly better than taking the {words.variable}s to be independent",
                nll > independent - MARGIN * coin,
            ),
            (
                f"the model is honest, and not yet below {to_beat:g} nats. Compare its NLL on the "
                f"{words.row}s it learned from: far below, it learns them by heart; near, it "
                "could learn for longer",
                nll >= to_beat,
            ),
        ],
        **report,
    )
    said = next(said for nats, said in bands if nll < nats)
    return f"{nll:.2f} nats on {words.row}s that the exercise keeps, without a leak. {said}"


def require_finite_weights(model: object) -> None:
    """Tell a training that went wrong from a formula that did.

    Raises:
        Wrong: if some weight of a module is not finite.
    """
    weights = model.parameters() if isinstance(model, nn.Module) else ()
    if not all(bool(weight.isfinite().all()) for weight in weights):
        raise Wrong(
            "the model has weights that are no finite numbers: look at its training, whose rate "
            "may have been too high"
        )


def _logits_of(model: object) -> Callable[[Tensor], Tensor]:
    return lambda x: _in_shape("model(x)", asked(model, model, x), x.shape)


def _numbers_of(model: object, words: Rows) -> Callable[[Tensor], Tensor]:
    def numbers(x: Tensor) -> Tensor:
        got = asked(model.log_prob, model, x)
        if got.numel() == 1:
            cause = (
                f"one number came for all {words.row}s: log_prob must give one for each row, so "
                f"that the mean is taken over {words.row}s only when they are scored"
            )
            raise Misformed(cause, got="one number", expected=f"shape ({len(x)},)")
        return _in_shape("log_prob(x)", got, x.shape[:1])

    return numbers


def _in_shape(name: str, got: Tensor, shape: torch.Size) -> Tensor:
    if got.shape != shape:
        raise Misformed(
            f"{name} has another shape",
            got=f"shape {tuple(got.shape)}",
            expected=f"shape {tuple(shape)}",
        )
    if not bool(got.isfinite().all()):
        raise Wrong(f"{name} is not finite everywhere: log_prob needs its stable form")
    return got


def _require_rows_apart(log_p: Tensor, again: Tensor, words: Rows) -> None:
    if not torch.allclose(log_p, again, rtol=1e-3, atol=1e-2):
        at = (log_p - again).abs().argmax()
        raise Wrong(
            f"the number of {_with_article(words.row)} changes with the other rows that it is "
            "scored with, or from call to call: log_prob(x) must treat each row by itself, and "
            "always alike",
            tried=f"log_prob of one {words.row} twice, among others each time",
            expected="the same number",
            got=f"{log_p[at]:.2f} and {again[at]:.2f}",
        )


def _with_article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _require_log_probabilities(
    log_p: Tensor, by_logits: Tensor, logits: Tensor, x: Tensor, words: Rows
) -> None:
    report = {
        "tried": f"log_prob(x) beside the logits model(x), of the {words.row}s kept",
        "expected": f"{by_logits[0]:.2f}",
        "got": f"{log_p[0]:.2f}",
    }
    if bool((log_p > 1e-3).any()):
        raise Wrong("log-probabilities are never above 0: this is the NLL, its negative", **report)
    if torch.allclose(log_p, by_logits, rtol=1e-3, atol=0.1):
        return
    if torch.allclose(words.input_dim * log_p, by_logits, rtol=1e-3, atol=0.1):
        raise Wrong(
            f"this is the mean over the {words.input_dim} {words.variable}s: the log-probability "
            f"of {_with_article(words.row)} is their sum",
            **report,
        )
    if bool(((logits >= 0) & (logits <= 1)).all()):
        of_probabilities = Bernoulli().log_prob(logits.logit(1e-9)[..., None], x.to(logits))
        if torch.allclose(log_p, of_probabilities.sum(1), rtol=1e-3, atol=0.1):
            raise Wrong("model(x) gives probabilities: it must give their logits", **report)
    raise Wrong(
        "log_prob does not belong to these logits: it must be the sum of the log-probabilities "
        f"that they give to the {words.variable}s. (A mean of several models' probabilities has "
        "other logits than the mean of theirs.)",
        **report,
    )


def _require_honest(moved: Tensor, words: Rows) -> None:
    """Require that an ordering allows every move, (rows, variable flipped, output)."""
    count = words.input_dim
    seen = (moved > MOVE).any(0).T
    report = {"tried": f"flipping each {words.variable} of {len(moved)} {words.row}s"}
    own = int(seen.diagonal().sum())
    if own:
        raise Wrong(
            f"some outputs move when their own {words.variable} is flipped: this is an "
            "autoencoder that sees its answer. Its number is no likelihood, and it does not count, "
            "however small it is",
            **report,
            expected=f"no output moves with its own {words.variable}",
            got=f"{own} of {count} do",
        )
    without_place = _without_place_in_an_ordering(seen)
    if without_place:
        raise Wrong(
            f"no output sees its own {words.variable}, but there is no ordering of the "
            f"{words.variable}s in which each output sees only earlier ones: {words.variable}s see "
            "one another in a circle. The product of these conditionals is no distribution",
            **report,
            expected=f"an ordering of all {count} {words.variable}s",
            got=f"{without_place} of them have no place in one",
        )


def _without_place_in_an_ordering(seen: Tensor) -> int:
    """Remove outputs that see nothing that is left, again and again; count the others."""
    waits_for = seen.sum(1)
    first = waits_for == 0
    while bool(first.any()):
        waits_for = waits_for - seen[:, first].sum(1)
        waits_for[first] = -1  # taken
        first = waits_for == 0
    return int((waits_for > 0).sum())


def asked(function: object, model: object, x: Tensor) -> Tensor:
    """Call a model on rows, and return a float64 tensor on the processor."""
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            x = x.to(parameter)
            break
    try:
        got = function(x.clone())
    except Exception as error:
        raise Wrong(f"your model raised {type(error).__name__}: {error}") from error
    if not isinstance(got, Tensor):
        raise Misformed(
            "log_prob(x) and model(x) must give tensors",
            got=f"a {type(got).__name__}",
            expected="a torch.Tensor",
        )
    return got.detach().double().cpu()
