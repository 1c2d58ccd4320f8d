"""Train toy models and write the results, in one process or in several under torchrun."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import torch

from made_course import MADE, fit
from made_course.training.__main__ import main as command

ROWS = (torch.rand(37, 6, generator=torch.Generator().manual_seed(3)) > 0.4).double()


class Loader:
    """Batches of uneven size, shuffled by torch's global stream as a DataLoader's are."""

    def __len__(self):
        return 5

    def __iter__(self):
        return iter(ROWS[torch.randperm(37)].split(8))


MANY = {"natural_order": False, "conditioning": True, "direct": True}
RUNS = {
    "one mask": ({}, {"train": ROWS, "valid": ROWS[:7]}),
    "fresh masks": ({**MANY, "num_masks": None}, {"train": Loader(), "valid": Loader()}),
    "three masks": ({**MANY, "num_masks": 3}, {"train": ROWS, "valid": ROWS[:7], "patience": 9}),
}
QUIET = {"batch_size": 9, "lr": 0.05, "precision": "float32", "progress": False}


def model_of(rank, **arguments):
    torch.manual_seed(rank)  # different models, of which the first process's is trained
    return MADE(6, (8, 8), **arguments).double()


def what_came_out(model, history):
    return {
        "train": history.train_nll,
        "valid": history.valid_nll,
        "weights": torch.cat([p.detach().ravel() for p in model.parameters()]).tolist(),
        "orders": model.mask_sets.orders.tolist(),
        "position": int(model.mask_sets.position),
    }


def results_of(rank, folder):
    """Return the results of each run, and the printed lines."""
    results, calls = {}, []
    printed, bars = io.StringIO(), io.StringIO()

    def stop_after_two(_, history):
        calls.append(len(history))
        return len(history) == 2

    with redirect_stdout(printed), redirect_stderr(bars):
        for name, (arguments, data) in RUNS.items():
            model = model_of(rank, **arguments)
            history = fit(model, **data, epochs=4, seed=1, **QUIET)
            results[name] = what_came_out(model, history)
        file = folder / f"run{rank}.pt"
        stopped = fit(model_of(rank), ROWS, epochs=9, checkpoint=file, on_epoch=stop_after_two)
        # without a seed, all processes use the seed of the first
        noisy = model_of(rank, dropout=0.5, **MANY, num_masks=None)
        results["noisy"] = what_came_out(noisy, fit(noisy, ROWS, ROWS, epochs=2, **QUIET))
        command(["--data", "small", "--hidden", "--epochs", "1", "--save", str(folder / "made.pt")])
    results["stopped"] = {"epochs": len(stopped), "calls": calls, "bars": bars.getvalue()}
    results["printed"] = printed.getvalue().splitlines()
    return results


if __name__ == "__main__":
    rank, folder = int(os.environ["RANK"]), Path(sys.argv[1])
    Path(folder, f"rank{rank}.json").write_text(json.dumps(results_of(rank, folder)))
