"""The orderings and groups of pixels in which shipped networks are trained."""

import numpy as np
import pytest
import torch

from tools.ships import random_orderings as module
from tools.ships.pixel_groups import pixel_groups
from tools.ships.random_orderings import draw_pixel_ordering


def test_each_grouping_has_every_pixel_once():
    for groups in pixel_groups().values():
        assert sorted(np.hstack(groups)) == list(range(784))


def test_a_part_often_comes_last_and_sometimes_first(monkeypatch):
    part, generator = torch.arange(784) % 28 < 5, torch.Generator().manual_seed(0)
    monkeypatch.setattr(module, "draw_part", lambda _: part)
    drawn = torch.stack([draw_pixel_ordering(generator) for _ in range(200)])
    last, first = part[drawn[:, -140:]].all(1).sum(), part[drawn[:, :140]].all(1).sum()
    assert 55 < last < 95
    assert 10 < first < 40


@pytest.mark.parametrize(
    ("seed", "first"), [(50, [0, 1, 2]), (20, [783, 782, 781]), (51, [27, 55, 83])]
)
def test_a_sweep_goes_line_by_line(seed, first):
    ordering = draw_pixel_ordering(torch.Generator().manual_seed(seed))
    assert ordering[:3].tolist() == first
    same_line = [int((line.diff() == 0).sum()) for line in (ordering // 28, ordering % 28)]
    assert sorted(same_line) == [0, 28 * 27]


def test_times_and_parts_by_hand(monkeypatch):
    noise, (row, column) = torch.rand(784), (torch.arange(784) // 28, torch.arange(784) % 28)
    monkeypatch.setattr(torch, "rand", lambda n, **_: noise if n == 784 else drawn)
    for numbers, times in [  # kind, turn, y, x and share of noise
        ((0.5, 0.125, 0, 0, 0.75), (row + column) / 108 + noise / 2),
        ((0.7, 0.1, 0, 0, 0), (row**2 + column**2).sqrt() / (27 * 2**0.5)),
        ((0.7, 0.9, 0, 0, 0), 1 - row.maximum(column) / 27),
        ((0.9, 0, 0, 0, 0), noise),
    ]:
        drawn = torch.tensor(numbers)
        torch.testing.assert_close(module.draw_times(), times)
    drawn = torch.tensor([0.5, 0.5, 0.25, 0.5, 0.5])  # 12 × 6 pixels, in the middle
    rectangle = (row >= 8) & (row < 20) & (column >= 11) & (column < 17)
    assert torch.equal(module.draw_part(), rectangle)
