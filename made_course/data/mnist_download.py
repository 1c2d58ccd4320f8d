"""Download full MNIST; no file is replaced before all four downloads are verified."""

from __future__ import annotations

import os
import tempfile
from http.client import HTTPException
from pathlib import Path

from .mnist import FULL_SHA256, mnist_folder, read_verified


def download_mnist() -> Path:
    """Download full MNIST into :func:`made_course.mnist_folder`, and return this folder.

    ``torchvision.datasets.MNIST`` downloads and unpacks it, with a progress bar, into a temporary
    folder. Once all files are verified, those that were missing or damaged are put in place.

    Raises:
        OSError: if the download fails, or a SHA-256 is wrong; old files are then unchanged.
    """
    from torchvision.datasets import MNIST

    folder = mnist_folder()
    needed = [file for file in FULL_SHA256 if not _is_verified(folder / file)]
    if not needed:
        print(f"Full MNIST is already in {folder}.")
        return folder
    print(f"Downloading full MNIST (12 MB, unpacked 55 MB) to {folder}")
    try:
        root = folder.parents[1]
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="MNIST-download-", dir=root) as temporary:
            MNIST(temporary, download=True)
            fresh = Path(temporary, "MNIST", "raw")
            for file, sha256 in FULL_SHA256.items():
                read_verified(fresh / file, sha256, "The server sent a different file")
            folder.mkdir(parents=True, exist_ok=True)
            for file in needed:
                os.replace(fresh / file, folder / file)
    except (OSError, RuntimeError, HTTPException) as error:
        raise OSError(
            f"full MNIST could not be downloaded to {folder}: {' '.join(str(error).split())}. "
            "Files that were there are unchanged. Check the connection (a network that needs a "
            "login sends a web page instead) and whether 70 MB can be written there, or set "
            "MADE_COURSE_DATA to another folder. Then run `python -m made_course.data` again. "
            'name="small" works without it'
        ) from error
    print('Full MNIST is complete and verified. From now on, name="auto" loads it.')
    return folder


def _is_verified(path: Path) -> bool:
    try:
        return bool(read_verified(path, FULL_SHA256[path.name], ""))
    except OSError:
        return False
