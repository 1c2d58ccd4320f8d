"""4.1: a linear layer with a mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ... import made
from ..calls import run
from ..causes import outcome
from ..comparing import is_same, require_same
from ..exercise import Wrong, exercise, known_slips, slip
from ..properties import Properties, Shown, changed, instance_of, shown, unlike
from ..written import written, written_call

judge = Properties()


@exercise(
    "4.1",
    "A linear layer with a mask",
    stars=2,
    is_inside=True,
    examine=judge,
    package=made.MaskedLinear,
    hints=(
        "Three things: a buffer made in __init__, a copy into it in set_mask, one product more "
        "than nn.Linear in forward.",
        "The buffer has the shape of the weight, (out_features, in_features), and starts as ones. "
        "F.linear(x, weight, bias) is what nn.Linear computes.",
        'self.register_buffer("mask", torch.ones(out_features, in_features)), then '
        "self.mask.copy_(mask), then F.linear(x, self.weight * self.mask, self.bias).",
    ),
)
class MaskedLinear(nn.Linear):
    """A linear layer some of whose weights are held at zero."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.register_buffer("mask", torch.ones(out_features, in_features))

    def set_mask(self, mask: Tensor) -> None:
        """Use another mask: (out_features, in_features), bool or zeros and ones."""
        with torch.no_grad():
            self.mask.copy_(mask)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_features) → (B, out_features)."""
        return F.linear(x, self.weight * self.mask, self.bias)


# ---- wrong answers that the output tells --------------------------------------------------------

for _cause, _forward in {
    "the mask has no effect: forward has to use the product of weight and mask": nn.Linear.forward,
    "the mask is multiplied into the inputs, and has another shape than they have: it has an "
    "entry for each connection, so it belongs on the weights": (
        lambda self, x: F.linear(x * self.mask, self.weight, self.bias)
    ),
    "the mask is multiplied into the outputs, and has another shape than they have: it has an "
    "entry for each connection, so it belongs on the weights": (
        lambda self, x: F.linear(x, self.weight, self.bias) * self.mask
    ),
    "a weight is (out_features, in_features), so x @ W does not fit: it is x @ W.T, or F.linear(x, "
    "W, b), which transposes": lambda self, x: x @ (self.weight * self.mask) + self.bias,
    "the bias is missing: the third argument of F.linear is self.bias": (
        lambda self, x: F.linear(x, self.weight * self.mask)
    ),
    "the mask is added to the weights: multiply them by it": (
        lambda self, x: F.linear(x, self.weight + self.mask, self.bias)
    ),
    "the mask is the wrong way round: a weight stays where the mask is 1, and counts for nothing "
    "where it is 0. (masked_fill fills where its mask is True: hand it mask == 0)": (
        lambda self, x: F.linear(x, self.weight * (1 - self.mask), self.bias)
    ),
    "the bias is masked, too: a bias is no connection, and the mask has no entry for it": (
        lambda self, x: (
            F.linear(x, self.weight * self.mask)
            + (0 if self.bias is None else self.bias * self.mask[:, 0])
        )
    ),
    "an activation is applied here: a linear layer has none, and that of the network comes after": (
        lambda self, x: torch.relu(MaskedLinear.forward(self, x))
    ),
}.items():
    slip(_cause, changed(MaskedLinear, forward=_forward))


# ---- how a layer is tried -----------------------------------------------------------------------

_WEIGHT = torch.tensor([[1.0, -2.0, 0.5], [3.0, 4.0, -1.0]])
_BIAS = torch.tensor([0.25, -0.75])
_MASK = torch.tensor([[True, False, True], [False, True, True]])
_X = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0], [4.0, -3.0, 1.0]])
_RIGHT = F.linear(_X, _WEIGHT * _MASK, _BIAS)
_MASKED = f"set_mask({written(_MASK)})"


def _layer(answer: object, *masks: Tensor, bias: bool = True) -> nn.Linear:
    """A layer of the answer's class from 3 to 2, with known weights; a pass between two masks."""
    layer, tried = instance_of(answer, 3, 2, bias), written_call(answer, (3, 2, bias))
    if not isinstance(layer, nn.Linear):
        cause = "a subclass of nn.Linear was expected: it brings weight, bias and their start"
        raise Wrong(cause, tried=tried, came=written(layer))
    if (layer.bias is not None) != bias:
        cause = "hand bias on to nn.Linear: super().__init__(in_features, out_features, bias)"
        raise Wrong(cause, tried=tried)
    with torch.no_grad():
        layer.weight.copy_(_WEIGHT)
        if bias:
            layer.bias.copy_(_BIAS)
    for k, mask in enumerate(masks):
        if k > 0:
            run(layer.forward, _X)
        run(layer.set_mask, mask)
    return layer


