"""9.1: NADE as a MADE with tied units."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from made_course.leaks.dependence import binary_points

from ..checking.calls import run
from ..checking.exercise import Misformed, Slip, Wrong, exercise
from ..checking.in_words import written


def _tied(W, c, V, order, *, sees=None, heard=None, bias=True, each=False):
    """What comes out where a part of the reference is different."""
    D, H = V.shape
    degree = torch.arange(D).repeat(H) if each else torch.arange(D).repeat_interleave(H)
    sees = order <= degree[:, None] if sees is None else sees(order, degree[:, None])
    heard = degree == order[:, None] - 1 if heard is None else heard(order[:, None], degree)
    c = c.repeat(D) if bias else torch.zeros(D * H).to(c)
    return W.repeat(D, 1) * sees, c, V.repeat(1, D) * heard


def _ordering_for_order(W, c, V, order):
    return tie(W, c, V, torch.argsort(order) + 1)


def _natural(W, c, V, order):
    return tie(W, c, V, torch.arange(len(order)) + 1)


def _in_another_sequence(name):
    """Repeat one of the three by repeat_interleave, where the other two are repeated as a whole."""

    def tied(W, c, V, order):
        D, H = V.shape
        part = {"W": W, "c": c, "V": V.T}[name]
        rows = torch.arange(H).repeat_interleave(D)[:, None] == torch.arange(H)
        weight, bias, out = tie(torch.ones_like(W), torch.ones_like(c), torch.ones_like(V), order)
        wide = {"W": W.repeat(D, 1), "c": c.repeat(D), "V": V.T.repeat(D, 1)}
        wide[name] = rows.to(part) @ part
        return weight * wide["W"], bias * wide["c"], out * wide["V"].T

    return tied


def _only_masks(W, c, V, order):
    weight, bias, out = tie(torch.ones_like(W), c, torch.ones_like(V), order)
    return weight, bias, out


def _first_without_bias(W, c, V, order):
    weight, bias, out = tie(W, c, V, order)
    return weight, bias * (torch.arange(len(bias)) >= len(c)), out


_TIE_SLIPS = (
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, heard=lambda o, degree: degree == o),
        "an output hears the units of its own degree, and these have seen its variable: it leaks. "
        "The output of degree d hears the copy of degree d − 1",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, heard=lambda o, degree: degree < o),
        "an output hears every copy that it may hear, and adds them all up: in a NADE it hears "
        "one hidden layer, the one that has seen all d − 1 variables before it",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, sees=lambda o, degree: o < degree),
        "each copy misses one variable: degree d means that it has seen d variables, the d-th, too",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, sees=lambda o, degree: o > 0),
        "every copy sees all variables: this is an autoencoder. The copy of degree d sees those of "
        "order d and less",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, bias=False),
        "the units have lost their bias c: each copy has it, the one that sees nothing, too",
    ),
    Slip(
        _ordering_for_order,
        "ordering and order are swapped somewhere: order[i] says at which step variable i comes. "
        "In the natural ordering nobody notices",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, each=True),
        "degrees and weights stand in different sequences: W.repeat gives all H units, then all H "
        "again, so degrees must be 0 H times, then 1 H times: repeat_interleave",
    ),
    Slip(
        lambda W, c, V, order: _tied(
            W, c, V, order, sees=lambda o, d: o <= d + 1, heard=lambda o, d: o == d + 1
        ),
        "each output hears a copy that has seen its own variable: it leaks. If your degrees go "
        "from 1 to D, they are one too high: the first copy sees nothing",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, heard=lambda o, degree: degree > -1),
        "every output hears all copies, those that have seen its own variable, too: the second "
        "mask is missing. An output hears one copy",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, sees=lambda o, degree: o >= degree),
        "the first comparison is turned round: the copy of degree d sees variables of order d and "
        "less, not more",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, sees=lambda o, degree: o == degree),
        "each copy sees one variable: copy d has seen all d variables that come first, and not "
        "only the d-th",
    ),
    Slip(
        lambda W, c, V, order: _tied(W, c, V, order, heard=lambda o, d: d == d.max()),
        "all outputs hear the last copy, which has seen almost everything: the output of degree d "
        "hears the copy of degree d − 1",
    ),
    Slip(
        lambda W, c, V, order: _tied(
            W, c, V, order, sees=lambda _, d: torch.arange(len(d))[:, None] % len(c) <= d
        ),
        "the first mask chooses among units, which are the rows of W: it has to choose among "
        "variables, its columns, by their order",
    ),
    Slip(
        lambda W, c, V, order: tie(W, c, V.T.reshape(V.shape), order),
        "V is reshaped, or transposed, which mixes its numbers: the output of variable i has row i "
        "of V as it stands",
    ),
    Slip(
        lambda W, c, V, order: (
            *tie(W, c, V, order)[:2],
            V.repeat_interleave(len(order), 1)
            * (torch.arange(V.numel()) % len(V) == order[:, None] - 1),
        ),
        "out stands unit by unit, and weight copy by copy: the H units of copy d are d · H to "
        "(d + 1) · H − 1 in both",
    ),
    Slip(
        _natural,
        "variables are taken in the sequence in which they are stored: it is order that says at "
        "which step each comes",
    ),
    Slip(
        _only_masks,
        "these are the masks alone: a weight stays what it is where the mask lets it through, so "
        "multiply W and V by them",
    ),
    Slip(
        _first_without_bias,
        "the copy of degree 0 sees nothing, and has its bias c all the same: in a NADE the first "
        "variable's hidden layer is σ(c)",
    ),
    *(
        Slip(
            _in_another_sequence(name),
            f"{name} is repeated in another sequence than the rest: repeat gives all H units, then "
            "all H again, and repeat_interleave each unit D times. All three, and the degrees, "
            "must go together",
        )
        for name in ("W", "c", "V")
    ),
)


def _logits(weight: Tensor, bias: Tensor, out: Tensor, b: Tensor, x: Tensor) -> Tensor:
    weight, bias, out = (part.double() for part in (weight, bias, out))
    return torch.sigmoid(x @ weight.T + bias) @ out.T + b


def _nade_logits(W: Tensor, c: Tensor, V: Tensor, b: Tensor, order: Tensor, x: Tensor) -> Tensor:
    return _logits(*tie(W, c, V, order), b, x)


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


def _examine_tie(answer: object) -> str:
    largest = 0.0
    for W, c, V, b, order in _nades():
        D, H = V.shape
        tried = f"tie(W, c, V, order) with D = {D}, H = {H} and order {order.tolist()}"
        came = run(answer, W, c, V, order)
        try:
            weights = _as_weights(came, D, H)
        except Wrong as wrong:
            wrong.tried = tried
            raise
        x = binary_points(D).double()
        expected = _nade_logits(W, c, V, b, order, x)
        logits = _logits(*weights, b, x)
        apart = (logits - expected).abs()
        if bool(logits.isnan().any()):
            raise Wrong(
                "there are numbers among these weights that are not finite",
                tried=tried,
                came=f"logits {written(logits[0].float())}",
            )
        if apart.max() < 1e-6:
            largest = max(largest, apart.max().item())
            continue
        row = int(apart.amax(1).argmax())
        by_slip = [_logits(*slip.answer(W, c, V, order), b, x) for slip in _TIE_SLIPS]
        causes = [
            slip.cause
            for slip, theirs in zip(_TIE_SLIPS, by_slip, strict=True)
            if torch.allclose(logits, theirs, atol=1e-5)
        ]
        raise Wrong(
            next(iter(causes), _which_outputs(apart)),
            tried=f"{tried}, at x = {x[row].int().tolist()}",
            expected=f"the NADE's logits {written(expected[row].float())}",
            came=written(logits[row].float()),
        )
    return f"On all binary rows the two differ by less than 1e-6 (largest: {largest:.0e})."


def _as_weights(came: object, D: int, H: int) -> list[Tensor]:
    shapes = (D * H, D), (D * H,), (D, D * H)
    if not isinstance(came, list | tuple) or len(came) != 3:
        few = isinstance(came, list | tuple)
        raise Misformed(
            "three tensors are needed: return weight, bias, out",
            came=f"{len(came)} of them" if few else type(came).__name__,
            expected="a tuple of three tensors",
        )
    came_shapes = [tuple(getattr(part, "shape", ())) for part in came]
    if came_shapes != [*shapes] and sorted(came_shapes) == sorted(shapes):
        cause = "the three tensors stand in another order: return weight, bias, out"
        raise Misformed(cause, came=f"shapes {came_shapes}", expected=f"shapes {[*shapes]}")
    names = "weight", "bias", "out"
    for name, part, shape in zip(names, came, shapes, strict=True):
        if not isinstance(part, Tensor) or part.shape != shape:
            kind = f"shape {tuple(part.shape)}" if isinstance(part, Tensor) else type(part).__name__
            raise Misformed(
                f"{name} must be a tensor of D · H units: H for each degree 0..D-1",
                came=kind,
                expected=f"shape {shape}",
            )
    return [part.detach() for part in came]


def _which_outputs(apart: Tensor) -> str:
    wrong = [f"x{i + 1}" for i in (apart.amax(0) >= 1e-6).nonzero().ravel().tolist()]
    return (
        f"the logits differ for {', '.join(wrong)}. The output of order d must hear H units, with "
        "its row of V, and each of them all variables of order less than d, with W and c"
    )


@exercise(
    "9.1",
    "NADE as a MADE with tied units",
    stars=3,
    examine=_examine_tie,
    hints=(
        "Copy the hidden layer D times. Copy number d, counted from 0, has degree d: it sees the "
        "variables of order d and less. Which copy does the output of order d hear?",
        "W.repeat(D, 1), c.repeat(D) and V.repeat(1, D) have the right shapes. What is left are "
        "two masks; degree = torch.arange(D).repeat_interleave(H) says which copy a unit is in.",
        "The mask of the weights is order <= degree[:, None], (D·H, D). That of the outputs picks "
        "one copy: degree == order[:, None] - 1, (D, D·H).",
    ),
    slips=_TIE_SLIPS,
)
def tie(W: Tensor, c: Tensor, V: Tensor, order: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A copy of NADE's hidden layer for each degree 0..D-1: it sees that many variables."""
    D, H = V.shape
    degree = torch.arange(D).repeat_interleave(H)
    sees = order <= degree[:, None]
    heard = degree == order[:, None] - 1
    return W.repeat(D, 1) * sees, c.repeat(D), V.repeat(1, D) * heard
