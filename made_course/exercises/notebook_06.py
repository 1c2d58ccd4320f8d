"""Notebook 06: what a step computes, greedy and the mode, completion by enumeration, weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ..leaks import binary_points
from ..toys import rain_diary
from .exercise import Exercise, Misformed, Wrong, exercise, exercises_of, slip
from .variants import drawn, drawn_degrees, further_cases, one_of
from .written import written

# ---- 6.1 ----------------------------------------------------------------------------------------


@exercise(
    "6.1",
    "What a step computes",
    stars=2,
    cases=tuple(
        (degrees, t)
        for degrees, steps in (
            ([torch.tensor([3, 1, 2]), torch.tensor([1, 2, 2, 1])], (2, 3, 1)),
            (
                [
                    torch.tensor([4, 1, 5, 3, 2]),
                    torch.tensor([1, 4, 2, 3, 3, 1]),
                    torch.tensor([3, 2, 4, 4]),
                ],
                (3, 5),
            ),
        )
        for t in steps
    ),
    vary=further_cases(lambda word: (drawn_degrees(word), one_of(word, [1, 2, 3, 4]))),
    hints=(
        "At step t the variables of degree 1 to t - 1 are drawn. Which one of them is new since "
        "the step before, and which hidden units were waiting for it alone?",
        "A hidden unit of degree d is final as soon as the variable of degree d is drawn. The "
        "newest drawn variable has degree t - 1.",
        "One comparison a layer: units == t - 1 for each hidden layer, then order == t for the "
        "output.",
    ),
)
def to_compute(degrees: list[Tensor], t: int) -> list[Tensor]:
    """Step t: the hidden units whose last variable was drawn at step t - 1, and one output."""
    order, *hidden = degrees
    return [*(units == t - 1 for units in hidden), order == t]


slip(
    "a hidden unit of degree t sees the variable of degree t, which step t is only about "
    "to draw: the unit has to wait for the next step",
    lambda degrees, t: [*(units == t for units in degrees[1:]), degrees[0] == t],
)
slip(
    "right values, but most of them are computed again: a unit of a smaller degree got its "
    "final value at an earlier step",
    lambda degrees, t: [*(units <= t - 1 for units in degrees[1:]), degrees[0] == t],
)
slip(
    "units of a larger degree are computed too early: they still wait for variables",
    lambda degrees, t: [*(units >= t - 1 for units in degrees[1:]), degrees[0] == t],
)
slip(
    "the output is looked up in the ordering: degrees[0][i] is already the step of variable i",
    lambda degrees, t: [
        *(units == t - 1 for units in degrees[1:]),
        torch.argsort(degrees[0]) + 1 == t,
    ],
)
slip(
    "the output's mask comes first, as in degrees: it belongs last, where the output is",
    lambda degrees, t: [degrees[0] == t, *(units == t - 1 for units in degrees[1:])],
)
slip(
    "this is what the next step computes: steps count from 1, like degrees",
    lambda degrees, t: to_compute(degrees, t + 1),
)
slip(
    "the outputs of degree 1 to t are all marked: those of a smaller degree were used at "
    "their own step, and step t needs one output only",
    lambda degrees, t: [*(units == t - 1 for units in degrees[1:]), degrees[0] <= t],
)
slip(
    "the output is that of the t-th variable in the row, which is right in raster ordering "
    "only: the variable of step t is the one of degree t",
    lambda degrees, t: [
        *(units == t - 1 for units in degrees[1:]),
        torch.arange(len(degrees[0])) == t - 1,
    ],
)
slip(
    "t - 1 is right for the hidden units, which wait for a variable. The output of step t "
    "is that of the variable which is drawn now: the one of degree t",
    lambda degrees, t: [*(units == t - 1 for units in degrees[1:]), degrees[0] == t - 1],
)
slip(
    "the hidden units are right, and the output is that of the next step: step t draws the "
    "variable of degree t",
    lambda degrees, t: [*(units == t - 1 for units in degrees[1:]), degrees[0] == t + 1],
)
slip(
    "the outputs of degree t and more are all marked: those of a larger degree are not "
    "final yet, and step t needs one output only",
    lambda degrees, t: [*(units == t - 1 for units in degrees[1:]), degrees[0] >= t],
)
slip(
    "the list begins with the inputs' degrees, and so does this answer. Inputs are not "
    "computed: begin with the first hidden layer, and put the output last",
    lambda degrees, t: [units == t - 1 for units in degrees],
)
slip(
    "the layers are mixed up: degrees begins with the inputs, whose degrees the outputs have, too. "
    "The hidden layers are degrees[1:], and the outputs have degrees[0]",
    lambda degrees, t: [*(units == t - 1 for units in degrees[:-1]), degrees[-1] == t],
)
slip(
    "the inputs have a mask in your code, and the outputs none. Inputs are not computed: begin "
    "with the first hidden layer, where units wait for the variable of degree t - 1, and end with "
    "the output of degree t",
    lambda degrees, t: [layer == t for layer in degrees],
)
slip(
    "there is a mask for the inputs, too, which are not computed: begin with the first "
    "hidden layer",
    lambda degrees, t: [*(units == t - 1 for units in degrees), degrees[0] == t],
)
slip(
    "the last mask is missing: which output does step t need? The outputs have the degrees "
    "of the inputs, degrees[0]",
    lambda degrees, t: [units == t - 1 for units in degrees[1:]],
)
slip(
    "only the first hidden layer has a mask: there may be any number of layers, degrees[1:]",
    lambda degrees, t: [degrees[1] == t - 1, degrees[0] == t],
)
slip(
    "deeper layers are computed a step later each. They need not wait: once the first "
    "layer's units of degree t - 1 are computed, so can the second's be, in the same step",
    lambda degrees, t: [
        *(units == t - layer for layer, units in enumerate(degrees[1:], 1)),
        degrees[0] == t,
    ],
)
slip(
    "these are the numbers of the units. A mask is asked for: True or False for each unit "
    "of the layer, as a comparison gives it",
    lambda degrees, t: [mask.nonzero()[:, 0] for mask in to_compute(degrees, t)],
)


# ---- 6.2 ----------------------------------------------------------------------------------------


FINDS_IT = (
    "here greedy does find the most probable row: the largest entry belongs to the likelier value "
    "of x₁. Could it belong to the other one?"
)
NOT_ONE = "the four entries of a joint distribution sum to one"
CONDITIONALS = (
    "each row sums to one: these are the conditionals p(x₂ | x₁). What is asked for is the joint "
    "distribution, in which all four entries together sum to one"
)
NOT_POSITIVE = "each of the four probabilities must be greater than 0"
TIE = "there is a tie, so which value is the likelier one is not clear: change an entry a little"
OTHER_AXIS = (
    "it would be right if the columns were x₁: table[a, b] is p(x₁ = a, x₂ = b), so each row of "
    "the table belongs to one value of x₁"
)


def _row(table: Tensor, index: tuple[int, int]) -> str:
    return f"{index} with p = {table[index].item():.4g}"


def _greedy_and_mode(table: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
    first = int(table.sum(1).argmax())
    second = int(table[first].argmax())
    return (first, second), tuple(divmod(int(table.argmax()), 2))


def _has_tie(table: Tensor) -> bool:
    first = table.sum(1)
    highest = table.flatten().sort().values
    pairs = (first, table[first.argmax()], highest[2:])
    return any(abs(float(a) - float(b)) < 1e-6 for a, b in pairs)


def examine_table(answer: object, likelier: float | None = None) -> str:
    """Judge a table by what greedy does on it, and by p(x₁ = 1), where that is given."""
    try:
        table = torch.as_tensor(answer, dtype=torch.float64).detach()
    except (TypeError, ValueError, RuntimeError):
        raise Misformed(
            "a tensor of shape (2, 2) is expected", came=type(answer).__name__
        ) from None
    if table.shape != (2, 2):
        raise Misformed(
            "a joint distribution of two variables has four entries: table[a, b] is "
            "p(x₁ = a, x₂ = b)",
            came=f"shape {tuple(table.shape)}",
            expected="shape (2, 2)",
        )
    came = written(table)
    if not bool((table > 0).all()):
        raise Wrong(NOT_POSITIVE, came=came)
    if bool(((table.sum(1) - 1).abs() < 1e-4).all()):
        raise Wrong(CONDITIONALS, came=came)
    if abs(float(table.sum()) - 1) > 1e-4:
        raise Wrong(NOT_ONE, came=f"{came}, which sums to {float(table.sum()):.4g}")
    if _has_tie(table):
        raise Wrong(TIE, came=came)
    greedy, mode = _greedy_and_mode(table)
    if greedy == mode:
        other, other_mode = _greedy_and_mode(table.T)
        raise Wrong(
            FINDS_IT if other == other_mode or _has_tie(table.T) else OTHER_AXIS,
            tried=came,
            expected="two different rows (x₁, x₂)",
            came=f"greedy takes {_row(table, greedy)}, which is also the most probable",
        )
    if likelier is not None and abs(float(table[1].sum()) - likelier) > 1e-4:
        raise Wrong(
            "greedy is led astray, but in a table of another p(x₁ = 1) than your variant asks for",
            expected=f"p(x₁ = 1) = {likelier}",
            came=f"p(x₁ = 1) = {float(table[1].sum()):.4g}",
        )
    return f"Greedy takes {_row(table, greedy)}, but the mode is {_row(table, mode)}."


def _vary_table(exercise: Exercise, variant: str) -> Exercise:
    """The same with a given p(x₁ = 1), which is not the 0.6 of the solution."""
    likelier = one_of(variant, [n / 1000 for n in range(505, 640) if n != 600])
    rest = 1 - likelier
    table = torch.tensor([[0.95 * rest, 0.05 * rest], [0.53 * likelier, 0.47 * likelier]])
    return replace(
        exercise,
        reference=lambda: table,
        examine=lambda answer: examine_table(answer, likelier),
        asks=f"Your variant: the same, with p(x₁ = 1) = {likelier}.",
    )


@exercise(
    "6.2",
    "Lead greedy astray",
    stars=2,
    examine=examine_table,
    is_value=True,
    vary=_vary_table,
    hints=(
        "Greedy first compares p(x₁ = 0) with p(x₁ = 1): the sums of the two rows of the table. It "
        "does not see how a row is divided.",
        "Give the row x₁ = 1 a sum of 0.6, divided almost evenly. What remains is 0.4.",
        "Put nearly all of the 0.4 on one entry: then it is larger than each half of the 0.6.",
    ),
)
def misleading_table() -> Tensor:
    """x₁ = 1 is likelier, but shares its probability between two rows; x₁ = 0 bets on one."""
    return torch.tensor([[0.38, 0.02], [0.32, 0.28]])


slip(FINDS_IT, torch.tensor([[0.4, 0.2], [0.3, 0.1]]))
slip(NOT_ONE, torch.tensor([[0.38, 0.02], [0.32, 0.32]]))
slip(CONDITIONALS, torch.tensor([[0.95, 0.05], [0.53, 0.47]]))
slip(NOT_POSITIVE, torch.tensor([[0.4, 0.0], [0.35, 0.25]]))
slip(TIE, torch.tensor([[0.38, 0.02], [0.3, 0.3]]))
slip(OTHER_AXIS, misleading_table().T)


# ---- 6.3 ----------------------------------------------------------------------------------------


def _fillings(x: Tensor, known: Tensor) -> Tensor:
    everything = binary_points(len(x))
    return everything[(everything == x)[:, known].all(1)]


def _one_at_a_time(
    log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor, keep: bool
) -> Tensor:
    found = x if keep else torch.where(known, x, 0.0)
    either = torch.stack([found.repeat(len(x), 1), found.repeat(len(x), 1)])
    places = torch.arange(len(x))
    either[0, places, places], either[1, places, places] = 0.0, 1.0
    low, high = (log_prob(rows).exp() for rows in either)
    return torch.where(known, x, high / (low + high))


_DAYS = torch.bincount(rain_diary().long() @ torch.tensor([4, 2, 1]), minlength=8) / 20
_TABLE = torch.tensor([9, 2, 1, 5, 3, 8, 2, 1, 4, 7, 1, 6, 2, 3, 10, 1]) / 65

ONE_ROW = "log_prob takes rows (n, D): for one row x[None]"
NO_VALUE = "log_prob takes rows of zeros and ones: there is no number for unknown"


def diary(x: Tensor) -> Tensor:
    """(n, 3) days → (n,) log-probabilities."""
    _require_rows(x)
    return _DAYS[x.long() @ torch.tensor([4, 2, 1])].log()


def four_variables(x: Tensor) -> Tensor:
    """(n, 4) rows → (n,) log-probabilities, from a table."""
    _require_rows(x)
    return _TABLE[x.long() @ torch.tensor([8, 4, 2, 1])].log()


def _require_rows(x: Tensor) -> None:
    """A model's ``log_prob`` asks for the same."""
    if x.dim() != 2:
        raise ValueError(ONE_ROW)
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError(NO_VALUE)


