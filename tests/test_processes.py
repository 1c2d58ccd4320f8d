"""Training by several processes gives what training by one gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from made_course import random_streams
from made_course.processes import ALONE, Processes, processes_on
from made_course.train_command import main

ROOT = Path(__file__).parents[1]
RUNS = [
    f"{name}, {data}"
    for name in ("one mask", "fresh masks", "three masks")
    for data in ("tensor", "loader", "patient")
]
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")


def run(*arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    run("tests/train_together.py", folder)
    return json.loads((folder / "rank0.json").read_text())


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """The folder of two processes' results, and what they said."""
    folder = tmp_path_factory.mktemp("together")
    return folder, run(*TORCHRUN, "tests/train_together.py", folder)


@pytest.fixture(scope="module", params=[0, 1])
def of_rank(together, request):
    return json.loads((together[0] / f"rank{request.param}.json").read_text())


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_give_the_losses_and_weights_of_one(alone, of_rank, name):
    for measure in ("train", "valid", "weights"):
        assert of_rank[name][measure] == pytest.approx(alone[name][measure], rel=1e-5, abs=1e-9)
    assert len(set(alone[name]["train"])) == 4, "nothing was learned: the test proves nothing"


@pytest.mark.parametrize("name", RUNS)
def test_all_have_the_masks_of_one(alone, of_rank, name):
    assert of_rank[name]["orders"] == alone[name]["orders"]
    assert of_rank[name]["position"] == alone[name]["position"]


def test_the_first_process_alone_is_asked_and_writes_and_all_stop(together):
    folder, done = together
    first, second = (json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1))
    assert (first["calls"], second["calls"]) == ([1, 2], [])
    assert first["epochs until stopped"] == second["epochs until stopped"] == 2
    assert sorted(file.name for file in folder.iterdir()) == ["rank0.json", "rank1.json", "run.pt"]
    assert done.stdout == ""
    bars = [line for line in done.stderr.splitlines() if "step" in line and "100%" in line]
    assert len(bars) <= 1


def test_dropout_and_a_missing_seed_leave_the_processes_with_one_model(together):
    sums = {json.loads((together[0] / f"rank{r}.json").read_text())["with dropout"] for r in (0, 1)}
    assert len(sums) == 1


CPU = torch.device("cpu")


def dropout_of(seed, rank, batch=0, state=None):
    """What a process draws for its dropout in one batch, and the state of the common stream."""
    processes = Processes(rank, 2)
    with random_streams.stream_for(seed, CPU, processes):
        if state is not None:  # as a checkpoint brings it
            torch.set_rng_state(state)
        torch.randperm(5)
        common = torch.get_rng_state()
        with random_streams.stream_of_dropout(batch, processes):
            drawn = torch.rand(4).tolist()
        assert torch.equal(torch.get_rng_state(), common), "dropout moved the common stream"
    return drawn, common


def test_dropout_follows_the_seed_and_differs_between_processes_and_batches():
    before = torch.get_rng_state()
    first, state = dropout_of(seed=0, rank=0)
    assert dropout_of(seed=0, rank=0)[0] == first
    others = [dropout_of(1, 0)[0], dropout_of(0, 1)[0], dropout_of(0, 0, batch=1)[0]]
    assert len({tuple(drawn) for drawn in [first, *others]}) == 4
    assert dropout_of(seed=1, rank=0, state=state)[0] == first
    assert torch.equal(torch.get_rng_state(), before)


def test_alone_nothing_is_shared():
    batch = torch.arange(5)
    assert ALONE.share(batch) is batch
    assert ALONE.total(1.5, 2.0) == [1.5, 2.0]
    assert ALONE.agree("yes") == "yes"
    assert processes_on(torch.device("cpu")) == ALONE


@pytest.mark.parametrize("rows", [0, 1, 5, 6])
def test_shares_are_the_whole_batch(rows):
    batch = torch.arange(rows)
    shares = [Processes(rank, 3).share(batch) for rank in range(3)]
    assert torch.cat(shares).sort().values.equal(batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


# ---- the training command -----------------------------------------------------------------------

SMALL = ("--data", "small", "--hidden", "8", "--epochs", "1")


def test_the_command_on_one_process(tmp_path, capsys):
    file = tmp_path / "weights.pt"
    main([*SMALL, "--num-masks", "0", "--random-order", "--save", str(file)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("MNIST, small set")
    assert lines[1].startswith("epoch 1: train NLL ")
    assert lines[2].startswith("test NLL: ")
    assert lines[2].endswith(" nats, 1 process(es)")
    state = torch.load(file, weights_only=True)
    assert state["mask_sets.orders"].shape == (1, 784)
    assert state["net.0.weight"].shape == (8, 784)


def test_the_command_on_two_processes_gives_the_same(capsys):
    main([*SMALL, "--hidden"])
    expected = capsys.readouterr().out.splitlines()
    found = run(*TORCHRUN, "-m", "made_course.training", *SMALL, "--hidden").stdout.splitlines()
    assert len(found) == len(expected) == 3
    assert found[2].endswith(" nats, 2 process(es)")
    nll = [float(lines[2].split()[2]) for lines in (expected, found)]
    assert nll[1] == pytest.approx(nll[0], rel=1e-3)


def test_the_command_refuses_what_it_does_not_know(capsys):
    with pytest.raises(SystemExit):
        main(["--binarize", "softly"])
    assert "invalid choice: 'softly'" in capsys.readouterr().err
