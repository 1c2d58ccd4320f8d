"""The files that ship, each read only if it is the one that was shipped."""

from __future__ import annotations

import hashlib
import pathlib

from ..common.files import read_tensors

ASSETS = pathlib.Path(__file__).with_name("files")
CHECKSUMS = "SHA256SUMS"


def read_asset(file: str) -> dict:
    """Read a file of ``files``, if it is the one that was shipped.

    Raises:
        OSError: if it is missing, or has another checksum.
        ValueError: if it holds anything but tensors and plain values.
    """
    path = ASSETS / file
    cure = "It is a part of the package: restore it by `git checkout`, or install the package again"
    try:
        came = hashlib.sha256(path.read_bytes()).hexdigest()
        expected = checksums().get(file)
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error}). {cure}") from error
    if came != expected:
        raise OSError(
            f"{path} is not the file that was shipped: its SHA-256 is {came[:12]}..., expected "
            f"{str(expected)[:12]}.... {cure}"
        )
    return read_tensors(path)


def checksums() -> dict[str, str]:
    """SHA-256 of each file of ``files``, by its name."""
    lines = (ASSETS / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}
