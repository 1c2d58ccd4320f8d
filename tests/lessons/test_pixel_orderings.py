import numpy as np
import pytest
import torch

from made_lessons.notebook_07 import pixel_orderings as module
from made_lessons.notebook_07.pixel_orderings import draw_pixel_ordering, pixel_orderings
from made_lessons.notebook_11.pixel_groups import pixel_groups


def test_each_is_a_permutation_and_the_random_ones_are_seeded():
    first, again = pixel_orderings(), pixel_orderings()
    for name, ordering in first.items():
        assert ordering.sort().values.tolist() == list(range(784))
        assert torch.equal(ordering, again[name])
    assert len({tuple(ordering.tolist()) for ordering in first.values()}) == len(first)
    for groups in pixel_groups().values():
        assert sorted(np.hstack(groups)) == list(range(784))


def test_the_first_pixels_of_each_ordering():
    found = {name: ordering.tolist() for name, ordering in pixel_orderings().items()}
    assert found["rows"][:3] == [0, 1, 2]
    assert found["columns"][:3] == [0, 28, 56]
    away = [(2 * (k // 28) - 27) ** 2 + (2 * (k % 28) - 27) ** 2 for k in range(784)]
    assert found["centre outwards"] == sorted(range(784), key=away.__getitem__)  # ties as in rows
    assert found["coarse to fine"][:4] == [0, 16, 16 * 28, 16 * 28 + 16]
    eighths = {28 * row + column for row in range(0, 28, 8) for column in range(0, 28, 8)}
    assert set(found["coarse to fine"][:16]) == eighths
    halves = {28 * row + column for row in range(0, 28, 2) for column in range(0, 28, 2)}
    assert set(found["coarse to fine"][:196]) == halves


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
