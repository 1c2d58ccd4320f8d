"""Fixtures that give each test its own data folder, without network or the user's cache."""

import pytest

from made_course.data.mnist import mnist_folder
from tests.data.mnist_files import expect_full_set, four_files

FULL_FOLDER = mnist_folder()  # found before a test replaces it


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """Set an absent folder as the root, instead of the reader's own."""
    root = tmp_path / "data"
    monkeypatch.setenv("MADE_COURSE_DATA", str(root))
    return root


@pytest.fixture
def full_mnist(monkeypatch):
    """Set the real full set as the root, for tests marked full_mnist, and return its folder."""
    monkeypatch.setenv("MADE_COURSE_DATA", str(FULL_FOLDER.parents[1]))
    return FULL_FOLDER


@pytest.fixture
def few(monkeypatch):
    """Return four valid files that replace full MNIST in this test, with 30 and 20 images."""
    files = four_files(30, 20, seed=0)
    expect_full_set(monkeypatch, files)
    return files
