"""Weights that ship with the course, the command that makes them, and a look at what they copy.

``python -m made_course.pretrained`` trains them again and writes them into ``assets``; it needs
full MNIST and takes about ten minutes on two cores. Names after it train those alone.

The models of digits have seen only the 55,000 training images of MNIST that are *not* in the
course's small set, so that both the small set and MNIST's test images are an honest test for them.
"""

from __future__ import annotations

import hashlib
import math
import pathlib
import sys
from collections.abc import Sequence

import torch
from torch import BoolTensor, Generator, LongTensor, Tensor

from .arguments import check_choice
from .data import bars_and_stripes, load_binarized_mnist, load_mnist, outside_small_set
from .files import read_tensors, write_whole
from .made import MADE, MaskedLinear
from .masks import draw_degrees, input_degrees
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
            small set; ``"mnist-any-order"`` is of the same size and was trained on the same images
            in a fresh ordering at every step, from sweeps across the image in any direction to none
            at all, so that it is a model in *any* ordering, as :func:`made_course.complete` needs
            it; ``"tiny"`` has 16 variables and 32 hidden units, and knows the 30 bars and stripes
            on a 4 × 4 board.

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
    own, shipped = model.state_dict(), content["state"]
    # degrees first: they say which weights the file holds, in what order
    model.load_state_dict(own | {key: shipped[key] for key in ("orders", "hidden_degrees")})
    for key, counts in _weights_that_count(model):
        weight = torch.zeros(counts.shape)
        weight[counts] = shipped[key].float()
        shipped[key] = weight
    model.load_state_dict(shipped)
    return model.eval()


def load_neighbours() -> tuple[Tensor, Tensor, Tensor]:
    """Thirty-six fixed samples of ``"mnist-512"`` and, of all it was trained on, what is nearest.

    Returns:
        samples (36, 784), their nearest training images (36, 784), both float32 zeros and ones,
        and the number of pixels in which the two differ (36,).

    Raises:
        OSError: if the file is missing, or is not the one that was shipped.

    Example:
        >>> samples, nearest, differing = load_neighbours()
        >>> bool(((samples != nearest).sum(dim=1) == differing).all())
        True
    """
    content = read_asset(NEIGHBOURS)
    return content["samples"].float(), content["nearest"].float(), content["differing"]


