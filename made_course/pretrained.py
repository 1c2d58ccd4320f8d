"""Weights that ship with the course, and a look at what they copy.

The models of digits have seen only the 55,000 training images of MNIST that are *not* in the
course's small set, so that both the small set and MNIST's test images are an honest test for them.
``tools/pretrained.py`` and ``tools/any_order.py`` made them.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import pathlib

import torch
from torch import BoolTensor, Tensor

from .common.arguments import check_choice
from .common.files import read_tensors
from .model.made import MADE, MaskedLinear

ASSETS = pathlib.Path(__file__).with_name("assets")
MODELS = {
    "mnist-512": "made_mnist_512.pt",
    "mnist-any-order": "made_mnist_any_order.pt",
    "tiny": "made_tiny.pt",
}
NEIGHBOURS = "made_mnist_512_neighbours.pt"
CHECKSUMS = "SHA256SUMS"


def load_pretrained(name: str = "mnist-512") -> MADE:
    """A trained model that ships with the course, in evaluation mode, on the processor.

    Args:
        name: ``"mnist-512"`` is a 512-512 MADE with direct connections, in raster order, over
            digits binarised at one half, trained on the 55,000 MNIST training images outside the
            small set; ``"mnist-any-order"`` is a 960-960 MADE with direct connections and
            conditioning, trained on the same images in four fresh orderings at every step
            (sweeps, rings, chance, often with a part of the image that comes last), for
            :func:`made_course.complete`; ``"tiny"`` has 16 variables and 32 hidden units, and
            knows the 30 bars and stripes on a 4 × 4 board.

    Raises:
        ValueError: if the name is unknown, or the file holds anything but tensors.
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> load_pretrained("tiny").sample(3).shape
        torch.Size([3, 16])
    """
    content = read_asset(MODELS[check_choice("pretrained name", name, tuple(MODELS))])
    with torch.random.fork_rng(devices=[]):  # the weights it draws are replaced at once
        model = MADE(**content["arguments"])
    own, stored = model.state_dict(), model.mask_sets.state_dict()
    shipped = {
        f"mask_sets.{key}" if key in stored else key: value
        for key, value in content["state"].items()
    }
    # degrees first: they say which weights the file holds, in what order
    model.load_state_dict(own | {key: shipped[key] for key in shipped if "mask_sets" in key})
    for key, counts in weights_that_count(model).items():
        weight = torch.zeros(counts.shape)
        weight[counts] = shipped[key].float()
        shipped[key] = weight
    model.load_state_dict(shipped)
    return model.eval()


def load_neighbours() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Thirty-six fixed samples of ``"mnist-512"`` and, of all it was trained on, what is nearest.

    The sample may be moved for it by up to two pixels, as in :func:`nearest_images`.

    Returns:
        samples (36, 784), their nearest training images (36, 784), both float32 zeros and ones,
        the number of pixels in which the two differ after the move (36,), and as a yardstick that
        number for the first 200 test images of the small set, which the model has not seen (200,).

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> samples, nearest, differing, unseen = load_neighbours()
        >>> bool(((samples != nearest).sum(dim=1) >= differing).all())
        True
    """
    content = read_asset(NEIGHBOURS)
    images = (content[key].float() for key in ("samples", "nearest"))
    return *images, content["differing"], content["unseen"]


def nearest_images(samples: Tensor, images: Tensor, shift: int = 0) -> tuple[Tensor, Tensor]:
    r"""For each sample the image that differs from it in the fewest pixels.

    On zeros and ones the number of differing pixels is
    :math:`\sum_i s_i + \sum_i x_i - 2 \sum_i s_i x_i`, so one matrix product finds all.

    Args:
        samples: (n, D) of zeros and ones.
        images: (N, D) of zeros and ones.
        shift: how many pixels each sample, a square then, may be moved up or down and to either
            side, so that it comes as near as it can; what leaves at an edge comes in opposite.

    Returns:
        index of the nearest image (n,) and the number of pixels that differ (n,).

    Example:
        >>> nearest_images(torch.tensor([[1.0, 1.0, 0.0]]), torch.eye(3))
        (tensor([0]), tensor([1]))
        >>> nearest_images(torch.tensor([[0.0, 1.0, 0.0, 0.0]]), torch.eye(4)[:1], shift=1)
        (tensor([0]), tensor([0]))
    """
    moves = range(-shift, shift + 1)
    found = []
    for move in itertools.product(moves, moves):
        if shift:
            side = math.isqrt(samples.shape[1])
            moved = samples.view(-1, side, side).roll(move, (1, 2)).flatten(1)
        else:
            moved = samples
        differing = moved.sum(1, keepdim=True) + images.sum(1) - 2 * moved @ images.T
        found.append(differing.min(dim=1))
    fewest, which = torch.stack([values for values, _ in found]).min(dim=0)
    index = torch.stack([indices for _, indices in found])[which, torch.arange(len(samples))]
    return index, fewest.long()


def weights_that_count(model: MADE) -> dict[str, BoolTensor]:
    """Names of the weights in the state dict, and where some mask lets them be anything but 0."""
    if model.num_masks == 1:
        fixed = {*model.net, model.direct}
    else:  # hidden units that keep their degree keep the masks between them
        fixed = {*model.net[1:-1]} if model.mask_sets.kind == "even" else set()
    return {
        f"{name}.{kind}": layer.mask.bool() if layer in fixed else layer.mask >= 0
        for name, layer in model.named_modules()
        if isinstance(layer, MaskedLinear)
        for kind in ("weight", "conditioning")
        if getattr(layer, kind) is not None
    }


def read_asset(file: str) -> dict:
    """Read a file of ``assets``, if it is the one that was shipped.

    Raises:
        OSError: if it is missing, or has another checksum.
        ValueError: if it holds anything but tensors and plain values.
    """
    path = ASSETS / file
    cure = "It is a part of the package: restore it by `git checkout`, or install the package again"
    try:
        came = hashlib.sha256(path.read_bytes()).hexdigest()
        expected = checksums().get(file)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error}). {cure}") from error
    if came != expected:
        raise OSError(
            f"{path} is not the file that was shipped: its SHA-256 is {came[:12]}..., expected "
            f"{str(expected)[:12]}.... {cure}"
        )
    return read_tensors(path)


def checksums() -> dict[str, str]:
    """SHA-256 of each file of ``assets``, by its name."""
    lines = (ASSETS / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}
