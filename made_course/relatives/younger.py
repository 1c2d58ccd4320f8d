r"""MADE's descendants: the same factorisation, with the mask on a window or on attention's scores.

Both share their weights over the places of a row, so that these do not grow with the number of
variables squared, and both generate a row in its natural ordering. :func:`made_course.fit`,
``evaluate``, the samplers and ``measure_dependence`` take them as they take MADE:

- :class:`PixelCNN`: windows that move over an image, by :class:`MaskedConvolution`.
- :class:`Transformer`: means over all earlier places, by :class:`CausalAttention`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..common.arguments import check_count
from ..model.heads import Head
from .ordered_model import OrderedModel


def waves(places: int, width: int) -> Tensor:
    r"""Numbers by which places differ, as a start: sines and cosines, from quick to slow.

    .. math::
        P_{t,2k} = \tfrac12 \sin(t \, \omega_k), \quad P_{t,2k+1} = \tfrac12 \cos(t \, \omega_k),
        \qquad \omega_k = 10000^{-2k / \text{width}}

    A step of so many places is then the same linear map everywhere, which queries can learn.

    Returns:
        (places, width).

    Source:
        Vaswani et al. 2017, section 3.5.

    Example:
        >>> waves(3, 2)
        tensor([[ 0.0000,  0.5000],
                [ 0.4207,  0.2702],
                [ 0.4546, -0.2081]])
    """
    speeds = 10000 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(places)[:, None] * speeds
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width] / 2


class MaskedConvolution(nn.Conv2d):
    r"""A window that moves over an image and sees only what comes earlier, row by row.

    .. math::
        y_{rc} = b + \sum_{i,j} (W \odot M)_{ij} \, x_{r+i,\, c+j}, \qquad
        M_{ij} = [\, i < 0 \text{ or } (i = 0 \text{ and } j < 0) \,]

    The window ends at the row of its pixel: what lies below would be masked anyway.

    Args:
        in_channels, out_channels: as for ``nn.Conv2d``.
        reach: how many pixels the window reaches up, left and right.
        strict: leave out the pixel itself, as the first layer must; later layers let it in.

    Source:
        van den Oord et al. 2016, "Pixel Recurrent Neural Networks", section 3.4.

    Example:
        >>> MaskedConvolution(1, 1, reach=1, strict=True).mask.int()
        tensor([[1, 1, 1],
                [1, 0, 0]], dtype=torch.int32)
    """

    def __init__(self, in_channels: int, out_channels: int, reach: int, *, strict: bool) -> None:
        super().__init__(in_channels, out_channels, (reach + 1, 2 * reach + 1))
        mask = torch.ones(self.kernel_size)
        mask[-1, reach + (not strict) :] = 0
        self.register_buffer("mask", mask, persistent=False)
        self.around = (reach, reach, reach, 0)  # zeros left, right, above, below

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, rows, columns) to (B, out_channels, rows, columns)."""
        return F.conv2d(F.pad(x, self.around), self.weight * self.mask, self.bias)


