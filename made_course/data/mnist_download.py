"""Full MNIST from the internet: all four files, verified, or nothing is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from .mnist import FULL_FILES, looks_like_web_page, mnist_folder, read_full


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
    wanting = [file for file in FULL_FILES if not _is_whole(folder / file)]
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


def _is_whole(path: Path) -> bool:
    try:
        read_full(path, cure="")
    except OSError:
        return False
    return True


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
            if looks_like_web_page(file.read(100)):
                guess = "looks like a web page, such as a network sends that wants a login first"
            else:
                guess = "is cut short, damaged, or another file"
        raise OSError(f"{error} What came as {archives[-1].name} {guess}") from error
    fresh = temporary / "MNIST" / "raw"
    for name in FULL_FILES:
        read_full(fresh / name, "The download brought another file than it should")
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