def _output(layer: nn.Linear) -> object:
    return outcome(layer.forward, (_X,))


def _require_output(answer: object, *masks: Tensor, bias: bool = True) -> None:
    """Compare a layer's output, and find the slip that gives the same."""
    layer = _layer(answer, *masks, bias=bias)
    expected = F.linear(_X, _WEIGHT * masks[-1], _BIAS if bias else None)
    try:
        require_same(run(layer.forward, _X), expected, "the output")
    except Wrong as wrong:
        set_masks = "; ".join(f"set_mask({written(mask)}), then forward" for mask in masks)
        wrong.tried = f"{set_masks}{'' if bias else ', with bias=False'}"
        alike = (
            known.cause
            for known in known_slips("4.1")
            if is_same(_output(_layer(known.answer, masks[-1], bias=bias)), _output(layer))
        )
        wrong.cause = next(alike, wrong.cause)
        raise wrong


# ---- what is asked of it ------------------------------------------------------------------------

judge.requires(lambda answer: _require_output(answer, _MASK))
judge.refuses(
    "the mask of a new layer must be all ones, so that it is an ordinary linear layer until "
    "set_mask is called",
    lambda answer: unlike(
        "a new layer, then forward", F.linear(_X, _WEIGHT, _BIAS), _output(_layer(answer))
    ),
    changed(MaskedLinear, lambda self: self.mask.zero_()),
)


def _changes_weights(answer: object, passes: int) -> Shown | None:
    layer, tried = _layer(answer, _MASK), f"{_MASKED}, then {'forward, then ' * passes}layer.weight"
    for _ in range(passes):
        run(layer.forward, _X)
    return unlike(tried, _WEIGHT, layer.weight)


judge.refuses(
    "set_mask changed the weights themselves. The next step of an optimizer brings them back, and "
    "what another mask would need is gone: keep the mask, and multiply in forward",
    lambda answer: _changes_weights(answer, passes=0),
    changed(
        MaskedLinear,
        set_mask=lambda self, mask: torch.no_grad()(self.weight.mul_)(mask),
        forward=nn.Linear.forward,
    ),
)
judge.refuses(
    "forward changed the weights themselves, so that what another mask would need is gone: "
    "multiply into a new tensor, self.weight * self.mask",
    lambda answer: _changes_weights(answer, passes=1),
    changed(
        MaskedLinear,
        forward=lambda self, x: F.linear(
            x, torch.no_grad()(self.weight.mul_)(self.mask), self.bias
        ),
    ),
)


def keep_mask(keep: Callable[[Tensor], Tensor]) -> Callable[[nn.Module], None]:
    """A change to a layer, which keeps its mask in another way than as a buffer."""

    def change(layer: nn.Module) -> None:
        mask = layer.mask
        del layer.mask
        layer.mask = keep(mask)

    return change


judge.refuses(
    "the mask is among the parameters: the optimizer would train it, and it would soon not be a "
    "mask any more. Register it as a buffer",
    lambda answer: unlike(
        "the parameters that require a gradient",
        ["weight", "bias"],
        [name for name, p in _layer(answer).named_parameters() if p.requires_grad],
    ),
    changed(MaskedLinear, keep_mask(nn.Parameter)),
)


def _loses_its_mask(answer: object) -> Shown | None:
    layer, loaded = _layer(answer, _MASK), _layer(answer)
    run(loaded.load_state_dict, layer.state_dict())
    if is_same(_output(loaded), _output(layer)):
        return None
    saved = list(layer.state_dict())
    return shown(f"{_MASKED}, then layer.state_dict()", ["weight", "bias", "mask"], saved)


def _has_an_unsaved_buffer(answer: object) -> bool:
    layer = _layer(answer)
    return bool({name for name, _ in layer.named_buffers()} - set(layer.state_dict()))


