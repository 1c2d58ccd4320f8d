"""Score the models of open exercises by their held-out NLL, after testing them for leaks."""

import math
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from made_course.model.heads import Bernoulli
from made_course.model.sampling import evaluation_mode

from .calls import run
from .comparison import require_form
from .exercise import MalformedAnswer, WrongAnswer
from .relations import find_relation

BATCH = 100  # number of rows in one call of a model
MOVE = 1e-3
"""Largest change of an output that counts as rounding. A leak this small cannot help a score."""
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
        independent: NLL of a model of independent variables, in nats.
    """

    row: str
    variable: str
    input_dim: int
    baseline: str = ""
    independent: float = math.inf


@torch.no_grad()
def honest_nll(model: object, held_out: Tensor, count: int, challenge: Challenge) -> Tensor:
    """Return the NLL of each held-out row, after checking that the model is honest.

    Args:
        model: an object like a MADE, with ``log_prob(x)`` and logits ``model(x)``, which are
            tested for leaks.
        held_out: (N, D) held-out rows of zeros and ones.
        count: number of held-out rows, and number of rows of noise, that are used to find leaks:
            each variable is flipped, to see which outputs change.
        challenge: the open exercise.

    Returns:
        (N,) NLL in nats, computed from the logits.

    Raises:
        WrongAnswer: if the answer is not a model, if its log-probabilities do not belong to its
            logits, or if there is no ordering in which each output sees only earlier variables.
    """
    require_model(
        model,
        "the answer must be a model like a MADE: log_prob(x) must return log-probabilities, and "
        "model(x) must return logits, so that each output can be tested",
        ("log_prob", "__call__"),
    )
    chance = _secret_generator()
    some = held_out[torch.randperm(len(held_out), generator=chance)[:count]]
    points = torch.cat([some, torch.randint(2, some.shape, generator=chance).float()])
    flips = (points[:, None] - torch.eye(challenge.input_dim)).abs()
    rows = torch.cat([held_out, points, flips.flatten(0, 1)])
    with in_evaluation_mode(model):
        log_p, again = (
            call_shuffled(partial(log_prob_of, model, challenge), rows) for _ in range(2)
        )
        logits = call_shuffled(
            lambda x: _call_model(model, model, x, x.shape, "model(x)", {}), rows
        )
    for name, values in {"log_prob(x)": log_p, "model(x)": logits}.items():
        if not bool(values.isfinite().all()):
            raise WrongAnswer(f"{name} is not finite everywhere. Use a numerically stable formula")
    require_independent_rows(log_p, again, challenge)
    parts = logits.split([len(held_out), len(points), len(rows) - len(held_out) - len(points)])
    by_logits = _bernoulli_log_prob(parts[0], held_out)
    _require_log_probabilities(log_p[: len(held_out)], by_logits, parts[0], held_out)
    _require_honest((parts[2].view(flips.shape) - parts[1][:, None]).abs(), challenge)
    return -by_logits


def _bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    return Bernoulli().log_prob(logits[..., None], x.double()).sum(1)


def in_evaluation_mode(model: object) -> AbstractContextManager[None]:
    """Return a context in which the model, if it is a module, is in evaluation mode."""
    return evaluation_mode(model) if isinstance(model, nn.Module) else nullcontext()


def call_shuffled(score: Callable[[Tensor], Tensor], rows: Tensor, batch: int = BATCH) -> Tensor:
    """Call a function on rows in equal batches and in random order.

    So a model cannot distinguish the rows that are scored from the rows that test for leaks.

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


def _secret_generator() -> torch.Generator:
    """Return a random generator that no submission can predict."""
    return torch.Generator().manual_seed(secrets.randbits(63))


def judge_nll(nll: Tensor, baseline_nll: Tensor, max_nll: float, challenge: Challenge) -> str:
    """Return the success message for an honest model that beats the baseline.

    Args:
        nll: (N,) NLL of each held-out row, in nats.
        baseline_nll: (N,) NLL of each row under the baseline, in nats.
        max_nll: mean NLL that the model must be below, in nats.
        challenge: the open exercise.

    Raises:
        WrongAnswer: if the mean NLL is not less than ``max_nll``, or if the difference may be luck.
    """
    row, variable, mean = challenge.row, challenge.variable, nll.mean().item()
    gain, error = baseline_nll - nll, (baseline_nll - nll).std().item() / math.sqrt(len(nll))
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
        f"the model is honest, but not yet below {max_nll:g} nats. Compare this with its NLL on "
        f"the training {row}s. If that is much lower, the model overfits. If it is about the same, "
        "train longer": mean >= max_nll,
        f"the model is honest and {gain.mean():.2f} nats better than {challenge.baseline}, but the "
        f"standard error of this difference, {row} by {row}, is {error:.2f}, and a gain of up to "
        "two standard errors may be luck": gain.mean() <= 2 * error,
    }
    also = "and a gain of more than two standard errors" if mean < max_nll else ""
    for cause, is_so in faults.items():
        if is_so:
            raise WrongAnswer(
                cause,
                tried=f"the {len(nll):,} held-out {row}s",
                expected=f"less than {max_nll:g} nats {also}".rstrip(),
                got=f"{mean:.2f} nats",
            )
    return (
        f"{mean:.2f} nats on held-out {row}s, without a leak. This is {gain.mean():.2f} ± "
        f"{error:.2f} nats per {row} below the NLL of {challenge.baseline}."
    )


