"""Ancestral sampling: variables are drawn one after another, in the model's ordering.

Two ways that give the same samples from the same noise:

- :func:`sample_naive` is the definition, to be read: D forward passes, one for each variable.
- :func:`sample_incremental` is the one to use. Of the D passes almost all work is repeated: once
  the first d variables are known, every unit of degree d or less has its final value, and no later
  variable can change it. So each unit is computed once, as soon as its inputs are known, and a
  whole sample costs about as many multiplications as one forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import BoolTensor, Tensor

from .heads import Bernoulli

BLOCK = 64
"""Steps of :func:`sample_incremental` that share their matrix products."""


def sample_naive(
    forward: Callable[[Tensor], Tensor], order: Tensor, noise: Tensor, head: Bernoulli
) -> Tensor:
    """Draw samples with one forward pass for each variable, in order of increasing degree.

    Args:
        forward: maps inputs (n, D) to logits (n, D); logit i depends on variables before i alone.
        order: (D,) degrees of the variables; ``argsort`` of them is the ordering.
        noise: (n, D) uniforms; column i decides variable i.
        head: turns a logit and a uniform into a value.

    Returns:
        (n, D) samples.

    Source:
        Germain et al. 2015, "Masked Autoencoders": a sample takes D passes.

    Example:
        >>> def chain(x):  # p(x1 = 1) = 1/2, then x2 copies x1
        ...     return torch.stack([torch.zeros(len(x)), 100 * x[:, 0] - 50], dim=1)
        >>> sample_naive(chain, torch.tensor([1, 2]), torch.tensor([[0.1, 0.5]]), Bernoulli())
        tensor([[1., 1.]])
    """
    x = torch.zeros_like(noise)
    for i in torch.argsort(order).tolist():
        logits = forward(x)
        x[:, i] = head.sample(logits[:, i], noise[:, i])
    return x


def sample_incremental(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    degrees: Sequence[Tensor],
    activation: Callable[[Tensor], Tensor],
    noise: Tensor,
    head: Bernoulli,
    direct: Tensor | None = None,
) -> Tensor:
    """Draw the samples of :func:`sample_naive`, computing each unit once.

    Units are sorted by degree, so that "all that is known by now" is always the first rows of a
    layer, kept as (units, n). At the start of a block of steps one matrix product for each layer
    adds up what the block's units receive from everything known before it; within the block each
    step adds only what the few units since then contribute.

    Args:
        weights: masked weights of every layer (out_features, in_features), the output's last.
        biases: bias of every layer (out_features,).
        degrees: degrees of the inputs and of every hidden layer.
        activation: the hidden units' nonlinearity, elementwise.
        noise: (n, D) uniforms; column i decides variable i.
        head: turns a logit and a uniform into a value.
        direct: masked weights (D, D) from the inputs straight to the outputs, if there are any.

    Returns:
        (n, D) samples.

    Source:
        the order of computation follows from the masks of Germain et al. 2015, "Deep MADE".

    Example:
        >>> weights = [torch.tensor([[0.0, 0.0], [100.0, 0.0]])]  # x2 copies x1, no hidden layer
        >>> biases = [torch.tensor([0.0, -50.0])]
        >>> noise = torch.tensor([[0.1, 0.5], [0.9, 0.5]])
        >>> order = torch.tensor([1, 2])
        >>> sample_incremental(weights, biases, [order], torch.relu, noise, Bernoulli())
        tensor([[1., 1.],
                [0., 0.]])
    """
    n, input_dim = noise.shape
    by_degree = [torch.argsort(d, stable=True) for d in degrees]
    ordering = by_degree[0]
    to_units = [*by_degree[1:], ordering]
    biases = [b[to, None] for b, to in zip(biases, to_units, strict=True)]
    if direct is not None:
        direct = direct.index_select(0, ordering).index_select(1, ordering)
    noise = noise.T[ordering].unbind()

    # units that are not known yet stay at zero, and meet weights that the mask holds at zero
    x, *hidden = [weights[0].new_zeros(len(units), n) for units in by_degree]
    # ready[l][t]: how many units of layer l, the output included, are to be computed by step t
    steps = torch.arange(input_dim, device=noise[0].device)
    ready = [torch.searchsorted(d.sort().values, steps, right=True).tolist() for d in degrees[1:]]
    ready.append(list(range(1, input_dim + 1)))

    for start in range(0, input_dim, BLOCK):
        stop = min(start + BLOCK, input_dim)
        blocks = []
        below, old, new = x, start, stop  # its rows known before the block, and those after it
        for layer, h in enumerate([*hidden, x]):
            first = ready[layer][start - 1] if start else 0
            counts = [b - a for a, b in pairwise([first, *ready[layer][start:stop]])]
            rows = slice(first, first + sum(counts))
            weight = weights[layer].index_select(0, to_units[layer][rows])
            weight = weight.index_select(1, by_degree[layer][:new])
            received = torch.addmm(biases[layer][rows], weight[:, :old], below[:old])
            if h is x and direct is not None:
                received.addmm_(direct[rows, :start], x[:start])
            blocks.append(
                (
                    counts,
                    h[rows].split(counts),
                    received.split(counts),
                    weight[:, old:].split(counts),
                    below[old:new],
                )
            )
            below, old, new = h, rows.start, rows.stop
        *hidden_blocks, (_, variables, received_by_output, output_weight, last) = blocks
        if direct is not None:
            direct_weight, known_inputs = direct[start:stop, start:stop].split(1), x[start:stop]

        for t in range(stop - start):
            for counts, units, received, weight, inputs in hidden_blocks:
                if counts[t]:
                    units[t].copy_(activation(received[t].addmm_(weight[t], inputs)))
            z = received_by_output[t].addmm_(output_weight[t], last)
            if direct is not None:
                z.addmm_(direct_weight[t], known_inputs)
            variables[t].copy_(head.sample(z, noise[start + t]))

    return x[degrees[0] - 1].T


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
    forward: Callable[[Tensor], Tensor], x: Tensor, order: Tensor, head: Bernoulli
) -> Trajectory:
    """What the network says of a row at every step of its generation, in one batch of D + 1 rows.

    The row may be a sample or a given one: its values are read, none is drawn.

    Args:
        forward: maps inputs (n, D) to logits (n, D); logit i depends on variables before i alone.
        x: (D,) of zeros and ones.
        order: (D,) degrees of the variables; ``argsort`` of them is the ordering.
        head: gives a variable's log-probability from its logit.

    Example:
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
    steps = head.log_prob(logits[-1], x)[ordering].double()
    return Trajectory(
        x=x,
        ordering=ordering,
        outputs=outputs.half(),
        probabilities=outputs[-1],
        log_likelihood=F.pad(steps.cumsum(0), (1, 0)),
    )
