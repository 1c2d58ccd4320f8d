"""Read a submitted notebook: its cells, its checks, and a digest of its code."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

MOST_BYTES = 20 * 2**20
"""Largest size of a notebook, in bytes."""
_CHECK = re.compile(r"\bcheck\(\s*[\"'](\d+\.\d+)[\"']")
_VARIANT = re.compile(r",\s*variant\s*=\s*(\"[^\"]*\"|'[^']*')")


def cells_of(content: bytes) -> list[str]:
    """Return the sources of the code cells of a notebook.

    Raises:
        ValueError: if the content is not a notebook.
    """
    try:
        cells = json.loads(content)["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"not a notebook ({type(error).__name__}: {error})"[:200]) from None


def checks_in(source: str) -> set[str]:
    """Return the names of the exercises that a cell checks."""
    return {*_CHECK.findall(source)}


def digest_of(cells: Sequence[str]) -> str:
    """Return a digest of the code, in which white space and variant keys do not count."""
    code = "".join(_VARIANT.sub("", "\n".join(cells)).split())
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()[:16]
