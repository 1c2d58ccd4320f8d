"""Ancestral sampling: variables are drawn one after another, in the model's ordering.

Two samplers give the same samples from the same noise. :func:`sample_naive` is the definition: D
forward passes, one per variable. Almost all of their work is repeated, because a unit of degree d
has its final value as soon as the variables of the first d steps are known. So
:func:`sample_incremental` computes each unit once, and a sample costs about as many multiplications
as one forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from .heads import Head
from .masked_linear import MaskedLinear

Method: TypeAlias = Literal["incremental", "naive"]
METHODS = get_args(Method)
SAMPLES_AT_ONCE = 1024
BLOCK = 64
"""Number of steps of :func:`sample_incremental` that share matrix products."""


# ---- two samplers -------------------------------------------------------------------------------


def sample_naive(
    forward: Callable[[Tensor], Tensor], order: Tensor, noise: Tensor, head: Head
) -> Tensor:
    """Draw samples (n, D) with one forward pass per variable, in order of increasing degree.

    ``forward`` maps inputs (n, D) to the parameters of all variables: (n, D), (n, D, P), or for
    ``Mixed`` (n, sum of all P). The parameters of variable i depend only on the variables before i.
    ``order`` (D,) has the degrees. Column i of ``noise``, uniforms (n, D), decides variable i.

    Source:
        Germain et al. 2015, "Masked Autoencoders": a sample takes D passes.

    Example:
        >>> from made_course.model.heads import Bernoulli
        >>> def chain(x):  # p(x1 = 1) = 1/2, then x2 copies x1
        ...     return torch.stack([torch.zeros(len(x)), 100 * x[:, 0] - 50], dim=1)
        >>> sample_naive(chain, torch.tensor([1, 2]), torch.tensor([[0.1, 0.5]]), Bernoulli())
        tensor([[1., 1.]])
    """
    x = torch.zeros_like(noise)
    stops = head.widths(len(order))[1].cumsum(0).tolist()
    for i in torch.argsort(order).tolist():
        outputs, own = forward(x).flatten(1), head.select(i)
        params = outputs[:, stops[i] - own.params_per_variable : stops[i]]
        x[:, i] = own.sample(params, noise[:, i])
    return x


@torch.inference_mode()  # faster than no_grad
def sample_incremental(
    model: Any, noise: Tensor, given: Tensor | None = None, known: Tensor | None = None
) -> Tensor:
    """Draw the samples of :func:`sample_naive`, but compute each unit only once.

    The units of each layer are sorted by degree, so that the units known at a step are always the
    first ones. Variables whose outputs see the same units share a step, because no path leads from
    one of them to another. Variables that are known from the start come first and take no step.

    For example, D = 3 variables in the ordering x2, x3, x1 have 4 hidden units of degrees 1, 1, 2
    and 2. Step 1 draws x2 from the bias of its output. Step 2 computes the two units of degree 1
    from x2, and draws x3. Step 3 computes the two units of degree 2 from x2 and x3, and draws x1.

    The model is a MADE in evaluation mode. Column i of ``noise``, uniforms (n, D), decides variable
    i. If ``known`` (D,) is True for it, its values come from the rows ``given`` (n, D) instead.
    """
    known = torch.zeros_like(model.order, dtype=torch.bool) if known is None else known
    head, n, ordering = model.head, len(noise), torch.argsort(model.order, stable=True)
    taken, drawn = ordering[known[ordering]], ordering[~known[ordering]]
    position = torch.argsort(torch.cat([taken, drawn]))
    sizes = _step_sizes(model, drawn)
    num_drawn = F.pad(sizes.cumsum(0), (1, 0))  # before each step, and after the last
    first = drawn[num_drawn[:-1]]  # one variable of each step
    heads = [head.select(i) for i in first.tolist()]
    layers = _sorted_layers(model, position, len(taken) + num_drawn, first, n)
    x, *hidden, output = layers
    u, values = noise.T[drawn].split(sizes.tolist()), []
    if given is not None:
        values.append(given.T[taken])
        x.values[: x.ends[0]] = head.encode(given).flatten(1).T[x.units[: x.ends[0]]]
    for start in range(0, len(heads), BLOCK):
        for layer in layers:
            layer.start_block(start, min(start + BLOCK, len(heads)))
        for t, own in enumerate(heads[start : start + BLOCK]):
            for layer in hidden:
                layer.step_values[t].copy_(model.act.forward(layer.add_step_inputs(t)))
            params = output.add_step_inputs(t).view(-1, own.params_per_variable, n).mT
            values.append(own.sample(params, u[start + t]))
            x.step_values[t].copy_(own.encode(values[-1]).mT.flatten(0, 1))
    return torch.cat(values)[position].T


def _step_sizes(model: Any, drawn: Tensor) -> Tensor:
    """Return the number of variables that each step draws.

    The variables of a step have the same head, and their outputs see the same units.
    """
    order, *hidden_degrees = model.degrees
    seen = order[drawn]
    if hidden_degrees and model.direct is None:
        seen = torch.searchsorted(hidden_degrees[-1].sort().values, seen)
    if model.head.kinds is not None:
        seen = seen * len(order) + model.head.kinds.to(drawn)[drawn]
    return seen.unique_consecutive(return_counts=True)[1]


class _SortedLayer:
    """The units of a layer, sorted by the step at which they become known.

    The input of a unit is added up in two parts. At the start of a block of steps, one matrix
    product adds the terms of all units known by then. Within the block, each step adds the terms of
    the few units that have become known since.

    Attributes:
        units: index of each unit in the layer of the model.
        ends: number of units that are known before each step, and after the last step.
        values: (units, n) values in n samples; 0 for a unit that is not known yet.
    """

    def __init__(self, rank: Tensor, known: Tensor, n: int, weight: Tensor) -> None:
        self.units = torch.argsort(rank, stable=True)
        self.ends = torch.searchsorted(rank[self.units], known).tolist()
        self.values, self.bias = weight.new_zeros(len(rank), n), weight.new_zeros(len(rank), 1)
        self.sources: list[tuple[_SortedLayer, Tensor]] = []

    def connect(self, below: _SortedLayer, linear: MaskedLinear) -> None:
        """Add the weights of the connections from a layer below, and their bias."""
        weight = linear.masked_weight().index_select(0, self.units).index_select(1, below.units)
        self.sources.append((below, weight))
        if (bias := linear.masked_bias()) is not None:
            self.bias += bias[self.units, None]

    def start_block(self, start: int, stop: int) -> None:
        """Initialise the inputs of steps start..stop-1 with the terms of all units known so far."""
        rows = slice(self.ends[start], self.ends[stop])
        counts = [b - a for a, b in pairwise(self.ends[start : stop + 1])]
        sums, self._within = self.bias[rows].repeat(1, self.values.shape[1]), []
        for below, weight in self.sources:
            known, new = below.ends[start], slice(below.ends[start], below.ends[stop])
            sums.addmm_(weight[rows, :known], below.values[:known])
            self._within.append((weight[rows, new].split(counts), below.values[new]))
        self._sums, self.step_values = sums.split(counts), self.values[rows].split(counts)

    def add_step_inputs(self, t: int) -> Tensor:
        """Add the block's new units to the inputs (units, n) of step t, and return these inputs."""
        for weights, values in self._within:
            self._sums[t].addmm_(weights[t], values)
        return self._sums[t]


