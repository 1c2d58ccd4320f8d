import math

import pytest
import torch

from made_course import MADE, binary_points
from made_course.shipped.measured import load_many_masks, load_orderings
from made_lessons.notebook_07.pixel_orderings import pixel_orderings
from tools.ships import run_orderings as orderings
from tools.ships.run_orderings import MANY, MEMBERS, make_orderings, score_together

POINTS = binary_points(5)

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
