import numpy as np
import pytest
import torch

from made_lessons.notebook_07 import pixel_orderings as module
from made_lessons.notebook_07.pixel_orderings import (
    draw_part,
    draw_pixel_ordering,
    draw_times,
    pixel_orderings,
)
from made_lessons.notebook_11.pixel_groups import pixel_groups


def test_each_is_a_permutation_and_the_random_ones_are_seeded():
    first, again = pixel_orderings(), pixel_orderings()
    for name, ordering in first.items():
        assert ordering.sort().values.tolist() == list(range(784))
        assert torch.equal(ordering, again[name])
    assert len({tuple(ordering.tolist()) for ordering in first.values()}) == len(first)
    for groups in pixel_groups().values():
        assert sorted(np.hstack(groups)) == list(range(784))


def test_what_comes_first():
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


def test_drawn_times_are_sweeps_rings_and_random():
    generator = torch.Generator().manual_seed(0)
    places = torch.stack([draw_times(generator) for _ in range(300)]).view(-1, 28, 28)
    assert places.min() >= 0
    assert places.max() <= 1
    steps = torch.maximum(places.diff(dim=1).abs().mean((1, 2)), places.diff().abs().mean((1, 2)))
    smooth = places[steps < 0.1]  # two of five: four of five, and half of them without chance
    assert 90 < len(smooth) < 160
    grown, shrunk = (
        (smooth == 0)[:, 1:-1, 1:-1].any((1, 2)),
        (smooth == 1)[:, 1:-1, 1:-1].any((1, 2)),
    )
    assert min(grown.sum(), shrunk.sum()) > 10
    assert not (grown & shrunk).any()


def test_drawn_parts_are_rectangles_or_scattered():
    generator = torch.Generator().manual_seed(0)
    parts = torch.stack([draw_part(generator) for _ in range(200)]).view(-1, 28, 28)
    are_rectangles = (parts == parts.any(1, keepdim=True) & parts.any(2, keepdim=True)).all((1, 2))
    assert 150 < are_rectangles.sum() < 190
    assert 0.2 < parts.float().mean() < 0.8


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
