"""A model in one file: its arguments, its head and its weights; no code in it is ever run."""

from __future__ import annotations

import os
import warnings
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..common.files import read_tensors, write_whole
from .activations import ACTIVATIONS
from .heads import Head
from .mixed import NAMED_HEADS, Mixed

FORMAT = "made_course.MADE, version 1"
PACKED = "Mixed, packed"


def write_model(
    path: str | os.PathLike[str],
    arguments: dict[str, Any],
    head: Head,
    state: dict[str, Tensor],
    table: Any,
) -> None:
    """What :meth:`made_course.MADE.save` says: the model that is built so, and these weights.

    Args:
        path: of the file.
        arguments: what to build a model with, so that it takes the state dict, but for its head.
        head: of the model.
        state: its state dict.
        table: of the model, or None.
    """
    content = {"format": FORMAT, "arguments": arguments, "head": _written(head), "state": state}
    content["table"] = plain(table)
    write_whole(path, lambda file: torch.save(content, file))


def read_model(
    path: str | os.PathLike[str],
) -> tuple[dict[str, Any], Head, dict[str, Tensor], Any]:
    """Arguments, head, state dict and table of the model that :func:`write_model` wrote."""
    content = read_tensors(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"{path} holds no model as save writes it: a state dict belongs into "
            "model.load_state_dict(torch.load(path)), a checkpoint into fit(..., checkpoint=path)"
        )
    return content["arguments"], _read(content["head"]), content["state"], content.get("table")


def plain(value: Any) -> Any:
    """What a file without code holds of a table, heads, sequences and plain values.

    Example:
        >>> from made_course import Categorical
        >>> plain((1, Categorical(3)))
        (1, {'head': ['Categorical', 3]})
    """
    if isinstance(value, Head):
        return {"head": _written(value)}
    if is_dataclass(value):
        return {"is": type(value).__name__} | {
            field.name: plain(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value))
    value = value.item() if hasattr(value, "item") and not isinstance(value, Tensor) else value
    if not isinstance(value, dict | str | int | float | Tensor | None):
        raise ValueError(f"{value!r} is no plain value: make texts of such cells")
    return value


def from_plain(value: Any) -> Any:
    """The way back."""
    if isinstance(value, list | tuple):
        return type(value)(map(from_plain, value))
    if not isinstance(value, dict):
        return value
    if "is" not in value:
        return _read(value["head"])
    from .table import KINDS  # which brings pandas: whoever asks for a table pays for it

    return KINDS[value["is"]](**{k: from_plain(v) for k, v in value.items() if k != "is"})


def name_of(act: nn.Module) -> str:
    """The name by which a MADE takes an activation, or say that a file cannot hold it."""
    names = {kind: name for name, kind in ACTIVATIONS.items()}
    if type(act) not in names:
        raise ValueError(_of_ones_own("activation", act))
    return names[type(act)]


def _written(head: Head) -> list[Any]:
    """The name of a head and its arguments, those of Mixed written alike."""
    if type(head) is Mixed:
        return [PACKED, *map(_written, head.heads)]
    if type(head) not in NAMED_HEADS:
        raise ValueError(_of_ones_own("head", head))
    arguments = (_written(own) if isinstance(own, Head) else own for own in head.arguments)
    return [type(head).__name__, *arguments]


def _read(written: list[Any]) -> Head:
    name, *arguments = written
    arguments = [_read(own) if isinstance(own, list) else own for own in arguments]
    if name == PACKED:
        return Mixed(arguments)
    kinds = {kind.__name__: kind for kind in NAMED_HEADS}
    if name not in kinds:
        raise ValueError(f"the file has a head {name}, which is read no longer: train again")
    return kinds[name](*arguments)


def _of_ones_own(what: str, value: object) -> str:
    return (
        f"{what} {value!r} is one of your own, and a file that runs no code cannot hold it: save "
        "the weights by torch.save(model.state_dict(), path), and load them into a model that is "
        "built with the same arguments"
    )


# ---- what a state dict says beside its tensors --------------------------------------------------


def note_settings(model: nn.Module, state: object, prefix: str, metadata: dict[str, Any]) -> None:
    """Write beside a state dict what the shapes in it do not show."""
    metadata.update(_settings_of(model))


def check_settings(
    model: nn.Module, state: dict[str, Tensor], prefix: str, metadata: dict[str, Any], *_: object
) -> None:
    """Refuse the state dict of a model that computes otherwise, where one says what it is of."""
    for name, own in _settings_of(model).items():
        came = metadata.get(name, own)
        if came == own:
            continue
        said = f"the state dict is of a model with {name}={came}, and this one has {name}={own}"
        if name != "dropout":
            raise ValueError(f"{said}: build it alike, or pass dict(state) for the numbers alone")
        past_torch = 6
        warnings.warn(f"{said}: they score alike, and train differently", stacklevel=past_torch)


def _settings_of(model: nn.Module) -> dict[str, object]:
    return {"activation": repr(model.act), "head": repr(model.head), "dropout": model.dropout}
