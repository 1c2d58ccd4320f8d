"""Load MNIST's grey levels and labels, from the small set in the package or from the full set.

The small set has 5,000 images of MNIST's training set. It is part of the package, so that the
course runs offline. The full set has 70,000 images. ``python -m made_course.data`` downloads it
once, into a cache folder or into the folder named by the environment variable ``MADE_COURSE_DATA``.
The SHA-256 of every file is checked before the file is used.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition" (1998). The small set's own licence is beside it in ``files``.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from ..common.arguments import check_choice

Name = Literal["auto", "small", "full"]
NAMES = ("auto", "small", "full")

SMALL_FILE = Path(__file__).with_name("files") / "mnist_small-images-idx3-ubyte.gz"
SMALL_SHA256 = "28a1bc8911bcd3882853e502930bf3790571ce53eb7e99417f565a6f09f66e62"
FULL_SHA256 = {  # checksums of the unpacked files in MNIST/raw
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def mnist_folder() -> Path:
    """Return the folder of the full set, even if it does not exist yet.

    It is ``MNIST/raw`` in the folder that ``MADE_COURSE_DATA`` names, or else in the user's cache
    folder. ``torchvision.datasets.MNIST(root)`` uses the same layout.

    Example:
        >>> mnist_folder().name
        'raw'
    """
    if root := os.environ.get("MADE_COURSE_DATA"):
        return Path(root).expanduser() / "MNIST" / "raw"
    from platformdirs import user_cache_path

    return user_cache_path("made_course", appauthor=False) / "MNIST" / "raw"


def load_mnist(name: Name = "auto") -> tuple[Tensor, Tensor, str]:
    """Load the grey levels of MNIST, and print which set was loaded.

    The small set has 5,000 images of MNIST's *training* set, and its image k shows the digit
    k mod 10.

    Args:
        name: ``"small"`` (4,000 training and 1,000 test images), ``"full"`` (60,000 and 10,000), or
            ``"auto"``: the full set if any of its files is present, else the small set.

    Returns:
        training images (N, 784) and test images (M, 784), uint8, row by row from the top, 0 for
        paper and 255 for ink; and the name of the set, ``"small"`` or ``"full"``.

    Raises:
        ValueError: if the name is unknown.
        OSError: if a file of the set is missing or damaged, also with ``"auto"``.

    Example:
        >>> train, test, name = load_mnist("small")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> train.shape, test.shape, train.dtype, name
        (torch.Size([4000, 784]), torch.Size([1000, 784]), torch.uint8, 'small')
    """
    check_choice("name", name, NAMES)
    hint = ""
    if name == "small" or (name == "auto" and not _present_files()):
        cure = "Restore it with `git checkout`, or install the package again"
        images = _parse_images(gzip.decompress(read_verified(SMALL_FILE, SMALL_SHA256, cure)))
        train, test, loaded = images[:4000], images[4000:], "small"
        hint = " For the full set run: python -m made_course.data" if name == "auto" else ""
    else:
        train, test = map(_parse_images, _read_full_set("images"))
        loaded = "full"
    print(f"MNIST, {loaded} set: {len(train):,} training and {len(test):,} test images.{hint}")
    return train, test, loaded


def mnist_labels(name: str) -> tuple[Tensor, Tensor]:
    """Return the digits 0..9 of the training images (N,) and the test images (M,), as LongTensors.

    Args:
        name: ``"small"`` or ``"full"``, as :func:`load_mnist` returns it.

    Raises:
        ValueError: if the name is unknown.
        OSError: if a file is missing or damaged.

    Example:
        >>> train_labels, test_labels = mnist_labels("small")
        >>> len(train_labels), len(test_labels), test_labels[:12]
        (4000, 1000, tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]))
    """
    check_choice("name", name, NAMES[1:])
    if name == "small":
        labels = torch.arange(5000, device="cpu") % 10
        return labels[:4000], labels[4000:]
    train, test = (
        torch.frombuffer(bytearray(idx), dtype=torch.uint8, offset=8).long()
        for idx in _read_full_set("labels")
    )
    return train, test


def _parse_images(idx: bytes) -> Tensor:
    # skip the header of 16 bytes; copy, because torch warns about read-only memory
    return torch.frombuffer(bytearray(idx), dtype=torch.uint8, offset=16).view(-1, 784)


def _present_files() -> list[str]:
    return [file for file in FULL_SHA256 if (mnist_folder() / file).exists()]


def _read_full_set(kind: str) -> list[bytes]:
    """Return the contents of the training and the test files of ``"images"`` or ``"labels"``."""
    folder, found = mnist_folder(), _present_files()
    if not found:
        raise FileNotFoundError(
            f"full MNIST is not in {folder}: download it with `python -m made_course.data`, set "
            'MADE_COURSE_DATA to a folder that holds MNIST/raw, or ask for name="small"'
        )
    files = [file for file in FULL_SHA256 if kind in file]
    if missing := [file for file in files if file not in found]:
        raise FileNotFoundError(
            f"full MNIST is incomplete: {folder} holds {', '.join(found)} but not {missing[0]}. "
            "Run `python -m made_course.data`, which adds the missing files"
        )
    cure = "Delete it and run `python -m made_course.data`"
    return [read_verified(folder / file, FULL_SHA256[file], cure) for file in files]


def read_verified(path: Path, sha256: str, cure: str) -> bytes:
    """Return the content of a file, or raise an OSError with ``cure`` if its SHA-256 differs."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise OSError(
            f"{path} is incomplete, damaged or a different file: {len(content):,} bytes with "
            f"SHA-256 {found[:12]}..., expected SHA-256 {sha256[:12]}.... {cure}"
        )
    return content
