"""4.4: which of four tests catches which of six mutants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import torch
from torch import nn

from ..checking import Wrong, add_view, exercise, written
from .mutants import MADE, MUTANTS

TESTS = ("sum", "flip", "gradient", "samples")


@torch.no_grad()
def enlarge(model: nn.Module, factor: float = 4.0) -> None:
    """Multiply all weights and biases, so that what depends on an input shows."""
    for parameter in model.parameters():
        parameter.mul_(factor)


def random_networks(model_class: type[MADE]) -> Iterator[MADE]:
    """Twelve untrained networks with large weights: one alone may hide a fault by chance."""
    for seed in range(12):
        torch.manual_seed(seed)
        model = model_class(3, (8, 8), [1, 2, 0])
        enlarge(model)
        yield model


WHY: dict[str, dict[str, str]] = {
    "output sees itself": {
        "sum": "an output that sees its own variable gives p(xᵢ = 1) and p(xᵢ = 0) in two "
        "different passes, and these two need not sum to one",
        "flip": "flip x₃, and the output of x₃ moves",
        "gradient": "the wrong mask is obeyed: where it is zero the gradient is zero. This test "
        "compares a layer with its mask, not the mask with the ordering",
        "samples": "when x₃ is drawn, its output sees a zero in its place; when it is scored, it "
        "sees the value that was drawn",
    },
    "ordering as degrees": {
        "sum": "it is a sound model, of another ordering: x₃, x₁, x₂. Its probabilities sum to one",
        "flip": "you asked for x₂, x₃, x₁, so x₁ may not reach the output of x₂, and here it does. "
        "This test alone knows which ordering you asked for",
        "gradient": "masks and layers agree with one another: the masks are those of another "
        "ordering, that is all",
        "samples": "sampler and log_prob use the same wrong degrees, so they agree with one "
        "another",
    },
    "mask forgotten": {
        "sum": "units of degree 1 hear units of degree 2, so x₃ reaches its own output, and the "
        "probabilities of its two values need not sum to one",
        "flip": "flip x₃, and its own output moves: the path leads through the layer without a "
        "mask",
        "gradient": "the forgotten mask is all ones, so no weight of that layer is masked, and the "
        "test has nothing to look at there",
        "samples": "x₃ is drawn while its output sees a zero in its place, and scored while it "
        "sees what was drawn",
    },
    "masked once": {
        "sum": "these networks are not trained. Until the first step the weights are zero where "
        "they must be, and the model is sound",
        "flip": "these networks are not trained. Until the first step no path leaks",
        "gradient": "nothing stands between weight and output, so a masked weight gets a gradient, "
        "and the first step will bring it back. This test sees the leak before it is there",
        "samples": "these networks are not trained, and until the first step the model is sound: "
        "its samples follow its log_prob",
    },
    "samples by degrees": {
        "sum": "the sum is over log_prob, and log_prob is right: this test never calls sample",
        "flip": "the logits are right: this test never calls sample",
        "gradient": "the layers are right: this test never calls sample",
        "samples": "x₃ and x₁ are drawn while x₂ is still zero, and log_prob knows the x₂ that was "
        "drawn. No other test calls sample",
    },
    "mean for sum": {
        "sum": "exp of the mean is the third root of p(x), and eight such roots sum to more than "
        "one",
        "flip": "this test reads the logits, which are right: it never calls log_prob",
        "gradient": "the gradients are a third of what they should be, and a third of zero is zero",
        "samples": "the samples are right, but what they are compared with is not: exp(log_prob) "
        "is far above their frequency",
    },
}
"""Of each mutant and test: why it is caught, or why not."""


def _about(mutant: str, test: str) -> str:
    verdict = "does catch" if test in caught_by()[mutant] else "does not catch"
    return f'the test "{test}" {verdict} "{mutant}": {WHY[mutant][test]}'


def _tests(answer: object) -> Mapping[str, object]:
    """Return an answer that has the form that is asked for."""
    if not isinstance(answer, Mapping) or set(answer) != set(MUTANTS):
        raise Wrong(
            "a dict was expected, with one entry for each mutant", expected=written(MUTANTS)
        )
    for mutant, tests in answer.items():
        if isinstance(tests, str) or not isinstance(tests, set | frozenset | list | tuple):
            raise Wrong(
                f'answer["{mutant}"] must be a set of names, such as {{"sum", "flip"}}, or set() '
                "where no test catches it",
                got=written(tests),
            )
        if any(test not in TESTS for test in tests):
            raise Wrong(
                f'answer["{mutant}"] may hold these names: {", ".join(TESTS)}', got=written(tests)
            )
    return answer


def _verdict(mutant: str, test: str, answer: object) -> str:
    return "caught" if test in _tests(answer)[mutant] else "not caught"


@exercise(
    "4.4",
    "Six mutants, four tests",
    stars=2,
    message="Each of flip, gradient and samples catches one mutant that no other test catches. The "
    "sum never does: where it fails, another fails with it.",
    is_value=True,
    hints=(
        "For each test ask first what it calls: log_prob, the logits, the gradients, sample. What "
        "it does not call it cannot find fault with.",
        "Two mutants are sound models as they stand: one of another ordering, one until it is "
        "trained. Their probabilities sum to one.",
        "Three of the six are each caught by one test alone, and these are three different tests.",
    ),
)
def caught_by() -> dict[str, set[str]]:
    """Which tests catch which mutant."""
    return {
        "output sees itself": {"sum", "flip", "samples"},
        "ordering as degrees": {"flip"},
        "mask forgotten": {"sum", "flip", "samples"},
        "masked once": {"gradient"},
        "samples by degrees": {"samples"},
        "mean for sum": {"sum", "samples"},
    }


for mutant in MUTANTS:
    for test in TESTS:
        add_view(
            f'the test "{test}" on random networks of "{mutant}"',
            partial(_verdict, mutant, test),
            _about(mutant, test),
            caught_by() | {mutant: caught_by()[mutant] ^ {test}},
            expected="",
        )
