"""CompletionPlayer: several completions of a hidden part of an image, and their worth."""

from __future__ import annotations

import warnings

import torch
from torch import Generator, Tensor
from traitlets import Dict, List, validate

from ...common.arguments import check_choice, check_count, check_switch
from ...figures import plot_completions
from ...figures.picture import Picture
from ...model.completion import Completion, complete
from ...model.made import MADE
from ..shared.player import MOST_SEED, Player, shape_of
from ..shared.sampler import check_model, uniforms

COUNT, MOST_IMAGES = 8, 10
SAMPLES_OF_INK = 256


class CompletionPlayer(Player, module="completion_player"):
    r"""Hide a part of an image, see eight completions, guess which comes closest to the original.

    The completions are exact draws from :math:`p(x_{hidden} \mid x_{known})` if an ordering has
    all known variables first: the model's own, one of its K, or one made for the purpose if the
    model was trained for any ordering. Otherwise each has a weight, and the player shows how many
    exact draws they are worth: see :func:`made_course.complete`. The page gets a copy of the model
    when the player is made, and draws without Python.

    Args:
        model: a MADE over two binary variables or more, with an activation that MADE has a name
            for.
        images: (D,) or (m, D), up to ten rows of the model's data to choose from.

    Example:
        >>> from made_course import load_pretrained
        >>> player = CompletionPlayer(load_pretrained("tiny"), torch.tensor([1, 0, 0, 1] * 4))
        >>> player.part, player.completion.samples.shape, player.completion.log_weights
        ('bottom', torch.Size([1, 8, 16]), None)
        >>> player.part = "top"  # what is known now comes last
        >>> player.completion.log_weights.shape
        torch.Size([1, 8])
        >>> player.close()
    """

    asked = Dict(help="Image, hidden variables, seed, guess, and reveal.").tag(sync=True)
    parts = Dict(help="Name of a part → a 1 for each variable that it hides.").tag(sync=True)
    ink = List(help="How often each variable is 1 in samples of the model.").tag(sync=True)
    images = List(help="Zeros and ones of the images to choose from.").tag(sync=True)

    def __init__(self, model: MADE, images: Tensor) -> None:
        check_model(model)
        if model.input_dim < 2:
            raise ValueError(
                "the model must have at least 2 variables, one to hide and one to show"
            )
        if isinstance(images, Tensor) and images.dim() == 2 and len(images) > MOST_IMAGES:
            raise ValueError(
                f"at most {MOST_IMAGES} images can be shown, got {len(images)}: choose some, "
                f"such as images[:{MOST_IMAGES}]"
            )
        hidden = hidden_parts(*shape_of(model.input_dim))
        parts = {part: "".join(map(str, one.int().tolist())) for part, one in hidden.items()}
        asked = {"image_index": 0, "hidden": next(iter(parts.values())), "seed": 0}
        asked |= {"guess": None, "revealed": False}
        super().__init__(model, {"images": images}, parts=parts, asked=asked)
        drawn = self._model.sample(SAMPLES_OF_INK, generator=Generator().manual_seed(0))
        self.ink = ((drawn.sum(0) + 1) / (len(drawn) + 2)).tolist()

    @property
    def part(self) -> str:
        """Name of the hidden part, or "drawn" if it is not one of the ``parts``."""
        named = (part for part, hidden in self.parts.items() if hidden == self.asked["hidden"])
        return next(named, "drawn")

    @part.setter
    def part(self, part: str) -> None:
        hidden = self.parts[check_choice("part", part, tuple(self.parts))]
        self.asked = self.asked | {"hidden": hidden, "guess": None, "revealed": False}

    @property
    def known(self) -> Tensor:
        """(D,) bool, true at the known variables of the image."""
        return torch.tensor([hidden == "0" for hidden in self.asked["hidden"]])

    @validate("asked")
    def _check(self, proposal: dict) -> dict:
        asked = proposal["value"]
        check_count("image_index", asked["image_index"], 0, max(len(self.images) - 1, 0))
        check_count("seed", asked["seed"], 0, MOST_SEED)
        check_switch("revealed", asked["revealed"])
        if asked["guess"] is not None:
            check_count("guess", asked["guess"], 0, COUNT - 1)
        return asked

    @property
    def _image(self) -> Tensor:
        return torch.tensor([self.images[self.asked["image_index"]]], dtype=torch.float32)

    @property
    def completion(self) -> Completion:
        """Result of :func:`made_course.complete`: samples (1, 8, D), weights, their worth."""
        noise = uniforms(self.asked["seed"], 1, COUNT, self._model.input_dim)
        with warnings.catch_warnings():
            # the player shows it itself
            warnings.filterwarnings("ignore", "these completions are worth")
            return complete(self._model, self._image, self.known, COUNT, noise=noise)

    def figure(self) -> Picture:
        """Draw the same completions for a saved notebook, without the original."""
        shape = self.board["rows"], self.board["columns"]
        return plot_completions(self._image, self.known, self.completion, shape)


def hidden_parts(rows: int, columns: int) -> dict[str, Tensor]:
    """Return name of a part → (D,) bool, the variables that it hides; halves are rounded down.

    Example:
        >>> hidden_parts(3, 3)["bottom"].view(3, 3).tolist()[1:]
        [[False, False, False], [True, True, True]]
    """
    half, across = rows // 2, columns // 2
    high, wide = max(half, 1), max(across, 1)
    top, left = (rows - high) // 2, (columns - wide) // 2
    everywhere = slice(None)
    places = {
        "bottom": (slice(rows - half, None), everywhere),
        "top": (slice(half), everywhere),
        "left": (everywhere, slice(across)),
        "right": (everywhere, slice(columns - across, None)),
        "middle": (slice(top, top + high), slice(left, left + wide)),
    }
    if rows == 1:
        del places["bottom"], places["top"]
    parts = {}
    for part, place in places.items():
        hidden = torch.zeros(rows, columns, dtype=torch.bool)
        hidden[place] = True
        parts[part] = hidden.flatten()
    shuffled = torch.randperm(rows * columns, generator=Generator().manual_seed(0))
    chosen = torch.zeros(rows * columns, dtype=torch.bool)
    chosen[shuffled[: rows * columns // 2]] = True
    return parts | {"random": chosen, "nothing": torch.zeros_like(chosen)}
