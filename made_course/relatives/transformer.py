"""A small GPT: causal attention over a row that is shifted by one position."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..common.arguments import check_count
from ..model.heads import Head
from .ordered_model import OrderedModel


def sinusoidal_embeddings(count: int, width: int) -> Tensor:
    r"""Return position embeddings (count, width): sines and cosines, from high to low frequency.

    .. math::
        P_{t,2k} = \tfrac12 \sin(t \, \omega_k), \quad P_{t,2k+1} = \tfrac12 \cos(t \, \omega_k),
        \qquad \omega_k = 10000^{-2k / \text{width}}

    A shift by a fixed number of positions is then the same linear map at every position.

    Source:
        Vaswani et al. 2017, section 3.5.
    """
    frequencies = 10000 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(count)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width] / 2


class CausalAttention(nn.Module):
    r"""Attention in which each position sees only itself and the earlier positions.

    .. math::
        a_t = \sum_{s \le t} w_{ts} v_s, \qquad
        w_{t\cdot} = \operatorname{softmax}_s\big(q_t \cdot k_s / \sqrt{d} + M_{ts}\big), \qquad
        M_{ts} = \begin{cases} 0 & s \le t \\ -\infty & s > t \end{cases}

    The query q, the key k and the value v at a position are linear maps of its features. Several
    heads compute such weighted means in parallel, each with d = width / heads features.

    Args:
        width: number of features per position.
        heads: number of attention heads.

    Raises:
        ValueError: if ``heads`` does not divide ``width``.

    Source:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.2.

    Example:
        >>> attention = CausalAttention(width=8, heads=2)
        >>> h = torch.randn(1, 5, 8)
        >>> torch.allclose(attention(h)[:, :3], attention(h[:, :3]), atol=1e-6)  # 4, 5 are not seen
        True
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"heads must divide width, got {heads} heads and width {width}")
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)

    def forward(self, h: Tensor, cache: list[tuple[Tensor, Tensor]] | None = None) -> Tensor:
        """Return the outputs (B, T, width) for features (B, T, width).

        With a cache, T is 1: the new position attends to all cached positions, and its key and
        value are added to the cache.
        """
        parts = self.query_key_value(h).unflatten(-1, (3, self.heads, -1)).transpose(1, 3)
        query, key, value = parts.unbind(2)  # (B, heads, T, d) each
        if cache is not None:
            cache.append((key, value))
            key, value = (torch.cat(pairs, dim=2) for pairs in zip(*cache, strict=True))
        mean = F.scaled_dot_product_attention(query, key, value, is_causal=cache is None)
        return self.mix(mean.transpose(1, 2).flatten(2))


class Block(nn.Module):
    r"""Attention between positions, then a small network at each position.

    .. math::
        h' = h + \text{attention}(\text{norm}(h)), \qquad h'' = h' + \text{network}(\text{norm}(h'))

    Source:
        Vaswani et al. 2017, with the norm before each part, as in Radford et al. 2019 (GPT-2).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before_attention, self.before_network = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = CausalAttention(width, heads)
        self.network = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, h: Tensor, cache: list[tuple[Tensor, Tensor]] | None = None) -> Tensor:
        """Return the outputs (B, T, width) for features (B, T, width); the cache is optional."""
        h = h + self.attention(self.before_attention(h), cache)
        return h + self.network(self.before_network(h))


class Transformer(OrderedModel):
    r"""Blocks of causal attention over a row that is shifted by one position: a small GPT.

    .. math::
        h_t = E x_{t-1} + P_t, \quad h_1 = s + P_1, \qquad
        z_t = \text{linear}(\text{norm}(\text{blocks}(h)_t))

    Position t holds the previous variable, so it may attend to itself. The shift keeps each output
    from seeing its own variable. In MADE, the strict inequality of the output mask does this.

    Args:
        input_dim: number of variables D.
        width: number of features per position.
        layers: number of blocks.
        heads: number of attention heads per block; it must divide ``width``.
        head: distribution of the variables; ``Bernoulli()`` (None) or ``Categorical(K)``.

    Raises:
        TypeError: if ``input_dim`` or ``layers`` is not a whole number, or ``head`` is not a head.
        ValueError: if one of these numbers is below 1, or ``heads`` does not divide ``width``.

    Source:
        Vaswani et al. 2017, "Attention Is All You Need", the decoder; Radford et al. 2018 (GPT).

    Example:
        >>> model = Transformer(4, width=8, layers=1, heads=2)
        >>> x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)  # all 2⁴ inputs
        >>> round(model.log_prob(x).exp().sum().item(), 5)
        1.0
    """

    def __init__(
        self,
        input_dim: int,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        *,
        head: Head | None = None,
    ) -> None:
        super().__init__(input_dim, head=head)
        self.read = nn.Linear(self.head.inputs_per_variable, width)
        self.start = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(sinusoidal_embeddings(self.input_dim, width))
        self.blocks = nn.ModuleList(
            Block(width, heads) for _ in range(check_count("layers", layers))
        )
        self.norm, self.write = nn.LayerNorm(width), nn.Linear(width, self.head.params_per_variable)

    def forward(self, x: Tensor) -> Tensor:
        """Return the parameters of all conditionals for rows (B, D).

        They are logits (B, D), or (B, D, P) for a head with P > 1 parameters per variable.
        """
        h = self.read(self.head.encode(self._to_input(x)))
        h = torch.cat([self.start.expand(len(h), 1, -1), h[:, :-1]], dim=1) + self.positions
        for block in self.blocks:
            h = block(h)
        z = self.write(self.norm(h))
        return z.squeeze(-1) if self.head.params_per_variable == 1 else z

    def _sample_rows(self, noise: Tensor) -> Tensor:
        """Draw samples (n, D) from uniforms (n, D), computing each position once.

        A cache per block keeps the keys and values of the earlier positions.
        """
        caches = [[] for _ in self.blocks]
        x, h = torch.empty_like(noise), self.start.expand(len(noise), 1, -1)
        for t, position in enumerate(self.positions):
            h = h + position
            for block, cache in zip(self.blocks, caches, strict=True):
                h = block(h, cache)
            x[:, t] = self.head.sample(self.write(self.norm(h))[:, 0], noise[:, t])
            h = self.read(self.head.encode(x[:, t : t + 1]))
        return x
