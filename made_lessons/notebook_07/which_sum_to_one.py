"""7.2: which averages of models sum to one."""

from __future__ import annotations

from collections.abc import Mapping

from ..checking import Misformed, add_view, exercise, written

LOGITS_IN_A_CIRCLE = (
    "over several orderings the mean output of x₁ depends on x₂, and that of x₂ on x₁. The chain "
    "rule has no ordering to work with, so nothing makes the total one"
)
_WHY = {
    "probabilities": "each model's probabilities sum to one, so their mean sums to (1 + ... + 1) / "
    "8, whatever the orderings are",
    "largest p": "on each board it is at least as large as the first model's, and that one alone "
    "sums to one already. Where the models differ it is more: choosing the best afterwards is no "
    "model",
    "log p": "exp of a mean of log p is the geometric mean of the probabilities. It is never above "
    "their mean, which sums to one, and below it wherever the models differ",
    "logits": "it need not be on that side: for the half adder's 24 orderings the total is 2.739, "
    "and for other networks it comes out below one",
    "logits, one ordering": "within one ordering the eight logits of a variable depend on the "
    "variables before it only. So does their mean, and its sigmoid is a conditional: the chain "
    "rule holds",
}
WAYS = tuple(_WHY)
TOTALS = ("one", "less", "more", "either")
A_WORD = f"each of {', '.join(map(repr, WAYS))} needs one of {', '.join(map(repr, TOTALS))}"


def _total(answer: object, way: str) -> str:
    """Return what somebody expects of Σp of an average."""
    if not isinstance(answer, Mapping) or set(answer) != set(WAYS):
        raise Misformed(A_WORD, got=written(answer))
    got = answer[way]
    if not isinstance(got, str) or got not in TOTALS:
        raise Misformed(A_WORD, got=f"{way!r}: {written(got)}")
    return f"Σp is {got!r}"


@exercise(
    "7.2",
    "Which of them sum to one?",
    stars=2,
    message="Two of the five are distributions.",
    is_value=True,
    hints=(
        "Write Σp as a sum over boards of what is said of each board. For the first three, compare "
        "with the eight sums that you know: each is 1.",
        "A geometric mean is never larger than the mean; a largest value is never smaller.",
        "For logits ask what the averaged output of one variable depends on. If that is earlier "
        "variables only, in some ordering, the chain rule holds.",
    ),
)
def totals_of_averages() -> dict[str, str]:
    """Which ways to put eight models together give a distribution, and where the others miss it."""
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
    "logits": {LOGITS_IN_A_CIRCLE: "one", _WHY["logits"]: "more"},
    "logits, one ordering": {_WHY["logits, one ordering"]: "either"},
}
for way, wrong in _WRONG.items():
    add_view(
        f"{way!r}",
        lambda answer, way=way: _total(answer, way),
        {cause: totals_of_averages() | {way: total} for cause, total in wrong.items()},
        expected="",
    )
