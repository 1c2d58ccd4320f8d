"""Exercise 9.1: NADE as a MADE whose hidden units have tied weights."""

from functools import cache

import torch
from torch import Tensor

from made_course.leaks.dependence import binary_points

from ..checking import ABSOLUTE, Exercise, View, as_text, edit, run
from ..checking.exercise import MalformedAnswer, WrongAnswer
from ..checking.value_text import kind_of


@cache
def _draw_nades() -> tuple[tuple[Tensor, ...], ...]:
    generator = torch.Generator().manual_seed(0)
    found = []
    for H, order in ((2, [3, 1, 2]), (4, [2, 4, 1, 3])):
        D = len(order)
        W, V = (torch.randn(shape, generator=generator) for shape in ((H, D), (D, H)))
        c, b = (torch.randn(n, generator=generator) for n in (H, D))
        found.append((W, c, V, b, torch.tensor(order)))
    return tuple(found)


def _logits_of(answer: object, *nade: Tensor) -> Tensor:
    """Return the logits (2^D, D) that an answer gives for all binary rows, in float64."""
    W, c, V, b, order = nade
    (D, H), parts = V.shape, run(answer, W, c, V, order)
    shapes, got = [(D * H, D), (D * H,), (D, D * H)], type(parts).__name__
    if isinstance(parts, list | tuple):
        kinds = [tuple(p.shape) if isinstance(p, Tensor) else kind_of(p) for p in parts]
        got = f"shapes {kinds}"
    if got != f"shapes {shapes}":
        raise MalformedAnswer(
            "return three tensors, weight, bias and out, for D · H hidden units, H of each degree "
            "from 0 to D-1",
            got=got,
            expected=f"shapes {shapes}",
        )
    weight, bias, out = (part.detach().double() for part in parts)
    logits = torch.sigmoid(binary_points(D).double() @ weight.T + bias) @ out.T + b.double()
    if not all(bool(part.isfinite().all()) for part in (weight, bias, out)):
        cause = "some of your weights are not finite numbers"
        raise WrongAnswer(cause, got=f"logits {as_text(logits[0].float())}")
    return logits


def _describe_call(answer: object, *nade: Tensor) -> str:
    (D, H), order = nade[2].shape, nade[4].tolist()
    return f"tie(W, c, V, order) with D = {D}, H = {H} and order {order}, for all x"


def _explain_outputs(answer: object, got: Tensor, right: Tensor) -> str:
    apart = (got - right).abs().amax(0) > ABSOLUTE
    wrong = [f"x{i + 1}" for i in apart.nonzero().ravel().tolist()]
    return (
        f"the logits differ for {', '.join(wrong)}. The output of order d must see H units, "
        "through its row of V. Each of these units must see all variables of order less than d, "
        "through W and c"
    )


