"""MNIST in memory, grey levels and labels: a small set that ships, and the full set.

Both sets of MNIST are real digits. The small one, 5,000 images of MNIST's training set, lies in the
package, so that the course runs offline. The full one, 70,000 images, is downloaded once by
``python -m made_course.data``, into a cache folder or the folder that the variable
``MADE_COURSE_DATA`` names. Every file is compared with its SHA-256 before it is used.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition" (1998). The small set's own licence lies beside it in ``files``.
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

_SMALL_FILE = Path(__file__).with_name("files") / "mnist_small-images-idx3-ubyte.gz"
_SMALL_SIGNATURE = (813_934, "28a1bc8911bcd3882853e502930bf3790571ce53eb7e99417f565a6f09f66e62")
_SMALL_TRAIN, _SMALL_TEST = 4_000, 1_000

_TRAIN_IMAGES = "train-images-idx3-ubyte"
_TEST_IMAGES = "t10k-images-idx3-ubyte"
_TRAIN_LABELS = "train-labels-idx1-ubyte"
_TEST_LABELS = "t10k-labels-idx1-ubyte"
# Length and SHA-256 of the files as they lie unpacked in MNIST/raw.
_FULL_SIGNATURES = {
    _TRAIN_IMAGES: (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _TEST_IMAGES: (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    _TRAIN_LABELS: (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    _TEST_LABELS: (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
FULL_FILES = tuple(_FULL_SIGNATURES)


def mnist_folder() -> Path:
    """Return the folder in which full MNIST is looked for and downloaded to, there or not.

    It is ``MNIST/raw`` below the root that ``MADE_COURSE_DATA`` names, or below the user's cache
    folder where that is not set: the layout of ``torchvision.datasets.MNIST(root)``.

    Example:
        >>> mnist_folder().name
        'raw'
    """
    if root := os.environ.get("MADE_COURSE_DATA"):
        return Path(root).expanduser() / "MNIST" / "raw"
    from platformdirs import user_cache_path

    return user_cache_path("made_course", appauthor=False) / "MNIST" / "raw"


def load_mnist(name: Name = "auto") -> tuple[Tensor, Tensor, str]:
    """Load the grey levels of MNIST, and print which set it was.

    The small set holds 5,000 images of MNIST's *training* set, 500 of each digit, and none of its
    test set. Its images stand in the order 0, 1, ..., 9, 0, 1, ...: image k shows digit k mod 10,
    so both parts, and every run of ten, hold as many of each digit.

    Args:
        name: ``"small"``, ``"full"``, or ``"auto"``: full where it is present, else small.

    Returns:
        Training images (N, 784) and test images (M, 784) of dtype uint8, row by row from the top,
        0 for paper and 255 for ink; and ``"small"`` (4,000 and 1,000 images) or ``"full"`` (60,000
        and 10,000).

    Raises:
        ValueError: if the name is none of the three.
        FileNotFoundError: if the full set was asked for and is absent, or is there in part.
        OSError: if a file is cut short, damaged or another one than it should be. ``"auto"`` does
            not pass over it to the small set: a result would silently be one of other data.

    Example:
        >>> train, test, name = load_mnist("small")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> train.shape, test.shape, train.dtype, name
        (torch.Size([4000, 784]), torch.Size([1000, 784]), torch.uint8, 'small')
    """
    check_choice("name", name, NAMES)
    if name == "small" or (name == "auto" and not _present()):
        small = _small_images()
        train, test, loaded = small[:_SMALL_TRAIN], small[_SMALL_TRAIN:], "small"
    else:
        train, test = (_images(idx) for idx in _full(_TRAIN_IMAGES, _TEST_IMAGES))
        loaded = "full"

    hint = ""
    if name == "auto" and loaded == "small":
        hint = " For the full set run: python -m made_course.data"
    print(f"MNIST, {loaded} set: {len(train):,} training and {len(test):,} test images.{hint}")
    return train, test, loaded


def mnist_labels(name: str) -> tuple[Tensor, Tensor]:
    """Which digit each image shows, in the order of the images of the same set.

    Args:
        name: ``"small"`` or ``"full"``, as :func:`load_mnist` and :func:`load_binarized_mnist`
            return it.

    Returns:
        Labels of the training images (N,) and of the test images (M,), LongTensors of 0..9.

    Raises:
        ValueError: if the name is neither of the two.
        OSError: if the full set's labels are absent or broken, as :func:`load_mnist` says.

    Example:
        >>> train, test, name = load_mnist("small")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> train_labels, test_labels = mnist_labels(name)
        >>> len(train_labels), len(test_labels), test_labels[:12]
        (4000, 1000, tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]))
    """
    check_choice("name", name, NAMES[1:])
    if name == "small":  # its images stand in the order of their digits
        labels = torch.arange(_SMALL_TRAIN + _SMALL_TEST, device="cpu") % 10
        return labels[:_SMALL_TRAIN], labels[_SMALL_TRAIN:]
    train, test = (_labels(idx) for idx in _full(_TRAIN_LABELS, _TEST_LABELS))
    return train, test


def _small_images() -> Tensor:
    packed = _read_verified(
        _SMALL_FILE,
        _SMALL_SIGNATURE,
        "It is a part of the package: restore it by `git checkout`, or install the package again",
    )
    return _images(gzip.decompress(packed))


def _present() -> list[str]:
    return [file for file in FULL_FILES if (mnist_folder() / file).exists()]


def _full(*files: str) -> list[bytes]:
    """What is in these files of the full set."""
    folder, found = mnist_folder(), _present()
    if not found:
        raise FileNotFoundError(
            f"full MNIST is not in {folder}: download it by `python -m made_course.data`, set "
            'MADE_COURSE_DATA to a folder that holds MNIST/raw, or ask for name="small"'
        )
    for file in files:
        if file not in found:
            raise FileNotFoundError(
                f"full MNIST is incomplete: {folder} holds {', '.join(found)} but not {file}. "
                "Run `python -m made_course.data`, which adds what is missing"
            )
    cure = "Delete it and run `python -m made_course.data`"
    return [read_full(folder / file, cure) for file in files]


# An IDX file has 16 bytes of header before pixels, 8 before labels. The header needs no reading:
# the file's SHA-256 has been verified. bytearray, as a tensor over bytes would not be writable.


def _images(idx: bytes) -> Tensor:
    return torch.frombuffer(bytearray(idx), dtype=torch.uint8, offset=16).view(-1, 784)


def _labels(idx: bytes) -> Tensor:
    return torch.frombuffer(bytearray(idx), dtype=torch.uint8, offset=8).long()


def read_full(path: Path, cure: str) -> bytes:
    """What is in one of the four files of the full set.

    Raises:
        OSError: if it is not there, or not as it should be; the ``cure`` is said then.
    """
    return _read_verified(path, _FULL_SIGNATURES[path.name], cure)


def _read_verified(path: Path, signature: tuple[int, str], cure: str) -> bytes:
    content = path.read_bytes()
    length, sha256 = signature
    came = hashlib.sha256(content).hexdigest()
    if came == sha256:
        return content
    if looks_like_web_page(content[:100]):
        guess = "looks like a web page"
    elif len(content) < length:
        guess = "is cut short"
    else:
        guess = "is damaged, or holds other data"
    raise OSError(
        f"{path} {guess}: got {len(content):,} bytes with SHA-256 {came[:12]}..., expected "
        f"{length:,} bytes with SHA-256 {sha256[:12]}... {cure}"
    )


def looks_like_web_page(start: bytes) -> bool:
    """Whether a file that begins so is what a network sends that wants a login first."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
