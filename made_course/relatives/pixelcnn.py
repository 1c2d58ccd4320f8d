"""PixelCNN: masked convolutions over an image."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..common.arguments import check_count
from .ordered_model import OrderedModel


class MaskedConvolution(nn.Conv2d):
    r"""A convolution that sees only earlier pixels in raster order.

    .. math::
        y_{rc} = b + \sum_{i,j} (W \odot M)_{ij} \, x_{r+i,\, c+j}, \qquad
        M_{ij} = [\, i < 0 \text{ or } (i = 0 \text{ and } j < 0) \,]

    If it is not ``strict``, it also sees the pixel itself, at :math:`i = j = 0`. The kernel ends at
    the row of its pixel, because everything below would be masked.

    Args:
        in_channels, out_channels: as for ``nn.Conv2d``.
        reach: number of pixels by which the kernel extends upwards, to the left and to the right.
        strict: whether to mask the pixel itself; only the first layer has to do this.

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
        """Convolve (B, in_channels, rows, columns) to (B, out_channels, rows, columns)."""
        return F.conv2d(F.pad(x, self.around), self.weight * self.mask, self.bias)


class PixelCNN(OrderedModel):
    r"""Masked convolutions, which apply the same small network at every pixel.

    .. math::
        p(x_i = 1 \mid x_{<i}) = \sigma(z_i), \qquad
        h^{1} = \text{strict conv}(x), \quad h^{l+1} = h^{l} + \text{conv}(\mathrm{relu}(h^{l}))

    The first kernel is 7 × 7 and strict, the others are 3 × 3, all without the rows below the
    pixel. The number of weights does not depend on the size of the image.

    Args:
        side: number of rows and of columns of the image; ``input_dim`` is side².
        channels: number of channels of the hidden layers.
        layers: number of 3 × 3 convolutions.

    Raises:
        TypeError or ValueError: if ``side`` is not an integer of at least 1.

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
        """Return logits (B, D) for images (B, D); logit i is for p(xᵢ = 1 | pixels before xᵢ)."""
        h = self.first(self._to_input(x).view(-1, 1, self.side, self.side))
        for window in self.windows:
            h = h + window(F.relu(h))
        return self.last(F.relu(h)).view(x.shape)
