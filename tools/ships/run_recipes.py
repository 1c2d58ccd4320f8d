"""What a better recipe buys at the same cost, one change at a time, and a run that overfits.

``python -m tools.ships.run_recipes`` makes the runs and writes their learning curves into
``shipped/files``; it needs full MNIST and takes some twenty-five minutes on two cores.

Every run of the *ladder* is a 512-512 MADE that sees MNIST's 60,000 training images ten times. The
first is the plainest recipe (that of :func:`made_course.train_made` with a random ordering); each
rung changes one thing more, and the rate with it where the cycle or the batch asks for another.
Whatever had to be chosen, such as a rate, was chosen on 5,000 of the training images, set aside for
it, and never on the test images.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import torch
from torch import Tensor, nn

from made_course import MADE, History, evaluate, load_binarized_mnist
from made_course.model.made import scale_weights
from made_course.shipped.measured import RECIPE as FILE
from made_course.shipped.measured import Recipe
from made_course.training.schedules import one_cycle
from tools.ships.train_weights import write_asset

SEEDS = 2
EPOCHS = 10

LADDER: Mapping[str, Mapping[str, object]] = {
    "plain recipe": {},
    "raster ordering": {"natural_order": True},
    "direct connections": {"direct": True},
    "even degrees": {"degrees": "even"},
    "larger rate": {"lr": 0.01},
    "rate in one cycle": {"lr": 0.015, "cycle": True},
    "gradient shortened": {"max_norm": 1.0},
    "weight decay": {"weight_decay": 0.03},
    "smaller batches": {"batch_size": 128, "lr": 7e-3},
    "initial weights": {"scaled_weights": True},
    "random ordering again": {"natural_order": False},
}
"""Name of each rung → what it changes; the rungs before it keep what they have changed."""

OVERFITTING = Recipe(
    natural_order=True, direct=True, degrees="even", batch_size=64, scaled_weights=True
)
OVERFITTING_EPOCHS = 60

TO_BEAT = Recipe(
    natural_order=True,
    direct=True,
    degrees="even",
    dropout=0.3,
    lr=0.015,
    cycle=True,
    max_norm=1.0,
    weight_decay=0.03,
    batch_size=64,
    scaled_weights=True,
)
"""Section 6 of notebook 5, as :func:`made_course.fit` does it."""


def recipes() -> dict[str, Recipe]:
    """What each rung of the ladder chooses in all.

    Example:
        >>> rungs = recipes()
        >>> rungs["direct connections"].natural_order, rungs["direct connections"].degrees
        (True, 'uniform')
    """
    chosen, found = {}, {}
    for name, change in LADDER.items():
        chosen |= change
        found[name] = Recipe(**chosen)
    return found


def train_by(
    recipe: Recipe,
    train: Tensor,
    test: Tensor,
    *,
    epochs: int = EPOCHS,
    hidden_dims: Sequence[int] = (512, 512),
    seed: int = 0,
) -> tuple[MADE, History]:
    """Train a new MADE by a recipe, and score it on other images after every epoch.

    The model keeps the weights of the last epoch: nothing is chosen by the scores.

    Args:
        recipe: what to choose.
        train: (N, D) images to learn from.
        test: (M, D) images for the score.
        epochs: passes over ``train``.
        hidden_dims: width of each hidden layer.
        seed: governs everything that is drawn; torch's global stream is left alone.

    Example:
        >>> x = torch.tensor([[0.0, 0, 0], [0, 1, 1], [1, 1, 0]]).repeat(40, 1)
        >>> plain = Recipe(lr=0.05, batch_size=60)
        >>> model, history = train_by(plain, x, x, epochs=40, hidden_dims=(8,))
        >>> len(history), history.valid_nll[-1] < 1.2  # ln 3 = 1.10 nats is the floor
        (40, True)
    """
    steps = -(-len(train) // recipe.batch_size) * epochs
    history = History()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MADE(
            train.shape[1],
            hidden_dims,
            recipe.natural_order,
            degrees=recipe.degrees,
            direct=recipe.direct,
            dropout=recipe.dropout,
        )
        if not recipe.scaled_weights:
            scale_weights(model, 0.5)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True
        )
        step = 0
        for _ in range(epochs):
            model.train()
            total = 0.0
            for rows in torch.randperm(len(train)).split(recipe.batch_size):
                if recipe.cycle:
                    optimizer.param_groups[0]["lr"] = recipe.lr * one_cycle(step, steps)
                loss = -model.log_prob(train[rows]).mean()
                optimizer.zero_grad()
                loss.backward()
                if recipe.max_norm is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), recipe.max_norm)
                optimizer.step()
                total += loss.item() * len(rows)
                step += 1
            history.append(
                train_nll=total / len(train),
                valid_nll=evaluate(model, test),
                lr=optimizer.param_groups[0]["lr"],
                seconds=0.0,  # what ships must not depend on the machine
            )
    return model.eval(), history


def make_recipe() -> None:
    """Make all runs and write their learning curves, with a checksum, into ``shipped/files``.

    Raises:
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``shipped/files`` cannot be written.
    """
    train, test, _ = load_binarized_mnist("full")
    ladder = [_measured(name, recipe, train, test) for name, recipe in recipes().items()]
    with contextlib.redirect_stdout(io.StringIO()):
        images, small_test, _ = load_binarized_mnist("small")
    n_valid = len(images) // 10  # as in notebook 5
    _, history = train_by(
        OVERFITTING, images[n_valid:], images[:n_valid], epochs=OVERFITTING_EPOCHS
    )
    print(f"overfitting: best epoch {history.best_epoch}, {min(history.valid_nll):.2f} nats, then")
    print(f"validation {history.valid_nll[-1]:.2f}, train {history.train_nll[-1]:.2f}")
    to_beat = _nll_to_beat(images, small_test)
    print(f"to beat with {len(images):,} images: {to_beat.mean():.2f} nats")
    write_asset(FILE, {"ladder": ladder, "overfitting": asdict(history), "to_beat": to_beat})


def _nll_to_beat(train: Tensor, test: Tensor) -> Tensor:
    models = [train_by(TO_BEAT, train, test, epochs=EPOCHS, seed=seed)[0] for seed in range(SEEDS)]
    return torch.stack([-model.log_prob(test).detach() for model in models]).mean(0)


def _measured(name: str, recipe: Recipe, train: Tensor, test: Tensor) -> dict:
    runs = [train_by(recipe, train, test, epochs=EPOCHS, seed=seed) for seed in range(SEEDS)]
    test_nll = torch.tensor([history.valid_nll for _, history in runs])
    last = ", ".join(f"{nats:.2f}" for nats in test_nll[:, -1].tolist())
    print(f"{name}: {test_nll[:, -1].mean():.2f} nats ({last})", flush=True)
    return {
        "name": name,
        "recipe": asdict(recipe),
        "parameters": runs[0][0].n_parameters(),
        "steps": -(-len(train) // recipe.batch_size) * EPOCHS,
        "train_nll": torch.tensor([history.train_nll for _, history in runs]),
        "test_nll": test_nll,
    }


if __name__ == "__main__":
    try:
        make_recipe()
    except OSError as error:
        sys.exit(str(error))
