"""Notebook 04: masked layer, log-likelihood, sampler, mutants and what catches them, MADE."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import LongTensor, Tensor, nn

from .. import made
from ..heads import Bernoulli
from ..leaks import binary_points
from ..masks import build_masks, connectivity, direct_mask, draw_degrees, input_degrees
from ..sampling import sample_naive
from ..words import variable_names
from .calls import run
from .comparing import is_same, require_same
from .exercise import Exercise, Slip, Wrong
from .variants import drawn, further_cases, shuffled
from .written import written, written_call

# ---- 4.1 ----------------------------------------------------------------------------------------


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


class _MasksWeights(MaskedLinear):
    def set_mask(self, mask: Tensor) -> None:
        with torch.no_grad():
            self.weight.mul_(mask)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class _MasksWeightsInForward(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.weight.mul_(self.mask)
        return F.linear(x, self.weight, self.bias)


class _MasksInputs(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x * self.mask, self.weight, self.bias)


class _MasksOutputs(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias) * self.mask


class _Transposed(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.weight * self.mask) + self.bias


class _NeverMasks(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class _ForgetsBias(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask)


class _MasksData(MaskedLinear):
    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.data * self.mask, self.bias)


class _MaskIsParameter(nn.Linear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.mask = nn.Parameter(torch.ones(out_features, in_features))

    def set_mask(self, mask: Tensor) -> None:
        with torch.no_grad():
            self.mask.copy_(mask)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)


class _MaskIsAttribute(nn.Linear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.mask = torch.ones(out_features, in_features)

    def set_mask(self, mask: Tensor) -> None:
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)


class _MaskIsNotSaved(MaskedLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.register_buffer("mask", torch.ones(out_features, in_features), persistent=False)


class _ReplacesMask(MaskedLinear):
    def set_mask(self, mask: Tensor) -> None:
        self.register_buffer("mask", mask)


class _KeepsCallersMask(MaskedLinear):
    def set_mask(self, mask: Tensor) -> None:
        self.mask = mask.to(self.mask)


class _OneSize(MaskedLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.register_buffer("mask", torch.ones(2, 3))


_NOT_MASKED = Slip(
    _NeverMasks, "the mask has no effect: forward has to use the product of weight and mask"
)
_ON_INPUTS = Slip(
    _MasksInputs,
    "the mask is multiplied into the inputs, and has another shape than they have: it has an "
    "entry for each connection, so it belongs on the weights",
)
_ON_OUTPUTS = Slip(
    _MasksOutputs,
    "the mask is multiplied into the outputs, and has another shape than they have: it has an "
    "entry for each connection, so it belongs on the weights",
)
_TRANSPOSED = Slip(
    _Transposed,
    "a weight is (out_features, in_features), so x @ W does not fit: it is x @ W.T, or F.linear(x, "
    "W, b), which transposes",
)
_NO_BIAS = Slip(_ForgetsBias, "the bias is missing: the third argument of F.linear is self.bias")
_WRONG_OUTPUTS = (_NOT_MASKED, _ON_INPUTS, _ON_OUTPUTS, _TRANSPOSED, _NO_BIAS)

_WEIGHTS_MASKED = Slip(
    _MasksWeights,
    "set_mask changed the weights themselves. The next step of an optimizer brings them back, and "
    "what another mask would need is gone: keep the mask, and multiply in forward",
)
_WEIGHTS_MASKED_LATER = Slip(
    _MasksWeightsInForward,
    "forward changed the weights themselves, so that what another mask would need is gone: "
    "multiply into a new tensor, self.weight * self.mask",
)
_NO_GRADIENT = Slip(
    _MasksData,
    "the weights get no gradient, so that nothing is learned: .data, .detach() and no_grad hide "
    "them from autograd. In forward use self.weight itself",
)
_AS_PARAMETER = Slip(
    _MaskIsParameter,
    "the mask is among the parameters: the optimizer would train it, and it would soon not be a "
    "mask any more. Register it as a buffer",
)
_AS_ATTRIBUTE = Slip(
    _MaskIsAttribute,
    "the mask is not saved with the layer: a plain attribute is not in its state dict, and stays "
    'behind when it moves to a GPU. Use self.register_buffer("mask", …) in __init__',
)
_NOT_SAVED = Slip(
    _MaskIsNotSaved,
    "the buffer of the mask is registered with persistent=False, so that it is not in the state "
    "dict: a layer that is loaded would have another mask",
)
_REPLACED = Slip(
    _ReplacesMask,
    "set_mask put a new tensor in the place of the buffer, on the device from which the mask came: "
    "after .to('cuda') a CPU mask would be back in the layer. Copy the values into the buffer that "
    "is there: self.mask.copy_(mask)",
)
_ALIASED = Slip(
    _KeepsCallersMask,
    "set_mask kept the very tensor that it was given (.to copies nothing where dtype and device "
    "are the same already), so the layer's mask changes when the caller's does. Copy the values "
    "into the buffer that is there: self.mask.copy_(mask)",
)
_FIXED_SIZE = Slip(
    _OneSize,
    "the layer works from 3 inputs to 2 outputs alone: the shape of the mask is (out_features, "
    "in_features), whatever these are",
)

_WEIGHT = torch.tensor([[1.0, -2.0, 0.5], [3.0, 4.0, -1.0]])
_BIAS = torch.tensor([0.25, -0.75])
_MASK = torch.tensor([[True, False, True], [False, True, True]])
_X = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0], [4.0, -3.0, 1.0]])


def _make(answer: object, *arguments: object) -> object:
    """An instance of the answer, which must be a class."""
    if not callable(answer) or isinstance(answer, nn.Module):
        raise Wrong(
            f"a class was expected, came {type(answer).__name__}: hand over the class itself, "
            "without calling it"
        )
    made = run(answer, *arguments)
    if isinstance(made, nn.Module) and "_parameters" not in vars(made):
        raise Wrong(
            "__init__ did not call that of nn.Module, which makes room for parameters and "
            "buffers: it begins with super().__init__(…)",
            tried=written_call(answer, arguments),
        )
    return made


def _layer(answer: object, bias: bool = True) -> nn.Linear:
    """A layer of the answer's class from 3 to 2, with weights that are known."""
    layer = _make(answer, 3, 2, bias)
    if not isinstance(layer, nn.Linear):
        raise Wrong(
            "a subclass of nn.Linear was expected: it brings weight, bias and their start",
            tried=written_call(answer, (3, 2, bias)),
            came=written(layer),
        )
    if (layer.bias is not None) != bias:
        raise Wrong(
            "hand bias on to nn.Linear: super().__init__(in_features, out_features, bias)",
            tried=written_call(answer, (3, 2, bias)),
        )
    with torch.no_grad():
        layer.weight.copy_(_WEIGHT)
        if bias:
            layer.bias.copy_(_BIAS)
    return layer


def _require_output(layer: nn.Linear, mask: Tensor, tried: str) -> None:
    """Compare a layer's output, and find the slip that gives the same."""
    try:
        came = run(layer.forward, _X)
        bias = None if layer.bias is None else _BIAS
        require_same(came, F.linear(_X, _WEIGHT * mask, bias), "the output")
    except Wrong as wrong:
        wrong.tried = tried
        for slip in _WRONG_OUTPUTS:
            theirs = _layer(slip.answer, layer.bias is not None)
            theirs.set_mask(mask)
            if is_same(_outcome(layer), _outcome(theirs)):
                wrong.cause = slip.cause
        raise wrong


def _outcome(layer: nn.Linear) -> object:
    """What a layer returns, or the words of what is wrong with it."""
    try:
        return run(layer.forward, _X)
    except Wrong as wrong:
        return wrong.cause.partition(", in the line")[0]


