"""Exercise 11.5: an arithmetic coder that uses the conditionals of a model."""

from collections.abc import Callable

from made_course.data.toys import bars_and_stripes

from ..checking import Exercise, View, as_text, draw_uniform, edit, run
from ..checking.exercise import MalformedAnswer

BOARDS = [[int(bit) for bit in board] for board in bars_and_stripes().tolist()]
MOST_BITS = 170
"""Largest number of bits that counts as right for thirty boards, which need 30 log₂ 30 = 147.2."""


def chance_in_boards(bits: list[int]) -> int:
    """Return p(next bit = 1 | earlier bits of its board), in units of 1/65,536."""
    past = bits[len(bits) - len(bits) % 16 :]
    alike = [board for board in BOARDS if board[: len(past)] == past]
    ones = sum(board[len(past)] for board in alike)
    return min(max(65536 * ones // max(len(alike), 1), 1), 65535)


def decode(code: str, n: int, chance: Callable[[list[int]], int]) -> list[int]:
    """Decode n bits with a sampler whose random number is the binary fraction 0.code."""
    code = code[: 16 * n]
    point = int(code or "0", 2) << 16 * n - len(code)
    low, width, bits = 0, 1, []
    for t in range(n):
        low, split, width = low << 16, width * chance(bits), width << 16
        bit = point >> 16 * (n - t - 1) < low + split
        low, width = (low, split) if bit else (low + split, width - split)
        bits.append(int(bit))
    return bits


_THIRTY = [bit for board in BOARDS for bit in board]
_COINS = [int(bit) for bit in draw_uniform("coins", 24) < 0.5]
_RARE = [0] * 40 + [1] + [0] * 9


def _describe_result(answer: object) -> str:
    length = len(_encode_boards(answer))
    return (
        f"Your code of thirty boards has {length} bits, {length / 30:.2f} per board; log₂ 30 is "
        "4.91."
    )


def _encode_boards(answer: object) -> str:
    chances = [chance_in_boards(_THIRTY[:t]) for t in range(len(_THIRTY))]
    return run(answer, _THIRTY, chances)


def _describe_code(answer: object, bits: list[int], chances: list[int]) -> str:
    """Describe a code by the bits that it decodes to, because more than one code is right."""
    code = run(answer, bits, chances)
    if not isinstance(code, str) or not set(code) <= {"0", "1"}:
        raise MalformedAnswer("return a string of 0s and 1s", got=as_text(code))
    back = decode(code, len(bits), lambda past: chances[len(past)])
    if back == bits:
        return f"a code that decodes to {as_text(bits)}"
    return f'"{code}", which decodes to {as_text(back)}'


_CASES = (
    ([0, 1, 1], [16384] * 3),
    ([1], [32768]),
    (_COINS, [32768] * 24),
    (_COINS[:8], [1 + 9000 * k for k in range(8)]),
    (_RARE, [600] * 50),
    ([], []),
)


def encode(bits: list[int], chances: list[int]) -> str:
    """Return the binary digits of a number in the interval of ``bits``, by arithmetic coding."""
    low, width = 0, 1
    for bit, chance in zip(bits, chances, strict=True):
        low, split, width = low << 16, width * chance, width << 16
        low, width = (low, split) if bit else (low + split, width - split)
    k = 16 * len(bits) - width.bit_length() + 1
    number = -(-low >> 16 * len(bits) - k)
    return f"{number:0{k}b}" if k else ""


def _describe_length(answer: object) -> str:
    length = len(_encode_boards(answer))
    return f"{MOST_BITS} bits or fewer" if length <= MOST_BITS else f"{length} bits"


def _count_right_boards(answer: object) -> str:
    back = decode(_encode_boards(answer), len(_THIRTY), chance_in_boards)
    boards = [back[k : k + 16] == board for k, board in zip(range(0, 480, 16), BOARDS, strict=True)]
    return f"{sum(boards)} right"


EXERCISE = Exercise(
    title="The coder",
    stars=3,
    reference=encode,
    message=_describe_result,
    hints=(
        "Begin with `low, width = 0, 1`. For each bit, multiply both by 65,536 (`<< 16`), and "
        "split the new `width`: the lower part, the old `width` times `chance`, belongs to a 1.",
        "For a 1, `low` stays and `width` becomes the lower part. For a 0, `low` increases by the "
        "lower part, and `width` becomes the rest.",
        "At the end, `k = 16 * len(bits) - width.bit_length() + 1` bits are enough. The number is "
        "`low` divided by `2 ** (16 * len(bits) - k)`, rounded up: `-(-low >> ...)`. Write it with "
        'its leading zeros, `f"{number:0{k}b}"`, or return an empty string if `k` is 0.',
    ),
    mistakes={
        "you swapped the parts. A 1 takes the lower part, because a sampler draws a 1 if its "
        "random number is at most p": edit("if bit else", "if not bit else"),
        "your code has no leading zeros. It is read from its first bit, so 001 is not the same "
        "as 1": edit("0{k}b", "b"),
        "you put the leading zeros at the end, but they belong in front of the number": edit(
            'f"{number:0{k}b}"', 'f"{number:b}".ljust(k, "0")'
        ),
        "your number is below the interval, because low is rounded down. Round it up with -(-low "
        ">> …)": edit("-(-low >>", "(low >>"),
        "your number is one too large if low needs no rounding. To round low / b up, use "
        "-(-low // b), not low // b + 1": edit("-(-low >>", "1 + (low >>"),
        "your lower part is too wide. Multiply the chance by the width before this width becomes "
        "16 bits longer": edit("width * chance", "(width << 16) * chance"),
        "the interval of a 0 keeps its width in your code, but it must lose the lower part, which "
        "belongs to a 1": edit("width - split", "width"),
        "one bit is missing. If the numbers of k bits are farther apart than the interval is wide, "
        "none of them may be in it": edit(".bit_length() + 1", ".bit_length()"),
    },
    views=(
        *[
            View(
                _describe_code,
                cause="your code decodes to different bits. The number of the code must be in the "
                "interval [low, low + width) of the decoder after every bit",
                cases=(case,),
            )
            for case in _CASES
        ],
        View(
            _describe_length,
            "thirty boards",
            cause="your code is longer than necessary. Of all numbers in the interval, choose one "
            "with the fewest bits, about −log₂ of the interval's width",
        ),
        View(
            _count_right_boards,
            "thirty boards, coded and decoded",
            cause="low and width need 16 more bits for each variable, but a float has only 53 "
            "bits. Use whole numbers",
        ),
    ),
)
