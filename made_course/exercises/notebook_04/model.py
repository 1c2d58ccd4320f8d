"""4.5: MADE from an empty cell."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import inf

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...masks import build_masks, connectivity, direct_mask, draw_degrees, input_degrees
from ..calls import run
from ..causes import outcome
from ..comparing import is_same
from ..exercise import Wrong, exercise, known_slips, slip
from ..properties import Properties, Shown, changed
from ..relations import find_relation
from ..written import written
from .layer import MaskedLinear, keep_mask
from .log_prob import bernoulli_log_prob, of_probabilities
from .models import MADE, MODELS, sampling, unmask
from .sampler import sample, uniforms
from .trial import SIZES, Trial

judge = Properties()


def _examine(answer: object) -> str:
    for ordering, hidden_dims in SIZES:
        judge(Trial(answer, ordering, hidden_dims))
    return (
        "Six models were tried, with up to two hidden layers: none leaks, the wide ones lose "
        "nothing, and the probabilities of all inputs sum to one."
    )


exercise(
    "4.5",
    "MADE from an empty cell",
    stars=3,
    is_inside=True,
    examine=_examine,
    hints=(
        "Most of it stands in sections 2 to 4, as loose pieces: ordering → order → degrees → masks "
        "→ layers in __init__, then a loop over the layers in forward.",
        "In __init__: self.register_buffer('order', input_degrees(ordering)), degrees from "
        "draw_degrees(self.order, hidden_dims, 'even'), and for each mask of build_masks(degrees) "
        "a MaskedLinear(mask.shape[1], mask.shape[0]) in an nn.ModuleList.",
        "forward: a relu after every layer but the last. log_prob: bernoulli_log_prob(self(x), x). "
        "sample: sample(self, self.order, u), under torch.no_grad().",
    ),
)(MADE)


# ---- order and layers ---------------------------------------------------------------------------


def _odd_order(trial: Trial, other: Tensor | None = None) -> Shown | None:
    """An order that is not that of the degrees, or is another that is known."""
    came = getattr(trial.model, "order", None)
    is_odd = not is_same(came, trial.order) and (other is None or is_same(came, other))
    return trial.shown(".order", trial.order, came) if is_odd else None


def _keep_order_as_attribute(model: MADE) -> None:
    order = model.order
    del model.order
    model.order = order


judge.refuses(
    "the ordering (plus one) is taken for the degrees. order[i] is the step at which variable i "
    "comes: order = argsort(ordering) + 1",
    lambda trial: _odd_order(trial, trial.ordering + 1),
    MODELS["ordering as degrees"],
)
judge.refuses(
    "order is the ordering itself. It must hold the degrees: order[i] is the step, counted from 1, "
    "at which variable i comes: argsort(ordering) + 1",
    lambda trial: _odd_order(trial, trial.ordering),
    changed(MADE, lambda self: self.order.copy_(self.order.argsort())),
)
judge.refuses(
    "order counts from 0: degrees count from 1, so argsort(ordering) + 1",
    lambda trial: _odd_order(trial, trial.order - 1),
    changed(MADE, lambda self: self.order.sub_(1)),
)
judge.refuses("order holds the degree of each variable: (D,), dtype long", _odd_order)
judge.refuses(
    "order is not saved with the model: a plain attribute is not in the state dict, and stays "
    "behind when the model moves. Use register_buffer",
    lambda trial: (
        "order" not in trial.model.state_dict()
        and trial.shown(".state_dict()", came=[*trial.model.state_dict()])
    ),
    changed(MADE, _keep_order_as_attribute),
)


def _unknown_layers(trial: Trial) -> Shown | None:
    known = {id(part) for part in [*trial.model.modules(), *trial.model.parameters()]}
    for name, kept in vars(trial.model).items():
        parts = kept.values() if isinstance(kept, dict) else kept
        if isinstance(kept, list | tuple | dict) and any(
            isinstance(part, nn.Module | nn.Parameter) and id(part) not in known for part in parts
        ):
            parameters = [name for name, _ in trial.model.named_parameters()]
            expected = f"those of the layers in {name}, too"
            return trial.shown(".named_parameters()", expected, parameters)
    return None


def _keep_layers_in_a_list(model: MADE) -> None:
    layers = list(model.layers)
    del model.layers
    model.layers = layers


judge.refuses(
    "the layers stand in a plain list or dict, which nn.Module does not look into, so they are not "
    "trained, saved or moved: use nn.ModuleList",
    _unknown_layers,
    changed(MADE, _keep_layers_in_a_list),
)


# ---- forward ------------------------------------------------------------------------------------


def _draw_masks(model: MADE) -> None:
    hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
    degrees = draw_degrees(model.order, hidden_dims, "uniform")
    for layer, mask in zip(model.layers, build_masks(degrees), strict=True):
        layer.set_mask(mask)


def _activated(hidden: Callable[[Tensor], Tensor]) -> Callable[[MADE, Tensor], Tensor]:
    def forward(self: MADE, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = hidden(layer(x))
        return self.layers[-1](x)

    return forward


judge.refuses(
    "the masks are drawn anew in each forward pass, so that two passes with the same x differ: "
    "draw degrees and make masks once, in __init__",
    lambda trial: trial.two_passes == (False, False) and trial.shown(", forward twice"),
    changed(MADE, forward=lambda self, x: (_draw_masks(self), MADE.forward(self, x))[1]),
)
judge.refuses(
    "two forward passes with the same x differ, in evaluation mode, too. Is dropout never switched "
    "off? nn.Dropout does that by itself, F.dropout needs training=self.training. Nothing else may "
    "be drawn in a forward pass",
    lambda trial: not trial.two_passes[0] and trial.shown(", forward twice"),
    changed(MADE, forward=_activated(lambda h: F.dropout(h.relu()))),
)


def _bounded(trial: Trial, lowest: float, highest: float) -> Shown | None:
    """No logit below the one, and none above the other."""
    low, high = trial.reach
    if len(trial.ordering) > 1 and lowest <= low and high <= highest:
        about = ", forward, with all sorts of weights"
        came = f"none below {low:.3g}, none above {high:.3g}"
        return trial.shown(about, "numbers far below 0 and far above 1", came)
    return None


judge.refuses(
    "forward gives numbers between 0 and 1: logits are asked for, without a sigmoid",
    lambda trial: _bounded(trial, 0, 1),
    changed(MADE, forward=lambda self, x: MADE.forward(self, x).sigmoid()),
)
judge.refuses(
    "no logit is below 0, so no probability below one half: nothing comes after the last layer, no "
    "activation either",
    lambda trial: _bounded(trial, 0, inf),
    changed(MADE, forward=lambda self, x: MADE.forward(self, x).relu()),
)
judge.refuses(
    "whatever the weights are, the logits stay within bounds, and so do the probabilities: nothing "
    "comes after the last layer, no activation either",
    lambda trial: _bounded(trial, -2, inf) or _bounded(trial, -inf, 2),
    changed(MADE, forward=lambda self, x: MADE.forward(self, x).tanh()),
)


# ---- what is seen -------------------------------------------------------------------------------


def _leaks_like_a_slip(trial: Trial) -> None:
    """The known fault of masks that makes outputs see just this."""
    for known in known_slips("4.5") if trial.leak else ():
        model = known.answer(len(trial.ordering), trial.hidden_dims, trial.ordering)
        if torch.equal(connectivity([layer.mask for layer in model.layers]), trial.sees[1]):
            raise Wrong(known.cause, **trial.leak)


def _has_trained_masks(trial: Trial) -> bool:
    trained = [p.detach().unique() for p in trial.new().parameters() if p.requires_grad]
    return any(is_same(values, torch.tensor([0.0, 1.0])) for values in trained)


def _is_of_another_ordering(trial: Trial) -> bool:
    others = map(input_degrees, permutations(range(len(trial.ordering))))
    return any(torch.equal(trial.sees[1], direct_mask(degrees)) for degrees in others)


def _is_lost(trial: Trial) -> Shown | None:
    """What shows that in a wide network an output does not see all that it may."""
    for i, j in (trial.allowed & ~trial.sees[1]).nonzero().tolist() if trial.is_wide else ():
        return trial.flipped(i, j, "moves", "never moves")
    return None


def _with_natural_masks(model: MADE) -> None:
    hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
    model.layers = MADE(len(model.order), hidden_dims, range(len(model.order))).layers


def _with_strict_masks(model: MADE) -> None:
    above = [*model.degrees[1:], model.order]
    for layer, m_in, m_out in zip(model.layers, model.degrees, above, strict=True):
        layer.set_mask(m_out[:, None] > m_in[None, :])


def _masks_kept(keep: Callable[[Tensor], Tensor]) -> type[MADE]:
    """Masks that are drawn, and kept by the layers in another way."""

    def change(model: MADE) -> None:
        _draw_masks(model)
        for layer in model.layers:
            keep_mask(keep)(layer)

    return changed(MADE, change)


class _DirectSeesItself(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        self.direct = MaskedLinear(input_dim, input_dim, bias=False)
        self.direct.set_mask(self.order[:, None] >= self.order)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.direct(x)


judge.refuses(
    "the masks are among the parameters, and would be trained: make them buffers",
    lambda trial: trial.leaks_late and _has_trained_masks(trial) and trial.leak,
    _masks_kept(nn.Parameter),
)
judge.refuses(
    "nothing leaks in a new model, but it does once the weights have changed: the masks were "
    "applied to them when the model was built, and not at each forward pass",
    lambda trial: trial.leaks_late and trial.leak,
    MODELS["masked once"],
)
judge.requires(_leaks_like_a_slip)
for _cause, _wrong in {
    "the mask of the first layer is missing: every input enters there, and no later mask can tell "
    "one from another": changed(MADE, lambda self: unmask(self.layers[:1])),
    "units of degree 1 hear units of every degree: the mask of a layer between two hidden ones is "
    "missing, or something else mixes the units of a layer, as LayerNorm does": (
        MODELS["mask forgotten"]
    ),
    "the mask of the output is missing: every output hears all units of the last hidden layer": (
        changed(MADE, lambda self: unmask(self.layers[-1:]))
    ),
    "every output sees every input: the masks are not made, or made and not used": (
        changed(MADE, lambda self: unmask(self.layers))
    ),
}.items():
    slip(_cause, _wrong)
judge.refuses(
    "outputs see their own variables, the last variable's too, which no hidden unit of a degree "
    "from 1 to D − 1 can reach. Have direct connections >= in place of >, or is x added at the "
    "end, or do hidden degrees go up to D, with >= in the output's mask?",
    lambda trial: trial.leaks_on_diagonal and trial.sees[1].diagonal().all() and trial.leak,
    _DirectSeesItself,
)
judge.refuses(
    "an output sees its own variable: the mask of the output needs >, not >=",
    lambda trial: trial.leaks_on_diagonal and trial.leak,
    MODELS["output sees itself"],
)
judge.refuses(
    "the masks are those of another ordering: they have to follow from the same degrees as order",
    lambda trial: trial.leak and _is_of_another_ordering(trial) and trial.leak,
    changed(MADE, _with_natural_masks),
)
judge.refuses(
    "an output sees a variable that does not come before its own", lambda trial: trial.leak
)
judge.refuses(
    "nothing leaks, but in this wide network something is lost that is allowed. Is more than one "
    "mask of a path strict (one is enough: > for the output, >= before), or does a degree from 1 "
    "to D − 1 not occur (randint(1, D − 1) ends with D − 2)? If the strict mask is the first one, "
    "degrees must go from 2 to D",
    _is_lost,
    changed(MADE, _with_strict_masks),
)


def _only_adds_up(trial: Trial) -> Shown | None:
    """What shows that what x₂ and x₃ do to the output of x₁ is a sum."""
    if not (trial.is_wide and trial.hidden_dims):
        return None
    bends = []
    for _ in range(4):
        trial.shake()
        z00, z01, z10, z11 = trial.logits(trial.points)[:4, 0].tolist()
        bends.append(abs(z11 - z10 - z01 + z00))
    expected, came = (
        "z(1, 1) − z(1, 0) − z(0, 1) + z(0, 0) is not 0",
        "it is 0 whatever the weights are",
    )
    about = " with large weights: the output of x₁, z(x₂, x₃)"
    return trial.shown(about, expected, came) if max(bends) < 1e-6 else None


judge.refuses(
    "no activation: without one after each hidden layer all layers together are a single matrix, "
    "and what x₂ and x₃ do to the output of x₁ only adds up. Or does each layer have one, and yet "
    "no hidden unit sees both of them, as with degrees from randint(1, D − 1), which ends with "
    "D − 2, beside direct connections?",
    _only_adds_up,
    changed(MADE, forward=_activated(lambda h: h)),
)


# ---- log_prob -----------------------------------------------------------------------------------


def _require_sum(trial: Trial) -> None:
    _, expected, came = trial.scores
    total, n = came.exp().sum().item(), len(trial.points)
    if abs(total - 1) > 1e-9:
        cause = find_relation([came], [expected], [{"x": trial.points}]) or (
            "log_prob is not the sum over the variables of their log-probabilities, in the dtype "
            "of the model"
        )
        about = f": the sum of exp(log_prob) over all {n} input{'s' * (n > 1)}"
        raise Wrong(cause, **trial.shown(about, "1, to nine digits", f"{total:.9g}"))


def _odd_score(trial: Trial) -> Shown | None:
    _, expected, came = trial.scores
    if is_same(came, expected):
        return None
    k = (came - expected).abs().argmax()
    about = f".log_prob(x) with x = {written(trial.points[k])}"
    return trial.shown(about, f"{written(expected[k])}, by the logits of forward(x)", came[k])


def _has_sigmoid(trial: Trial) -> bool:
    logits, _, came = trial.scores
    return is_same(came, bernoulli_log_prob(logits.sigmoid(), trial.points))


judge.requires(_require_sum)
judge.refuses(
    "log_prob takes a sigmoid before bernoulli_log_prob, which wants the logits themselves: "
    "bernoulli_log_prob(self(x), x)",
    lambda trial: _has_sigmoid(trial) and _odd_score(trial),
    changed(MADE, log_prob=lambda self, x: bernoulli_log_prob(self(x).sigmoid(), x)),
)
judge.refuses(
    "log_prob is another distribution than the logits of forward(x) stand for: it is to be "
    "bernoulli_log_prob(self(x), x), with nothing in between",
    _odd_score,
    changed(
        MADE,
        forward=lambda self, x: MADE.forward(self, x) / 2,
        log_prob=lambda self, x: bernoulli_log_prob(2 * self(x), x),
    ),
)


def _is_unstable(trial: Trial) -> Shown | None:
    points = trial.points.float()
    trial.model.float()
    trial.shake(size=300)
    expected = bernoulli_log_prob(trial.logits(points), points)
    came = trial.call("log_prob", points, expected)
    k = (came - expected).nan_to_num(nan=torch.inf).abs().argmax()
    about = f".log_prob(x) with very large weights, x = {written(points[k])}"
    return None if is_same(came, expected) else trial.shown(about, expected[k], came[k])


judge.refuses(
    "log_prob is right for small logits, and not finite or cut off for large ones: use softplus, "
    "as in exercise 4.2",
    _is_unstable,
    changed(MADE, log_prob=lambda self, x: of_probabilities(self(x).sigmoid(), x)),
)


def _stuck(trial: Trial) -> Shown | None:
    """Parameters that change log_prob, and have no gradient in a wide network."""
    stuck, points = trial.trained() if trial.is_wide else {}, trial.points.float()
    for _ in range(4 if stuck else 0):
        trial.shake()
        trial.model.zero_grad()
        came = trial.model.log_prob(points).sum()
        if came.requires_grad:
            run(came.backward)
        stuck = {name: p for name, p in stuck.items() if p.grad is None or not p.grad.any()}
    for name, parameter in list(stuck.items()):
        before = trial.call("log_prob", points, points[:, 0])
        with torch.no_grad():
            parameter.neg_().add_(1)
        if is_same(trial.call("log_prob", points, before), before):
            del stuck[name]
    about = ", the gradients of log_prob"
    return trial.shown(about, came=f"none for {[*stuck]}") if stuck else None


judge.refuses(
    "log_prob gives these parameters no gradient, so no training could change them: no_grad, .data "
    "or .detach() stands in between. no_grad belongs to sample alone",
    _stuck,
    changed(MADE, forward=torch.no_grad()(lambda self, x: MADE.forward(self, x))),
)


# ---- samples, and what is saved -----------------------------------------------------------------


def _is_unsteady(trial: Trial, other_u: Tensor) -> bool:
    """Whether samples for u and for another u differ."""
    first, other = (trial.call("sample", u, u) for u in (trial.u, other_u))
    return not is_same(first, other)


def _samples_like_a_slip(trial: Trial) -> None:
    """The wrong sampler of exercise 4.3 that draws the same."""
    for known in known_slips("4.3") if trial.odd_sample else ():
        if is_same(trial.samples, outcome(trial.drawn, (known.answer,))):
            raise Wrong(known.cause, **trial.odd_sample)


judge.refuses(
    "two calls with the same u give different samples: u is to decide, so draw no random numbers "
    "(torch.rand, torch.bernoulli) besides",
    lambda trial: trial.odd_sample and _is_unsteady(trial, trial.u) and trial.odd_sample,
    sampling(lambda forward, order, u: sample(forward, order, torch.rand_like(u))),
)
judge.requires(_samples_like_a_slip)
for _known in known_slips("4.3")[:3]:
    slip(_known.cause, sampling(_known.answer))
judge.refuses(
    "the samples are the same whatever u is: u is to decide, variable i is 1 where u[:, i] ≤ p",
    lambda trial: (
        trial.odd_sample and not _is_unsteady(trial, trial.u.flip(0)) and trial.odd_sample
    ),
    sampling(lambda forward, order, u: sample(forward, order, uniforms(*u.shape).flip(0))),
)
judge.refuses(
    "the samples are not those that log_prob gives for these u", lambda trial: trial.odd_sample
)


def _is_not_saved(trial: Trial) -> Shown | None:
    other, points = trial.new(), trial.points.float()
    run(other.load_state_dict, trial.model.state_dict())
    with torch.no_grad():
        is_back = is_same(other.log_prob(points), trial.model.log_prob(points))
    return None if is_back else trial.shown(", saved and loaded")


judge.refuses(
    "a second model that loads the state dict of the first gives other probabilities: the masks "
    "are not in it. Make them buffers",
    _is_not_saved,
    _masks_kept(lambda mask: mask),
)
