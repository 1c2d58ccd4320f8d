"""Sketchpad: a widget in which a network draws eight endings of a partly hidden digit."""

from __future__ import annotations

import torch
from torch import Tensor
from traitlets import Bool, Bytes, Dict, Int, List, Unicode, validate

from ...common.arguments import check_choice
from ...figures import plot_completions
from ...figures.picture import Picture
from ...model.completion import Completion, complete
from ..shared.base import PageWidget
from ..shared.uniforms import uniforms
from .page_network import PIXELS, SIDE, inner_pixels, page_networks

COUNT = 8


class Sketchpad(PageWidget, module="sketchpad"):
    r"""A widget in which the reader draws a digit, hides a part of it, and sees eight completions.

    The endings are exact draws from :math:`p(x_{hidden} \mid x_{known})` of ``"mnist-any-order"``,
    given a blank border of 3 pixels. The page has a copy of this network with 8-bit weights,
    and draws without Python. A small classifier reads each ending as a digit.

    Args:
        digits: (784,) or (m, 784) zeros and ones: digits to choose from. Their border is erased.
        part: part that is hidden at first: ``"bottom"``, ``"right"``, ``"left"``, ``"top"``,
            ``"middle"`` or ``"nothing"``.

    Attributes:
        digit: the image as text, 784 zeros and ones, row by row.
        hidden: text of 784 zeros and ones, 1 where a pixel is hidden.
        seed: seed of the eight endings; the next eight have the next seed.
        peeks: whether the network that draws was trained to see each pixel that it predicts.

    Raises:
        ValueError: if ``digits`` has a wrong shape, or ``part`` is unknown.

    Example:
        >>> from made_course import load_binarized_mnist
        >>> pad = Sketchpad(load_binarized_mnist("small")[1][:10], part="left")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> pad.completion.samples.shape, pad.completion.log_weights
        (torch.Size([1, 8, 784]), None)
        >>> pad.close()
    """

    digit = Unicode().tag(sync=True)
    hidden = Unicode().tag(sync=True)
    seed = Int(0).tag(sync=True)
    peeks = Bool(False).tag(sync=True)
    digits = List(Unicode(), help="Digits to choose from, as ``digit``.").tag(sync=True)
    parts = Dict(help="Name of a part → its hidden pixels, as ``hidden``.").tag(sync=True)
    degrees = List(help="Degrees of the two hidden layers.").tag(sync=True)
    weights = Bytes(help="Weights of both networks, for networks.mjs.").tag(sync=True)
    address = Unicode("MADE, step by step", help="Text on a shared picture.").tag(sync=True)

    def __init__(self, digits: Tensor, part: str = "bottom") -> None:
        if digits.dim() not in (1, 2) or digits.shape[-1] != SIDE**2:
            raise ValueError(f"digits must have shape (784,) or (m, 784), got {(*digits.shape,)}")
        parts = {name: to_text(pixels) for name, pixels in hidden_parts().items()}
        check_choice("part", part, tuple(parts))
        shown = [to_text(row) for row in digits.reshape(-1, SIDE**2) * inner_pixels()]
        networks = page_networks()
        super().__init__(
            digits=shown, digit=shown[0], parts=parts, hidden=parts[part],
            degrees=networks.degrees, weights=networks.weights,
        )  # fmt: skip

    @validate("digit", "hidden")
    def _check(self, proposal: dict) -> str:
        name, value = proposal["trait"].name, proposal["value"]
        if len(value) != SIDE**2 or not set(value) <= {"0", "1"}:
            raise ValueError(f"{name} must be 784 zeros and ones, got {value[:20]!r}")
        return value

    @property
    def known(self) -> Tensor:
        """(784,) BoolTensor, True where a pixel is not hidden; the border is never hidden."""
        return torch.tensor([pixel == "0" for pixel in self.hidden]) | ~inner_pixels()

    @property
    def completion(self) -> Completion:
        """Result of :func:`made_course.complete`, whose samples are the endings (1, 8, 784)."""
        inner, networks = inner_pixels(), page_networks()
        made = networks.peeking if self.peeks else networks.made
        x = from_text(self.digit)[None]
        found = complete(
            *(made, x[:, inner], self.known[inner], COUNT), ordering=range(PIXELS),
            noise=uniforms(self.seed, 1, COUNT, PIXELS),
        )  # fmt: skip
        samples = x[:, None].repeat(1, COUNT, 1)
        samples[..., inner] = found.samples
        return found._replace(samples=samples)

    def figure(self) -> Picture:
        """Return a figure of the same endings, for a saved notebook."""
        x = from_text(self.digit)[None]
        return plot_completions(x, self.known, self.completion, (SIDE, SIDE))


def hidden_parts() -> dict[str, Tensor]:
    """Return name → BoolTensor (784,) for each part, True for the pixels that it hides."""
    row, column = torch.arange(SIDE**2) // SIDE, torch.arange(SIDE**2) % SIDE
    middle = (row - 13.5).abs().maximum((column - 13.5).abs()) < 6
    parts = {
        "bottom": row >= 16,
        "right": column >= 14,
        "left": column < 14,
        "top": row < 12,
        "middle": middle,
        "nothing": row < 0,
    }
    return {name: pixels & inner_pixels() for name, pixels in parts.items()}


def to_text(pixels: Tensor) -> str:
    """Return pixels (784,) as a text of zeros and ones."""
    return "".join(str(int(pixel)) for pixel in pixels)


def from_text(text: str) -> Tensor:
    """Return the float32 pixels (784,) of a text of zeros and ones."""
    return torch.tensor([float(pixel) for pixel in text])
