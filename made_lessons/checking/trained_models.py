"""Score the models of open exercises by their held-out NLL, after testing them for leaks."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from made_course.model.heads import Bernoulli
from made_course.model.sampling import evaluation_mode

from .exercise import MalformedAnswer, WrongAnswer

BATCH = 100
"""Number of rows in one call of a model."""
MOVE = 1e-3
"""Largest change of an output that may be rounding. Such a small leak cannot improve the score."""
MARGIN = 0.01
"""Share of a fair coin's NLL by which a model must beat coins and independent variables."""


@dataclass(frozen=True)
class Challenge:
    """An open exercise that scores the NLL of held-out rows.

    Args:
        row: name of a row, such as "image".
        variable: name of a variable, such as "pixel".
        input_dim: number of variables D.
        baseline: name of the model to beat, such as "section 6's model".
        independent: NLL of independent variables, in nats.
        bands: pairs of a bound in nats and a sentence about an NLL below it, lowest bound first.
    """

    row: str
    variable: str
    input_dim: int
    baseline: str
    independent: float
    bands: Sequence[tuple[float, str]]


@torch.no_grad()
def honest_nll(model: object, held_out: Tensor, points: Tensor, challenge: Challenge) -> Tensor:
    """Return the NLL of each held-out row, after checking that the model is honest.

    Args:
        model: an object like a MADE, with ``log_prob(x)`` and logits ``model(x)``, which are
            tested for leaks.
        held_out: (N, D) held-out rows of zeros and ones.
        points: (n, D) rows in which each variable is flipped, to see which outputs move.
        challenge: the open exercise.

    Returns:
        (N,) NLL in nats, computed from the logits.

    Raises:
        WrongAnswer: if the answer is not a model, if its log-probabilities do not belong to its
            logits, or if there is no ordering in which each output sees only earlier variables.
    """
    if isinstance(model, type) or not (callable(model) and hasattr(model, "log_prob")):
        raise MalformedAnswer(
            "the answer must be a model like a MADE: log_prob(x) must return log-probabilities, "
            "and model(x) must return logits, so that each output can be tested",
            got="a class" if isinstance(model, type) else f"a {type(model).__name__}",
            expected="a MADE, or a model of your own",
        )
    require_finite_weights(model)
    flips = (points[:, None] - torch.eye(challenge.input_dim)).abs()
    rows = torch.cat([held_out, points, flips.flatten(0, 1)])
    with evaluation_mode(model) if isinstance(model, nn.Module) else nullcontext():
        ask = partial(_log_prob_of, model, challenge)
        log_p, again = call_shuffled(ask, rows), call_shuffled(ask, rows)
        logits = call_shuffled(
            lambda x: _require_shape("model(x)", call_model(model, model, x), x.shape), rows
        )
    _require_independent_rows(log_p, again, challenge)
    n, of_kept = len(held_out), logits[: len(held_out)]
    by_logits = Bernoulli().log_prob(of_kept[..., None], held_out.double()).sum(1)
    _require_log_probabilities(log_p[:n], by_logits, of_kept, held_out, challenge)
    of_points, of_flips = logits[n:].split([len(points), len(rows) - n - len(points)])
    _require_honest((of_flips.view(flips.shape) - of_points[:, None]).abs(), challenge)
    return -by_logits


def call_shuffled(score: Callable[[Tensor], Tensor], rows: Tensor, batch: int = BATCH) -> Tensor:
    """Call a function on rows in batches of one size and in random order.

    Then a model cannot distinguish the rows that are scored from the rows that test for leaks.

    Args:
        score: function of a batch (batch, D) that returns one result per row.
        rows: (N, D) rows.
        batch: rows per call, at most N.

    Example:
        >>> call_shuffled(lambda x: x[:, 0] ** 2, torch.tensor([[1.0], [2.0], [3.0]]), batch=2)
        tensor([1., 4., 9.])
    """
    order = torch.randperm(len(rows), generator=_secret_generator())
    order = torch.cat([order, order[: -len(order) % batch]])
    in_order = torch.cat([score(rows[index]) for index in order.split(batch)])
    results = torch.empty_like(in_order[: len(rows)])
    results[order] = in_order
    return results


