"""Toy data: they are what the course says, and follow their seed."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import torch

from made_course.data.toys import bars_and_stripes, rain_diary, two_moons


def test_the_diary_is_the_one_that_the_course_talks_about():
    days = rain_diary()
    assert days.dtype == torch.float32
    counts = Counter(tuple(day) for day in days.int().tolist())
    assert counts == {
        **{(0, 0, 0): 5, (0, 0, 1): 1, (0, 1, 0): 1, (0, 1, 1): 1},
        **{(1, 0, 0): 1, (1, 0, 1): 5, (1, 1, 0): 4, (1, 1, 1): 2},
    }


def test_bars_and_stripes_are_the_boards_of_one_colour_a_row_or_a_column():
    boards = np.array(list(itertools.product((0, 1), repeat=16))).reshape(-1, 4, 4)
    striped = (boards == boards[:, :, :1]).all((1, 2)) | (boards == boards[:, :1]).all((1, 2))
    expected = {board.tobytes() for board in boards[striped]}
    found = bars_and_stripes()
    assert found.dtype == torch.float32
    assert found.shape == (len(expected), 16) == (30, 16)
    assert {row.numpy().tobytes() for row in found.long()} == expected


def within_5_standard_errors(values: torch.Tensor, expected: float) -> bool:
    return abs(values.mean() - expected) < 5 * values.std() / len(values) ** 0.5


def moons_density(points: torch.Tensor, noise: float) -> torch.Tensor:
    """Return the density of two blurred half circles, by their usual formula, moved to mean 0."""
    theta = (torch.arange(200, dtype=torch.float64) + 0.5) * math.pi / 200
    outer = torch.stack([theta.cos(), theta.sin()], dim=1)
    inner = torch.stack([1 - theta.cos(), 0.5 - theta.sin()], dim=1)
    middles = torch.cat([outer, inner]) - torch.tensor([0.5, 0.25])
    squares = torch.cdist(points.double(), middles).square()
    return (-squares / (2 * noise**2)).exp().mean(dim=1) / (2 * math.pi * noise**2)


@pytest.mark.parametrize(("noise", "nats"), [(0.05, 0.289), (0.1, 1.008)])
def test_two_moons_have_the_density_and_the_entropy_that_the_course_states(noise, nats):
    step = 0.04
    line = torch.arange(-2.4, 2.4, step, dtype=torch.float64)
    p = moons_density(torch.cartesian_prod(line, line), noise)
    assert p.sum() * step**2 == pytest.approx(1, abs=1e-4)
    assert -(torch.xlogy(p, p).sum() * step**2) == pytest.approx(nats, abs=1e-3)
    points = two_moons(4000, noise=noise)
    assert within_5_standard_errors(-moons_density(points, noise).log(), nats)


def test_two_moons_follow_their_seed_and_leave_the_global_stream_alone():
    before = torch.get_rng_state()
    first, again, other = two_moons(50, seed=1), two_moons(50, seed=1), two_moons(50, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape == (50, 2)
    assert first.dtype == torch.float32
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(two_moons(50), two_moons(50, seed=0))