judge.refuses(
    "the buffer of the mask is registered with persistent=False, so that it is not in the state "
    "dict: a layer that is loaded would have another mask",
    lambda answer: _loses_its_mask(answer) if _has_an_unsaved_buffer(answer) else None,
    changed(MaskedLinear, lambda self: self.register_buffer("mask", self.mask, persistent=False)),
)
judge.refuses(
    "the mask is not saved with the layer: a plain attribute is not in its state dict, and stays "
    'behind when it moves to a GPU. Use self.register_buffer("mask", …) in __init__',
    _loses_its_mask,
    changed(
        MaskedLinear,
        keep_mask(lambda mask: mask),
        set_mask=lambda self, mask: setattr(self, "mask", mask),
    ),
)


def _gradients(answer: object) -> tuple[Tensor, Tensor]:
    """Those of the weights and of the input; zeros where there is none."""
    layer, x = _layer(answer, _MASK), _X.clone().requires_grad_()
    output = layer(x)
    if output.requires_grad:
        output.square().sum().backward()
    return tuple(torch.zeros(t.shape) if t.grad is None else t.grad for t in (layer.weight, x))


_BACKWARD = f"{_MASKED}, then a backward pass"
judge.refuses(
    "the weights get no gradient, so that nothing is learned: .data, .detach() and no_grad hide "
    "them from autograd. In forward use self.weight itself",
    lambda answer: None if _gradients(answer)[0][_MASK].all() else shown(_BACKWARD),
    changed(
        MaskedLinear,
        forward=lambda self, x: F.linear(x, self.weight.data * self.mask, self.bias),
    ),
)
judge.refuses(
    "a masked weight gets a gradient: the mask must stand between weight and output",
    lambda answer: unlike(
        f"{_BACKWARD}: masked weights", torch.zeros(2), _gradients(answer)[0][~_MASK]
    ),
)
judge.refuses(
    "the input gets no gradient, so that no layer before this one could learn: hand x on as it "
    "comes, without .data or .detach()",
    lambda answer: None if _gradients(answer)[1].any() else shown(_BACKWARD),
)
judge.requires(lambda answer: _require_output(answer, _MASK, (~_MASK).float()))
judge.requires(lambda answer: _require_output(answer, _MASK, bias=False))


def _is_left_behind(answer: object) -> Shown | None:
    moved = _layer(answer).to("meta")  # a device that is everywhere, and is not the CPU
    run(moved.set_mask, _MASK)
    is_moved = all(kept.device.type == "meta" for kept in [*moved.parameters(), *moved.buffers()])
    return None if is_moved else shown("layer.to(another device), then set_mask(a CPU mask)")


judge.refuses(
    "set_mask put a new tensor in the place of the buffer, on the device from which the mask came: "
    "after .to('cuda') a CPU mask would be back in the layer. Copy the values into the buffer that "
    "is there: self.mask.copy_(mask)",
    _is_left_behind,
    changed(MaskedLinear, set_mask=lambda self, mask: self.register_buffer("mask", mask)),
)


def _follows_the_caller(answer: object) -> Shown | None:
    layer, tried = _layer(answer), "set_mask(mask), then mask.zero_(), then forward"
    found = None
    for given in (_MASK.float(), _MASK.clone()):
        layer.set_mask(given)  # not a copy of it
        given.zero_()
        found = found or unlike(tried, _RIGHT, _output(layer))
    return found


judge.refuses(
    "set_mask kept the very tensor that it was given (.to copies nothing where dtype and device "
    "are the same already), so the layer's mask changes when the caller's does. Copy the values "
    "into the buffer that is there: self.mask.copy_(mask)",
    _follows_the_caller,
    changed(MaskedLinear, set_mask=lambda self, mask: setattr(self, "mask", mask.to(self.mask))),
)


def _has_one_size(answer: object) -> Shown | None:
    try:
        larger = instance_of(answer, 4, 5)
        run(larger.set_mask, torch.ones(5, 4))
        run(larger.forward, torch.ones(1, 4))
    except Wrong as wrong:
        return shown("a layer from 4 to 5, set_mask, forward", came=wrong.cause)
    return None


judge.refuses(
    "the layer works from 3 inputs to 2 outputs alone: the shape of the mask is (out_features, "
    "in_features), whatever these are",
    _has_one_size,
    changed(MaskedLinear, lambda self: self.register_buffer("mask", torch.ones(2, 3))),
)


@judge.requires
def _praise(answer: object) -> str:
    if len([*_layer(answer).parameters()]) == 2:
        return ""
    return (
        "Your mask is a parameter that requires no gradient, so nothing trains it. It still "
        "counts among the parameters; a buffer does not."
    )
