"""Exercise 4.1: a linear layer with a mask."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from made_course.model import masked_linear

from ..checking import (
    Exercise,
    View,
    WrongAnswer,
    as_text,
    call_as_text,
    edit,
    is_same,
    make_instance,
    run,
)


def _explain_parameters(answer: object) -> str:
    if len([*answer(3, 2).parameters()]) == 2:
        return ""
    return (
        "Your mask is a parameter without a gradient, so nothing trains it. It still counts as a "
        "parameter; a buffer does not."
    )


class MaskedLinear(nn.Linear):
    """A linear layer whose mask sets some of the weights to zero."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.register_buffer("mask", torch.ones(out_features, in_features))

    def set_mask(self, mask: Tensor) -> None:
        """Replace the mask: (out_features, in_features), bools or zeros and ones."""
        with torch.no_grad():
            self.mask.copy_(mask)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the masked layer: (B, in_features) → (B, out_features)."""
        return F.linear(x, self.weight * self.mask, self.bias)


_WEIGHT = torch.tensor([[1.0, -2.0, 0.5], [3.0, 4.0, -1.0]])
_BIAS = torch.tensor([0.25, -0.75])
_MASK = torch.tensor([[True, False, True], [False, True, True]])
_X = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0], [4.0, -3.0, 1.0]])
_SET_MASK = f"set_mask({as_text(_MASK)})"


def _build_layer(answer: object, *masks: Tensor, bias: bool = True) -> nn.Linear:
    """Build a layer from 3 inputs to 2 outputs with fixed weights, and set each mask in turn."""
    layer, tried = make_instance(answer, 3, 2, bias), call_as_text(answer, (3, 2, bias))
    if not isinstance(layer, nn.Linear):
        cause = "the layer must be a subclass of nn.Linear, which creates weight and bias"
        raise WrongAnswer(cause, tried=tried, got=as_text(layer))
    if not callable(getattr(layer, "set_mask", None)):
        raise WrongAnswer("your class has no method set_mask", tried=tried)
    if (layer.bias is not None) != bias:
        cause = "pass bias on to nn.Linear: super().__init__(in_features, out_features, bias)"
        raise WrongAnswer(cause, tried=tried)
    with torch.no_grad():
        layer.weight.copy_(_WEIGHT)
        if bias:
            layer.bias.copy_(_BIAS)
    for k, mask in enumerate(masks):
        if k > 0:
            run(layer.forward, _X)
        run(layer.set_mask, mask)
    return layer


def _view_of_output(*masks: Tensor, bias: bool = True, **more: object) -> View:
    """Return a view of the last output, if the masks are set one after the other."""
    tried = "; ".join(f"set_mask({as_text(mask)}), then forward" for mask in masks)
    return View(
        lambda answer: run(_build_layer(answer, *masks, bias=bias).forward, _X),
        tried + ("" if bias else ", with bias=False"),
        name="the output",
        **more,
    )


def _list_state_dict_keys(answer: object) -> str:
    """List the keys of the state dict, or the three right keys if loading it restores the layer."""
    layer, loaded = _build_layer(answer, _MASK), _build_layer(answer)
    run(loaded.load_state_dict, layer.state_dict())
    if is_same(run(loaded.forward, _X), run(layer.forward, _X)):
        return as_text(["weight", "bias", "mask"])
    saved = [*layer.state_dict()]
    has_buffer = bool({name for name, _ in layer.named_buffers()} - {*saved})
    return as_text(saved) + ", without the buffer" * has_buffer


def _compute_gradients(answer: object) -> tuple[Tensor, Tensor]:
    """Return the gradients of the weights and of the input, or zeros if there are none."""
    layer, x = _build_layer(answer, _MASK), _X.clone().requires_grad_()
    output = layer(x)
    if output.requires_grad:
        output.square().sum().backward()
    return tuple(torch.zeros(t.shape) if t.grad is None else t.grad for t in (layer.weight, x))


def _list_devices(answer: object) -> list[str]:
    layer = _build_layer(answer)
    moved = layer.to("meta")  # every computer has the device meta, which is not the CPU
    run(moved.set_mask, _MASK)
    return sorted({part.device.type for part in [*moved.parameters(), *moved.buffers()]})


def _outputs_after_change(answer: object) -> list[object]:
    layer, outputs = _build_layer(answer), []
    for given in (_MASK.float(), _MASK.clone()):
        layer.set_mask(given)  # called directly, because run() would pass a copy
        given.zero_()
        outputs.append(run(layer.forward, _X))
    return outputs


def _error_at_another_size(answer: object) -> str:
    try:
        larger = make_instance(answer, 4, 5)
        run(larger.set_mask, torch.ones(5, 4))
        run(larger.forward, torch.ones(1, 4))
    except WrongAnswer as wrong:
        return wrong.cause
    return ""


EXERCISE = Exercise(
    title="A linear layer with a mask",
    stars=2,
    reference=MaskedLinear,
    is_inspected=True,
    message=_explain_parameters,
    package=masked_linear.MaskedLinear,
    hints=(
        "You need three things: a buffer in `__init__`, a copy into it in `set_mask`, and a "
        "product of weight and mask in `forward`.",
        "The buffer has the shape of the weight, `(out_features, in_features)`, and starts as "
        "ones. `F.linear(x, weight, bias)` is what `nn.Linear` computes.",
        '`self.register_buffer("mask", torch.ones(out_features, in_features))`, then '
        "`self.mask.copy_(mask)`, then `F.linear(x, self.weight * self.mask, self.bias)`.",
    ),
    views=(
        _view_of_output(
            _MASK,
            mistakes={
                "the mask has no effect. set_mask must copy it into the buffer, and forward must "
                "use "
                "the product of weight and buffer": edit("self.weight * self.mask", "self.weight"),
                "you multiply the inputs by the mask, but their shapes differ. The mask has one "
                "entry per connection, so multiply the weights by it": edit(
                    "x, self.weight * self.mask", "x * self.mask, self.weight"
                ),
                "you multiply the outputs by the mask, but their shapes differ. The mask has one "
                "entry per connection, so multiply the weights by it": edit(
                    " * self.mask, self.bias)", ", self.bias) * self.mask"
                ),
                "a weight is (out_features, in_features), so x @ W does not fit. Use x @ W.T, or "
                "F.linear(x, W, b), which transposes it": edit(
                    "F.linear(x, self.weight * self.mask, self.bias)",
                    "x @ (self.weight * self.mask) + self.bias",
                ),
                "the bias is missing. The third argument of F.linear is self.bias": edit(
                    ", self.bias)", ")"
                ),
                "you add the mask to the weights. Multiply them by it": edit(
                    "self.weight *", "self.weight +"
                ),
                "your mask is inverted. A weight stays where the mask is 1, and is 0 where the "
                "mask is 0. (masked_fill fills where its mask is True, so pass it mask == 0)": edit(
                    "* self.mask", "* (1 - self.mask)"
                ),
                "a masked weight must be 0. (−inf is right for the scores of attention, which come "
                "in notebook 10)": edit(
                    "self.weight * self.mask", "self.weight.masked_fill(self.mask == 0, -torch.inf)"
                ),
                "you also mask the bias, but a bias is not a connection, and the mask has no "
                "entry for it": edit("self.bias)", "self.bias * self.mask[:, 0])"),
                "your layer applies an activation, but a linear layer has none. The network "
                "applies it after the layer": edit("self.bias)", "self.bias).relu()"),
            },
            cause="",
        ),
        View(
            lambda answer: run(_build_layer(answer).forward, _X),
            "a new layer, whose mask must be all ones",
            mistakes={
                "the mask of a new layer must be all ones, so that the layer is an ordinary linear "
                "layer until set_mask is called": edit("torch.ones(", "torch.zeros(")
            },
        ),
        View(
            lambda answer: _build_layer(answer, _MASK).weight,
            f"{_SET_MASK}, then layer.weight",
            mistakes={
                "set_mask changes the weights themselves. The next step of an optimizer changes "
                "them again, and another mask cannot get the old weights back. Keep the mask, and "
                "multiply in forward": edit(
                    "self.mask.copy_(mask)", "self.weight.mul_(mask)", " * self.mask", ""
                )
            },
        ),
        View(
            lambda answer: _build_layer(answer, _MASK, _MASK).weight,
            f"{_SET_MASK}, then forward, then layer.weight",
            mistakes={
                "forward changes the weights themselves, so another mask cannot get the old "
                "weights back. Multiply into a new tensor, self.weight * self.mask": edit(
                    "self.weight *", "torch.no_grad()(self.weight.mul_)(self.mask) *"
                )
            },
        ),
        View(
            lambda answer: [
                name for name, p in _build_layer(answer).named_parameters() if p.requires_grad
            ],
            "the parameters that require a gradient",
            mistakes={
                "the mask is a parameter, so the optimizer would train it, and it would soon no "
                "longer be a mask. Register it as a buffer": edit(
                    'self.register_buffer("mask", ', "self.mask = nn.Parameter("
                )
            },
        ),
        View(
            _list_state_dict_keys,
            f"{_SET_MASK}, then layer.state_dict()",
            mistakes={
                "you registered the buffer with persistent=False, so it is not in the state dict, "
                "and a layer that loads it would have another mask": edit(
                    "in_features))", "in_features), persistent=False)"
                ),
                "the mask is not saved with the layer, because a plain attribute is not in the "
                "state dict. It also does not move to a GPU. Use "
                'self.register_buffer("mask", …) in __init__': edit(
                    'self.register_buffer("mask", ',
                    "self.mask = (",
                    "self.mask.copy_(mask)",
                    "self.mask = mask",
                ),
            },
        ),
        View(
            lambda answer: _compute_gradients(answer)[0][_MASK],
            f"{_SET_MASK}, then a backward pass",
            mistakes={
                "the weights get no gradient, so nothing is learned. .data, .detach() and no_grad "
                "hide them from autograd. Use self.weight itself in forward": edit(
                    "self.weight *", "self.weight.data *"
                )
            },
        ),
        View(
            lambda answer: _compute_gradients(answer)[0][~_MASK],
            f"{_SET_MASK}, then the gradient of the masked weights",
            cause="a masked weight gets a gradient. The output must depend on the weight "
            "through the mask only",
        ),
        View(
            lambda answer: _compute_gradients(answer)[1],
            f"{_SET_MASK}, then a backward pass",
            cause="the input gets no gradient, so no earlier layer could learn. Use x itself, "
            "without .data or .detach()",
        ),
        _view_of_output(
            _MASK,
            (~_MASK).float(),
            mistakes={
                "a second mask does not open the connections that the first one cut. Copy the new "
                "mask over the old one with self.mask.copy_(mask) instead of multiplying the two "
                "masks": edit("mask.copy_", "mask.mul_")
            },
        ),
        _view_of_output(_MASK, bias=False),
        View(
            _list_devices,
            "layer.to(another device), then set_mask(a CPU mask)",
            mistakes={
                "set_mask replaces the buffer by a new tensor on the device of the given mask, so "
                "after .to('cuda') the layer would have a CPU mask again. Copy the values into the "
                "existing buffer: self.mask.copy_(mask)": edit(
                    "self.mask.copy_(mask)", 'self.register_buffer("mask", mask)'
                )
            },
        ),
        View(
            _outputs_after_change,
            "set_mask(mask), then mask.zero_(), then forward",
            mistakes={
                "set_mask keeps the caller's tensor (.to does not copy if dtype and device are the "
                "same), so the layer's mask changes when the caller changes it. Copy the values "
                "into the existing buffer: self.mask.copy_(mask)": edit(
                    "self.mask.copy_(mask)", "self.mask = mask.to(self.mask)"
                )
            },
        ),
        View(
            _error_at_another_size,
            "a layer from 4 inputs to 5 outputs, set_mask, then forward",
            mistakes={
                "your layer only works for 3 inputs and 2 outputs. The shape of the mask is "
                "(out_features, in_features) for all sizes": edit(
                    "torch.ones(out_features, in_features)", "torch.ones(2, 3)"
                )
            },
        ),
    ),
)
