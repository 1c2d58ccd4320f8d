"""Rows as bytes: an arithmetic coder, and the sampler whose dice come from a file.

A file is a number in [0, 1), and names rows as noise names a sample. The lower share p(x = 1) of
the interval stands for a 1, the upper for a 0; the part where the number lies is cut anew for the
next variable, and so on through all rows. The more probable the rows, the wider their part, and
the fewer digits tell a number in it: about -log₂ p(rows) binary ones.

Whoever decodes must meet the numbers that were coded with, to the last digit: after one wrong bit
all is noise. Sums of floats depend on their order, and so on the number of rows, on threads and on
the machine. So what is coded with is :func:`rounded`, a model whose sums are exact in any order.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from copy import deepcopy
from decimal import Context, Decimal, localcontext
from functools import cache
from itertools import chain, repeat
from zlib import crc32

import torch
from torch import Tensor, nn

from ..common.arguments import check_count
from .heads import Bernoulli
from .made import MADE
from .masked_linear import MaskedLinear
from .sampling import sample_rows

# The format: with other numbers, files of before would decode to noise.
MAGIC = b"M1"
HEADER = struct.Struct(">2sI4s")  # MAGIC, number of rows, fingerprint; digits and a CRC follow
WHOLE = 2**16  # base of the digits, and probabilities are multiples of 1 / WHOLE
ROWS_AT_ONCE = 1024  # are coded together, variable by variable
GRID = 2.0**8  # weights and hidden values are multiples of 1 / GRID, products of two of 2⁻¹⁶:
HIGHEST, HEAVIEST = 2.0**12, 2.0**24  # while values and all weights together are at most these,
# sums stay within 2³⁶, and float64 adds multiples of 2⁻¹⁶ up to 2³⁷ exactly, in any order
STEPS, FURTHEST = 32, 11  # logits are multiples of 1 / STEPS, from -FURTHEST to FURTHEST


# ---- rows to bytes and back ---------------------------------------------------------------------


def compress(model: MADE, rows: Tensor) -> bytes:
    r"""Write rows as the number that the model's sampler draws them from.

    .. math::
        \text{bytes} \le 16 - \tfrac{1}{8} \textstyle\sum_{\text{rows}} \log_2 p(x)

    Here p is the model under its masks in use, rounded to what all machines compute alike, and 14
    of the 16 are the number of rows, a fingerprint of the model and a checksum. Whoever reads the
    file needs the model. A coder to be read, of about a million variables a second; for more there
    is the library ``constriction``.

    Args:
        model: a MADE of binary variables with ``activation="relu"``.
        rows: (B, D) zeros and ones; B may be 0.

    Raises:
        TypeError: if the model is no MADE, or the rows are no tensor.
        ValueError: if rows are not (B, D) zeros and ones, or the model has another head or
            activation, or weights too large to be added exactly.

    Source:
        Witten, Neal and Cleary 1987, "Arithmetic Coding for Data Compression".

    Example:
        >>> from made_course import bars_and_stripes, load_pretrained
        >>> model, boards = load_pretrained("tiny"), bars_and_stripes()
        >>> file = compress(model, boards)  # 30 boards, each of log2(30) = 4.9 bits
        >>> len(file), torch.equal(decompress(model, file), boards)
        (34, True)
    """
    own = rounded(model)
    own.check_data(rows)
    coded = chain.from_iterable(_coded(own, part) for part in rows.cpu().split(ROWS_AT_ONCE))
    content = HEADER.pack(MAGIC, len(rows), _fingerprint(own)) + _digits(coded)
    return content + crc32(content).to_bytes(4, "big")


def decompress(model: MADE, data: bytes) -> Tensor:
    """Draw the rows again that :func:`compress` wrote: (B, D), of the model's dtype and device.

    Args:
        model: the MADE that they were written with, under the same masks.
        data: what ``compress`` returned.

    Raises:
        TypeError: if the model is no MADE, or the data are no bytes.
        ValueError: if they are damaged, cut short, of another model or of another program.

    Example:
        >>> model = MADE(3, (4,), ordering=[1, 2, 0], seed=0)
        >>> decompress(model, compress(model, torch.tensor([[0, 1, 1]])))
        tensor([[0., 1., 1.]])
    """
    _check_bytes(data)
    if not data.startswith(MAGIC):
        raise ValueError(f"data must be what compress returned, got bytes that begin {data[:8]!r}")
    content = data[:-4]
    if crc32(content) != int.from_bytes(data[-4:], "big"):
        raise ValueError(
            f"data of {len(data)} bytes are damaged or cut short: their checksum is another than "
            "when compress wrote them, and after one wrong bit all rows would be noise"
        )
    _, n, fingerprint = HEADER.unpack_from(content)
    own = rounded(model, content[HEADER.size :])
    if fingerprint != _fingerprint(own):
        raise ValueError(
            "data were written with another model: decompress needs the weights that compress had, "
            "and the masks that were in use"
        )
    return _drawn(own, n).to(model.net[0].weight)


def sample_from_bytes(model: MADE, n_samples: int, data: bytes) -> Tensor:
    """Draw (n, D) samples whose dice are any bytes: random ones give samples like any others.

    It is :func:`decompress` without header and checksum: the bytes are the digits of a number, and
    zeros follow the last. A sample takes about -log₂ p(x) bits of it, and what is left over changes
    nothing. Fewer bytes name samples, too: of one byte 256 different draws, however large n is.

    Raises:
        TypeError, ValueError: if an argument is not as described, or the model none that
            :func:`compress` takes.

    Example:
        >>> model = MADE(3, (4,), ordering=[1, 2, 0], seed=0)
        >>> file = compress(model, torch.tensor([[0, 1, 1]]))
        >>> sample_from_bytes(model, 1, file[HEADER.size : -4])
        tensor([[0., 1., 1.]])
    """
    _check_bytes(data)
    n = check_count("n_samples", n_samples)
    return _drawn(rounded(model, data), n).to(model.net[0].weight)


def _check_bytes(data: bytes) -> None:
    if not isinstance(data, bytes):
        raise TypeError(f"data must be bytes, got {type(data).__name__}")


# ---- a model that is the same everywhere --------------------------------------------------------


@torch.no_grad()
def rounded(model: MADE, dice: bytes = b"") -> MADE:
    """The model that rows are coded with: its ``log_prob`` is what they take, ``dice`` draw."""
    if not isinstance(model, MADE):
        raise TypeError(f"model must be a MADE, got {type(model).__name__}")
    if type(model.head) is not Bernoulli:
        raise ValueError(f"only zeros and ones are coded, and the model's head is {model.head!r}")
    if type(model.act) is not nn.ReLU:
        raise ValueError(
            f"the model's activation is {model.act}, whose last digits differ between machines, "
            'and one digit can turn all rows into noise: train a model with activation="relu"'
        )
    own = deepcopy(model).to("cpu", torch.float64).eval()
    for parameter in own.parameters():
        parameter.copy_((parameter * GRID).round() / GRID)
    weight = sum(parameter.abs().sum().item() for parameter in own.parameters())
    if not weight <= HEAVIEST:
        raise ValueError(
            f"the model's weights must be at most {HEAVIEST:,.0f} in all to be added exactly, "
            f"got {weight:,.0f}"
        )
    own.act, own.head = _RoundedReLU(), _FromBytes(dice)
    return own


class _RoundedReLU(nn.Module):
    """A hidden value that is again a multiple of 1 / GRID."""

    def forward(self, z: Tensor) -> Tensor:
        return (z.clamp(0, HIGHEST) * GRID).round() / GRID


class _FromBytes(Bernoulli):
    """Zeros and ones, whose shares are whole numbers and whose dice are the digits of a file."""

    def __init__(self, dice: bytes) -> None:
        digits = struct.unpack(f">{(len(dice) + 1) // 2}H", dice + bytes(len(dice) % 2))
        self._digits = chain(digits, repeat(0))
        self._place, self._width = 0, WHOLE**4  # of the number in what is left of the interval
        for _ in range(4):
            self._place = self._place * WHOLE + next(self._digits)

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        share = _shares(params.squeeze(-1)).to(params)
        return (share.where(x == 1, WHOLE - share) / WHOLE).log()

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """1 where the place is in the lower share, else 0, whatever u is."""
        place, width, narrow, bits = self._place, self._width, WHOLE**3, []
        for share in _shares(params).ravel().tolist():
            part = width // WHOLE * share
            bit = place < part
            if bit:
                width = part
            else:
                place -= part
                width -= part
            if width < narrow:
                place = place * WHOLE + next(self._digits)
                width *= WHOLE
            bits.append(bit)
        self._place, self._width = place, width
        return torch.tensor(bits, device="cpu").to(params).view(params.shape[:-1])


def _shares(logits: Tensor) -> Tensor:
    """(...) to (...), int64: of WHOLE, how much is a 1's."""
    steps = (logits * STEPS).round().clamp(-FURTHEST * STEPS, FURTHEST * STEPS)
    return _table_of_shares()[steps.long() + FURTHEST * STEPS]


