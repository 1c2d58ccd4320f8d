"""Exercise 4.3: draw variables in the right order (ancestral sampling)."""

from collections.abc import Callable
from functools import partial

import torch
from torch import LongTensor, Tensor

from made_course.model.sampling import sample_naive

from ..checking import Exercise, draw_uniform, dtype_views, edit, further_cases, shuffle


def _draw_case(key: str, order: list[int]) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    """Return the ``forward`` of a random honest model, its order, and uniforms (8, D)."""
    D = len(order)
    degrees = torch.tensor(order)
    weight = (8 * draw_uniform(key, D, D) - 4) * (degrees[:, None] > degrees)
    logits = partial(_linear_logits, weight=weight)
    logits.__name__ = "logits"
    return logits, degrees, draw_uniform(f"{key} u", 8, D)


def _linear_logits(x: Tensor, weight: Tensor) -> Tensor:
    return x.float() @ weight.T + 0.3


def sample(forward, order: LongTensor, u: Tensor) -> Tensor:
    """Draw a sample for each row of u, one variable at a time, in the order of their degrees."""
    x = torch.zeros_like(u)
    for i in torch.argsort(order).tolist():
        p = torch.sigmoid(forward(x)[:, i])
        x[:, i] = (u[:, i] <= p).float()
    return x


EXERCISE = Exercise(
    title="Draw in the right order",
    stars=2,
    reference=sample,
    cases=(_draw_case("three", [3, 1, 2]), _draw_case("four", [2, 4, 1, 3])),
    package=sample_naive,
    vary=further_cases(lambda key: _draw_case(key, shuffle(key, [1, 2, 3, 4, 5]))),
    hints=(
        "Begin with zeros of the shape of `u`. Each step fills one column, and the next forward "
        "pass sees it.",
        "`torch.argsort(order)` lists the variables, smallest degree first. The step of variable i "
        "needs only logit i of its forward pass.",
        "In the loop over i: `p = torch.sigmoid(forward(x)[:, i])`, then `x[:, i] = (u[:, i] <= "
        "p).float()`.",
    ),
    mistakes={
        "your loop goes through the degrees. order[i] is the step of variable i, but the loop "
        "needs the variable of each step, which is argsort(order)": edit(
            "torch.argsort(order)", "(order - 1)"
        ),
        "you draw the variables from the first column to the last, but their degrees give the "
        "order. Begin with the smallest degree": edit(
            "torch.argsort(order).tolist()", "range(len(order))"
        ),
        "you draw each variable as if from one forward pass over zeros. The second variable must "
        "see the value of the first, so each step needs its own forward pass over the values drawn "
        "so far. The same happens if your loop begins with the largest degree": edit(
            "forward(x)", "forward(torch.zeros_like(u))"
        ),
        "your network reads probabilities. It must read the zeros and ones that are drawn so far": (
            edit("(u[:, i] <= p).float()", "p", "return x", "return (u <= x).float()")
        ),
        "you give each variable its more probable value without using u. That is a threshold, not "
        "a random draw. A variable is 1 if u ≤ p": edit("u[:, i] <= p", "p >= 0.5"),
        "your comparison is reversed, so a variable is 1 with probability 1 − p. It must be 1 if "
        "u ≤ p": edit("<= p", ">= p"),
        "you use column t of u at step t. Column i of u decides variable i, at whatever step it is "
        "drawn": edit("u[:, i]", "u[:, order[i] - 1]"),
        "you compare u with a logit, which is not a probability. Use p "
        "= torch.sigmoid(logit)": edit("torch.sigmoid(forward(x)[:, i])", "forward(x)[:, i]"),
        "you call forward with u, but it needs x, which begins as zeros and holds the values drawn "
        "so far. The network never sees u": edit("forward(x)", "forward(u)"),
        "at step t you write the value into column t of x, but it belongs in column i, where i is "
        "the variable of this step": edit("x[:, i]", "x[:, order[i] - 1]"),
        "at step t you use column t of x and u, but columns belong to variables. Use column i of "
        "x, u and the logits, where i is the variable of this step": edit(
            "x[:, i]", "x[:, order[i] - 1]", "u[:, i]", "u[:, order[i] - 1]"
        ),
        "these are the probabilities of a 1, but a sample has zeros and ones. A variable is 1 if u "
        "≤ p": (lambda forward, order, u: torch.sigmoid(forward(sample(forward, order, u)))),
        "you apply the sigmoid twice. Applied once, it gives a probability. Applied twice, it "
        "gives a number between ½ and 0.73": edit("[:, i])", "[:, i]).sigmoid()"),
        "you only draw the variable of the smallest degree, and the others stay 0. Is `return` "
        "inside the loop? It belongs below it": edit("argsort(order)", "argsort(order)[:1]"),
        "the variable of the largest degree is never drawn and stays 0, because your loop ends one "
        "step early": edit("argsort(order)", "argsort(order)[:-1]"),
        "the variable of the smallest degree is never drawn and stays 0, because your loop begins "
        "one step late": edit("argsort(order)", "argsort(order)[1:]"),
        "your loop goes through the degrees, and uses column t of u. At step t, use the variable "
        "argsort(order)[t] for x, u and the logits": edit(
            "i in torch.argsort(order).tolist()",
            "t, i in enumerate((order - 1).tolist())",
            "u[:, i]",
            "u[:, t]",
        ),
        "x[i] is a row, but a variable is a column. Use x[:, i], and the same for u "
        "and the logits": edit(")[:, i]", ")[i]", "x[:, i]", "x[i]", "u[:, i]", "u[i]"),
        "you create x again in each step, so the earlier values are lost. Create x "
        "before the loop": edit("p = ", "x = torch.zeros_like(u)\n        p = "),
        "your loop uses numbers up to D as columns, but columns count from 0. argsort(order) lists "
        "the variable of each step, counted from 0; order counts from 1, and order[i] is the step "
        "of variable i": edit("torch.argsort(order)", "order"),
        "all rows use the probability of the first row. Use the whole "
        "column, forward(x)[:, i]": edit("[:, i])", "[:1, i])"),
    },
    views=dtype_views(torch.float32, torch.float64),
)
