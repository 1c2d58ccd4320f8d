"""4.5: MADE from an empty cell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise, permutations

import torch
from torch import Tensor, nn

from made_course.common.words import variable_names
from made_course.model.masks import build_masks, direct_mask, draw_degrees, input_degrees

from ..checking.calls import is_unchanged
from ..checking.comparing import is_same
from ..checking.edited_source import but
from ..checking.exercise import exercise
from ..checking.in_words import written
from ..checking.properties import Fault, Properties, changed, kept_as
from .mutants import MADE, MODELS, altered, remask, unmask
from .whole_made_trial import Trial

judge = Properties("4.5", lambda trial, other: Trial(other, trial.ordering, trial.hidden_dims))


def _examine(answer: object) -> str:
    for ordering, hidden_dims in (
        ([1, 2, 0], [32, 32]),
        ([1, 2, 0], [32]),
        ([1, 2, 0], []),
        ([1, 2, 0], [1]),
        ([2, 0, 4, 1, 3], [6, 2]),
        ([0], [4]),
    ):
        judge(Trial(answer, torch.tensor(ordering), hidden_dims))
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


@judge.refuses(
    {
        "the ordering (plus one) is taken for the degrees. order[i] is the step at which variable "
        "i comes: order = argsort(ordering) + 1": MODELS["ordering as degrees"],
        "order is the ordering itself. It must hold the degrees: order[i] is the step, counted "
        "from 1, at which variable i comes: argsort(ordering) + 1": altered(
            lambda self: self.order.copy_(self.order.argsort())
        ),
        "order counts from 0: degrees count from 1, so argsort(ordering) + 1": altered(
            lambda self: self.order.sub_(1)
        ),
    }
)
def _has_another_order(trial: Trial) -> Fault | bool:
    came = getattr(trial.model, "order", None)
    cause = "order holds the degree of each variable: (D,), dtype long"
    fault = trial.fault(".order", trial.order, came, cause=cause)
    return not is_same(came, trial.order) and fault


@judge.refuses(
    "order is not saved with the model: a plain attribute is not in the state dict, and stays "
    "behind when the model moves. Use register_buffer",
    altered(kept_as("order", lambda order: order)),
)
def _does_not_save_its_order(trial: Trial) -> Fault | bool:
    saved = [*trial.model.state_dict()]
    return "order" not in saved and trial.fault(".state_dict()", came=saved)


@judge.refuses(
    "the layers stand in a plain list or dict, which nn.Module does not look into, so they are not "
    "trained, saved or moved: use nn.ModuleList",
    altered(kept_as("layers", list)),
)
def _hides_layers(trial: Trial) -> Fault | None:
    known = {id(part) for part in [*trial.model.modules(), *trial.model.parameters()]}
    for name, kept in vars(trial.model).items():
        parts = kept.values() if isinstance(kept, dict) else kept
        if isinstance(kept, list | tuple | dict) and any(
            isinstance(part, nn.Module | nn.Parameter) and id(part) not in known for part in parts
        ):
            parameters = [name for name, _ in trial.model.named_parameters()]
            expected = f"those of the layers in {name}, too"
            return trial.fault(".named_parameters()", expected, parameters)
    return None


@judge.refuses(
    "hidden_dims makes no difference to the parameters: each of its numbers is the width of a "
    "hidden layer, so none may be written into your code",
    lambda input_dim, hidden_dims, ordering: MADE(input_dim, [16] * len(hidden_dims), ordering),
)
def _has_other_widths(trial: Trial) -> Fault | None:
    dims = trial.hidden_dims
    wider = [[*dims[:k], width + 1, *dims[k + 1 :]] for k, width in enumerate(dims)]
    few = sum(p.numel() for p in trial.model.parameters())
    with torch.random.fork_rng(devices=[]):
        others = [Trial(trial.answer, trial.ordering, more) for more in [*wider, [*dims, 2]]]
    for other in others:
        if sum(p.numel() for p in other.model.parameters()) == few:
            return trial.fault(f", then {other.named}", "more parameters", f"{few} in both")
    return None


# ---- forward ------------------------------------------------------------------------------------


def _draw_masks(model: MADE) -> None:
    hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
    remask(model.layers, build_masks(draw_degrees(model.order, hidden_dims, "uniform")))


@judge.refuses(
    {
        "the masks are drawn anew in each forward pass, so that two passes with the same x differ: "
        "draw degrees and make masks once, in __init__": altered(
            forward=lambda self, x: (_draw_masks(self), MADE.forward(self, x))[1]
        ),
        "two forward passes with the same x differ, in evaluation mode, too. Is dropout never "
        "switched off? nn.Dropout does that by itself, F.dropout needs training=self.training. "
        "Nothing else may be drawn in a forward pass": but(
            "torch.relu(layer(x))", "torch.dropout(torch.relu(layer(x)), 0.5, True)"
        ),
    }
)
def _depends_on_chance(trial: Trial) -> Fault | bool:
    kept = copy.deepcopy(trial.model.double().state_dict())
    first, again = (trial.call("forward", trial.points, trial.points) for _ in range(2))
    is_kept = is_unchanged(dict(kept), dict(trial.model.state_dict()))
    return not is_same(first, again) and trial.fault(", forward twice", kind=is_kept)


@judge.refuses(
    "what forward gives for a row depends on the other rows of x: each row is an example of its "
    "own, so take no mean, sum or maximum over dimension 0",
    but("return self.layers[-1](x)", "return (z := self.layers[-1](x)) - z.mean(dim=0)"),
)
def _mixes_rows(trial: Trial) -> Fault | bool:
    trial.model.double()
    points, first = trial.points, trial.points[:1]
    together, alone = (trial.call("forward", x, x)[:1] for x in (points, first))
    about = f", forward with the row {written(first[0])} among others, and alone"
    return not is_same(together, alone) and trial.fault(about, alone, together)


@judge.refuses(
    {
        "forward gives numbers between 0 and 1: logits are asked for, without a sigmoid": but(
            "[-1](x)", "[-1](x).sigmoid()"
        ),
        "no logit is below 0, so no probability below one half: nothing comes after the last "
        "layer, no activation either": but("[-1](x)", "[-1](x).relu()"),
        "whatever the weights are, the logits stay within bounds, and so do the probabilities: "
        "nothing comes after the last layer, no activation either": but(
            "[-1](x)", "[-1](x).tanh()"
        ),
    }
)
def _is_bounded(trial: Trial) -> Fault | bool:
    trial.model.double()
    outputs = [trial.call("forward", trial.points, trial.points)]
    for _ in range(8):
        trial.shake(size=3000)
        outputs.append(trial.call("forward", trial.points, trial.points))
    lowest, highest = (bound.item() for bound in torch.stack(outputs).aminmax())
    return (len(trial.ordering) > 1 and (lowest > -20 or highest < 20)) and trial.fault(
        ", forward, with all sorts of weights",
        "numbers far below 0 and far above 1",
        f"none below {lowest:.3g}, none above {highest:.3g}",
        kind=[lowest >= 0, lowest >= 0 and highest <= 1],
    )


# ---- what is seen -------------------------------------------------------------------------------


def _flipped(trial: Trial, pairs: Tensor, does: tuple[str, str], **how: object) -> Fault:
    """What the output of the first pair (output, input) does when its input is flipped."""
    i, j = pairs.nonzero()[0].tolist()
    names = variable_names(len(trial.ordering))
    said = [f"the output of {names[i]} {verb}" for verb in does]
    return trial.fault(f" with large weights: flip {names[j]}", *said, **how)


def _leak(trial: Trial, is_so: bool = True, **how: object) -> Fault | bool:
    """An output that sees what it may not, if besides something is so."""
    is_so = is_so and bool(trial.leaks.any())
    return is_so and _flipped(trial, trial.leaks, ("stays as it is", "moves"), **how)


def keeping_masks(keep: Callable[[Tensor], Tensor]) -> type[MADE]:
    """Masks that are drawn, and kept by the layers in another way."""
    drawn = altered(_draw_masks)
    return changed(drawn, lambda self: [*map(kept_as("mask", keep), self.layers)])


@judge.refuses(
    {
        "the masks are among the parameters, and would be trained: make them buffers": (
            keeping_masks(nn.Parameter)
        ),
        "nothing leaks in a new model, but it does once the weights have changed: the masks were "
        "applied to them when the model was built, and not at each forward pass": (
            MODELS["masked once"]
        ),
    }
)
def _leaks_later(trial: Trial) -> Fault | bool:
    trained = [p.detach().unique() for p in trial.new().parameters() if p.requires_grad]
    has_masks = any(is_same(values, torch.tensor([0.0, 1.0])) for values in trained)
    return _leak(trial, not (trial.sees[0] & ~trial.allowed).any(), kind=has_masks)


@judge.refuses(
    {
        "the mask of the first layer is missing: every input enters there, and no later mask can "
        "tell one from another": altered(lambda self: unmask(self.layers[:1])),
        "units of degree 1 hear units of every degree: the mask of a layer between two hidden ones "
        "is missing, or something else mixes the units of a layer, as LayerNorm does": (
            MODELS["mask forgotten"]
        ),
        "the mask of the output is missing: every output hears all units of the last hidden "
        "layer": altered(lambda self: unmask(self.layers[-1:])),
        "every output sees every input: the masks are not made, or made and not used": (
            altered(lambda self: unmask(self.layers))
        ),
    }
)
def _leaks_like_another(trial: Trial) -> Fault | bool:
    return _leak(trial, kind=trial.sees[1], cause=None)


@judge.refuses(
    {
        "outputs see their own variables, the last variable's too, which no hidden unit of a "
        "degree from 1 to D − 1 can reach. Have direct connections >= in place of >, or is x added "
        "at the end, or do hidden degrees go up to D, with >= in the output's mask?": (
            altered(forward=lambda self, x: MADE.forward(self, x) + x)
        ),
        "an output sees its own variable: the mask of the output needs >, not >=": (
            MODELS["output sees itself"]
        ),
    }
)
def _sees_itself(trial: Trial) -> Fault | bool:
    own, last = torch.eye(len(trial.leaks)).bool(), trial.order.argmax()
    return _leak(trial, not (trial.leaks & ~own).any(), kind=bool(trial.leaks[last, last]))


@judge.refuses(
    "the masks are those of another ordering: they have to follow from the same degrees as order",
    altered(
        lambda self: remask(
            self.layers, build_masks([torch.arange(len(self.order)) + 1, *self.degrees[1:]])
        )
    ),
)
def _follows_another_ordering(trial: Trial) -> Fault | bool:
    others = map(input_degrees, permutations(range(len(trial.ordering))))
    return _leak(trial, any(torch.equal(trial.sees[1], direct_mask(order)) for order in others))


judge.refuses("an output sees a variable that does not come before its own")(_leak)


def _lost(trial: Trial, is_so: bool) -> Fault | bool:
    lost = trial.allowed & ~trial.sees[1]
    return is_so and bool(lost.any()) and _flipped(trial, lost, ("moves", "never moves"))


judge.refuses(
    "without a hidden layer something is lost that is allowed: the only layer is applied once, and "
    "without an activation. Are the first and the last layer applied apart, or some left out? Go "
    "through self.layers[:-1] in a loop",
    but("self.layers[:-1]", "self.layers[:1]"),
)(lambda trial: _lost(trial, not trial.hidden_dims))
judge.refuses(
    "nothing leaks, but in this wide network something is lost that is allowed. Is more than one "
    "mask of a path strict (one is enough: > for the output, >= before), or does a degree from 1 "
    "to D − 1 not occur (randint(1, D − 1) ends with D − 2)? If the strict mask is the first one, "
    "degrees must go from 2 to D",
    altered(
        lambda self: remask(
            self.layers, [m[:, None] > below for below, m in pairwise([*self.degrees, self.order])]
        )
    ),
)(lambda trial: _lost(trial, trial.is_wide))


@judge.refuses(
    "no activation: without one after each hidden layer all layers together are a single matrix, "
    "and what x₂ and x₃ do to the output of x₁ only adds up. Or does each layer have one, and yet "
    "no hidden unit sees both of them, as with degrees from randint(1, D − 1), which ends with "
    "D − 2, beside direct connections?",
    but("torch.relu(layer(x))", "layer(x)"),
)
def _only_adds_up(trial: Trial) -> Fault | bool:
    bends = []
    for _ in range(4 if trial.is_wide and trial.hidden_dims else 0):
        trial.shake()
        z00, z01, z10, z11 = trial.model(trial.points)[:4, 0].tolist()
        bends.append(abs(z11 - z10 - z01 + z00))
    return max(bends, default=1) < 1e-6 and trial.fault(
        " with large weights: the output of x₁, z(x₂, x₃)",
        "z(1, 1) − z(1, 0) − z(0, 1) + z(0, 0) is not 0",
        "it is 0 whatever the weights are",
    )
