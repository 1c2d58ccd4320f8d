"""Files in MNIST's format with few images, which replace the full set in a test."""

import hashlib
import struct
from pathlib import Path

import numpy as np
import torch

from made_course.data import mnist, mnist_download
from made_course.data.mnist import mnist_folder

TRAIN, TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
TRAIN_LABELS, TEST_LABELS = "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"
FOUR_FILES = {TRAIN, TEST, TRAIN_LABELS, TEST_LABELS}
SMALL_LINE = "MNIST, small set: 4,000 training and 1,000 test images."
HINT = " For the full set run: python -m made_course.data"
COMMAND = "`python -m made_course.data`"
PAGE = b"<!DOCTYPE html><html><body>Please log in to the network.</body></html>"


def idx(values: np.ndarray) -> bytes:
    """Return the content of an IDX file of uint8 values."""
    return (
        struct.pack(f">{1 + values.ndim}i", 0x800 + values.ndim, *values.shape) + values.tobytes()
    )


def four_files(n_train: int, n_test: int, seed: int) -> dict[str, bytes]:
    """Return the content of four files in MNIST's format, with fewer images."""
    grey = np.random.default_rng(seed).integers(0, 256, (n_train + n_test, 28, 28), np.uint8)
    digits = (np.arange(n_train + n_test, dtype=np.uint8) + seed) % 10
    return {
        TRAIN: idx(grey[:n_train]),
        TEST: idx(grey[n_train:]),
        TRAIN_LABELS: idx(digits[:n_train]),
        TEST_LABELS: idx(digits[n_train:]),
    }


def expect_full_set(monkeypatch, files: dict[str, bytes]) -> None:
    """Make these files the expected full MNIST, so that the real checks run on little data."""
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    monkeypatch.setattr(mnist, "FULL_SHA256", sums)
    monkeypatch.setattr(mnist_download, "FULL_SHA256", sums)


def put(files: dict[str, bytes]) -> Path:
    folder = mnist_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return path → content of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def pixels(content: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=16).view(-1, 784)


def rows(images: torch.Tensor) -> list[bytes]:
    return [row.tobytes() for row in images.numpy()]
