"""Exercise 4.5: MADE from an empty cell."""

import copy
from itertools import pairwise, permutations

import torch
from torch import Tensor, nn

from made_course.common.words import variable_names
from made_course.model.masks import direct_mask, input_degrees

from ..checking import Exercise, View, WrongAnswer, as_text, edit, is_same, is_unchanged
from ..checking.classes import replace_attribute
from .mutants import (
    MADE,
    MODELS,
    draw_masks,
    make_mutant,
    make_mutant_with_masks,
    remove_masks,
    replace_masks,
)
from .whole_made_draws import VIEWS
from .whole_made_trial import Trial, views_of_models

# ---- order and layers ---------------------------------------------------------------------------


def _list_parameters(trial: Trial) -> str:
    """List the parameters that PyTorch finds, or say that it finds those of all layers."""
    known = {id(part) for part in [*trial.model.modules(), *trial.model.parameters()]}
    for kept in vars(trial.model).values():
        parts = kept.values() if isinstance(kept, dict) else kept
        if isinstance(kept, list | tuple | dict) and any(
            isinstance(part, nn.Module | nn.Parameter) and id(part) not in known for part in parts
        ):
            return as_text([name for name, _ in trial.model.named_parameters()])
    return "the parameters of all layers"


def _list_unused_widths(trial: Trial) -> list[str]:
    """List changed ``hidden_dims`` for which the number of parameters stays the same."""
    dims, ordering = trial.hidden_dims, trial.ordering.tolist()
    wider = [[*dims[:k], width + 1, *dims[k + 1 :]] for k, width in enumerate(dims)]
    few = sum(p.numel() for p in trial.model.parameters())
    with torch.random.fork_rng(devices=[]):
        others = [Trial(trial.answer, ordering, more) for more in [*wider, [*dims, 2]]]
    sizes = [sum(p.numel() for p in other.model.parameters()) for other in others]
    return [str(o.hidden_dims) for o, size in zip(others, sizes, strict=True) if size == few]


# ---- forward ------------------------------------------------------------------------------------


def _compare_two_passes(trial: Trial) -> str:
    kept = copy.deepcopy(trial.model.double().state_dict())
    first, again = (trial.call("forward", trial.points, trial.points) for _ in range(2))
    is_kept = is_unchanged(dict(kept), dict(trial.model.state_dict()))
    if is_same(first, again):
        return "the same logits"
    return "different logits" if is_kept else "different logits, and the state dict has changed"


def _compare_with_batch(trial: Trial) -> str:
    trial.model.double()
    points, first = trial.points, trial.points[:1]
    among_others, alone = (trial.call("forward", x, x)[:1] for x in (points, first))
    return "the same logits" if is_same(among_others, alone) else "different logits"


def _describe_range(trial: Trial) -> str:
    """Describe the range of the logits. With one variable, any range is right."""
    trial.model.double()
    outputs = [trial.call("forward", trial.points, trial.points)]
    for _ in range(8):
        trial.draw_weights(size=3000)
        outputs.append(trial.call("forward", trial.points, trial.points))
    if not bool(torch.stack(outputs).isfinite().all()):
        raise WrongAnswer("some logits of forward(x) are NaN or infinite")
    lowest, highest = (bound.item() for bound in torch.stack(outputs).aminmax())
    if len(trial.ordering) == 1 or (lowest <= -20 and highest >= 20):
        return "numbers far below 0 and far above 1"
    if lowest < 0:
        return "no logit far below 0, or none far above 1"
    return "no logit below 0 or above 1" if highest <= 1 else "no logit below 0"


# ---- dependence --------------------------------------------------------------------------------


def _describe_pairs(pairs: Tensor, verb: str) -> dict[str, str]:
    """Map "the output of xᵢ {verb}" to the names of all xⱼ for which ``pairs[i, j]`` is True."""
    names = variable_names(len(pairs))
    return {
        f"the output of {names[i]} {verb}": ", ".join(names[j] for j in row.nonzero().ravel())
        for i, row in enumerate(pairs)
        if row.any()
    }


def _describe_later_leaks(trial: Trial) -> str:
    trained = [p.detach().unique() for p in trial.make_model().parameters() if p.requires_grad]
    has_masks = any(is_same(values, torch.tensor([0.0, 1.0])) for values in trained)
    if (trial.dependencies[0] & ~trial.allowed).any() or not trial.leaks.any():
        return "no output moves more than before training"
    return "leaks" + ", with masks among the parameters" * has_masks


