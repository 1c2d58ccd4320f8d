"""Ancestral sampling: variables are drawn one after another, in the model's ordering.

Two ways that give the same samples from the same noise:

- :func:`sample_naive` is the definition, to be read: D forward passes, one for each variable.
- :func:`sample_incremental` is the one to use. Of the D passes almost all work is repeated: once
  the first d variables are known, every unit of degree d or less has its final value, and no later
  variable can change it. So each unit is computed once, as soon as its inputs are known, and a
  whole sample costs about as many multiplications as one forward pass. Variables whose outputs see
  the same units, as those of one degree do, are drawn in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, Protocol, TypeAlias, get_args

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import is_transformed
from .heads import Head
from .masked_linear import MaskedLinear

Method: TypeAlias = Literal["incremental", "naive"]
METHODS = get_args(Method)
SAMPLES_AT_ONCE = 1024
NUMBERS_AT_ONCE = 2**20
"""So many numbers of a layer are kept at once where rows are scored in parts: 4 MB in float32."""
BLOCK = 64
"""So many variables of one head share products in :func:`sample_incremental`, in whole steps."""


# ---- samples of a MADE --------------------------------------------------------------------------


class MaskedNetwork(Protocol):
    """What is read of a MADE to draw from it."""

    head: Head
    act: nn.Module
    net: Sequence[MaskedLinear]
    direct: MaskedLinear | None

    @property
    def degrees(self) -> list[Tensor]:
        """Of the variables and of each hidden layer."""

    def __call__(self, x: Tensor) -> Tensor:
        """The outputs."""

    def under(self, degrees: Sequence[Tensor]) -> AbstractContextManager[None]:
        """Use other masks inside a ``with``."""


@torch.inference_mode()  # a fifth faster than no_grad; what leaves is a copy outside of it
def sample_rows(
    model: MaskedNetwork,
    noise: Tensor,
    method: Method = "incremental",
    given: Tensor | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """(n, D) uniforms to (n, D) samples under the masks in use.

    Args:
        model: a MADE in evaluation mode.
        noise: (n, D) uniforms.
        method: ``"incremental"`` or ``"naive"``.
        given: (n, D) values to take where ``known`` is true; for the incremental method.
        known: (n, D) BoolTensor.
    """
    if method == "naive":
        return sample_naive(model, model.degrees[0], noise, model.head)
    return sample_incremental(model, noise, given, known)


def sample_mixture(
    model: MaskedNetwork, noise: Tensor, method: Method, members: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Each row under one of the members: the noise of variable 0 chooses, and is uniform again."""
    noise = noise.clone()
    noise[:, 0] *= len(members)
    chosen = noise[:, 0].long().clamp(max=len(members) - 1)  # noise of exactly 1 is the last's
    noise[:, 0] -= chosen
    samples = torch.empty_like(noise, dtype=model.net[0].weight.dtype)
    for number in chosen.unique().tolist():
        rows = chosen == number
        with model.under(members[number]):
            samples[rows] = sample_rows(model, noise[rows], method).to(samples)
    return samples


# ---- the two ways -------------------------------------------------------------------------------


