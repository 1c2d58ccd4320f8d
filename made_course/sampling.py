"""Ancestral sampling: variables are drawn one after another, in the model's ordering.

Two ways that give the same samples from the same noise:

- :func:`sample_naive` is the definition, to be read: D forward passes, one for each variable.
- :func:`sample_incremental` is the one to use. Of the D passes almost all work is repeated: once
  the first d variables are known, every unit of degree d or less has its final value, and no later
  variable can change it. So each unit is computed once, as soon as its inputs are known, and a
  whole sample costs about as many multiplications as one forward pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import BoolTensor, Generator, LongTensor, Tensor, nn

from .arguments import check_count
from .heads import Head
from .masks import check_ordering, draw_degrees, input_degrees

if TYPE_CHECKING:
    from .made import MADE

SAMPLES_AT_ONCE = 1024
BLOCK = 64
"""Steps of :func:`sample_incremental` that share their matrix products."""


def sample_naive(
    forward: Callable[[Tensor], Tensor], order: Tensor, noise: Tensor, head: Head
) -> Tensor:
    """Draw samples with one forward pass for each variable, in order of increasing degree.

    Args:
        forward: maps inputs (n, D) to outputs (n, D) or (n, D, P); those of variable i depend on
            the variables before i alone.
        order: (D,) degrees of the variables; ``argsort`` of them is the ordering.
        noise: (n, D) uniforms; column i decides variable i.
        head: turns P outputs and a uniform into a value.

    Returns:
        (n, D) samples.

    Source:
        Germain et al. 2015, "Masked Autoencoders": a sample takes D passes.

    Example:
        >>> from made_course.heads import Bernoulli
        >>> def chain(x):  # p(x1 = 1) = 1/2, then x2 copies x1
        ...     return torch.stack([torch.zeros(len(x)), 100 * x[:, 0] - 50], dim=1)
        >>> sample_naive(chain, torch.tensor([1, 2]), torch.tensor([[0.1, 0.5]]), Bernoulli())
        tensor([[1., 1.]])
    """
    x = torch.zeros_like(noise)
    for i in torch.argsort(order).tolist():
        outputs = forward(x)[:, i].reshape(len(x), -1)
        x[:, i] = head.sample(outputs, noise[:, i])
    return x


def sample_incremental(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    degrees: Sequence[Tensor],
    activation: Callable[[Tensor], Tensor],
    noise: Tensor,
    head: Head,
    direct: Tensor | None = None,
    given: Tensor | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """Draw the samples of :func:`sample_naive`, computing each unit once.

    Units are sorted by degree, so that "all that is known by now" is always the first rows of a
    layer, kept as (units, n). At the start of a block of steps one matrix product for each layer
    adds up what the block's units receive from everything known before it; within the block each
    step adds only what the few units since then contribute.

    Args:
        weights: masked weights of every layer (out_features, in_features), the output's last. The
            first layer reads what the head makes of each variable, the output has P rows for each.
        biases: bias of every layer (out_features,).
        degrees: degrees of the variables and of every hidden layer.
        activation: the hidden units' nonlinearity, elementwise.
        noise: (n, D) uniforms; column i decides variable i.
        head: turns P outputs and a uniform into a value.
        direct: masked weights from the inputs straight to the outputs, if there are any.
        given: (n, D) values to take, instead of drawing them, where ``known`` is true.
        known: (D,) BoolTensor.

    Returns:
        (n, D) samples.

    Source:
        the order of computation follows from the masks of Germain et al. 2015, "Deep MADE".

    Example:
        >>> from made_course.heads import Bernoulli
        >>> weights = [torch.tensor([[0.0, 0.0], [100.0, 0.0]])]  # x2 copies x1, no hidden layer
        >>> biases = [torch.tensor([0.0, -50.0])]
        >>> noise = torch.tensor([[0.1, 0.5], [0.9, 0.5]])
        >>> order = torch.tensor([1, 2])
        >>> sample_incremental(weights, biases, [order], torch.relu, noise, Bernoulli())
        tensor([[1., 1.],
                [0., 0.]])
    """
    n, input_dim = noise.shape
    per_input, per_output = head.inputs_per_variable, head.params_per_variable
    ordering, *hidden_units = [torch.argsort(d, stable=True) for d in degrees]
    from_units = [_parts(ordering, per_input), *hidden_units]
    to_units = [*hidden_units, _parts(ordering, per_output)]
    biases = [b[to, None] for b, to in zip(biases, to_units, strict=True)]
    if direct is not None:
        direct = direct.index_select(0, to_units[-1]).index_select(1, from_units[0])
    noise = noise.T[ordering].unbind()
    is_given = [False] * input_dim if known is None else known[ordering].tolist()
    given = noise if given is None else given.T[ordering].unbind()

    # units that are not known yet stay at zero, and meet weights that the mask holds at zero
    x, *hidden = [weights[0].new_zeros(len(units), n) for units in from_units]
    outputs = weights[0].new_empty(0)
    # ready[l][t]: how many units of layer l, the output included, are to be computed by step t
    steps = torch.arange(input_dim, device=x.device)
    ready = [torch.searchsorted(d.sort().values, steps, right=True).tolist() for d in degrees[1:]]
    ready.append([per_output * step for step in range(1, input_dim + 1)])

    values = []
    for start in range(0, input_dim, BLOCK):
        stop = min(start + BLOCK, input_dim)
        blocks = []
        # rows of the layer below that were known before the block, and those after it
        below, old, new = x, per_input * start, per_input * stop
        for layer, h in enumerate([*hidden, outputs]):
            first = ready[layer][start - 1] if start else 0
            counts = [b - a for a, b in pairwise([first, *ready[layer][start:stop]])]
            rows = slice(first, first + sum(counts))
            weight = weights[layer].index_select(0, to_units[layer][rows])
            weight = weight.index_select(1, from_units[layer][:new])
            received = torch.addmm(biases[layer][rows], weight[:, :old], below[:old])
            if h is outputs and direct is not None:
                received.addmm_(direct[rows, : per_input * start], x[: per_input * start])
            blocks.append(
                (
                    counts,
                    h[rows].split(counts) if h is not outputs else None,
                    received.split(counts),
                    weight[:, old:].split(counts),
                    below[old:new],
                )
            )
            below, old, new = h, rows.start, rows.stop
        *hidden_blocks, (_, _, received_by_output, output_weight, last) = blocks
        known_inputs = x[per_input * start : per_input * stop]
        inputs = [variable.T for variable in known_inputs.split(per_input)]
        params = [z.T for z in received_by_output]
        if direct is not None:
            direct_weight = direct[rows, per_input * start : per_input * stop].split(per_output)

        for t in range(stop - start):
            for counts, units, received, weight, seen in hidden_blocks:
                if counts[t]:
                    units[t].copy_(activation(received[t].addmm_(weight[t], seen)))
            if is_given[start + t]:
                value = given[start + t]
            else:
                z = received_by_output[t].addmm_(output_weight[t], last)
                if direct is not None:
                    z.addmm_(direct_weight[t], known_inputs)
                value = head.sample(params[t], noise[start + t])
            inputs[t].copy_(head.encode(value))
            values.append(value)

    return torch.stack(values)[degrees[0] - 1].T


def _parts(variables: Tensor, each: int) -> Tensor:
    """Indices of the units of these variables, where each variable has several in a row."""
    return (variables[:, None] * each + torch.arange(each, device=variables.device)).ravel()


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


class Completion(NamedTuple):
    r"""Rows whose unknown variables were drawn, and what these samples are worth.

    Attributes:
        samples: (B, n, D); the known variables are those that were given.
        log_weights: (B, n) where each sample stands for its importance weight, in nats, up to a
            constant of its row; None where all count alike, since they were drawn exactly.
        effective_sample_size: (B,); about as many exact samples would do: n, or with weights
            :math:`(\sum_k w_k)^2 / \sum_k w_k^2`. It compares the samples with one another, so it
            is at least 1, and it does not know of what none of them has found.
    """

    samples: Tensor
    log_weights: Tensor | None
    effective_sample_size: Tensor

    @property
    def shares(self) -> Tensor:
        """(B, n) share of its row's weight that each sample has; 1/n where all count alike.

        Example:
            >>> log_weights = torch.tensor([[3.0, 1.0]]).log()
            >>> Completion(torch.zeros(1, 2, 4), log_weights, torch.tensor([1.6])).shares
            tensor([[0.7500, 0.2500]])
        """
        if self.log_weights is None:
            n = self.samples.shape[1]
            return self.samples.new_full(self.samples.shape[:2], 1 / n)
        return self.log_weights.softmax(dim=1)

    @property
    def mean(self) -> Tensor:
        """(B, D) mean of each row's samples, each counted with its share.

        Example:
            >>> samples = torch.tensor([[[1.0, 1.0], [1.0, 0.0]]])
            >>> Completion(samples, torch.tensor([[3.0, 1.0]]).log(), torch.tensor([1.6])).mean
            tensor([[1.0000, 0.7500]])
        """
        return (self.shares[..., None] * self.samples).sum(dim=1)


@torch.no_grad()
def complete(
    model: MADE,
    x: Tensor,
    known: Tensor,
    n_samples: int = 1,
    *,
    ordering: Tensor | Sequence[int] | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Completion:
    r"""Draw the unknown variables of each row given the known ones.

    Each unknown variable is drawn given those before it, from
    :math:`q(x) = \prod_{i\ \mathrm{unknown}} p(x_i \mid x_{before})`. That is right as it is, an
    exact sample of the conditional, in an ordering that has all known variables first. See
    :func:`completion_degrees` for which ordering is taken:

    - the model's own, or one of its K, where it has the known variables first;
    - for a model with a random ordering and ``num_masks=None``, an ordering made for the purpose,
      under which the shared weights are a model, too: known variables first, then the unknown,
      both by their index, so that the hole in an image is drawn row by row; or both backwards where
      the known have the larger indices on average, so that the rows lead away from them. What is
      drawn is the conditional of *this ordering's* distribution, not that of an ensemble of
      orderings;
    - else the model's own all the same. What is known of later variables then comes too late, and
      each sample gets the weight :math:`w = \prod_{i\ \mathrm{known}} p(x_i \mid x_{before})`. With
      many variables known nearly all weight may lie on one sample: the effective sample size says
      so, and a warning where it is below 2 or a tenth of n.

    Args:
        model: a MADE.
        x: (B, D) rows, valid for the model where they are known; other values are ignored.
        known: (D,) or (B, D) BoolTensor, or zeros and ones.
        n_samples: number n of samples for each row.
        ordering: (D,) permutation of 0..D-1 for a model for any ordering: known variables are
            taken from it first, then unknown ones. None is 0, 1, ..., D-1, or backwards.
        noise: (B, n, D) uniforms in [0, 1] to use instead of fresh ones.
        generator: source of the noise, on the model's device; None is torch's global stream.

    Returns:
        the :class:`Completion`: samples (B, n, D), log-weights (B, n) or None, effective sample
        size (B,). If only some rows need weights, the others' are zeros.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Germain et al. 2015, "Order-agnostic training" (the ordering for the purpose); Uria et al.
        2014, "A Deep and Tractable Density Estimator".

    Example:
        >>> from made_course import MADE
        >>> model = MADE(4, (8,), natural_order=False, num_masks=None, seed=0)
        >>> x, known = torch.tensor([[1, 1, 0, 0]]), torch.tensor([True, False, False, True])
        >>> found = complete(model, x, known, n_samples=5)
        >>> found.samples.shape, found.samples[0, :, known].unique(dim=0).tolist()
        (torch.Size([1, 5, 4]), [[1.0, 0.0]])
        >>> found.log_weights is None, found.effective_sample_size
        (True, tensor([5.]))
    """
    _require_made(model, "complete")
    x, known = _check_rows(model, x, known)
    n = check_count("n_samples", n_samples)
    weight = next(model.parameters())
    shape = (len(x), n, model.input_dim)
    check_noise(noise, shape, generator)
    if noise is None:
        noise = fresh_noise(shape, weight, generator)
    x, known, noise = x.to(weight), known.to(weight.device), noise.to(weight.device)

    samples = x[:, None].expand(shape).clone()
    log_weights = x.new_zeros(len(x), n)
    is_exact = True
    with torch.autocast(weight.device.type, enabled=False):
        for mask in known.unique(dim=0):
            rows = (known == mask).all(dim=1).nonzero().ravel()
            degrees, exact = completion_degrees(model, mask, ordering)
            for part in rows.split(max(1, SAMPLES_AT_ONCE // n)):
                given = samples[part].flatten(0, 1)
                drawn = model.sample_given(degrees, given, mask, noise[part].flatten(0, 1))
                samples[part] = drawn.view(len(part), n, -1)
                if not exact:
                    with evaluation_mode(model):
                        weights = model.log_conditionals(samples[part].flatten(0, 1))
                    log_weights[part] = weights[:, mask].sum(dim=1).view(len(part), n)
            is_exact = is_exact and exact
    if is_exact:
        return Completion(samples, None, x.new_full((len(x),), n))
    size = (2 * log_weights.logsumexp(1) - (2 * log_weights).logsumexp(1)).exp()
    if len(x) and size.min() < max(2, n / 10):
        warnings.warn(
            f"these completions are worth {size.min():.1f} exact ones (of {n}): the ordering has "
            "known variables after unknown ones. Draw more, or use a model that was trained for "
            "any ordering (natural_order=False, num_masks=None)",
            stacklevel=3,  # past no_grad
        )
    return Completion(samples, log_weights, size)


def is_for_any_ordering(model: MADE) -> bool:
    """Whether a model's weights were trained in ever new orderings, so that any may be used.

    Example:
        >>> from made_course import MADE
        >>> is_for_any_ordering(MADE(3, (4,), natural_order=False, num_masks=None))
        True
        >>> is_for_any_ordering(MADE(3, (4,), num_masks=None))  # new hidden degrees alone
        False
    """
    return model.num_masks is None and not model.natural_order and not model.has_given_ordering


def completion_degrees(
    model: MADE, known: Tensor, ordering: Tensor | Sequence[int] | None = None
) -> tuple[list[LongTensor], bool]:
    """Degrees under which the unknown variables are drawn, and whether that is exact.

    Args:
        model: a MADE.
        known: (D,) BoolTensor, or zeros and ones.
        ordering: see :func:`complete`.

    Returns:
        degrees of the variables and of each hidden layer; true where the known variables come
        first. An ordering that is made for the purpose is the same each time.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import MADE
        >>> known = torch.tensor([False, False, True])
        >>> completion_degrees(MADE(3, (4,), ordering=[1, 2, 0]), known)[1]
        False
        >>> model = MADE(3, (4,), natural_order=False, num_masks=None)
        >>> (order, hidden), exact = completion_degrees(model, known)
        >>> order[2].item(), exact  # x3 comes first
        (1, True)
    """
    _require_made(model, "completion_degrees")
    known = _check_known(known, (model.input_dim,)).to(model.orders.device)
    if ordering is not None:
        if not is_for_any_ordering(model):
            raise ValueError(
                "ordering is for a model that was trained for any (natural_order=False, "
                "num_masks=None): leave it out, and this model's own is taken"
            )
        return _known_first(model, known, check_ordering(ordering, model.input_dim)), True
    stored = [model.degrees]
    if model.num_masks is not None and model.num_masks > 1:
        stored += [model.member_degrees(number) for number in range(model.num_masks)]
    for degrees in stored:
        if not known.any() or degrees[0][known].max() == known.sum():
            return degrees, True
    if not is_for_any_ordering(model):
        return stored[0], False
    index = torch.arange(model.input_dim, device=known.device)
    are_known_last = index[known].double().mean() > index[~known].double().mean()
    return _known_first(model, known, index.flip(0) if are_known_last else index), True


def _known_first(model: MADE, known: BoolTensor, ordering: LongTensor) -> list[LongTensor]:
    """Degrees of the variables and hidden layers for an ordering whose known come first."""
    known, ordering = known.cpu(), ordering.cpu()
    ordering = torch.cat([ordering[known[ordering]], ordering[~known[ordering]]])
    generator = Generator().manual_seed(0)
    return draw_degrees(input_degrees(ordering), model.hidden_dims, model.degree_draw, generator)


@torch.no_grad()
def conditional(model: MADE, x: Tensor, i: int) -> Tensor:
    r"""Probability of each row's own value of one variable, given the variables before it.

    :math:`p(x_i \mid x_j : m^0(j) < m^0(i))`. The product over all i is the probability of the
    row, and the values of later variables change nothing. To see :math:`p(x_i = 1 \mid \dots)`,
    set ``x[:, i] = 1``.

    Args:
        model: a MADE.
        x: (B, D) rows.
        i: which variable, counted from 0.

    Returns:
        (B,) probabilities, or densities where the head has them.

    Raises:
        TypeError, ValueError: if ``model`` is no MADE, ``x`` is not valid for it, or there is no
            variable i.

    Source:
        Germain et al. 2015, "Distribution Estimation as Autoregression".

    Example:
        >>> from made_course import MADE
        >>> model = MADE(3, (8,), ordering=[1, 2, 0], seed=0)
        >>> x = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
        >>> x3 = conditional(model, x, 2)
        >>> bool(x3[0] == x3[1])  # x3 comes before x1, and does not see it
        True
    """
    _require_made(model, "conditional")
    i = check_count("i", i, smallest=0)
    if i >= model.input_dim:
        raise ValueError(
            f"i must be less than {model.input_dim}, the number of variables, got {i}: code counts "
            "variables from 0"
        )
    with evaluation_mode(model):
        return model.log_conditionals(x)[:, i].exp()


@torch.no_grad()
def sample_in_parts(
    sample_rows: Callable[[Tensor], Tensor],
    shape: tuple[int, int],
    weight: Tensor,
    *,
    device: torch.device | str | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Draw any number of samples, so many at once that the units of all fit into memory.

    Args:
        sample_rows: turns uniforms (n, D) into samples (n, D).
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
            part.copy_(sample_rows(u))
    return samples


def fresh_noise(
    shape: tuple[int, ...], weight: Tensor, generator: Generator | None = None
) -> Tensor:
    """Uniforms above 0 and below 1, of a weight's dtype, on its device.

    ``torch.rand`` gives multiples of 2⁻²⁴ in float32, 0 among them: one pixel in 17 million would
    be inked however small its probability. Half a multiple takes the place of 0.

    Example:
        >>> bool((fresh_noise((1000,), torch.zeros(1)) > 0).all())
        True
    """
    u = torch.rand(shape, generator=generator, dtype=weight.dtype, device=weight.device)
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


def _require_made(model: MADE, caller: str) -> None:
    # by what it can do, as a room below cannot import the class
    if not (hasattr(model, "sample_given") and hasattr(model, "log_conditionals")):
        raise TypeError(f"{caller} needs a MADE, got {type(model).__name__}")


def _check_rows(model: MADE, x: Tensor, known: Tensor) -> tuple[Tensor, BoolTensor]:
    """Rows with zeros in place of what is unknown, and a mask for each of them."""
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
    if x.dim() != 2 or x.shape[1] != model.input_dim:
        raise ValueError(
            f"x must have shape (B, {model.input_dim}), got {tuple(x.shape)}: for images, use "
            "x.reshape(len(x), -1); for one row, x[None]"
        )
    known = _check_known(known, x.shape[1:], x.shape).expand(x.shape).to(x.device)
    x = x.where(known, x.new_zeros(()))
    model.check_data(x)
    return x, known


def _check_known(known: Tensor, *shapes: tuple[int, ...]) -> BoolTensor:
    if not isinstance(known, Tensor):
        raise TypeError(f"known must be a torch.Tensor, got {type(known).__name__}")
    if known.shape not in shapes:
        expected = " or ".join(str(tuple(shape)) for shape in shapes)
        raise ValueError(f"known must have shape {expected}, got {tuple(known.shape)}")
    if not bool(((known == 0) | (known == 1)).all()):
        raise ValueError("known must hold only True and False (or 1 and 0)")
    return known.bool()


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One row as it is generated: what the network says at every step.

    Attributes:
        x: (D,) the row.
        ordering: (D,); variable ``ordering[t]`` is decided at step t + 1.
        outputs: (D + 1, D) in half precision; row t holds every output as a probability when the
            network has read the first t variables, and zeros in place of the others.
        probabilities: (D,) of p(xᵢ = 1 | the variables before xᵢ).
        log_likelihood: (D + 1,) in float64; entry t is the log-probability of the first t
            variables, in nats.
    """

    x: Tensor
    ordering: Tensor
    outputs: Tensor
    probabilities: Tensor
    log_likelihood: Tensor

    def undecided(self, step: int) -> BoolTensor:
        """(D,) true for the variables that are still to come after so many steps."""
        return torch.argsort(self.ordering) >= step

    def map(self, step: int) -> Tensor:
        """(D,) outputs of the pass that decided the variable of this step; 0: of the first pass."""
        outputs = self.outputs[max(step - 1, 0)].to(self.probabilities.dtype)
        return torch.where(self.not_conditional(step), outputs, self.probabilities)

    def not_conditional(self, step: int) -> BoolTensor:
        """(D,) true where an output of ``map(step)`` is no conditional yet.

        The network has read zeros in place of some of the variables that it depends on. All other
        outputs are conditionals, and no later variable changes them.
        """
        return self.undecided(max(step, 1))


