import math
from fractions import Fraction

import numpy as np
import torch

from made_lessons.checking import edit_source
from made_lessons.notebook_11.coder import BOARDS, chance_in_boards, decode, encode
from tests.lessons.checking import right, wrong


def test_fewest_steps():
    columns_first = [[0], [4], [8], [12], [1, 2, 3], [5, 6, 7, 9, 10, 11, 13, 14, 15]]
    right("11.2", columns_first)
    right("11.2", [*map(torch.tensor, columns_first)])
    right("11.2", [*map(np.array, columns_first)])
    wrong("11.2", [torch.tensor(group) / 1 for group in columns_first], "whole numbers")
    wrong("11.2", [[0], [2, 1], [*range(3, 16)]], "step 2, [2, 1] at once")
    wrong("11.2", [*range(16)], "a list of groups")
    wrong("11.2", columns_first[:5], "in exactly one group")


def test_posterior_in_numpy():
    def with_numpy(log_prior, log_given):
        joint = (log_prior + log_given).numpy()
        return torch.from_numpy(joint - np.logaddexp.reduce(joint, 1, keepdims=True))

    right("11.3", with_numpy)


def test_hear_the_context():
    right("11.4", lambda width, D: (torch.linspace(0, D - 1, width)).round().long())
    right("11.4", lambda width, D: torch.arange(width, dtype=torch.int32) % D)
    right("11.4", lambda width, D: torch.arange(width) % (D + 1))  # no output sees degree D
    right("11.4", lambda width, D: torch.arange(width).flip(0))
    wrong("11.4", lambda width, D: torch.arange(width) / 1 % D, "whole numbers")
    wrong("11.4", lambda width, D: torch.arange(width) % D - 1, "−1")


def test_the_coder():
    def by_fractions(bits, chances):
        low, width = Fraction(0), Fraction(1)
        for bit, chance in zip(bits, chances, strict=True):
            p = Fraction(chance, 65536)
            low, width = (low, width * p) if bit else (low + width * p, width * (1 - p))
        k = 0
        while Fraction(math.ceil(low * 2**k) + 1, 2**k) > low + width:
            k += 1
        return format(math.ceil(low * 2**k), f"0{k}b") if k else ""

    right("11.5", by_fractions)
    wrong("11.5", lambda bits, chances: int(encode(bits, chances) or "0", 2), "string of 0s and 1s")
    wrong("11.5", edit_source(encode, "low << 16", "low"), "decodes to different bits")
    all_digits = 'f"{low:0{16 * len(bits)}b}" if bits else ""'
    too_long = edit_source(encode, 'f"{number:0{k}b}" if k else ""', all_digits)
    wrong("11.5", too_long, "longer than necessary")


def test_a_coder_with_floats():
    def with_floats(bits, chances):
        low, width = 0.0, 1.0
        for bit, chance in zip(bits, chances, strict=True):
            part = width * chance / 65536
            low, width = (low, part) if bit else (low + part, width - part)
        k = math.ceil(-math.log2(width))
        return f"{math.ceil(low * 2**k):0{k}b}" if k else ""

    wrong("11.5", with_floats, "a float has only 53 bits")


def test_random_bits_decode_to_boards():
    """Use the decoder as a sampler: all its rows are boards."""
    bits = decode("0110100101110001" * 40, 160, chance_in_boards)
    assert all(bits[k : k + 16] in BOARDS for k in range(0, 160, 16))
