"""Download full MNIST: four verified files, or nothing is changed."""

from __future__ import annotations

import os
import tempfile
from http.client import HTTPException
from pathlib import Path

from .mnist import FULL_SHA256, mnist_folder, read_verified


def download_mnist() -> Path:
    """Download full MNIST into :func:`mnist_folder`, and return this folder.

    ``torchvision.datasets.MNIST`` fetches and unpacks it, with a progress bar, into a temporary
    folder beside the final one. Only missing or damaged files are replaced, and only after all four
    new files have been verified. An OSError says what failed.

    Example: ``python -m made_course.data`` in a shell calls it.
    """
    from torchvision.datasets import MNIST

    folder = mnist_folder()
    wanting = [file for file in FULL_SHA256 if not _is_whole(folder / file)]
    if not wanting:
        print(f"Full MNIST is in {folder}, whole: nothing to download.")
        return folder
    print(f"Downloading full MNIST (12 MB, unpacked 55 MB) to {folder}")
    try:
        root = folder.parents[1]
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="MNIST-download-", dir=root) as temporary:
            MNIST(temporary, download=True)
            fresh = Path(temporary, "MNIST", "raw")
            for file, sha256 in FULL_SHA256.items():
                read_verified(fresh / file, sha256, "The server sent another file")
            folder.mkdir(parents=True, exist_ok=True)
            for file in wanting:
                os.replace(fresh / file, folder / file)
    except (OSError, RuntimeError, HTTPException) as error:
        raise OSError(
            f"full MNIST could not be downloaded to {folder}: {' '.join(str(error).split())}. "
            "Files that were there are unchanged. Check the connection (a network that wants a "
            "login sends a web page instead), 70 MB of free space and the right to write there, or "
            "set MADE_COURSE_DATA to another folder. Then run `python -m made_course.data` again. "
            'name="small" works without it'
        ) from error
    print('Full MNIST is there, verified: name="auto" loads it from now on.')
    return folder


def _is_whole(path: Path) -> bool:
    try:
        return bool(read_verified(path, FULL_SHA256[path.name], ""))
    except OSError:
        return False
