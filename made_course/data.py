"""Data in memory: MNIST as a small set that ships and as the full set, binarised; toys; any table.

Both sets of MNIST are real digits. The small one, 5,000 images of MNIST's training set, lies in the
package, so that the course runs offline. The full one, 70,000 images, is downloaded once by
``python -m made_course.data``, into a cache folder or the folder that the variable
``MADE_COURSE_DATA`` names. Every file is compared with its SHA-256 before it is used.

A table of the reader's own comes in through :func:`load_table`; :func:`example_table` is one that
ships.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition" (1998). The small set's own licence lies beside it in ``assets``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from itertools import chain, islice
from numbers import Real
from pathlib import Path
from typing import Literal, TextIO

import numpy as np
import torch
from torch import BoolTensor, Generator, Tensor
from torch.utils.data import DataLoader, Dataset, default_convert

from .arguments import check_choice, check_count, check_number
from .words import listing, variable_names

Name = Literal["auto", "small", "full"]
Binarize = Literal["threshold", "stochastic"]

NAMES = ("auto", "small", "full")
BINARIZATIONS = ("threshold", "stochastic")

_SMALL_FILE = Path(__file__).with_name("assets") / "mnist_small-images-idx3-ubyte.gz"
_SMALL_SIGNATURE = (813_934, "28a1bc8911bcd3882853e502930bf3790571ce53eb7e99417f565a6f09f66e62")
_SMALL_TRAIN = 4_000
_EXAMPLE_TABLE = Path(__file__).with_name("assets") / "votes.csv"

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

# How files of tables that are split already name their parts; those of the paper's authors have
# "train_data", "valid_data" and "test_data", beside numbers that nobody needs.
_SPLIT_KEYS = [
    tuple(part + ending for part in ("train", valid, "test"))
    for ending in ("_data", "")
    for valid in ("valid", "val", "validation")
]
# In the order in which they are tried: a comma may stand in the numbers of a table whose cells are
# separated by semicolons or tabs, and a space anywhere.
_DELIMITERS = (";", "\t", ",", " ")
_WORKBOOKS = (".xlsx", ".xls", ".ods")
_NEITHER = 2  # the code of a cell that is not 0 and not 1
_MISSING = {"", "nan", "na", "n/a", "none", "null", "nat", "<na>", "?"}
_MOST_NAMED = 12


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


def bars_and_stripes() -> Tensor:
    """All 30 bars and stripes on a 4 × 4 board: few enough variables to enumerate, and no noise.

    Either every row is of one colour or every column is, which makes 2⁴ + 2⁴ boards, of which the
    empty and the full one come up twice. A model that knew them would need ln 30 = 3.40 nats.

    Returns:
        (30, 16) float32 zeros and ones, each board once, row by row from the top.

    Source: D. MacKay, "Information Theory, Inference, and Learning Algorithms" (2003), chapter 43.

    Example:
        >>> boards = bars_and_stripes()
        >>> boards.shape
        torch.Size([30, 16])
        >>> boards[1].view(4, 4)
        tensor([[0., 0., 0., 0.],
                [0., 0., 0., 0.],
                [0., 0., 0., 0.],
                [1., 1., 1., 1.]])
    """
    colours = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    stripes, bars = colours.repeat_interleave(4, dim=1), colours.repeat(1, 4)
    return torch.cat([stripes, bars]).unique(dim=0)


def rain_diary() -> Tensor:
    """Twenty days in a garden: was the grass wet (x₁), did it rain (x₂), was the sprinkler on (x₃)?

    Three variables, so that the whole joint distribution is eight numbers, all of them multiples of
    1/20 and none of them zero. The numbers are made up.

    Returns:
        (20, 3) float32 zeros and ones, a day a row.

    Example:
        >>> days = rain_diary()
        >>> days.shape, days.mean(0)  # wet on 12 days of 20, rain on 8, the sprinkler on 9
        (torch.Size([20, 3]), tensor([0.6000, 0.4000, 0.4500]))
    """
    # days on which wet, rain and sprinkler were 000, 001, 010, ..., 111
    counts = torch.tensor([5, 1, 1, 1, 1, 5, 4, 2])
    days = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    return days.repeat_interleave(counts, dim=0)


def two_moons(n: int, noise: float = 0.1, seed: int = 0) -> Tensor:
    r"""Points on two interleaved half circles of radius 1, blurred: two variables that are real.

    A fair coin chooses a moon and :math:`\theta` is uniform on :math:`[0, \pi]`:

    .. math::
        x = \pm \big(\cos\theta - \tfrac12,\ \sin\theta - \tfrac14\big)
            + \text{noise} \cdot \varepsilon,
        \qquad \varepsilon \sim \mathcal N(0, I)

    One moon is the other one turned by half a circle about 0, so the mean is exactly 0. The
    variances are :math:`\tfrac34 + \text{noise}^2` and
    :math:`\tfrac9{16} - \tfrac1\pi + \text{noise}^2` (0.76 and 0.25 at noise 0.1), the covariance
    is :math:`\tfrac18 - \tfrac1\pi = -0.19`. The entropy, which is the lowest NLL that any model
    can have, has no closed form: integrated numerically it is 0.289, 1.008 and 1.677 nats at noise
    0.05, 0.1 and 0.2.

    Args:
        n: number of points, drawn independently: any part of them is a sample, too.
        noise: standard deviation of the blur.
        seed: governs the points, and nothing else.

    Returns:
        (n, 2) float32.

    Raises:
        TypeError, ValueError: if an argument is no such number.

    Example:
        >>> points = two_moons(1000, noise=0.0)
        >>> points.shape, points.dtype
        (torch.Size([1000, 2]), torch.float32)
        >>> upper = (points + torch.tensor([0.5, 0.25])).norm(dim=1)
        >>> lower = (points - torch.tensor([0.5, 0.25])).norm(dim=1)
        >>> bool(((upper - 1).abs().minimum((lower - 1).abs()) < 1e-6).all())
        True
    """
    n = check_count("n", n)
    noise = check_number("noise", noise)
    generator = Generator().manual_seed(check_count("seed", seed, smallest=0))
    theta = math.pi * torch.rand(n, generator=generator)
    moon = torch.stack([theta.cos() - 0.5, theta.sin() - 0.25], dim=1)
    sign = 1 - 2 * torch.randint(2, (n, 1), generator=generator)
    return sign * moon + noise * torch.randn(n, 2, generator=generator)


def checkerboard(n: int, seed: int = 0) -> Tensor:
    r"""Points spread evenly over the 8 black squares of a 4 × 4 board: no mixture's home ground.

    The squares have side 1 and the board is :math:`[-2, 2]^2`, so that every number is known:

    .. math::
        p(x) = \tfrac18 = p(x_1) \, p(x_2 \mid x_1) = \tfrac14 \cdot \tfrac12
        \quad\text{on a black square, else } 0

    The entropy, which is the lowest NLL that any model can have, is ln 8 = 2.079 nats, of which
    ln 4 are the first variable's and ln 2 the second's, in either ordering. Each variable by itself
    is uniform on [−2, 2], with mean 0 and variance 4/3; the covariance is 1/4.

    Args:
        n: number of points, drawn independently: any part of them is a sample, too.
        seed: governs the points, and nothing else.

    Returns:
        (n, 2) float32.

    Raises:
        TypeError, ValueError: if an argument is no such number.

    Example:
        >>> points = checkerboard(1000)
        >>> points.shape, points.dtype
        (torch.Size([1000, 2]), torch.float32)
        >>> bool((points.floor().sum(dim=1) % 2 == 0).all())  # black: corners sum to an even number
        True
    """
    n = check_count("n", n)
    generator = Generator().manual_seed(check_count("seed", seed, smallest=0))
    column = torch.randint(4, (n,), generator=generator)
    row = 2 * torch.randint(2, (n,), generator=generator) + column % 2
    return torch.stack([column, row], dim=1) - 2 + torch.rand(n, 2, generator=generator)


@dataclass(frozen=True, eq=False)
class Table:
    """Three parts of a binary table; ``train, valid, test = table`` takes them out.

    Args:
        train: (N₁, D) float32 zeros and ones.
        valid: (N₂, D).
        test: (N₃, D).
        columns: names of the D variables.
    """

    train: Tensor
    valid: Tensor
    test: Tensor
    columns: list[str]

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.train, self.valid, self.test))

    def __repr__(self) -> str:
        parts = ("train", "valid", "test")
        sizes = ", ".join(f"{len(getattr(self, part)):,} {part}" for part in parts)
        return f"Table({sizes} rows; columns {listing(self.columns, _MOST_NAMED)})"


def load_table(
    source: object, *, split: Sequence[float] = (0.70, 0.15, 0.15), seed: int = 0
) -> Table:
    r"""Load a binary table, check every cell, and split its rows into three parts.

    The rows are shuffled by ``seed`` alone, in the same way on every computer. Whatever is an
    independent draw from what the table shows should be one row. Rows may be equal, and may then
    stand in more than one part, as equal days do in a diary: that is no mistake, but near-copies of
    one thing (two photographs of one animal) make a test score too good. Columns that never change
    are kept.

    A CSV file may have its cells separated by commas, semicolons, tabs or spaces; they are 0 and 1,
    0.0 and 1.0, or True and False; empty lines are passed over. Its first line is a header where it
    holds a word and neither a 0 nor a 1, or where it counts 0, 1, 2, 3, ... or 1, 2, 3, ...

    Args:
        source: path of a CSV, npz or npy file; or an array, tensor or pandas frame (N, D) of bool,
            whole numbers or floats. An npz file with one array is split as all others are. One
            with arrays ``train``, ``valid`` (or ``val``, ``validation``) and ``test``, or the
            same with ``_data`` behind, keeps its own parts and the order of their rows, and
            ``split`` and ``seed`` have no say.
        split: fractions of the rows for training, validation and test; they sum to 1.
        seed: governs which row goes where, and nothing else.

    Returns:
        A :class:`Table`: its parts, float32, and the names of its columns, which are x₁, x₂, ...
        where the source has none.

    Raises:
        TypeError: if ``source`` is none of these or holds complex numbers, ``split`` is not three
            fractions, or ``seed`` is no whole number.
        OSError: if there is no such file, or it cannot be opened.
        ValueError: if the file is of another kind or damaged; if a line has more or fewer cells
            than the first; if a cell is neither 0 nor 1, or missing: the message names the first
            such row and column; if two columns have one name; if the fractions do
            not sum to one; if a part would have no row.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "animals.csv"
        >>> _ = path.write_text("feathers,eggs,milk\n" + "1,1,0\n" * 12 + "0,0,1\n" * 8)
        >>> load_table(path)
        Table(14 train, 3 valid, 3 test rows; columns feathers, eggs and milk)
        >>> train, valid, test = load_table(path, split=(0.5, 0.25, 0.25), seed=1)
        >>> train.shape, valid.shape, test.shape, train.dtype
        (torch.Size([10, 3]), torch.Size([5, 3]), torch.Size([5, 3]), torch.float32)

        >>> load_table(np.array([[0, 1], [1, 2], [1, 0]]))
        Traceback (most recent call last):
        ValueError: the array: row 1, column 1 (both counted from 0) holds 2, ...
    """
    seed = check_count("seed", seed, smallest=0)
    split = _check_split(split)
    found = _read_table(source)
    for part in found:
        _require_rows(part)
        _require_binary(part)
    names = found[0].columns or variable_names(found[0].codes.shape[1])
    if len(found) == 1:
        parts = _shuffled_parts(found[0].codes, split, seed)
    else:
        parts = [part.codes for part in found]
        for part in found[1:]:
            if part.codes.shape[1] != len(names):
                raise ValueError(
                    f"{part.name} has {part.codes.shape[1]} columns, but {found[0].name} has "
                    f"{len(names)}: the parts of one table have the same"
                )
    return Table(*(torch.from_numpy(part.astype(np.float32)) for part in parts), names)


def example_table() -> Path:
    """Return the path of a CSV file to try things on: votes in the US House of Representatives.

    A row is a member of 1984, and there are 335 of the 435. Column ``republican`` is 1 for a
    Republican and 0 for a Democrat. Each of 16 votes has two columns, such as ``immigration yea``
    and ``immigration nay``; both are 0 where no position is known, and both are never 1. The names
    are those of the source. The other 100 members are what exercise 9.4 keeps.

    Example:
        >>> load_table(example_table())
        Table(235 train, 50 valid, 50 test rows; columns republican, handicapped-infants yea, ...)

    Source: "Congressional Voting Records", UCI Machine Learning Repository (1987),
    doi:10.24432/C5C01P, CC BY 4.0; see ``votes_LICENSE.txt`` beside the file.
    """
    return _EXAMPLE_TABLE


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


@dataclass
class _Cells:
    """A table as its reader found it, and what an error needs to lead back to a cell.

    Args:
        codes: (N, D) uint8: 0, 1 or _NEITHER.
        name: what the table is called in an error.
        place: (row, column) → where that is, counted as the reader of the table counts.
        label: column → its name, or its number in the same way of counting.
        shown: (row, column) → what stands there.
        without: columns → how to leave them out, as code.
        columns: names of the columns, if it has any.
    """

    codes: np.ndarray
    name: str
    place: Callable[[int, int], str]
    label: Callable[[int], str]
    shown: Callable[[int, int], str]
    without: Callable[[Sequence[int]], str]
    columns: list[str] | None = None


def _read_table(source: object) -> list[_Cells]:
    """One table, or the three parts of one that is split already."""
    if isinstance(source, str | os.PathLike):
        return _read_table_file(Path(source).expanduser())
    if isinstance(source, Tensor):
        source = source.detach().cpu()
        if source.dtype == torch.bfloat16:  # NumPy has no such numbers
            source = source.float()
        return [_array_cells(source.numpy(), "the tensor")]
    if isinstance(source, np.ndarray):
        return [_array_cells(source, "the array")]
    if hasattr(source, "iloc") and hasattr(source, "columns"):  # pandas need not be installed
        return [_frame_cells(source)]
    raise TypeError(
        "source must be the path of a CSV, npz or npy file, a NumPy array, a tensor or a pandas "
        f"frame, got {type(source).__name__}: lists of rows become a tensor by torch.tensor(rows)"
    )


def _read_table_file(path: Path) -> list[_Cells]:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the path of one file in it")
    if not path.exists():
        raise FileNotFoundError(
            f"there is no file {path}: a path that begins with a name leads on from {Path.cwd()}"
        )
    if path.suffix.lower() in _WORKBOOKS:
        raise ValueError(f"{path} is a workbook of sheets: save the one you mean as CSV (UTF-8)")
    with path.open("rb") as file:
        start = file.read(6)
    is_numpys = start.startswith(b"PK") or start == b"\x93NUMPY"
    if is_numpys or path.suffix.lower() in (".npz", ".npy"):
        return _numpy_file_cells(path)
    return [_csv_cells(path)]


@contextmanager
def _as_one_error(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # damaged bytes make NumPy fail in any way there is
        raise ValueError(
            f"{path} cannot be read as arrays of numbers: it is damaged, of another kind, or holds "
            "Python objects, which could run code and are refused. Save the table again by "
            "np.savez(path, table=array) with an array of bool, int or float"
        ) from error


def _numpy_file_cells(path: Path) -> list[_Cells]:
    with path.open("rb") as file:  # NumPy leaves a damaged one open
        with _as_one_error(path):
            found = np.load(file, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return [_array_cells(found, str(path))]
        keys = next((keys for keys in _SPLIT_KEYS if set(keys) <= set(found.files)), None)
        if len(found.files) == 1:
            keys = found.files
        if keys is None:
            raise ValueError(
                f"{path} holds {listing(found.files, _MOST_NAMED)}: name the parts of a table "
                "train, valid and test, or save one array alone. np.load(path)[name] takes one "
                "out, which load_table then splits"
            )
        with _as_one_error(path):
            arrays = [np.asarray(found[key]) for key in keys]
    return [
        _array_cells(array, f"{path}, array {key!r}")
        for key, array in zip(keys, arrays, strict=True)
    ]


def _array_cells(array: np.ndarray, name: str) -> _Cells:
    if array.dtype.kind == "c":
        raise TypeError(f"{name} holds complex numbers ({array.dtype}): a binary table is real")
    if array.ndim != 2:
        cures = {1: "a single column is array[:, None]", 3: "images are array.reshape(N, -1)"}
        raise ValueError(
            f"{name} must have shape (N, D), one row for each observation, got {array.shape}"
            + (f": {cures[array.ndim]}" if array.ndim in cures else "")
        )
    if isinstance(array, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(array)
        array = array.data.astype(object)
        array[masked] = None
    return _Cells(
        _codes(array),
        name,
        place=lambda row, column: f"row {row}, column {column} (both counted from 0)",
        label=str,
        shown=lambda row, column: _shown(array[row, column]),
        without=lambda columns: f"np.delete(array, {list(columns)}, axis=1)",
    )


def _frame_cells(frame: object) -> _Cells:
    columns = [str(label) for label in frame.columns]
    _require_distinct(columns, "the frame")
    codes = np.empty((len(frame), len(columns)), dtype=np.uint8)
    for column in range(len(columns)):  # one by one, as each has a dtype of its own
        codes[:, column] = _codes(np.asarray(frame.iloc[:, column]))
    return _Cells(
        codes,
        "the frame",
        place=lambda row, column: f"row {row} (frame.iloc[{row}]), column {columns[column]!r}",
        label=lambda column: repr(columns[column]),
        shown=lambda row, column: _shown(frame.iloc[row, column]),
        without=lambda some: f"frame.drop(columns={[frame.columns[column] for column in some]})",
        columns=columns,
    )


def _codes(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "biuf":
        codes = np.full(values.shape, _NEITHER, dtype=np.uint8)
        codes[values == 0] = 0
        codes[values == 1] = 1
        return codes
    return np.fromiter(map(_code, values.flat), np.uint8, values.size).reshape(values.shape)


def _code(value: object) -> int:
    is_number = isinstance(value, Real | np.bool_)
    return int(value) if is_number and value in (0, 1) else _NEITHER


def _shown(value: object) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    return f"the text {value!r}" if isinstance(value, str) else repr(value)


class _Spellings(dict):
    """Code of a cell's text. Each spelling of 0 and 1 is read once; ``bad`` is the first other."""

    bad: str | None = None

    def __missing__(self, text: str) -> int:
        code = _code_of_text(text)
        if code != _NEITHER:
            self[text] = code
        elif self.bad is None:
            self.bad = text
        return code


