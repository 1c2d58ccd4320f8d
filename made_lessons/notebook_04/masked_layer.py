"""4.1: a linear layer with a mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from made_course.model import masked_linear

from ..checking import (
    Wrong,
    add_view,
    but,
    exercise,
    instance_of,
    is_same,
    run,
    written,
    written_call,
)


def _said(answer: object) -> str:
    if len([*answer(3, 2).parameters()]) == 2:
        return ""
    return (
        "Your mask is a parameter that requires no gradient, so nothing trains it. It still "
        "counts among the parameters; a buffer does not."
    )


@exercise(
    "4.1",
    "A linear layer with a mask",
    stars=2,
    is_inside=True,
    message=_said,
    package=masked_linear.MaskedLinear,
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


_WEIGHT = torch.tensor([[1.0, -2.0, 0.5], [3.0, 4.0, -1.0]])
_BIAS = torch.tensor([0.25, -0.75])
_MASK = torch.tensor([[True, False, True], [False, True, True]])
_X = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0], [4.0, -3.0, 1.0]])
_MASKED = f"set_mask({written(_MASK)})"


def _layer(answer: object, *masks: Tensor, bias: bool = True) -> nn.Linear:
    """Build a layer from 3 to 2 with known weights, with a forward pass between two masks."""
    layer, tried = instance_of(answer, 3, 2, bias), written_call(answer, (3, 2, bias))
    if not isinstance(layer, nn.Linear):
        cause = "a subclass of nn.Linear was expected: it brings weight, bias and their start"
        raise Wrong(cause, tried=tried, got=written(layer))
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


def _output(answer: object, *masks: Tensor, bias: bool = True) -> object:
    return run(_layer(answer, *masks, bias=bias).forward, _X)


def _masked(*masks: Tensor, bias: bool = True) -> tuple[str, Callable[[object], object]]:
    """Return words for these masks, and a function that returns the output with the last one."""
    tried = "; ".join(f"set_mask({written(mask)}), then forward" for mask in masks)
    tried += "" if bias else ", with bias=False"
    return tried, lambda answer: _output(answer, *masks, bias=bias)


add_view(
    *_masked(_MASK),
    {
        "the mask has no effect: set_mask has to copy it into the buffer, and forward to use the "
        "product of weight and buffer": but("self.weight * self.mask", "self.weight"),
        "the mask is multiplied into the inputs, and has another shape than they have: it has an "
        "entry for each connection, so it belongs on the weights": but(
            "x, self.weight * self.mask", "x * self.mask, self.weight"
        ),
        "the mask is multiplied into the outputs, and has another shape than they have: it has an "
        "entry for each connection, so it belongs on the weights": but(
            " * self.mask, self.bias)", ", self.bias) * self.mask"
        ),
        "a weight is (out_features, in_features), so x @ W does not fit: it is x @ W.T, or "
        "F.linear(x, W, b), which transposes": but(
            "F.linear(x, self.weight * self.mask, self.bias)",
            "x @ (self.weight * self.mask) + self.bias",
        ),
        "the bias is missing: the third argument of F.linear is self.bias": but(
            ", self.bias)", ")"
        ),
        "the mask is added to the weights: multiply them by it": but(
            "self.weight *", "self.weight +"
        ),
        "the mask is the wrong way round: a weight stays where the mask is 1, and counts for "
        "nothing where it is 0. (masked_fill fills where its mask is True: hand it mask == 0)": but(
            "* self.mask", "* (1 - self.mask)"
        ),
        "a weight that is cut is 0: −inf is for scores of attention, before a softmax": but(
            "self.weight * self.mask", "self.weight.masked_fill(self.mask == 0, -torch.inf)"
        ),
        "the bias is masked, too: a bias is no connection, and the mask has no entry for it": but(
            "self.bias)", "self.bias * self.mask[:, 0])"
        ),
        "an activation is applied here: a linear layer has none, and that of the network comes "
        "after": but("self.bias)", "self.bias).relu()"),
    },
    cause="",
    name="the output",
)
add_view(
    "a new layer, whose mask is to be all ones",
    _output,
    "the mask of a new layer must be all ones, so that it is an ordinary linear layer until "
    "set_mask is called",
    but("torch.ones(", "torch.zeros("),
)
add_view(
    f"{_MASKED}, then layer.weight",
    lambda answer: _layer(answer, _MASK).weight,
    "set_mask changed the weights themselves. The next step of an optimizer brings them back, and "
    "what another mask would need is gone: keep the mask, and multiply in forward",
    but("self.mask.copy_(mask)", "self.weight.mul_(mask)", " * self.mask", ""),
)
add_view(
    f"{_MASKED}, then forward, then layer.weight",
    lambda answer: _layer(answer, _MASK, _MASK).weight,
    "forward changed the weights themselves, so that what another mask would need is gone: "
    "multiply into a new tensor, self.weight * self.mask",
    but("self.weight *", "torch.no_grad()(self.weight.mul_)(self.mask) *"),
)
add_view(
    "the parameters that require a gradient",
    lambda answer: [name for name, p in _layer(answer).named_parameters() if p.requires_grad],
    "the mask is among the parameters: the optimizer would train it, and it would soon not be a "
    "mask any more. Register it as a buffer",
    but('self.register_buffer("mask", ', "self.mask = nn.Parameter("),
)


def _loaded(answer: object) -> str:
    """List the state dict if a layer that loads it gives another output."""
    layer, loaded = _layer(answer, _MASK), _layer(answer)
    run(loaded.load_state_dict, layer.state_dict())
    if is_same(run(loaded.forward, _X), run(layer.forward, _X)):
        return written(["weight", "bias", "mask"])
    saved = [*layer.state_dict()]
    has_buffer = bool({name for name, _ in layer.named_buffers()} - {*saved})
    return written(saved) + ", without the buffer" * has_buffer


add_view(
    f"{_MASKED}, then layer.state_dict()",
    _loaded,
    {
        "the buffer of the mask is registered with persistent=False, so that it is not in the "
        "state dict: a layer that is loaded would have another mask": but(
            "in_features))", "in_features), persistent=False)"
        ),
        "the mask is not saved with the layer: a plain attribute is not in its state dict, and "
        'stays behind when it moves to a GPU. Use self.register_buffer("mask", …) in __init__': but(
            'self.register_buffer("mask", ',
            "self.mask = (",
            "self.mask.copy_(mask)",
            "self.mask = mask",
        ),
    },
)


def _gradients(answer: object) -> tuple[Tensor, Tensor]:
    """Return those of the weights and of the input; zeros if there are none."""
    layer, x = _layer(answer, _MASK), _X.clone().requires_grad_()
    output = layer(x)
    if output.requires_grad:
        output.square().sum().backward()
    return tuple(torch.zeros(t.shape) if t.grad is None else t.grad for t in (layer.weight, x))


add_view(
    f"{_MASKED}, then a backward pass",
    lambda answer: _gradients(answer)[0][_MASK],
    "the weights get no gradient, so that nothing is learned: .data, .detach() and no_grad hide "
    "them from autograd. In forward use self.weight itself",
    but("self.weight *", "self.weight.data *"),
)
add_view(
    f"{_MASKED}, then the gradient of the masked weights",
    lambda answer: _gradients(answer)[0][~_MASK],
    "a masked weight gets a gradient: the mask must stand between weight and output",
)
add_view(
    f"{_MASKED}, then a backward pass",
    lambda answer: _gradients(answer)[1],
    "the input gets no gradient, so that no layer before this one could learn: hand x on as it "
    "comes, without .data or .detach()",
)
add_view(
    *_masked(_MASK, (~_MASK).float()),
    "a second mask does not open what the first one cut: set_mask has to put the new mask in the "
    "place of the old one, self.mask.copy_(mask), and not to multiply them",
    but("mask.copy_", "mask.mul_"),
    name="the output",
)
add_view(*_masked(_MASK, bias=False), name="the output")


def _devices(answer: object) -> list[str]:
    moved = _layer(answer).to("meta")  # a device that every computer has, and not the CPU
    run(moved.set_mask, _MASK)
    return sorted({part.device.type for part in [*moved.parameters(), *moved.buffers()]})


add_view(
    "layer.to(another device), then set_mask(a CPU mask)",
    _devices,
    "set_mask put a new tensor in the place of the buffer, on the device from which the mask came: "
    "after .to('cuda') a CPU mask would be back in the layer. Copy the values into the buffer that "
    "is there: self.mask.copy_(mask)",
    but("self.mask.copy_(mask)", 'self.register_buffer("mask", mask)'),
)


def _after_the_callers_change(answer: object) -> list[object]:
    layer, outputs = _layer(answer), []
    for given in (_MASK.float(), _MASK.clone()):
        layer.set_mask(given)  # not a copy of it
        given.zero_()
        outputs.append(run(layer.forward, _X))
    return outputs


add_view(
    "set_mask(mask), then mask.zero_(), then forward",
    _after_the_callers_change,
    "set_mask kept the very tensor that it was given (.to copies nothing where dtype and device "
    "are the same already), so the layer's mask changes when the caller's does. Copy the values "
    "into the buffer that is there: self.mask.copy_(mask)",
    but("self.mask.copy_(mask)", "self.mask = mask.to(self.mask)"),
)


def _of_another_size(answer: object) -> str:
    try:
        larger = instance_of(answer, 4, 5)
        run(larger.set_mask, torch.ones(5, 4))
        run(larger.forward, torch.ones(1, 4))
    except Wrong as wrong:
        return wrong.cause
    return ""


add_view(
    "a layer from 4 to 5, set_mask, forward",
    _of_another_size,
    "the layer works from 3 inputs to 2 outputs alone: the shape of the mask is (out_features, "
    "in_features), whatever these are",
    but("torch.ones(out_features, in_features)", "torch.ones(2, 3)"),
)