def _other_row(word: str) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    size = one_of(word, [2, 3, 4, 5])
    p = drawn(word, 2**size)
    known = drawn(f"{word} known", size) < 0.5
    known[one_of(word, range(size))] = False

    def some_table(x: Tensor) -> Tensor:
        _require_rows(x)
        return (p / p.sum())[x.long() @ 2 ** torch.arange(size).flip(0)].log()

    return some_table, drawn(f"{word} x", size).round(), known


@exercise(
    "6.3",
    "Complete by enumeration",
    stars=2,
    cases=(
        (four_variables, torch.tensor([1.0, 0.0, 1.0, 0.0]), torch.tensor([False] * 3 + [True])),
        (diary, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([True, False, False])),
        (four_variables, torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([True, False] * 2)),
        (diary, torch.tensor([1.0, 1.0, 0.0]), torch.tensor([True, True, False])),
    ),
    vary=further_cases(_other_row),
    hints=(
        "Make one row for each filling: copies of x, whose unknown places hold all combinations of "
        "0 and 1. With u unknown variables there are 2^u.",
        "The combinations are torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * u).view(-1, u), "
        "or itertools.product([0.0, 1.0], repeat=u) as a tensor; rows[:, ~known] = ... writes them "
        "in. log_prob(rows).exp() is p(filling, known).",
        "Divide these by their sum: now they are p(filling | known). p(xᵢ = 1 | known) is the sum "
        "over the rows in which xᵢ is 1, for all i at once: weights @ rows.",
    ),
)
def fill_in(log_prob, x: Tensor, known: Tensor) -> Tensor:
    """p(xᵢ = 1 | the known values), by going through all fillings of the unknown variables."""
    n_unknown = int((~known).sum())
    fillings = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * n_unknown)
    rows = x.repeat(2**n_unknown, 1)
    rows[:, ~known] = fillings.view(-1, n_unknown)
    p = log_prob(rows).exp()  # p(filling, known)
    return (p / p.sum()) @ rows