class PixelCNN(OrderedModel):
    r"""Masked convolutions, the first of them strict: one small network for every pixel.

    .. math::
        p(x_i = 1 \mid x_{<i}) = \sigma(z_i), \qquad
        h^{1} = \text{strict window}(x), \quad h^{l+1} = h^{l} + \text{window}(\mathrm{relu}(h^{l}))

    Every window is 3 × 3 but for the first, 7 × 7. An image of any size has as many weights.

    Args:
        side: pixels in a row, and rows; ``input_dim`` is their product.
        channels: numbers that stand for a pixel between two layers.
        layers: windows after the first.

    Raises:
        TypeError, ValueError: if an argument is no such whole number.

    Source:
        van den Oord et al. 2016, "Pixel Recurrent Neural Networks", without its gates and colours.

    Example:
        >>> PixelCNN(14).n_parameters() == PixelCNN(28).n_parameters()
        True
    """

    def __init__(self, side: int, channels: int = 32, layers: int = 4) -> None:
        super().__init__(check_count("side", side) ** 2)
        self.side = side
        self.first = MaskedConvolution(1, channels, 3, strict=True)
        self.windows = nn.ModuleList(
            MaskedConvolution(channels, channels, 1, strict=False)
            for _ in range(check_count("layers", layers, smallest=0))
        )
        self.last = nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D): output i is the logit of p(xᵢ = 1 | the pixels before it)."""
        h = self.first(self._as_input(x).view(-1, 1, self.side, self.side))
        for window in self.windows:
            h = h + window(F.relu(h))
        return self.last(F.relu(h)).view(x.shape)


class CausalAttention(nn.Module):
    r"""At every place a mean over this place and the earlier ones; what stands there weighs it.

    .. math::
        a_t = \sum_{s \le t} w_{ts} v_s, \qquad
        w_{t\cdot} = \operatorname{softmax}_s\big(q_t \cdot k_s / \sqrt{d} + M_{ts}\big), \qquad
        M_{ts} = \begin{cases} 0 & s \le t \\ -\infty & s > t \end{cases}

    Query q, key k and value v of a place are three linear maps of what stands there. Several heads
    do the same side by side, each with its d = width / heads of these numbers.

    Args:
        width: numbers at a place.
        heads: how many means; they divide ``width``.

    Source:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.2.

    Example:
        >>> attention = CausalAttention(width=8, heads=2)
        >>> h = torch.randn(1, 5, 8)
        >>> torch.allclose(attention(h)[:, :3], attention(h[:, :3]), atol=1e-6)  # 4, 5: unseen
        True
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if check_count("width", width) % check_count("heads", heads):
            raise ValueError(f"heads must divide width, got {heads} heads and width {width}")
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)

    def forward(self, h: Tensor, cache: list[tuple[Tensor, Tensor]] | None = None) -> Tensor:
        """(B, T, width) to (B, T, width); with a cache, of one new place and all in the cache."""
        parts = self.query_key_value(h).unflatten(-1, (3, self.heads, -1)).transpose(1, 3)
        query, key, value = parts.unbind(2)  # (B, heads, T, d) each
        if cache is not None:
            cache.append((key, value))
            key, value = (torch.cat(places, dim=2) for places in zip(*cache, strict=True))
        mean = F.scaled_dot_product_attention(query, key, value, is_causal=cache is None)
        return self.mix(mean.transpose(1, 2).flatten(2))


class Block(nn.Module):
    r"""Attention between places, then a small network at each: what a Transformer repeats.

    .. math::
        h' = h + \text{attention}(\text{norm}(h)), \qquad h'' = h' + \text{network}(\text{norm}(h'))

    Args:
        width: numbers at a place.
        heads: of its attention.

    Source:
        Vaswani et al. 2017, with the norm in front, as in Radford et al. 2019 (GPT-2).

    Example:
        >>> Block(width=8, heads=2)(torch.randn(4, 5, 8)).shape
        torch.Size([4, 5, 8])
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before_attention, self.before_network = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = CausalAttention(width, heads)
        self.network = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, h: Tensor, cache: list[tuple[Tensor, Tensor]] | None = None) -> Tensor:
        """(B, T, width) to (B, T, width)."""
        h = h + self.attention(self.before_attention(h), cache)
        return h + self.network(self.before_network(h))


class Transformer(OrderedModel):
    r"""Blocks of causal attention over a row that is shifted by one place: a small GPT.

    .. math::
        h_t = E x_{t-1} + P_t, \quad h_1 = s + P_1, \qquad
        z_t = \text{linear}(\text{norm}(\text{blocks}(h)_t))

    Place t holds the variable before it, so that it may see itself: the shift is the strict step,
    where MADE has it in the output's mask.

    Args:
        input_dim: number of variables D.
        width: numbers at a place.
        layers: blocks.
        heads: of each block's attention.
        head: what an output means; ``Bernoulli()`` (None) or ``Categorical(num_classes)``.

    Raises:
        TypeError, ValueError: if an argument is not as described.

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
        self.places = nn.Parameter(waves(self.input_dim, width))
        self.blocks = nn.ModuleList(
            Block(width, heads) for _ in range(check_count("layers", layers))
        )
        self.norm, self.write = nn.LayerNorm(width), nn.Linear(width, self.head.params_per_variable)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, D), or (B, D, P) of a head with P > 1: of each place, given those before."""
        h = self.read(self.head.encode(self._as_input(x)))
        h = torch.cat([self.start.expand(len(h), 1, -1), h[:, :-1]], dim=1) + self.places
        for block in self.blocks:
            h = block(h)
        z = self.write(self.norm(h))
        return z.squeeze(-1) if self.head.params_per_variable == 1 else z

    def _sample_rows(self, noise: Tensor) -> Tensor:
        """Each place is computed once: its keys and values wait in a cache for those after it."""
        caches = [[] for _ in self.blocks]
        x, h = torch.empty_like(noise), self.start.expand(len(noise), 1, -1)
        for t, place in enumerate(self.places):
            h = h + place
            for block, cache in zip(self.blocks, caches, strict=True):
                h = block(h, cache)
            x[:, t] = self.head.sample(self.write(self.norm(h))[:, 0], noise[:, t])
            h = self.read(self.head.encode(x[:, t : t + 1]))
        return x
