"""Checkpoints: a resumed run ends like an uninterrupted one, or raises a clear error."""

import re

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from made_course import MADE
from made_course.training import precision
from tests.training.learning_runs import (
    DATA,
    ONES,
    ZEROS,
    Loader,
    many,
    measured,
    run,
    same,
    small,
    state,
    stop_after,
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run.pt"


# ---- resumed runs -------------------------------------------------------------------------------


def tensor():
    return DATA


def loader():
    return DataLoader(TensorDataset(DATA), 40, shuffle=True)


def loader_with_generator():
    return DataLoader(DATA, 40, shuffle=True, generator=torch.Generator().manual_seed(11))


def noisy(weight_seed=0):
    return small(weight_seed, dropout=0.3)


def of_three_sets(weight_seed=0):
    return many(3, weight_seed=weight_seed, dropout=0.3, conditioning=True)


def of_fresh_sets(weight_seed=0):
    return many(None, weight_seed=weight_seed, dropout=0.3, seed=None, direct=True)


IN_VAIN = {"epochs": 50, "valid": 1 - DATA, "patience": 6}
PATIENT = {"epochs": 6, "valid": DATA[:50], "patience": 5}
OF_NUMPY = {"lr": np.float64(0.02), "batch_size": np.int64(32), "weight_decay": np.float64(0.1)}


@pytest.mark.parametrize(
    ("model", "data", "arguments"),
    [
        (noisy, tensor, {"epochs": np.int64(5), "seed": np.int64(0), **OF_NUMPY}),
        (noisy, tensor, {"epochs": 5, "precision": "bfloat16", "valid": 1 - DATA}),
        (noisy, tensor, IN_VAIN),  # the rate falls before and after
        (noisy, loader, {**PATIENT, "seed": None}),
        (of_three_sets, loader_with_generator, PATIENT),
        (of_fresh_sets, tensor, {**PATIENT, "seed": None}),
    ],
)
def test_a_run_that_went_on_ends_as_one_that_never_stopped(file, model, data, arguments):
    arguments = {"seed": 0, **arguments}
    torch.manual_seed(5)
    straight = model()
    expected = run(straight, data(), **arguments)

    torch.manual_seed(5)
    run(model(), data(), checkpoint=str(file), on_epoch=stop_after(3), **arguments)

    torch.manual_seed(777)  # another day, another process
    resumed = model(weight_seed=1)
    resumed.resample_masks()
    history = run(resumed, data(), checkpoint=file, **arguments)
    assert measured(history) == measured(expected)
    assert len(history) > 3
    assert same(state(resumed), state(straight))


@pytest.mark.parametrize("arguments", [{"epochs": 3}, {"epochs": 99, "patience": 2}])
def test_a_finished_run_returns_at_once(file, arguments):
    finished = small()
    expected = run(finished, Loader(batches=ZEROS.split(20)), ONES, checkpoint=file, **arguments)
    content = file.read_bytes()

    model, train, called = small(weight_seed=1).train(), Loader(batches=ZEROS.split(20)), []
    history = run(
        model,
        train,
        ONES,
        checkpoint=file,
        on_epoch=lambda model, history: called.append(1),
        **arguments,
    )
    assert history == expected
    assert (len(expected), train.epoch, called) == (3, 0, [])
    assert same(state(model), state(finished))
    assert not model.training
    assert file.read_bytes() == content


def test_a_resumed_run_keeps_the_precision_it_began_with(file, monkeypatch):
    monkeypatch.setattr(precision, "bfloat16_is_faster", lambda device: True)
    run(small(), precision="auto", checkpoint=file, on_epoch=stop_after(2))
    monkeypatch.setattr(precision, "bfloat16_is_faster", lambda device: False)
    history = run(small(1), precision="auto", checkpoint=file)
    assert measured(history) == measured(run(small(), precision="bfloat16"))
    assert measured(history) != measured(run(small(), precision="float32"))


# ---- checkpoints of another run -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"lr": 0.03}, "lr was 0.02 and is now 0.03"),
        ({"epochs": 4}, "epochs was 3 and is now 4"),
        ({"patience": 2}, "patience was None and is now 2"),
        ({"valid": None}, "valid was"),
        ({"train": DATA.flip(0)}, "train was"),  # the same rows in another order
        ({"model": MADE(3, (17,), ordering=[1, 2, 0], seed=0)}, "model was"),
        ({"model": small().double()}, "model was"),
    ],
)
def test_a_checkpoint_of_another_configuration_is_refused(file, changed, named):
    arguments = {"model": small(1), "train": DATA, "valid": DATA[:50], "weight_decay": 0.1}
    run(**arguments, checkpoint=file, on_epoch=stop_after(2))
    content = file.read_bytes()

    arguments |= {"model": small(2), **changed}
    before, stream = state(arguments["model"]), torch.get_rng_state()
    with pytest.raises(ValueError, match=re.escape(named)) as caught:
        run(**arguments, checkpoint=file)
    assert str(file) in str(caught.value)
    assert "another checkpoint file" in str(caught.value)
    assert same(state(arguments["model"]), before)
    assert torch.equal(torch.get_rng_state(), stream)
    assert file.read_bytes() == content


def test_a_checkpoint_of_another_long_ordering_is_refused(file):
    """Use orderings that look equal in the printed model, because it shortens them."""
    models = [MADE(9, (), ordering=[*range(7), *last]) for last in ([7, 8], [8, 7])]
    run(models[0], torch.ones(5, 9), checkpoint=file)
    with pytest.raises(ValueError, match="another configuration: ordering was"):
        run(models[1], torch.ones(5, 9), checkpoint=file)


@pytest.mark.parametrize("content", [[1, 2], small().state_dict()])
def test_a_foreign_file_is_named_and_not_changed(file, content):
    torch.save(content, file)
    model, before = small(1), file.read_bytes()
    with pytest.raises(ValueError, match=r"run\.pt is not a checkpoint of fit.*[Dd]elete it"):
        run(model, checkpoint=file)
    assert same(state(model), state(small(1)))
    assert file.read_bytes() == before
