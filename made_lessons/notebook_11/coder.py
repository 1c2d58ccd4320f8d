"""11.5: a coder that is driven by the conditionals."""

from __future__ import annotations

import math
from collections.abc import Callable

from made_course.data.toys import bars_and_stripes

from ..checking import Misformed, View, add_view, but, drawn, exercise, known_mistakes, run, written

BOARDS = [[int(bit) for bit in board] for board in bars_and_stripes().tolist()]
MOST = 170
"""Bits that thirty boards may take; ln 30 nats each are 147.2."""


def chance_in_boards(bits: list[int]) -> int:
    """Return the chance of a 1 next, in 65,536ths: counted in the boards, and never 0 or all."""
    past = bits[len(bits) - len(bits) % 16 :]
    alike = [board for board in BOARDS if board[: len(past)] == past]
    ones = sum(board[len(past)] for board in alike)
    return min(max(65536 * ones // max(len(alike), 1), 1), 65535)


def decode(code: str, n: int, chance: Callable[[list[int]], int]) -> list[int]:
    """The n bits of a code: a sampler whose one die is the code, read as a number from 0 to 1."""
    point = int(code or "0", 2) << 16 * n - len(code)
    low, width, bits = 0, 1, []
    for t in range(n):
        low, split, width = low << 16, width * chance(bits), width << 16
        bit = point >> 16 * (n - t - 1) < low + split
        low, width = (low, split) if bit else (low + split, width - split)
        bits.append(int(bit))
    return bits


_THIRTY = [bit for board in BOARDS for bit in board]
_COINS = [int(bit) for bit in drawn("coins", 24) < 0.5]
_RARE = [0] * 40 + [1] + [0] * 9


def _said(answer: object) -> str:
    length = len(_thirty(answer))
    return f"Thirty boards in {length} bits, {length / 30:.2f} each; log₂ 30 is 4.91."


def _thirty(answer: object) -> str:
    chances = [chance_in_boards(_THIRTY[:t]) for t in range(len(_THIRTY))]
    return run(answer, _THIRTY, chances)


def _length(answer: object) -> str:
    length = len(_thirty(answer))
    return f"{MOST} bits or fewer" if length <= MOST else f"{length} bits"


def _right_boards(answer: object) -> str:
    back = decode(_thirty(answer), len(_THIRTY), chance_in_boards)
    boards = [back[k : k + 16] == board for k, board in zip(range(0, 480, 16), BOARDS, strict=True)]
    return f"{sum(boards)} right"


def _decoded(answer: object, bits: list[int], chances: list[int]) -> str:
    """Say to which bits the code of some bits is decoded; the code may be any that is right."""
    code = run(answer, bits, chances)
    if not isinstance(code, str) or not set(code) <= {"0", "1"}:
        raise Misformed("a text of 0 and 1 is asked for", got=written(code))
    back = decode(code[: 16 * len(bits)], len(bits), lambda past: chances[len(past)])
    if back == bits:
        return f"a code that decodes to {written(bits)}"
    return f'"{code}", which decodes to {written(back)}'


_CASES = (
    ([1], [32768]),
    ([0, 1, 1], [16384] * 3),
    (_COINS, [32768] * 24),
    (_COINS[:8], [1 + 9000 * k for k in range(8)]),
    (_RARE, [600] * 50),
    ([], []),
)
_OTHER_BITS = (
    "the decoder comes to other bits: see that for each bit the code's number lies in "
    "[low, low + width), as the decoder's interval does"
)


@exercise(
    "11.5",
    "The coder",
    stars=3,
    views=[View(_decoded, cause=_OTHER_BITS, cases=(case,)) for case in _CASES],
    message=_said,
    hints=(
        "Begin with low, width = 0, 1. For each bit: multiply both by 65,536 (<< 16), and split "
        "the new width: width * chance of the old one goes to a 1, the lower part.",
        "For a 1, low stays and width is the lower part. For a 0, low grows by the lower part, "
        "and width is what is left.",
        "In the end k = 16 * len(bits) - width.bit_length() + 1 bits are enough. The number is low "
        "divided by 2 to the (16 * len(bits) - k), rounded up: -(-low >> ...). Write it with its "
        'leading zeros, f"{number:0{k}b}", and nothing if k is 0.',
    ),
)
def encode(bits: list[int], chances: list[int]) -> str:
    """A number in the interval of these bits, written as short as its width always allows."""
    low, width = 0, 1
    for bit, chance in zip(bits, chances, strict=True):
        low, split, width = low << 16, width * chance, width << 16
        low, width = (low, split) if bit else (low + split, width - split)
    k = 16 * len(bits) - width.bit_length() + 1
    number = -(-low >> 16 * len(bits) - k)
    return f"{number:0{k}b}" if k else ""


known_mistakes(
    {
        "the parts are swapped: a 1 takes the lower part, as a sampler draws a 1 where its die is "
        "at most p": but("if bit else", "if not bit else"),
        "leading zeros are lost: the code is read from its first bit on, so 001 is not 1": but(
            "0{k}b", "b"
        ),
        "leading zeros stand at the end: a number is filled up at its front": but(
            'f"{number:0{k}b}"', 'f"{number:b}".ljust(k, "0")'
        ),
        "the number lies below the interval: it is low, rounded down. Round it up, -(-low >> …)": (
            but("-(-low >>", "(low >>", "- k)", "- k)")
        ),
        "the interval of a 0 is as wide as before: it loses the lower part, which a 1 has": but(
            "width - split", "width"
        ),
        "one bit is missing: where numbers of k bits lie farther apart than the interval is wide, "
        "none of them need lie in it": but(".bit_length() + 1", ".bit_length()"),
        _OTHER_BITS: but("low << 16", "low"),
    }
)
add_view(
    "thirty boards",
    _length,
    "the code is longer than its bits need: of all numbers in the interval choose the one with "
    "fewest bits, about as many as −log₂ of the interval's width",
    but('f"{number:0{k}b}" if k else ""', 'f"{low:0{16 * len(bits)}b}" if bits else ""'),
)


def _by_floats(bits: list[int], chances: list[int]) -> str:
    low, width = 0.0, 1.0
    for bit, chance in zip(bits, chances, strict=True):
        part = width * chance / 65536
        low, width = (low, part) if bit else (low + part, width - part)
    k = math.ceil(-math.log2(width))
    return f"{math.ceil(low * 2**k):0{k}b}" if k else ""


add_view(
    "thirty boards, coded and decoded",
    _right_boards,
    "low and width need 16 bits more for each variable, and a float keeps 53 in all: compute with "
    "whole numbers",
    _by_floats,
)
