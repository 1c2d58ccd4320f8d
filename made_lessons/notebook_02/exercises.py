"""Notebook 02: the sum over all inputs, a leak that it does not show, and the FVSBN."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import LongTensor, Tensor

from made_course.common.words import variable_names
from made_course.leaks.dependence import binary_points, measure_dependence
from made_course.model.heads import Bernoulli

from ..checking.calls import run
from ..checking.comparing import require_same
from ..checking.exercise import Wrong, exercise, slip
from ..checking.in_words import written, written_call
from ..checking.variants import drawn, further_cases, one_of, shuffled

# ---- 2.1 ----------------------------------------------------------------------------------------


def three_coins(x: Tensor) -> Tensor:
    """An honest log p(x): independent coins, not all of them fair."""
    return _log_bernoulli(F.linear(x, torch.zeros(3, 3), torch.tensor([1.5, 0.0, -2.0])), x)


def near_copy(x: Tensor) -> Tensor:
    """What an autoencoder claims that nearly copies its input."""
    weight = 5 * torch.eye(x.shape[1]) - 0.5
    return _log_bernoulli(F.linear(x, weight, torch.full((x.shape[1],), -2.0)), x)


def _log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    if not bool(((x == 0) | (x == 1)).all()):
        raise ValueError("log_prob takes rows of zeros and ones: each variable is 0 or 1")
    return Bernoulli().log_prob(logits[..., None], x).sum(1)


def _on_all(finish: Callable[[Tensor], Tensor]) -> Callable[..., float]:
    def total(log_prob: Callable[[Tensor], Tensor], input_dim: int) -> float:
        return finish(log_prob(binary_points(input_dim))).item()

    return total


def _other_claim(word: str) -> tuple[Callable[[Tensor], Tensor], int]:
    weight, bias = 4 * drawn(word, 6, 6), drawn(f"{word} bias", 6) - 2
    size = one_of(word, [2, 4, 6])

    def claim(x: Tensor) -> Tensor:
        return _log_bernoulli(F.linear(x, weight[:size, :size], bias[:size]), x)

    return claim, size


@exercise(
    "2.1",
    "The sum over everything",
    stars=1,
    cases=((three_coins, 3), (near_copy, 3), (near_copy, 5)),
    vary=further_cases(_other_claim),
    hints=(
        "Build a tensor of shape (2^D, D) whose rows are all the inputs, and give it to log_prob "
        "in one go.",
        "torch.cartesian_prod(a, b, c) makes all combinations of the entries of a, b and c, one a "
        "row. With a list of D tensors: torch.cartesian_prod(*tensors).",
        "tensors = [torch.tensor([0.0, 1.0])] * input_dim. Then .exp() of the log-probabilities, "
        "and .sum().",
    ),
)
def total_probability(log_prob: Callable[[Tensor], Tensor], input_dim: int) -> float:
    """Sum of exp(log_prob(x)) over all 2^D inputs x of zeros and ones."""
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * input_dim)
    return log_prob(x).exp().sum().item()


slip(
    "you add log-probabilities: take exp of each first, and add then",
    _on_all(lambda log_p: log_p.sum()),
)
slip(
    "this is the product of all probabilities, as exp of the sum of their logarithms is: "
    "take exp of each first, and add then",
    _on_all(lambda log_p: log_p.sum().exp()),
)
slip(
    "you divide by the number of inputs: Σp is a sum, not a mean",
    _on_all(lambda log_p: log_p.exp().mean()),
)
slip(
    "2 to the power of a natural logarithm is no probability: .exp() undoes it",
    _on_all(lambda log_p: (2**log_p).sum()),
)
slip(
    "exp comes after the mean here, which makes a geometric mean: take exp of each first, and add",
    _on_all(lambda log_p: log_p.mean().exp()),
)
slip(
    "one input is missing, that of zeros alone: it counts, too",
    lambda log_prob, input_dim: log_prob(binary_points(input_dim)[1:]).exp().sum().item(),
)
slip(
    "these are only the D inputs that hold a single 1: there are 2^D inputs in all",
    lambda log_prob, input_dim: log_prob(torch.eye(input_dim)).exp().sum().item(),
)


# ---- 2.2 ----------------------------------------------------------------------------------------

ORDERING = [1, 2, 0]

CONSTANT = (
    "no output moves by more than rounding, whichever input is flipped. So Σp is 1, and there is "
    "no leak: some output must move with an input that it must not see"
)
HONEST = (
    "there is no leak: every output moves only with variables of smaller degree. Let one see a "
    "variable of a degree that is not smaller than its own"
)
SELF = (
    "an output depends on its own variable. It may then give both values of the variable a high "
    "probability, and the two no longer sum to one: let an output see another variable instead, "
    "one of a higher degree than its own"
)
ROWS_APART = (
    "each row of the result must be made from its own row of x alone, however many rows there are: "
    "without means over rows, and without random numbers"
)
CIRCLE = (
    "no output sees its own variable, but they see one another in a circle, which no ordering "
    "allows. Break it: in some other ordering, each must see only what comes before it"
)


def examine_leaky(answer: Callable[[Tensor], Tensor]) -> str:
    """Judge a function by what flipping finds and by its Σp, whatever it computes."""
    x = binary_points(3)
    logits = run(answer, x)
    try:
        form = torch.zeros_like(logits) if isinstance(logits, Tensor) else logits
        require_same(form, torch.zeros(8, 3))
        if not bool(logits.isfinite().all()):
            raise Wrong("logits must be finite numbers", came=written(logits))
        found = measure_dependence(answer, x)
    except Wrong as wrong:
        wrong.tried = written_call(answer, [x])
        raise
    except ValueError as error:
        raise Wrong(ROWS_APART, tried=written_call(answer, [x])) from error
    if not found.by_flip.any():
        raise Wrong(CONSTANT, tried="flipping each input", came="no output moved")
    leaks = found.leaks(ORDERING)
    if not leaks:
        raise Wrong(HONEST, tried="flipping each input", expected="a leak", came="none")
    names = variable_names(3)
    seen = ", ".join(f"output {names[i]} sees {names[j]}" for i, j in leaks)
    total = _log_bernoulli(logits.detach().double(), x.double()).exp().sum().item()
    if abs(total - 1) > 1e-6:
        # without both, some ordering of the three allows everything, and the sum is one
        raise Wrong(
            SELF if found.by_flip.diagonal().any() else CIRCLE,
            tried=f"adding up the 8 probabilities (leaks: {seen})",
            expected="1, to six decimals",
            came=f"{total:.6f}",
        )
    return f"Leaks: {seen}; and yet Σp = 1."


@exercise(
    "2.2",
    "A leak that Σp does not show",
    stars=3,
    examine=examine_leaky,
    hints=(
        "Why does Σp = 1 hold for an honest model? Read the argument again. Does it need the "
        "ordering to be x₂, x₃, x₁, or would any ordering do?",
        "A model that is honest in another ordering is a distribution, too. Choose one in which x₂ "
        "comes after x₁.",
        "x1, x2, x3 = x.unbind(1). Put three logits together by torch.stack([...], dim=1): of x₁ a "
        "constant such as 0 * x1, of x₂ something that depends on x1, of x₃ anything that depends "
        "on x1 and x2 at most.",
    ),
)
def leaky_logits(x: Tensor) -> Tensor:
    """Honest in the ordering x₁, x₂, x₃, and so leaky in x₂, x₃, x₁: output x₂ sees x₁."""
    x1, x2, _ = x.unbind(1)
    return torch.stack([0 * x1, 3 * x1 - 1, 2 * x2], dim=1)


slip(CONSTANT, lambda x: torch.zeros_like(x))


@slip(HONEST)
def _honest(x: Tensor) -> Tensor:
    return torch.stack([2 * x[:, 1] - x[:, 2], torch.zeros(len(x)), 1 - x[:, 1]], dim=1)


slip(SELF, lambda x: 10 * x - 5)


@slip(CIRCLE)
def _circle(x: Tensor) -> Tensor:
    return 4 * x[:, [1, 2, 0]] - 2


# ---- 2.3 ----------------------------------------------------------------------------------------


def _fvsbn_like(
    allow: Callable[[Tensor], Tensor] = lambda order: order[:, None] > order[None, :],
    degrees: Callable[[Tensor], Tensor] = lambda ordering: torch.argsort(ordering) + 1,
    finish: Callable[[Tensor, Tensor], Tensor] = _log_bernoulli,
    turned: bool = False,
) -> Callable[..., Tensor]:
    """The reference with one thing wrong."""

    def log_prob(weight: Tensor, bias: Tensor, ordering: Tensor, x: Tensor) -> Tensor:
        kept = weight * allow(degrees(ordering))
        return finish(x @ (kept if turned else kept.T) + bias, x)

    return log_prob


def _case(ordering: list[int], rows: int) -> tuple[Tensor, ...]:
    size = len(ordering)
    weight = (7 * torch.arange(size * size) % 11 - 5.5).view(size, size) / 2
    bias = 0.5 - torch.arange(size) / 4
    x = ((5 + 14 * torch.arange(rows))[:, None] >> torch.arange(size) & 1).float()
    return weight, bias, torch.tensor(ordering), x


def _other_case(word: str) -> tuple[Tensor, ...]:
    _, bias, ordering, x = _case(shuffled(word, range(4)), 5)
    return 6 * drawn(word, 4, 4) - 3, bias, ordering, x


_CASES = (_case([1, 2, 0], 2), _case([3, 0, 4, 1, 2], 6))
NO_GRADIENT = (
    "the result has lost its connection to weight or bias (a .item(), .tolist(), .detach(), "
    "torch.tensor(...) or no_grad on the way), so that it cannot be trained: keep to operations on "
    "tensors"
)


def examine_fvsbn(answer: Callable[..., Tensor]) -> None:
    """See whether a right result can be trained."""
    for k, name in enumerate(["weight", "bias"]):
        arguments = list(_CASES[0])
        arguments[k] = arguments[k].clone().requires_grad_()
        came = run(answer, *arguments)
        if not came.requires_grad:
            raise Wrong(
                NO_GRADIENT,
                tried=f"{name} with requires_grad=True",
                expected="a result with requires_grad=True",
                came=f"{written(came)}, without",
            )


@exercise(
    "2.3",
    "D logistic regressions at once",
    stars=2,
    cases=_CASES,
    examine=examine_fvsbn,
    vary=further_cases(_other_case),
    hints=(
        "Four lines: the degrees, what is allowed, the logits, the log-probability.",
        "order = torch.argsort(ordering) + 1 are the degrees, and weight * (order[:, None] > "
        "order[None, :]) are the weights that are left.",
        "logits = x @ (...).T + bias, with those weights in place of the dots, and log_bernoulli"
        "(logits, x) from section 1 does the rest.",
    ),
)
def fvsbn_log_prob(weight: Tensor, bias: Tensor, ordering: LongTensor, x: Tensor) -> Tensor:
    """(D, D), (D,), (D,), (B, D) → (B,): log p(x) of D logistic regressions in one product."""
    order = torch.argsort(ordering) + 1
    allowed = order[:, None] > order[None, :]
    logits = F.linear(x, weight * allowed, bias)
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(1)


slip(
    "each output sees its own variable, of equal degree: the comparison must be >, not >=",
    _fvsbn_like(allow=lambda order: order[:, None] >= order[None, :]),
)
slip(
    "the comparison stands the other way round: each output sees the variables after it. Row i "
    "of the weights belongs to output i, so order[:, None] is the output's degree",
    _fvsbn_like(allow=lambda order: order[:, None] < order[None, :]),
)
slip(
    "the ordering makes no difference: degrees come from it, not from the columns of x",
    _fvsbn_like(degrees=lambda ordering: torch.arange(len(ordering))),
)
slip(
    "you compare entries of the ordering as if they were degrees: the two are inverse to one "
    "another (exercise 1.3)",
    _fvsbn_like(degrees=lambda ordering: ordering),
)
slip(
    "nothing is cut: multiply the weights by the matrix of what is allowed",
    _fvsbn_like(allow=lambda order: torch.ones(len(order), len(order))),
)
slip(
    "you take weight[i, j] to lead from input i to output j: it leads from input j to output "
    "i, as in nn.Linear, so that the product is x @ w.T",
    _fvsbn_like(turned=True),
)
slip(
    "these are the logits: log p(x) is made of them, by log_bernoulli",
    _fvsbn_like(finish=lambda z, x: z),
)
slip(
    "x is put in generation order, and weight and bias are not: leave all in the order x₁, x₂, …, "
    "and let the comparison of degrees say who comes before whom",
    lambda weight, bias, ordering, x: fvsbn_log_prob(
        weight, bias, torch.arange(len(bias)), x[:, ordering]
    ),
)
slip(
    "these are the ones alone: where xᵢ is 0, log p(xᵢ = 0 | …) is to be added",
    _fvsbn_like(finish=lambda z, x: (x * F.logsigmoid(z)).sum(1)),
)
slip(
    "you add log p(xᵢ = 1 | …) whatever xᵢ is: where xᵢ is 0, it must be log p(xᵢ = 0 | …)",
    _fvsbn_like(finish=lambda z, x: F.logsigmoid(z).sum(1)),
)
slip(
    "log_bernoulli takes logits: the sigmoid is inside it already, and here it acts twice",
    _fvsbn_like(finish=lambda z, x: _log_bernoulli(torch.sigmoid(z), x)),
)
slip(NO_GRADIENT, torch.no_grad()(fvsbn_log_prob))