def random_points(rows: Tensor, count: int) -> Tensor:
    """Return ``count`` random rows and as many rows of noise, with which leaks are tested.

    Example:
        >>> random_points(torch.zeros(10, 3), 2).shape
        torch.Size([4, 3])
    """
    chance = _secret_generator()
    some = torch.randperm(len(rows), generator=chance)[:count]
    return torch.cat([rows[some], torch.randint(2, rows[some].shape, generator=chance).float()])


def _secret_generator() -> torch.Generator:
    """Return a random generator that no submission can predict."""
    return torch.Generator().manual_seed(secrets.randbits(63))


def score_nll(nll: Tensor, to_beat: Tensor, below: float, challenge: Challenge) -> str:
    """Return a sentence about an honest model that is better than the baseline.

    Args:
        nll: (N,) NLL of each held-out row, in nats.
        to_beat: (N,) NLL of each row under the baseline, in nats.
        below: mean NLL that the model must be below, in nats.
        challenge: the open exercise.

    Raises:
        WrongAnswer: if the mean NLL is not less than ``below``, or if the difference may be luck.
    """
    row, variable, mean = challenge.row, challenge.variable, nll.mean().item()
    gain, error = to_beat - nll, (to_beat - nll).std().item() / math.sqrt(len(nll))
    coin = challenge.input_dim * math.log(2)
    faults = {
        f"this is worse than a fair coin for each {variable}, which costs {coin:.0f} nats. Did you "
        "train the model?": mean > (1 + MARGIN) * coin,
        f"this is the NLL of a fair coin for each {variable}. Did you train the model?": (
            mean > (1 - MARGIN) * coin
        ),
        f"this is hardly better than a model of independent {variable}s": (
            mean > challenge.independent - MARGIN * coin
        ),
        f"the model is honest, but not yet below {below:g} nats. Compare this with its NLL on the "
        f"training {row}s. If that is much lower, the model overfits. If it is about the same, "
        "train longer": mean >= below,
        f"the model is honest and {gain.mean():.2f} nats better than {challenge.baseline}, but the "
        f"standard error of this difference, {row} by {row}, is {error:.2f}, and a gain of up to "
        "two standard errors may be luck": gain.mean() <= 2 * error,
    }
    for cause, is_so in faults.items():
        if is_so:
            raise WrongAnswer(
                cause,
                tried=f"the {len(nll):,} held-out {row}s",
                expected=f"less than {below:g} nats",
                got=f"{mean:.2f} nats",
            )
    praise = next(sentence for bound, sentence in challenge.bands if mean < bound)
    difference = f"{gain.mean():.2f} ± {error:.2f} nats per {row}"
    return (
        f"{mean:.2f} nats on held-out {row}s, without a leak. {praise} Its NLL is {difference} "
        f"below that of {challenge.baseline}."
    )


def require_finite_weights(model: object) -> None:
    """Raise :class:`WrongAnswer` if a weight of a module is not finite."""
    weights = model.parameters() if isinstance(model, nn.Module) else ()
    if not all(bool(weight.isfinite().all()) for weight in weights):
        raise WrongAnswer(
            "some weights of the model are not finite. Look at its training. Was the learning rate "
            "too high?"
        )


def _log_prob_of(model: object, challenge: Challenge, x: Tensor) -> Tensor:
    got = call_model(model.log_prob, model, x)
    if got.numel() == 1:
        cause = (
            f"log_prob returned one number for all {challenge.row}s. It must return one number per "
            f"{challenge.row}, because the check takes the mean"
        )
        raise MalformedAnswer(cause, got="one number", expected=f"shape ({len(x)},)")
    return _require_shape("log_prob(x)", got, x.shape[:1])


def _require_shape(name: str, got: Tensor, shape: torch.Size) -> Tensor:
    if got.shape != shape:
        raise MalformedAnswer(
            f"{name} has the wrong shape",
            got=f"shape {tuple(got.shape)}",
            expected=f"shape {tuple(shape)}",
        )
    if not bool(got.isfinite().all()):
        raise WrongAnswer(f"{name} is not finite everywhere. Use a numerically stable formula")
    return got


