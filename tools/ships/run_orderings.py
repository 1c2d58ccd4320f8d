"""What the ordering of the pixels is worth, and what one network makes of many orderings.

``python -m tools.ships.run_orderings`` trains the networks and writes what they say of MNIST's
10,000 test images into ``shipped/files``; it needs full MNIST and takes some fifteen minutes on one
core.

Every network is a 512-512 MADE with direct connections, and with even degrees but where one
ordering has many sets of masks: there they are drawn. It is trained on all 60,000 images by
:func:`made_course.fit` with its defaults. Nothing is chosen for an ordering: its rate and
decay are those of the ladder of ``recipe``, which had the raster ordering where it changed them,
and the weights are those of the last epoch.
"""

from __future__ import annotations

import math
import sys
from dataclasses import asdict

import torch
from torch import Tensor

from made_course import MADE, fit, load_binarized_mnist
from made_course.shipped.measured import ORDERINGS as FILE
from made_course.shipped.measured import ManyMasks
from made_lessons.notebook_07.pixel_orderings import pixel_orderings
from tools.ships.train_weights import write_asset

EPOCHS = 10
HIDDEN = (512, 512)
MEMBERS = 32
"""Sets of masks that are averaged where there is no end of them."""
MANY = (
    ("4 random orderings", 4, False),
    ("32 random orderings", 32, False),
    ("a fresh random ordering at each step", None, False),
    ("32 sets of masks, raster ordering", 32, True),
)
"""Name, number of sets, and whether all are in raster ordering."""


def score_together(model: MADE, x: Tensor, members: int = MEMBERS) -> tuple[Tensor, Tensor, Tensor]:
    r"""NLL of the sets of masks one by one, of their mixture, and what their mean logit claims.

    The model goes on to its next set of masks ``members`` times.

    Args:
        model: of zeros and ones.
        x: (N, D) rows.
        members: number K of sets.

    Returns:
        three tensors (K,) of nats, means over rows: of each set alone, of the mixture of the first
        1, 2, ..., K, and of the mean of their logits.

    Example:
        >>> model = MADE(3, (4,), natural_order=False, num_masks=2, seed=0)
        >>> x = torch.tensor([[0.0, 1, 1], [1, 0, 0]])
        >>> single, mixture, logits = score_together(model, x, members=2)
        >>> bool(mixture[1] <= single.mean())  # Jensen's inequality
        True
        >>> torch.isclose(mixture[1], -model.log_prob(x, ensemble=2).mean())
        tensor(True)
    """
    sum_of_logits, log_probs = torch.zeros_like(x), []
    single, mixture, claimed = [], [], []
    with torch.no_grad():
        for k in range(1, members + 1):
            logits = model(x)
            sum_of_logits += logits
            log_probs.append(_log_prob(logits, x))
            together = torch.stack(log_probs).logsumexp(0) - math.log(k)
            single.append(-log_probs[-1].mean())
            mixture.append(-together.mean())
            claimed.append(-_log_prob(sum_of_logits / k, x).mean())
            model.resample_masks()
    return torch.stack(single), torch.stack(mixture), torch.stack(claimed)


def _log_prob(logits: Tensor, x: Tensor) -> Tensor:
    return torch.nn.functional.logsigmoid((2 * x - 1) * logits).sum(1)


def make_orderings() -> None:
    """Train all networks and write what they say of the test images into ``shipped/files``.

    Raises:
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``shipped/files`` cannot be written.
    """
    train, test, _ = load_binarized_mnist("full")
    settings = {name: (ordering, 0) for name, ordering in pixel_orderings().items()}
    rows = settings["rows"][0]
    settings |= {f"rows, start {k + 1}": (rows, k) for k in range(1, 3)}
    log_prob = {}
    for name, (ordering, seed) in settings.items():
        model = trained(train, seed, ordering=ordering, degrees="even")
        with torch.no_grad():
            log_prob[name] = torch.cat([model.log_prob(part) for part in test.split(1000)])
        print(f"{name}: {-log_prob[name].mean():.2f} nats", flush=True)
    many = [_measured(*setting, train, test) for setting in MANY]
    write_asset(FILE, {"log_prob": log_prob, "many": many})


def trained(train: Tensor, seed: int, **masks: object) -> MADE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MADE(train.shape[1], HIDDEN, direct=True, seed=seed, **masks)
    fit(model, train, epochs=EPOCHS, precision="float32", seed=seed, progress=False)
    return model


def _measured(
    name: str,
    num_masks: int | None,
    natural_order: bool,
    train: Tensor,
    test: Tensor,
) -> dict:
    draw = "uniform" if natural_order else "even"  # in one ordering only degrees can differ
    masks = {"natural_order": natural_order, "num_masks": num_masks, "degrees": draw}
    model = trained(train, 0, **masks)
    scores = score_together(model, test, num_masks or MEMBERS)
    network = ManyMasks(name, num_masks, natural_order, *scores)
    print(
        f"{name}: one {network.single.mean():.2f}, mixture {network.mixture[-1]:.2f}, mean of "
        f"logits {network.logits[-1]:.2f} nats",
        flush=True,
    )
    return asdict(network)


if __name__ == "__main__":
    try:
        make_orderings()
    except OSError as error:
        sys.exit(str(error))
