"""4.5, its second half: what log_prob, the gradients and the samples of a model must be."""

from __future__ import annotations

import torch
from torch import Tensor

from ..checking.calls import run
from ..checking.causes import outcome
from ..checking.comparing import is_same
from ..checking.edited_source import edited
from ..checking.exercise import defined, slips
from ..checking.in_words import written
from ..checking.properties import Fault
from ..checking.relations import find_relation
from .ancestral_sampler import sample, uniforms
from .log_likelihood import bernoulli_log_prob, of_probabilities
from .mutants import MADE, altered, sampling
from .whole_made import judge, keeping_masks
from .whole_made_trial import Trial

# ---- log_prob -----------------------------------------------------------------------------------


@judge.refuses({})
def _does_not_sum_to_one(trial: Trial) -> Fault | bool:
    _, expected, came = trial.scores
    total, n = came.exp().sum().item(), len(trial.points)
    return abs(total - 1) > 1e-9 and trial.fault(
        f": the sum of exp(log_prob) over all {n} input{'s' * (n > 1)}",
        "1, to nine digits",
        f"{total:.9g}",
        cause=find_relation([came], [expected], [{"x": trial.points}])
        or "log_prob is not the sum over the variables of their log-probabilities, in the dtype "
        "of the model",
    )


@judge.refuses(
    {
        "log_prob takes a sigmoid before bernoulli_log_prob, which wants the logits themselves: "
        "bernoulli_log_prob(self(x), x)": edited(MADE, "(self(x), x)", "(self(x).sigmoid(), x)"),
        "log_prob is another distribution than the logits of forward(x) stand for: it is to be "
        "bernoulli_log_prob(self(x), x), with nothing in between": edited(
            MADE,
            "(self(x), x)",
            "(2 * self(x), x)",
            "return self.layers[-1](x)",
            "return self.layers[-1](x) / 2",
        ),
    }
)
def _is_another_distribution(trial: Trial) -> Fault | bool:
    logits, expected, came = trial.scores
    k = (came - expected).abs().argmax()
    return not is_same(came, expected) and trial.fault(
        f".log_prob(x) with x = {written(trial.points[k])}",
        f"{written(expected[k])}, by the logits of forward(x)",
        came[k],
        kind=is_same(came, bernoulli_log_prob(logits.sigmoid(), trial.points)),
    )


@judge.refuses(
    "log_prob is right for small logits, and not finite or cut off for large ones: use softplus, "
    "as in exercise 4.2",
    altered(log_prob=lambda self, x: of_probabilities(self(x).sigmoid(), x)),
)
def _is_unstable(trial: Trial) -> Fault | bool:
    points = trial.points.float()
    trial.model.float()
    trial.shake(size=300)
    expected = bernoulli_log_prob(trial.model(points).detach(), points)
    came = trial.call("log_prob", points, expected)
    k = (came - expected).nan_to_num(nan=torch.inf).abs().argmax()
    about = f".log_prob(x) with very large weights, x = {written(points[k])}"
    return not is_same(came, expected) and trial.fault(about, expected[k], came[k])


@judge.refuses(
    "log_prob gives these parameters no gradient, so no training could change them: no_grad, .data "
    "or .detach() stands in between. no_grad belongs to sample alone",
    altered(forward=torch.no_grad()(lambda self, x: MADE.forward(self, x))),
)
def _learns_nothing(trial: Trial) -> Fault | bool:
    stuck, points = trial.trained() if trial.is_wide else {}, trial.points.float()
    for _ in range(4 if stuck else 0):
        trial.shake()
        trial.model.zero_grad()
        came = trial.model.log_prob(points).sum()
        if came.requires_grad:
            run(came.backward)
        stuck = {name: p for name, p in stuck.items() if p.grad is None or not p.grad.any()}
    for name, parameter in list(stuck.items()):
        before = trial.call("log_prob", points, points[:, 0])
        with torch.no_grad():
            parameter.neg_().add_(1)
        if is_same(trial.call("log_prob", points, before), before):
            del stuck[name]  # it has no say
    about = ", the gradients of log_prob"
    return bool(stuck) and trial.fault(about, came=f"none for {[*stuck]}")


# ---- samples, and what is saved -----------------------------------------------------------------


def _odd_sample(trial: Trial) -> Fault | None:
    """A sample that is not as log_prob has it."""
    came, right = trial.samples
    for k, row in (came != right).any(dim=-1).nonzero().tolist():
        about = f".sample(u), the row {written(trial.u[row])}"
        return trial.fault(about, right[k, row], came[k, row])
    return None


def _draws_alike(trial: Trial, other_u: Tensor) -> bool:
    first, other = (trial.call("sample", u, u) for u in (trial.u, other_u))
    return is_same(first, other)


@judge.refuses(
    "two calls with the same u give different samples: u is to decide, so draw no random numbers "
    "(torch.rand, torch.bernoulli) besides",
    sampling(lambda forward, order, u: sample(forward, order, torch.rand_like(u))),
)
def _draws_by_chance(trial: Trial) -> Fault | None:
    fault = _odd_sample(trial)
    return None if fault and _draws_alike(trial, trial.u) else fault


@judge.refuses({})
def _draws_like_a_slip(trial: Trial) -> Fault | None:
    fault = _odd_sample(trial)
    for known in defined("4.3").slips if fault else ():
        theirs = trial.drawn(lambda *given, draw=known.answer: outcome(lambda: draw(*given), ()))
        if all(map(is_same, trial.samples[0], theirs)):
            fault.cause = known.cause
            return fault
    return None


slips({known.cause: sampling(known.answer) for known in defined("4.3").slips[:3]}, of="4.5")


@judge.refuses(
    "the samples are the same whatever u is: u is to decide, variable i is 1 where u[:, i] ≤ p",
    sampling(lambda forward, order, u: sample(forward, order, uniforms(*u.shape).flip(0))),
)
def _draws_without_u(trial: Trial) -> Fault | None:
    fault = _odd_sample(trial)
    return fault if fault and _draws_alike(trial, trial.u.flip(0)) else None


judge.refuses("the samples are not those that log_prob gives for these u")(_odd_sample)


@judge.refuses(
    "a second model that loads the state dict of the first gives other probabilities: the masks "
    "are not in it. Make them buffers",
    keeping_masks(lambda mask: mask),
)
def _is_not_saved(trial: Trial) -> Fault | bool:
    other, points = trial.new(), trial.points.float()
    run(other.load_state_dict, trial.model.float().state_dict())
    with torch.no_grad():
        is_back = is_same(other.log_prob(points), trial.model.log_prob(points))
    return not is_back and trial.fault(", saved and loaded")
