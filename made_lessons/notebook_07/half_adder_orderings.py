"""Exercise 7.1: the half adder's best and worst ordering."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from made_course.model.masks import check_ordering

from ..checking import Exercise, MalformedAnswer, View, as_text, choose

CARRY, SUM = 2, 3
NAMES = ("x₁", "x₂", "the carry", "the sum")


def describe_cost(ordering: Sequence[int]) -> str:
    """Return an ordering's cost as text. A test compares it with fitted logistic regressions."""
    return f"{0.686 if ordering[-1] == CARRY else 0.017} nats"


def _check_orderings(answer: object) -> list[list[int]]:
    """Return the best and the worst ordering of an answer."""
    if not isinstance(answer, Mapping) or set(answer) != {"best", "worst"}:
        raise MalformedAnswer(
            "return a dict with 'best' and 'worst', each an ordering such as [0, 1, 2, 3]",
            got=as_text(answer),
        )
    found = []
    for name in ("best", "worst"):
        try:
            found.append(check_ordering(answer[name], 4).tolist())
        except (TypeError, ValueError) as error:
            raise MalformedAnswer(
                "an ordering contains each of the four variables once, by its number: 0 for x₁, 1 "
                "for x₂, 2 for the carry and 3 for the sum",
                got=f"{name!r}: {as_text(answer[name])}",
                expected="such as [0, 1, 2, 3]",
            ) from error
    return found


def _describe_costs(answer: object) -> str:
    """Describe both costs, and the start of a worst ordering that costs too little."""
    best, worst = _check_orderings(answer)
    costs = f"best {describe_cost(best)}, worst {describe_cost(worst)}"
    if CARRY in (best[-1], worst[-1]):
        return costs
    if worst[0] == CARRY:
        return f"{costs}, with the carry first"
    return f"{costs}{', with sum and carry first' if {*worst[:2]} == {CARRY, SUM} else ''}"


def _describe_first_variables(answer: object) -> str:
    best, worst = (NAMES[ordering[0]] for ordering in _check_orderings(answer))
    return f"the best ordering begins with {best}, and the worst with {worst}"


def _vary_guess(exercise: Exercise, variant: str) -> Exercise:
    """Ask for orderings that begin with given variables, which are not both x₁."""
    firsts = [(i, j) for i in (0, 1, CARRY, SUM) for j in (0, 1, SUM) if (i, j) != (0, 0)]
    first, worst_first = choose(variant, firsts)
    others = [i for i in (0, 1, SUM) if i != worst_first]
    right = {
        "best": [first, *(i for i in (CARRY, 0, 1, SUM) if i != first)],
        "worst": [worst_first, *others, CARRY],
    }
    text = _describe_first_variables(right)
    begins = View(
        _describe_first_variables,
        as_text,
        f"these are a best and a worst ordering, but in your variant {text}",
    )
    return replace(
        exercise,
        reference=lambda: right,
        views=[*exercise.views, begins],
        task=f"Your variant: {text}.",
    )


def half_adder_guess() -> dict[str, list[int]]:
    """Return a best ordering, in which the carry is not last, and a worst, in which it is last."""
    return {"best": [0, 1, 2, 3], "worst": [0, 1, 3, 2]}


EXERCISE = Exercise(
    title="The half adder's best and worst",
    stars=1,
    reference=half_adder_guess,
    is_value=True,
    vary=_vary_guess,
    hints=(
        "A step is exact if a weighted sum of the known variables is enough. Look for the step "
        "that needs more.",
        "Any two of x₁, x₂ and the sum determine the third, which is 1 if exactly one of the two "
        "is 1. No weighted sum can do this, because it is the parity of the two. Which orderings "
        "avoid this step?",
        "The sum is x₁ + x₂ − 2 · carry, a weighted sum once the carry is known. So it matters "
        "only whether the carry comes last.",
    ),
    mistakes={
        "you swapped best and worst. Once the carry is known, the others are easy to predict": {
            "best": [0, 1, SUM, CARRY],
            "worst": [0, 1, CARRY, SUM],
        },
        "in your best ordering the carry comes last, so the third step has to do without it. Any "
        "two of the other three determine the third one, which is 1 if exactly one of them is 1. "
        "But a weighted sum of the two does not predict it better than a fair coin": {
            "best": [0, 1, SUM, CARRY],
            "worst": [SUM, 1, 0, CARRY],
        },
        "your worst is one of the best orderings. Causes need not come before their effects. Given "
        "carry and sum, the two coins are as easy to predict as the other way round. At which step "
        "would a weighted sum not be enough?": {
            "best": [0, 1, CARRY, SUM],
            "worst": [SUM, CARRY, 0, 1],
        },
        "your worst is one of the best orderings, because a weighted sum is enough at each step. "
        "Which variable must be missing, so that a weighted sum is not enough?": {
            "best": [SUM, CARRY, 0, 1],
            "worst": [0, 1, CARRY, SUM],
        },
        "your worst is one of the best orderings. It helps to know the carry early, because a "
        "weighted sum is then enough. In which ordering is it not enough?": {
            "best": [0, 1, CARRY, SUM],
            "worst": [CARRY, SUM, 0, 1],
        },
    },
    views=[View(_describe_costs, as_text)],
)