def _examine_layer(answer: object) -> str:
    layer = _layer(answer)
    _require_output(layer, torch.ones(2, 3), "a new layer, whose mask is to be all ones")

    tried = f"set_mask({written(_MASK)})"
    run(layer.set_mask, _MASK)
    _require_weights(layer, _WEIGHTS_MASKED.cause, tried)
    _require_output(layer, _MASK, f"{tried}, then forward")
    _require_weights(layer, _WEIGHTS_MASKED_LATER.cause, f"{tried}, then forward")

    trained = [name for name, value in layer.named_parameters() if value.requires_grad]
    if set(trained) != {"weight", "bias"}:
        raise Wrong(
            _AS_PARAMETER.cause,
            tried="the parameters that require a gradient",
            expected=written(["weight", "bias"]),
            came=written(trained),
        )
    _require_saved(answer, layer, tried)
    _require_gradients(layer, tried)

    other = ~_MASK
    run(layer.set_mask, other.float())
    _require_output(layer, other, f"{tried}, then set_mask({written(other.float())})")
    bare = _layer(answer, bias=False)
    run(bare.set_mask, _MASK)
    _require_output(bare, _MASK, "a layer with bias=False")

    _require_own_mask(answer, layer)
    try:
        larger = _make(answer, 4, 5)
        run(larger.set_mask, torch.ones(5, 4))
        run(larger.forward, torch.ones(1, 4))
    except Wrong as wrong:
        raise Wrong(
            _FIXED_SIZE.cause, tried="a layer from 4 to 5, set_mask, forward", came=wrong.cause
        ) from wrong
    if len([*layer.parameters()]) > len(trained):
        return (
            "Your mask is a parameter that requires no gradient, so nothing trains it. It still "
            "counts among the parameters; a buffer does not."
        )
    return ""


def _require_saved(answer: object, layer: nn.Linear, tried: str) -> None:
    """The mask comes back with the state dict."""
    loaded = _layer(answer)
    run(loaded.load_state_dict, layer.state_dict())
    if not is_same(_outcome(loaded), _outcome(layer)):
        is_buffer = {name for name, _ in layer.named_buffers()} - set(layer.state_dict())
        raise Wrong(
            (_NOT_SAVED if is_buffer else _AS_ATTRIBUTE).cause,
            tried=f"{tried}, then layer.state_dict()",
            expected=written(["weight", "bias", "mask"]),
            came=written(list(layer.state_dict())),
        )


def _require_gradients(layer: nn.Linear, tried: str) -> None:
    """They reach the weights that count and the input, and no other weight."""
    x = _X.clone().requires_grad_()
    output = layer(x)
    if not output.requires_grad:
        raise Wrong(_NO_GRADIENT.cause, tried=f"{tried}, then a backward pass")
    output.square().sum().backward()
    gradient = layer.weight.grad
    if gradient is None or not bool(gradient[_MASK].all()):
        raise Wrong(_NO_GRADIENT.cause, tried=f"{tried}, then a backward pass")
    if bool(gradient[~_MASK].any()):
        raise Wrong(
            "a masked weight gets a gradient: the mask must stand between weight and output",
            tried=f"{tried}, then the gradient of the masked weights",
            expected="zeros",
            came=written(gradient[~_MASK]),
        )
    if x.grad is None or not bool(x.grad.any()):
        raise Wrong(
            "the input gets no gradient, so that no layer before this one could learn: hand x on "
            "as it comes, without .data or .detach()",
            tried=f"{tried}, then a backward pass",
        )


def _require_own_mask(answer: object, layer: nn.Linear) -> None:
    """A new mask comes to where the layer is, and is a copy."""
    moved = _layer(answer).to("meta")  # a device that is everywhere, and is not the CPU
    run(moved.set_mask, _MASK)
    if any(kept.device.type != "meta" for kept in [*moved.parameters(), *moved.buffers()]):
        raise Wrong(_REPLACED.cause, tried="layer.to(another device), then set_mask(a CPU mask)")
    for given in (_MASK.float(), _MASK.clone()):
        layer.set_mask(given)  # not a copy of it
        given.zero_()
        try:
            _require_output(layer, _MASK, "set_mask(mask), then mask.zero_(), then forward")
        except Wrong as wrong:
            wrong.cause = _ALIASED.cause
            raise


def _require_weights(layer: nn.Linear, cause: str, tried: str) -> None:
    if not torch.equal(layer.weight, _WEIGHT):
        raise Wrong(
            cause,
            tried=f"{tried}, then layer.weight",
            expected=f"{written(_WEIGHT)}, untouched",
            came=written(layer.weight),
        )


LAYER = Exercise(
    name="4.1",
    title="A linear layer with a mask",
    stars=2,
    reference=MaskedLinear,
    examine=_examine_layer,
    slips=(
        *_WRONG_OUTPUTS,
        _WEIGHTS_MASKED,
        _WEIGHTS_MASKED_LATER,
        _NO_GRADIENT,
        _AS_PARAMETER,
        _AS_ATTRIBUTE,
        _NOT_SAVED,
        _REPLACED,
        _ALIASED,
        _FIXED_SIZE,
    ),
    hints=(
        "Three things: a buffer made in __init__, a copy into it in set_mask, one product more "
        "than nn.Linear in forward.",
        "The buffer has the shape of the weight, (out_features, in_features), and starts as ones. "
        "F.linear(x, weight, bias) is what nn.Linear computes.",
        'self.register_buffer("mask", torch.ones(out_features, in_features)), then '
        "self.mask.copy_(mask), then F.linear(x, self.weight * self.mask, self.bias).",
    ),
    package=made.MaskedLinear,
)


# ---- 4.2 ----------------------------------------------------------------------------------------