@slip(
    "these are p(xᵢ = 1) for the unknown variables, as if nothing were known: writing the "
    "known values in afterwards does not tell the others about them"
)
def _clamped(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    everything = _fillings(x, torch.zeros_like(known))
    return torch.where(known, x, log_prob(everything).exp() @ everything)


@slip("these are p(xᵢ = 1, known): divide by the sum over all fillings, which is p(known)")
def _joint(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    rows = _fillings(x, known)
    return log_prob(rows).exp() @ rows


@slip("the fillings are weighted by their log-probabilities: take .exp() first")
def _without_exp(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    rows = _fillings(x, known)
    return log_prob(rows) / log_prob(rows).sum() @ rows


slip(
    "½ at each unknown place, as if every filling counted the same: weight each by its probability",
    lambda log_prob, x, known: _fillings(x, known).mean(0),
)
slip(
    "the other unknown variables are held at 0: this is p(xᵢ = 1 | known, all others 0). "
    "Sum over both of their values",
    lambda log_prob, x, known: _one_at_a_time(log_prob, x, known, keep=False),
)
slip(
    "what stands in x at unknown places is used as if it were known: only x[known] counts",
    lambda log_prob, x, known: _one_at_a_time(log_prob, x, known, keep=True),
)


@slip(
    "this is the single most probable filling: what is asked for is a mean over all of "
    "them, weighted by their probability"
)
def _best(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    rows = _fillings(x, known)
    return rows[log_prob(rows).argmax()]


@slip(ONE_ROW)
def _row_by_row(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    rows = _fillings(x, known)
    p = torch.stack([log_prob(row) for row in rows]).exp()
    return (p / p.sum()) @ rows


slip(
    "known and unknown are swapped: where known is True, the value in x stays",
    lambda log_prob, x, known: fill_in(log_prob, x, ~known),
)
slip(
    "at the unknown places these are p(xᵢ = 0 | known): sum over the rows in which xᵢ is 1",
    lambda log_prob, x, known: torch.where(known, x, 1 - fill_in(log_prob, x, known)),
)
slip(
    "these are p(xᵢ = 0 | known), at the known places, too: sum over the rows in which xᵢ is 1",
    lambda log_prob, x, known: 1 - fill_in(log_prob, x, known),
)
slip(
    "only the unknown variables have an entry: return one for every variable. A known one "
    "has its own value",
    lambda log_prob, x, known: fill_in(log_prob, x, known)[~known],
)
slip(
    "these are p(xᵢ = 1) for all variables, as if nothing were known: keep only the rows "
    "that have the known values",
    lambda log_prob, x, known: fill_in(log_prob, x, torch.zeros_like(known)),
)


@slip(
    "the fillings are written into the last columns, which is right only if the known come "
    "first: rows[:, ~known] = ... finds the unknown columns"
)
def _known_come_first(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    first = torch.arange(len(x)) < known.sum()
    return fill_in(log_prob, x, first)


slip(
    f"{NO_VALUE}. Sum over both values of each unknown variable",
    lambda log_prob, x, known: _one_at_a_time(
        log_prob, torch.where(known, x, 0.5), known, keep=True
    ),
)


@slip(
    "torch.cartesian_prod gives a vector, not a matrix, where only one variable is "
    "unknown: fillings.view(-1, u), with u unknown variables, is a matrix for any u"
)
def _without_view(log_prob: Callable[[Tensor], Tensor], x: Tensor, known: Tensor) -> Tensor:
    fillings = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * int((~known).sum()))
    rows = x.repeat(len(fillings), 1)
    rows[:, ~known] = fillings
    return log_prob(rows).softmax(0) @ rows


# ---- 6.4 ----------------------------------------------------------------------------------------


def _relative(log_w: Tensor) -> Tensor:
    return (log_w - log_w.max()).exp()


def _worth(w: Tensor) -> Tensor:
    return w.sum() ** 2 / (w**2).sum()


@exercise(
    "6.4",
    "What weighted draws are worth",
    stars=2,
    cases=(
        (torch.tensor([3.0, 1.0, 1.0, 2.0, 0.5]).log(),),
        (torch.tensor([0.5, 0.25, 0.25]).log(),),
        (torch.tensor([-900.0, -901.0, -902.5]),),
        (torch.tensor([-700.0, -650.0, -800.0, -720.0]),),
        (torch.full((6,), -0.7),),
    ),
    vary=further_cases(lambda word: (9 * drawn(word, one_of(word, [2, 4, 7, 8])) - 90,)),
    hints=(
        "If the weights are w = exp(log_w), the answer is (Σw)² / Σw². Only ratios of the weights "
        "matter, so make the largest of them 1.",
        "w = (log_w - log_w.max()).exp() has the right ratios, and its largest entry is 1: the sum "
        "of its squares cannot be 0.",
        "Then w.sum() ** 2 / (w**2).sum(). Shorter: torch.softmax(log_w, 0) are weights with the "
        "sum 1.",
    ),
)
def effective_size(log_w: Tensor) -> Tensor:
    """(Σw)² / Σw², from logarithms: the shares of the weights sum to one, so 1 / Σ share²."""
    shares = torch.softmax(log_w, dim=0)
    return 1 / (shares**2).sum()


slip(
    "exp(-900) is 0 for the computer, and 0 / 0 is nan: first subtract log_w.max(), which "
    "multiplies all weights by the same number",
    lambda log_w: log_w.exp().sum() ** 2 / (log_w.exp() ** 2).sum(),
)
slip(
    "the logarithms are used as if they were the weights: take .exp() of them, after the "
    "largest is subtracted",
    lambda log_w: log_w.sum() ** 2 / (log_w**2).sum(),
)
slip(
    ".exp() is missing: with the largest subtracted these are logarithms still",
    lambda log_w: _worth(log_w - log_w.max()),
)
slip(
    "this is the sum of the weights over the largest one: asked for is the sum, squared, "
    "over the sum of the squares",
    lambda log_w: (log_w - log_w.max()).exp().sum(),
)
slip(
    "this is upside down: the sum of the squared shares is 1 / n for n equal weights",
    lambda log_w: (torch.softmax(log_w, 0) ** 2).sum(),
)
slip(
    "the sum is squared where the squares should be summed: shares sum to 1, so this is 1 "
    "for any weights",
    lambda log_w: 1 / torch.softmax(log_w, 0).sum() ** 2,
)
slip(
    "this is exp of the shares' entropy: it lies between 1 and n, too, but asked for is "
    "the sum of the weights, squared, over the sum of their squares",
    lambda log_w: torch.exp(torch.distributions.Categorical(logits=log_w).entropy()),
)
slip(
    "this is the share of the draws that count: asked for is their number, n times that",
    lambda log_w: 1 / len(log_w) / (torch.softmax(log_w, 0) ** 2).sum(),
)
slip(
    "the sum in the numerator is not squared: (w1 + ... + wn)² stands over the sum of the squares",
    lambda log_w: 1 / (torch.softmax(log_w, 0) ** 2).sum() / _relative(log_w).sum(),
)
slip(
    "less than the largest was subtracted, so that the largest weight is exp of a large "
    "number: it or its square is inf for the computer, and inf / inf is nan. Subtract "
    "log_w.max()",
    lambda log_w: _worth((log_w - log_w.mean()).exp()),
)
slip(
    "the logarithms were divided by the largest, which changes the ratios of the weights. "
    "To divide weights is to subtract logarithms: log_w - log_w.max()",
    lambda log_w: _worth((log_w / log_w.max()).exp()),
)
slip(
    "log_softmax gives the logarithms of the shares, and these were squared: softmax gives "
    "the shares themselves",
    lambda log_w: 1 / (torch.log_softmax(log_w, 0) ** 2).sum(),
)
slip(
    "no weight is less than the small number that keeps it from 0: weights that have been "
    "rounded to 0 all count the same then. Subtract log_w.max() first",
    lambda log_w: _worth(log_w.exp() + 1e-12),
)
slip(
    "a small number keeps the shares from 0 / 0, and all of them are 0: the weights have "
    "been rounded to 0 before. Subtract log_w.max() first",
    lambda log_w: 1 / ((log_w.exp() / (log_w.exp().sum() + 1e-12)) ** 2).sum(),
)
slip(
    "the sum in the numerator is not squared: in logarithms that is 2 * logsumexp",
    lambda log_w: (log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp(),
)

EXERCISES = exercises_of(__name__)
