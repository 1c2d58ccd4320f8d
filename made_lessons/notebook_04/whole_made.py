"""4.5: MADE from an empty cell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise, permutations

import torch
from torch import Tensor, nn

from made_course.common.words import variable_names
from made_course.model.masks import build_masks, direct_mask, draw_degrees, input_degrees

from ..checking import but, changed, exercise, is_same, is_unchanged, kept_as, written
from .mutants import MADE, MODELS, altered, remask, unmask
from .whole_made_trial import Trial, look_at_model

exercise(
    "4.5",
    "MADE from an empty cell",
    stars=3,
    is_inside=True,
    message="Six models were tried, with up to two hidden layers: none leaks, the wide ones lose "
    "nothing, and the probabilities of all inputs sum to one.",
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

look_at_model(
    ".order",
    lambda trial: getattr(trial.model, "order", None),
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
        "order holds the degree of each variable: (D,), dtype long": None,
    },
)
look_at_model(
    ".state_dict()",
    lambda trial: "order" in trial.model.state_dict(),
    "order is not saved with the model: a plain attribute is not in the state dict, and stays "
    "behind when the model moves. Use register_buffer",
    altered(kept_as("order", lambda order: order)),
    expected="",
)


def _parameters(trial: Trial) -> str:
    """Name the parameters that are found, if some layers or parameters are hidden."""
    known = {id(part) for part in [*trial.model.modules(), *trial.model.parameters()]}
    for kept in vars(trial.model).values():
        parts = kept.values() if isinstance(kept, dict) else kept
        if isinstance(kept, list | tuple | dict) and any(
            isinstance(part, nn.Module | nn.Parameter) and id(part) not in known for part in parts
        ):
            return written([name for name, _ in trial.model.named_parameters()])
    return "those of all layers"


look_at_model(
    ".named_parameters()",
    _parameters,
    "the layers stand in a plain list or dict, which nn.Module does not look into, so they are not "
    "trained, saved or moved: use nn.ModuleList",
    altered(kept_as("layers", list)),
)


def _widths_that_do_not_count(trial: Trial) -> list[list[int]]:
    """List other sizes of hidden layers that give the same number of parameters."""
    dims, ordering = trial.hidden_dims, trial.ordering.tolist()
    wider = [[*dims[:k], width + 1, *dims[k + 1 :]] for k, width in enumerate(dims)]
    few = sum(p.numel() for p in trial.model.parameters())
    with torch.random.fork_rng(devices=[]):
        others = [Trial(trial.answer, ordering, more) for more in [*wider, [*dims, 2]]]
    models = {str(other.hidden_dims): other.model for other in others}
    sizes = {dims: sum(p.numel() for p in model.parameters()) for dims, model in models.items()}
    return [dims for dims, size in sizes.items() if size == few]


look_at_model(
    ", then hidden_dims with as many parameters",
    _widths_that_do_not_count,
    "hidden_dims makes no difference to the parameters: each of its numbers is the width of a "
    "hidden layer, so none may be written into your code",
    lambda input_dim, hidden_dims, ordering: MADE(input_dim, [16] * len(hidden_dims), ordering),
)


# ---- forward ------------------------------------------------------------------------------------


def _draw_masks(model: MADE) -> None:
    hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
    remask(model.layers, build_masks(draw_degrees(model.order, hidden_dims, "uniform")))


def _twice(trial: Trial) -> str:
    kept = copy.deepcopy(trial.model.double().state_dict())
    first, again = (trial.call("forward", trial.points, trial.points) for _ in range(2))
    is_kept = is_unchanged(dict(kept), dict(trial.model.state_dict()))
    if is_same(first, again):
        return "the same logits"
    return "other logits" if is_kept else "other logits, and the state dict changes"


look_at_model(
    ", forward twice",
    _twice,
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
    },
)


def _alone(trial: Trial) -> str:
    trial.model.double()
    points, first = trial.points, trial.points[:1]
    together, alone = (trial.call("forward", x, x)[:1] for x in (points, first))
    return "the same logits" if is_same(together, alone) else "other logits"


look_at_model(
    ", forward with a row among others, and alone",
    _alone,
    "what forward gives for a row depends on the other rows of x: each row is an example of its "
    "own, so take no mean, sum or maximum over dimension 0",
    but("return self.layers[-1](x)", "return (z := self.layers[-1](x)) - z.mean(dim=0)"),
)


def _range(trial: Trial) -> str:
    """Say between which bounds the logits stay; with one variable they depend on a bias only."""
    trial.model.double()
    outputs = [trial.call("forward", trial.points, trial.points)]
    for _ in range(8):
        trial.shake(size=3000)
        outputs.append(trial.call("forward", trial.points, trial.points))
    lowest, highest = (bound.item() for bound in torch.stack(outputs).aminmax())
    if len(trial.ordering) == 1 or (lowest <= -20 and highest >= 20):
        return "numbers far below 0 and far above 1"
    if lowest < 0:
        return "none far below 0, or none far above 1"
    return "none below 0, none above 1" if highest <= 1 else "none below 0"


look_at_model(
    ", forward, with all sorts of weights",
    _range,
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
    },
)


# ---- what is seen -------------------------------------------------------------------------------


def _pairs(pairs: Tensor, verb: str) -> dict[str, str]:
    """Describe pairs (output, input): what each output moves with, or never moves with."""
    names = variable_names(len(pairs))
    return {
        f"the output of {names[i]} {verb}": ", ".join(names[j] for j in row.nonzero().ravel())
        for i, row in enumerate(pairs)
        if row.any()
    }


def keeping_masks(keep: Callable[[Tensor], Tensor]) -> type[MADE]:
    """Return a class that draws masks, whose layers keep them in another way."""
    drawn = altered(_draw_masks)
    return changed(drawn, lambda self: [*map(kept_as("mask", keep), self.layers)])


def _leaks_later(trial: Trial) -> str:
    trained = [p.detach().unique() for p in trial.new().parameters() if p.requires_grad]
    has_masks = any(is_same(values, torch.tensor([0.0, 1.0])) for values in trained)
    if (trial.sees[0] & ~trial.allowed).any() or not trial.leaks.any():
        return "no output moves more than before training"
    return "leaks" + ", with masks among the parameters" * has_masks


look_at_model(
    " with large weights: flip each input",
    _leaks_later,
    {
        "the masks are among the parameters, and would be trained: make them buffers": (
            keeping_masks(nn.Parameter)
        ),
        "nothing leaks in a new model, but it does once the weights have changed: the masks were "
        "applied to them when the model was built, and not at each forward pass": (
            MODELS["masked once"]
        ),
    },
)


def _kind_of_leak(trial: Trial, got: object, right: object) -> str:
    own, last = torch.eye(len(trial.leaks)).bool(), trial.order.argmax()
    is_own = not bool((trial.leaks & ~own).any())
    others = map(input_degrees, permutations(range(len(trial.ordering))))
    if is_own and trial.leaks[last, last]:
        return (
            "outputs see their own variables, the last variable's too, which no hidden unit of a "
            "degree from 1 to D − 1 can reach. Have direct connections >= in place of >, or is x "
            "added at the end, or do hidden degrees go up to D, with >= in the output's mask?"
        )
    if is_own:
        return "an output sees its own variable: the mask of the output needs >, not >="
    if any(torch.equal(trial.sees[1], direct_mask(order)) for order in others):
        return (
            "the masks are those of another ordering: they have to follow from the same degrees as "
            "order"
        )
    return "an output sees a variable that does not come before its own"


look_at_model(
    " with large weights: flip each input",
    lambda trial: _pairs(trial.leaks, "moves with"),
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
    },
    cause=_kind_of_leak,
    expected="no output moves with what it may not see",
)


def _lost(trial: Trial, is_so: bool) -> dict[str, str]:
    """Describe what outputs are allowed to see and never see, if something is so."""
    return _pairs(trial.allowed & ~trial.sees[1], "never moves with") if is_so else {}


look_at_model(
    " with large weights: flip each input",
    lambda trial: _lost(trial, not trial.hidden_dims),
    "without a hidden layer something is lost that is allowed: the only layer is applied once, and "
    "without an activation. Are the first and the last layer applied apart, or some left out? Go "
    "through self.layers[:-1] in a loop",
    but("self.layers[:-1]", "self.layers[:1]"),
    expected="every output moves with all that it may see",
)
look_at_model(
    " with large weights: flip each input",
    lambda trial: _lost(trial, trial.is_wide),
    "nothing leaks, but in this wide network something is lost that is allowed. Is more than one "
    "mask of a path strict (one is enough: > for the output, >= before), or does a degree from 1 "
    "to D − 1 not occur (randint(1, D − 1) ends with D − 2)? If the strict mask is the first one, "
    "degrees must go from 2 to D",
    altered(
        lambda self: remask(
            self.layers, [m[:, None] > below for below, m in pairwise([*self.degrees, self.order])]
        )
    ),
    expected="every output moves with all that it may see",
)


def _bend(trial: Trial) -> str:
    """Say whether x₂ and x₃ only add up, in the output of x₁."""
    bends = []
    for _ in range(4 if trial.is_wide and trial.hidden_dims else 0):
        trial.shake()
        z00, z01, z10, z11 = trial.model(trial.points)[:4, 0].tolist()
        bends.append(abs(z11 - z10 - z01 + z00))
    if max(bends, default=1) < 1e-6:
        return "it is 0 whatever the weights are"
    return "z(1, 1) − z(1, 0) − z(0, 1) + z(0, 0) is not 0"


look_at_model(
    " with large weights: the output of x₁, z(x₂, x₃)",
    _bend,
    "no activation: without one after each hidden layer all layers together are a single matrix, "
    "and what x₂ and x₃ do to the output of x₁ only adds up. Or does each layer have one, and yet "
    "no hidden unit sees both of them, as with degrees from randint(1, D − 1), which ends with "
    "D − 2, beside direct connections?",
    but("torch.relu(layer(x))", "layer(x)"),
)