def nearest_images(samples: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    r"""For each sample the image that differs from it in the fewest pixels.

    On zeros and ones the number of differing pixels is
    :math:`\sum_i s_i + \sum_i x_i - 2 \sum_i s_i x_i`, so one matrix product finds all.

    Args:
        samples: (n, D) of zeros and ones.
        images: (N, D) of zeros and ones.

    Returns:
        index of the nearest image (n,) and the number of pixels that differ (n,).

    Example:
        >>> nearest_images(torch.tensor([[1.0, 1.0, 0.0]]), torch.eye(3))
        (tensor([0]), tensor([1]))
    """
    differing = samples.sum(1, keepdim=True) + images.sum(1) - 2 * samples @ images.T
    fewest = differing.min(dim=1)
    return fewest.indices, fewest.values.long()


def fingerprint(images: Tensor) -> str:
    """SHA-256 of a set of grey images (N, 784), whatever their order.

    Example:
        >>> images = torch.arange(2 * 784).view(2, 784).to(torch.uint8)
        >>> fingerprint(images) == fingerprint(images.flip(0))
        True
    """
    hashes = sorted(hashlib.sha256(row.tobytes()).digest() for row in images.numpy())
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def make_pretrained(names: Sequence[str] = tuple(MODELS)) -> None:
    """Train shipped models and write them, with their checksums, into ``assets``.

    Args:
        names: of the models, as in :func:`load_pretrained`.

    Raises:
        ValueError: if a name is unknown.
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``assets`` cannot be written.
    """
    for name in names:
        check_choice("pretrained name", name, tuple(MODELS))
    for name in names:
        torch.manual_seed(0)
        if name == "tiny":
            _make_tiny()
        elif name == "mnist-any-order":
            _make_any_order()
        else:
            _make_digits()


def _make_digits() -> None:
    """The model in raster order, what of its training set is nearest to samples, and a picture."""
    from .plotting import plot_samples_and_mask  # matplotlib, which no other use of this room needs

    train, test, trained_on = _images_outside_small_set()
    arguments = {
        "input_dim": 784,
        "hidden_dims": [512, 512],
        "degrees": "even",
        "direct": True,
        "dropout": 0.1,
    }
    model = MADE(**arguments)
    fit(model, train, epochs=30, batch_size=128, lr=7e-3, seed=0)
    _write_model("mnist-512", model, arguments, trained_on, evaluate(model, test))

    model = load_pretrained("mnist-512")
    samples = model.sample(36, generator=torch.Generator().manual_seed(0))
    index, differing = nearest_images(samples, train)
    write_asset(
        NEIGHBOURS,
        {"samples": samples.bool(), "nearest": train[index].bool(), "differing": differing},
    )

    figure = plot_samples_and_mask(samples, model.masks[1])
    write_whole(ASSETS / PICTURE, lambda path: figure.savefig(path, dpi=120, facecolor="white"))


class _ManySweeps(MADE):
    """Orderings from a sweep across the image, in any direction, to no order at all.

    Among orderings that are drawn evenly hardly any has a half of the image first, and a network
    that never met one completes such a half badly.
    """

    def _draw(self, generator: Generator | None) -> list[LongTensor]:
        shuffling, turn = torch.rand(2, generator=generator, device="cpu")
        direction = torch.stack([torch.cos(2 * math.pi * turn), torch.sin(2 * math.pi * turn)])
        place = torch.cartesian_prod(*[torch.linspace(0, 1, 28)] * 2) @ direction
        noise = torch.rand(len(place), generator=generator, device="cpu")
        order = input_degrees(torch.argsort((1 - shuffling) * place + shuffling * noise))
        return draw_degrees(order, self.hidden_dims, self.degree_draw, generator)


def _make_any_order() -> None:
    """The model whose ordering was drawn anew at every step."""
    train, test, trained_on = _images_outside_small_set()
    arguments = {
        "input_dim": 784,
        "hidden_dims": [512, 512],
        "natural_order": False,
        # each unit keeps its degree: it sees other pixels at every step, but always as many
        "degrees": "even",
        "direct": True,
        "num_masks": None,
        "seed": 0,
    }
    model = _ManySweeps(**arguments)
    fit(model, train, epochs=100, batch_size=256, lr=4e-3, weight_decay=0.01, seed=0)
    nll = evaluate(model, test, ensemble=1)
    _write_model("mnist-any-order", model, arguments, trained_on, nll)


def _make_tiny() -> None:
    """The model of 30 bars and stripes."""
    patterns = bars_and_stripes()
    arguments = {"input_dim": 16, "hidden_dims": [32], "degrees": "even", "direct": True}
    model = MADE(**arguments)
    fit(model, patterns, epochs=2000, lr=0.02, weight_decay=0.0, precision="float32", seed=0)
    _write_model("tiny", model, arguments, None, evaluate(model, patterns))


def _images_outside_small_set() -> tuple[Tensor, Tensor, str]:
    """The 55,000 images to train on, the test images, and the fingerprint of the former."""
    grey, _, _ = load_mnist("full")
    train, test, _ = load_binarized_mnist("full")
    outside = outside_small_set(grey)
    return train[outside], test, fingerprint(grey[outside])


def _write_model(
    name: str, model: MADE, arguments: dict, trained_on: str | None, nll: float
) -> None:
    """Write a model in half precision, of its weights only those that the masks let count."""
    state = {
        key: value.half() if value.is_floating_point() else value
        for key, value in model.state_dict().items()
    }
    for key, counts in _weights_that_count(model):
        state[key] = state[key][counts]
    content = {"arguments": arguments, "state": state, "trained_on": trained_on}
    write_asset(MODELS[name], content)
    print(f"{name}: {nll:.3f} nats before rounding to half precision")


def _weights_that_count(model: MADE) -> list[tuple[str, BoolTensor]]:
    """Names of the weights in the state dict, and where the masks let them be anything but 0."""
    return [
        (f"{name}.weight", layer.mask.bool() if model.num_masks == 1 else layer.mask >= 0)
        for name, layer in model.named_modules()
        if isinstance(layer, MaskedLinear)
    ]


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
        make_pretrained(sys.argv[1:] or tuple(MODELS))
    except (OSError, ValueError) as error:
        sys.exit(str(error))
