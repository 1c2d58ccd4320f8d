"""Exercise 4.5, second half: log_prob, gradients, samples and saved models."""

import torch
from torch import Tensor

from ..checking import WrongAnswer, as_text, edit, find_relation, is_same, run
from ..checking.views import View
from . import ancestral_sampler
from .log_likelihood import bernoulli_log_prob, log_prob_of_probabilities
from .mutants import MADE, make_mutant, make_mutant_with_masks
from .whole_made_trial import Trial

# ---- log_prob -----------------------------------------------------------------------------------


def _sum_probabilities(trial: Trial) -> str:
    _, expected, got = trial.scores
    total = got.exp().sum().item()
    if abs(total - 1) <= 1e-9:
        return "1, to nine digits"
    cause = find_relation([got], [expected], [{"x": trial.points}])
    raise WrongAnswer(
        cause
        or "log_prob must be the sum of the log-probabilities of the variables, in the dtype of "
        "the model",
        expected="1, to nine digits",
        got=f"{total:.9g}",
    )


def _describe_distribution(trial: Trial) -> str:
    """Say whether log_prob uses the logits of forward(x), their sigmoid, or other numbers."""
    logits, expected, got = trial.scores
    if is_same(got, expected):
        return "the distribution of the logits of forward(x)"
    if is_same(got, bernoulli_log_prob(logits.sigmoid(), trial.points)):
        return "the distribution of σ(logits) instead of the logits"
    return "a different distribution"


def _compare_at_large_logits(trial: Trial) -> str:
    points = trial.points.float()
    trial.model.float()
    trial.draw_weights(size=300)
    expected = bernoulli_log_prob(trial.model(points).detach(), points)
    got = trial.call("log_prob", points, expected)
    if is_same(got, expected):
        return "the sum of the log-probabilities"
    k = (got - expected).nan_to_num(nan=torch.inf).abs().argmax()
    return f"{as_text(got[k])} instead of {as_text(expected[k])}"


def _list_parameters_without_gradient(trial: Trial) -> list[str]:
    """List the parameters that change log_prob, but never get a gradient from it."""
    stuck, points = trial.trainable_parameters() if trial.is_wide else {}, trial.points.float()
    for _ in range(4 if stuck else 0):
        trial.draw_weights()
        trial.model.zero_grad()
        got = trial.model.log_prob(points).sum()
        if got.requires_grad:
            run(got.backward)
        stuck = {name: p for name, p in stuck.items() if p.grad is None or not p.grad.any()}
    for name, parameter in list(stuck.items()):
        before = trial.call("log_prob", points, points[:, 0])
        with torch.no_grad():
            parameter.neg_().add_(1)
        if is_same(trial.call("log_prob", points, before), before):
            del stuck[name]  # log_prob does not depend on this parameter
    return [*stuck]


# ---- samples and saved models -------------------------------------------------------------------


def _require_samples(trial: Trial) -> str:
    """Require the samples that log_prob implies for the uniforms ``trial.u``."""
    got, right = trial.samples
    wrong = (got != right).any(dim=-1).nonzero().tolist()
    if not wrong:
        return "the samples that log_prob implies"
    k, row = wrong[0]
    raise WrongAnswer(
        _explain_samples(trial),
        tried=f"{trial.named}.sample(u), the row {as_text(trial.u[row])}",
        expected=as_text(right[k, row]),
        got=as_text(got[k, row]),
    )


def _explain_samples(trial: Trial) -> str:
    def has_same_samples(other_u: Tensor) -> bool:
        first, other = (trial.call("sample", u, u) for u in (trial.u, other_u))
        return is_same(first, other)

    if not has_same_samples(trial.u):
        return (
            "two calls with the same u return different samples. u decides, so do not draw random "
            "numbers yourself (torch.rand, torch.bernoulli)"
        )
    for cause, wrong in ancestral_sampler.EXERCISE.known_mistakes.items():
        # the inner lambda has no arguments, because run() would copy the model as an argument
        samples = trial.draw_samples(
            lambda *given, draw=wrong: View().value_or_error(lambda: draw(*given), ())
        )
        if all(map(is_same, trial.samples[0], samples)):
            return cause
    if has_same_samples(trial.u.flip(0)):
        return (
            "your samples are the same for every u, but u must decide. Variable i is 1 if u[:, i] "
            "≤ p"
        )
    return "your samples are not the ones that log_prob implies for these u"


def _compare_loaded_model(trial: Trial) -> str:
    other, points = trial.make_model(), trial.points.float()
    run(other.load_state_dict, trial.model.float().state_dict())
    with torch.no_grad():
        is_back = is_same(other.log_prob(points), trial.model.log_prob(points))
    return "the same probabilities" if is_back else "different probabilities"


VIEWS = (
    View(_sum_probabilities, ": the sum of exp(log_prob) over all inputs"),
    View(
        _describe_distribution,
        ".log_prob(x)",
        mistakes={
            "your log_prob applies a sigmoid before bernoulli_log_prob, which takes logits. Use "
            "bernoulli_log_prob(self(x), x)": edit("(self(x), x)", "(self(x).sigmoid(), x)"),
            "log_prob does not match the logits of forward(x). Return bernoulli_log_prob(self(x), "
            "x) and change nothing before or after": edit(
                "(self(x), x)",
                "(2 * self(x), x)",
                "return self.layers[-1](x)",
                "return self.layers[-1](x) / 2",
            ),
        },
    ),
    View(
        _compare_at_large_logits,
        ".log_prob(x) with very large weights",
        mistakes={
            "log_prob is right for small logits, but for large ones it is not finite, or it is cut "
            "off. Use softplus, as in exercise 4.2": make_mutant(
                log_prob=lambda self, x: log_prob_of_probabilities(self(x).sigmoid(), x)
            )
        },
    ),
    View(
        _list_parameters_without_gradient,
        ", the parameters without a gradient of log_prob",
        mistakes={
            "these parameters get no gradient from log_prob, so training could not change them. "
            "Look for no_grad, .data or .detach(). no_grad belongs in sample only": make_mutant(
                forward=torch.no_grad()(lambda self, x: MADE.forward(self, x))
            )
        },
    ),
    View(_require_samples),
    View(
        _compare_loaded_model,
        ", saved and loaded",
        mistakes={
            "a second model that loads the state dict of the first has different probabilities, "
            "because "
            "the masks are not in it. Make them buffers": make_mutant_with_masks(lambda mask: mask)
        },
    ),
)
