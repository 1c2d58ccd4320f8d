"""PixelCNN: masked windows that move over an image, with the same weights at every pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..common.arguments import check_count
from .ordered_model import OrderedModel


class MaskedConvolution(nn.Conv2d):
    r"""A convolution whose window sees only pixels that come earlier, row by row.

    .. math::
        y_{rc} = b + \sum_{i,j} (W \odot M)_{ij} \, x_{r+i,\, c+j}, \qquad
        M_{ij} = [\, i < 0 \text{ or } (i = 0 \text{ and } j < 0) \,]

    The window ends at the row of its pixel, because everything below would be masked.

    Args:
        in_channels, out_channels: as for ``nn.Conv2d``.
        reach: number of pixels that the window reaches up, left and right.
        strict: whether the pixel itself is masked, as in the first layer; later layers see it.

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
        """Return (B, out_channels, rows, columns) for (B, in_channels, rows, columns)."""
        return F.conv2d(F.pad(x, self.around), self.weight * self.mask, self.bias)


class PixelCNN(OrderedModel):
    r"""Masked convolutions, the first of them strict: one small network for every pixel.

    .. math::
        p(x_i = 1 \mid x_{<i}) = \sigma(z_i), \qquad
        h^{1} = \text{strict window}(x), \quad h^{l+1} = h^{l} + \text{window}(\mathrm{relu}(h^{l}))

    The first window is 7 × 7, the others 3 × 3. The number of weights does not depend on the size
    of the image.

    Args:
        side: pixels per row, and rows; ``input_dim`` is their product.
        channels: numbers per pixel between two layers.
        layers: number of windows after the first.

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
            MaskedConvolution(channels, channels, 1, strict=False) for _ in range(layers)
        )
        self.last = nn.Conv2d(channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, D): output i is that of p(xᵢ = 1 | the pixels before it)."""
        h = self.first(self._as_input(x).view(-1, 1, self.side, self.side))
        for window in self.windows:
            h = h + window(F.relu(h))
        return self.last(F.relu(h)).view(x.shape)
