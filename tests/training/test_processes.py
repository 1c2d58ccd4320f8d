"""Several processes train the same model as one process; the training command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from made_course import MADE, evaluate
from made_course.data.mnist import load_mnist
from made_course.data.mnist_binarized import make_binarized_loader
from made_course.training.__main__ import main
from made_course.training.processes import Processes
from tests.training.train_together import RUNS, results_of

ROOT = Path(__file__).parents[2]
with_torchrun = pytest.mark.delivery  # slow, because three processes load PyTorch


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return results_of(0, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder with the results of two processes."""
    folder = tmp_path_factory.mktemp("together")
    torchrun = "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"
    done = subprocess.run(
        [sys.executable, *torchrun, "tests/training/train_together.py", folder],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def together(folder):
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]


@with_torchrun
@pytest.mark.parametrize("name", RUNS)
def test_two_processes_give_the_losses_weights_and_masks_of_one(alone, together, name):
    for of_rank in together:
        for measure in ("train", "valid", "weights"):
            assert of_rank[name][measure] == pytest.approx(alone[name][measure], rel=1e-5, abs=1e-9)
        assert of_rank[name]["orders"] == alone[name]["orders"]
        assert of_rank[name]["position"] == alone[name]["position"]
    assert len(set(alone[name]["train"])) == 4, "nothing was learned: the test proves nothing"


@with_torchrun
def test_the_first_process_alone_is_asked_and_writes_and_all_stop(folder, together):
    first, second = (results["stopped"] for results in together)
    assert (first["epochs"], first["calls"]) == (2, [1, 2])
    assert (second["epochs"], second["calls"], second["bars"]) == (2, [], "")
    assert "2/9" in first["bars"]
    names = ["made.pt", "rank0.json", "rank1.json", "run0.pt"]
    assert sorted(file.name for file in folder.iterdir()) == names


@with_torchrun
def test_dropout_and_a_missing_seed_leave_the_processes_with_one_model(together):
    assert together[0]["noisy"] == together[1]["noisy"]


def test_dropout_follows_the_seed_and_differs_between_processes_and_steps():
    before = torch.get_rng_state()

    def draw(seed, rank, step, state=None):
        processes = Processes(rank, size=2)
        with processes.using_seed(seed):
            if state is not None:  # as from a checkpoint
                torch.set_rng_state(state)
            torch.randperm(5)
            common = torch.get_rng_state()
            with processes.using_dropout_stream(step):
                drawn = tuple(torch.rand(4).tolist())
            assert torch.equal(torch.get_rng_state(), common), "dropout moved the common stream"
        return drawn, common

    first, common = draw(seed=0, rank=0, step=0)
    assert draw(seed=0, rank=0, step=0)[0] == first
    others = [draw(1, 0, 0)[0], draw(0, 1, 0)[0], draw(0, 0, 1)[0]]
    assert len({first, *others}) == 4
    assert draw(seed=1, rank=0, step=0, state=common)[0] == first
    assert torch.equal(torch.get_rng_state(), before)


# ---- the training command -----------------------------------------------------------------------


@with_torchrun
def test_the_command_on_two_processes_gives_the_same(alone, together):
    expected, found = alone["printed"], together[0]["printed"]
    assert together[1]["printed"] == []
    assert len(found) == len(expected) == 3
    assert found[1].endswith(" nats, after 1 epochs, 2 process(es)")
    nll = [float(lines[1].split()[2]) for lines in (expected, found)]
    assert nll[1] == pytest.approx(nll[0], rel=1e-3)


def test_the_command_trains_what_it_was_told_and_saves_it(tmp_path, capsys):
    saved, checkpoint = tmp_path / "made.pt", tmp_path / "run.pt"
    network = "--hidden 8 --random-order --direct --dropout 0.1 --num-masks 0 --seed 3"
    training = "--epochs 1 --batch-size 500 --lr 0.01 --weight-decay 0.2 --data small"
    files = "--save", str(saved), "--checkpoint", str(checkpoint)
    main([*network.split(), *training.split(), *files])

    settings = torch.load(checkpoint, weights_only=True)["settings"]
    given = {"epochs": 1, "lr": 0.01, "weight_decay": 0.2, "seed": 3}
    assert given.items() <= settings.items()
    assert settings["train"] == "loader of 8 batches"
    network = {"degrees": "even", "direct": True, "dropout": 0.1, "num_masks": None, "seed": 3}
    model = MADE(784, [8], natural_order=False, **network)
    assert settings["model"] == f"{model!r} in torch.float32"

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("MNIST, small set")
    assert lines[2] == f"model: MADE.load({str(saved)!r})"
    _, test, _ = load_mnist("small")
    nll = evaluate(MADE.load(saved), make_binarized_loader(test, 1000, "threshold", shuffle=False))
    assert lines[1] == f"test NLL: {nll:.3f} nats, after 1 epochs, 1 process(es)"
