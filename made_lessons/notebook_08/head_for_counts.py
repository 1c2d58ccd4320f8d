"""8.4: a head for counts, whose log-probabilities and samples must belong together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from made_course.model.heads import Head

from ..checking.calls import compute_expected, run
from ..checking.causes import cause_of
from ..checking.comparing import require_same
from ..checking.edited_source import but
from ..checking.exercise import Misformed, Wrong, exercise, require_none, slips
from ..checking.in_words import written


@exercise(
    "8.4",
    "A head for counts",
    stars=3,
    examine=lambda answer: _examine(answer),
    hints=(
        "Write the probability down first: x failures and one success have (1 − q)^x · q. Take the "
        "logarithm, with log q = logsigmoid(z) and log(1 − q) = logsigmoid(−z).",
        "For sample: P(x ≤ k) = 1 − (1 − q)^(k+1). Which is the smallest k for which that is at "
        "least u? Bring k to one side. (A table of sums would be too long: at z = −18 half of all "
        "counts are above 45 million.)",
        "u ≤ 1 − (1 − q)^(k+1) means k + 1 ≥ ln(1 − u) / ln(1 − q). The floor of that quotient is "
        "such a k: (torch.log1p(-u) / logsigmoid(-z)).floor(). Keep u a little below 1.",
    ),
)
class Geometric(Head):
    """Counts 0, 1, 2, ... of failures before a success of probability q = σ(z)."""

    params_per_variable = 1

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """(..., 1), (...) → (...): x failures and a success."""
        z = params[..., 0]
        return logsigmoid(z) + x * logsigmoid(-z)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """(..., 1), (...) → (...): more than k failures have the probability (1 - q) ** (k + 1)."""
        log_fail = logsigmoid(-params[..., 0])
        u = u.clamp(max=1 - 1e-6)
        return (torch.log1p(-u) / log_fail).floor()


# ---- wrong answers ------------------------------------------------------------------------------

_RAISED = (
    "at moderate logits it is right, at large ones not: σ(z) is rounded to 0 or 1 there, and a "
    "small number that keeps the logarithm from 0 takes its place. logsigmoid is exact"
)
_LOG_PROB_FLAT = (
    "log_prob is right for one row of counts, and not where x has more dimensions: params[..., 0] "
    "has the shape of x in each case, params[:, 0] has not"
)
_IS_DENSITY = (
    "counts have probabilities, not densities: leave is_density out, or their nats are called "
    "differential ones"
)
_COIN = "sample gives 0 and 1 only, as for a coin: a count can be any whole number"
_ONE_MORE = "every sample is one too large: a share q of all u must give 0 failures"
_ONE_LESS = "every sample is one too small: a share q of all u must give 0 failures, and none −1"
_REAL = "samples must be whole numbers, such as the smallest k with u ≤ P(x ≤ k)"
_BELOW_ZERO = (
    "u = 0 gives −1, which is no count, and torch.rand does draw 0 now and then. clamp(min=0) "
    "mends it; so does floor, where ceil and − 1 stood"
)
_CUT_OFF = (
    "large counts never come. A table or a loop that ends after so many counts is too short for a "
    "small q: solve u = 1 − (1 − q)^(k+1) for k"
)
_OF_ROUNDED = "where q is tiny, 1 − q is rounded to 1, and its logarithm is 0: take logsigmoid(−z)"
_SAMPLES_FLAT = (
    "sample is right for a row of u, and not where u has more dimensions: params[..., 0] has the "
    "shape of u in each case, params[:, 0] has not"
)
_IGNORES_U = (
    "every u gives the same number: sample is to draw, so a larger u has to give a larger count"
)
_DRAWS_ITSELF = (
    "sample draws random numbers of its own: it must use u, so that the same u gives the same "
    "sample"
)
_right = Geometric()


slips(
    {
        "success and failure have changed places: q = σ(z) belongs to the one success, and 1 − q "
        "to each of the x failures": but(
            "z = params[..., 0]", "z = -params[..., 0]", "logsigmoid(-params", "logsigmoid(params"
        ),
        "this counts the tries, from 1: x counts the failures alone, and 0 is a value that it "
        "has": but("x * logsigmoid", "(x - 1) * logsigmoid"),
        "the success at the end is missing: x failures and a success are x + 1 factors": but(
            "logsigmoid(z) + ", ""
        ),
        "these are probabilities: log_prob gives their logarithms": but(
            "logsigmoid(z) + x * logsigmoid(-z)", "(logsigmoid(z) + x * logsigmoid(-z)).exp()"
        ),
        "at large logits this is minus infinity, as 1 − q is rounded to 0 before its logarithm is "
        "taken, or exp is too large for the computer: take logsigmoid(z) and logsigmoid(−z), as in "
        "notebook 2": but(
            "logsigmoid(z)", "z.sigmoid().log()", "logsigmoid(-z)", "(1 - z.sigmoid()).log()"
        ),
        _RAISED: but(
            "logsigmoid(z)",
            "(z.sigmoid() + 1e-8).log()",
            "logsigmoid(-z)",
            "(1 - z.sigmoid() + 1e-8).log()",
        ),
        "this is the NLL: log_prob is its negative, and never above 0": but(
            "logsigmoid(z) + x", "-logsigmoid(z) - x"
        ),
        "log(1 − q) is not 1 − log q: as 1 − σ(z) = σ(−z), it is logsigmoid(−z)": but(
            "logsigmoid(-z)", "(1 - logsigmoid(z))"
        ),
        "these are x + 1 failures: the last of the x + 1 factors is the success, of probability "
        "q": but("logsigmoid(z) + x *", "(x + 1) *"),
        "params has one dimension more than x, and so each number meets each count: params[..., 0] "
        "has the shape of x": but("z = params[..., 0]", "z = params"),
        _LOG_PROB_FLAT: but("z = params[..., 0]", "z = params[:, 0]"),
        "log_prob has a dimension too many: params is (..., 1), and params[..., 0] has the shape "
        "of x": but("z = params[..., 0]", "z, x = params, x[..., None]"),
        "log_prob sums over variables: a head gives one number for each variable, and the model "
        "sums": but(
            "logsigmoid(z) + x * logsigmoid(-z)", "(logsigmoid(z) + x * logsigmoid(-z)).sum(-1)"
        ),
        _IS_DENSITY: but("params_per_variable = 1", "params_per_variable, is_density = 1, True"),
        _COIN: but(
            "(torch.log1p(-u) / log_fail).floor()", "(u <= params[..., 0].sigmoid()).float()"
        ),
        _ONE_MORE: but("floor()", "floor() + 1"),
        _REAL: but(".floor()", ""),
        _ONE_LESS: but("floor()", "floor() - 1"),
        _BELOW_ZERO: but("max=1 - 1e-6", "max=1", "floor()", "ceil() - 1"),
        "the number is rounded to the nearest count. Rounded down, by floor, it is the smallest k "
        "with P(x ≤ k) above u": but("floor()", "round()"),
        _CUT_OFF: but("floor()", "floor().clamp(max=100)"),
        _OF_ROUNDED: but("logsigmoid(-params[..., 0])", "(1 - params[..., 0].sigmoid()).log()"),
        _SAMPLES_FLAT: but("logsigmoid(-params[..., 0])", "logsigmoid(-params[:, 0])"),
        _IGNORES_U: but("(torch.log1p(-u) / log_fail).floor()", "(-params[..., 0]).exp().floor()"),
        _DRAWS_ITSELF: but("u.clamp(max=1 - 1e-6)", "torch.rand_like(u)"),
    }
)


# ---- the check ----------------------------------------------------------------------------------

MANY = torch.arange(400.0)
"""Counts among which all but nothing of the probability lies, for the logits that are tried."""
TRIED_LOGITS = (-1.5, 0.0, 1.0)
SMALL, TINY = -5.0, -18.0
"""Logits of which half of all counts are above 100, and above 45 million."""
N = 1000
"""Samples at each logit."""
_EVEN = (torch.arange(N) + 0.5) / N


def _examine(answer: object) -> str:
    head = _built(answer)
    one, two = torch.tensor([[0.4], [-0.7]]), torch.tensor([[[0.4], [-0.7]], [[1.0], [0.0]]])
    _require_log_prob(head, one, torch.tensor([0.0, 3.0]))
    _require_log_prob(head, two, torch.tensor([[0.0, 3.0], [1.0, 2.0]]))
    for z in TRIED_LOGITS:
        _require_sum_of_one(head, z)
    for z, x in ((0.4, 0.0), (-0.7, 3.0), (120.0, 2.0), (-120.0, 2.0)):
        _require_log_prob(head, torch.tensor([[z]]), torch.tensor([x]))
    for z in (*TRIED_LOGITS, SMALL, TINY):
        _require_samples(head, z)
    _require_samples_of_any_shape(head)
    _require_counts_at_the_ends(head)
    return "Σp = 1, and samples come as often as log_prob says."


def _built(answer: object) -> Head:
    is_class = isinstance(answer, type)
    if not is_class or not issubclass(answer, Head):
        raise Misformed(
            "a class is expected that inherits from Head, with log_prob and sample: hand over the "
            "class itself",
            came=f"the class {answer.__name__}" if is_class else f"a {type(answer).__name__}",
            expected="class Geometric(Head)",
        )
    try:
        head = answer()
    except Exception as error:
        raise Wrong(f"your class raised {type(error).__name__}: {error}") from error
    for name, value, cause in (
        ("params_per_variable", 1, "one number for each variable is enough, its logit"),
        ("is_density", False, _IS_DENSITY),
    ):
        came = getattr(head, name, None)
        if came != value:
            raise Misformed(cause, came=f"{name} = {came}", expected=f"{name} = {value}")
    return head


def _require_log_prob(head: Head, params: Tensor, x: Tensor) -> None:
    came, expected = run(head.log_prob, params, x), compute_expected(_right.log_prob, (params, x))
    try:
        require_same(came, expected, "log_prob(params, x)")
    except Wrong as wrong:
        wrong.tried = f"log_prob({written(params)}, {written(x)})"
        if isinstance(came, Tensor):
            wrong.expected, wrong.came = written(expected), written(came)
            known = cause_of("8.4", lambda kind: kind().log_prob(params, x), came)
            is_misformed = isinstance(wrong, Misformed)
            wrong.cause = known or (wrong.cause if is_misformed else _why_it_differs(params))
        raise


def _why_it_differs(params: Tensor) -> str:
    if bool((params.abs() > 20).any()):
        return _RAISED  # smaller ones were right
    if params.dim() > 2:
        return _LOG_PROB_FLAT  # for a row it was right
    return "log_prob differs: x failures, each of probability 1 − q, and one success"


def _require_sum_of_one(head: Head, z: float) -> None:
    total = run(head.log_prob, torch.full((len(MANY), 1), z), MANY).double().exp().sum().item()
    if not abs(total - 1) < 1e-4:
        raise Wrong(
            "the probabilities of all counts do not sum to one",
            tried=f"the counts 0 to {len(MANY) - 1} at z = {z}",
            expected="1",
            came=f"{total:.4f}",
        )


def _require_samples(head: Head, z: float) -> None:
    """Even noise must give each count as often as its probability says, in whatever order."""
    u, params = _EVEN, torch.full((N, 1), z)
    came = run(head.sample, params, u)
    tried = f"sample at z = {z}, for {N} evenly spread u"
    if not isinstance(came, Tensor) or came.shape != u.shape:
        shape = f"shape {tuple(came.shape)}" if isinstance(came, Tensor) else type(came).__name__
        raise Misformed(
            "sample gives one count for each u", tried=tried, expected=f"shape ({N},)", came=shape
        )
    again = run(head.sample, params, u)
    require_none([(_DRAWS_ITSELF, not torch.equal(came, again))], tried=tried)
    came, is_finite = came.double(), bool(came.isfinite().all())
    require_none(
        [
            (_OF_ROUNDED, z == TINY and not is_finite),
            (_REAL, not is_finite or not torch.equal(came, came.round())),
        ],
        tried=tried,
        came=written(came[:5]),
    )
    _require_shares(came, params, u, tried)


def _require_shares(came: Tensor, params: Tensor, u: Tensor, tried: str) -> None:
    """Each count comes as often as its probability says, up to the largest."""
    counts, right = torch.arange(40.0), _right.sample(params, u).double()
    share = (came[:, None] == counts).double().mean(0)
    p = _right.log_prob(params[: len(counts)], counts).exp().double()
    in_any_order = [values.sort().values for values in (came, right)]
    is_as_often = _is_near(share, p) and bool((came >= 0).all())
    if is_as_often and torch.allclose(*in_any_order, rtol=0.01, atol=1):
        return
    known = cause_of("8.4", lambda kind: kind().sample(params, u).double(), came)
    require_none(
        [
            (known, known),
            (_IGNORES_U, float(params[0]) == TRIED_LOGITS[0] and len(came.unique()) == 1),
            (_CUT_OFF, _is_near(share[:5], p[:5]) and came.max() < right.max()),
            (_COIN, bool((came <= 1).all())),
            (_ONE_MORE, _is_near(share[1:], p[:-1])),
            (_ONE_LESS, _is_near(share[:-1], p[1:])),
            ("samples do not come as often as log_prob says", True),
        ],
        tried=tried,
        expected=f"shares of 0 to 4: {written(p[:5])}, the largest count {int(right.max()):,}",
        came=f"{written(share[:5])}, the largest count {int(came.max()):,}",
    )


def _is_near(share: Tensor, p: Tensor) -> bool:
    return bool(((share - p).abs() <= 2.5 / N).all())


def _require_counts_at_the_ends(head: Head) -> None:
    """torch.rand draws 0, and numbers just below 1."""
    for z in (0.0, TINY):
        came = run(head.sample, torch.full((2, 1), z), torch.tensor([0.0, 1 - 2**-24]))
        require_none(
            [
                (_BELOW_ZERO, came[0] == -1),
                (
                    "u = 0 and the largest u below 1 must give counts, too: torch.rand draws both",
                    not bool(((came >= 0) & came.isfinite()).all()),
                ),
                (
                    "counts are asked for as floats, which .floor() gives: a model takes its "
                    "samples as inputs",
                    not came.is_floating_point(),
                ),
            ],
            tried=f"sample at z = {z}, for u = 0 and for the largest u below 1",
            came=written(came),
        )


def _require_samples_of_any_shape(head: Head) -> None:
    """A row of u, and the same u in two dimensions, must give the same samples."""
    u, params, shape = _EVEN, torch.linspace(-1.5, 1.0, N)[:, None], (N // 2, 2)
    row = run(head.sample, params, u)
    tried = f"sample with params of shape {(*shape, 1)} and u of shape {shape}"
    try:
        came = run(head.sample, params.view(*shape, 1), u.view(shape))
    except Wrong as wrong:
        raise Wrong(_SAMPLES_FLAT, tried=tried, came=wrong.cause) from wrong
    is_same = isinstance(came, Tensor) and torch.equal(came, row.view(shape))
    require_none([(_SAMPLES_FLAT, not is_same)], tried=tried)