def _code_of_text(text: str) -> int:
    word = text.strip().casefold()
    if word in ("false", "true"):
        return int(word == "true")
    number = _number(word)
    return int(number) if number in (0, 1) else _NEITHER


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _csv_cells(path: Path) -> _Cells:
    spellings = _Spellings()
    codes = bytearray()
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _delimiter(file)
            reader = _csv_reader(file, delimiter)
            rows = filter(None, reader)
            first = next(rows, None)
            if first is None:
                raise ValueError(f"{path} is empty: a table has a row for each observation")
            columns = _header(first)
            for row in rows if columns else chain([first], rows):
                lines.append(reader.line_num)
                if len(row) != len(first):
                    raise ValueError(
                        f"{path}: row {len(lines)} (line {lines[-1]} of the file) has {len(row)} "
                        f"cells, but the {'header' if columns else 'first row'} has {len(first)}: "
                        f"cells are separated by {delimiter!r}, and every line has as many"
                    )
                codes += bytes(map(spellings.__getitem__, row))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} cannot be read as a table ({error}): expected CSV in UTF-8, npz or npy. A "
            "sheet is saved as CSV (UTF-8), a packed file is unpacked first"
        ) from error
    except csv.Error as error:
        raise ValueError(
            f"{path}: row {len(lines) + 1} cannot be read ({error}): look for a quotation mark "
            "that is not closed"
        ) from error
    if columns:
        _require_distinct(columns, f"{path}, line 1")

    def label(column: int) -> str:
        return repr(columns[column]) if columns else str(column + 1)

    def place(row: int, column: int) -> str:
        line = f"line {lines[row]} of the file"
        if row == 0 and not columns:
            line += ", which is no header"
        return f"row {row + 1} ({line}), column {label(column)}"

    def without(some: Sequence[int]) -> str:
        sep = "" if delimiter == "," else f", sep={delimiter!r}"
        header = "" if columns else ", header=None"
        labels = [columns[column] for column in some] if columns else list(some)
        return f"pandas.read_csv({str(path)!r}{sep}{header}).drop(columns={labels})"

    return _Cells(
        np.frombuffer(codes, dtype=np.uint8).reshape(len(lines), len(first)),
        str(path),
        place,
        label,
        shown=lambda row, column: repr(spellings.bad),
        without=without,
        columns=columns,
    )


