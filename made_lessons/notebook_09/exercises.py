"""Notebook 09: a NADE's weights in a MADE, a hundredth of a good model, a window, an own table."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import BoolTensor, Tensor, nn

from made_course.data.tables import example_table, load_table
from made_course.leaks.dependence import binary_points
from made_course.model.made import MADE
from made_course.training.fit import fit

from ..checking.calls import run
from ..checking.exercise import Misformed, Slip, Wrong, exercise, slip
from ..checking.in_words import written
from ..checking.trained_models import (
    causes,
    honest_nll,
    in_a_line,
    judge_nll,
    points_of_chance,
)
from ..checking.variants import drawn, further_cases, one_of

# ---- 9.1 ----------------------------------------------------------------------------------------


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


# ---- 9.2 ----------------------------------------------------------------------------------------


@exercise(
    "9.2",
    "A hundredth of a good model",
    stars=2,
    cases=(
        (torch.tensor([-1.0, -2.5, -4.0]), torch.tensor([-2.0, -0.5, -4.0]), 0.25),
        (torch.tensor([-70.0, -130.0, -250.0]), torch.full((3,), -543.0), 0.01),
        (torch.tensor([-3.0, -200.0]), torch.tensor([-math.inf, -0.5]), 0.5),
        (torch.tensor([-800.0, -999.0]).double(), torch.tensor([-802.0, -990.0]).double(), 0.25),
    ),
    vary=further_cases(lambda word: (*(9 * drawn(word, 2, 3) - 90), drawn(f"{word} p").item())),
    hints=(
        "The probability of x under the mixture is share · p(x) + (1 - share) · q(x). You have the "
        "logarithms of p(x) and q(x), which may be far too small for exp.",
        "log(share · p) is log(share) + log p. And torch.logaddexp(a, b) is log(exp(a) + exp(b)), "
        "computed without leaving logarithms.",
    ),
)
def mix(log_p: Tensor, log_q: Tensor, share: float) -> Tensor:
    """log(share · p + (1 - share) · q), without leaving logarithms."""
    return torch.logaddexp(math.log(share) + log_p, math.log1p(-share) + log_q)


slip(
    "these are averages of log-probabilities. A mixture averages probabilities; the "
    "logarithm comes last",
    lambda log_p, log_q, share: share * log_p + (1 - share) * log_q,
)
slip(
    "the shares divide the probabilities here, as a logarithm that is taken off does: add "
    "log(share) and log(1 - share)",
    lambda log_p, log_q, share: torch.logaddexp(
        log_p - math.log(share), log_q - math.log1p(-share)
    ),
)
slip(
    "the shares are missing: this is log(p + q)",
    lambda log_p, log_q, share: torch.logaddexp(log_p, log_q),
)
slip(
    "a share that multiplies p is added to log p, as log(share): share · log p is the "
    "logarithm of p to a power",
    lambda log_p, log_q, share: torch.logaddexp(share * log_p, (1 - share) * log_q),
)
slip(
    "log_p and log_q are logarithms already, and negative: a mixture averages what they "
    "are the logarithms of",
    lambda log_p, log_q, share: (share * log_p + (1 - share) * log_q).log(),
)
slip(
    "q has no share: it has the rest, 1 - share, whose logarithm is added to log q",
    lambda log_p, log_q, share: torch.logaddexp(math.log(share) + log_p, log_q),
)
slip(
    "q has the share of p, too: its own is 1 - share",
    lambda log_p, log_q, share: math.log(share) + torch.logaddexp(log_p, log_q),
)
slip(
    "log(share) is taken from log q, which divides q by it: q has the share 1 - share, so add "
    "log(1 - share)",
    lambda log_p, log_q, share: torch.logaddexp(log_p + math.log(share), log_q - math.log(share)),
)
slip(
    "the shares themselves are added to logarithms: add their logarithms",
    lambda log_p, log_q, share: torch.logaddexp(share + log_p, 1 - share + log_q),
)
slip(
    "the larger of the two is not yet their sum: torch.logaddexp adds the smaller one, too",
    lambda log_p, log_q, share: torch.maximum(math.log(share) + log_p, math.log1p(-share) + log_q),
)
slip(
    "a sum of logarithms is the logarithm of a product. A mixture adds: torch.logaddexp",
    lambda log_p, log_q, share: math.log(share) + log_p + math.log1p(-share) + log_q,
)


# ---- 9.3 ----------------------------------------------------------------------------------------


def _window(side: int) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    return ((row[:, None] - row).abs() <= 1) & ((column[:, None] - column).abs() <= 1)


def _past(side: int, strict: bool) -> BoolTensor:
    return torch.ones(side**2, side**2).tril(-1 if strict else 0).bool()


@exercise(
    "9.3",
    "A window as a mask",
    stars=2,
    cases=((4, True), (3, True), (4, False)),
    vary=further_cases(lambda word: (one_of(word, [2, 5, 6]), one_of(word, [True, False]))),
    hints=(
        "Pixel i stands in row i // side and column i % side. When are two pixels in one window of "
        "3 × 3, and which of them comes earlier?",
        "row[:, None] - row is (D, D): the row of the output minus the row of the input. In the "
        "window both differences, of rows and of columns, are -1, 0 or 1.",
        "Three conditions, joined by &: near in rows, near in columns, and earlier: place < "
        "place[:, None], or <= where it is not strict.",
    ),
)
def window_mask(side: int, strict: bool) -> BoolTensor:
    """Neighbours in row and column that come earlier, row by row, and oneself unless strict."""
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near_row = (row[:, None] - row).abs() <= 1
    near_column = (column[:, None] - column).abs() <= 1
    earlier = place < place[:, None] if strict else place <= place[:, None]
    return near_row & near_column & earlier


@slip(
    "the window wraps around: the last pixel of a row and the first of the next differ by "
    "1 in number, and are no neighbours. Compare rows and columns"
)
def _by_differences(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    back = place[:, None] - place
    wanted = [1, side - 1, side, side + 1] + [0] * (not strict)
    return torch.isin(back, torch.tensor(wanted))


slip(
    "the whole window is open, later pixels, too: keep those that come earlier",
    lambda side, strict: _window(side) & ~(torch.eye(side**2).bool() & strict),
)
slip(
    "these are all earlier pixels, which is MADE's mask: a window reaches one row and one "
    "column far",
    _past,
)


@slip("the corners of the window are missing: a neighbour may be one row and one column away")
def _without_diagonals(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    steps = (row[:, None] - row).abs() + (column[:, None] - column).abs()
    return (steps <= 1) & _past(side, strict)


@slip("the window is 5 × 5: in one of 3 × 3 rows and columns differ by at most 1")
def _wide_window(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near = (row[:, None] - row).abs() <= 2, (column[:, None] - column).abs() <= 2
    return near[0] & near[1] & _past(side, strict)


@slip(
    "the window is measured in numbers of pixels, which run on from row to row: compare "
    "rows and columns"
)
def _by_numbers(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    return ((place[:, None] - place) <= side + 1) & _past(side, strict)


@slip("near in rows *or* in columns is a cross of stripes: a window needs both, joined by &")
def _row_or_column(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    row, column = place // side, place % side
    near = (row[:, None] - row).abs() <= 1, (column[:, None] - column).abs() <= 1
    return (near[0] | near[1]) & _past(side, strict)


@slip(
    "the pixel up and to the right is missing: it stands in the row above, so it comes "
    "earlier, though its column is larger"
)
def _without_the_right(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side)
    column = place % side
    return window_mask(side, strict) & (column[:, None] >= column)


@slip(
    "pixels are counted row by row, and here column by column: the row is i // side, the "
    "column i % side"
)
def _column_by_column(side: int, strict: bool) -> BoolTensor:
    place = torch.arange(side * side).view(side, side).T.flatten()
    return window_mask(side, strict)[place][:, place]


slip(
    "the matrix has side rows in your code: it has one for each of the side² pixels",
    lambda side, strict: torch.ones(side, side).tril(-1 if strict else 0).bool(),
)
slip(
    "this is the window itself. The matrix says for each of the side² pixels which of the "
    "side² it sees",
    lambda side, strict: torch.tensor([[1, 1, 1], [1, 1 - strict, 0], [0, 0, 0]]).bool(),
)


# ---- 9.4 ----------------------------------------------------------------------------------------

NATS_TO_BEAT = """
14.21 18.16 8.57 4.51 12.21 10.40 12.36 12.73 11.10 13.00 10.41 17.25 10.81 9.55 12.06 19.75
6.93 4.83 14.26 9.72 8.60 12.19 10.70 5.18 4.51 7.40 4.54 4.54 6.32 13.71 8.24 17.83 6.26 6.38
6.81 12.73 8.86 4.54 10.65 13.10 9.03 10.17 10.07 4.45 11.38 4.83 14.95 12.38 13.18 5.41 8.33
13.06 6.60 5.99 5.42 12.74 7.07 12.37 14.92 10.94 13.49 5.06 15.56 7.22 7.96 8.30 6.49 4.53 6.93
6.32 16.54 10.11 14.42 13.30 8.44 8.35 19.41 9.13 13.42 12.32 4.95 12.03 15.19 16.96 7.62 16.08
5.71 13.38 22.73 7.60 12.61 10.15 6.38 8.09 5.71 10.92 4.56 7.75 22.25 11.87
"""
"""Nats of each member that the exercise keeps under section 7's MADE: the mean of five, seeds 0 to
4, that learned from 285 of the 335 permitted rows and were stopped by the other 50."""
INDEPENDENT = 22.2
BANDS = (
    (10.0, "That is better than anything that was tried when this course was made."),
    (10.2, "That is what a good idea and some patience bring."),
    (math.inf, "It is beaten. What would go further?"),
)


_CAUSES = causes("row", "column", 33)


def _examine_challenger(model: object) -> str:
    kept = _kept_rows()
    return _judge(honest_nll(model, kept, points_of_chance(kept, 20), _CAUSES))


def _judge(nll: Tensor) -> str:
    """Say how good the NLL of the kept members is, against section 7 member by member."""
    to_beat = torch.tensor([float(nats) for nats in NATS_TO_BEAT.split()])
    kept = f"the {len(nll)} members that this exercise keeps"
    said = judge_nll(
        nll.mean().item(),
        kept=kept,
        to_beat=round(to_beat.mean().item(), 2),
        independent=INDEPENDENT,
        bands=BANDS,
        causes=_CAUSES,
    )
    better = to_beat - nll
    gain, error = better.mean().item(), better.std().item() / math.sqrt(len(nll))
    if gain <= 2 * error:
        raise Wrong(
            f"the model is honest and {gain:.2f} nats better than section 7's, but the standard "
            f"error of this difference, member by member, is {error:.2f}: luck alone may bring up "
            "to two of these",
            tried=kept,
            expected=f"more than {2 * error:.2f} nats less than {to_beat.mean():.2f}",
            came=f"{nll.mean():.2f} nats",
        )
    return f"{said} Member by member it is {gain:.2f} ± {error:.2f} nats below section 7's model."


@cache
def _kept_rows() -> Tensor:
    return torch.cat([*load_table(example_table().with_name("votes_kept.csv"))])


@exercise(
    "9.4",
    "A better model of the table",
    stars=3,
    is_open=True,
    examine=_examine_challenger,
    is_value=True,
    hints=(
        "All 335 rows may be learned from: the exercise keeps 100 others. Dropout and direct "
        "connections help a little. What could be averaged?",
        "Notebook 7: within one ordering a mean of logits is an honest model. Train several, each "
        "stopped by another part of the rows; give all the same ordering.",
        "A module whose forward(x) is torch.stack([m(x) for m in members]).mean(0), and whose "
        "log_prob(x) is minus the cross-entropies with these logits, summed over columns.",
    ),
    slips=in_a_line(_CAUSES),
)
def mean_of_three() -> nn.Module:
    """Three models of one ordering, each stopped by other rows; the mean of their logits."""

    class MeanOfLogits(nn.Module):
        def __init__(self, members: list[MADE]) -> None:
            super().__init__()
            self.members = nn.ModuleList(members)

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([member(x) for member in self.members]).mean(0)

        def log_prob(self, x: Tensor) -> Tensor:
            signs = 2 * x - 1
            return nn.functional.logsigmoid(signs * self(x)).sum(1)

    torch.manual_seed(0)
    rows = torch.cat([*load_table(example_table())])
    ordering = torch.randperm(33)
    members = []
    for part in range(3):
        apart = torch.arange(len(rows)) % 5 == part
        model = MADE(33, (200,), ordering=ordering, degrees="even", direct=True, dropout=0.5)
        how = {"lr": 0.03, "patience": 8, "precision": "float32", "seed": 0, "progress": False}
        fit(model, rows[~apart], rows[apart], epochs=300, batch_size=64, **how)
        members.append(model)
    return MeanOfLogits(members)
