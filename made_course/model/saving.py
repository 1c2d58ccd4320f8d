"""A model in one file: its arguments, its head and its weights; no code in it is ever run."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from ..common.files import read_tensors, write_whole
from .activations import ACTIVATIONS
from .heads import NAMED_HEADS, Head
from .mixed import Mixed

if TYPE_CHECKING:
    from .made import MADE

    Model = TypeVar("Model", bound=MADE)

FORMAT = "made_course.MADE, version 1"


def save_model(model: MADE, path: str | os.PathLike[str]) -> None:
    """What :meth:`made_course.MADE.save` says, which takes the same arguments."""
    content = {
        "format": FORMAT,
        "arguments": _arguments_of(model),
        "head": _written(model.head),
        "state": model.state_dict(),
    }
    write_whole(path, lambda file: torch.save(content, file))


def load_model(kind: type[Model], path: str | os.PathLike[str]) -> Model:
    """What :meth:`made_course.MADE.load` says, which takes the same arguments."""
    content = read_tensors(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"{path} holds no model as save writes it: a state dict belongs into "
            "model.load_state_dict(torch.load(path)), a checkpoint into fit(..., checkpoint=path)"
        )
    state = content["state"]
    with torch.random.fork_rng(devices=[]):  # the weights it draws are replaced at once
        model = kind(**content["arguments"], head=_read(content["head"]))
    model.to(state["net.0.weight"].dtype).load_state_dict(state)
    return model.eval()


def _arguments_of(model: MADE) -> dict[str, Any]:
    """What to build a model with, so that it takes this one's state dict."""
    sets, names = model.mask_sets, {kind: name for name, kind in ACTIVATIONS.items()}
    if type(model.act) not in names:
        raise ValueError(_of_ones_own("activation", model.act))
    return {
        "input_dim": model.input_dim,
        "hidden_dims": model.hidden_dims,
        "natural_order": sets.natural_order,
        "activation": names[type(model.act)],
        "ordering": sets.orders[0].argsort().tolist() if sets.has_given_ordering else None,
        "degrees": sets.kind,
        "direct": model.direct is not None,
        "dropout": model.dropout,
        "conditioning": model.net[0].conditioning is not None,
        "num_masks": sets.num_masks,
        "seed": sets.seed,
    }


def _written(head: Head) -> list[Any]:
    """The name of a head and its arguments, those of Mixed written alike."""
    if type(head) is Mixed:
        return ["Mixed", *map(_written, head.heads)]
    if type(head) not in NAMED_HEADS:
        raise ValueError(_of_ones_own("head", head))
    return [type(head).__name__, *head.arguments]


def _read(written: list[Any]) -> Head:
    name, *arguments = written
    if name == "Mixed":
        return Mixed([_read(head) for head in arguments])
    return {kind.__name__: kind for kind in NAMED_HEADS}[name](*arguments)


def _of_ones_own(what: str, value: object) -> str:
    return (
        f"{what} {value!r} is one of your own, and a file that runs no code cannot hold it: save "
        "the weights by torch.save(model.state_dict(), path), and load them into a model that is "
        "built with the same arguments"
    )


# ---- what a state dict says beside its tensors --------------------------------------------------


def note_settings(model: MADE, state: object, prefix: str, metadata: dict[str, Any]) -> None:
    """Write beside a state dict what the shapes in it do not show."""
    metadata.update(_settings_of(model))


def check_settings(
    model: MADE, state: dict[str, Tensor], prefix: str, metadata: dict[str, Any], *_: object
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


def _settings_of(model: MADE) -> dict[str, object]:
    return {"activation": repr(model.act), "head": repr(model.head), "dropout": model.dropout}
