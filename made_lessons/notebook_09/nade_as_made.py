"""9.1: NADE as a MADE with tied units."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from made_course.leaks.dependence import binary_points

from ..checking import ABSOLUTE, Misformed, View, Wrong, but, exercise, known_mistakes, run, written


def _logits(weight: Tensor, bias: Tensor, out: Tensor, b: Tensor, x: Tensor) -> Tensor:
    weight, bias, out = (part.double() for part in (weight, bias, out))
    return torch.sigmoid(x @ weight.T + bias) @ out.T + b


@cache
def _nades() -> tuple[tuple[Tensor, ...], ...]:
    generator = torch.Generator().manual_seed(0)
    found = []
    for H, order in ((2, [3, 1, 2]), (4, [2, 4, 1, 3])):
        D = len(order)
        W, V = (torch.randn(shape, generator=generator) for shape in ((H, D), (D, H)))
        c, b = (torch.randn(n, generator=generator) for n in (H, D))
        found.append((W, c, V, b, torch.tensor(order)))
    return tuple(found)


def _seen(answer: object, W: Tensor, c: Tensor, V: Tensor, b: Tensor, order: Tensor) -> Tensor:
    """Compute the logits of the tied weights for all binary rows."""
    D, H = V.shape
    weights = _as_weights(run(answer, W, c, V, order), D, H)
    logits = _logits(*weights, b.double(), binary_points(D).double())
    if bool(logits.isnan().any()):
        cause = "there are numbers among these weights that are not finite"
        raise Wrong(cause, got=f"logits {written(logits[0].float())}")
    return logits


def _tried(answer: object, W: Tensor, c: Tensor, V: Tensor, b: Tensor, order: Tensor) -> str:
    D, H = V.shape
    return f"tie(W, c, V, order) with D = {D}, H = {H} and order {order.tolist()}, for all x"


def _said(answer: object) -> str:
    largest = max((_seen(answer, *n) - _seen(tie, *n)).abs().max().item() for n in _nades())
    return f"On all binary rows the two differ by less than 1e-6 (largest: {largest:.0e})."


def _as_weights(got: object, D: int, H: int) -> list[Tensor]:
    shapes = (D * H, D), (D * H,), (D, D * H)
    if not isinstance(got, list | tuple) or len(got) != 3:
        few = isinstance(got, list | tuple)
        raise Misformed(
            "three tensors are needed: return weight, bias, out",
            got=f"{len(got)} of them" if few else type(got).__name__,
            expected="a tuple of three tensors",
        )
    came_shapes = [tuple(getattr(part, "shape", ())) for part in got]
    if came_shapes != [*shapes] and sorted(came_shapes) == sorted(shapes):
        cause = "the three tensors stand in another order: return weight, bias, out"
        raise Misformed(cause, got=f"shapes {came_shapes}", expected=f"shapes {[*shapes]}")
    names = "weight", "bias", "out"
    for name, part, shape in zip(names, got, shapes, strict=True):
        if not isinstance(part, Tensor) or part.shape != shape:
            kind = f"shape {tuple(part.shape)}" if isinstance(part, Tensor) else type(part).__name__
            raise Misformed(
                f"{name} must be a tensor of D · H units: H for each degree 0..D-1",
                got=kind,
                expected=f"shape {shape}",
            )
    return [part.detach() for part in got]


def _which_outputs(answer: object, got: Tensor, right: Tensor) -> str:
    apart = (got - right).abs().amax(0) > ABSOLUTE
    wrong = [f"x{i + 1}" for i in apart.nonzero().ravel().tolist()]
    return (
        f"the logits differ for {', '.join(wrong)}. The output of order d must hear H units, with "
        "its row of V, and each of them all variables of order less than d, with W and c"
    )


@exercise(
    "9.1",
    "NADE as a MADE with tied units",
    stars=3,
    views=[View(_seen, _tried, _which_outputs, cases=(nade,)) for nade in _nades()],
    message=_said,
    hints=(
        "Copy the hidden layer D times. Copy number d, counted from 0, has degree d: it sees the "
        "variables of order d and less. Which copy does the output of order d hear?",
        "W.repeat(D, 1), c.repeat(D) and V.repeat(1, D) have the right shapes. What is left are "
        "two masks; degree = torch.arange(D).repeat_interleave(H) says which copy a unit is in.",
        "The mask of the weights is order <= degree[:, None], (D·H, D). That of the outputs picks "
        "one copy: degree == order[:, None] - 1, (D, D·H).",
    ),
)
def tie(W: Tensor, c: Tensor, V: Tensor, order: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A copy of NADE's hidden layer for each degree 0..D-1: it sees that many variables."""
    D, H = V.shape
    degree = torch.arange(D).repeat_interleave(H)
    sees = order <= degree[:, None]
    heard = degree == order[:, None] - 1
    return W.repeat(D, 1) * sees, c.repeat(D), V.repeat(1, D) * heard


