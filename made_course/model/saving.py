"""A model in one file: its arguments, its head, its state dict, and its table if it has one.

The file contains only tensors, strings and numbers, and reading it runs no code from it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from ..common.files import read_tensors, write_atomically
from .heads import Head

FORMAT = "made_course.MADE, version 2"
PACKAGE = __name__.partition(".")[0]


def write_model(
    path: str | os.PathLike[str], arguments: dict[str, Any], state: dict[str, Tensor], table: Any
) -> None:
    """Write a model's arguments, its state dict and the columns of its table to a file."""
    if table is not None:
        if not hasattr(table, "row_numbers"):  # a frame is not a Table
            raise TypeError(f"table must be a result of load_table, got {type(table).__name__}")
        if len(table.columns) != arguments["input_dim"]:
            raise ValueError(
                f"the table has {len(table.columns)} columns, but the model has "
                f"{arguments['input_dim']} variables"
            )
        table = replace(table, rows=table.rows[:0])
    content = {
        "format": FORMAT,
        "arguments": {name: to_plain_value(value) for name, value in arguments.items()},
        "state": state,
        "table": to_plain_value(table),
    }
    write_atomically(path, lambda file: torch.save(content, file))


def read_model(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Tensor], Any]:
    """Return the arguments, the state dict and the table that :func:`write_model` wrote."""
    content = read_tensors(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"{path} is not a file written by MADE.save(). To load a state dict, use "
            "model.load_state_dict(torch.load(path)). To resume a checkpoint, use "
            "fit(..., checkpoint=path)"
        )
    arguments = {name: from_plain_value(value) for name, value in content["arguments"].items()}
    return arguments, content["state"], from_plain_value(content["table"])


def to_plain_value(value: Any) -> Any:
    """Replace heads and tables in a value with dictionaries, so that a file needs no code.

    Raises a ValueError unless the rest are tensors, strings and numbers.

    Example:
        >>> from made_course import Categorical
        >>> to_plain_value((1, Categorical(3)))
        (1, {'class': 'made_course.model.heads.Categorical', 'arguments': (3,)})
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return (tuple if isinstance(value, tuple) else list)(map(to_plain_value, value))
    kind = type(value)
    if kind.__module__.startswith(f"{PACKAGE}."):
        is_head = isinstance(value, Head)
        own = value.arguments if is_head else [getattr(value, f.name) for f in fields(value)]
        return {"class": f"{kind.__module__}.{kind.__name__}", "arguments": to_plain_value(own)}
    if not isinstance(value, Tensor):
        value = getattr(value, "item", lambda: value)()  # convert NumPy's numbers to Python's
    if not isinstance(value, str | int | float | Tensor | None):
        raise ValueError(
            f"cannot save {value!r}, because a file holds no code. Save a model with a head or an "
            "activation of your own with torch.save(model.state_dict(), path), and load it into a "
            "model built with the same arguments. Cells of a table must be texts or numbers"
        )
    return value


def from_plain_value(value: Any) -> Any:
    """Rebuild heads and tables from the dictionaries that :func:`to_plain_value` makes."""
    if isinstance(value, list | tuple):
        return type(value)(map(from_plain_value, value))
    if not isinstance(value, dict):
        return value
    return _import_class(value["class"])(*from_plain_value(value["arguments"]))


def _import_class(path: str) -> type:
    """Import a head or a data class of the package, or raise a ValueError for any other name."""
    module, _, name = path.rpartition(".")
    kind = getattr(import_module(module), name) if module.startswith(f"{PACKAGE}.") else None
    if not isinstance(kind, type) or not (issubclass(kind, Head) or is_dataclass(kind)):
        raise ValueError(f"the file names {path}, which is not a head or a table of {PACKAGE}")
    return kind