@torch.no_grad()
def trajectory(
    forward: Callable[[Tensor], Tensor], x: Tensor, order: Tensor, head: Head
) -> Trajectory:
    """What the network says of a row at every step of its generation, in one batch of D + 1 rows.

    The row may be a sample or a given one: its values are read, none is drawn.

    Args:
        forward: maps inputs (n, D) to logits (n, D); logit i depends on variables before i alone.
        x: (D,) of zeros and ones.
        order: (D,) degrees of the variables; ``argsort`` of them is the ordering.
        head: gives a variable's log-probability from its logit: that of binary variables.

    Example:
        >>> from made_course.heads import Bernoulli
        >>> def chain(x):  # p(x1 = 1) = 1/2, then x2 copies x1
        ...     return torch.stack([torch.zeros(len(x)), 100 * x[:, 0] - 50], dim=1)
        >>> found = trajectory(chain, torch.ones(2), torch.tensor([1, 2]), Bernoulli())
        >>> found.outputs  # x2's output is no conditional before x1 has been read
        tensor([[0.5000, 0.0000],
                [0.5000, 1.0000],
                [0.5000, 1.0000]], dtype=torch.float16)
        >>> found.log_likelihood
        tensor([ 0.0000, -0.6931, -0.6931], dtype=torch.float64)
    """
    ordering = torch.argsort(order)
    read = order <= torch.arange(len(x) + 1, device=x.device)[:, None]
    logits = forward(x * read)
    outputs = torch.sigmoid(logits)
    steps = head.log_prob(logits[-1, :, None], x)[ordering].double()
    return Trajectory(
        x=x,
        ordering=ordering,
        outputs=outputs.half(),
        probabilities=outputs[-1],
        log_likelihood=F.pad(steps.cumsum(0), (1, 0)),
    )
