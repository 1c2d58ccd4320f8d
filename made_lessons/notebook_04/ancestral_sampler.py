"""4.3: draw in the right order."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import LongTensor, Tensor

from made_course.model.sampling import sample_naive

from ..checking import but, drawn, dtypes, exercise, further_cases, known_mistakes, shuffled


def three_logits(x: Tensor) -> Tensor:
    """Logits of an honest model of three variables in the ordering x₂, x₃, x₁."""
    z2 = torch.full((len(x),), 0.4)
    z3 = 2 - 4 * x[:, 1]
    z1 = -1 + 4 * x[:, 1] - 3 * x[:, 2]
    return torch.stack([z1, z2, z3], dim=1)


def four_logits(x: Tensor) -> Tensor:
    """Logits of an honest model of four variables in the ordering x₃, x₁, x₄, x₂."""
    z3 = torch.full((len(x),), -0.3)
    z1 = 3 * x[:, 2] - 1.5
    z4 = 2 - 4 * x[:, 0]
    z2 = -2 + 2 * x[:, 0] + 3 * x[:, 3] - x[:, 2]
    return torch.stack([z1, z2, z3, z4], dim=1)


def _other_model(word: str) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    order = torch.tensor(shuffled(word, [1, 2, 3, 4, 5]))
    weight = (8 * drawn(word, 5, 5) - 4) * (order[:, None] > order)

    def five_logits(x: Tensor) -> Tensor:
        return x.float() @ weight.T + 0.3

    return five_logits, order, drawn(f"{word} u", 8, 5)


def uniforms(rows: int, columns: int) -> Tensor:
    """Numbers between 0 and 1, well spread and the same in every release of PyTorch."""
    steps = torch.tensor([0.8567, 0.7339, 0.6287, 0.5386, 0.7071], dtype=torch.float64)
    return (torch.arange(1, rows + 1)[:, None] * steps[:columns]).remainder(1).float()


@exercise(
    "4.3",
    "Draw in the right order",
    stars=2,
    cases=(
        (three_logits, torch.tensor([3, 1, 2]), uniforms(6, 3)),
        (four_logits, torch.tensor([2, 4, 1, 3]), uniforms(8, 4)),
    ),
    views=dtypes(torch.float32, torch.float64),
    package=sample_naive,
    vary=further_cases(_other_model),
    hints=(
        "Begin with zeros of the shape of u. Each step fills one column, and the next forward pass "
        "sees it.",
        "torch.argsort(order) lists the variables, smallest degree first. Logit i of a pass is all "
        "that the step of variable i needs.",
        "In the loop over i: p = torch.sigmoid(forward(x)[:, i]), then "
        "x[:, i] = (u[:, i] <= p).float().",
    ),
)
def sample(forward, order: LongTensor, u: Tensor) -> Tensor:
    """Draw a sample for each row of u, one variable after another, smallest degree first."""
    x = torch.zeros_like(u)
    for i in torch.argsort(order).tolist():
        p = torch.sigmoid(forward(x)[:, i])
        x[:, i] = (u[:, i] <= p).float()
    return x


known_mistakes(
    {
        "the loop goes through the degrees: order[i] is the step at which variable i comes, while "
        "the loop needs the variable that comes at each step. That is argsort(order)": but(
            "torch.argsort(order)", "(order - 1)"
        ),
        "the variables are drawn from the first column to the last, whatever their degrees: begin "
        "with the smallest degree": but("torch.argsort(order).tolist()", "range(len(order))"),
        "each variable is drawn as if from one forward pass over zeros. The second needs to see "
        "the value that was drawn for the first, so each step has a pass of its own, which is "
        "handed what is drawn so far; or the loop begins with the largest degree": but(
            "forward(x)", "forward(torch.zeros_like(u))"
        ),
        "each variable gets its more probable value, and u decides nothing: that is a threshold at "
        "one half, not a draw. It is 1 where u ≤ p": but("u[:, i] <= p", "p >= 0.5"),
        "a variable is 1 where u ≤ p. The other way round it is 1 with probability 1 − p": but(
            "<= p", ">= p"
        ),
        "column i of u decides variable i, whatever the step at which it comes": but(
            "u[:, i]", "u[:, order[i] - 1]"
        ),
        "u is compared with the logit, and a logit is no probability: "
        "p = torch.sigmoid(logit)": but("torch.sigmoid(forward(x)[:, i])", "forward(x)[:, i]"),
        "forward is handed u. It needs x, which begins as zeros and holds what is drawn so far; u "
        "decides, and the network never sees it": but("forward(x)", "forward(u)"),
        "at step t the value is written into column t of x, and belongs into column i, that of the "
        "variable which comes at this step": but("x[:, i]", "x[:, order[i] - 1]"),
        "at step t column t of x and of u is used, but columns belong to variables: at every step "
        "use column i of x, of u and of the logits, where i is the variable that comes at this "
        "step": but("x[:, i]", "x[:, order[i] - 1]", "u[:, i]", "u[:, order[i] - 1]"),
        "these are the probabilities of a 1: a sample holds zeros and ones, 1 where u ≤ p": (
            lambda forward, order, u: torch.sigmoid(forward(sample(forward, order, u)))
        ),
        "the sigmoid is taken twice: once makes a probability of a logit, twice one between ½ and "
        "0.73": but("[:, i])", "[:, i]).sigmoid()"),
        "only the variable of the smallest degree is drawn, and the others stay 0: does the "
        "`return` stand inside the loop? It belongs below it": but(
            "argsort(order)", "argsort(order)[:1]"
        ),
        "the variable of the largest degree is never drawn, and stays 0: the loop ends one step "
        "early": but("argsort(order)", "argsort(order)[:-1]"),
        "the variable of the smallest degree is never drawn, and stays 0: the loop begins "
        "late": but("argsort(order)", "argsort(order)[1:]"),
        "the loop goes through the degrees, and takes column t of u besides: at every step use the "
        "variable that comes at it, argsort(order)[t], for x, u and logits alike": but(
            "i in torch.argsort(order).tolist()",
            "t, i in enumerate((order - 1).tolist())",
            "u[:, i]",
            "u[:, t]",
        ),
        "x[i] is a row, and a variable is a column: x[:, i], and so for u and the logits": but(
            ")[:, i]", ")[i]", "x[:, i]", "x[i]", "u[:, i]", "u[i]"
        ),
        "x begins anew in each step, so that what was drawn before is lost: make x above the "
        "loop": but("p = ", "x = torch.zeros_like(u)\n        p = "),
        "the loop goes through numbers up to D, and columns count from 0. argsort(order) holds the "
        "variables that come at each step, as they are, without + 1; order itself counts from 1, "
        "and order[i] is the step at which variable i comes": but("torch.argsort(order)", "order"),
        "all rows use the probability of the first one: take a whole column, forward(x)[:, i]": but(
            "[:, i])", "[:1, i])"
        ),
    }
)