def _sorted_layers(
    model: Any, position: Tensor, known: Tensor, first: Tensor, n: int
) -> list[_SortedLayer]:
    """Return the inputs, the hidden layers and the outputs of a MADE, each sorted by step.

    ``position`` (D,) is the position of each variable in the order of the draws. ``known`` (T + 1,)
    is the number of variables known before each of T steps, and after the last. ``first`` (T,) is
    one variable of each step.
    """
    order, *hidden_degrees = model.degrees
    inputs, outputs = (
        position.repeat_interleave(w.to(position)) for w in model.head.widths(len(order))
    )
    # step t computes the hidden units whose degree is below that of its variables
    seen = F.pad(order[first], (1, 0))
    ranks = [(inputs, known), *((degrees, seen) for degrees in hidden_degrees), (outputs, known)]
    layers = [_SortedLayer(*rank, n, model.net[0].weight) for rank in ranks]
    for (below, above), linear in zip(pairwise(layers), model.net, strict=True):
        above.connect(below, linear)
    if model.direct is not None:
        layers[-1].connect(layers[0], model.direct)
    return layers


# ---- any number of samples ----------------------------------------------------------------------


@torch.inference_mode()
def sample_rows(
    model: Any,
    noise: Tensor,
    method: Method = "incremental",
    members: Sequence[Sequence[Tensor]] | None = None,
) -> Tensor:
    """Turn uniforms (n, D) into samples (n, D), under the masks in use or an ensemble of masks.

    The members of an ensemble are given by their degrees. The noise of variable 0 chooses the
    member of each row. It is then rescaled within the interval of this member, so that it is
    uniform again and can also decide variable 0.
    """
    if members is None:
        if method == "naive":
            return sample_naive(model, model.order, noise, model.head)
        return sample_incremental(model, noise)
    noise = noise.clone()
    noise[:, 0] *= len(members)
    chosen = noise[:, 0].long().clamp(max=len(members) - 1)  # because noise may be exactly 1
    noise[:, 0] -= chosen
    samples = torch.empty_like(noise, dtype=model.net[0].weight.dtype)
    for number in chosen.unique().tolist():
        rows = chosen == number
        with model.using_degrees(members[number]):
            samples[rows] = sample_rows(model, noise[rows], method).to(samples)
    return samples


