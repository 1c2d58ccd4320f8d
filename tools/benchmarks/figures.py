"""Test NLL of two larger configurations on MNIST, in three orderings and in their mixture.

The configurations were chosen on images that were set aside from the training set. Here each one
is trained on all training images, once per seed, and scored once on the test images. The mixture is
the mean of the probabilities that the trained models give to an image. This takes hours.
"""

import math
from functools import partial

import torch

from made_course import MADE, fit, load_binarized_mnist, make_mnist_loaders
from made_course.model.sampling import evaluation_mode

from .measuring import SEEDS, print_progress, print_table, summarize, time_work

TEST_DRAW = 0
"""Seed of the single draw of test images on which the stochastic configuration is scored."""
PIXELS = torch.arange(784).view(28, 28)
ORDERINGS = PIXELS.flatten(), PIXELS.T.flatten(), PIXELS.flip(0).flatten()
BOTH = {"direct": True, "degrees": "even"}
CONFIGURATIONS = {  # how images are binarized → arguments of MADE and of fit
    "threshold": (
        BOTH | {"hidden_dims": (1536, 1536), "dropout": 0.1},
        {"epochs": 13, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
    ),
    "stochastic": (
        BOTH | {"hidden_dims": (2048, 2048), "dropout": 0.05},
        {"epochs": 45, "batch_size": 128, "lr": 3e-3, "weight_decay": 0.1},
    ),
}


def figures():
    rows = []
    for binarize, (made, settings) in CONFIGURATIONS.items():
        log_probs, seconds = [], []
        for seed in SEEDS:
            took, log_prob = time_work(partial(train_and_score, binarize, made, settings, seed))
            print_progress(
                f"figures: {binarize}, seed {seed}: {-log_prob.mean():.3f} nats, {took:.0f} s"
            )
            log_probs.append(log_prob)
            seconds.append(took)
        nats = [-log_prob.mean().item() for log_prob in log_probs]
        mixture = torch.stack(log_probs).logsumexp(0) - math.log(len(log_probs))
        rows.append((binarize, summarize(nats), f"{-mixture.mean():.2f}", summarize(seconds)))
        print(f"\n{binarize}: MADE {made}, fit {settings}")
    print_table(
        "Figures, test NLL in nats",
        ("images", "one ordering: mean (lowest to highest)", "mixture of them", "seconds each"),
        rows,
    )


def train_and_score(binarize, made, settings, seed):
    """Train a model in the ordering of its seed, and return log p of each test image."""
    torch.manual_seed(TEST_DRAW)
    train, test, _ = load_binarized_mnist("auto", binarize)
    if binarize == "stochastic":  # pixels are drawn again in each epoch
        train, _ = make_mnist_loaders(settings["batch_size"], "stochastic")
    torch.manual_seed(seed)
    model = MADE(784, ordering=ORDERINGS[seed % 3], seed=seed, **made)
    fit(model, train, seed=seed, progress=False, **settings)
    with torch.no_grad(), evaluation_mode(model):
        return torch.cat([model.log_prob(part) for part in test.split(1000)]).double()
