"""Trains toy models and prints what came out: run by one process, or by several under torchrun."""

import json
import os
import sys
from pathlib import Path

import torch

from made_course import MADE, fit

RANK = int(os.environ.get("RANK", 0))
ROWS = (torch.rand(37, 6, generator=torch.Generator().manual_seed(3)) > 0.4).double()
MODELS = {
    "one mask": {},
    "fresh masks": {"natural_order": False, "num_masks": None},
    "three masks": {"natural_order": False, "num_masks": 3, "conditioning": True, "direct": True},
}


class Loader:
    """Batches of uneven size, shuffled by torch's global stream as a DataLoader's are."""

    def __len__(self):
        return 5

    def __iter__(self):
        return iter(ROWS[torch.randperm(37)].split(8))


def model_of(name):
    torch.manual_seed(RANK)  # processes begin with models that differ, and train the first one's
    return MADE(6, (8, 8), **MODELS[name]).double()


def main(folder):
    calls, results = [], {}
    for name in MODELS:
        for data in ("tensor", "loader", "patient"):
            model = model_of(name)
            history = fit(
                model,
                Loader() if data == "loader" else ROWS,
                Loader() if data == "loader" else ROWS[:7],
                epochs=4,
                batch_size=9,
                lr=0.05,
                patience=9 if data == "patient" else None,
                seed=1,
                precision="float32",
                progress=False,
            )
            weights = torch.cat([p.detach().ravel() for p in model.parameters()])
            results[f"{name}, {data}"] = {
                "train": history.train_nll,
                "valid": history.valid_nll,
                "weights": weights.tolist(),
                "orders": model.mask_sets.orders.tolist(),
                "position": int(model.mask_sets.position),
            }

    def stop_after_two(_, history):
        calls.append(len(history))
        return len(history) == 2

    stopped = fit(
        model_of("one mask"),
        ROWS,
        epochs=9,
        checkpoint=Path(folder) / "run.pt",
        on_epoch=stop_after_two,
        seed=1,
    )
    noisy = MADE(6, (64,), dropout=0.5, seed=0).double()
    fit(noisy, ROWS, epochs=2, progress=False)  # without a seed all use the first one's
    results["calls"] = calls
    results["epochs until stopped"] = len(stopped)
    results["with dropout"] = noisy.net[0].weight.sum().item()
    Path(folder, f"rank{RANK}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1])