def _explain_leak(trial: Trial, got: object, right: object) -> str:
    own, last = torch.eye(len(trial.leaks)).bool(), trial.order.argmax()
    is_own = not bool((trial.leaks & ~own).any())
    others = map(input_degrees, permutations(range(len(trial.ordering))))
    if is_own and trial.leaks[last, last]:
        return (
            "an output sees its own variable, even the last one, and no hidden unit of degree 1 to "
            "D − 1 could cause that. Look at direct connections first (do they use >=?), then for "
            "an x that is added at the end, then for hidden degrees up to D"
        )
    if is_own:
        return "an output sees its own variable. The output mask needs >, not >="
    if any(torch.equal(trial.dependencies[1], direct_mask(order)) for order in others):
        return "your masks belong to another ordering. Build them from the degrees in order"
    return "an output sees a variable that is not generated before its own"


def _describe_lost_inputs(trial: Trial) -> dict[str, str]:
    return _describe_pairs(trial.allowed & ~trial.dependencies[1], "never moves with")


def _describe_interaction(trial: Trial) -> str:
    """Say whether the output of x₁ is more than a term of x₂ plus a term of x₃."""
    bends = []
    for _ in range(4 if trial.is_wide and trial.hidden_dims else 0):
        trial.draw_weights()
        z00, z01, z10, z11 = trial.model(trial.points)[:4, 0].tolist()
        bends.append(abs(z11 - z10 - z01 + z00))
    if max(bends, default=1) < 1e-6:
        return "it is 0 for all weights"
    return "z(1, 1) − z(1, 0) − z(0, 1) + z(0, 0) is not 0"