def tie(W: Tensor, c: Tensor, V: Tensor, order: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights of a MADE with a copy of NADE's hidden layer for each degree 0..D-1."""
    D, H = V.shape
    degree = torch.arange(D).repeat_interleave(H)
    inputs = order <= degree[:, None]
    outputs = degree == order[:, None] - 1
    return W.repeat(D, 1) * inputs, c.repeat(D), V.repeat(1, D) * outputs


EXERCISE = Exercise(
    title="NADE as a MADE with tied units",
    stars=3,
    reference=tie,
    message="On all binary rows, your MADE and the NADE have the same logits.",
    hints=(
        "Copy the hidden layer D times. Copy number d, counted from 0, has degree d, so it sees "
        "the variables of order d or less. Which copy must the output of order d see?",
        "`W.repeat(D, 1)`, `c.repeat(D)` and `V.repeat(1, D)` have the right shapes. Two masks are "
        "missing. `degree = torch.arange(D).repeat_interleave(H)` is the degree of each unit, "
        "which is the number of its copy.",
        "The mask of `weight` is `order <= degree[:, None]`, of shape (D·H, D). The mask of `out` "
        "picks one copy: `degree == order[:, None] - 1`, of shape (D, D·H).",
    ),
    mistakes={
        "your outputs see the units of their own degree, which see the output's variable, so "
        "they leak. The output of degree d must see the copy of degree d − 1": edit(
            "order[:, None] - 1", "order[:, None]"
        ),
        "your outputs see all copies that they may see, and add them up. In a NADE, an output "
        "sees one hidden layer, which sees all d − 1 variables before it": edit(
            "degree == order[:, None] - 1", "degree < order[:, None]"
        ),
        "each of your copies misses one variable, but the copy of degree d must see d variables, "
        "including the d-th": edit("order <= degree", "order < degree"),
        "each of your copies sees all variables, so this is an autoencoder. The copy of degree d "
        "must see the variables of order d or less": edit("order <= degree[:, None]", "order > 0"),
        "the bias c is missing. Each copy has it, even the copy that sees nothing": edit(
            "c.repeat(D)", "torch.zeros(D * H)"
        ),
        "you swapped ordering and order. order[i] is the step of variable i. In the natural "
        "ordering, both are the same": (
            lambda W, c, V, order: tie(W, c, V, torch.argsort(order) + 1)
        ),
        "your degrees and weights are in different orders. W.repeat(D, 1) lists the H units of "
        "copy 0, then those of copy 1, and so on, so the degrees must be H zeros, then H ones, and "
        "so on. Use repeat_interleave(H), not repeat(H)": edit("repeat_interleave(H)", "repeat(H)"),
        "each output sees a copy that sees the output's variable, so it leaks. If your degrees go "
        "from 1 to D, they are one too high, because the first copy must see nothing": edit(
            "order <= degree[:, None]", "order <= degree[:, None] + 1"
        ),
        "the second mask is missing, so your outputs see all copies, even those that see the "
        "output's own variable. An output must see one copy": edit(
            "degree == order[:, None] - 1", "degree > -1"
        ),
        "your first comparison is reversed. The copy of degree d must see the variables of order d "
        "or less": edit("order <= degree", "order >= degree"),
        "each of your copies sees only one variable, but copy d must see the first d variables, "
        "not only the d-th": edit("order <= degree", "order == degree"),
        "all your outputs see the last copy, which sees almost everything, but the output of "
        "degree d must see the copy of degree d − 1": edit(
            "degree == order[:, None] - 1", "degree == D - 1"
        ),
        "your first mask selects units, which are the rows of W, but it must select variables, "
        "which are the columns of W, by their order": edit(
            "order <= degree[:, None]", "(torch.arange(D * H) % H <= degree)[:, None]"
        ),
        "you reshaped or transposed V, which mixes its numbers, but the output of variable i needs "
        "row i of V unchanged": edit("V.repeat", "V.T.reshape(D, H).repeat"),
        "out is sorted by unit, but weight is sorted by copy. In both, the H units of copy d must "
        "have the indices d · H to (d + 1) · H − 1": edit(
            "V.repeat(1, D) * outputs",
            "V.repeat_interleave(D, 1) * (torch.arange(D * H) % D == order[:, None] - 1)",
        ),
        "you took the variables in the order in which they are stored, but order[i] is the step of "
        "variable i": (lambda W, c, V, order: tie(W, c, V, torch.arange(len(order)) + 1)),
        "you returned only the masks. Multiply W and V by them, so that the weights that remain "
        "keep their values": lambda W, c, V, order: tie(W**0, c, V**0, order),
        "you set the bias of the copy of degree 0 to zero. It sees nothing, but it has the bias c, "
        "because in a NADE the first variable's hidden layer is σ(c)": edit(
            "c.repeat(D)", "c.repeat(D) * (degree > 0)"
        ),
        **{
            f"{name} is repeated in a different order from the rest. repeat lists all H units of "
            "copy 0, then those of copy 1, but repeat_interleave lists each unit D times in a row. "
            "All three tensors and the degrees must have the same order": edit(repeat, instead)
            for name, repeat, instead in (
                ("W", "W.repeat(D, 1)", "W.repeat_interleave(D, 0)"),
                ("c", "c.repeat(D)", "c.repeat_interleave(D)"),
                ("V", "V.repeat(1, D)", "V.repeat_interleave(D, 1)"),
            )
        },
    },
    views=[
        View(_logits_of, _describe_call, _explain_outputs, cases=(nade,)) for nade in _draw_nades()
    ],
)
