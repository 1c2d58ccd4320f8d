from dataclasses import replace

import pytest
import torch

from made_course import MADE
from made_course.shipped.measured import (
    Recipe,
    load_ladder,
    load_nll_to_beat,
    load_overfitting,
)
from tools.benchmarks import document
from tools.ships import run_recipes as recipe
from tools.ships.run_recipes import LADDER, OVERFITTING_EPOCHS, make_recipe, recipes, train_by

X = (torch.rand(60, 9, generator=torch.Generator().manual_seed(0)) > 0.6).float()
TRAIN, TEST = X[:40], X[40:]


# ---- the loop ------------------------------------------------------------------------------------


def test_plain_is_adam_at_a_constant_rate():
    plain = Recipe(batch_size=16)
    model, history = train_by(plain, TRAIN, TEST, epochs=3, hidden_dims=(6,), seed=1)
    torch.manual_seed(1)
    other = document.MADE(9, (6,), natural_order=False)
    optimizer = torch.optim.Adam(other.parameters(), lr=2e-3)
    for _ in range(3):
        for rows in torch.randperm(40).split(16):
            loss = -other.log_prob(TRAIN[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    torch.testing.assert_close(model.log_prob(X), other.log_prob(X))
    assert history.lr == [2e-3] * 3
    assert not model.training


# ---- the ladder ----------------------------------------------------------------------------------


def test_it_begins_with_the_document_s_run_and_changes_one_thing_a_rung():
    rungs = list(recipes().values())
    assert rungs[0] == Recipe(**document.RECIPE)
    for before, after, change in zip(rungs, rungs[1:], [*LADDER.values()][1:], strict=False):
        assert after != before
        assert after == replace(before, **change)


def test_what_ships_is_this_ladder():
    ladder = load_ladder()
    assert {rung.name: rung.recipe for rung in ladder} == recipes()
    assert [rung.name for rung in ladder] == list(LADDER)
    for rung in ladder:
        model = MADE(784, (512, 512), direct=rung.recipe.direct)
        assert rung.parameters == model.n_parameters()
        assert rung.steps == 10 * -(-60_000 // rung.recipe.batch_size)
        for nll in (rung.train_nll, rung.test_nll):
            assert nll.shape == (recipe.SEEDS, recipe.EPOCHS)
            assert bool((nll[:, -1] < nll[:, 0]).all())


def test_the_plain_recipe_reaches_what_the_document_says():
    plain = load_ladder()[0]
    assert plain.nats == pytest.approx(86.404, abs=0.5)
    assert plain.train_nll[:, -1].mean() == pytest.approx(87.306, abs=0.7)


def test_the_long_run_overfits():
    history = load_overfitting()
    assert len(history) == OVERFITTING_EPOCHS
    assert history.valid_nll[-1] > min(history.valid_nll) + 10
    assert history.train_nll == sorted(history.train_nll, reverse=True)


# ---- the file ------------------------------------------------------------------------------------


def test_what_is_made_is_what_is_read(assets, monkeypatch, capsys):
    images = (torch.rand(30, 784) > 0.8).float()
    monkeypatch.setattr(recipe, "load_binarized_mnist", lambda name: (images, images[:5], name))
    monkeypatch.setattr(recipe, "EPOCHS", 1)
    monkeypatch.setattr(recipe, "OVERFITTING_EPOCHS", 2)
    monkeypatch.setattr(recipe, "TO_BEAT_EPOCHS", 1)
    make_recipe()
    ladder = load_ladder()
    assert [rung.name for rung in ladder] == list(LADDER)
    assert ladder[0].test_nll.shape == (recipe.SEEDS, 1)
    assert len(load_overfitting()) == 2
    assert load_nll_to_beat().shape == (5,)
    said = capsys.readouterr().out
    assert f"plain recipe: {ladder[0].nats:.2f} nats" in said
