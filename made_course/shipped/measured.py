"""Measured runs that notebooks 5, 7, 10 and 11 show, made by ``python -m tools.ships.run``."""

from __future__ import annotations

from types import SimpleNamespace

from .assets import read_asset


def load_runs(name: str) -> dict:
    """Return the measurements in ``files/NAME.pt``.

    Each run in a list becomes an object whose attributes are its settings and measurements.

    Args:
        name: ``"recipe"``, ``"orderings"``, ``"race"`` or ``"groups"``.

    Raises:
        OSError: if the file is missing, or its SHA-256 is wrong.

    Example:
        >>> ladder = load_runs("recipe")["ladder"]
        >>> ladder[0].name, ladder[0].parameters, ladder[0].test_nll.shape  # seeds, epochs
        ('plain recipe', 1066768, torch.Size([2, 10]))
    """
    return {
        key: [SimpleNamespace(**run) for run in value] if isinstance(value, list) else value
        for key, value in read_asset(f"{name}.pt").items()
    }
