"""What the ordering of the pixels is worth, and what one network makes of many orderings.

``python -m made_course.orderings`` trains the networks again and writes what they say of MNIST's
10,000 test images into ``assets``; it needs full MNIST and takes some fifteen minutes on one core.

Every network is a 512-512 MADE with direct connections, and with even degrees but where one
ordering has many sets of masks: there they are drawn. It is trained on all 60,000 images by
:func:`made_course.fit` with its defaults. Nothing is chosen for an ordering: its rate and
decay are those of the ladder of ``recipe``, which had the raster ordering where it changed them,
and the weights are those of the last epoch.
"""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass

import torch
from torch import LongTensor, Tensor

from .arguments import check_count
from .data import load_binarized_mnist
from .made import MADE
from .pretrained import read_asset, write_asset
from .training import fit

FILE = "orderings.pt"
EPOCHS = 10
HIDDEN = (512, 512)
MEMBERS = 32
"""Sets of masks that are averaged where there is no end of them."""
RANDOM = 3
"""Random orderings, and networks in raster ordering that differ in their seed only: in their first
weights and in the sequence of their batches."""


def pixel_orderings(side: int = 28) -> dict[str, LongTensor]:
    """Ways to go through the pixels of a square image, each a permutation of them.

    Args:
        side: pixels in a row, and rows.

    Returns:
        name → (side²,) ordering: ``ordering[t]`` is the pixel that is generated at step t, pixels
        being counted row by row.

    Raises:
        TypeError, ValueError: if ``side`` is no whole number of at least 1.

    Example:
        >>> orderings = pixel_orderings(3)
        >>> list(orderings)[:4]
        ['rows', 'columns', 'centre outwards', 'coarse to fine']
        >>> orderings["columns"].tolist()
        [0, 3, 6, 1, 4, 7, 2, 5, 8]
        >>> orderings["centre outwards"].tolist()
        [4, 1, 3, 5, 7, 0, 2, 6, 8]
    """
    count = check_count("side", side) ** 2
    rows = torch.arange(count)
    row, column = rows // side, rows % side
    middle = (side - 1) / 2
    distance = (row - middle) ** 2 + (column - middle) ** 2
    orderings = {
        "rows": rows,
        "columns": rows.view(side, side).T.flatten(),
        "centre outwards": torch.argsort(distance, stable=True),
        "coarse to fine": torch.argsort(-_fineness(row, column), stable=True),
    }
    for k in range(RANDOM):
        generator = torch.Generator().manual_seed(k)
        orderings[f"random {k + 1}"] = torch.randperm(count, generator=generator)
    return orderings


def _fineness(row: Tensor, column: Tensor) -> Tensor:
    """Of the coarsest grid on which a pixel lies: every 16th pixel, every 8th, ..., every pixel."""
    grids = [2**k for k in range(1, 5)]
    return sum(((row % grid == 0) & (column % grid == 0)).long() for grid in grids)


@dataclass(frozen=True, eq=False)
class ManyMasks:
    """One network that was trained with many sets of masks, as it was measured.

    Attributes:
        name: what the sets have in common.
        num_masks: as of the model; None is a fresh set at each step.
        natural_order: whether all sets have the raster ordering.
        single: (K,) test NLL under each of K sets alone, nats; K is 32 where a set is fresh.
        mixture: (K,) test NLL of the mixture of the first 1, 2, ..., K sets.
        logits: (K,) what the mean of the logits of the first 1, 2, ..., K sets claims as NLL. It is
            one where all sets have one ordering, and none where they have not.
    """

    name: str
    num_masks: int | None
    natural_order: bool
    single: Tensor
    mixture: Tensor
    logits: Tensor


MANY = (
    ("4 random orderings", 4, False),
    ("32 random orderings", 32, False),
    ("a fresh random ordering at each step", None, False),
    ("32 sets of masks, raster ordering", 32, True),
)
"""Name, number of sets, and whether all are in raster ordering."""


def load_orderings() -> dict[str, Tensor]:
    """What a network in each ordering says of MNIST's test images.

    Besides the orderings of :func:`pixel_orderings` there are two more networks in raster ordering,
    which had another seed.

    Returns:
        name → (10000,) log-probability of each test image, nats.

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> log_prob = load_orderings()
        >>> log_prob["random 1"].shape
        torch.Size([10000])
    """
    return read_asset(FILE)["log_prob"]


def load_many_masks() -> list[ManyMasks]:
    """Networks that were trained with many sets of masks.

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> [network.num_masks for network in load_many_masks()]
        [4, 32, None, 32]
    """
    return [ManyMasks(**network) for network in read_asset(FILE)["many"]]


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
    """Train all networks and write what they say of the test images into ``assets``.

    Raises:
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``assets`` cannot be written.
    """
    train, test, _ = load_binarized_mnist("full")
    settings = {name: (ordering, 0) for name, ordering in pixel_orderings().items()}
    rows = settings["rows"][0]
    settings |= {f"rows, start {k + 1}": (rows, k) for k in range(1, RANDOM)}
    log_prob = {}
    for name, (ordering, seed) in settings.items():
        model = _trained(train, seed, ordering=ordering, degrees="even")
        with torch.no_grad():
            log_prob[name] = torch.cat([model.log_prob(part) for part in test.split(1000)])
        print(f"{name}: {-log_prob[name].mean():.2f} nats", flush=True)
    many = [_measured(*setting, train, test) for setting in MANY]
    write_asset(FILE, {"log_prob": log_prob, "many": many})


def _trained(train: Tensor, seed: int, **masks: object) -> MADE:
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
    model = _trained(train, 0, **masks)
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
