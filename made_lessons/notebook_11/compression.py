"""Compress binary rows with a MADE, and draw rows from bytes.

The coder is that of exercise 11.5, for one variable of all rows, then the next. There are two
changes. Sixteen bits are appended to ``width`` only when it gets small, so that it stays below 2⁶⁴.
The model is rounded, because a sum of floats depends on the order of its terms, and this order
differs between machines and batch sizes. Everything decoded after one wrong bit would be noise.
"""

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import Tensor, nn

from made_course.model.heads import Bernoulli
from made_course.model.made import MADE

WIDE, NARROW = 2**64, 2**48
ROWS_AT_ONCE = 1000
GRID = 256
"""Weights and hidden values are multiples of 1/256, so products are multiples of 2⁻¹⁶. In float64
their sums are exact in any order, as long as the absolute weights add up to less than 2²⁴."""


@torch.no_grad()
def compress(model: MADE, rows: Tensor) -> bytes:
    r"""Return bytes from which :func:`decompress` draws these rows again.

    .. math::
        \text{bytes} \le 2 - \tfrac{1}{8} \textstyle\sum_{\text{rows}} \log_2 p(x)

    Here p is the rounded model.

    Args:
        model: a MADE of binary variables with ReLU units.
        rows: (N, D) zeros and ones.

    Source:
        Witten, Neal and Cleary 1987, "Arithmetic Coding for Data Compression".

    Example:
        >>> from made_course import bars_and_stripes, load_pretrained
        >>> model, boards = load_pretrained("tiny"), bars_and_stripes()
        >>> file = compress(model, boards)  # 30 boards, each of log2(30) = 4.9 bits
        >>> len(file), torch.equal(decompress(model, file, 30), boards)
        (20, True)
    """
    low, width, digits = 0, WIDE, []
    for bit, chance in _list_bits_and_chances(_round_model(model), rows):
        split = (width >> 16) * chance
        low, width = (low, split) if bit else (low + split, width - split)
        if width < NARROW:
            digits.append(low // NARROW)  # a carry makes it 2**16 or more
            low, width = low % NARROW << 16, width << 16
    digits.append(-(-low // NARROW))
    for k in reversed(range(1, len(digits))):
        digits[k - 1] += digits[k] >> 16
        digits[k] &= 0xFFFF
    return b"".join(digit.to_bytes(2, "big") for digit in digits)


def decompress(model: MADE, data: bytes, n: int) -> Tensor:
    """Draw (n, D) rows with the model's sampler and ``data`` as its noise.

    The bytes from :func:`compress` give the same rows again, and random bytes give new samples.
    After the last byte, zeros are read.
    """
    own = _round_model(model)
    own.head = _BernoulliFromBytes(data)
    parts = torch.zeros(n, own.input_dim).split(ROWS_AT_ONCE)
    return torch.cat([own.sample(len(part), noise=part.double()) for part in parts]).float()


def _round_model(model: MADE) -> MADE:
    if type(model.head) is not Bernoulli or type(model.act) is not nn.ReLU:
        raise ValueError(f"model must have binary variables and ReLU units, got {model}")
    own = deepcopy(model).double().eval()
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.copy_((parameter * GRID).round() / GRID)
    own.act = _RoundedReLU()
    return own


class _RoundedReLU(nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return (z.clamp(0, 2**12) * GRID).round() / GRID


def _round_probabilities(logits: Tensor) -> list[int]:
    """Return p(1) in units of 1/65,536, for logits rounded to 1/32 and clipped to ±11."""
    steps = (logits.flatten() * 32).round().clamp(-352, 352)
    return (65536 * torch.sigmoid(steps / 32)).round().int().tolist()


def _list_bits_and_chances(rounded_model: MADE, rows: Tensor) -> Iterator[tuple[int, int]]:
    """Yield each bit with p(1) in units of 1/65,536, one variable of a batch after another."""
    ordering = rounded_model.order.argsort(stable=True)
    for part in rows.double().split(ROWS_AT_ONCE):
        bits = part.T[ordering].flatten().int().tolist()
        yield from zip(bits, _round_probabilities(rounded_model(part).T[ordering]), strict=True)


class _BernoulliFromBytes(Bernoulli):
    """A Bernoulli head that draws samples with the bytes of a file as its noise."""

    def __init__(self, data: bytes) -> None:
        self.rest, self.point, self.width = iter(data), 0, 1
        for _ in range(4):
            self._append_two_bytes()

    def _append_two_bytes(self) -> None:
        self.point = self.point << 16 | next(self.rest, 0) << 8 | next(self.rest, 0)
        self.width <<= 16

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """Return 1 if the point is in the lower part of the interval, else 0. ``u`` is not used."""
        bits = []
        for chance in _round_probabilities(params):
            split = (self.width >> 16) * chance
            bits.append(self.point < split)
            if bits[-1]:
                self.width = split
            else:
                self.point, self.width = self.point - split, self.width - split
            if self.width < NARROW:
                self._append_two_bytes()
        return params.new_tensor(bits).view(params.shape[:-1])
