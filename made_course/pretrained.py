"""Weights that ship with the course, the command that makes them, and a look at what they copy.

``python -m made_course.pretrained`` trains ``"mnist-512"`` and ``"tiny"`` again and writes them
into ``assets``; it needs full MNIST and takes about ten minutes on two cores. A name after it
trains that one alone. The model for any ordering is made by ``python -m made_course.any_order``.

The models of digits have seen only the 55,000 training images of MNIST that are *not* in the
course's small set, so that both the small set and MNIST's test images are an honest test for them.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import pathlib
import sys
from collections.abc import Sequence

import torch
from torch import BoolTensor, Tensor

from .arguments import check_choice
from .data import bars_and_stripes, load_binarized_mnist, load_mnist, outside_small_set
from .files import read_tensors, write_whole
from .made import MADE, MaskedLinear
from .training import evaluate, fit

ASSETS = pathlib.Path(__file__).with_name("assets")
MODELS = {
    "mnist-512": "made_mnist_512.pt",
    "mnist-any-order": "made_mnist_any_order.pt",
    "tiny": "made_tiny.pt",
}
NEIGHBOURS = "made_mnist_512_neighbours.pt"
PICTURE = "readme.png"
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
    for key, counts in _weights_that_count(model).items():
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


def fingerprint(images: Tensor) -> str:
    """SHA-256 of a set of grey images (N, 784), whatever their order.

    Example:
        >>> images = torch.arange(2 * 784).view(2, 784).to(torch.uint8)
        >>> fingerprint(images) == fingerprint(images.flip(0))
        True
    """
    hashes = sorted(hashlib.sha256(row.tobytes()).digest() for row in images.numpy())
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def make_pretrained(names: Sequence[str] = ()) -> None:
    """Train shipped models and write them, with their checksums, into ``assets``.

    Args:
        names: ``"mnist-512"`` or ``"tiny"``, none for both; the third has a room of its own,
            ``any_order``.

    Raises:
        ValueError: if a name is unknown.
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``assets`` cannot be written.
    """
    makers = {"mnist-512": _make_digits, "tiny": _make_tiny}
    for name in names:
        check_choice("name of a model to make", name, tuple(makers))
    for name in names or makers:
        torch.manual_seed(0)
        makers[name]()


def _make_digits() -> None:
    """The model in raster order, what of its training set is nearest to samples, and a picture."""
    from .plotting import plot_samples_and_mask  # matplotlib, which no other use of this room needs

    train, test, trained_on = images_outside_small_set()
    arguments = {
        "input_dim": 784,
        "hidden_dims": [512, 512],
        "degrees": "even",
        "direct": True,
        "dropout": 0.1,
    }
    model = MADE(**arguments)
    fit(model, train, epochs=30, batch_size=128, lr=7e-3, seed=0)
    write_model("mnist-512", model, arguments, trained_on, evaluate(model, test))

    model = load_pretrained("mnist-512")
    samples = model.sample(36, generator=torch.Generator().manual_seed(0))
    _write_neighbours(samples, train)
    figure = plot_samples_and_mask(samples, model.masks[1])
    write_whole(ASSETS / PICTURE, lambda path: figure.savefig(path, dpi=120, facecolor="white"))


def _write_neighbours(samples: Tensor, train: Tensor) -> None:
    index, differing = nearest_images(samples, train, shift=2)
    _, unseen, _ = load_binarized_mnist("small")
    content = {
        "samples": samples.bool(),
        "nearest": train[index].bool(),
        "differing": differing,
        "unseen": nearest_images(unseen[:200], train, shift=2)[1],
    }
    write_asset(NEIGHBOURS, content)


def _make_tiny() -> None:
    """The model of 30 bars and stripes."""
    patterns = bars_and_stripes()
    arguments = {"input_dim": 16, "hidden_dims": [32], "degrees": "even", "direct": True}
    model = MADE(**arguments)
    fit(model, patterns, epochs=2000, lr=0.02, weight_decay=0.0, precision="float32", seed=0)
    write_model("tiny", model, arguments, None, evaluate(model, patterns))


def images_outside_small_set() -> tuple[Tensor, Tensor, str]:
    """The 55,000 images to train on, the test images, and the fingerprint of the former."""
    grey, _, _ = load_mnist("full")
    train, test, _ = load_binarized_mnist("full")
    outside = outside_small_set(grey)
    return train[outside], test, fingerprint(grey[outside])


def write_model(
    name: str, model: MADE, arguments: dict, trained_on: str | None, nll: float
) -> None:
    """Write a model in half precision, of its weights only those that a mask may let count."""
    state = {
        key.removeprefix("mask_sets."): value.half() if value.is_floating_point() else value
        for key, value in model.state_dict().items()
    }
    for key, counts in _weights_that_count(model).items():
        state[key] = state[key][counts]
    content = {"arguments": arguments, "state": state, "trained_on": trained_on}
    write_asset(MODELS[name], content)
    print(f"{name}: {nll:.3f} nats before rounding to half precision")


def _weights_that_count(model: MADE) -> dict[str, BoolTensor]:
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


def write_asset(file: str, content: dict) -> None:
    """Write tensors and plain values into ``assets``, and their checksum beside them.

    Raises:
        OSError: if they cannot be written; what was there is then unchanged.
    """
    write_whole(ASSETS / file, lambda path: torch.save(content, path))
    checksums = _checksums() if (ASSETS / CHECKSUMS).exists() else {}
    checksums[file] = hashlib.sha256((ASSETS / file).read_bytes()).hexdigest()
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(checksums.items()))
    write_whole(ASSETS / CHECKSUMS, lambda path: path.write_text(lines))


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
        expected = _checksums().get(file)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error}). {cure}") from error
    if came != expected:
        raise OSError(
            f"{path} is not the file that was shipped: its SHA-256 is {came[:12]}..., expected "
            f"{str(expected)[:12]}.... {cure}"
        )
    return read_tensors(path)


def _checksums() -> dict[str, str]:
    lines = (ASSETS / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


if __name__ == "__main__":
    try:
        make_pretrained(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
