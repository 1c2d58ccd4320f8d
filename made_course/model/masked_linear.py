"""The masked layer of MADE."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .masks import check_mask


class MaskedLinear(nn.Linear):
    r"""A linear layer in which a mask turns off weights: :math:`y = x (W \odot M)^\top + b`.

    The mask is applied at every forward pass, so that a masked weight has no effect, and its
    gradient is exactly zero. The mask is a buffer: it moves and is saved with the layer (a MADE
    saves degrees instead), and no optimizer changes it. In a new layer, no weight is masked.

    Args:
        in_features, out_features, bias: as for ``nn.Linear``.
        conditioning: add :math:`(U \odot M) \mathbf{1}`, the row sums of a second weight matrix
            U under the same mask, so that an output depends on the set of inputs that it sees. U
            starts at zero.

    Source:
        Germain et al. 2015, "Masked Autoencoders"; "Connectivity-agnostic training" for U.

    Example:
        >>> layer = MaskedLinear(2, 1, bias=False)
        >>> layer.set_mask(torch.tensor([[True, False]]))
        >>> layer(torch.tensor([[0.0, 1.0]])).item()  # x2 does not reach the output
        0.0
    """

    mask: Tensor

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, conditioning: bool = False
    ) -> None:
        super().__init__(in_features, out_features, bias)
        # a mask in the dtype of the weights, because products of float and bool are much slower
        self.register_buffer("mask", torch.ones_like(self.weight))
        self.conditioning = nn.Parameter(torch.zeros_like(self.weight)) if conditioning else None

    def set_mask(self, mask: Tensor) -> None:
        """Set a new mask of zeros and ones (out_features, in_features).

        Raises a TypeError if it is not a tensor, and a ValueError for a wrong shape or value.
        """
        self.mask = check_mask(mask, self.weight.shape).to(self.weight)

    def masked_weight(self) -> Tensor:
        r"""Return the masked weights :math:`W \odot M`, (out_features, in_features)."""
        return self.weight * self.mask

    def masked_bias(self) -> Tensor | None:
        r"""Return b, or :math:`b + (U \odot M) \mathbf{1}` with conditioning: (out_features,)."""
        if self.conditioning is None:
            return self.bias
        sums = (self.conditioning * self.mask).sum(dim=1)
        return sums if self.bias is None else self.bias + sums

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (..., out_features) for inputs (..., in_features)."""
        return F.linear(x, self.masked_weight(), self.masked_bias())
