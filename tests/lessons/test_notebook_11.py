import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

from made_course import bars_and_stripes
from made_lessons.notebook_11.coder import BOARDS, chance_in_boards, decode, encode
from made_lessons.notebook_11.entropies import nats_of
from made_lessons.notebook_11.fewest_steps import LEAST, fewest_steps
from tests.lessons.checking import right, wrong


def test_fewest_steps():
    columns_first = [[0], [4], [8], [12], [1, 2, 3], [5, 6, 7, 9, 10, 11, 13, 14, 15]]
    right("11.2", columns_first)
    right("11.2", [*map(torch.tensor, columns_first)])
    right("11.2", [*map(np.array, columns_first)])
    wrong("11.2", [torch.tensor(group) / 1 for group in columns_first], "whole numbers")
    wrong("11.2", [*range(16)], "a list of groups")
    wrong("11.2", columns_first[:5], "in exactly one group")


@pytest.mark.delivery
def test_all_ways_to_draw_boards_were_tried():
    """Search all 3^16 pairs of a drawn set and the next group, by dynamic programming."""
    codes = (bars_and_stripes().long().numpy() << np.arange(16)).sum(1)
    counts = [np.unique(codes & drawn, return_counts=True)[1] for drawn in range(2**16)]
    entropy = np.array([(n / 30 * np.log(30 / n)).sum() for n in counts])
    least, ends = np.where(np.arange(2**16) == 0, 0.0, np.inf), []
    for _ in range(6):
        after = np.full(2**16, np.inf)
        for drawn in np.flatnonzero(least < np.inf):
            group, nats = np.array([drawn]), np.array([least[drawn]])
            for i in range(16):
                if not drawn >> i & 1:
                    one = entropy[drawn | 1 << i] - entropy[drawn]
                    group, nats = np.r_[group, group | 1 << i], np.r_[nats, nats + one]
            after[group] = np.minimum(after[group], nats)
        least = after
        ends.append(least[-1])
    counted = [nats_of(bars_and_stripes(), groups) for groups in [*LEAST.values(), fewest_steps()]]
    assert np.allclose(ends, counted, atol=1e-9)
    assert all(five > six + 0.002 for five, six in pairwise(ends))
    assert ends[-1] == pytest.approx(math.log(30))


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
    wrong("11.5", lambda bits, chances: int(encode(bits, chances) or "0", 2), "string of 0 and 1")


def test_random_bits_decode_to_boards():
    """Use the decoder as a sampler: all its rows are boards."""
    bits = decode("0110100101110001" * 40, 160, chance_in_boards)
    assert all(bits[k : k + 16] in BOARDS for k in range(0, 160, 16))