@torch.no_grad()
def sample_in_chunks(
    draw_rows: Callable[[Tensor], Tensor],
    shape: tuple[int, int],
    weight: Tensor,
    *,
    device: torch.device | str | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Draw any number of samples in chunks, so that memory is bounded.

    ``draw_rows`` maps uniforms (n, D) to samples (n, D). The result has this shape and the dtype of
    ``weight``, a weight of the model. The other arguments and the errors are those of
    :meth:`made_course.MADE.sample`.
    """
    check_noise(noise, shape, generator)
    if noise is not None:  # lower precision would round the values that are drawn
        noise = noise.to(weight.device, torch.promote_types(noise.dtype, weight.dtype))
    samples = weight.new_empty(shape, device=device)
    with torch.autocast(weight.device.type, enabled=False):
        for start in range(0, shape[0], SAMPLES_AT_ONCE):
            chunk = slice(start, start + SAMPLES_AT_ONCE)
            size = samples[chunk].shape
            u = draw_noise(size, weight, generator) if noise is None else noise[chunk]
            samples[chunk] = draw_rows(u)
    return samples


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode inside the ``with``, then restore each module's mode."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def draw_noise(
    shape: tuple[int, ...], weight: Tensor, generator: Generator | None = None
) -> Tensor:
    """Draw uniforms of this shape in (0, 1), at least in float32, on the device of ``weight``.

    ``torch.rand`` gives multiples of 2⁻²⁴ in float32, and one number in 17 million is exactly 0. A
    binary variable would then be 1 however small its probability is, so 0 becomes half of 2⁻²⁴.
    """
    dtype = torch.promote_types(weight.dtype, torch.float32)
    u = torch.rand(shape, generator=generator, dtype=dtype, device=weight.device)
    return u.clamp_(min=torch.finfo(u.dtype).eps / 4)


def check_noise(noise: Tensor | None, shape: tuple[int, ...], generator: Generator | None) -> None:
    """Raise an error if the noise has a wrong shape or value, or a generator is given as well."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            f"generator must be a torch.Generator, got {generator!r}: use "
            "torch.Generator().manual_seed(0)"
        )
    if noise is None:
        return
    if generator is not None:
        raise ValueError("give either noise or a generator, not both")
    cure = f"draw it with torch.rand{shape}"
    if not isinstance(noise, Tensor):
        raise TypeError(f"noise must be a torch.Tensor, got {type(noise).__name__}: {cure}")
    if noise.shape != shape:
        raise ValueError(f"noise must have shape {shape}, got {tuple(noise.shape)}: {cure}")
    wrong = noise[~((noise >= 0) & (noise <= 1))]
    if len(wrong):
        raise ValueError(f"noise must lie between 0 and 1, got {wrong[0].item()}: {cure}")
