"""Small data sets whose distribution is known: boards, a diary, points in the plane."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from ..common.arguments import check_count, check_number


def bars_and_stripes() -> Tensor:
    """Return all 30 boards of 4 × 4 pixels that show bars or stripes.

    On each board, either every row or every column has a single colour. This gives 2⁴ + 2⁴ boards,
    but the empty board and the full board occur twice. The best possible NLL is ln 30 = 3.40 nats.
    The result is (30, 16), float32 zeros and ones: each board once, with its pixels row by row.

    Source: D. MacKay, "Information Theory, Inference, and Learning Algorithms" (2003), chapter 43.

    Example:
        >>> bars_and_stripes()[1].view(4, 4)
        tensor([[0., 0., 0., 0.],
                [0., 0., 0., 0.],
                [0., 0., 0., 0.],
                [1., 1., 1., 1.]])
    """
    colours = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    stripes, bars = colours.repeat_interleave(4, dim=1), colours.repeat(1, 4)
    return torch.cat([stripes, bars]).unique(dim=0)


def rain_diary() -> Tensor:
    """Return twenty days in a garden: wet grass (x₁), rain (x₂), and a running sprinkler (x₃).

    The joint distribution of three binary variables consists of eight probabilities. Here all of
    them are multiples of 1/20, and none is zero. The days are made up. The result is (20, 3),
    float32 zeros and ones, one day per row.

    Example:
        >>> days = rain_diary()
        >>> days.shape, days.mean(0)  # wet on 12 days of 20, rain on 8, the sprinkler on 9
        (torch.Size([20, 3]), tensor([0.6000, 0.4000, 0.4500]))
    """
    # number of days with (wet, rain, sprinkler) = 000, 001, 010, ..., 111
    counts = torch.tensor([5, 1, 1, 1, 1, 5, 4, 2])
    days = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    return days.repeat_interleave(counts, dim=0)


def two_moons(n: int, noise: float = 0.1, seed: int = 0) -> Tensor:
    r"""Return points (n, 2) on two interleaved half circles of radius 1, with Gaussian noise.

    A fair coin chooses the half circle (a moon), and :math:`\theta` is uniform on
    :math:`[0, \pi]`:

    .. math::
        x = \pm \big(\cos\theta - \tfrac12,\ \sin\theta - \tfrac14\big)
            + \text{noise} \cdot \varepsilon,
        \qquad \varepsilon \sim \mathcal N(0, I)

    Each moon is the other one rotated by 180° around 0, so the mean is exactly 0. The variances
    are :math:`\tfrac34 + \text{noise}^2` and :math:`\tfrac9{16} - \tfrac1\pi + \text{noise}^2`
    (0.76 and 0.25 with noise 0.1), and the covariance is :math:`\tfrac18 - \tfrac1\pi = -0.19`.
    The entropy is the lowest NLL that any model can have. It has no closed form; numerical
    integration gives 0.289, 1.008 and 1.677 nats with noise 0.05, 0.1 and 0.2.

    Args:
        n: number of points, drawn independently.
        noise: standard deviation of the noise.
        seed: seed of the points; torch's global stream is not used.

    Raises:
        TypeError or ValueError: if an argument is not a number or is negative, or ``n`` is 0.

    Example:
        >>> points = two_moons(1000, noise=0.0)
        >>> points.shape, points.dtype
        (torch.Size([1000, 2]), torch.float32)
        >>> upper = (points + torch.tensor([0.5, 0.25])).norm(dim=1)
        >>> lower = (points - torch.tensor([0.5, 0.25])).norm(dim=1)
        >>> bool(((upper - 1).abs().minimum((lower - 1).abs()) < 1e-6).all())
        True
    """
    n = check_count("n", n)
    noise = check_number("noise", noise)
    generator = Generator().manual_seed(check_count("seed", seed, smallest=0))
    theta = math.pi * torch.rand(n, generator=generator)
    moon = torch.stack([theta.cos() - 0.5, theta.sin() - 0.25], dim=1)
    sign = 1 - 2 * torch.randint(2, (n, 1), generator=generator)
    return sign * moon + noise * torch.randn(n, 2, generator=generator)
