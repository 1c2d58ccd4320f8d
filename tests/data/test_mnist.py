"""MNIST: the loaded images, the printed lines, and errors for damaged files."""

import hashlib
import re
from pathlib import Path

import platformdirs
import pytest
import torch

from made_course.data import mnist
from made_course.data.mnist import load_mnist, mnist_folder, mnist_labels
from made_course.data.mnist_binarized import load_binarized_mnist, make_mnist_loaders
from tests.data.mnist_files import (
    COMMAND,
    HINT,
    PAGE,
    SMALL_LINE,
    TEST,
    TEST_LABELS,
    TRAIN,
    TRAIN_LABELS,
    pixels,
    put,
    rows,
    snapshot,
)

# Loading and printed lines


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


def test_labels_of_the_full_set(few):
    put({TRAIN: few[TRAIN], TEST: few[TEST]})
    assert load_mnist()[2] == "full"  # which needs no labels
    with pytest.raises(FileNotFoundError, match=f"incomplete: .* but not {TRAIN_LABELS}"):
        mnist_labels("full")
    put(few)
    train, test = mnist_labels("full")
    assert train.dtype == test.dtype == torch.int64
    assert bytes(train.tolist()) == few[TRAIN_LABELS][8:]
    assert bytes(test.tolist()) == few[TEST_LABELS][8:]
    put({TEST_LABELS: few[TRAIN_LABELS]})
    with pytest.raises(OSError, match=f"{TEST_LABELS} is incomplete, damaged or a different file"):
        mnist_labels("full")


def test_the_folder_is_that_of_the_variable_or_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    assert mnist_folder() == tmp_path / "data" / "MNIST" / "raw"
    monkeypatch.setenv("MADE_COURSE_DATA", "~/digits")
    assert mnist_folder() == Path.home() / "digits" / "MNIST" / "raw"
    monkeypatch.setenv("MADE_COURSE_DATA", "")
    assert mnist_folder() == tmp_path / "cache" / "MNIST" / "raw"


# The small set


def test_the_small_file_is_small_and_a_broken_one_is_refused(tmp_path, monkeypatch):
    content = mnist.SMALL_FILE.read_bytes()
    assert len(content) < 1_200_000
    copy = tmp_path / mnist.SMALL_FILE.name
    copy.write_bytes(content[:-1] + b"\1")
    monkeypatch.setattr(mnist, "SMALL_FILE", copy)
    with pytest.raises(OSError, match="expected SHA-256 28a1") as caught:
        load_mnist()
    assert f"{copy} is incomplete, damaged or a different file: " in str(caught.value)
    assert "`git checkout`" in str(caught.value)


# Bad arguments


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda: load_mnist("mnist"), "unknown name 'mnist': choose one of auto, small, full"),
        (lambda: mnist_labels("auto"), "unknown name 'auto': choose one of small, full"),
        (lambda: load_binarized_mnist(binarize=None), "None: choose one of threshold, stochastic"),
        (lambda: make_mnist_loaders(0), "batch_size must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(load, message, capsys):
    with pytest.raises(ValueError, match=re.escape(message)):
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
@pytest.mark.parametrize(("there", "missing"), [({TRAIN, TRAIN_LABELS}, TEST), ({TEST}, TRAIN)])
def test_an_incomplete_full_set_is_refused(name, there, missing, few, root):
    folder = put({file: few[file] for file in there})
    before = snapshot(root)
    with pytest.raises(FileNotFoundError, match="full MNIST is incomplete") as caught:
        load_binarized_mnist(name)
    for words in (str(folder), f"but not {missing}", COMMAND, *there):
        assert words in str(caught.value)
    assert snapshot(root) == before
    assert load_mnist("small")[2] == "small"


@pytest.mark.parametrize("file", [TRAIN, TEST])
@pytest.mark.parametrize(
    "broken",
    [lambda content: PAGE, lambda content: content + b"\0", lambda content: content[:-1] + b"\7"],
    ids=["page", "longer", "one pixel"],
)
def test_a_broken_file_of_the_full_set_is_refused(file, broken, few, root):
    content = broken(few[file])
    folder = put(few | {file: content})
    before = snapshot(root)
    with pytest.raises(OSError, match="is incomplete, damaged or a different file") as caught:
        make_mnist_loaders()
    message = str(caught.value)
    assert message.startswith(f"{folder / file} is incomplete, damaged or a different file: ")
    for words in (f"{len(content):,} bytes", hashlib.sha256(content).hexdigest()[:12]):
        assert words in message
    assert f"expected SHA-256 {hashlib.sha256(few[file]).hexdigest()[:12]}" in message
    assert f"Delete it and run {COMMAND}" in message
    assert snapshot(root) == before


# Full MNIST, where it is


@pytest.mark.full_mnist
def test_full_mnist_is_what_torchvision_loads(full_mnist, capsys):
    from torchvision.datasets import MNIST

    train, test, name = load_mnist("auto")
    assert capsys.readouterr().out == "MNIST, full set: 60,000 training and 10,000 test images.\n"
    assert name == "full"
    labels = mnist_labels("full")
    for images, digits, is_train in zip((train, test), labels, (True, False), strict=True):
        reference = MNIST(full_mnist.parents[1], train=is_train)
        assert torch.equal(images, reference.data.flatten(1))
        assert torch.equal(digits, reference.targets)


@pytest.mark.full_mnist
def test_small_set_is_of_the_training_set_with_its_labels(full_mnist):
    train, _, _ = load_mnist("full")
    digit_of = dict(zip(rows(train), mnist_labels("full")[0].tolist(), strict=True))
    *small, name = load_mnist("small")
    for images, labels in zip(small, mnist_labels(name), strict=True):
        assert [digit_of[image] for image in rows(images)] == labels.tolist()