def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Log-probability of each row: the sum over its variables, (B, D), (B, D) → (B,)."""
    log_p1 = -F.softplus(-logits)
    log_p0 = -F.softplus(logits)
    return (x * log_p1 + (1 - x) * log_p0).sum(dim=1)


def _by_formula(logits: Tensor, x: Tensor) -> Tensor:
    p = torch.sigmoid(logits)
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(dim=1)


def _by_exp(logits: Tensor, x: Tensor) -> Tensor:
    return (x * logits - torch.log(1 + torch.exp(logits))).sum(dim=1)


def _by_cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    return -F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum(dim=1)


def _from_probabilities(p: Tensor, x: Tensor) -> Tensor:
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(dim=1)


_LOGITS_AND_X = (
    (
        torch.tensor([[1.0, -2.0, 0.5], [0.2, 3.0, 1.0]]),
        torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]),
    ),
    (
        torch.tensor([[200.0, -200.0], [-200.0, 0.0], [30.0, 2.0]]),
        torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    ),
    (
        torch.tensor([[1000.0, 0.0], [1000.0, 1.0], [-1000.0, 2.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
    ),
)
_WRONG_LOG_PROBS = (
    Slip(
        _by_formula,
        "right while logits are small. At large ones the sigmoid is rounded to 0 or 1, the "
        "logarithm of 0 is −inf, and 0 · −inf is NaN: use softplus, which needs no such "
        "logarithm",
    ),
    Slip(
        _by_exp,
        "right while logits are small. The exponential of a large one overflows to infinity (from "
        "89 on, in float32), and the logarithm of infinity is infinity: F.softplus(z) is "
        "log(1 + exp(z)) without the overflow",
    ),
    Slip(
        _by_cross_entropy,
        "right while logits are small. At large ones the sigmoid is rounded to 0 or 1, and "
        "binary_cross_entropy cuts the logarithm of 0 off at −100: use softplus, or "
        "binary_cross_entropy_with_logits, which takes no sigmoid first",
    ),
    Slip(
        lambda logits, x: -F.softplus(-logits).sum(dim=1),
        "this is log σ(z) whatever x is: where x is 0, it takes log(1 − σ(z)), which is "
        "−softplus(z)",
    ),
    Slip(
        lambda logits, x: (x * F.logsigmoid(logits)).sum(dim=1),
        "this is the part of the ones alone: where x is 0, log(1 − σ(z)) is to be added, which is "
        "−softplus(z)",
    ),
    Slip(
        lambda logits, x: ((1 - x) * F.logsigmoid(-logits)).sum(dim=1),
        "this is the part of the zeros alone: where x is 1, log σ(z) is to be added, which is "
        "−softplus(−z)",
    ),
    Slip(
        lambda logits, x: bernoulli_log_prob(logits, x) / logits.shape[1],
        "this is the mean over the variables: the logarithm of a product is the sum",
    ),
    Slip(
        lambda logits, x: bernoulli_log_prob(logits.T, x.T),
        "this sums over the rows: each row is an example and gets a number of its own, so sum "
        "over dimension 1",
    ),
    Slip(
        lambda logits, x: bernoulli_log_prob(logits, x).sum(),
        "this is one number for the whole batch: one for each row is asked for",
    ),
    Slip(
        lambda logits, x: -bernoulli_log_prob(logits, x),
        "the sign is wrong: this is the NLL. The logarithm of a probability is never above 0",
    ),
    Slip(
        lambda logits, x: bernoulli_log_prob(-logits, x),
        "zeros and ones are swapped: where x is 1 it takes log σ(z), where x is 0 log(1 − σ(z))",
    ),
    Slip(
        _from_probabilities,
        "the logits are taken for probabilities: p = σ(z), and z may be any real number",
    ),
)


_CUT_OFF = Slip(
    lambda logits, x: bernoulli_log_prob(logits, x).detach(),
    "the values are right, but carry no gradient, so that nothing could be trained: no_grad, "
    ".detach(), .data, .item(), .numpy() and torch.tensor(…) cut it off",
)


def _require_gradient(answer: Callable[..., Tensor], logits: Tensor, x: Tensor) -> None:
    logits = logits.clone().requires_grad_()
    tried = f"{written_call(answer, (logits, x))}, then the gradient by the logits"
    try:
        came = run(lambda: answer(logits, x))
    except Wrong as wrong:
        raise Wrong(_CUT_OFF.cause, tried=tried, came=wrong.cause) from wrong
    is_made_up = run(answer, logits.detach(), x).requires_grad
    if is_made_up or not came.requires_grad:
        raise Wrong(_CUT_OFF.cause, tried=tried)
    if came.grad_fn is None:  # it was computed in another process
        return
    (gradient,) = torch.autograd.grad(came.sum(), logits)
    expected = (x - torch.sigmoid(logits)).detach()
    has_slope = logits != 0  # there a right formula such as max(z, 0) + … may have a corner
    if not is_same(gradient[has_slope], expected[has_slope]):
        raise Wrong(
            "the values are right, but their gradient is not x − σ(z), and training follows it. "
            "Either a part of it is cut off (by .detach() or .data), or torch.where leaves out an "
            "infinity, whose gradient is NaN all the same",
            tried=tried,
            expected=written(expected),
            came=written(gradient),
        )


def _examine_log_prob(answer: object) -> None:
    for logits, x in _LOGITS_AND_X:
        _require_gradient(answer, logits, x)


LOG_PROB = Exercise(
    name="4.2",
    title="From logits to a log-likelihood",
    stars=2,
    reference=bernoulli_log_prob,
    cases=_LOGITS_AND_X,
    examine=_examine_log_prob,
    vary=further_cases(lambda word: (8 * drawn(word, 3, 4) - 4, drawn(f"{word} x", 3, 4).round())),
    slips=(*_WRONG_LOG_PROBS, _CUT_OFF),
    hints=(
        "Two tensors of shape (B, D): the log-probability of a 1, and that of a 0. Then choose "
        "between them by x, and sum.",
        "x * a + (1 - x) * b is a where x is 1 and b where it is 0. log σ(z) = −softplus(−z).",
        "log_p1 = -F.softplus(-logits), log_p0 = -F.softplus(logits), and .sum(dim=1) at the end.",
    ),
    package=Bernoulli.log_prob,
)


# ---- 4.3 ----------------------------------------------------------------------------------------


def sample(forward, order: LongTensor, u: Tensor) -> Tensor:
    """Draw a sample for each row of u, one variable after another, smallest degree first."""
    x = torch.zeros_like(u)
    for i in torch.argsort(order).tolist():
        p = torch.sigmoid(forward(x)[:, i])
        x[:, i] = (u[:, i] <= p).float()
    return x


def _sample_along(steps: Callable[[LongTensor], Sequence[int]]) -> Callable[..., Tensor]:
    def sample_so(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
        x = torch.zeros_like(u)
        for i in steps(order):
            x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
        return x

    return sample_so


def _sample_at_once(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return (u <= torch.sigmoid(forward(torch.zeros_like(u)))).float()


def _take_likelier(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return sample(forward, order, torch.full_like(u, 0.5))


def _compare_with_logits(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    x = torch.zeros_like(u)
    for i in torch.argsort(order).tolist():
        x[:, i] = (u[:, i] <= forward(x)[:, i]).float()
    return x


def _sample_from_u(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return (u <= torch.sigmoid(forward(u))).float()


def _write_by_step(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    x = torch.zeros_like(u)
    for t, i in enumerate(torch.argsort(order).tolist()):
        x[:, t] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


def _read_and_write_by_step(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    x = torch.zeros_like(u)
    for t, i in enumerate(torch.argsort(order).tolist()):
        x[:, t] = (u[:, t] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


def _probabilities(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return torch.sigmoid(forward(sample(forward, order, u)))


def _sample_by_steps(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return sample(forward, order, u[:, order - 1])


_BY_DEGREES = Slip(
    _sample_along(lambda order: (order - 1).tolist()),
    "the loop goes through the degrees: order[i] is the step at which variable i comes, while the "
    "loop needs the variable that comes at each step. That is argsort(order)",
)
_BY_COLUMNS = Slip(
    _sample_along(lambda order: range(len(order))),
    "the variables are drawn from the first column to the last, whatever their degrees: begin with "
    "the smallest degree",
)
_AT_ONCE = Slip(
    _sample_at_once,
    "each variable is drawn as if from one forward pass over zeros. The second needs to see the "
    "value that was drawn for the first, so each step has a pass of its own, which is handed what "
    "is drawn so far; or the loop begins with the largest degree",
)
_LIKELIER = Slip(
    _take_likelier,
    "each variable gets its more probable value, and u decides nothing: that is a threshold at one "
    "half, not a draw. It is 1 where u ≤ p",
)
_INVERTED = Slip(
    lambda forward, order, u: sample(lambda x: -forward(x), order, 1 - u),
    "a variable is 1 where u ≤ p. The other way round it is 1 with probability 1 − p",
)
_COLUMN_BY_STEP = Slip(
    _sample_by_steps, "column i of u decides variable i, whatever the step at which it comes"
)
_WITH_LOGITS = Slip(
    _compare_with_logits,
    "u is compared with the logit, and a logit is no probability: p = torch.sigmoid(logit)",
)
_FROM_U = Slip(
    _sample_from_u,
    "forward is handed u. It needs x, which begins as zeros and holds what is drawn so far; u "
    "decides, and the network never sees it",
)
_WRITTEN_BY_STEP = Slip(
    _write_by_step,
    "at step t the value is written into column t of x, and belongs into column i, that of the "
    "variable which comes at this step",
)
_ALL_BY_STEP = Slip(
    _read_and_write_by_step,
    "at step t column t of x and of u is used, but columns belong to variables: at every step use "
    "column i of x, of u and of the logits, where i is the variable that comes at this step",
)
_PROBABILITIES = Slip(
    _probabilities,
    "these are the probabilities of a 1: a sample holds zeros and ones, 1 where u ≤ p",
)
_SIGMOID_TWICE = Slip(
    lambda forward, order, u: sample(lambda x: torch.sigmoid(forward(x)), order, u),
    "the sigmoid is taken twice: once makes a probability of a logit, twice one between ½ and 0.73",
)
_ONLY_FIRST = Slip(
    _sample_along(lambda order: order.argsort()[:1].tolist()),
    "only the variable of the smallest degree is drawn, and the others stay 0: does the `return` "
    "stand inside the loop? It belongs below it",
)
_WITHOUT_LAST = Slip(
    _sample_along(lambda order: order.argsort()[:-1].tolist()),
    "the variable of the largest degree is never drawn, and stays 0: the loop ends one step early",
)
_WITHOUT_FIRST = Slip(
    _sample_along(lambda order: order.argsort()[1:].tolist()),
    "the variable of the smallest degree is never drawn, and stays 0: the loop begins late",
)
_BY_ORDER = Slip(
    _sample_along(lambda order: order.tolist()),
    "the loop goes through order itself. That counts from 1, columns count from 0, and order[i] is "
    "the step at which variable i comes, while the loop needs the variable that comes at each "
    "step: that is argsort(order)",
)
_DRAWS_ITS_OWN = (
    "two calls with the same u give different samples: u is to decide, so draw no random numbers "
    "(torch.rand, torch.bernoulli) besides"
)
_WRONG_SAMPLERS = (
    _BY_DEGREES,
    _BY_COLUMNS,
    _AT_ONCE,
    _LIKELIER,
    _INVERTED,
    _COLUMN_BY_STEP,
    _WITH_LOGITS,
    _FROM_U,
    _WRITTEN_BY_STEP,
    _ALL_BY_STEP,
    _PROBABILITIES,
    _SIGMOID_TWICE,
    _ONLY_FIRST,
    _WITHOUT_LAST,
    _WITHOUT_FIRST,
)


def three_logits(x: Tensor) -> Tensor:
    """Logits of an honest model of three variables in the ordering x₂, x₃, x₁."""
    z2 = torch.full((len(x),), 0.4)
    z3 = 2 - 4 * x[:, 1]
    z1 = -1 + 4 * x[:, 1] - 3 * x[:, 2]
    return torch.stack([z1, z2, z3], dim=1)


def four_logits(x: Tensor) -> Tensor:
    """Logits of an honest model of four variables in the ordering x₃, x₁, x₄, x₂."""
    z3 = torch.full((len(x),), -0.3)
    z1 = 3 * x[:, 2] - 1.5
    z4 = 2 - 4 * x[:, 0]
    z2 = -2 + 2 * x[:, 0] + 3 * x[:, 3] - x[:, 2]
    return torch.stack([z1, z2, z3, z4], dim=1)


def _uniforms(rows: int, columns: int) -> Tensor:
    """Numbers between 0 and 1, well spread and the same in every release of PyTorch."""
    steps = torch.tensor([0.8567, 0.7339, 0.6287, 0.5386, 0.7071], dtype=torch.float64)
    return (torch.arange(1, rows + 1)[:, None] * steps[:columns]).remainder(1).float()


def _other_model(word: str) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    order = torch.tensor(shuffled(word, [1, 2, 3, 4, 5]))
    weight = (8 * drawn(word, 5, 5) - 4) * (order[:, None] > order)

    def five_logits(x: Tensor) -> Tensor:
        return x.float() @ weight.T + 0.3

    return five_logits, order, drawn(f"{word} u", 8, 5)


_SAMPLER_CASES = (
    (three_logits, torch.tensor([3, 1, 2]), _uniforms(6, 3)),
    (four_logits, torch.tensor([2, 4, 1, 3]), _uniforms(8, 4)),
)


SAMPLER = Exercise(
    name="4.3",
    title="Draw in the right order",
    stars=2,
    reference=sample,
    cases=_SAMPLER_CASES,
    vary=further_cases(_other_model),
    slips=(*_WRONG_SAMPLERS, _BY_ORDER),
    hints=(
        "Begin with zeros of the shape of u. Each step fills one column, and the next forward pass "
        "sees it.",
        "torch.argsort(order) lists the variables, smallest degree first. Logit i of a pass is all "
        "that the step of variable i needs.",
        "In the loop over i: p = torch.sigmoid(forward(x)[:, i]), then "
        "x[:, i] = (u[:, i] <= p).float().",
    ),
    package=sample_naive,
)


# ---- 4.5, and the mutants of 4.4 ----------------------------------------------------------------


class MADE(nn.Module):
    """A MADE over binary variables that are generated in a given ordering."""

    def __init__(self, input_dim: int, hidden_dims: list[int], ordering: LongTensor) -> None:
        super().__init__()
        self.register_buffer("order", input_degrees(ordering))
        self.degrees = draw_degrees(self.order, hidden_dims, "even")
        self.layers = nn.ModuleList()
        for mask in build_masks(self.degrees):
            layer = MaskedLinear(mask.shape[1], mask.shape[0])
            layer.set_mask(mask)
            self.layers.append(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Logits: (B, D) → (B, D)."""
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probability of each row: (B, D) → (B,)."""
        return bernoulli_log_prob(self(x), x)

    @torch.no_grad()
    def sample(self, u: Tensor) -> Tensor:
        """A sample for each row of uniform numbers: (n, D) → (n, D)."""
        return sample(self.forward, self.order, u)


class OutputSeesItself(MADE):
    """The output's mask has ``>=`` in place of ``>``."""

    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        self.layers[-1].set_mask(self.order[:, None] >= self.degrees[-1][None, :])


