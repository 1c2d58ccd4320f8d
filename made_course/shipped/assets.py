"""Read the files that ship with the course, after a comparison of their checksums."""

from __future__ import annotations

import hashlib
import pathlib

from ..common.files import read_tensors

ASSETS = pathlib.Path(__file__).with_name("files")
CHECKSUMS = "SHA256SUMS"


def read_asset(file: str) -> dict:
    """Read a file of ``files``.

    Raises:
        OSError: if it is missing, or has another checksum.
    """
    path = ASSETS / file
    cure = "Restore it with `git checkout`, or install the package again"
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        expected = checksums().get(file)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error}). {cure}") from error
    if found != expected:
        raise OSError(
            f"{path} is not the file that was shipped: its SHA-256 is {found[:12]}..., expected "
            f"{str(expected)[:12]}.... {cure}"
        )
    return read_tensors(path)


def checksums() -> dict[str, str]:
    """Return the SHA-256 of each file of ``files``, by its name."""
    lines = (ASSETS / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}
