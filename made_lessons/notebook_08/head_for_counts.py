"""8.4: a head for counts, whose log-probabilities and samples must belong together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from made_course.model.heads import Head

from ..checking import Misformed, View, Wrong, but, exercise, known_mistakes, run, written

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

MANY = torch.arange(400.0)
"""Counts that have nearly all of the probability, for the logits that are tried."""
TRIED_LOGITS = (-1.5, 0.1, 1.0)  # at 0, some of the evenly spread u would be ties
SMALL, TINY = -5.0, -18.0
"""Logits at which half of all counts are above 100, and above 45 million."""
EVEN = (torch.arange(1000) + 0.5) / 1000


def _built(answer: object) -> Head:
    is_class = isinstance(answer, type)
    if not is_class or not issubclass(answer, Head):
        raise Misformed(
            "a class is expected that inherits from Head, with log_prob and sample: hand over the "
            "class itself",
            got=f"the class {answer.__name__}" if is_class else f"a {type(answer).__name__}",
            expected="class Geometric(Head)",
        )
    try:
        return answer()
    except Exception as error:
        raise Wrong(f"your class raised {type(error).__name__}: {error}") from error


def _attribute(name: str, cause: str) -> View:
    return View(lambda answer: f"{name} = {getattr(_built(answer), name, None)}", cause=cause)


def _log_prob(params: Tensor, x: Tensor) -> View:
    if bool((params.abs() > 20).any()):
        cause = _RAISED  # smaller ones were right
    elif params.dim() > 2:
        cause = _LOG_PROB_FLAT  # for a row it was right
    else:
        cause = "log_prob differs: x failures, each of probability 1 − q, and one success"
    return View(
        lambda answer, *case: run(_built(answer).log_prob, *case),
        f"log_prob({written(params)}, {written(x)})",
        lambda _, got, __: cause if getattr(got, "shape", None) == x.shape else "",
        name="log_prob(params, x)",
        cases=((params, x),),
    )


def _sum_of_one(z: float) -> View:
    params = torch.full((len(MANY), 1), z)
    return View(
        lambda answer: run(_built(answer).log_prob, params, MANY).double().exp().sum().item(),
        f"the counts 0 to {len(MANY) - 1} at z = {z}",
        "the probabilities of all counts do not sum to one",
        expected="1",
    )


def _drawn(answer: object, z: float) -> dict[str, object]:
    """Describe the samples for evenly spread u, whatever the order in which u leads to them."""
    head, params = _built(answer), torch.full((len(EVEN), 1), z)
    got = run(head.sample, params, EVEN)
    if not isinstance(got, Tensor) or got.shape != EVEN.shape:
        shape = f"shape {tuple(got.shape)}" if isinstance(got, Tensor) else type(got).__name__
        cause, expected = "sample gives one count for each u", f"shape {tuple(EVEN.shape)}"
        raise Misformed(cause, expected=expected, got=shape)
    if not torch.equal(got, run(head.sample, params, EVEN)):
        raise Wrong(_DRAWS_ITSELF)
    got = got.double()
    if not bool(got.isfinite().all()) or not torch.equal(got, got.round()):
        raise Wrong(_REAL, got=written(got[:5]))
    shares = (got[:, None] == torch.arange(5)).double().mean(0)
    return {"shares of 0 to 4": shares, "mean": got.mean(), "largest": got.max()}


def _why_others_come(answer: object, got: dict, right: dict) -> str:
    is_alike = torch.allclose(*(seen["shares of 0 to 4"].float() for seen in (got, right)))
    if is_alike and got["largest"] < right["largest"]:
        return _CUT_OFF
    return "samples do not come as often as log_prob says"


def _samples(z: float) -> View:
    tried = f"sample at z = {z}, for {len(EVEN)} evenly spread u"
    return View(lambda answer: _drawn(answer, z), tried, _why_others_come)


def _in_two_dimensions(answer: object) -> str:
    """Say whether a row of u, and the same u in two dimensions, give the same samples."""
    head, params = _built(answer), torch.linspace(-1.5, 1.0, len(EVEN))[:, None]
    row = run(head.sample, params, EVEN)
    try:
        got = run(head.sample, params.view(*_SHAPE, 1), EVEN.view(_SHAPE))
    except Wrong as wrong:
        raise Wrong(_SAMPLES_FLAT, got=wrong.cause) from wrong
    is_same = isinstance(got, Tensor) and torch.equal(got, row.view(_SHAPE))
    return "the same samples" if is_same else "others"


_SHAPE = (len(EVEN) // 2, 2)


def _ends(z: float) -> View:
    """Look at the smallest and the largest number that torch.rand draws."""

    def see(answer: object) -> str:
        u = torch.tensor([0.0, 1 - 2**-24])
        got = run(_built(answer).sample, torch.full((2, 1), z), u)
        if got[0] == -1 or not bool(((got >= 0) & got.isfinite()).all()):
            return written(got)
        return "counts" if got.is_floating_point() else f"{written(got)}, {got.dtype}"

    def cause(answer: object, got: str, right: str) -> str:
        if "torch." in got:
            return (
                "counts are asked for as floats, which .floor() gives: a model takes its samples "
                "as inputs"
            )
        is_below = got.startswith("[-1")
        ends = "u = 0 and the largest u below 1 must give counts, too: torch.rand draws both"
        return _BELOW_ZERO if is_below else ends

    tried = f"sample at z = {z}, for u = 0 and for the largest u below 1"
    return View(see, tried, cause, expected="")


_ONE, _TWO = torch.tensor([[0.4], [-0.7]]), torch.tensor([[[0.4], [-0.7]], [[1.0], [0.0]]])
_FURTHER = ((0.4, 0.0), (-0.7, 3.0), (120.0, 2.0), (-120.0, 2.0))


@exercise(
    "8.4",
    "A head for counts",
    stars=3,
    views=(
        _attribute("params_per_variable", "one number for each variable is enough, its logit"),
        _attribute("is_density", _IS_DENSITY),
        _log_prob(_ONE, torch.tensor([0.0, 3.0])),
        _log_prob(_TWO, torch.tensor([[0.0, 3.0], [1.0, 2.0]])),
        *map(_sum_of_one, TRIED_LOGITS),
        *(_log_prob(torch.tensor([[z]]), torch.tensor([x])) for z, x in _FURTHER),
        *map(_samples, (*TRIED_LOGITS, SMALL, TINY)),
        View(
            _in_two_dimensions,
            f"sample with params of shape {(*_SHAPE, 1)} and u of shape {_SHAPE}",
            _SAMPLES_FLAT,
            expected="",
        ),
        _ends(0.0),
        _ends(TINY),
    ),
    message="Σp = 1, and samples come as often as log_prob says.",
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


known_mistakes(
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