@cache
def _table_of_shares() -> Tensor:
    """Of each logit that there is; by decimals, since exp of floats is not the same everywhere."""
    steps = range(-FURTHEST * STEPS, FURTHEST * STEPS + 1)
    with localcontext(Context(prec=28)):
        shares = [round(WHOLE / (1 + (Decimal(-s) / STEPS).exp())) for s in steps]
        return torch.tensor(shares, device="cpu")


def _fingerprint(own: MADE) -> bytes:
    """Of a rounded model's order, and of the weights that its masks leave."""
    layers = [layer for layer in own.modules() if isinstance(layer, MaskedLinear)]
    weights = [w for layer in layers for w in (layer.masked_weight(), layer.masked_bias())]
    digest = hashlib.sha256()
    for numbers in [own.order, *(w.detach() * GRID for w in weights if w is not None)]:
        digest.update(numbers.cpu().numpy().astype("<i8").tobytes())
    return digest.digest()[:4]


# ---- the coder ----------------------------------------------------------------------------------


@torch.no_grad()
def _coded(own: MADE, rows: Tensor) -> Iterable[tuple[int, int]]:
    """Shares and bits: the variable that is drawn first, of all rows, then the next."""
    ordering = torch.argsort(own.order, stable=True)
    shares, bits = (x.T[ordering].ravel().tolist() for x in (_shares(own(rows)), rows.int()))
    return zip(shares, bits, strict=True)


def _digits(coded: Iterable[tuple[int, int]]) -> bytes:
    """A number in the part of the interval that these bits leave, in whole digits."""
    low, width, narrow, digits = 0, WHOLE**4, WHOLE**3, []
    for share, bit in coded:
        part = width // WHOLE * share
        if bit:
            width = part
        else:
            low += part
            width -= part
        if width < narrow:
            digits.append(low // narrow)  # WHOLE and more where the sum has outgrown its digit
            low = low % narrow * WHOLE
            width *= WHOLE
    digits.append(-(-low // narrow))  # zeros follow, for the decoder too
    carried = 0
    for k in reversed(range(len(digits))):
        carried, digits[k] = divmod(digits[k] + carried, WHOLE)
    return struct.pack(f">{len(digits)}H", *digits)


def _drawn(own: MADE, n: int) -> Tensor:
    """(n, D) by the sampler, in the order in which rows are coded."""
    rows = torch.zeros(n, own.input_dim, dtype=torch.float64, device="cpu")
    for part in rows.split(ROWS_AT_ONCE):
        part.copy_(sample_rows(own, part))  # instead of noise: the head has its own dice
    return rows
