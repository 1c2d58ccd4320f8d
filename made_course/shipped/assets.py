"""Read the files that ship with the course, after checking their SHA-256."""

from __future__ import annotations

import hashlib
import pathlib

from ..common.files import read_tensors

ASSETS = pathlib.Path(__file__).with_name("files")
CHECKSUMS = "SHA256SUMS"


def read_asset(file: str) -> dict:
    """Return the tensors and plain values in a file of the folder ``files``.

    Raises:
        OSError: if the file is missing, or its SHA-256 is wrong.
    """
    path = ASSETS / file
    cure = "Restore it with `git checkout`, or install the package again"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        expected = read_checksums().get(file)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error}). {cure}") from error
    if found != expected:
        raise OSError(
            f"{path} is not the file that was shipped: its SHA-256 is {found[:12]}..., expected "
            f"{str(expected)[:12]}.... {cure}"
        )
    return read_tensors(path)


def read_checksums() -> dict[str, str]:
    """Return a dict from the name of each file in ``files`` to its SHA-256 in hexadecimal."""
    lines = (ASSETS / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}
