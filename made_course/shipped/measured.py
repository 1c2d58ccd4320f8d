"""Runs that were made for notebooks 5, 7, 10 and 11, as they were measured.

A file that is missing, or is not the one that was shipped, raises OSError.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..training.history import History
from .assets import read_asset

RECIPE, ORDERINGS, RACE, GROUPS = "recipe.pt", "orderings.pt", "race.pt", "groups.pt"


# ---- notebook 5: what a better recipe buys, and a run that overfits -----------------------------


@dataclass(frozen=True)
class Recipe:
    """All that one run may choose; the defaults are the plainest.

    Attributes:
        natural_order: raster ordering; False draws a random one.
        direct: direct connections.
        degrees: how hidden degrees are drawn.
        dropout: share of hidden units switched off in training.
        lr: learning rate, or its peak.
        cycle: whether the rate rises to its peak and falls again; else it is constant.
        max_norm: length to which longer gradients are shortened, if any.
        weight_decay: of AdamW; with 0 it is Adam.
        batch_size: images a step.
        scaled_weights: whether a unit begins with the larger weights the fewer inputs it hears, as
            those of a :class:`made_course.MADE` do; else with PyTorch's.
    """

    natural_order: bool = False
    direct: bool = False
    degrees: str = "uniform"
    dropout: float = 0.0
    lr: float = 2e-3
    cycle: bool = False
    max_norm: float | None = None
    weight_decay: float = 0.0
    batch_size: int = 512
    scaled_weights: bool = False


@dataclass(frozen=True, eq=False)
class Rung:
    """One rung of the ladder, as it was measured.

    Attributes:
        name: what is new.
        recipe: all that was chosen.
        parameters: weights and biases, masked ones included.
        steps: gradient steps in all epochs.
        train_nll: (seeds, epochs) mean over an epoch's batches, nats.
        test_nll: (seeds, epochs) on the test images at the end of an epoch, nats.
    """

    name: str
    recipe: Recipe
    parameters: int
    steps: int
    train_nll: Tensor
    test_nll: Tensor

    @property
    def nats(self) -> float:
        """Test NLL after the last epoch, mean over the seeds."""
        return self.test_nll[:, -1].mean().item()

    def history(self) -> History:
        """Learning curve of the first seed, with the test images as what is only scored."""
        train, test = self.train_nll[0].tolist(), self.test_nll[0].tolist()
        return History(list(range(1, len(train) + 1)), train, test)


def load_ladder() -> list[Rung]:
    """The runs of the ladder, from the plain recipe upwards.

    Example:
        >>> ladder = load_ladder()
        >>> ladder[0].name, ladder[0].parameters, ladder[0].steps
        ('plain recipe', 1066768, 1180)
    """
    return [
        Rung(**{**rung, "recipe": Recipe(**rung["recipe"])})
        for rung in read_asset(RECIPE)["ladder"]
    ]


def load_overfitting() -> History:
    """A run that is far too long for its 3,600 training images, with 400 others as validation.

    Example:
        >>> history = load_overfitting()
        >>> history.best_epoch < len(history) / 2
        True
    """
    return History(**read_asset(RECIPE)["overfitting"])


def load_nll_to_beat() -> Tensor:
    """What each of the small set's test images costs after section 6's training on all the others.

    Nats, the mean of two seeds: (1000,).

    Example:
        >>> load_nll_to_beat().shape
        torch.Size([1000])
    """
    return read_asset(RECIPE)["to_beat"]


# ---- notebook 7: many orderings -----------------------------------------------------------------


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


def load_orderings() -> dict[str, Tensor]:
    """What a network in each ordering says of MNIST's test images.

    Besides the orderings of notebook 7 there are two more networks
    in raster ordering, which had another seed.

    Returns:
        name → (10000,) log-probability of each test image, nats.

    Example:
        >>> log_prob = load_orderings()
        >>> log_prob["random 1"].shape
        torch.Size([10000])
    """
    return read_asset(ORDERINGS)["log_prob"]


def load_many_masks() -> list[ManyMasks]:
    """Networks that were trained with many sets of masks.

    Example:
        >>> [network.num_masks for network in load_many_masks()]
        [4, 32, None, 32]
    """
    return [ManyMasks(**network) for network in read_asset(ORDERINGS)["many"]]


# ---- notebook 10: equal time --------------------------------------------------------------------


def load_race() -> dict[float, list[dict]]:
    """Seconds → the chosen runs of MADE, masked convolution and Transformer in that time.

    Each says its ``name``, ``size``, ``lr``, ``seconds``, ``rows`` seen, ``parameters``, nats of
    the ``valid`` and ``test`` images, and its ``curve``: seconds and nats along the way.
    """
    return read_asset(RACE)


# ---- notebook 11: what degrees can still say ----------------------------------------------------


@dataclass(frozen=True, eq=False)
class Steps:
    """Networks that draw an image in one way, as they were measured.

    Attributes:
        name: of the way, see ``pixel_groups`` of notebook 11.
        nats: (seeds,) test NLL.
        by_step: (K,) what the pixels of each step cost, nats, mean over test images, first seed.
        images: (12, 784) samples of the first seed, BoolTensor.
    """

    name: str
    nats: Tensor
    by_step: Tensor
    images: Tensor


def load_groups() -> dict[str, Steps]:
    """What networks say of MNIST's test images that draw them in fewer steps.

    Example:
        >>> load_groups()["every 49th"].by_step.shape
        torch.Size([49])
    """
    return {run["name"]: Steps(**run) for run in read_asset(GROUPS)["groups"]}


@dataclass(frozen=True, eq=False)
class Labelled:
    """What networks that know of labels say of MNIST's test images, as it was measured.

    All are means over test images, (seeds,), and NaN where a network is a classifier alone.

    Attributes:
        name: where the label stands, or which classifier it is.
        joint: NLL of an image with its label, nats.
        alone: NLL of an image, summed over labels.
        posterior: nats of the label given the image.
        right: share of images whose label is the likeliest.
    """

    name: str
    joint: Tensor
    alone: Tensor
    posterior: Tensor
    right: Tensor


def load_labelled() -> list[Labelled]:
    """Networks with a label first and last, and two classifiers.

    Example:
        >>> [network.name for network in load_labelled()][:2]
        ['label first', 'label last']
    """
    return [Labelled(**network) for network in read_asset(GROUPS)["labelled"]]
