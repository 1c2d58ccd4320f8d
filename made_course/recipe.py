"""What a better recipe buys at the same cost, one change at a time, and a run that overfits.

The runs ship in ``assets``; ``tools/recipe.py`` made them.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .pretrained import read_asset
from .training.history import History

FILE = "recipe.pt"


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

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> ladder = load_ladder()
        >>> ladder[0].name, ladder[0].parameters, ladder[0].steps
        ('plain recipe', 1066768, 1180)
    """
    return [
        Rung(**{**rung, "recipe": Recipe(**rung["recipe"])}) for rung in read_asset(FILE)["ladder"]
    ]


def load_overfitting() -> History:
    """A run that is far too long for its 3,600 training images, with 400 others as validation.

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> history = load_overfitting()
        >>> history.best_epoch < len(history) / 2
        True
    """
    return History(**read_asset(FILE)["overfitting"])


def load_nll_to_beat() -> Tensor:
    """What each of the small set's test images costs after section 6's training on all the others.

    Nats, the mean of two seeds: (1000,).

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> load_nll_to_beat().shape
        torch.Size([1000])
    """
    return read_asset(FILE)["to_beat"]
