"""Exercise 7.2: which averages of models sum to one over all rows."""

from collections.abc import Mapping

from ..checking import Exercise, MalformedAnswer, View, as_text

CYCLE = (
    "over several orderings, the mean output of x₁ depends on x₂, and that of x₂ on x₁. The "
    "chain rule does not apply to any ordering, so nothing makes the total one"
)
_WHY = {
    "probabilities": "the probabilities of each model sum to one, so their mean sums to (1 + ... "
    "+ 1) / 8 = 1, whatever the orderings are",
    "largest p": "on each board, the largest p is at least the first model's p, which already sums "
    "to one. Wherever the models differ, it is larger. A choice that is made after "
    "seeing the board does not give a distribution",
    "log p": "exp of the mean of log p is the geometric mean of the probabilities. It is never "
    "above their mean, which sums to one, and it is below it wherever the models differ",
    "logits": "the total can be on either side of one. For the half adder's 24 orderings it is "
    "2.739, and for other networks it is below one",
    "logits, one ordering": "within one ordering, the eight logits of a variable depend only on "
    "the variables before it. So does their mean, and its sigmoid is a conditional, so the chain "
    "rule holds",
}
AVERAGES = tuple(_WHY)
TOTALS = ("one", "less", "more", "either")
CHOICES = f"each of {', '.join(map(repr, AVERAGES))} needs one of {', '.join(map(repr, TOTALS))}"


def _predicted_total(answer: object, average: str) -> str:
    """Return the total that an answer predicts for a kind of average."""
    if not isinstance(answer, Mapping) or set(answer) != set(AVERAGES):
        raise MalformedAnswer(CHOICES, got=as_text(answer))
    total = answer[average]
    if not isinstance(total, str) or total not in TOTALS:
        raise MalformedAnswer(CHOICES, got=f"{average!r}: {as_text(total)}")
    return f"Σp is {total!r}"


def totals_of_averages() -> dict[str, str]:
    """Return the total of each average of eight models: "one", "less", "more" or "either"."""
    return {
        "probabilities": "one",
        "largest p": "more",
        "log p": "less",
        "logits": "either",
        "logits, one ordering": "one",
    }


_WRONG = {
    "probabilities": {_WHY["probabilities"]: "either"},
    "largest p": {_WHY["largest p"]: "one"},
    "log p": {_WHY["log p"]: "one"},
    "logits": {CYCLE: "one", _WHY["logits"]: "more"},
    "logits, one ordering": {_WHY["logits, one ordering"]: "either"},
}


def _make_view(average: str, wrong: Mapping[str, str]) -> View:
    return View(
        lambda answer: _predicted_total(answer, average),
        f"{average!r}",
        mistakes={cause: totals_of_averages() | {average: total} for cause, total in wrong.items()},
        expected="",
    )


EXERCISE = Exercise(
    title="Which of them sum to one?",
    stars=2,
    reference=totals_of_averages,
    message="Two of the five averages are distributions.",
    is_value=True,
    hints=(
        "Write Σp as a sum over boards. For the first three averages, compare with the eight "
        "sums that you know: each is 1.",
        "A geometric mean is never larger than the mean, and a largest value is never smaller.",
        "For logits, ask which variables the averaged output of one variable depends on. If "
        "these are only earlier variables in some ordering, the chain rule holds.",
    ),
    views=[_make_view(*wrong) for wrong in _WRONG.items()],
)
