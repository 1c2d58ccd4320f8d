"""MADE, from the chain rule to sampled digits: the package beside the notebooks.

Everything a notebook uses can be imported from here, except exercises. A room is loaded when one of
its names is first asked for, so that ``import made_course`` costs next to nothing, and a model does
not wait for the libraries that draw figures.
"""

from importlib import import_module

__version__ = "0.1.0"

# The one list of public names is `__init__.pyi`, which type checkers read, too. Each has a line
# `from .room import name as name`.
with open(f"{__file__}i", encoding="utf-8") as _stub:
    _lines = [line.split() for line in _stub if line.startswith("from .")]
_ROOM_OF = {name: room.removeprefix(".") for _, room, *_, name in _lines}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
