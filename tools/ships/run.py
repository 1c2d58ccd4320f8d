"""Train the networks whose measurements notebooks show: ``python -m tools.ships.run NAME``.

Each NAME becomes a file in ``made_course/shipped/files``. All need full MNIST, and take

recipe     25 minutes, notebook 5: a ladder of recipes, an overfitting run, the baseline of 5.4
orderings  15 minutes, notebook 7: seven orderings of the pixels, and many sets of masks
race       12 minutes, notebook 10: three kinds of models with equal time on one idle core
groups     60 minutes, notebook 11: several pixels in one step, labels, and plain classifiers

Rates and sizes were chosen on training images that were set aside, never on test images.
"""

import sys
from itertools import islice, pairwise, repeat
from time import process_time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, logsigmoid, max_pool2d

import made_course as mc
from made_course import MADE, evaluate, fit, load_binarized_mnist, mnist_labels
from made_course.model.made import scale_weights
from made_course.training.schedules import one_cycle
from made_lessons.notebook_07.pixel_orderings import pixel_orderings
from tools.ships.pixel_groups import pixel_groups
from tools.ships.train_weights import images_outside_small_set, write_asset

HIDDEN, EPOCHS, SEEDS = (512, 512), 10, (0, 1, 2)
PLAIN = {"natural_order": False, "direct": False, "degrees": "uniform", "dropout": 0.0}
PLAIN |= {"lr": 2e-3, "cycle": False, "max_norm": None, "weight_decay": 0.0, "batch_size": 512}
RUNGS = {  # each rung keeps the changes of the rungs before it
    "plain recipe": PLAIN | {"scaled_weights": False},
    "raster ordering": {"natural_order": True},
    "direct connections": {"direct": True},
    "even degrees": {"degrees": "even"},
    "larger learning rate": {"lr": 0.01},
    "one-cycle schedule": {"lr": 0.015, "cycle": True},
    "gradient clipping": {"max_norm": 1.0},
    "weight decay": {"weight_decay": 0.03},
    "smaller batches": {"batch_size": 128, "lr": 7e-3},
    "larger initial weights": {"scaled_weights": True},
    "random ordering again": {"natural_order": False},
}
chosen = {}
for rung, changes in RUNGS.items():
    RUNGS[rung] = chosen = chosen | changes
OVERFITTING, LONG = RUNGS["even degrees"] | {"batch_size": 64, "scaled_weights": True}, 60
# as fit does
TO_BEAT, SHORT = RUNGS["larger initial weights"] | {"dropout": 0.3, "batch_size": 64}, 20
MANY = (  # name, number of sets of masks, whether all have the raster ordering
    ("4 random orderings", 4, False),
    ("32 random orderings", 32, False),
    ("a fresh random ordering at each step", None, False),
    ("32 sets of masks, raster ordering", 32, True),
)
TIMES, LONGEST, RATES = (1.2, 12.0), 120.0, (0.001, 0.003, 0.01, 0.03)
MODELS = {  # of 14 × 14 pixels
    ("MADE", "512 units"): lambda: MADE(196, (512,), degrees="even", direct=True, seed=0),
    ("MADE", "512-512 units"): lambda: MADE(196, (512, 512), degrees="even", direct=True, seed=0),
    ("masked convolution", "16 channels"): lambda: mc.PixelCNN(14, channels=16, layers=4),
    ("masked convolution", "32 channels"): lambda: mc.PixelCNN(14, channels=32, layers=4),
    ("Transformer", "width 32"): lambda: mc.Transformer(196, width=32, layers=2, heads=2),
    ("Transformer", "width 64"): lambda: mc.Transformer(196, width=64, layers=2, heads=4),
}
CLASSIFIERS = {"logistic regression": (3e-3, 784, 10), "512-512": (1e-3, 784, 512, 512, 10)}


