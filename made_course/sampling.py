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

import torch
from torch import Tensor

from .heads import Bernoulli

BLOCK = 32
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
        Germain et al. 2015, section 6.2 (D passes for a sample).

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
        The order of computation follows from Germain et al. 2015, equations 12 and 13.

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
    # known[l][d]: how many units of layer l have degree d or less
    steps = torch.arange(input_dim + 1, device=noise.device)
    known = [
        torch.searchsorted(d[p], steps, right=True).tolist()
        for d, p in zip(degrees, by_degree, strict=True)
    ]

    rows = [*by_degree[1:], ordering]
    weights = [w[r][:, c] for w, r, c in zip(weights, rows, by_degree, strict=True)]
    biases = [b[r, None] for b, r in zip(biases, rows, strict=True)]
    if direct is not None:
        direct = direct[ordering][:, ordering]

    values = [weights[0].new_empty(len(r), n) for r in by_degree]  # inputs, then hidden layers
    logits = torch.empty_like(values[0])
    x, *hidden = values
    noise = noise.T[ordering].unbind()

    for start in range(0, input_dim, BLOCK):
        stop = min(start + BLOCK, input_dim)
        # complete before this block: units of a degree below `start`, and the first `start` inputs
        done = [start] + [k[start - 1] if start else 0 for k in known[1:]]
        for layer, h in enumerate(hidden):
            new = slice(done[layer + 1], known[layer + 1][stop - 1])
            torch.addmm(
                biases[layer][new],
                weights[layer][new, : done[layer]],
                values[layer][: done[layer]],
                out=h[new],
            )
        new = slice(start, stop)
        torch.addmm(
            biases[-1][new],
            weights[-1][new, : done[-1]],
            values[-1][: done[-1]],
            out=logits[new],
        )
        if direct is not None:
            logits[new].addmm_(direct[new, :start], x[:start])

        for t in range(start, stop):
            for layer, h in enumerate(hidden):
                first, last = (known[layer + 1][t - 1] if t else 0), known[layer + 1][t]
                if first == last:
                    continue
                old, now = done[layer], known[layer][t]
                h[first:last] = activation(
                    torch.addmm(
                        h[first:last], weights[layer][first:last, old:now], values[layer][old:now]
                    )
                )
            old, now = done[-1], known[-1][t]
            z = torch.addmm(logits[t : t + 1], weights[-1][t : t + 1, old:now], values[-1][old:now])
            if direct is not None:
                z.addmm_(direct[t : t + 1, start:t], x[start:t])
            x[t] = head.sample(z[0], noise[t])

    return x[degrees[0] - 1].T
