"""MNIST as zeros and ones, whole and in batches."""

import numpy as np
import pytest
import torch

from made_course.data.mnist import load_mnist
from made_course.data.mnist_binarized import load_binarized_mnist, make_mnist_loaders
from tests.data.mnist_files import TRAIN, expect_full_set, four_files, idx, put, rows

# Binarising


def every_grey_level(monkeypatch, n: int) -> torch.Tensor:
    """Store a set whose n training images all have every grey level, and return the levels."""
    levels = np.arange(784, dtype=np.int64) % 256
    images = np.broadcast_to(levels.astype(np.uint8), (n, 784)).reshape(n, 28, 28)
    files = four_files(n, 1, seed=0) | {TRAIN: idx(images)}
    expect_full_set(monkeypatch, files)
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


# Loaders


@pytest.mark.parametrize("batch_size", [7, 30, 64])
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
    assert train.batch_size == test.batch_size == 256
    first, second = torch.cat(list(train)), torch.cat(list(train))
    assert not torch.equal(first, train_images)
    assert not torch.equal(first, second)
    for _ in range(2):
        assert torch.equal(torch.cat(list(test)), test_images)


@pytest.mark.parametrize(("binarize", "is_same"), [("threshold", True), ("stochastic", False)])
def test_only_stochastic_draws_again_each_epoch(binarize, is_same):
    _, test = make_mnist_loaders(batch_size=500, binarize=binarize)
    first, second = torch.cat(list(test)), torch.cat(list(test))
    assert torch.equal(first, second) == is_same
    sure = (load_mnist("small")[1] == 0) | (load_mnist("small")[1] == 255)
    assert torch.equal(first[sure], second[sure])


def test_a_loader_takes_whole_batches_and_never_image_by_image(monkeypatch):
    """Count no calls for single images, which would cost more than the training step."""
    train, _ = make_mnist_loaders(batch_size=1000)
    monkeypatch.setattr(type(train.dataset), "__getitem__", lambda *_: pytest.fail("one image"))
    assert len(list(train)) == 4
