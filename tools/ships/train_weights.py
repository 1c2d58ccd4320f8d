"""How ``"mnist-512"`` and ``"tiny"`` were made.

``python -m tools.ships.train_weights`` trains them again and writes them into ``shipped/files``; it
needs full MNIST and takes about ten minutes on two cores. A name after it trains that one alone.
``python -m tools.ships.train_any_order`` makes the model for any ordering.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from made_course import (
    MADE,
    bars_and_stripes,
    evaluate,
    fit,
    load_binarized_mnist,
    load_mnist,
    load_pretrained,
)
from made_course.common.arguments import check_choice
from made_course.common.files import write_whole
from made_course.shipped import assets
from made_course.shipped.weights import MODELS, weights_that_count
from made_lessons.notebook_05.nearest import nearest_images
from tools.pages.drawing import plot_samples_and_mask
from tools.ships.small_set import outside_small_set

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def make_pretrained(names: Sequence[str] = ()) -> None:
    """Train shipped models and write them, with their checksums, into ``shipped/files``.

    Args:
        names: ``"mnist-512"`` or ``"tiny"``, none for both; the third has a tool of its own,
            ``tools.ships.train_any_order``.

    Raises:
        ValueError: if a name is unknown.
        FileNotFoundError: if full MNIST is absent.
        OSError: if ``shipped/files`` cannot be written.
    """
    makers = {"mnist-512": _make_digits, "tiny": _make_tiny}
    for name in names:
        check_choice("name of a model to make", name, tuple(makers))
    for name in names or makers:
        torch.manual_seed(0)
        makers[name]()


def _make_digits() -> None:
    """The model in raster order, how far samples are from its training set, and a picture."""
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
    picture = PICTURES / "readme.png"
    write_whole(picture, lambda path: figure.savefig(path, dpi=144))


def _write_neighbours(samples: Tensor, train: Tensor) -> None:
    _, unseen, _ = load_binarized_mnist("small")
    rows = {"differing": samples, "unseen": unseen[:200]}
    content = {name: nearest_images(row, train, shift=2)[1] for name, row in rows.items()}
    write_asset("made_mnist_512_neighbours.pt", content)


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
    for key, counts in weights_that_count(model).items():
        state[key] = state[key][counts]
    content = {"arguments": arguments, "state": state, "trained_on": trained_on}
    write_asset(MODELS[name], content)
    print(f"{name}: {nll:.3f} nats before rounding to half precision")


def fingerprint(images: Tensor) -> str:
    """SHA-256 of a set of grey images (N, 784), whatever their order.

    Example:
        >>> images = torch.arange(2 * 784).view(2, 784).to(torch.uint8)
        >>> fingerprint(images) == fingerprint(images.flip(0))
        True
    """
    hashes = sorted(hashlib.sha256(row.tobytes()).digest() for row in images.numpy())
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def write_asset(file: str, content: dict) -> None:
    """Write tensors and plain values into ``shipped/files``, and their checksum beside them.

    Raises:
        OSError: if they cannot be written; what was there is then unchanged.
    """
    path, sums = assets.ASSETS / file, assets.ASSETS / assets.CHECKSUMS
    write_whole(path, lambda part: torch.save(content, part))
    checksums = assets.checksums() if sums.exists() else {}
    checksums[file] = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(checksums.items()))
    write_whole(sums, lambda part: part.write_text(lines))


if __name__ == "__main__":
    try:
        make_pretrained(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(str(error))
