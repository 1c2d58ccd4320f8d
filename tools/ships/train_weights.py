"""Train ``"mnist-512"`` and ``"tiny"``: ``python -m tools.ships.train_weights [NAME ...]``.

The command writes the weights into ``shipped/files``. ``mnist-512`` needs full MNIST and takes
about ten minutes on two cores. ``tools.ships.train_any_order`` makes the model for any ordering.
"""

import hashlib
import sys

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
from made_course.common.files import write_atomically
from made_course.shipped import assets
from made_course.shipped.weights import MODELS, unmasked_weights
from made_lessons.notebook_05.nearest import nearest_images


def make_digits() -> None:
    """Write the raster-order model, and the distances of its samples from images."""
    train, test, trained_on = images_outside_small_set()
    arguments = {"input_dim": 784, "hidden_dims": [512, 512], "degrees": "even", "direct": True}
    arguments["dropout"] = 0.1
    model = MADE(**arguments)
    fit(model, train, epochs=30, batch_size=128, lr=7e-3, seed=0)
    write_model("mnist-512", model, arguments, trained_on, evaluate(model, test))

    model = load_pretrained("mnist-512")
    samples = model.sample(36, generator=torch.Generator().manual_seed(0))
    rows = {"differing": samples, "unseen": load_binarized_mnist("small")[1][:200]}
    near = {name: nearest_images(row, train, shift=2)[1] for name, row in rows.items()}
    write_asset("made_mnist_512_neighbours.pt", near)


def make_tiny() -> None:
    """Write the small model of the 30 bars and stripes."""
    patterns = bars_and_stripes()
    arguments = {"input_dim": 16, "hidden_dims": [32], "degrees": "even", "direct": True}
    model = MADE(**arguments)
    fit(model, patterns, epochs=2000, lr=0.02, weight_decay=0.0, precision="float32", seed=0)
    write_model("tiny", model, arguments, None, evaluate(model, patterns))


MAKERS = {"mnist-512": make_digits, "tiny": make_tiny}


def images_outside_small_set() -> tuple[Tensor, Tensor, str]:
    """Return the 55,000 training images, the test images, and the fingerprint of the former."""
    grey, _, _ = load_mnist("full")
    train, test, _ = load_binarized_mnist("full")
    outside = outside_small_set(grey)
    return train[outside], test, fingerprint(grey[outside])


def outside_small_set(grey: Tensor) -> Tensor:
    """Return a BoolTensor (N,), True for the grey images (N, 784) that are not in the small set."""
    held = {row.tobytes() for part in load_mnist("small")[:2] for row in part.numpy()}
    return torch.tensor([row.tobytes() not in held for row in grey.numpy()])


def write_model(
    name: str, model: MADE, arguments: dict, trained_on: str | None, nll: float
) -> None:
    """Write a model in half precision, without the weights that every set of masks cuts."""
    state = {
        key.removeprefix("mask_sets."): value.half() if value.is_floating_point() else value
        for key, value in model.state_dict().items()
    }
    for key, counts in unmasked_weights(model).items():
        state[key] = state[key][counts]
    write_asset(MODELS[name], {"arguments": arguments, "state": state, "trained_on": trained_on})
    print(f"{name}: {nll:.3f} nats before rounding to half precision")


def fingerprint(images: Tensor) -> str:
    """Return the SHA-256 of a set of grey images (N, 784), independent of their order."""
    hashes = sorted(hashlib.sha256(row.tobytes()).digest() for row in images.numpy())
    return hashlib.sha256(b"".join(hashes)).hexdigest()


def write_asset(file: str, content: dict) -> None:
    """Write tensors and plain values into ``shipped/files``, and their checksum beside them."""
    path, sums = assets.ASSETS / file, assets.ASSETS / assets.CHECKSUMS
    write_atomically(path, lambda part: torch.save(content, part))
    checksums = assets.read_checksums() if sums.exists() else {}
    checksums[file] = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(checksums.items()))
    write_atomically(sums, lambda part: part.write_text(lines))


if __name__ == "__main__":
    for name in sys.argv[1:] or MAKERS:
        torch.manual_seed(0)
        MAKERS[name]()
