"""Notebook 04: masked layer, log-likelihood, sampler, mutants and what catches them, MADE."""

from __future__ import annotations

import copy
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
from .calls import is_unchanged, run
from .causes import outcome
from .comparing import is_same, require_same
from .exercise import Slip, Wrong, exercise, exercises_of, known_slips, slip
from .relations import find_relation
from .variants import drawn, further_cases, shuffled
from .written import written, written_call

# ---- 4.1 ----------------------------------------------------------------------------------------


@exercise(
    "4.1",
    "A linear layer with a mask",
    stars=2,
    is_inside=True,
    examine=lambda answer: _examine_layer(answer),
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


def _layer_with(kind: type[nn.Module] = MaskedLinear, /, **methods: object) -> type[nn.Module]:
    """A class with other methods."""
    return type("Wrong", (kind,), methods)


def _layer_whose_mask(keep: Callable[[nn.Module, Tensor], None]) -> type[nn.Linear]:
    """A layer that begins in another way: with a mask of ones, which is kept as told."""

    class Wrong(MaskedLinear):
        def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
            nn.Linear.__init__(self, in_features, out_features, bias)
            keep(self, torch.ones(out_features, in_features))

    return Wrong


def _keep_as_attribute(self: nn.Module, mask: Tensor) -> None:
    self.mask = mask


def _masks_weights_in_forward(self: MaskedLinear, x: Tensor) -> Tensor:
    with torch.no_grad():
        self.weight.mul_(self.mask)
    return F.linear(x, self.weight, self.bias)


_NOT_ONES = (
    "the mask of a new layer must be all ones, so that it is an ordinary linear layer until "
    "set_mask is called"
)
_WEIGHTS_MASKED = (
    "set_mask changed the weights themselves. The next step of an optimizer brings them back, and "
    "what another mask would need is gone: keep the mask, and multiply in forward"
)
_WEIGHTS_MASKED_LATER = (
    "forward changed the weights themselves, so that what another mask would need is gone: "
    "multiply into a new tensor, self.weight * self.mask"
)
_NO_GRADIENT = (
    "the weights get no gradient, so that nothing is learned: .data, .detach() and no_grad hide "
    "them from autograd. In forward use self.weight itself"
)
_AS_PARAMETER = (
    "the mask is among the parameters: the optimizer would train it, and it would soon not be a "
    "mask any more. Register it as a buffer"
)
_AS_ATTRIBUTE = (
    "the mask is not saved with the layer: a plain attribute is not in its state dict, and stays "
    'behind when it moves to a GPU. Use self.register_buffer("mask", …) in __init__'
)
_NOT_SAVED = (
    "the buffer of the mask is registered with persistent=False, so that it is not in the state "
    "dict: a layer that is loaded would have another mask"
)
_REPLACED = (
    "set_mask put a new tensor in the place of the buffer, on the device from which the mask came: "
    "after .to('cuda') a CPU mask would be back in the layer. Copy the values into the buffer that "
    "is there: self.mask.copy_(mask)"
)
_ALIASED = (
    "set_mask kept the very tensor that it was given (.to copies nothing where dtype and device "
    "are the same already), so the layer's mask changes when the caller's does. Copy the values "
    "into the buffer that is there: self.mask.copy_(mask)"
)
_FIXED_SIZE = (
    "the layer works from 3 inputs to 2 outputs alone: the shape of the mask is (out_features, "
    "in_features), whatever these are"
)

slip(
    "the mask has no effect: forward has to use the product of weight and mask",
    _layer_with(forward=nn.Linear.forward),
)
slip(
    "the mask is multiplied into the inputs, and has another shape than they have: it has an "
    "entry for each connection, so it belongs on the weights",
    _layer_with(forward=lambda self, x: F.linear(x * self.mask, self.weight, self.bias)),
)
slip(
    "the mask is multiplied into the outputs, and has another shape than they have: it has an "
    "entry for each connection, so it belongs on the weights",
    _layer_with(forward=lambda self, x: F.linear(x, self.weight, self.bias) * self.mask),
)
slip(
    "a weight is (out_features, in_features), so x @ W does not fit: it is x @ W.T, or F.linear(x, "
    "W, b), which transposes",
    _layer_with(forward=lambda self, x: x @ (self.weight * self.mask) + self.bias),
)
slip(
    "the bias is missing: the third argument of F.linear is self.bias",
    _layer_with(forward=lambda self, x: F.linear(x, self.weight * self.mask)),
)
slip(
    "the mask is added to the weights: multiply them by it",
    _layer_with(forward=lambda self, x: F.linear(x, self.weight + self.mask, self.bias)),
)
slip(
    "the mask is the wrong way round: a weight stays where the mask is 1, and counts for nothing "
    "where it is 0. (masked_fill fills where its mask is True: hand it mask == 0)",
    _layer_with(forward=lambda self, x: F.linear(x, self.weight * (1 - self.mask), self.bias)),
)
slip(
    "the bias is masked, too: a bias is no connection, and the mask has no entry for it",
    _layer_with(
        forward=lambda self, x: (
            F.linear(x, self.weight * self.mask)
            + (0 if self.bias is None else self.bias * self.mask[:, 0])
        )
    ),
)
slip(
    "an activation is applied here: a linear layer has none, and that of the network comes after",
    _layer_with(forward=lambda self, x: torch.relu(MaskedLinear.forward(self, x))),
)
slip(_NOT_ONES, _layer_whose_mask(lambda self, mask: self.register_buffer("mask", 0 * mask)))
slip(
    _WEIGHTS_MASKED,
    _layer_with(
        set_mask=lambda self, mask: torch.no_grad()(self.weight.mul_)(mask),
        forward=nn.Linear.forward,
    ),
)
slip(_WEIGHTS_MASKED_LATER, _layer_with(forward=_masks_weights_in_forward))
slip(
    _NO_GRADIENT,
    _layer_with(forward=lambda self, x: F.linear(x, self.weight.data * self.mask, self.bias)),
)
slip(_AS_PARAMETER, _layer_whose_mask(lambda self, mask: setattr(self, "mask", nn.Parameter(mask))))
slip(_AS_ATTRIBUTE, _layer_with(_layer_whose_mask(_keep_as_attribute), set_mask=_keep_as_attribute))
slip(
    _NOT_SAVED,
    _layer_whose_mask(lambda self, mask: self.register_buffer("mask", mask, persistent=False)),
)
slip(_REPLACED, _layer_with(set_mask=lambda self, mask: self.register_buffer("mask", mask)))
slip(
    _ALIASED,
    _layer_with(set_mask=lambda self, mask: _keep_as_attribute(self, mask.to(self.mask))),
)
slip(
    _FIXED_SIZE,
    _layer_whose_mask(lambda self, mask: self.register_buffer("mask", torch.ones(2, 3))),
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
        for known in known_slips("4.1"):
            theirs = _layer(known.answer, layer.bias is not None)
            outcome(theirs.set_mask, (mask,))
            if is_same(_outcome(layer), _outcome(theirs)):
                wrong.cause = known.cause
                break
        raise wrong


def _outcome(layer: nn.Linear) -> object:
    return outcome(layer.forward, (_X,))


def _examine_layer(answer: object) -> str:
    layer = _layer(answer)
    try:
        _require_output(layer, torch.ones(2, 3), "a new layer, whose mask is to be all ones")
    except Wrong as wrong:
        run(layer.set_mask, _MASK)
        if is_same(_outcome(layer), F.linear(_X, _WEIGHT * _MASK, _BIAS)):
            wrong.cause = _NOT_ONES
        raise

    tried = f"set_mask({written(_MASK)})"
    run(layer.set_mask, _MASK)
    _require_weights(layer, _WEIGHTS_MASKED, tried)
    _require_output(layer, _MASK, f"{tried}, then forward")
    _require_weights(layer, _WEIGHTS_MASKED_LATER, f"{tried}, then forward")

    trained = [name for name, value in layer.named_parameters() if value.requires_grad]
    if set(trained) != {"weight", "bias"}:
        raise Wrong(
            _AS_PARAMETER,
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
            _FIXED_SIZE, tried="a layer from 4 to 5, set_mask, forward", came=wrong.cause
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
            _NOT_SAVED if is_buffer else _AS_ATTRIBUTE,
            tried=f"{tried}, then layer.state_dict()",
            expected=written(["weight", "bias", "mask"]),
            came=written(list(layer.state_dict())),
        )


def _require_gradients(layer: nn.Linear, tried: str) -> None:
    """They reach the weights that count and the input, and no other weight."""
    x = _X.clone().requires_grad_()
    output = layer(x)
    if not output.requires_grad:
        raise Wrong(_NO_GRADIENT, tried=f"{tried}, then a backward pass")
    output.square().sum().backward()
    gradient = layer.weight.grad
    if gradient is None or not bool(gradient[_MASK].all()):
        raise Wrong(_NO_GRADIENT, tried=f"{tried}, then a backward pass")
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
        raise Wrong(_REPLACED, tried="layer.to(another device), then set_mask(a CPU mask)")
    for given in (_MASK.float(), _MASK.clone()):
        layer.set_mask(given)  # not a copy of it
        given.zero_()
        try:
            _require_output(layer, _MASK, "set_mask(mask), then mask.zero_(), then forward")
        except Wrong as wrong:
            wrong.cause = _ALIASED
            raise


def _require_weights(layer: nn.Linear, cause: str, tried: str) -> None:
    if not torch.equal(layer.weight, _WEIGHT):
        raise Wrong(
            cause,
            tried=f"{tried}, then layer.weight",
            expected=f"{written(_WEIGHT)}, untouched",
            came=written(layer.weight),
        )


# ---- 4.2 ----------------------------------------------------------------------------------------


def _by_formula(logits: Tensor, x: Tensor) -> Tensor:
    p = torch.sigmoid(logits)
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


_CUT_OFF = (
    "the values are right, but carry no gradient, so that nothing could be trained: no_grad, "
    ".detach(), .data, .item(), .numpy() and torch.tensor(…) cut it off"
)


def _require_gradient(answer: Callable[..., Tensor], logits: Tensor, x: Tensor) -> None:
    logits = logits.clone().requires_grad_()
    tried = f"{written_call(answer, (logits, x))}, then the gradient by the logits"
    try:
        came = run(lambda: answer(logits, x))
    except Wrong as wrong:
        raise Wrong(_CUT_OFF, tried=tried, came=wrong.cause) from wrong
    is_made_up = run(answer, logits.detach(), x).requires_grad
    if is_made_up or not came.requires_grad:
        raise Wrong(_CUT_OFF, tried=tried)
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


@exercise(
    "4.2",
    "From logits to a log-likelihood",
    stars=2,
    cases=_LOGITS_AND_X,
    examine=_examine_log_prob,
    package=Bernoulli.log_prob,
    vary=further_cases(lambda word: (8 * drawn(word, 3, 4) - 4, drawn(f"{word} x", 3, 4).round())),
    hints=(
        "Two tensors of shape (B, D): the log-probability of a 1, and that of a 0. Then choose "
        "between them by x, and sum.",
        "x * a + (1 - x) * b is a where x is 1 and b where it is 0. log σ(z) = −softplus(−z).",
        "log_p1 = -F.softplus(-logits), log_p0 = -F.softplus(logits), and .sum(dim=1) at the end.",
    ),
)
def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """Log-probability of each row: the sum over its variables, (B, D), (B, D) → (B,)."""
    log_p1 = -F.softplus(-logits)
    log_p0 = -F.softplus(logits)
    return (x * log_p1 + (1 - x) * log_p0).sum(dim=1)


slip(
    "right while logits are small. At large ones the sigmoid is rounded to 0 or 1, the "
    "logarithm of 0 is −inf, and 0 · −inf is NaN: use softplus, which needs no such "
    "logarithm",
    _by_formula,
)


@slip(
    "right while logits are small. The exponential of a large one overflows to infinity (from "
    "89 on, in float32), and the logarithm of infinity is infinity: F.softplus(z) is "
    "log(1 + exp(z)) without the overflow"
)
def _by_exp(logits: Tensor, x: Tensor) -> Tensor:
    return (x * logits - torch.log(1 + torch.exp(logits))).sum(dim=1)


@slip(
    "right while logits are small. At large ones the sigmoid is rounded to 0 or 1, and "
    "binary_cross_entropy cuts the logarithm of 0 off at −100: use softplus, or "
    "binary_cross_entropy_with_logits, which takes no sigmoid first"
)
def _by_cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    return -F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum(dim=1)


slip(
    "this is log σ(z) whatever x is: where x is 0, it takes log(1 − σ(z)), which is −softplus(z)",
    lambda logits, x: -F.softplus(-logits).sum(dim=1),
)
slip(
    "this is the part of the ones alone: where x is 0, log(1 − σ(z)) is to be added, which is "
    "−softplus(z)",
    lambda logits, x: (x * F.logsigmoid(logits)).sum(dim=1),
)
slip(
    "this is the part of the zeros alone: where x is 1, log σ(z) is to be added, which is "
    "−softplus(−z)",
    lambda logits, x: ((1 - x) * F.logsigmoid(-logits)).sum(dim=1),
)
slip(
    "this sums over the rows: each row is an example and gets a number of its own, so sum "
    "over dimension 1",
    lambda logits, x: bernoulli_log_prob(logits.T, x.T),
)
slip(
    "the variables share a softmax in your code: each is a coin of its own, with p = σ(z)",
    lambda logits, x: F.log_softmax(logits, 1).gather(1, x.long()).sum(1),
)
slip(
    "log(1 + exp(z)) is missing: log p(x) is x · z − softplus(z), summed",
    lambda logits, x: (x * logits).sum(1),
)
slip(
    "these are probabilities, summed. It is their logarithms that are summed",
    lambda logits, x: (x * logits.sigmoid() + (1 - x) * (-logits).sigmoid()).sum(1),
)
slip(
    "the logarithms are multiplied: those of a product of probabilities are added",
    lambda logits, x: (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).prod(1),
)
slip(
    "zeros and ones are swapped: where x is 1 it takes log σ(z), where x is 0 log(1 − σ(z))",
    lambda logits, x: bernoulli_log_prob(-logits, x),
)


@slip("the logits are taken for probabilities: p = σ(z), and z may be any real number")
def _from_probabilities(p: Tensor, x: Tensor) -> Tensor:
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(dim=1)


slip(_CUT_OFF, lambda logits, x: bernoulli_log_prob(logits, x).detach())


# ---- 4.3 ----------------------------------------------------------------------------------------


def _sample_along(steps: Callable[[LongTensor], Sequence[int]]) -> Callable[..., Tensor]:
    def sample_so(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
        x = torch.zeros_like(u)
        for i in steps(order):
            x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
        return x

    return sample_so


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


@exercise(
    "4.3",
    "Draw in the right order",
    stars=2,
    cases=_SAMPLER_CASES,
    package=sample_naive,
    vary=further_cases(_other_model),
    hints=(
        "Begin with zeros of the shape of u. Each step fills one column, and the next forward pass "
        "sees it.",
        "torch.argsort(order) lists the variables, smallest degree first. Logit i of a pass is all "
        "that the step of variable i needs.",
        "In the loop over i: p = torch.sigmoid(forward(x)[:, i]), then "
        "x[:, i] = (u[:, i] <= p).float().",
    ),
)
def sample(forward, order: LongTensor, u: Tensor) -> Tensor:
    """Draw a sample for each row of u, one variable after another, smallest degree first."""
    x = torch.zeros_like(u)
    for i in torch.argsort(order).tolist():
        p = torch.sigmoid(forward(x)[:, i])
        x[:, i] = (u[:, i] <= p).float()
    return x


slip(
    "the loop goes through the degrees: order[i] is the step at which variable i comes, while the "
    "loop needs the variable that comes at each step. That is argsort(order)",
    _sample_along(lambda order: (order - 1).tolist()),
)
slip(
    "the variables are drawn from the first column to the last, whatever their degrees: begin with "
    "the smallest degree",
    _sample_along(lambda order: range(len(order))),
)


@slip(
    "each variable is drawn as if from one forward pass over zeros. The second needs to see the "
    "value that was drawn for the first, so each step has a pass of its own, which is handed what "
    "is drawn so far; or the loop begins with the largest degree"
)
def _sample_at_once(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return (u <= torch.sigmoid(forward(torch.zeros_like(u)))).float()


@slip(
    "each variable gets its more probable value, and u decides nothing: that is a threshold at one "
    "half, not a draw. It is 1 where u ≤ p"
)
def _take_likelier(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return sample(forward, order, torch.full_like(u, 0.5))


slip(
    "a variable is 1 where u ≤ p. The other way round it is 1 with probability 1 − p",
    lambda forward, order, u: sample(lambda x: -forward(x), order, 1 - u),
)


@slip("column i of u decides variable i, whatever the step at which it comes")
def _sample_by_steps(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return sample(forward, order, u[:, order - 1])


@slip("u is compared with the logit, and a logit is no probability: p = torch.sigmoid(logit)")
def _compare_with_logits(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    x = torch.zeros_like(u)
    for i in torch.argsort(order).tolist():
        x[:, i] = (u[:, i] <= forward(x)[:, i]).float()
    return x


@slip(
    "forward is handed u. It needs x, which begins as zeros and holds what is drawn so far; u "
    "decides, and the network never sees it"
)
def _sample_from_u(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return (u <= torch.sigmoid(forward(u))).float()


@slip(
    "at step t the value is written into column t of x, and belongs into column i, that of the "
    "variable which comes at this step"
)
def _write_by_step(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    x = torch.zeros_like(u)
    for t, i in enumerate(torch.argsort(order).tolist()):
        x[:, t] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


@slip(
    "at step t column t of x and of u is used, but columns belong to variables: at every step use "
    "column i of x, of u and of the logits, where i is the variable that comes at this step"
)
def _read_and_write_by_step(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    x = torch.zeros_like(u)
    for t, i in enumerate(torch.argsort(order).tolist()):
        x[:, t] = (u[:, t] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


@slip("these are the probabilities of a 1: a sample holds zeros and ones, 1 where u ≤ p")
def _probabilities(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    return torch.sigmoid(forward(sample(forward, order, u)))


slip(
    "the sigmoid is taken twice: once makes a probability of a logit, twice one between ½ and 0.73",
    lambda forward, order, u: sample(lambda x: torch.sigmoid(forward(x)), order, u),
)
slip(
    "only the variable of the smallest degree is drawn, and the others stay 0: does the `return` "
    "stand inside the loop? It belongs below it",
    _sample_along(lambda order: order.argsort()[:1].tolist()),
)
slip(
    "the variable of the largest degree is never drawn, and stays 0: the loop ends one step early",
    _sample_along(lambda order: order.argsort()[:-1].tolist()),
)
slip(
    "the variable of the smallest degree is never drawn, and stays 0: the loop begins late",
    _sample_along(lambda order: order.argsort()[1:].tolist()),
)
slip(
    "the loop goes through the degrees, and takes column t of u besides: at every step use the "
    "variable that comes at it, argsort(order)[t], for x, u and logits alike",
    lambda forward, order, u: _sample_along(lambda order: (order - 1).tolist())(
        forward, order, u[:, torch.argsort(order - 1)]
    ),
)


@slip("x begins anew in each step, so that what was drawn before is lost: make x above the loop")
def _forgets(forward: Callable, order: LongTensor, u: Tensor) -> Tensor:
    for i in torch.argsort(order).tolist():
        x = torch.zeros_like(u)
        x[:, i] = (u[:, i] <= torch.sigmoid(forward(x)[:, i])).float()
    return x


slip(
    "the loop goes through order itself. That counts from 1, columns count from 0, and order[i] is "
    "the step at which variable i comes, while the loop needs the variable that comes at each "
    "step: that is argsort(order)",
    _sample_along(lambda order: order.tolist()),
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


@exercise(
    "4.4",
    "Six mutants, four tests",
    stars=2,
    examine=_examine_prediction,
    is_value=True,
    hints=(
        "For each test ask first what it calls: log_prob, the logits, the gradients, sample. What "
        "it does not call it cannot find fault with.",
        "Two mutants are sound models as they stand: one of another ordering, one until it is "
        "trained. Their probabilities sum to one.",
        "Three of the six are each caught by one test alone, and these are three different tests.",
    ),
)
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


slip(
    _about("output sees itself", "flip", True),
    _prediction(**{name.replace(" ", "_"): {"sum"} for name in MUTANTS}),
)
slip(_about("ordering as degrees", "sum", False), _prediction(ordering_as_degrees={"sum", "flip"}))
slip(_about("ordering as degrees", "flip", True), _prediction(ordering_as_degrees=set()))
slip(
    _about("ordering as degrees", "samples", False),
    _prediction(ordering_as_degrees={"flip", "samples"}),
)
slip(
    _about("output sees itself", "gradient", False),
    _prediction(output_sees_itself={"sum", "flip", "gradient", "samples"}),
)
slip(
    _about("mask forgotten", "gradient", False),
    _prediction(mask_forgotten={"sum", "flip", "gradient", "samples"}),
)
slip(
    _about("masked once", "sum", False),
    _prediction(masked_once={"sum", "flip", "gradient", "samples"}),
)
slip(_about("masked once", "gradient", True), _prediction(masked_once=set()))
slip(
    _about("samples by degrees", "flip", False), _prediction(samples_by_degrees={"flip", "samples"})
)
slip(_about("mean for sum", "samples", True), _prediction(mean_for_sum={"sum"}))


# ---- 4.5 ----------------------------------------------------------------------------------------


def _then(change: Callable[[MADE], object]) -> type[MADE]:
    """A model of which a part is changed once it is built."""

    class Changed(MADE):
        def __init__(self, input_dim, hidden_dims, ordering) -> None:
            super().__init__(input_dim, hidden_dims, ordering)
            change(self)

    return Changed


def _made_with(**methods: object) -> type[MADE]:
    return type("Wrong", (MADE,), methods)


def _sampling(sampler: Callable[..., Tensor]) -> type[MADE]:
    return _made_with(sample=torch.no_grad()(lambda self, u: sampler(self, self.order, u)))


def _without_masks(layers: Sequence[MaskedLinear]) -> None:
    for layer in layers:
        layer.set_mask(torch.ones_like(layer.mask))


def _with_strict_masks(model: MADE) -> None:
    above = [*model.degrees[1:], model.order]
    for layer, m_in, m_out in zip(model.layers, model.degrees, above, strict=True):
        layer.set_mask(m_out[:, None] > m_in[None, :])


def _with_natural_masks(model: MADE) -> None:
    hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
    model.layers = MADE(len(model.order), hidden_dims, range(len(model.order))).layers


def _in_a_plain_list(model: MADE) -> None:
    layers = list(model.layers)
    del model.layers
    model.layers = layers


def _without_a_buffer_of_order(model: MADE) -> None:
    order = model.order
    del model.order
    model.order = order


def _with_masks_as(keep: Callable[[Tensor], object]) -> type[MADE]:
    """Masks that are drawn, and kept by the layers in another way."""

    def change(model: MADE) -> None:
        hidden_dims = [len(degrees) for degrees in model.degrees[1:]]
        degrees = draw_degrees(model.order, hidden_dims, "uniform")
        for layer, mask in zip(model.layers, build_masks(degrees), strict=True):
            del layer.mask
            layer.mask = keep(mask.float())

    return _then(change)


def _draws_masks(self: MADE, x: Tensor) -> Tensor:
    hidden_dims = [len(degrees) for degrees in self.degrees[1:]]
    degrees = draw_degrees(self.order, hidden_dims, "uniform")
    for layer, mask in zip(self.layers, build_masks(degrees), strict=True):
        layer.set_mask(mask)
    return MADE.forward(self, x)


def _activated(self: MADE, x: Tensor, hidden: Callable, last: Callable) -> Tensor:
    for layer in self.layers[:-1]:
        x = hidden(layer(x))
    return last(self.layers[-1](x))


class _DirectSeesItself(MADE):
    def __init__(self, input_dim, hidden_dims, ordering) -> None:
        super().__init__(input_dim, hidden_dims, ordering)
        self.direct = MaskedLinear(input_dim, input_dim, bias=False)
        self.direct.set_mask(self.order[:, None] >= self.order)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.direct(x)


_ORDERING = (
    "the ordering (plus one) is taken for the degrees. order[i] is the step at which variable i "
    "comes: order = argsort(ordering) + 1"
)
_IS_ORDERING = (
    "order is the ordering itself. It must hold the degrees: order[i] is the step, counted from 1, "
    "at which variable i comes: argsort(ordering) + 1"
)
_FROM_ZERO = "order counts from 0: degrees count from 1, so argsort(ordering) + 1"
_ORDER_IS_ATTRIBUTE = (
    "order is not saved with the model: a plain attribute is not in the state dict, and stays "
    "behind when the model moves. Use register_buffer"
)
_MASKS_ARE_PARAMETERS = (
    "the masks are among the parameters, and would be trained: make them buffers"
)
_PLAIN_LIST = (
    "the layers stand in a plain list or dict, which nn.Module does not look into, so they are not "
    "trained, saved or moved: use nn.ModuleList"
)
_BY_CHANCE = (
    "two forward passes with the same x differ, in evaluation mode, too. Is dropout never switched "
    "off? nn.Dropout does that by itself, F.dropout needs training=self.training. Nothing else may "
    "be drawn in a forward pass"
)
_MASKS_DRAWN_ANEW = (
    "the masks are drawn anew in each forward pass, so that two passes with the same x differ: "
    "draw degrees and make masks once, in __init__"
)
_NO_NEGATIVE_LOGIT = (
    "no logit is below 0, so no probability below one half: nothing comes after the last layer, no "
    "activation either"
)
_BOUNDED = (
    "whatever the weights are, the logits stay within bounds, and so do the probabilities: nothing "
    "comes after the last layer, no activation either"
)
_GIVES_PROBABILITIES = (
    "forward gives numbers between 0 and 1: logits are asked for, without a sigmoid"
)
_SEES_ITSELF = "an output sees its own variable: the mask of the output needs >, not >="
_DIRECT_SEES_ITSELF = (
    "outputs see their own variables, the last variable's too, which no hidden unit of a degree "
    "from 1 to D − 1 can reach. Have direct connections >= in place of >, or is x added at the "
    "end, or do hidden degrees go up to D, with >= in the output's mask?"
)
_NATURAL = (
    "the masks are those of another ordering: they have to follow from the same degrees as order"
)
_MASKED_ONCE = (
    "nothing leaks in a new model, but it does once the weights have changed: the masks were "
    "applied to them when the model was built, and not at each forward pass"
)
_LOSES = (
    "nothing leaks, but in this wide network something is lost that is allowed. Is more than one "
    "mask of a path strict (one is enough: > for the output, >= before), or does a degree from 1 "
    "to D − 1 not occur (randint(1, D − 1) ends with D − 2)? If the strict mask is the first one, "
    "degrees must go from 2 to D"
)
_NO_ACTIVATION = (
    "no activation: without one after each hidden layer all layers together are a single matrix, "
    "and what x₂ and x₃ do to the output of x₁ only adds up. Or does each layer have one, and yet "
    "no hidden unit sees both of them, as with degrees from randint(1, D − 1), which ends with "
    "D − 2, beside direct connections?"
)
_SIGMOID_IN_LOG_PROB = (
    "log_prob takes a sigmoid before bernoulli_log_prob, which wants the logits themselves: "
    "bernoulli_log_prob(self(x), x)"
)
_ANOTHER_LOG_PROB = (
    "log_prob is another distribution than the logits of forward(x) stand for: it is to be "
    "bernoulli_log_prob(self(x), x), with nothing in between"
)
_MEAN = "log_prob is the mean over the variables: it is to be their sum"
_NLL = "the sign of log_prob is wrong: the logarithm of a probability is never above 0"
_NO_SUM = (
    "log_prob is not the sum over the variables of their log-probabilities, in the dtype of the "
    "model"
)
_STUCK = (
    "log_prob gives these parameters no gradient, so no training could change them: no_grad, .data "
    "or .detach() stands in between. no_grad belongs to sample alone"
)
_UNSTABLE = (
    "log_prob is right for small logits, and not finite or cut off for large ones: use softplus, "
    "as in exercise 4.2"
)
_OTHER_SAMPLES = "the samples are not those that log_prob gives for these u"
_SAMPLES_BY_CHANCE = (
    "two calls with the same u give different samples: u is to decide, so draw no random numbers "
    "(torch.rand, torch.bernoulli) besides"
)
_WITHOUT_U = (
    "the samples are the same whatever u is: u is to decide, variable i is 1 where u[:, i] ≤ p"
)
_MASKS_ARE_ATTRIBUTES = (
    "a second model that loads the state dict of the first gives other probabilities: the masks "
    "are not in it. Make them buffers"
)
_OF_MASKS = {
    OutputSeesItself: _SEES_ITSELF,
    OrderingAsDegrees: _ORDERING,
    _then(lambda model: _without_masks(model.layers[:1])): "the mask of the first layer is "
    "missing: every input enters there, and no later mask can tell one from another",
    MaskForgotten: "units of degree 1 hear units of every degree: the mask of a layer between two "
    "hidden ones is missing, or something else mixes the units of a layer, as LayerNorm does",
    _then(lambda model: _without_masks(model.layers[-1:])): "the mask of the output is missing: "
    "every output hears all units of the last hidden layer",
    _then(lambda model: _without_masks(model.layers)): "every output sees every input: the masks "
    "are not made, or made and not used",
}
"""Which outputs see what tells these faults."""


exercise(
    "4.5",
    "MADE from an empty cell",
    stars=3,
    is_inside=True,
    examine=lambda answer: _examine_model(answer),
    slips=[Slip(model, cause) for model, cause in _OF_MASKS.items()],
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

slip(_IS_ORDERING, _then(lambda model: model.order.copy_(model.order.argsort())))
slip(_FROM_ZERO, _then(lambda model: model.order.sub_(1)))
slip(_ORDER_IS_ATTRIBUTE, _then(_without_a_buffer_of_order))
slip(_MASKS_ARE_PARAMETERS, _with_masks_as(nn.Parameter))
slip(_MASKS_ARE_ATTRIBUTES, _with_masks_as(lambda mask: mask))
slip(_PLAIN_LIST, _then(_in_a_plain_list))
slip(
    _BY_CHANCE,
    _made_with(
        forward=lambda self, x: _activated(self, x, lambda h: F.dropout(h.relu()), lambda z: z)
    ),
)
slip(_MASKS_DRAWN_ANEW, _made_with(forward=_draws_masks))
slip(_NO_NEGATIVE_LOGIT, _made_with(forward=lambda self, x: MADE.forward(self, x).relu()))
slip(_BOUNDED, _made_with(forward=lambda self, x: MADE.forward(self, x).tanh()))
slip(_GIVES_PROBABILITIES, _made_with(forward=lambda self, x: MADE.forward(self, x).sigmoid()))
slip(_DIRECT_SEES_ITSELF, _DirectSeesItself)
slip(_NATURAL, _then(_with_natural_masks))
slip(_MASKED_ONCE, MaskedOnce)
slip(_LOSES, _then(_with_strict_masks))
slip(
    _NO_ACTIVATION,
    _made_with(forward=lambda self, x: _activated(self, x, lambda h: h, lambda z: z)),
)
slip(
    _SIGMOID_IN_LOG_PROB,
    _made_with(log_prob=lambda self, x: bernoulli_log_prob(self(x).sigmoid(), x)),
)
slip(
    _ANOTHER_LOG_PROB,
    _made_with(
        forward=lambda self, x: MADE.forward(self, x) / 2,
        log_prob=lambda self, x: bernoulli_log_prob(2 * self(x), x),
    ),
)
slip(_MEAN, MeanForSum)
slip(_NLL, _made_with(log_prob=lambda self, x: -MADE.log_prob(self, x)))
slip(_STUCK, _made_with(forward=torch.no_grad()(lambda self, x: MADE.forward(self, x))))
slip(_UNSTABLE, _made_with(log_prob=lambda self, x: _by_formula(self(x), x)))
slip(
    _SAMPLES_BY_CHANCE, _sampling(lambda model, order, u: sample(model, order, torch.rand_like(u)))
)
slip(
    _WITHOUT_U, _sampling(lambda model, order, u: sample(model, order, _uniforms(*u.shape).flip(0)))
)
for _known in known_slips("4.3")[:3]:
    slip(_known.cause, _sampling(_known.answer))

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
        trial.require_no_chance()
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

    def fail(self, cause: str, about: str = "", **said: str) -> None:
        raise Wrong(cause, tried=f"{self.named}{about}", **said)

    def call(self, name: str, x: Tensor, like: Tensor) -> Tensor:
        """What a method returns: a tensor of the right form, or Wrong."""
        if not callable(getattr(self.model, name, None)):
            self.fail(f"the model has no method {name}")
        came = None
        try:
            came = run(getattr(self.model, name), x)
            blank = torch.zeros_like(came) if isinstance(came, Tensor) else came
            require_same(blank, torch.zeros_like(like), f"what {name} returns")
        except Wrong as wrong:
            if name == "log_prob":
                wrong.cause = find_relation([came], [like], [{"x": x}]) or wrong.cause
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
            self.fail(_ORDERING, **said)
        if is_same(came, self.ordering):
            self.fail(_IS_ORDERING, **said)
        if is_same(came, self.order - 1):
            self.fail(_FROM_ZERO, **said)
        if not is_same(came, self.order):
            self.fail("order holds the degree of each variable: (D,), dtype long", **said)
        if "order" not in self.model.state_dict():
            self.fail(
                _ORDER_IS_ATTRIBUTE, ".state_dict()", came=written([*self.model.state_dict()])
            )

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
                    _PLAIN_LIST,
                    ".named_parameters()",
                    expected=f"those of the layers in {name}, too",
                    came=written(parameters),
                )

    def require_no_chance(self) -> None:
        """What forward gives, and what the model keeps, is the same after a forward pass."""
        self.model.double()
        kept = copy.deepcopy(self.model.state_dict())
        first, again = (self.call("forward", self.points, self.points) for _ in range(2))
        if not is_same(first, again):
            is_kept = is_unchanged(dict(kept), dict(self.model.state_dict()))
            self.fail(_BY_CHANCE if is_kept else _MASKS_DRAWN_ANEW, ", forward twice")

    def require_logits(self) -> None:
        outputs = [self.call("forward", self.points, self.points)]
        for _ in range(8):
            self.shake(size=3000)
            outputs.append(self.call("forward", self.points, self.points))
        lowest, highest = (value.item() for value in torch.stack(outputs).aminmax())
        if len(self.ordering) > 1 and (lowest > -2 or highest < 2):
            cause = _BOUNDED if lowest < 0 else _NO_NEGATIVE_LOGIT
            self.fail(
                _GIVES_PROBABILITIES if lowest >= 0 and highest <= 1 else cause,
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
            late = _MASKS_ARE_PARAMETERS if masks else _MASKED_ONCE
            self.fail(
                late if is_late else self.leaking_like(seen),
                f" with large weights: flip {self.names[j]}",
                expected=f"the output of {self.names[i]} stays as it is",
                came=f"the output of {self.names[i]} moves",
            )
        if all_of_it and not torch.equal(seen, self.allowed):
            i, j = (self.allowed & ~seen).nonzero()[0].tolist()
            self.fail(
                _LOSES,
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
                _NO_ACTIVATION,
                " with large weights: the output of x₁, z(x₂, x₃)",
                expected="z(1, 1) − z(1, 0) − z(0, 1) + z(0, 0) is not 0",
                came="it is 0 whatever the weights are",
            )

    def leaking_like(self, seen: Tensor) -> str:
        """The known fault that makes outputs see just this."""
        for kind, cause in _OF_MASKS.items():
            model = kind(len(self.ordering), self.hidden_dims, self.ordering)
            if torch.equal(connectivity([layer.mask for layer in model.layers]), seen):
                return cause
        leaks, last = seen & ~self.allowed, self.order.argmax()
        if torch.equal(leaks, leaks & torch.eye(len(leaks)).bool()):
            return _DIRECT_SEES_ITSELF if leaks[last, last] else _SEES_ITSELF
        others = map(input_degrees, permutations(range(len(seen))))
        if any(torch.equal(seen, direct_mask(degrees)) for degrees in others):
            return _NATURAL
        return "an output sees a variable that does not come before its own"

    def require_log_prob(self) -> None:
        self.shake()
        with torch.no_grad():
            logits = self.model(self.points)
        expected = bernoulli_log_prob(logits, self.points)
        came = self.call("log_prob", self.points, expected)
        total = came.exp().sum().item()
        if abs(total - 1) > 1e-9:
            cause = find_relation([came], [expected], [{}]) or _NO_SUM
            if is_same(came * len(self.ordering), expected):
                cause = _MEAN
            elif is_same(-came, expected):
                cause = _NLL
            inputs = f"{len(self.points)} input{'s' * (len(self.points) > 1)}"
            self.fail(
                cause,
                f": the sum of exp(log_prob) over all {inputs}",
                expected="1, to nine digits",
                came=f"{total:.9g}",
            )
        if not is_same(came, expected):
            row = (came - expected).abs().argmax()
            of_sigmoid = bernoulli_log_prob(torch.sigmoid(logits), self.points)
            self.fail(
                _SIGMOID_IN_LOG_PROB if is_same(came, of_sigmoid) else _ANOTHER_LOG_PROB,
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
                _UNSTABLE,
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
            self.fail(_STUCK, ", the gradients of log_prob", came=f"none for {[*stuck]}")

    def require_samples(self) -> None:
        u = _uniforms(40, len(self.ordering))
        known = known_slips("4.3")
        samplers = [sample, *(slip.answer for slip in known)]
        came, drawn = [], []
        # in one network alone, two wrong samplers may look the same
        for size in (0.3, 1, 2, 2, 2):
            self.shake(size)
            came.append(self.call("sample", u, u))
            with torch.no_grad():
                drawn.append([outcome(draw, (self.model, self.order, u)) for draw in samplers])
        came, expected = torch.cat(came), torch.cat([of_one[0] for of_one in drawn])
        if is_same(came, expected):
            return
        row = (came != expected).any(dim=1).nonzero()[0].item()
        causes = [
            known[k - 1].cause
            for k in range(1, len(samplers))
            if all(isinstance(of_one[k], Tensor) for of_one in drawn)
            and is_same(came, torch.cat([of_one[k] for of_one in drawn]))
        ]
        first, again, of_other = (self.call("sample", x, u) for x in (u, u, u.flip(0)))
        if is_same(first, of_other):
            causes.append(_WITHOUT_U)
        if not is_same(first, again):
            causes = [_SAMPLES_BY_CHANCE]
        self.fail(
            next(iter(causes), _OTHER_SAMPLES),
            f".sample(u), the row {written(u[row % len(u)])}",
            expected=written(expected[row]),
            came=written(came[row]),
        )

    def require_saved(self) -> None:
        other, points = self.new(), self.points.float()
        run(other.load_state_dict, self.model.state_dict())
        with torch.no_grad():
            if not is_same(other.log_prob(points), self.model.log_prob(points)):
                self.fail(_MASKS_ARE_ATTRIBUTES, ", saved and loaded")


EXERCISES = exercises_of(__name__)