class OrderingAsDegrees(MADE):
    """``order = ordering + 1``, and all the rest follows from it."""

    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        inverse = torch.argsort(torch.as_tensor(ordering))  # its degrees are ordering + 1
        super().__init__(input_dim, hidden_dims, inverse)


class MaskForgotten(MADE):
    """``set_mask`` is never called on the middle layer, so that its mask is all ones."""

    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        middle = self.layers[len(self.layers) // 2]
        middle.set_mask(torch.ones_like(middle.mask))


class MaskedOnce(MADE):
    """The weights are multiplied by the masks when the model is built, and never again."""

    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        with torch.no_grad():
            for layer in self.layers:
                layer.weight.mul_(layer.mask)

    def forward(self, x: Tensor) -> Tensor:
        """As in MADE, without the masks."""
        for layer in self.layers[:-1]:
            x = torch.relu(F.linear(x, layer.weight, layer.bias))
        return F.linear(x, self.layers[-1].weight, self.layers[-1].bias)


class SamplesByDegrees(MADE):
    """The sampler's loop is ``for i in (order - 1).tolist()``."""

    @torch.no_grad()
    def sample(self, u: Tensor) -> Tensor:
        """As in MADE, in another order."""
        x = torch.zeros_like(u)
        for i in (self.order - 1).tolist():
            x[:, i] = (u[:, i] <= torch.sigmoid(self(x)[:, i])).float()
        return x


class MeanForSum(MADE):
    """``log_prob`` ends in ``.mean(dim=1)`` in place of ``.sum(dim=1)``."""

    def log_prob(self, x: Tensor) -> Tensor:
        """As in MADE, divided by D."""
        return super().log_prob(x) / x.shape[1]


MODELS: dict[str, type[MADE]] = {
    "sound": MADE,
    "output sees itself": OutputSeesItself,
    "ordering as degrees": OrderingAsDegrees,
    "mask forgotten": MaskForgotten,
    "masked once": MaskedOnce,
    "samples by degrees": SamplesByDegrees,
    "mean for sum": MeanForSum,
}
"""A sound model and six with one fault each; their docstrings say which."""
MUTANTS = [name for name in MODELS if name != "sound"]


# ---- 4.4 ----------------------------------------------------------------------------------------

ORDERING = [1, 2, 0]
NETWORKS = 12


@torch.no_grad()
def enlarge(model: nn.Module, factor: float = 4.0) -> None:
    """Multiply all weights and biases, so that what depends on an input shows."""
    for parameter in model.parameters():
        parameter.mul_(factor)


@torch.no_grad()
def sums_to_one(model: MADE) -> bool:
    """The probabilities of all inputs sum to one."""
    total = model.log_prob(binary_points(3)).exp().sum()
    return abs(total.item() - 1) < 1e-4


@torch.no_grad()
def sees_only_earlier(model: MADE) -> bool:
    """No output moves when a variable that the ordering forbids to it is flipped."""
    points = binary_points(3)
    allowed = direct_mask(input_degrees(ORDERING))
    for j in range(3):
        flipped = points.clone()
        flipped[:, j] = 1 - flipped[:, j]
        moved = (model(flipped) - model(points)).abs().amax(dim=0) > 1e-4
        if bool((moved & ~allowed[:, j]).any()):
            return False
    return True


def masked_weights_rest(model: MADE) -> bool:
    """A weight at a zero of its layer's mask gets a gradient of exactly zero."""
    model.zero_grad()
    model.log_prob(binary_points(3)).sum().backward()
    return all(bool((layer.weight.grad[layer.mask == 0] == 0).all()) for layer in model.layers)


@torch.no_grad()
def samples_follow(model: MADE) -> bool:
    """Among 5,000 samples each kind of row is as frequent as ``log_prob`` says."""
    drawn = model.sample(torch.rand(5_000, 3))
    kind = (drawn @ torch.tensor([4.0, 2.0, 1.0])).long()
    frequency = torch.bincount(kind, minlength=8) / len(drawn)
    return bool((frequency - model.log_prob(binary_points(3)).exp()).abs().max() < 0.04)


TESTS: dict[str, Callable[[MADE], bool]] = {
    "sum": sums_to_one,
    "flip": sees_only_earlier,
    "gradient": masked_weights_rest,
    "samples": samples_follow,
}
"""Four tests of a model of three variables; each says whether the model passes."""


def random_networks(model_class: type[MADE]) -> Iterator[MADE]:
    """Untrained networks with large weights: one alone may hide a fault by chance."""
    for seed in range(NETWORKS):
        torch.manual_seed(seed)
        model = model_class(3, (8, 8), ORDERING)
        enlarge(model)
        yield model


@cache
def catching_tests(model_class: type[MADE]) -> frozenset[str]:
    """Which tests fail on some of the random networks of a class."""
    caught: set[str] = set()
    for model in random_networks(model_class):
        caught |= {
            name for name, passes in TESTS.items() if name not in caught and not passes(model)
        }
    return frozenset(caught)


def caught_by() -> dict[str, set[str]]:
    """Which tests catch which mutant."""
    return {
        "output sees itself": {"sum", "flip", "samples"},
        "ordering as degrees": {"flip"},
        "mask forgotten": {"sum", "flip", "samples"},
        "masked once": {"gradient"},
        "samples by degrees": {"samples"},
        "mean for sum": {"sum", "samples"},
    }


WHY: dict[str, dict[str, str]] = {
    "output sees itself": {
        "sum": "an output that sees its own variable gives p(xᵢ = 1) and p(xᵢ = 0) in two "
        "different passes, and these two need not sum to one",
        "flip": "flip x₃, and the output of x₃ moves",
        "gradient": "the wrong mask is obeyed: where it is zero the gradient is zero. This test "
        "compares a layer with its mask, not the mask with the ordering",
        "samples": "when x₃ is drawn, its output sees a zero in its place; when it is scored, it "
        "sees the value that was drawn",
    },
    "ordering as degrees": {
        "sum": "it is a sound model, of another ordering: x₃, x₁, x₂. Its probabilities sum to one",
        "flip": "you asked for x₂, x₃, x₁, so x₁ may not reach the output of x₂, and here it does. "
        "This test alone knows which ordering you asked for",
        "gradient": "masks and layers agree with one another: the masks are those of another "
        "ordering, that is all",
        "samples": "sampler and log_prob use the same wrong degrees, so they agree with one "
        "another",
    },
    "mask forgotten": {
        "sum": "units of degree 1 hear units of degree 2, so x₃ reaches its own output, and the "
        "probabilities of its two values need not sum to one",
        "flip": "flip x₃, and its own output moves: the path leads through the layer without a "
        "mask",
        "gradient": "the forgotten mask is all ones, so no weight of that layer is masked, and the "
        "test has nothing to look at there",
        "samples": "x₃ is drawn while its output sees a zero in its place, and scored while it "
        "sees what was drawn",
    },
    "masked once": {
        "sum": "these networks are not trained. Until the first step the weights are zero where "
        "they must be, and the model is sound",
        "flip": "these networks are not trained. Until the first step no path leaks",
        "gradient": "nothing stands between weight and output, so a masked weight gets a gradient, "
        "and the first step will bring it back. This test sees the leak before it is there",
        "samples": "these networks are not trained, and until the first step the model is sound: "
        "its samples follow its log_prob",
    },
    "samples by degrees": {
        "sum": "the sum is over log_prob, and log_prob is right: this test never calls sample",
        "flip": "the logits are right: this test never calls sample",
        "gradient": "the layers are right: this test never calls sample",
        "samples": "x₃ and x₁ are drawn while x₂ is still zero, and log_prob knows the x₂ that was "
        "drawn. No other test calls sample",
    },
    "mean for sum": {
        "sum": "exp of the mean is the third root of p(x), and eight such roots sum to more than "
        "one",
        "flip": "this test reads the logits, which are right: it never calls log_prob",
        "gradient": "the gradients are a third of what they should be, and a third of zero is zero",
        "samples": "the samples are right, but what they are compared with is not: exp(log_prob) "
        "is far above their frequency",
    },
}
"""Of each mutant and test: why it is caught, or why not."""


def _about(mutant: str, test: str, is_caught: bool) -> str:
    verdict = "does catch" if is_caught else "does not catch"
    return f'the test "{test}" {verdict} "{mutant}": {WHY[mutant][test]}'


def _examine_prediction(answer: object) -> str:
    truth = {name: catching_tests(MODELS[name]) for name in MUTANTS}
    if not isinstance(answer, Mapping) or set(answer) != set(truth):
        raise Wrong(
            "a dict was expected, with one entry for each mutant", expected=written(list(truth))
        )
    for mutant, tests in answer.items():
        if isinstance(tests, str) or not isinstance(tests, set | frozenset | list | tuple):
            raise Wrong(
                f'answer["{mutant}"] must be a set of names, such as {{"sum", "flip"}}, or set() '
                "where no test catches it",
                came=written(tests),
            )
        if any(test not in list(TESTS) for test in tests):
            raise Wrong(
                f'answer["{mutant}"] may hold these names: {", ".join(TESTS)}', came=written(tests)
            )
    for mutant, tests in truth.items():
        for test in TESTS:
            if (test in answer[mutant]) != (test in tests):
                raise Wrong(
                    _about(mutant, test, test in tests),
                    tried=f'the test "{test}" on random networks of "{mutant}"',
                )
    return (
        "Each of flip, gradient and samples catches one mutant that no other test catches. The sum "
        "never does: where it fails, another fails with it."
    )


def _prediction(**changes: set[str]) -> dict[str, set[str]]:
    """The right prediction, but for some mutants."""
    return caught_by() | {name.replace("_", " "): tests for name, tests in changes.items()}


PREDICTION = Exercise(
    name="4.4",
    title="Six mutants, four tests",
    stars=2,
    reference=caught_by,
    is_value=True,
    examine=_examine_prediction,
    slips=(
        Slip(
            _prediction(**{name.replace(" ", "_"): {"sum"} for name in MUTANTS}),
            _about("output sees itself", "flip", True),
        ),
        Slip(
            _prediction(ordering_as_degrees={"sum", "flip"}),
            _about("ordering as degrees", "sum", False),
        ),
        Slip(_prediction(ordering_as_degrees=set()), _about("ordering as degrees", "flip", True)),
        Slip(
            _prediction(ordering_as_degrees={"flip", "samples"}),
            _about("ordering as degrees", "samples", False),
        ),
        Slip(
            _prediction(output_sees_itself={"sum", "flip", "gradient", "samples"}),
            _about("output sees itself", "gradient", False),
        ),
        Slip(
            _prediction(mask_forgotten={"sum", "flip", "gradient", "samples"}),
            _about("mask forgotten", "gradient", False),
        ),
        Slip(
            _prediction(masked_once={"sum", "flip", "gradient", "samples"}),
            _about("masked once", "sum", False),
        ),
        Slip(_prediction(masked_once=set()), _about("masked once", "gradient", True)),
        Slip(
            _prediction(samples_by_degrees={"flip", "samples"}),
            _about("samples by degrees", "flip", False),
        ),
        Slip(_prediction(mean_for_sum={"sum"}), _about("mean for sum", "samples", True)),
    ),
    hints=(
        "For each test ask first what it calls: log_prob, the logits, the gradients, sample. What "
        "it does not call it cannot find fault with.",
        "Two mutants are sound models as they stand: one of another ordering, one until it is "
        "trained. Their probabilities sum to one.",
        "Three of the six are each caught by one test alone, and these are three different tests.",
    ),
)


# ---- 4.5 ----------------------------------------------------------------------------------------


class _FirstMaskForgotten(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        self.layers[0].set_mask(torch.ones_like(self.layers[0].mask))


class _OutputMaskForgotten(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        self.layers[-1].set_mask(torch.ones_like(self.layers[-1].mask))


class _NoMasks(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        for layer in self.layers:
            layer.set_mask(torch.ones_like(layer.mask))


class _StrictEverywhere(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        above = [*self.degrees[1:], self.order]
        for layer, m_in, m_out in zip(self.layers, self.degrees, above, strict=True):
            layer.set_mask(m_out[:, None] > m_in[None, :])


class _ActivatedOutput(MADE):
    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


class _GivesProbabilities(MADE):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(x))


class _BoundedOutput(MADE):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(super().forward(x))


class _DirectSeesItself(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        self.direct = MaskedLinear(input_dim, input_dim, bias=False)
        self.direct.set_mask(self.order[:, None] >= self.order)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.direct(x)


class _NaturalMasks(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        natural = MADE(input_dim, hidden_dims, range(input_dim))
        self.layers = natural.layers


class _NoActivation(MADE):
    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class _PlainList(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        layers = list(self.layers)
        del self.layers
        self.layers = layers


class _SigmoidInLogProb(MADE):
    def log_prob(self, x: Tensor) -> Tensor:
        return bernoulli_log_prob(torch.sigmoid(self(x)), x)


class _AnotherLogProb(MADE):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / 2

    def log_prob(self, x: Tensor) -> Tensor:
        return bernoulli_log_prob(2 * self(x), x)


class _ByFormula(MADE):
    def log_prob(self, x: Tensor) -> Tensor:
        return _by_formula(self(x), x)


class _GivesNLL(MADE):
    def log_prob(self, x: Tensor) -> Tensor:
        return -super().log_prob(x)


class _NoGradient(MADE):
    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


class _SamplesByColumns(MADE):
    @torch.no_grad()
    def sample(self, u: Tensor) -> Tensor:
        return _BY_COLUMNS.answer(self, self.order, u)


class _SamplesAtOnce(MADE):
    @torch.no_grad()
    def sample(self, u: Tensor) -> Tensor:
        return _AT_ONCE.answer(self, self.order, u)


class _OrderIsAttribute(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        del self.order
        self.order = input_degrees(ordering)


class _MasksAreAttributes(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        degrees = draw_degrees(self.order, hidden_dims, "uniform")
        for layer, mask in zip(self.layers, build_masks(degrees), strict=True):
            del layer.mask
            layer.mask = mask


class _MasksAreParameters(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        for layer in self.layers:
            mask = layer.mask
            del layer.mask
            layer.mask = nn.Parameter(mask)


_FAULTS: dict[type[MADE], str] = {
    OrderingAsDegrees: "the ordering (plus one) is taken for the degrees. order[i] is the step at "
    "which variable i comes: order = argsort(ordering) + 1",
    _OrderIsAttribute: "order is not saved with the model: a plain attribute is not in the state "
    "dict, and stays behind when the model moves. Use register_buffer",
    _MasksAreParameters: "the masks are among the parameters, and would be trained: make them "
    "buffers",
    _PlainList: "the layers stand in a plain list or dict, which nn.Module does not look into, so "
    "they are not trained, saved or moved: use nn.ModuleList",
    _ActivatedOutput: "no logit is below 0, so no probability below one half: nothing comes after "
    "the last layer, no activation either",
    _BoundedOutput: "whatever the weights are, the logits stay within bounds, and so do the "
    "probabilities: nothing comes after the last layer, no activation either",
    _GivesProbabilities: "forward gives numbers between 0 and 1: logits are asked for, without a "
    "sigmoid",
    OutputSeesItself: "an output sees its own variable: the mask of the output needs >, not >=",
    _DirectSeesItself: "outputs see their own variables, the last variable's too, which no hidden "
    "unit of a degree from 1 to D − 1 can reach. Have direct connections >= in place of >, or is x "
    "added at the end, or do hidden degrees go up to D, with >= in the output's mask?",
    _NaturalMasks: "the masks are those of another ordering: they have to follow from the same "
    "degrees as order",
    _FirstMaskForgotten: "the mask of the first layer is missing: every input enters there, and no "
    "later mask can tell one from another",
    MaskForgotten: "units of degree 1 hear units of every degree: the mask of a layer between two "
    "hidden ones is missing, or something else mixes the units of a layer, as LayerNorm does",
    _OutputMaskForgotten: "the mask of the output is missing: every output hears all units of the "
    "last hidden layer",
    _NoMasks: "every output sees every input: the masks are not made, or made and not used",
    MaskedOnce: "nothing leaks in a new model, but it does once the weights have changed: the "
    "masks were applied to them when the model was built, and not at each forward pass",
    _StrictEverywhere: "nothing leaks, but in this wide network something is lost that is allowed. "
    "Is more than one mask of a path strict (one is enough: > for the output, >= before), or does "
    "a degree from 1 to D − 1 not occur (randint(1, D − 1) ends with D − 2)? If the strict mask is "
    "the first one, degrees must go from 2 to D",
    _NoActivation: "no activation: without one after each hidden layer all layers together are a "
    "single matrix, and what x₂ and x₃ do to the output of x₁ only adds up. Or does each layer "
    "have one, and yet no hidden unit sees both of them, as with degrees from randint(1, D − 1), "
    "which ends with D − 2, beside direct connections?",
    _SigmoidInLogProb: "log_prob takes a sigmoid before bernoulli_log_prob, which wants the logits "
    "themselves: bernoulli_log_prob(self(x), x)",
    _AnotherLogProb: "log_prob is another distribution than the logits of forward(x) stand for: it "
    "is to be bernoulli_log_prob(self(x), x), with nothing in between",
    MeanForSum: "log_prob is the mean over the variables: it is to be their sum",
    _GivesNLL: "the sign of log_prob is wrong: the logarithm of a probability is never above 0",
    _NoGradient: "log_prob gives these parameters no gradient, so no training could change them: "
    "no_grad, .data or .detach() stands in between. no_grad belongs to sample alone",
    _ByFormula: "log_prob is right for small logits, and not finite or cut off for large ones: use "
    "softplus, as in exercise 4.2",
    SamplesByDegrees: _BY_DEGREES.cause,
    _SamplesByColumns: _BY_COLUMNS.cause,
    _SamplesAtOnce: _AT_ONCE.cause,
    _MasksAreAttributes: "a second model that loads the state dict of the first gives other "
    "probabilities: the masks are not in it. Make them buffers",
}
"""What can be wrong with a MADE, and how the check says it."""
_MASK_FAULTS = (
    OutputSeesItself,
    OrderingAsDegrees,
    _FirstMaskForgotten,
    MaskForgotten,
    _OutputMaskForgotten,
    _NoMasks,
)
_CYCLE = [1, 2, 0]
_ZERO_AND_ONE = torch.tensor([0.0, 1.0])
_SIZES = (
    (_CYCLE, [32, 32]),
    (_CYCLE, [32]),
    (_CYCLE, []),
    (_CYCLE, [1]),
    ([2, 0, 4, 1, 3], [6, 2]),
    ([0], [4]),
)


def _examine_model(answer: object) -> str:
    for ordering, hidden_dims in _SIZES:
        trial = _Trial(answer, ordering, hidden_dims)
        trial.require_order()
        trial.require_known_layers()
        trial.require_logits()
        trial.require_what_is_seen(all_of_it=min(hidden_dims, default=32) >= 32)
        if hidden_dims and min(hidden_dims) >= 32 and ordering == _CYCLE:
            trial.require_bend()
        trial.require_log_prob()
        if min(hidden_dims, default=32) >= 32:
            trial.require_gradients()
        trial.require_samples()
        trial.require_saved()
    return (
        "Six models were tried, with up to two hidden layers: none leaks, the wide ones lose "
        "nothing, and the probabilities of all inputs sum to one."
    )


class _Trial:
    """One model of an answer's class, looked at from all sides; each method may raise Wrong."""

    def __init__(self, answer: object, ordering: list[int], hidden_dims: list[int]) -> None:
        self.ordering, self.hidden_dims = torch.tensor(ordering), hidden_dims
        self.answer, self.named = answer, f"MADE({len(ordering)}, {hidden_dims}, {ordering})"
        self.names = variable_names(len(ordering))
        self.order = input_degrees(ordering)
        self.allowed = direct_mask(self.order)
        self.points = binary_points(len(ordering)).double()
        self.model = self.new()

    def new(self) -> nn.Module:
        try:
            model = _make(self.answer, len(self.ordering), self.hidden_dims, self.ordering)
        except Wrong as wrong:
            if len(self.ordering) == 1:
                wrong.cause += (
                    ". (With one variable there is no degree from 1 to D − 1. Hidden units may "
                    "have any: the only output sees nothing)"
                )
            raise
        if not isinstance(model, nn.Module):
            self.fail("a subclass of nn.Module was expected", came=written(model))
        return model.eval()

    def fail(self, fault: type[MADE] | str, about: str = "", **said: str) -> None:
        tried = f"{self.named}{about}"
        raise Wrong(_FAULTS.get(fault, fault), tried=tried, **said)

    def call(self, name: str, x: Tensor, like: Tensor) -> Tensor:
        """What a method returns: a tensor of the right form, or Wrong."""
        if not callable(getattr(self.model, name, None)):
            self.fail(f"the model has no method {name}")
        try:
            came = run(getattr(self.model, name), x)
            blank = torch.zeros_like(came) if isinstance(came, Tensor) else came
            require_same(blank, torch.zeros_like(like), f"what {name} returns")
        except Wrong as wrong:
            wrong.tried = f"{self.named}.{name}(x) with x of shape {tuple(x.shape)}, {x.dtype}"
            raise
        return came.detach()

    def trained(self) -> dict[str, nn.Parameter]:
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def shake(self, size: float = 2.0, only_zeros: bool = False) -> None:
        """Give the model other weights, as training does; large ones, so that paths show."""
        for parameter in self.trained().values():
            if not (only_zeros and bool(parameter.any())):
                spread = size / parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else size
                parameter.copy_(spread * torch.randn(parameter.shape))

    def require_order(self) -> None:
        came = getattr(self.model, "order", None)
        said = {"about": ".order", "expected": written(self.order), "came": written(came)}
        if len(self.ordering) > 1 and is_same(came, self.ordering + 1):
            self.fail(OrderingAsDegrees, **said)
        if not is_same(came, self.order):
            self.fail("order holds the degree of each variable: (D,), dtype long", **said)
        if "order" not in self.model.state_dict():
            self.fail(_OrderIsAttribute, ".state_dict()", came=written([*self.model.state_dict()]))

    def require_known_layers(self) -> None:
        known = {id(part) for part in [*self.model.modules(), *self.model.parameters()]}
        for name, kept in vars(self.model).items():
            parts = kept.values() if isinstance(kept, dict) else kept
            if isinstance(kept, list | tuple | dict) and any(
                isinstance(part, nn.Module | nn.Parameter) and id(part) not in known
                for part in parts
            ):
                parameters = [name for name, _ in self.model.named_parameters()]
                self.fail(
                    _PlainList,
                    ".named_parameters()",
                    expected=f"those of the layers in {name}, too",
                    came=written(parameters),
                )

    def require_logits(self) -> None:
        self.model.double()
        outputs = [self.call("forward", self.points, self.points)]
        for _ in range(8):
            self.shake(size=3000)
            outputs.append(self.call("forward", self.points, self.points))
        lowest, highest = (value.item() for value in torch.stack(outputs).aminmax())
        if len(self.ordering) > 1 and (lowest > -2 or highest < 2):
            fault = _BoundedOutput if lowest < 0 else _ActivatedOutput
            self.fail(
                _GivesProbabilities if lowest >= 0 and highest <= 1 else fault,
                ", forward, with all sorts of weights",
                expected="numbers far below 0 and far above 1",
                came=f"none below {lowest:.3g}, none above {highest:.3g}",
            )

    @torch.no_grad()
    def seen(self) -> Tensor:
        """(D, D) bool; [i, j]: output i moves when input j is flipped."""
        before, moved = self.model(self.points), []
        for j in range(len(self.ordering)):
            flipped = self.points.clone()
            flipped[:, j] = 1 - flipped[:, j]
            moved.append((self.model(flipped) - before).abs().amax(dim=0) > 1e-9)
        return torch.stack(moved, dim=1)

    def require_what_is_seen(self, all_of_it: bool) -> None:
        """No output sees what it may not; where ``all_of_it`` is true, each sees all it may."""
        self.model = self.new().double()
        masks = [name for name, p in self.trained().items() if is_same(p.unique(), _ZERO_AND_ONE)]
        self.shake(only_zeros=True)  # what starts at zero would hide what it sees
        at_first = self.seen()
        seen = torch.zeros_like(self.allowed)
        for _ in range(4):
            self.shake()
            seen |= self.seen()
        if bool((seen & ~self.allowed).any()):
            i, j = (seen & ~self.allowed).nonzero()[0].tolist()
            is_late = not bool((at_first & ~self.allowed).any())
            late = _MasksAreParameters if masks else MaskedOnce
            self.fail(
                late if is_late else self.leaking_like(seen),
                f" with large weights: flip {self.names[j]}",
                expected=f"the output of {self.names[i]} stays as it is",
                came=f"the output of {self.names[i]} moves",
            )
        if all_of_it and not torch.equal(seen, self.allowed):
            i, j = (self.allowed & ~seen).nonzero()[0].tolist()
            self.fail(
                _StrictEverywhere,
                f" with large weights: flip {self.names[j]}",
                expected=f"the output of {self.names[i]} moves",
                came=f"the output of {self.names[i]} never moves",
            )

    @torch.no_grad()
    def require_bend(self) -> None:
        """What x₂ and x₃ do to the output of x₁ does not only add up."""
        bends = []
        for _ in range(4):
            self.shake()
            z00, z01, z10, z11 = self.model(self.points)[:4, 0].tolist()
            bends.append(abs(z11 - z10 - z01 + z00))
        if max(bends) < 1e-6:
            self.fail(
                _NoActivation,
                " with large weights: the output of x₁, z(x₂, x₃)",
                expected="z(1, 1) − z(1, 0) − z(0, 1) + z(0, 0) is not 0",
                came="it is 0 whatever the weights are",
            )

    def leaking_like(self, seen: Tensor) -> type[MADE] | str:
        """Which known fault makes outputs see just this."""
        for fault in _MASK_FAULTS:
            model = fault(len(self.ordering), self.hidden_dims, self.ordering)
            if torch.equal(connectivity([layer.mask for layer in model.layers]), seen):
                return fault
        leaks, last = seen & ~self.allowed, self.order.argmax()
        if torch.equal(leaks, leaks & torch.eye(len(leaks)).bool()):
            return _DirectSeesItself if leaks[last, last] else OutputSeesItself
        others = map(input_degrees, permutations(range(len(seen))))
        if any(torch.equal(seen, direct_mask(degrees)) for degrees in others):
            return _NaturalMasks
        return "an output sees a variable that does not come before its own"

    def require_log_prob(self) -> None:
        self.shake()
        with torch.no_grad():
            logits = self.model(self.points)
        expected = bernoulli_log_prob(logits, self.points)
        came = self.call("log_prob", self.points, expected)
        total = came.exp().sum().item()
        if abs(total - 1) > 1e-9:
            fault = (
                "log_prob is not the sum over the variables of their log-probabilities, in the "
                "dtype of the model"
            )
            if is_same(came * len(self.ordering), expected):
                fault = MeanForSum
            elif is_same(-came, expected):
                fault = _GivesNLL
            inputs = f"{len(self.points)} input{'s' * (len(self.points) > 1)}"
            self.fail(
                fault,
                f": the sum of exp(log_prob) over all {inputs}",
                expected="1, to nine digits",
                came=f"{total:.9g}",
            )
        if not is_same(came, expected):
            row = (came - expected).abs().argmax()
            of_sigmoid = bernoulli_log_prob(torch.sigmoid(logits), self.points)
            self.fail(
                _SigmoidInLogProb if is_same(came, of_sigmoid) else _AnotherLogProb,
                f".log_prob(x) with x = {written(self.points[row])}",
                expected=f"{written(expected[row])}, by the logits of forward(x)",
                came=written(came[row]),
            )
        points = self.points.float()
        self.model.float()
        self.shake(size=300)
        with torch.no_grad():
            expected = bernoulli_log_prob(self.model(points), points)
        came = self.call("log_prob", points, expected)
        if not is_same(came, expected):
            row = (came - expected).nan_to_num(nan=torch.inf).abs().argmax()
            self.fail(
                _ByFormula,
                f".log_prob(x) with very large weights, x = {written(points[row])}",
                expected=written(expected[row]),
                came=written(came[row]),
            )

    def require_gradients(self) -> None:
        """What changes log_prob has a gradient."""
        stuck, points = self.trained(), self.points.float()
        for _ in range(4):
            self.shake()
            self.model.zero_grad()
            came = self.model.log_prob(points).sum()
            if came.requires_grad:
                run(came.backward)
            stuck = {name: p for name, p in stuck.items() if p.grad is None or not p.grad.any()}
        for name, parameter in list(stuck.items()):
            before = self.call("log_prob", points, points[:, 0])
            with torch.no_grad():
                parameter.neg_().add_(1)
            if is_same(self.call("log_prob", points, before), before):
                del stuck[name]
        if stuck:
            self.fail(_NoGradient, ", the gradients of log_prob", came=f"none for {[*stuck]}")

    def require_samples(self) -> None:
        u = _uniforms(40, len(self.ordering))
        samplers = [sample, *(slip.answer for slip in _WRONG_SAMPLERS)]
        came, known = [], []
        # in one network alone, two wrong samplers may look the same
        for size in (0.3, 1, 2, 2, 2):
            self.shake(size)
            came.append(self.call("sample", u, u))
            with torch.no_grad():
                known.append(torch.stack([draw(self.model, self.order, u) for draw in samplers]))
        came, (expected, *wrong) = torch.cat(came), torch.cat(known, dim=1)
        if not is_same(came, expected):
            row = (came != expected).any(dim=1).nonzero()[0].item()
            causes = [
                slip.cause
                for slip, theirs in zip(_WRONG_SAMPLERS, wrong, strict=True)
                if is_same(came, theirs)
            ]
            if not is_same(self.call("sample", u, u), self.call("sample", u, u)):
                causes = [_DRAWS_ITS_OWN]
            self.fail(
                next(iter(causes), "the samples are not those that log_prob gives for these u"),
                f".sample(u), the row {written(u[row % len(u)])}",
                expected=written(expected[row]),
                came=written(came[row]),
            )

    def require_saved(self) -> None:
        other, points = self.new(), self.points.float()
        run(other.load_state_dict, self.model.state_dict())
        with torch.no_grad():
            if not is_same(other.log_prob(points), self.model.log_prob(points)):
                self.fail(_MasksAreAttributes, ", saved and loaded")


WRITE_MADE = Exercise(
    name="4.5",
    title="MADE from an empty cell",
    stars=3,
    reference=MADE,
    examine=_examine_model,
    slips=tuple(Slip(*fault) for fault in _FAULTS.items()),
    hints=(
        "Most of it stands in sections 2 to 4, as loose pieces: ordering → order → degrees → masks "
        "→ layers in __init__, then a loop over the layers in forward.",
        "In __init__: self.register_buffer('order', input_degrees(ordering)), degrees from "
        "draw_degrees(self.order, hidden_dims, 'even'), and for each mask of build_masks(degrees) "
        "a MaskedLinear(mask.shape[1], mask.shape[0]) in an nn.ModuleList.",
        "forward: a relu after every layer but the last. log_prob: bernoulli_log_prob(self(x), x). "
        "sample: sample(self, self.order, u), under torch.no_grad().",
    ),
)

EXERCISES = (LAYER, LOG_PROB, SAMPLER, PREDICTION, WRITE_MADE)