def _delimiter(file: TextIO) -> str:
    """What separates cells in both of the first two lines: a name may hold any of them."""
    lines = list(islice(filter(str.strip, file), 2))
    file.seek(0)
    return next((mark for mark in _DELIMITERS if all(mark in line for line in lines)), ",")


def _csv_reader(file: TextIO, delimiter: str) -> csv.reader:
    # A space at the end of a line would be one more, empty cell; a tab there is one that is meant.
    lines = (line.strip(" \r\n") for line in file) if delimiter == " " else file
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _header(cells: Sequence[str]) -> list[str] | None:
    """Names, if the first line has names, and not the first row of the table."""
    cells = [" ".join(cell.split()) for cell in cells]
    cells[0] = cells[0].removeprefix("# ")  # np.savetxt writes it
    counted = [cell for cell in cells if cell]
    has_word = any(_number(cell) is None for cell in counted)
    has_binary = any(_code_of_text(cell) != _NEITHER for cell in cells)
    counts = any(counted == list(map(str, range(a, a + len(counted)))) for a in (0, 1))
    if (has_word and not has_binary) or (counts and "3" in counted):
        return [cell or f"Unnamed: {i}" for i, cell in enumerate(cells)]  # as pandas calls it
    return None


def _require_distinct(columns: Sequence[str], name: str) -> None:
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise ValueError(
            f"{name} has more than one column named {listing(twice, _MOST_NAMED)}: rename them, so "
            "that each name stands for one variable"
        )


