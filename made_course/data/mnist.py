"""MNIST in memory, binarised: a small set that ships, and the full set.

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
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import BoolTensor, Tensor
from torch.utils.data import DataLoader, Dataset, default_convert

from ..common.arguments import check_choice, check_count

Name = Literal["auto", "small", "full"]
Binarize = Literal["threshold", "stochastic"]

NAMES = ("auto", "small", "full")
BINARIZATIONS = ("threshold", "stochastic")

_SMALL_FILE = Path(__file__).with_name("files") / "mnist_small-images-idx3-ubyte.gz"
_SMALL_SIGNATURE = (813_934, "28a1bc8911bcd3882853e502930bf3790571ce53eb7e99417f565a6f09f66e62")
_SMALL_TRAIN = 4_000

_TRAIN_IMAGES = "train-images-idx3-ubyte"
_TEST_IMAGES = "t10k-images-idx3-ubyte"
# Length and SHA-256 of the files as they lie unpacked in MNIST/raw. The course uses no labels, but
# a folder without them would be none to torchvision, which others may point at the same place.
_FULL_SIGNATURES = {
    _TRAIN_IMAGES: (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _TEST_IMAGES: (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "train-labels-idx1-ubyte": (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-labels-idx1-ubyte": (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


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
    folder = mnist_folder()
    found = [file for file in _FULL_SIGNATURES if (folder / file).exists()]
    if name == "full" and not found:
        raise FileNotFoundError(
            f"full MNIST is not in {folder}: download it by `python -m made_course.data`, set "
            'MADE_COURSE_DATA to a folder that holds MNIST/raw, or ask for name="small"'
        )

    if name == "small" or not found:
        small = _small_images()
        train, test, loaded = small[:_SMALL_TRAIN], small[_SMALL_TRAIN:], "small"
    else:
        for file in (_TRAIN_IMAGES, _TEST_IMAGES):
            if file not in found:
                raise FileNotFoundError(
                    f"full MNIST is incomplete: {folder} holds {', '.join(found)} but not {file}. "
                    "Run `python -m made_course.data`, which adds what is missing"
                )
        train, test = (_full_images(folder / file) for file in (_TRAIN_IMAGES, _TEST_IMAGES))
        loaded = "full"

    hint = ""
    if name == "auto" and loaded == "small":
        hint = " For the full set run: python -m made_course.data"
    print(f"MNIST, {loaded} set: {len(train):,} training and {len(test):,} test images.{hint}")
    return train, test, loaded


def load_binarized_mnist(
    name: Name = "auto", binarize: Binarize = "threshold"
) -> tuple[Tensor, Tensor, str]:
    r"""Load MNIST as zeros and ones, and print which set it was.

    A grey level g of 0..255 becomes :math:`x = [g / 255 > 0.5]` by threshold, and
    :math:`x \sim \mathrm{Bernoulli}(g / 255)` stochastically: one draw from torch's global stream,
    as in Salakhutdinov and Murray (2008). A loader of :func:`make_mnist_loaders` draws anew in
    every epoch.

    Args:
        name: ``"small"``, ``"full"``, or ``"auto"``: full where it is present, else small.
        binarize: ``"threshold"`` or ``"stochastic"``.

    Returns:
        Training images (N, 784) and test images (M, 784), float32, each pixel 0 or 1; and which
        set they are of, ``"small"`` or ``"full"``.

    Raises:
        ValueError: if the name or the way to binarise is unknown.
        OSError: if files are absent, cut short or damaged, as :func:`load_mnist` says.

    Example:
        >>> train, test, name = load_binarized_mnist("small")
        MNIST, small set: 4,000 training and 1,000 test images.
        >>> train.shape, train.dtype, train.unique()
        (torch.Size([4000, 784]), torch.float32, tensor([0., 1.]))
    """
    check_choice("binarize", binarize, BINARIZATIONS)
    train, test, loaded = load_mnist(name)
    return _binarized(train.numpy(), binarize), _binarized(test.numpy(), binarize), loaded


def make_mnist_loaders(
    batch_size: int = 256, binarize: Binarize = "threshold"
) -> tuple[DataLoader, DataLoader]:
    """Loaders of binarised MNIST, full where it is present, else small; prints which it was.

    The images lie in memory as grey levels and are binarised a batch at a time, so that
    ``"stochastic"`` draws anew in every epoch. It takes a small part of a training step's time.
    The training loader shuffles with torch's global seed, in the order in which a plain
    ``DataLoader(..., shuffle=True)`` would.

    Args:
        batch_size: images in a batch; the last one of an epoch may have fewer.
        binarize: ``"threshold"`` or ``"stochastic"``, as in :func:`load_binarized_mnist`.

    Returns:
        The training loader, shuffled, and the test loader, in the order of the file. Both yield
        float32 batches (B, 784) of zeros and ones, without labels.

    Raises:
        TypeError: if the batch size is not a whole number.
        ValueError: if the batch size is less than 1 or the way to binarise is unknown.
        OSError: if files are cut short, damaged or there in part, as :func:`load_mnist` says.

    Example:
        >>> train_loader, test_loader = make_mnist_loaders(batch_size=500)
        MNIST, ... training and ... test images...
        >>> next(iter(train_loader)).shape
        torch.Size([500, 784])
    """
    batch_size = check_count("batch_size", batch_size)
    check_choice("binarize", binarize, BINARIZATIONS)
    train, test, _ = load_mnist("auto")
    return (
        binarized_loader(train, batch_size, binarize, shuffle=True),
        binarized_loader(test, batch_size, binarize, shuffle=False),
    )


def binarized_loader(
    grey: Tensor, batch_size: int, binarize: Binarize = "threshold", *, shuffle: bool
) -> DataLoader:
    """Loader of grey images that are binarised a batch at a time, anew in every epoch.

    Args:
        grey: (N, 784) grey levels, uint8.
        batch_size: images in a batch; the last one of an epoch may have fewer.
        binarize: ``"threshold"`` or ``"stochastic"``, as in :func:`load_binarized_mnist`.
        shuffle: whether to draw a new order of the images in every epoch, by torch's global seed.

    Returns:
        a loader of float32 batches (B, 784) of zeros and ones.

    Raises:
        ValueError: if the way to binarise is unknown.

    Example:
        >>> grey = torch.tensor([[0, 127, 128, 255]], dtype=torch.uint8)
        >>> list(binarized_loader(grey, 1, shuffle=False))
        [tensor([[0., 0., 1., 1.]])]
    """
    check_choice("binarize", binarize, BINARIZATIONS)
    # default_convert: a batch comes as one tensor from the data set, nothing is left to collate
    return DataLoader(
        _Binarized(grey, binarize), batch_size, shuffle=shuffle, collate_fn=default_convert
    )


def outside_small_set(images: Tensor) -> BoolTensor:
    """Tell which images are not, byte for byte, among the 5,000 of the small set.

    Of MNIST's 60,000 training images these are 55,000. Weights trained on them alone can be tested
    honestly on the small set.

    Args:
        images: (N, 784) grey levels, uint8.

    Returns:
        (N,) true where the small set does not hold the image.

    Raises:
        TypeError: if the images are no tensor of dtype uint8: a binarised image tells less.
        ValueError: if they are not of shape (N, 784).
        OSError: if the file of the small set is damaged.

    Example:
        >>> blank = torch.zeros(1, 784, dtype=torch.uint8)
        >>> outside_small_set(blank)
        tensor([True])
    """
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
    if images.dtype != torch.uint8:
        raise TypeError(f"images must be grey levels of dtype uint8, got {images.dtype}")
    if images.dim() != 2 or images.shape[1] != 784:
        raise ValueError(f"images must have the shape (N, 784), got {tuple(images.shape)}")
    held = {row.tobytes() for row in _small_images().numpy()}
    return torch.tensor(
        [row.tobytes() not in held for row in images.cpu().numpy()], dtype=torch.bool
    )


def download_mnist() -> Path:
    """Download full MNIST into :func:`mnist_folder`, unless it is there and whole.

    ``torchvision.datasets.MNIST`` fetches and unpacks it, with a progress bar, into a temporary
    folder beside the place where it belongs. Only files that are missing or broken there are
    replaced, and only when all the new ones have been verified.

    Returns:
        The folder that now holds the four files.

    Raises:
        OSError: if that failed (no network, a web page in place of a file, a full disk, a folder
            that may not be written). Everything is then as it was before.

    Example: ``python -m made_course.data`` in a shell calls it.
    """
    folder = mnist_folder()
    wanting = [file for file in _FULL_SIGNATURES if not _is_whole(folder / file)]
    if not wanting:
        print(f"Full MNIST is in {folder}, whole: nothing to download.")
        return folder

    root = folder.parents[1]
    new_folders = [place for place in (folder, *folder.parents) if not place.exists()]
    print(f"Downloading full MNIST (12 MB, unpacked 55 MB) to {folder}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="MNIST-download-", dir=root) as temporary:
            fresh = _fetch(Path(temporary))
            aside = Path(temporary, "aside")
            aside.mkdir()
            folder.mkdir(parents=True, exist_ok=True)
            _replace_all(wanting, fresh, folder, aside)
    except (OSError, RuntimeError, HTTPException) as error:
        raise OSError(
            f"full MNIST could not be downloaded to {folder}: {' '.join(str(error).split())}. "
            "Nothing was changed there. See to the connection, to 70 MB of free space and to the "
            "right to write there, or set MADE_COURSE_DATA to another folder; then run "
            '`python -m made_course.data` again. name="small" works without it'
        ) from error
    finally:
        # rmdir takes empty folders only: after a success nothing goes
        for place in new_folders:
            with suppress(OSError):
                place.rmdir()
    print('Full MNIST is there, verified: name="auto" loads it from now on.')
    return folder


class _Binarized(Dataset):
    """Grey levels in memory, binarised when asked for: one image, or a whole batch at once."""

    def __init__(self, grey: Tensor, binarize: Binarize):
        self.grey = grey
        self.binarize = binarize

    def __len__(self) -> int:
        return len(self.grey)

    def __getitem__(self, index: int | Sequence[int]) -> Tensor:
        return _binarized(self.grey.numpy()[index], self.binarize)

    # DataLoader calls this, where it exists, with the indices of a whole batch
    __getitems__ = __getitem__


def _binarized(grey: np.ndarray, binarize: Binarize) -> Tensor:
    # In NumPy, on one thread: an epoch of 60,000 images takes it 0.02 s, and 0.04 s beside other
    # busy programs, where waking PyTorch's threads for so little work was seen to take 3 s.
    if binarize == "threshold":
        ones = grey > 127  # g / 255 > 0.5 in whole numbers
    else:
        # A uniform draw from 0..254 lies below g with probability g / 255 exactly, and takes a
        # third of the time of torch.bernoulli(g / 255).
        ones = torch.empty(grey.shape, dtype=torch.uint8).random_(0, 255).numpy() < grey
    return torch.from_numpy(ones.astype(np.float32))


def _small_images() -> Tensor:
    packed = _read_verified(
        _SMALL_FILE,
        _SMALL_SIGNATURE,
        "It is a part of the package: restore it by `git checkout`, or install the package again",
    )
    return _images(gzip.decompress(packed))


def _full_images(path: Path) -> Tensor:
    cure = "Delete it and run `python -m made_course.data`"
    return _images(_read_verified(path, _FULL_SIGNATURES[path.name], cure))


def _images(idx: bytes) -> Tensor:
    # An IDX file of images has 16 bytes of header, then the pixels. The header needs no reading:
    # the file's SHA-256 has been verified. bytearray, as a tensor over bytes would not be writable.
    return torch.frombuffer(bytearray(idx), dtype=torch.uint8, offset=16).view(-1, 784)


def _read_verified(path: Path, signature: tuple[int, str], cure: str) -> bytes:
    content = path.read_bytes()
    length, sha256 = signature
    came = hashlib.sha256(content).hexdigest()
    if came == sha256:
        return content
    if _looks_like_web_page(content[:100]):
        guess = "looks like a web page"
    elif len(content) < length:
        guess = "is cut short"
    else:
        guess = "is damaged, or holds other data"
    raise OSError(
        f"{path} {guess}: got {len(content):,} bytes with SHA-256 {came[:12]}..., expected "
        f"{length:,} bytes with SHA-256 {sha256[:12]}... {cure}"
    )


def _is_whole(path: Path) -> bool:
    try:
        _read_verified(path, _FULL_SIGNATURES[path.name], cure="")
    except OSError:
        return False
    return True


def _looks_like_web_page(start: bytes) -> bool:
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _fetch(temporary: Path) -> Path:
    """Download into an empty folder; returns the folder of the four files, all verified."""
    from torchvision.datasets import MNIST

    try:
        MNIST(temporary, download=True)
    except RuntimeError as error:
        # torchvision stops at the first archive that fails, and does not always name it
        archives = sorted(temporary.rglob("*.gz"), key=lambda file: file.stat().st_mtime_ns)
        if not archives:
            raise
        with archives[-1].open("rb") as file:
            if _looks_like_web_page(file.read(100)):
                guess = "looks like a web page, such as a network sends that wants a login first"
            else:
                guess = "is cut short, damaged, or another file"
        raise OSError(f"{error} What came as {archives[-1].name} {guess}") from error
    fresh = temporary / "MNIST" / "raw"
    for file, signature in _FULL_SIGNATURES.items():
        _read_verified(fresh / file, signature, "The download brought another file than it should")
    return fresh


def _replace_all(files: Sequence[str], fresh: Path, folder: Path, aside: Path) -> None:
    """Move all files from ``fresh`` into ``folder``, or none: half a set hides the small one."""
    done: list[tuple[Path, Path]] = []
    try:
        for file in files:
            moves = [(fresh / file, folder / file)]
            if (folder / file).exists():
                moves.insert(0, (folder / file, aside / file))
            for source, target in moves:
                os.replace(source, target)
                done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            os.replace(target, source)
        raise