_VIEWS_OF_ONE = (
    View(
        lambda trial: getattr(trial.model, "order", None),
        ".order",
        mistakes={
            "you use the ordering (plus one) as the degrees, but order[i] is the step that "
            "generates variable i: order = argsort(ordering) + 1": MODELS["ordering as degrees"],
            "order is the ordering, but it must be the degrees, where order[i] is the step, "
            "counted from 1, that generates variable i. Use argsort(ordering) + 1": make_mutant(
                lambda self: self.order.copy_(self.order.argsort())
            ),
            "your order counts from 0, but degrees count from 1. Use argsort(ordering) + 1": (
                make_mutant(lambda self: self.order.sub_(1))
            ),
        },
        cause="order must be the degree of each variable, a tensor (D,) of dtype long",
    ),
    View(
        lambda trial: f"{'a' if 'order' in trial.model.state_dict() else 'no'} key 'order'",
        ".state_dict()",
        mistakes={
            "order is not saved with the model, because a plain attribute is not in the state "
            "dict. It also does not move with the model. Use register_buffer": make_mutant(
                replace_attribute("order", lambda order: order)
            )
        },
    ),
    View(
        _list_parameters,
        ".named_parameters()",
        mistakes={
            "the layers are in a plain list or dict, where nn.Module does not find them, so they "
            "are not trained, saved or moved. Use nn.ModuleList": make_mutant(
                replace_attribute("layers", list)
            )
        },
    ),
    View(
        _list_unused_widths,
        ", then other hidden_dims with the same number of parameters",
        mistakes={
            "other hidden_dims give the same number of parameters. Each number in hidden_dims is "
            "the width of a hidden layer, "
            "so do not write widths into your code": lambda input_dim, hidden_dims, ordering: MADE(
                input_dim, [16] * len(hidden_dims), ordering
            )
        },
    ),
    View(
        _compare_two_passes,
        ", forward twice",
        mistakes={
            "you draw new masks in each forward pass, so two passes with the same x differ. Draw "
            "degrees and build masks once, in __init__": make_mutant(
                forward=lambda self, x: (draw_masks(self), MADE.forward(self, x))[1]
            ),
            "two forward passes with the same x differ, even in evaluation mode. Is dropout still "
            "on? nn.Dropout switches itself off, but F.dropout needs training=self.training. Do "
            "not draw anything else in a forward pass": edit(
                "torch.relu(layer(x))", "torch.dropout(torch.relu(layer(x)), 0.5, True)"
            ),
        },
    ),
    View(
        _compare_with_batch,
        ", forward with one row, and with several",
        mistakes={
            "the logits of a row depend on the other rows of x, but each row is its own example. "
            "Do not take a mean, sum or maximum over dimension 0": edit(
                "return self.layers[-1](x)", "return (z := self.layers[-1](x)) - z.mean(dim=0)"
            )
        },
    ),
    View(
        _describe_range,
        ", forward, with large weights",
        mistakes={
            "forward returns numbers between 0 and 1, but it must return logits. "
            "Remove the sigmoid": edit("[-1](x)", "[-1](x).sigmoid()"),
            "your logits are never below 0, so no probability is below one half. Do not apply an "
            "activation after the last layer": edit("[-1](x)", "[-1](x).relu()"),
            "your logits stay within bounds for all weights, and so do the probabilities. Do not "
            "apply an activation after the last layer": edit("[-1](x)", "[-1](x).tanh()"),
        },
    ),
    View(
        _describe_later_leaks,
        " with large weights: flip each input",
        mistakes={
            "the masks are parameters, so they would be trained. Make them buffers": (
                make_mutant_with_masks(nn.Parameter)
            ),
            "a new model does not leak, but it does after the weights have changed. You applied "
            "the masks to the weights once, but each forward pass must apply them": (
                MODELS["masked once"]
            ),
        },
    ),
    View(
        lambda trial: _describe_pairs(trial.leaks, "moves with"),
        " with large weights: flip each input",
        mistakes={
            "the mask of the first layer is missing, so every hidden unit sees every input, and no "
            "later mask can repair this": make_mutant(lambda self: remove_masks(self.layers[:1])),
            "units of degree 1 see units of every degree. The mask between two hidden layers is "
            "missing, or something else mixes the units of a layer, such as LayerNorm": (
                MODELS["mask forgotten"]
            ),
            "the output mask is missing, so every output sees all units of the "
            "last hidden layer": make_mutant(lambda self: remove_masks(self.layers[-1:])),
            "every output sees every input. Either no masks are built, or they are not used": (
                make_mutant(lambda self: remove_masks(self.layers))
            ),
        },
        cause=_explain_leak,
        expected="no output moves with an input that it must not see",
    ),
    View(
        lambda trial: {} if trial.hidden_dims else _describe_lost_inputs(trial),
        " with large weights: flip each input",
        mistakes={
            "without a hidden layer, outputs miss inputs that they may see. The only layer must be "
            "applied once, without an activation. Do you apply the first and the last layer "
            "separately, or skip "
            "one? Use a loop over self.layers[:-1]": edit("self.layers[:-1]", "self.layers[:1]")
        },
        expected="every output moves with every input that it may see",
    ),
    View(
        lambda trial: _describe_lost_inputs(trial) if trial.is_wide else {},
        " with large weights: flip each input",
        mistakes={
            "nothing leaks, but in this wide network some outputs miss inputs that they may see. "
            "First look for a second strict mask: use > for the output only, and >= before it. "
            "Then print the hidden degrees: each from 1 to D − 1 must occur, and randint(1, D − 1) "
            "ends with D − 2": make_mutant(
                lambda self: replace_masks(
                    self.layers,
                    [m[:, None] > below for below, m in pairwise([*self.degrees, self.order])],
                )
            )
        },
        expected="every output moves with every input that it may see",
    ),
    View(
        _describe_interaction,
        " with large weights: the output of x₁, z(x₂, x₃)",
        mistakes={
            "the output of x₁ is only a sum of a term of x₂ and a term of x₃. Without an "
            "activation after each hidden layer, all layers together are a single linear layer. "
            "(If there is one, print the hidden degrees: randint(1, D − 1) ends with D − 2, and "
            "then no hidden unit sees both)": edit("torch.relu(layer(x))", "layer(x)")
        },
    ),
    *VIEWS,
)


EXERCISE = Exercise(
    title="MADE from an empty cell",
    stars=3,
    reference=MADE,
    is_inspected=True,
    message="Your class is a complete MADE. Six models of it, with up to two hidden layers, have "
    "no leaks, their probabilities sum to one, and the wide ones see everything that is allowed.",
    hints=(
        "Sections 2 to 4 have most of the pieces: ordering → order → degrees → masks → layers in "
        "`__init__`, then a loop over the layers in `forward`.",
        "In `__init__`: `self.register_buffer('order', input_degrees(ordering))`, degrees from "
        "`draw_degrees(self.order, hidden_dims, 'even')`, and for each mask of "
        "`build_masks(degrees)` a `MaskedLinear(mask.shape[1], mask.shape[0])` in an "
        "`nn.ModuleList`.",
        "`forward` applies a `relu` after every layer except the last. `log_prob` returns "
        "`bernoulli_log_prob(self(x), x)`. `sample` returns `sample(self, self.order, u)`, under "
        "`torch.no_grad()`.",
    ),
    views=tuple(views_of_models(_VIEWS_OF_ONE)),
)