def _require_rows(cells: _Cells) -> None:
    n_rows, n_columns = cells.codes.shape
    if not n_rows or not n_columns:
        raise ValueError(
            f"{cells.name} has {n_rows} rows and {n_columns} columns: it needs at least one of each"
        )


def _require_binary(cells: _Cells) -> None:
    bad = cells.codes == _NEITHER
    if not bad.any():
        return
    row, column = divmod(int(bad.argmax()), bad.shape[1])
    shown = cells.shown(row, column)
    some = np.flatnonzero(bad.any(axis=0)).tolist()
    is_missing = shown.removeprefix("the text ").strip("'\" ").casefold() in _MISSING
    message = (
        f"{cells.name}: {cells.place(row, column)} holds {shown}"
        f"{', a missing value' if is_missing else ''}, but every cell of a binary table is 0 or 1 "
        "(or False or True). "
    )
    if (total := int(bad.sum())) > 1:
        labels = listing([cells.label(i) for i in some], _MOST_NAMED)
        message += f"Such cells: {total:,}, in {len(some)} of {bad.shape[1]} columns ({labels}). "
    if is_missing:
        message += "Fill in what is missing, or leave out its rows or columns"
    else:
        message += "Correct or binarise it, or leave out what is no binary variable"
    if len(some) <= _MOST_NAMED and len(some) < bad.shape[1]:
        message += f": load_table({cells.without(some)})"
    raise ValueError(message)