def sample_naive(
    forward: Callable[[Tensor], Tensor], order: Tensor, noise: Tensor, head: Head
) -> Tensor:
    """Draw samples with one forward pass for each variable, in order of increasing degree.

    Args:
        forward: maps inputs (n, D) to outputs (n, D), (n, D, P) or those of Mixed; variable i's
            depend on the variables before i alone.
        order: (D,) degrees of the variables; ``argsort`` of them is the ordering.
        noise: (n, D) uniforms; column i decides variable i.
        head: turns a variable's outputs and a uniform into a value.

    Returns:
        (n, D) samples.

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
        outputs, own = forward(x).flatten(1), head.of(i)
        params = outputs[:, stops[i] - own.params_per_variable : stops[i]]
        x[:, i] = own.sample(params, noise[:, i])
    return x


def sample_incremental(
    model: MaskedNetwork, noise: Tensor, given: Tensor | None = None, known: Tensor | None = None
) -> Tensor:
    """Draw the samples of :func:`sample_naive`, computing each unit once.

    Units are sorted by degree, so that "all that is known by now" is always the first rows of a
    layer, kept as (units, n). At the start of a block of steps one matrix product for each layer
    adds up what the block's units receive from everything known before it; within the block each
    step adds only what the few units since then contribute. What is given in all rows is known from
    the beginning, and takes no step.

    Args:
        model: a MADE in evaluation mode.
        noise: (n, D) uniforms; column i decides variable i.
        given: (n, D) values to take, instead of drawing them, where ``known`` is true.
        known: (n, D) BoolTensor.

    Returns:
        (n, D) samples.

    Source:
        the order of computation follows from the masks of Germain et al. 2015, "Deep MADE".

    Example:
        >>> from made_course import MADE
        >>> model, noise = MADE(3, (8,), ordering=[1, 2, 0]).double(), torch.rand(4, 3).double()
        >>> with torch.no_grad():
        ...     naive = sample_naive(model, model.order, noise, model.head)
        ...     torch.equal(sample_incremental(model, noise), naive)
        True
    """
    n, head, activation = len(noise), model.head, model.act.forward
    if given is None or known is None:
        given, known = noise, torch.zeros_like(noise, dtype=torch.bool)
    degrees = model.degrees
    ordering = torch.argsort(degrees[0], stable=True)
    in_all = known.all(dim=0)[ordering]
    taken, drawn = ordering[in_all], ordering[~in_all]
    network = _network(model, degrees, taken, drawn, n)
    x, each, values = network.h[0], network.sizes, []
    known_inputs = [*network.layers[0].ready, len(x)]
    if len(taken):
        units = network.layers[0].units[: known_inputs[0]]
        x[: len(units)] = head.encode(given).flatten(1).T[units]
        values.append(given.T[taken])
    u = noise.T[drawn].split(each)
    some = None
    if known[:, drawn].any():
        some = [*zip(known.T[drawn].split(each), given.T[drawn].split(each), strict=True)]
    for own, steps in network.runs:
        *hidden, output = network.blocks(steps)
        counts = each[steps[0] : steps[-1] + 1]
        inputs = x[known_inputs[steps[0]] : known_inputs[steps[-1] + 1]]
        places = inputs.view(sum(counts), own.inputs_per_variable, n).mT.split(counts)
        outputs = output.z.view(sum(counts), own.params_per_variable, n).mT.split(counts)
        for t, step in enumerate(steps):
            for block in hidden:
                if block.counts[t]:
                    block.h[t].copy_(activation(block.received_by(t)))
            output.received_by(t)
            value = own.sample(outputs[t], u[step])
            if some is not None:
                is_known, there = some[step]
                value = there.where(is_known, value)
            places[t].copy_(own.encode(value))
            values.append(value)
    place = torch.argsort(torch.cat([taken, drawn]))
    return torch.cat(values)[place].T


def _steps(model: MaskedNetwork, degrees: Sequence[Tensor], drawn: Tensor) -> tuple[Tensor, Tensor]:
    """Where steps start, each of as many variables as can be drawn at once, and their sizes.

    That is where outputs see the same units, in a group of one degree and, without direct
    connections, between two degrees of the last hidden layer; and where the head is the same.
    """
    seen = degrees[0][drawn]
    if model.direct is None and len(degrees) > 1:
        seen = torch.searchsorted(degrees[-1].sort().values, seen)
    if (kinds := model.head.kinds) is not None:
        seen = seen * len(kinds) + kinds.to(drawn.device)[drawn]
    sizes = seen.unique_consecutive(return_counts=True)[1]
    return sizes.cumsum(0) - sizes, sizes


@dataclass(frozen=True)
class _Layer:
    """Units of a layer by degree: those that are known by now are always the first."""

    units: Tensor  # which row is which unit
    ready: list[int]  # how many of them each step has to go by

    def within(self, steps: list[int]) -> slice:
        """Those that become known in a block of steps."""
        return slice(self.ready[steps[0] - 1] if steps[0] else 0, self.ready[steps[-1]])


def _by_rank(ranks: Tensor, of_steps: Tensor) -> _Layer:
    """Units that are ready for a step where their rank is less than its; negative ones never."""
    units = torch.argsort(ranks, stable=True)
    units = units[ranks[units] >= 0]
    return _Layer(units, torch.searchsorted(ranks[units], of_steps).tolist())


@dataclass(frozen=True)
class _Block:
    """What the units of a layer whose steps have come receive: an entry for each step."""

    counts: list[int]
    h: Sequence[Tensor]  # where their values go; the output's are used at once
    z: Tensor  # what they received from all that was known before the block
    received: Sequence[Tensor]
    sources: list[tuple[Sequence[Tensor], Tensor]]  # weights from what becomes known within it

    def received_by(self, t: int) -> Tensor:
        """(units, n) all that the units of a step have received by then."""
        z = self.received[t]
        for weight, seen in self.sources:
            z.addmm_(weight[t], seen)
        return z


@dataclass(frozen=True)
class _Network:
    """A MADE whose units are sorted by when they become known, and what they are in n rows."""

    layers: list[_Layer]
    weights: list[Tensor]
    biases: list[Tensor]
    direct: Tensor | None  # sorted, too
    h: list[Tensor]  # (units, n) of the inputs and of each hidden layer
    sizes: list[int]  # how many variables are drawn in each step
    runs: list[tuple[Head, list[int]]]  # steps that share products, all of one head

    def blocks(self, steps: list[int]) -> list[_Block]:
        """For each layer, one product with all that is known, and what is left for the steps."""
        blocks = []
        for k, (below, layer) in enumerate(pairwise(self.layers)):
            new, rows = below.within(steps), layer.within(steps)
            ready = [rows.start, *layer.ready[steps[0] : steps[-1] + 1]]
            counts = [b - a for a, b in pairwise(ready)]
            weight = self.weights[k].index_select(0, layer.units[rows])
            weight = weight.index_select(1, below.units[: new.stop])
            bias = self.biases[k][layer.units[rows], None]
            z = torch.addmm(bias, weight[:, : new.start], self.h[k][: new.start])
            sources = [(weight[:, new].split(counts), self.h[k][new])]
            values: Sequence[Tensor] = ()
            if k + 1 < len(self.h):
                values = self.h[k + 1][rows].split(counts)
            elif self.direct is not None:
                new = self.layers[0].within(steps)
                z.addmm_(self.direct[rows, : new.start], self.h[0][: new.start])
                sources.append((self.direct[rows, new].split(counts), self.h[0][new]))
            blocks.append(_Block(counts, values, z, z.split(counts), sources))
        return blocks


def _network(
    model: MaskedNetwork, degrees: Sequence[Tensor], taken: Tensor, drawn: Tensor, n: int
) -> _Network:
    """What is taken is known from the beginning; no other unit is known yet."""
    order, *hidden = degrees
    place = torch.argsort(torch.cat([taken, drawn]))
    read, made = (
        place.repeat_interleave(w.to(place.device)) for w in model.head.widths(len(place))
    )
    starts, sizes = _steps(model, degrees, drawn)
    first = drawn[starts]
    layers = [
        _by_rank(read, len(taken) + starts),
        *(_by_rank(d, order[first]) for d in hidden),
        _by_rank(made - len(taken), starts + sizes),
    ]
    weights = [layer.masked_weight() for layer in model.net]
    # each of these layers has a bias, and direct connections have one where they are conditioned
    biases = [bias for layer in model.net if (bias := layer.masked_bias()) is not None]
    direct = None
    if model.direct is not None:
        direct = model.direct.masked_weight().index_select(0, layers[-1].units)
        direct = direct.index_select(1, layers[0].units)
        if (bias := model.direct.masked_bias()) is not None:
            biases[-1] = biases[-1] + bias
    # units that are not known yet stay at zero, and meet weights that the mask holds at zero
    h = [weights[0].new_zeros(len(d), n) for d in (read, *hidden)]
    blocks = [*zip((-(-starts // BLOCK)).tolist(), map(model.head.of, first.tolist()), strict=True)]
    runs = [(own, [*run]) for (_, own), run in groupby(range(len(blocks)), blocks.__getitem__)]
    return _Network(layers, weights, biases, direct, h, sizes.tolist(), runs)


# ---- how many at once, and from which noise -----------------------------------------------------


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch dropout and the like off inside a ``with``, and leave every module as it was.

    Example:
        >>> from made_course import MADE
        >>> model = MADE(3, dropout=0.5)
        >>> with evaluation_mode(model):
        ...     print(model.training)
        False
        >>> model.training
        True
    """
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def in_parts(of_rows: Callable[[Tensor], Tensor], x: Tensor, layers: Sequence[nn.Linear]) -> Tensor:
    """What a function gives for all rows, for some at once where no gradient needs all together.

    Args:
        of_rows: maps (n, D) to (n,).
        x: (B, D).
        layers: what the rows pass through: the wider they are, the fewer rows at once.

    Example:
        >>> with torch.no_grad():
        ...     in_parts(lambda rows: rows.sum(1), torch.ones(3, 2), [nn.Linear(2, 1)])
        tensor([2., 2., 2.])
    """
    width = max(max(layer.weight.shape) for layer in layers)
    at_once = max(SAMPLES_AT_ONCE, NUMBERS_AT_ONCE // width)  # few would mask weights too often
    if torch.is_grad_enabled() or is_transformed() or len(x) <= at_once:
        return of_rows(x)
    return torch.cat([of_rows(rows) for rows in x.split(at_once)])


@torch.no_grad()
def sample_in_parts(
    draw_rows: Callable[[Tensor], Tensor],
    shape: tuple[int, int],
    weight: Tensor,
    *,
    device: torch.device | str | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Draw any number of samples, so many at once that the units of all fit into memory.

    Args:
        draw_rows: turns uniforms (n, D) into samples (n, D).
        shape: numbers of samples and of variables.
        weight: of the model, whose dtype and device the noise has.
        device: where the samples go; None is the model's device.
        noise: uniforms in [0, 1] to use instead of fresh ones.
        generator: source of the noise; None is torch's global stream.

    Raises:
        TypeError, ValueError: if noise is not as described, or given beside a generator.

    Example:
        >>> noise = torch.tensor([[0.1, 0.9]])
        >>> sample_in_parts(lambda u: (u <= 0.5).float(), (1, 2), torch.ones(1), noise=noise)
        tensor([[1., 0.]])
    """
    check_noise(noise, shape, generator)
    if noise is not None:
        # whole numbers or a smaller dtype would cut the values that a row is drawn from
        noise = noise.to(weight.device, torch.promote_types(noise.dtype, weight.dtype))
    samples = weight.new_empty(shape, device=device)
    with torch.autocast(weight.device.type, enabled=False):
        for start in range(0, shape[0], SAMPLES_AT_ONCE):
            part = samples[start : start + SAMPLES_AT_ONCE]
            if noise is None:
                u = fresh_noise(part.shape, weight, generator)
            else:
                u = noise[start : start + SAMPLES_AT_ONCE]
            part.copy_(draw_rows(u))
    return samples


def fresh_noise(
    shape: tuple[int, ...], weight: Tensor, generator: Generator | None = None
) -> Tensor:
    """Uniforms above 0 and below 1, of a weight's dtype, or float32 if that is less, on its device.

    ``torch.rand`` gives multiples of 2⁻²⁴ in float32, 0 among them: one pixel in 17 million would
    be inked however small its probability. Half a multiple takes the place of 0.

    Example:
        >>> bool((fresh_noise((1000,), torch.zeros(1)) > 0).all())
        True
    """
    dtype = torch.promote_types(weight.dtype, torch.float32)
    u = torch.rand(shape, generator=generator, dtype=dtype, device=weight.device)
    return u.clamp_(min=torch.finfo(u.dtype).eps / 4)


def check_noise(noise: Tensor | None, shape: tuple[int, ...], generator: Generator | None) -> None:
    """Raise unless ``noise`` is None, or uniforms of this shape without a generator beside them.

    Raises:
        TypeError: if it is not a tensor, or the generator is none.
        ValueError: if it has another shape, a value is not in [0, 1], or there is a generator.
    """
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            "generator must be a torch.Generator, such as torch.Generator().manual_seed(0), got "
            f"{generator!r}"
        )
    if noise is None:
        return
    if generator is not None:
        raise ValueError("give either noise or a generator of noise, not both")
    if not isinstance(noise, Tensor):
        raise TypeError(f"noise must be a torch.Tensor, got {type(noise).__name__}")
    if noise.shape != shape:
        names = "(n_samples, input_dim)" if len(shape) == 2 else "(B, n_samples, input_dim)"
        raise ValueError(f"noise must have shape {names} = {shape}, got {tuple(noise.shape)}")
    if not bool(((noise >= 0) & (noise <= 1)).all()):
        raise ValueError("noise must lie between 0 and 1: draw it with torch.rand")
