"""The recorded runs have the structure of new runs, and the numbers that pages state."""

from functools import partial
from itertools import count

import pytest
import torch

from made_course import MADE, binary_points
from made_course.shipped.assets import read_asset
from made_course.shipped.measured import load_runs
from tools.ships import run

POINTS = binary_points(5)


def structure(value):
    """Return the keys and types of a value; for tensors, the dtype and number of dimensions."""
    if isinstance(value, dict):
        return {key: structure(item) for key, item in value.items()}
    if isinstance(value, torch.Tensor):
        return value.dtype, value.dim()
    if isinstance(value, list | tuple):
        return type(value), structure(value[0])
    return type(value)


@pytest.mark.delivery
@pytest.mark.parametrize("name", run.FILES)
def test_the_command_makes_a_file_like_the_one_that_ships(name, monkeypatch):
    images, labels = (torch.rand(1200, 784) > 0.8).float(), torch.randint(10, (1200,))
    few = images[:60], images[:50], "full"
    monkeypatch.setattr(run, "load_binarized_mnist", lambda name: few)
    monkeypatch.setattr(run, "images_outside_small_set", lambda: (images, images[:50], ""))
    monkeypatch.setattr(run, "mnist_labels", lambda name: (labels[:60], labels[:50]))
    monkeypatch.setattr(run, "HIDDEN", (6,))
    for epochs in ("EPOCHS", "LONG", "SHORT"):
        monkeypatch.setattr(run, epochs, 1)
    if name == "race":
        monkeypatch.setattr(run, "process_time", partial(next, count(step=2.0)))  # 2 s per call
        few_models = dict.fromkeys(run.MODELS, lambda: MADE(196, (4,), seed=0))
        monkeypatch.setattr(run, "MODELS", few_models)
    threads = torch.get_num_threads()
    made = run.FILES[name]()
    torch.set_num_threads(threads)
    shipped = read_asset(f"{name}.pt")
    assert structure(made) == structure(shipped)
    for made_runs, shipped_runs in zip(made.values(), shipped.values(), strict=True):
        if isinstance(shipped_runs, list):
            assert [one["name"] for one in made_runs] == [one["name"] for one in shipped_runs]


# ---- recipe --------------------------------------------------------------------------------------


def test_the_ladder_that_ships_has_these_recipes_and_learned():
    ladder = load_runs("recipe")["ladder"]
    assert {rung.name: rung.recipe for rung in ladder} == run.RUNGS
    for rung in ladder:
        model = MADE(784, run.HIDDEN, direct=rung.recipe["direct"])
        assert rung.parameters == model.n_parameters()
        assert rung.steps == run.EPOCHS * -(-60_000 // rung.recipe["batch_size"])
        for nll in (rung.train_nll, rung.test_nll):
            assert nll.shape == (2, run.EPOCHS)
            assert bool((nll[:, -1] < nll[:, 0]).all())
    assert ladder[0].test_nll[:, -1].mean() == pytest.approx(
        86.404, abs=0.5
    )  # from the notebook in docs/origins.md
    assert ladder[0].train_nll[:, -1].mean() == pytest.approx(87.306, abs=0.7)


# ---- orderings -----------------------------------------------------------------------------------


def test_the_many_masks_that_ship():
    many = load_runs("orderings")["many"]
    assert [(one.name, one.num_masks, one.natural_order) for one in many] == list(run.MANY)
    for one in many:
        counts = torch.arange(1.0, (one.num_masks or 32) + 1)
        assert one.single.shape == one.mixture.shape == one.logits.shape == counts.shape
        assert bool((one.mixture <= one.single.cummin(0).values + counts.log() + 1e-3).all())
        assert bool((one.mixture <= one.single.cumsum(0) / counts + 1e-3).all())
        claims_too_much = bool(one.logits[-1] < one.mixture[-1] - 15)
        assert claims_too_much == (not one.natural_order)


# ---- race and groups -----------------------------------------------------------------------------


def test_the_race_that_ships_had_equal_time_and_as_many_trials():
    shipped = load_runs("race")
    assert tuple(shipped) == (*run.TIMES, run.LONGEST)
    for seconds, runs in shipped.items():
        assert [one.name for one in runs] == list(dict.fromkeys(name for name, _ in run.MODELS))
        for one in runs:
            assert one.seconds == seconds
            assert one.curve[-1][0] == pytest.approx(seconds, rel=0.1)
            assert one.lr in run.RATES
            model = run.MODELS[one.name, one.size]()
            assert sum(p.numel() for p in model.parameters()) == one.parameters