known_mistakes(
    {
        "an output hears the units of its own degree, and these have seen its variable: it leaks. "
        "The output of degree d hears the copy of degree d − 1": but(
            "order[:, None] - 1", "order[:, None]"
        ),
        "an output hears every copy that it may hear, and adds them all up: in a NADE it hears one "
        "hidden layer, the one that has seen all d − 1 variables before it": but(
            "degree == order[:, None] - 1", "degree < order[:, None]"
        ),
        "each copy misses one variable: degree d means that it has seen d variables, the d-th, "
        "too": but("order <= degree", "order < degree"),
        "every copy sees all variables: this is an autoencoder. The copy of degree d sees those of "
        "order d and less": but("order <= degree[:, None]", "order > 0"),
        "the units have lost their bias c: each copy has it, the one that sees nothing, too": but(
            "c.repeat(D)", "torch.zeros(D * H)"
        ),
        "ordering and order are swapped somewhere: order[i] says at which step variable i comes. "
        "In the natural ordering nobody notices": (
            lambda W, c, V, order: tie(W, c, V, torch.argsort(order) + 1)
        ),
        "degrees and weights stand in different sequences: W.repeat gives all H units, then all H "
        "again, so degrees must be 0 H times, then 1 H times: repeat_interleave": but(
            "repeat_interleave(H)", "repeat(H)"
        ),
        "each output hears a copy that has seen its own variable: it leaks. If your degrees go "
        "from 1 to D, they are one too high: the first copy sees nothing": but(
            "order <= degree[:, None]", "order <= degree[:, None] + 1"
        ),
        "every output hears all copies, those that have seen its own variable, too: the second "
        "mask is missing. An output hears one copy": but(
            "degree == order[:, None] - 1", "degree > -1"
        ),
        "the first comparison is turned round: the copy of degree d sees variables of order d and "
        "less, not more": but("order <= degree", "order >= degree"),
        "each copy sees one variable: copy d has seen all d variables that come first, and not "
        "only the d-th": but("order <= degree", "order == degree"),
        "all outputs hear the last copy, which has seen almost everything: the output of degree d "
        "hears the copy of degree d − 1": but("degree == order[:, None] - 1", "degree == D - 1"),
        "the first mask chooses among units, which are the rows of W: it has to choose among "
        "variables, its columns, by their order": but(
            "order <= degree[:, None]", "(torch.arange(D * H) % H <= degree)[:, None]"
        ),
        "V is reshaped, or transposed, which mixes its numbers: the output of variable i has row i "
        "of V as it stands": but("V.repeat", "V.T.reshape(D, H).repeat"),
        "out stands unit by unit, and weight copy by copy: the H units of copy d are d · H to (d + "
        "1) · H − 1 in both": but(
            "V.repeat(1, D) * heard",
            "V.repeat_interleave(D, 1) * (torch.arange(D * H) % D == order[:, None] - 1)",
        ),
        "variables are taken in the sequence in which they are stored: it is order that says at "
        "which step each comes": (
            lambda W, c, V, order: tie(W, c, V, torch.arange(len(order)) + 1)
        ),
        "these are the masks alone: a weight stays what it is where the mask lets it through, so "
        "multiply W and V by them": lambda W, c, V, order: tie(W**0, c, V**0, order),
        "the copy of degree 0 sees nothing, and has its bias c all the same: in a NADE the first "
        "variable's hidden layer is σ(c)": but("c.repeat(D)", "c.repeat(D) * (degree > 0)"),
        **{
            f"{name} is repeated in another sequence than the rest: repeat gives all H units, then "
            "all H again, and repeat_interleave each unit D times. All three, and the degrees, "
            "must go together": but(repeat, instead)
            for name, repeat, instead in (
                ("W", "W.repeat(D, 1)", "W.repeat_interleave(D, 0)"),
                ("c", "c.repeat(D)", "c.repeat_interleave(D)"),
                ("V", "V.repeat(1, D)", "V.repeat_interleave(D, 1)"),
            )
        },
    }
)
