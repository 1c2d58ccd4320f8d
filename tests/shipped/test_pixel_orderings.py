import math

import numpy as np
import pytest
import torch

from made_course import MADE, binary_points
from made_course.shipped import pixel_orderings as module
from made_course.shipped.measured import load_many_masks, load_orderings
from made_course.shipped.pixel_orderings import (
    draw_part,
    draw_pixel_ordering,
    draw_places,
    pixel_groups,
    pixel_orderings,
)
from tools.ships import run_orderings as orderings
from tools.ships.run_orderings import MANY, MEMBERS, make_orderings, score_together

POINTS = binary_points(5)

# ---- the orderings -------------------------------------------------------------------------------


def test_each_is_a_permutation_and_the_random_ones_come_again():
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


def test_drawn_ways_are_sweeps_rings_and_chance():
    generator = torch.Generator().manual_seed(0)
    places = torch.stack([draw_places(generator) for _ in range(300)]).view(-1, 28, 28)
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


def test_every_other_time_a_part_comes_last_or_more_seldom_first(monkeypatch):
    part, generator = torch.arange(784) % 28 < 5, torch.Generator().manual_seed(0)
    monkeypatch.setattr(module, "draw_part", lambda _: part)
    drawn = torch.stack([draw_pixel_ordering(generator) for _ in range(200)])
    last, first = part[drawn[:, -140:]].all(1).sum(), part[drawn[:, :140]].all(1).sum()
    assert 55 < last < 95
    assert 10 < first < 40


# ---- scoring -------------------------------------------------------------------------------------


def test_scores_are_those_of_the_model():
    model = MADE(5, (6,), natural_order=False, num_masks=3, seed=0)
    single, mixture, logits = score_together(model, POINTS, members=3)
    for k in range(1, 4):
        expected = -model.log_prob(POINTS, ensemble=k).mean()
        torch.testing.assert_close(mixture[k - 1], expected)
    torch.testing.assert_close(single[0], mixture[0])
    torch.testing.assert_close(single[0], logits[0])
    assert int(model.mask_sets.position) == 0  # once around


@pytest.mark.parametrize("natural_order", [True, False])
def test_the_mean_of_logits_is_a_distribution_within_one_ordering_only(natural_order):
    torch.manual_seed(0)
    model = MADE(5, (8,), natural_order=natural_order, num_masks=4, seed=0).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 4
    claimed = [score_together(model, row[None].double(), members=4)[2][-1].item() for row in POINTS]
    total = sum(math.exp(-nats) for nats in claimed)
    assert (abs(total - 1) < 1e-9) == natural_order


# ---- what ships ----------------------------------------------------------------------------------


def test_what_ships_are_these_networks():
    log_prob = load_orderings()
    assert list(log_prob) == [*pixel_orderings(), "rows, start 2", "rows, start 3"]
    for of_images in log_prob.values():
        assert of_images.shape == (10_000,)
        assert of_images.dtype == torch.float32
        assert -80 < of_images.mean() < -60
    many = load_many_masks()
    assert [(run.name, run.num_masks, run.natural_order) for run in many] == list(MANY)
    for run in many:
        count = run.num_masks or MEMBERS
        assert run.single.shape == run.mixture.shape == run.logits.shape == (count,)
        bound = run.single.cummin(0).values + torch.arange(1.0, count + 1).log()
        assert bool((run.mixture <= bound + 1e-3).all())
        mean = run.single.cumsum(0) / torch.arange(1.0, count + 1)
        assert bool((run.mixture <= mean + 1e-3).all())


def test_rows_are_better_than_random():
    log_prob = load_orderings()
    random = [log_prob[f"random {k}"].mean() for k in [1, 2, 3]]
    rows = [log_prob[f"rows{start}"].mean() for start in ["", ", start 2", ", start 3"]]
    assert min(rows) > max(random) + 1


def test_across_orderings_the_mean_of_logits_claims_too_much():
    for run in load_many_masks():
        claims_more = bool(run.logits[-1] < run.mixture[-1] - 15)
        assert claims_more == (not run.natural_order)


def test_what_is_made_is_what_is_read(assets, monkeypatch, capsys):
    images = (torch.rand(30, 784) > 0.8).float()
    monkeypatch.setattr(orderings, "load_binarized_mnist", lambda name: (images, images[:5], name))
    monkeypatch.setattr(orderings, "EPOCHS", 1)
    monkeypatch.setattr(orderings, "HIDDEN", (6,))
    before = torch.get_rng_state()
    make_orderings()
    assert torch.equal(torch.get_rng_state(), before)
    log_prob = load_orderings()
    assert log_prob["columns"].shape == (5,)
    assert [len(run.mixture) for run in load_many_masks()] == [4, 32, MEMBERS, 32]
    said = capsys.readouterr().out
    assert f"columns: {-log_prob['columns'].mean():.2f} nats" in said