def _require_independent_rows(log_p: Tensor, again: Tensor, challenge: Challenge) -> None:
    if not torch.allclose(log_p, again, rtol=1e-3, atol=1e-2):
        at = (log_p - again).abs().argmax()
        raise WrongAnswer(
            f"the log_prob of one {challenge.row} depends on the other rows of its batch, or "
            "differs between calls. log_prob(x) must score each row by itself, without random "
            "numbers",
            tried=f"log_prob of one {challenge.row} in two different batches",
            expected="the same number",
            got=f"{log_p[at]:.2f} and {again[at]:.2f}",
        )


def _require_log_probabilities(
    log_p: Tensor, by_logits: Tensor, logits: Tensor, x: Tensor, challenge: Challenge
) -> None:
    report = {
        "tried": f"log_prob(x) and the logits model(x) of held-out {challenge.row}s",
        "expected": f"{by_logits[0]:.2f}",
        "got": f"{log_p[0]:.2f}",
    }
    if bool((log_p > 1e-3).any()):
        raise WrongAnswer(
            "you returned the NLL, but a log-probability is never above 0. Return its negative",
            **report,
        )
    if torch.allclose(log_p, by_logits, rtol=1e-3, atol=0.1):
        return
    if torch.allclose(challenge.input_dim * log_p, by_logits, rtol=1e-3, atol=0.1):
        raise WrongAnswer(
            f"you returned the mean over the {challenge.input_dim} {challenge.variable}s, but the "
            f"log-probability of one {challenge.row} is their sum",
            **report,
        )
    if bool(((logits >= 0) & (logits <= 1)).all()):
        of_probabilities = Bernoulli().log_prob(logits.logit(1e-9)[..., None], x.to(logits))
        if torch.allclose(log_p, of_probabilities.sum(1), rtol=1e-3, atol=0.1):
            raise WrongAnswer("model(x) returns probabilities, but it must return logits", **report)
    raise WrongAnswer(
        "log_prob does not belong to these logits. It must be the sum of the log-probabilities of "
        f"the {challenge.variable}s under these logits. (If you average the probabilities of "
        "several models, the logits of the average are not the average of the logits.)",
        **report,
    )


def _require_honest(moved: Tensor, challenge: Challenge) -> None:
    """Require an ordering in which each output moves only with earlier variables.

    Args:
        moved: (rows, D, D) tensor in which [r, j, i] is how far output i moves if j is flipped.
        challenge: the open exercise.
    """
    count = challenge.input_dim
    seen = (moved > MOVE).any(0).T
    report = {"tried": f"flipping each {challenge.variable} of {len(moved)} {challenge.row}s"}
    own = int(seen.diagonal().sum())
    if own:
        raise WrongAnswer(
            f"some outputs move when their own {challenge.variable} is flipped, so this is an "
            "autoencoder that sees its answer. Its NLL is not that of a distribution, so it does "
            "not count",
            **report,
            expected=f"no output moves with its own {challenge.variable}",
            got=f"{own} of {count} do",
        )
    unordered = _count_without_ordering(seen)
    if unordered:
        raise WrongAnswer(
            f"no output sees its own {challenge.variable}, but the {challenge.variable}s see one "
            "another in a cycle, so there is no ordering in which each output sees only earlier "
            f"{challenge.variable}s. The product of these conditionals is not a distribution",
            **report,
            expected=f"an ordering of all {count} {challenge.variable}s",
            got=f"{unordered} of them are in a cycle or after one",
        )


def _count_without_ordering(seen: Tensor) -> int:
    """Repeatedly remove the outputs that see no remaining variable, and count the other outputs."""
    num_seen = seen.sum(1)
    first = num_seen == 0
    while bool(first.any()):
        num_seen = num_seen - seen[:, first].sum(1)
        num_seen[first] = -1  # removed
        first = num_seen == 0
    return int((num_seen > 0).sum())


def call_model(function: object, model: object, x: Tensor) -> Tensor:
    """Call a method of a model on rows and return the result in float64 on the CPU."""
    if isinstance(model, nn.Module):
        for parameter in model.parameters():
            x = x.to(parameter)
            break
    try:
        got = function(x.clone())
    except Exception as error:
        raise WrongAnswer(f"your model raised {type(error).__name__}: {error}") from error
    if not isinstance(got, Tensor):
        raise MalformedAnswer(
            "log_prob(x) and model(x) must return tensors",
            got=f"a {type(got).__name__}",
            expected="a torch.Tensor",
        )
    return got.detach().double().cpu()