def descend(model, loss, batches, rates, weight_decay, max_norm=None):
    """Take a step of AdamW for each batch of row numbers, and yield its loss and its size."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=weight_decay, fused=True)
    for rows, lr in zip(batches, rates, strict=False):
        optimizer.param_groups[0]["lr"] = lr
        model.train()
        value = loss(rows)
        optimizer.zero_grad()
        value.backward()
        if max_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        yield value.item(), len(rows)


def shuffled_batches(n, batch_size, epochs):
    return (rows for _ in range(epochs) for rows in torch.randperm(n).split(batch_size))


def train_by(recipe, train, test, *, epochs, hidden_dims=HIDDEN, seed=0):
    """Train a MADE with a recipe; return the MADE, and its training and test NLL per epoch."""
    torch.manual_seed(seed)
    masks = {key: recipe[key] for key in ("natural_order", "degrees", "direct", "dropout")}
    model = MADE(train.shape[1], hidden_dims, **masks)
    if not recipe["scaled_weights"]:
        scale_weights(model, 0.5)
    per_epoch = -(-len(train) // recipe["batch_size"])
    shares = [one_cycle(k, per_epoch * epochs) for k in range(per_epoch * epochs)]
    rates = [recipe["lr"] * (share if recipe["cycle"] else 1) for share in shares]
    drawn = shuffled_batches(len(train), recipe["batch_size"], epochs)
    decay, norm = recipe["weight_decay"], recipe["max_norm"]
    losses = descend(model, lambda r: -model.log_prob(train[r]).mean(), drawn, rates, decay, norm)
    nats = []
    for _ in range(epochs):
        total = sum(loss * n for loss, n in islice(losses, per_epoch))
        nats.append((total / len(train), evaluate(model, test)))
    return model.eval(), *map(list, zip(*nats, strict=True))


def fit_made(train, seed, **arguments):
    torch.manual_seed(seed)
    model = MADE(train.shape[1], HIDDEN, direct=True, seed=seed, **arguments)
    fit(model, train, epochs=EPOCHS, precision="float32", seed=seed, progress=False)
    return model


def train_classifier(x, y, seed, lr, *widths):
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
    model = nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())][:-1])
    steps, drawn = EPOCHS * -(-len(x) // 100), shuffled_batches(len(x), 100, EPOCHS)
    rates = [lr * one_cycle(k, steps) for k in range(steps)]
    list(descend(model, lambda r: cross_entropy(model(x[r]), y[r]), drawn, rates, 0.01))
    return model


@torch.no_grad()
def run_in_chunks(of_rows, x):
    return torch.cat([of_rows(part) for part in x.split(1000)])


@torch.no_grad()
def average_sets(model, x, count):
    """Return NLLs (3, count) over the next ``count`` sets of masks.

    The rows are each set by itself, the mixture of the sets so far, and the mean of their logits,
    which is not an NLL if the orderings differ.
    """
    total, log_p, found = torch.zeros_like(x), [], []
    for k in range(1, count + 1):
        logits = model(x)
        total += logits
        log_p.append(logsigmoid((2 * x - 1) * logits).sum(1))
        mixture = torch.stack(log_p).logsumexp(0) - torch.tensor(k).log()
        claimed = logsigmoid((2 * x - 1) * total / k).sum(1)
        found.append([-row.mean() for row in (log_p[-1], mixture, claimed)])
        model.resample_masks()
    return torch.tensor(found).T


def score_labels(log_p, y):
    """Return the NLL of image and label, of the image, and of the label given it, and the accuracy.

    Args:
        log_p: (N, 10) log p(image, label) for each label.
        y: (N,) true labels.
    """
    both, alone = log_p.gather(1, y[:, None]).mean(), log_p.logsumexp(1).mean()
    return -both, -alone, alone - both, (log_p.argmax(1) == y).float().mean()


def recipe():
    train, test, _ = load_binarized_mnist("full")
    ladder = []
    for name, chosen in RUNGS.items():
        runs = [train_by(chosen, train, test, epochs=EPOCHS, seed=seed) for seed in SEEDS[:2]]
        models, *nats = zip(*runs, strict=True)
        rung = {"name": name, "recipe": chosen, "parameters": models[0].n_parameters()}
        rung["steps"] = EPOCHS * -(-len(train) // chosen["batch_size"])
        rung["train_nll"], rung["test_nll"] = map(torch.tensor, nats)
        ladder.append(rung)
    images, test, _ = load_binarized_mnist("small")
    valid, rest = images[: len(images) // 10], images[len(images) // 10 :]  # as in notebook 5
    _, *nats = train_by(OVERFITTING, rest, valid, epochs=LONG)
    models = [train_by(TO_BEAT, images, test, epochs=SHORT, seed=k)[0] for k in SEEDS[:2]]
    to_beat = -torch.stack([run_in_chunks(model.log_prob, test) for model in models]).mean(0)
    overfitting = dict(zip(("train_nll", "valid_nll"), nats, strict=True))
    return {"ladder": ladder, "overfitting": overfitting, "to_beat": to_beat}


def orderings():
    train, test, _ = load_binarized_mnist("full")
    settings = {name: (ordering, 0) for name, ordering in pixel_orderings().items()}
    settings |= {f"rows, start {k + 1}": (settings["rows"][0], k) for k in SEEDS[1:]}
    log_prob, many = {}, []
    for name, (ordering, seed) in settings.items():
        model = fit_made(train, seed, ordering=ordering, degrees="even")
        log_prob[name] = run_in_chunks(model.log_prob, test)
    for name, num_masks, natural_order in MANY:
        sets = {"num_masks": num_masks, "natural_order": natural_order}
        model = fit_made(train, 0, degrees="uniform" if natural_order else "even", **sets)
        single, mixture, logits = average_sets(model, test, num_masks or 32)
        many.append({"name": name, **sets, "single": single, "mixture": mixture, "logits": logits})
    return {"log_prob": log_prob, "many": many}


def race():
    images, test = images_outside_small_set()[0], load_binarized_mnist("small")[1]
    images, test = (max_pool2d(x.view(-1, 1, 28, 28), 2).flatten(1) for x in (images, test))
    train, valid = images[:-1000], images[-1000:]
    torch.set_num_threads(1)

    def run(name, size, lr, seconds):
        torch.manual_seed(0)
        model, used, seen, curve = MODELS[name, size](), 0.0, 0, []
        marks = [seconds * (1 - k / 8) ** 2 for k in range(8)]
        rates = (lr * one_cycle(int(1000 * used / seconds), 1000) for _ in repeat(None))
        drawn, start = (torch.randint(len(train), (32,)) for _ in repeat(None)), process_time()
        steps = descend(model, lambda r: -model.log_prob(train[r]).mean(), drawn, rates, 0.03, 1.0)
        for _, n in steps:
            used, seen = used + process_time() - start, seen + n
            if used >= marks[-1]:
                marks.pop()
                curve.append((used, evaluate(model, valid[:200])))
            if used >= seconds:
                break
            start = process_time()  # the time for scoring is not counted
        result = {"name": name, "size": size, "lr": lr, "seconds": seconds, "rows": seen}
        result |= {"parameters": sum(p.numel() for p in model.parameters()), "curve": curve}
        return result | {"valid": evaluate(model, valid), "test": evaluate(model, test)}

    best = {}
    for seconds in TIMES:
        runs = [run(*model, lr, seconds) for model in MODELS for lr in RATES]
        by_name = {name: [r for r in runs if r["name"] == name] for name, _ in MODELS}
        best[seconds] = [min(of, key=lambda r: r["valid"]) for of in by_name.values()]
    best[LONGEST] = [run(r["name"], r["size"], r["lr"], LONGEST) for r in best[TIMES[-1]]]
    return best


def groups():
    train, test, _ = load_binarized_mnist("full")
    y, test_y = mnist_labels("full")
    ways, labelled = [], {}
    for name, ordering in pixel_groups().items():
        models = [fit_made(train, seed, ordering=ordering, degrees="even") for seed in SEEDS]
        costs = torch.stack(
            [-run_in_chunks(model.log_conditionals, test).mean(0) for model in models]
        )
        by_step = torch.zeros(len(ordering)).index_add_(0, models[0].order - 1, costs[0])
        images = models[0].sample(12, generator=torch.Generator().manual_seed(0)).bool()
        ways.append({"name": name, "nats": costs.sum(1), "by_step": by_step, "images": images})
    head, pixels = mc.Mixed([mc.Categorical(10)] + [mc.Bernoulli()] * 784), [*range(1, 785)]
    rows = torch.cat([y[:, None], train], 1)
    every = [torch.cat([torch.full_like(test[:, :1], k), test], 1) for k in range(10)]
    for name, ordering in {"label first": [0, *pixels], "label last": [*pixels, 0]}.items():
        masks = {"ordering": ordering, "degrees": "even", "head": head}
        models = [fit_made(rows, seed, **masks) for seed in SEEDS]
        log_p = [torch.stack([run_in_chunks(m.log_prob, x) for x in every], 1) for m in models]
        labelled[name] = [score_labels(of_labels, test_y) for of_labels in log_p]
    for name, settings in CLASSIFIERS.items():
        logits = [
            run_in_chunks(train_classifier(train, y, seed, *settings), test) for seed in SEEDS
        ]
        labelled[name] = [(torch.nan, torch.nan, *score_labels(z, test_y)[2:]) for z in logits]
    keys = "name", "joint", "alone", "posterior", "right"
    rows = [(name, *torch.tensor(found).T) for name, found in labelled.items()]
    return {"groups": ways, "labelled": [dict(zip(keys, row, strict=True)) for row in rows]}


FILES = {"recipe": recipe, "orderings": orderings, "race": race, "groups": groups}
if __name__ == "__main__":
    for name in sys.argv[1:]:
        write_asset(f"{name}.pt", FILES[name]())
