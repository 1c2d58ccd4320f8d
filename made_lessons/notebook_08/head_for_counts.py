"""Exercise 8.4: a head for counts, in which samples must match log-probabilities."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from made_course.model.heads import Head

from ..checking import Exercise, View, as_text, edit, run
from ..checking.exercise import MalformedAnswer, WrongAnswer

COUNTS = torch.arange(400.0)  # at TRIED_LOGITS, nearly all probability is on these counts
TRIED_LOGITS = (-1.5, 0.1, 1.0)  # not 0, where some u would be equal to a value of the CDF
SMALL, TINY = -5.0, -18.0  # logits at which half of all counts are above 100, and above 45 million
U = (torch.arange(1000) + 0.5) / 1000
_ROUNDED_TO_ONE = "if q is tiny, 1 − q is rounded to 1, and its logarithm is 0. Use logsigmoid(−z)"
_SAMPLES_FLAT = (
    "sample is right for one row of u, but not if u has more dimensions. params[..., 0] always "
    "has the shape of u, but params[:, 0] does not"
)


def _build_head(answer: object) -> Head:
    is_class = isinstance(answer, type)
    if not is_class or not issubclass(answer, Head):
        raise MalformedAnswer(
            "the answer must be a class that inherits from Head, with log_prob and sample. Pass "
            "the class itself",
            got=f"the class {answer.__name__}" if is_class else f"a {type(answer).__name__}",
            expected="class Geometric(Head)",
        )
    try:
        return answer()
    except Exception as error:
        raise WrongAnswer(f"your class raised {type(error).__name__}: {error}") from error


def _make_attribute_view(name: str, cause: str) -> View:
    return View(lambda answer: f"{name} = {getattr(_build_head(answer), name, None)}", cause=cause)


def _make_log_prob_view(cause: str, *cases: tuple[Tensor, Tensor]) -> View:
    return View(
        lambda answer, *case: run(_build_head(answer).log_prob, *case),
        lambda _, params, x: f"log_prob({as_text(params)}, {as_text(x)})",
        lambda _, got, right: cause if getattr(got, "shape", None) == right.shape else "",
        name="log_prob(params, x)",
        cases=cases,
    )


def _describe_samples(answer: object, z: float) -> dict[str, object]:
    """Summarise the samples for evenly spaced u by numbers that do not depend on their order."""
    head, params = _build_head(answer), torch.full((len(U), 1), z)
    got = run(head.sample, params, U)
    if not isinstance(got, Tensor) or got.shape != U.shape:
        shape = f"shape {tuple(got.shape)}" if isinstance(got, Tensor) else type(got).__name__
        cause, expected = "sample must return one count for each u", f"shape {tuple(U.shape)}"
        raise MalformedAnswer(cause, expected=expected, got=shape)
    if not torch.equal(got.nan_to_num(), run(head.sample, params, U).nan_to_num()):
        raise WrongAnswer(
            "sample draws its own random numbers. It must use u, so that the same u gives the same "
            "sample"
        )
    got = got.double()
    if not bool(got.isfinite().all()) or not torch.equal(got, got.round()):
        cause = "samples must be whole numbers, such as the smallest k with u ≤ P(x ≤ k)"
        raise WrongAnswer(cause, got=as_text(got[:5]))
    shares = (got[:, None] == torch.arange(5)).double().mean(0)
    return {"shares of 0 to 4": shares, "mean": got.mean(), "largest": got.max()}


def _explain_samples(answer: object, got: dict, right: dict) -> str:
    is_same = torch.allclose(*(seen["shares of 0 to 4"].float() for seen in (got, right)))
    if is_same and got["largest"] < right["largest"]:
        return (
            "large counts are never drawn. A table or loop with a largest count is too short for a "
            "small q. Solve u = 1 − (1 − q)^(k+1) for k"
        )
    if got["largest"] == 0:
        return _ROUNDED_TO_ONE
    return "your samples do not have the frequencies that your log_prob gives"


def _make_sample_view(z: float) -> View:
    tried = f"sample at z = {z}, for {len(U)} evenly spaced u"
    return View(lambda answer: _describe_samples(answer, z), tried, _explain_samples)


def _compare_shapes_of_u(answer: object) -> str:
    """Say whether u gives the same samples in one dimension and in two."""
    head, params = _build_head(answer), torch.linspace(-1.5, 1.0, len(U))[:, None]
    row = run(head.sample, params, U)
    try:
        got = run(head.sample, params.view(*_SHAPE, 1), U.view(_SHAPE))
    except WrongAnswer as wrong:
        raise WrongAnswer(_SAMPLES_FLAT, got=wrong.cause) from wrong
    is_same = isinstance(got, Tensor) and torch.equal(got, row.view(_SHAPE))
    return "the same samples" if is_same else "different samples"


_SHAPE = (len(U) // 2, 2)


def _make_extreme_u_view(z: float) -> View:
    """Return a view of the samples for the smallest and the largest u that torch.rand draws."""

    def see(answer: object) -> str:
        u = torch.tensor([0.0, 1 - 2**-24])
        got = run(_build_head(answer).sample, torch.full((2, 1), z), u)
        return "counts" if bool(((got >= 0) & got.isfinite()).all()) else as_text(got)

    return View(
        see,
        f"sample at z = {z}, for u = 0 and for the largest u below 1",
        "u = 0 and the largest u below 1 must also give counts, because torch.rand draws both",
    )


_ONE, _TWO = torch.tensor([[0.4], [-0.7]]), torch.tensor([[[0.4], [-0.7]], [[1.0], [0.0]]])


class Geometric(Head):
    """Number of dry days before the first rain, if each day has rain with probability q = σ(z)."""

    params_per_variable = 1

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Return log p of x dry days and then a rainy one: (..., 1), (...) → (...)."""
        z = params[..., 0]
        return logsigmoid(z) + x * logsigmoid(-z)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return counts (...) by the inverse CDF, where P(x > k) = (1 - q) ** (k + 1)."""
        log_dry = logsigmoid(-params[..., 0])
        u = u.clamp(max=1 - 1e-6)
        return (torch.log1p(-u) / log_dry).floor()


EXERCISE = Exercise(
    title="A head for counts",
    stars=3,
    reference=Geometric,
    message="With this head, a MADE can model counts. Σp = 1, and samples have the frequencies "
    "that log_prob gives.",
    hints=(
        "First write down the probability of x dry days and one rainy day: (1 − q)^x · q. Then "
        "take the logarithm, with log q = `logsigmoid(z)` and log(1 − q) = `logsigmoid(-z)`.",
        "For `sample`: P(x ≤ k) = 1 − (1 − q)^(k+1). What is the smallest k for which this is at "
        "least u? Solve for k. (A table of sums would be too long: at z = −18, half of all counts "
        "are above 45 million.)",
        "u ≤ 1 − (1 − q)^(k+1) means k + 1 ≥ ln(1 − u) / ln(1 − q). The floor of this quotient is "
        "such a k: `(torch.log1p(-u) / logsigmoid(-z)).floor()`. Clamp `u`, so that it stays a "
        "little below 1.",
    ),
    mistakes={
        "you swapped rain and no rain. q = σ(z) is the probability of rain, and 1 − q that of each "
        "dry day": edit(
            "z = params[..., 0]", "z = -params[..., 0]", "logsigmoid(-params", "logsigmoid(params"
        ),
        "you also count the rainy day, but x counts only the dry days, so it can be 0": edit(
            "x * logsigmoid", "(x - 1) * logsigmoid"
        ),
        "the rainy day at the end is missing. x dry days and one rainy day give x + 1 factors": (
            edit("logsigmoid(z) + ", "")
        ),
        "you returned probabilities, but log_prob must return their logarithms": edit(
            "logsigmoid(z) + x * logsigmoid(-z)", "(logsigmoid(z) + x * logsigmoid(-z)).exp()"
        ),
        "at large logits your log_prob is minus infinity, because 1 − q is rounded to 0 before "
        "you take its logarithm, or exp overflows. Use logsigmoid(z) and logsigmoid(−z), as in "
        "notebook 2": edit(
            "logsigmoid(z)", "z.sigmoid().log()", "logsigmoid(-z)", "(1 - z.sigmoid()).log()"
        ),
        "you returned the NLL, but log_prob is its negative, which is never above 0": edit(
            "logsigmoid(z) + x", "-logsigmoid(z) - x"
        ),
        "you used 1 − log q for log(1 − q). Because 1 − σ(z) = σ(−z), log(1 − q) is "
        "logsigmoid(−z)": edit("logsigmoid(-z)", "(1 - logsigmoid(z))"),
        "you counted x + 1 dry days, but the last of the x + 1 factors is the rainy day, with "
        "probability q": edit("logsigmoid(z) + x *", "(x + 1) *"),
        "params has one dimension more than x, so each number is combined with each count. "
        "params[..., 0] has the shape of x": edit("z = params[..., 0]", "z = params"),
        "log_prob has one dimension too many, because params has the shape (..., 1). Use "
        "params[..., 0], which has the shape of x": edit(
            "z = params[..., 0]", "z, x = params, x[..., None]"
        ),
        "your log_prob sums over the variables, but a head returns one number per variable, and "
        "the model sums them": edit(
            "logsigmoid(z) + x * logsigmoid(-z)", "(logsigmoid(z) + x * logsigmoid(-z)).sum(-1)"
        ),
        "sample returns only 0 and 1, as for a coin, but a count can be any whole number": edit(
            "(torch.log1p(-u) / log_dry).floor()", "(u <= params[..., 0].sigmoid()).float()"
        ),
        "all your samples are too large by one. For a share q of all u, the sample must be 0": edit(
            "floor()", "floor() + 1"
        ),
        "all your samples are too small by one. For a share q of all u, the sample must be 0, not "
        "−1": edit("floor()", "floor() - 1"),
        "u = 0 gives −1, which is not a count, and torch.rand sometimes draws 0. Use clamp(min=0), "
        "or floor instead of ceil and − 1": edit("max=1 - 1e-6", "max=1", "floor()", "ceil() - 1"),
        "you round to the nearest count. Round down with floor, which gives the smallest k with "
        "P(x ≤ k) above u": edit("floor()", "round()"),
        _ROUNDED_TO_ONE: edit(
            "logsigmoid(-params[..., 0])", "(1 - params[..., 0].sigmoid()).log()"
        ),
        "every u gives the same count, but sample must draw. A larger u must give a larger "
        "count": edit("(torch.log1p(-u) / log_dry).floor()", "(-params[..., 0]).exp().floor()"),
    },
    views=(
        _make_attribute_view(
            "params_per_variable", "each variable needs only one number, its logit"
        ),
        _make_attribute_view(
            "is_density",
            "counts have probabilities, not densities. Leave out is_density, which would make the "
            "nats differential nats",
        ),
        _make_log_prob_view(
            "log_prob must be the log-probability of x dry days, each with probability 1 − q, and "
            "one rainy day",
            (_ONE, torch.tensor([0.0, 3.0])),
            *((torch.full((len(COUNTS), 1), z), COUNTS) for z in TRIED_LOGITS),
        ),
        _make_log_prob_view(
            "log_prob is right for one row of counts, but not if x has more dimensions. "
            "params[..., 0] always has the shape of x, but params[:, 0] does not",
            (_TWO, torch.tensor([[0.0, 3.0], [1.0, 2.0]])),
        ),
        *(
            _make_log_prob_view(
                "your log_prob is right at moderate logits, but not at large ones. For these, σ(z) "
                "is rounded to 0 or 1, so the small number that you add to avoid log 0 decides the "
                "result. logsigmoid is exact",
                (torch.tensor([[z]]), torch.tensor([2.0])),
            )
            for z in (120.0, -120.0)
        ),
        *map(_make_sample_view, (*TRIED_LOGITS, SMALL, TINY)),
        View(
            _compare_shapes_of_u,
            f"sample with params of shape {(*_SHAPE, 1)} and u of shape {_SHAPE}",
            _SAMPLES_FLAT,
            expected="",
        ),
        View(
            lambda answer: str(run(_build_head(answer).sample, _ONE, U[:2]).dtype),
            "sample",
            "return counts as floats, as .floor() does, because a model uses its samples as inputs",
        ),
        _make_extreme_u_view(0.0),
        _make_extreme_u_view(TINY),
    ),
)