def require_model(model: object, cause: str, methods: Sequence[str]) -> None:
    """Require an object with these methods, and finite weights if it is a module.

    Raises:
        WrongAnswer: with ``cause`` if a method is missing, or if a weight is not finite.
    """
    if isinstance(model, type) or not all(callable(getattr(model, m, None)) for m in methods):
        raise MalformedAnswer(
            cause,
            got="a class" if isinstance(model, type) else f"a {type(model).__name__}",
            expected="a MADE, or a model of your own",
        )
    if not all(bool(weight.isfinite().all()) for weight in _list_weights(model)):
        raise WrongAnswer(
            "some weights of the model are not finite. Look at its training. Was the learning rate "
            "too high?"
        )


def _list_weights(model: object) -> list[Tensor]:
    return [*model.parameters()] if isinstance(model, nn.Module) else []


def log_prob_of(model: object, challenge: Challenge, x: Tensor) -> Tensor:
    """Return the log-probability (n,) of each row of x, in float64 on the CPU."""
    row = challenge.row
    causes = {
        1: f"log_prob returned one number for all {row}s. It must return one number per {row}, "
        "because the check takes the mean",
        x.numel(): f"log_prob returned one number for each {challenge.variable}, but the "
        f"log-probability of one {row} is their sum",
    }
    return _call_model(model.log_prob, model, x, x.shape[:1], "log_prob(x)", causes)


def _call_model(
    function: object, model: object, x: Tensor, shape: torch.Size, name: str, causes: dict[int, str]
) -> Tensor:
    """Call a model or its method on rows, and require a result of the given shape.

    If the shape is wrong, ``causes`` maps the result's number of entries to the likely cause.
    """
    for weight in _list_weights(model)[:1]:
        x = x.to(weight)  # the model's dtype and device
    got = run(partial(function, x.clone()))
    try:
        require_form(got, torch.zeros(shape), name)
    except WrongAnswer as wrong:
        if isinstance(got, Tensor):
            wrong.cause = causes.get(got.numel(), wrong.cause)
        raise
    return got.detach().double().cpu()


def require_independent_rows(log_p: Tensor, again: Tensor, challenge: Challenge) -> None:
    """Require that each row has the same log-probability in two different batches."""
    row = challenge.row
    if not torch.allclose(log_p, again, rtol=1e-3, atol=1e-2):
        at = (log_p - again).abs().argmax()
        raise WrongAnswer(
            f"the log_prob of one {row} depends on the other rows of its batch, or differs between "
            "calls. log_prob(x) must score each row by itself, without random numbers",
            tried=f"log_prob of one {row} in two different batches",
            expected="the same number",
            got=f"{log_p[at]:.2f} and {again[at]:.2f}",
        )


def _require_log_probabilities(log_p: Tensor, by_logits: Tensor, logits: Tensor, x: Tensor) -> None:
    is_close = partial(torch.allclose, rtol=1e-3, atol=0.1)
    if is_close(log_p, by_logits):
        return
    are_shares = bool(((logits >= 0) & (logits <= 1)).all())
    if are_shares and is_close(log_p, _bernoulli_log_prob(logits.logit(1e-9), x)):
        cause = "model(x) returns probabilities, but it must return logits"
    else:
        cause = find_relation([log_p], [by_logits], [{"x": x}]) or (
            "log_prob does not belong to these logits. It must be the sum of the log-probabilities "
            "of the variables under these logits. (If you average the probabilities of several "
            "models, the logits of the average are not the average of the logits.)"
        )
    raise WrongAnswer(
        cause,
        tried="log_prob(x) and the logits model(x) of the held-out rows",
        expected=f"{by_logits[0]:.2f}",
        got=f"{log_p[0]:.2f}",
    )


def _require_honest(moved: Tensor, challenge: Challenge) -> None:
    """Require an ordering in which each output moves only with earlier variables.

    Args:
        moved: (R, D, D); [r, j, i] is the change of output i if variable j of row r is flipped.
        challenge: the open exercise.
    """
    count, variable, seen = challenge.input_dim, challenge.variable, (moved > MOVE).any(0).T
    own, unordered = int(seen.diagonal().sum()), _count_without_ordering(seen)
    if own:
        cause = (
            f"some outputs move when their own {variable} is flipped, so this is an autoencoder "
            "that sees its answer. Its NLL is not that of a distribution, so it does not count"
        )
        expected, got = f"no output moves with its own {variable}", f"{own} of {count} do"
    elif unordered:
        cause = (
            f"no output sees its own {variable}, but the {variable}s see one another in a cycle, "
            "so there is no ordering in which each output sees only earlier "
            f"{variable}s. The product of these conditionals is not a distribution"
        )
        expected = f"an ordering of all {count} {variable}s"
        got = f"{unordered} of them are in a cycle or after one"
    else:
        return
    tried = f"flipping each {variable} of {len(moved)} {challenge.row}s"
    raise WrongAnswer(cause, tried=tried, expected=expected, got=got)


def _count_without_ordering(seen: Tensor) -> int:
    """Repeatedly remove outputs that see no remaining variable, and count those that are left."""
    remaining = torch.ones(len(seen), dtype=torch.bool)
    while bool((free := remaining & ~(seen & remaining).any(1)).any()):
        remaining &= ~free
    return int(remaining.sum())
