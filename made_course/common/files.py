"""Write a file completely or not at all, and read tensors without running code."""

from __future__ import annotations

import io
import os
import pathlib
import secrets
import zipfile
from collections.abc import Callable
from contextlib import suppress


def write_atomically(path: str | os.PathLike[str], write: Callable[[pathlib.Path], object]) -> None:
    """Let ``write`` fill a temporary file, then rename it to ``path`` in one step.

    Raises an OSError if the file cannot be written; an older file at ``path`` is then unchanged.

    Example:
        >>> import tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "numbers.csv"
        >>> write_atomically(path, lambda file: file.write_text("1, 2"))
        >>> [file.name for file in path.parent.iterdir()]
        ['numbers.csv']
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.tmp{path.suffix}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())  # write to the disk before the old file is replaced
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:  # torch.save reports a full disk as RuntimeError
        cure = "free some space or choose a folder you may write to"
        if not path.parent.is_dir():
            cure = f"create the folder {path.parent} first"
        raise OSError(
            f"could not write {path}: {error}; {cure}. An older file is unchanged"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def read_tensors(path: str | os.PathLike[str]) -> object:
    """Return the content of a file that torch.save wrote, without running any code in it.

    Raises a ValueError if it is damaged, or has objects other than tensors and plain values.
    """
    import torch  # not at the top, because this import takes seconds

    content, checked = io.BytesIO(pathlib.Path(path).read_bytes()), io.BytesIO()
    try:
        # torch.load can read a damaged file without an error, so copy records with a right checksum
        with zipfile.ZipFile(content) as archive, zipfile.ZipFile(checked, "w") as copy:
            for name in {*archive.namelist()}:
                copy.writestr(name, archive.read(name))
        checked.seek(0)
        return torch.load(checked, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes can cause any exception
        raise ValueError(
            f"{path} cannot be read as tensors and plain values, because it is damaged or holds "
            "objects that could run code. Delete it, or get it from its source again"
        ) from error
