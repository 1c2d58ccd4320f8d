"""Time ten epochs of a plain loop, train_made and fit, and score the weights that ship."""

import math

import torch

from made_course import MADE, evaluate, fit, load_binarized_mnist, load_pretrained, train_made

from . import plain_recipe
from .measuring import print_progress, print_table, time_work


def recipe():
    epochs, hidden = plain_recipe.EPOCHS, plain_recipe.HIDDEN
    _, (_, test, _) = time_work(lambda: load_binarized_mnist("auto"))

    def run_plain_loop():
        return plain_recipe.train(epochs, hidden, **plain_recipe.RECIPE)

    def run_train_made():
        return train_made(epochs=epochs, hidden=hidden, **plain_recipe.RECIPE)

    def run_fit(precision):
        train, *_ = load_binarized_mnist("auto")
        model = MADE(784, hidden, natural_order=False, seed=0)
        fit(model, train, epochs=epochs, precision=precision, seed=0, progress=False)
        return evaluate(model, test)

    works = {"plain loop": run_plain_loop, "train_made": run_train_made}
    for precision in ("float32", "bfloat16"):
        works[f"fit, {precision}"] = lambda precision=precision: run_fit(precision)
    rows, plain_seconds = [], None
    for name, work in works.items():
        print_progress(f"recipe: {name}")
        seconds, score = time_work(work)
        # train_made returns its model, whose evaluation is part of the measured time
        nats = evaluate(score, test) if isinstance(score, MADE) else score
        plain_seconds = plain_seconds or seconds
        rows.append((name, f"{nats:.2f}", f"{seconds:.2f}", f"{plain_seconds / seconds:.2f}×"))
    print_table(
        f"Recipe, {epochs} epochs, {'-'.join(map(str, hidden))}, each run once, loading and "
        "evaluation included",
        ("what", "test NLL (nats)", "seconds", "faster"),
        rows,
    )


def shipped():
    _, (train, test, _) = time_work(lambda: load_binarized_mnist("auto"))
    # count one more image with ink and one without, because log 0 would be infinite
    ink = (train.double().sum(0) + 1) / (len(train) + 2)
    pixels = torch.distributions.Bernoulli(ink)
    nats = {
        "a coin for each pixel": 784 * math.log(2),
        "independent pixels": -pixels.log_prob(test.double()).sum(1).mean().item(),
        "mnist-512": evaluate(load_pretrained("mnist-512"), test),
        "mnist-any-order, in one random ordering": evaluate(
            load_pretrained("mnist-any-order"), test, ensemble=1
        ),
    }
    print_table(
        f"Shipped, {len(test):,} test images",
        ("what", "test NLL (nats)"),
        [(name, f"{value:.1f}") for name, value in nats.items()],
    )
