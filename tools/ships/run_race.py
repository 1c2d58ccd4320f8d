"""MADE, masked convolutions and a Transformer at equal processor time.

``python -m tools.ships.run_race`` trains them on digits of 14 × 14 pixels and writes what came
into ``shipped/files``; it needs full MNIST and takes eight minutes of two idle cores.

All have the same recipe, that of :func:`made_course.fit` with seconds in place of epochs: AdamW
with weight decay, one cycle of the rate, gradients shortened, batches of 32 rows. For each model,
two sizes and four rates are tried, and 1,000 images that are kept apart choose; for 1.2 seconds,
and once more for 12. What is chosen then gets 120. Seconds are those of one core in training alone,
by ``time.process_time``, so that other programs take none.

What the search leaves open: 0.03, the largest rate, is chosen more often than not, all runs have
one seed, and a size chosen in 12 seconds may be too small for 120. On a machine that was busy with
other work each model saw fewer images in its seconds, MADE less than half as many; they came out in
the same order.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import torch
from torch import Tensor, nn

from made_course import MADE, PixelCNN, Transformer, evaluate, load_binarized_mnist
from made_course.shipped.measured import RACE as FILE
from made_course.training.schedules import one_cycle
from tools.ships.train_weights import images_outside_small_set, write_asset

TIMES, LONGEST = (1.2, 12.0), 120.0
RATES = 0.001, 0.003, 0.01, 0.03
KEPT, BATCH, MARKS = 1000, 32, 8
MODELS: Mapping[str, Mapping[str, Callable[[], nn.Module]]] = {
    "MADE": {
        "512 units": lambda: MADE(196, (512,), degrees="even", direct=True, seed=0),
        "512-512 units": lambda: MADE(196, (512, 512), degrees="even", direct=True, seed=0),
    },
    "masked convolution": {
        "16 channels": lambda: PixelCNN(14, channels=16, layers=4),
        "32 channels": lambda: PixelCNN(14, channels=32, layers=4),
    },
    "Transformer": {
        "width 32": lambda: Transformer(196, width=32, layers=2, heads=2),
        "width 64": lambda: Transformer(196, width=64, layers=2, heads=4),
    },
}


def train_for(
    seconds: float, model: nn.Module, train: Tensor, valid: Tensor, lr: float
) -> tuple[int, list[tuple[float, float]]]:
    """Train a model for some seconds of one core; looking at ``valid`` takes none of them.

    Returns:
        how many rows it has seen, and (seconds, nats of the validation rows) along the way.
    """
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.03, fused=True)
    used, seen, curve = 0.0, 0, []
    marks = [seconds * (1 - k / MARKS) ** 2 for k in range(MARKS)]
    while used < seconds:
        start = time.process_time()
        model.train()
        optimizer.param_groups[0]["lr"] = lr * one_cycle(int(1000 * used / seconds), 1000)
        loss = -model.log_prob(train[torch.randint(len(train), (BATCH,))]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        used, seen = used + time.process_time() - start, seen + BATCH
        if used >= marks[-1]:
            marks.pop()
            curve.append((used, evaluate(model, valid)))
    return seen, curve


def run(name: str, size: str, lr: float, seconds: float) -> dict:
    """One run, in a process of its own."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images, test = digits()
    train, valid = images[:-KEPT], images[-KEPT:]
    model = MODELS[name][size]()
    seen, curve = train_for(seconds, model, train, valid[:200], lr)
    result = {"name": name, "size": size, "lr": lr, "seconds": seconds, "rows": seen}
    result |= {"parameters": sum(p.numel() for p in model.parameters()), "curve": curve}
    result |= {"valid": evaluate(model, valid), "test": evaluate(model, test)}
    shown = (f"{result[key]:.2f}" for key in ("valid", "test"))
    print(name, size, lr, f"{seconds} s, {seen:,} rows:", *shown, flush=True)
    return result


def halve(images: Tensor) -> Tensor:
    """(N, 784) to (N, 196): ink where one of 2 × 2 pixels has ink."""
    return nn.functional.max_pool2d(images.view(-1, 1, 28, 28), 2).flatten(1)


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Images of 14 × 14 to learn from, 55,000, and the 1,000 that test the small set."""
    images, _, _ = images_outside_small_set()
    return halve(images), halve(load_binarized_mnist("small")[1])


def best(runs: list[dict]) -> dict:
    """The run whose validation rows cost least."""
    return min(runs, key=lambda run: run["valid"])


def make_race() -> None:
    """Make all runs, and write them with a checksum into ``shipped/files``.

    Raises:
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``shipped/files`` cannot be written.
    """
    digits()  # so that it fails at once, and here
    chosen = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for seconds in TIMES:
            trials = [
                pool.submit(run, name, size, lr, seconds)
                for name, sizes in MODELS.items()
                for size in sizes
                for lr in RATES
            ]
            runs = [trial.result() for trial in trials]
            chosen[seconds] = [best([r for r in runs if r["name"] == name]) for name in MODELS]
        longest = [
            pool.submit(run, c["name"], c["size"], c["lr"], LONGEST) for c in chosen[TIMES[-1]]
        ]
        chosen[LONGEST] = [one.result() for one in longest]
    write_asset(FILE, chosen)


if __name__ == "__main__":
    try:
        make_race()
    except OSError as error:
        sys.exit(str(error))