def _check_split(split: Sequence[float]) -> tuple[float, float, float]:
    try:
        fractions = tuple(split)
    except TypeError:
        fractions = ()
    if len(fractions) != 3 or isinstance(split, str):
        raise TypeError(f"split must be three fractions, as (0.70, 0.15, 0.15), got {split!r}")
    fractions = tuple(check_number("each of split", part, positive=True) for part in fractions)
    if not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(f"split must sum to 1, got {split!r}: its sum is {sum(fractions):g}")
    return fractions


def _shuffled_parts(
    codes: np.ndarray, split: tuple[float, float, float], seed: int
) -> list[np.ndarray]:
    n = len(codes)
    n_valid, n_test = (round(n * fraction) for fraction in split[1:])
    sizes = (n - n_valid - n_test, n_valid, n_test)
    if min(sizes) < 1:
        raise ValueError(
            f"{n} rows are too few for a split of {split}: they would make parts of "
            f"{listing(list(map(str, sizes)))} rows, and none may be empty"
        )
    # This stream is frozen, so that a test row stays one in every release of NumPy: those of
    # default_rng and of torch are not.
    shuffled = np.random.RandomState(np.random.MT19937(seed)).permutation(n)
    return [codes[rows] for rows in np.split(shuffled, [sizes[0], sizes[0] + n_valid])]


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


if __name__ == "__main__":
    try:
        download_mnist()
    except OSError as error:
        sys.exit(str(error))
