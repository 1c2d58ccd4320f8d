"""Runs that notebooks 5, 7, 10 and 11 show, as ``python -m tools.ships.run`` measured them."""

from __future__ import annotations

from types import SimpleNamespace

from .assets import read_asset


def load_runs(name: str) -> dict:
    """Return the content of ``files/NAME.pt``; a run in a list has its measurements as attributes.

    Example:
        >>> ladder = load_runs("recipe")["ladder"]
        >>> ladder[0].name, ladder[0].parameters, ladder[0].test_nll.shape  # seeds, epochs
        ('plain recipe', 1066768, torch.Size([2, 10]))
    """
    return {
        key: [SimpleNamespace(**run) for run in value] if isinstance(value, list) else value
        for key, value in read_asset(f"{name}.pt").items()
    }
