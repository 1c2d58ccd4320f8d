"""Ten epochs by the document, by train_made and by fit, and the NLL of the weights that ship."""

import math

import torch

from made_course import MADE, evaluate, fit, load_binarized_mnist, load_pretrained, train_made

from . import document
from .measuring import say, table, timed


def recipe(_options):
    epochs, hidden = document.EPOCHS, document.HIDDEN
    _, (_, test, _) = timed(lambda: load_binarized_mnist("auto"))

    def by_document():
        return document.train(epochs, hidden, **document.RECIPE)[1]

    def by_train_made():
        return train_made(epochs=epochs, hidden=hidden, **document.RECIPE)

    def by_fit_in(precision):
        train, *_ = load_binarized_mnist("auto")
        model = MADE(784, hidden, natural_order=False, seed=0)
        fit(model, train, epochs=epochs, precision=precision, seed=0, progress=False)
        return evaluate(model, test)

    works = {"document": by_document, "train_made": by_train_made}
    for precision in ("float32", "bfloat16"):
        works[f"fit, {precision}"] = lambda precision=precision: by_fit_in(precision)
    rows, theirs = [], None
    for name, work in works.items():
        say(f"recipe: {name}")
        seconds, score = timed(work)
        # train_made returns its model, and its last line has already evaluated it
        nats = evaluate(score, test) if isinstance(score, MADE) else score
        theirs = theirs or seconds
        rows.append((name, f"{nats:.2f}", f"{seconds:.2f}", f"{theirs / seconds:.2f}×"))
    table(
        f"Recipe, {epochs} epochs, {'-'.join(map(str, hidden))}, each run once, loading and "
        "evaluation included",
        ("what", "test NLL (nats)", "seconds", "faster"),
        rows,
    )


def shipped(_options):
    _, (train, test, _) = timed(lambda: load_binarized_mnist("auto"))
    # one more image with ink and one without, because log 0 would be infinite
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
    table(
        f"Shipped, {len(test):,} test images",
        ("what", "test NLL (nats)"),
        [(name, f"{value:.1f}") for name, value in nats.items()],
    )
