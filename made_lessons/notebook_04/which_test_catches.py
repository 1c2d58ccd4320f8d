"""Exercise 4.4: which of four tests catches which of six mutants."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product, starmap

import torch
from torch import nn

from ..checking import Exercise, View, WrongAnswer, as_text
from .mutants import MADE, MUTANTS

TESTS = ("sum", "flip", "gradient", "samples")


@torch.no_grad()
def enlarge(model: nn.Module, factor: float = 4.0) -> None:
    """Multiply all weights and biases by a factor, so that dependencies are visible."""
    for parameter in model.parameters():
        parameter.mul_(factor)


def random_networks(model_class: type[MADE]) -> Iterator[MADE]:
    """Yield twelve untrained networks with large weights, because a single one may hide a fault."""
    for seed in range(12):
        torch.manual_seed(seed)
        model = model_class(3, (8, 8), [1, 2, 0])
        enlarge(model)
        yield model


WHY: dict[str, dict[str, str]] = {
    "output sees itself": {
        "sum": "an output that sees its own variable computes p(xᵢ = 1) and p(xᵢ = 0) in two "
        "different passes, and these two need not sum to one",
        "flip": "if you flip x₃, the output of x₃ moves",
        "gradient": "the layer obeys its wrong mask, so the gradient is zero wherever the mask is "
        "zero. This test compares a layer with its mask, not the mask with "
        "the ordering",
        "samples": "when x₃ is drawn, its output sees a zero instead of it, but when it is scored, "
        "its output sees the drawn value",
    },
    "ordering as degrees": {
        "sum": "it is a correct model with another ordering, x₃, x₁, x₂, so its probabilities sum "
        "to one",
        "flip": "you asked for x₂, x₃, x₁, so x₁ must not reach the output of x₂, but here it "
        "does. Only this test knows which ordering you asked for",
        "gradient": "the layers obey their masks, although these are the masks of another ordering",
        "samples": "sampler and log_prob use the same wrong degrees, so they agree with each other",
    },
    "mask forgotten": {
        "sum": "units of degree 1 see units of degree 2, so x₃ reaches its own output, and the "
        "probabilities of its two values need not sum to one",
        "flip": "if you flip x₃, its own output moves through the layer without a mask",
        "gradient": "the forgotten mask is all ones, so no weight of that layer is masked, and "
        "this test has nothing to check there",
        "samples": "when x₃ is drawn, its output sees a zero instead of it, but when it is scored, "
        "its output sees the drawn value",
    },
    "masked once": {
        "sum": "these networks are not trained. Before the first step, all forbidden weights are "
        "zero, and the model is correct",
        "flip": "these networks are not trained, and before the first step no path leaks",
        "gradient": "there is no mask between weight and output, so a forbidden weight gets a "
        "gradient, and the first training step will change it. This test finds the "
        "leak before it exists",
        "samples": "these networks are not trained, and before the first step the model is "
        "correct, so its samples follow its log_prob",
    },
    "samples by degrees": {
        "sum": "this test uses log_prob, which is right, and never calls sample",
        "flip": "this test uses the logits, which are right, and never calls sample",
        "gradient": "this test uses the layers, which are right, and never calls sample",
        "samples": "x₃ and x₁ are drawn while x₂ is still zero, but log_prob sees the drawn x₂. No "
        "other test calls sample",
    },
    "mean for sum": {
        "sum": "exp of the mean is the third root of p(x), and the eight roots sum to more than "
        "one",
        "flip": "this test uses the logits, which are right, and never calls log_prob",
        "gradient": "the gradients are a third of the right ones, and a third of zero is zero",
        "samples": "the samples are right, but exp(log_prob) is far above their frequency",
    },
}
"""Reasons why each mutant is caught or not, by the names of mutant and test."""


def _check_answer(answer: object) -> Mapping[str, object]:
    """Return an answer after checking that it has a set of tests for each mutant."""
    if not isinstance(answer, Mapping) or set(answer) != set(MUTANTS):
        raise WrongAnswer(
            "the answer must be a dict with one entry per mutant", expected=as_text(MUTANTS)
        )
    for mutant, tests in answer.items():
        if isinstance(tests, str) or not isinstance(tests, set | frozenset | list | tuple):
            raise WrongAnswer(
                f'answer["{mutant}"] must be a set of names, such as {{"sum", "flip"}}, or set() '
                "if no test catches it",
                got=as_text(tests),
            )
        if any(test not in TESTS for test in tests):
            raise WrongAnswer(
                f'answer["{mutant}"] may contain only these names: {", ".join(TESTS)}',
                got=as_text(tests),
            )
    return answer


def _judge_mutant(mutant: str, test: str, answer: object) -> str:
    return "caught" if test in answer[mutant] else "not caught"


def caught_by() -> dict[str, set[str]]:
    """Return the names of the tests that catch each mutant."""
    return {
        "output sees itself": {"sum", "flip", "samples"},
        "ordering as degrees": {"flip"},
        "mask forgotten": {"sum", "flip", "samples"},
        "masked once": {"gradient"},
        "samples by degrees": {"samples"},
        "mean for sum": {"sum", "samples"},
    }


def _make_view(mutant: str, test: str) -> View:
    verdict = "catches" if test in caught_by()[mutant] else "does not catch"
    cause = f'the test "{test}" {verdict} "{mutant}", because {WHY[mutant][test]}'
    return View(
        partial(_judge_mutant, mutant, test),
        f'the test "{test}" on random networks of "{mutant}"',
        mistakes={cause: caught_by() | {mutant: caught_by()[mutant] ^ {test}}},
        expected="",
    )


EXERCISE = Exercise(
    title="Six mutants, four tests",
    stars=2,
    reference=caught_by,
    message="Each of flip, gradient and samples catches one mutant that no other test catches. The "
    "sum does not, because whenever it fails, another test also fails.",
    is_value=True,
    hints=(
        "First ask for each test what it uses: `log_prob`, the logits, the gradients or `sample`. "
        "It cannot find a fault anywhere else.",
        "Two mutants are correct models: one has another ordering, and one is correct until it is "
        "trained. Their probabilities sum to one.",
        "Three of the six mutants are caught by one test only, each by a different one.",
    ),
    views=(
        View(lambda answer: sorted(_check_answer(answer))),
        *starmap(_make_view, product(MUTANTS, TESTS)),
    ),
)
