"""Calls between the judge and the process of a hand-in, of which only plain values come back.

The check runs in the judge. It calls the answer, which lives in the other process, as if it were
here: arguments go there, numbers, texts, tensors and collections of them come back. Nothing that
comes back is ever run. So a hand-in that wants to pass must give the right values.
"""

from __future__ import annotations

import base64
import json
import pickle
import socket
import time
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from made_course.model.heads import Head
from made_course.model.sampling import evaluation_mode

from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit
from .own import TheCoursesOwn

MOST_BYTES = 64 * 2**20
"""Length of a message."""
_OF_A_MODEL = ("__call__", "log_prob", "sample")
_OF_A_HEAD = ("params_per_variable", "is_density")
_COLLECTIONS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
"""What comes back as one of these, of whatever class it is over there."""
_DTYPES = {
    str(dtype): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    )
}


class Gone(BaseException):
    """The other process has ended, is out of time, or is not understood; no check stops this."""


class Lost(BaseException):
    """What an answer gave cannot be carried over: no check takes that for its fault."""


class Peer:
    """One end of the line between a judge and a hand-in.

    Args:
        line: a connected socket.
        seconds: how long the line is kept open.
        is_judge: whether the other end is not to be trusted.
    """

    def __init__(self, line: socket.socket, seconds: float, *, is_judge: bool) -> None:
        line.settimeout(0.1)  # so that a time limit of the check can strike
        self.line, self.ends, self.is_judge = line, time.monotonic() + seconds, is_judge
        self.functions: list[Callable[..., object]] = []
        self.of = ""  # the exercise that is asked about

    # ---- messages -------------------------------------------------------------------------------

    def send(self, message: object) -> None:
        """Send what JSON can hold."""
        data = json.dumps(message).encode()
        if len(data) > MOST_BYTES:
            raise ValueError(
                f"{len(data):,} bytes are too many: {MOST_BYTES:,} may be sent at once"
            )
        rest = memoryview(len(data).to_bytes(4, "big") + data)
        while rest:
            rest = rest[self._in_time(self.line.send, rest) :]

    def receive(self) -> dict[str, object]:
        """Wait for a message."""
        length = int.from_bytes(self._read(4), "big")
        if length > MOST_BYTES:
            raise Gone
        try:
            message = json.loads(self._read(length))
        except (ValueError, RecursionError) as error:
            raise Gone from error
        if not isinstance(message, dict):
            raise Gone
        return message

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self._in_time(self.line.recv, min(count - len(parts), 2**20))
            if not part:
                raise Gone
            parts += part
        return bytes(parts)

    def _in_time(self, step: Callable[[Any], Any], argument: object) -> Any:
        while time.monotonic() < self.ends:
            try:
                return step(argument)
            except TimeoutError:
                continue
            except OSError as error:
                raise Gone from error
        raise Gone

    # ---- calls ----------------------------------------------------------------------------------

    def call(self, number: int, arguments: tuple[object, ...]) -> object:
        """Call a function of the other end, and serve its own calls meanwhile."""
        try:
            given = [self.encode(part) for part in arguments]
            self.send({"call": number, "arguments": given, "of": self.of})
            while "call" in (message := self.receive()):
                self.serve(message)
        except TookTooLong:
            self.ends = 0  # what comes now would be taken for the answer to a later call
            raise
        if "raised" in message:
            kind, text = (str(part)[:400] for part in message["raised"])
            for reason in (TheCoursesOwn, Lost):
                if kind == reason.__name__:
                    raise reason(text)
            raise TookTooLong if kind == "TookTooLong" else type(kind, (Exception,), {})(text)
        for argument, now in zip(arguments, message.get("now", ()), strict=False):
            if now is not None:
                _overwrite(argument, self.decode(now))
        return self.decode(message.get("came"))

    def serve(self, message: dict[str, object]) -> None:
        """Answer one call of the other end."""
        try:
            function = self.functions[message["call"]]
            arguments = [self.decode(part) for part in message["arguments"]]
            with time_limit(LIMIT_S):
                came = self.carried(function(*arguments))
            now = [*map(self._if_changed, arguments, message["arguments"])]
            answer = {"came": came, "now": now}
        except (Exception, SystemExit, TookTooLong, TheCoursesOwn, Lost) as error:
            answer = {"raised": [type(error).__name__, str(error)[:400]]}
        self.send(answer)

    def _if_changed(self, argument: object, before: object) -> object:
        if isinstance(argument, nn.Module):
            return self.encode({"training": argument.training, **argument.state_dict()})
        now = self.encode(argument) if isinstance(argument, Tensor | list | dict) else before
        return None if now == before else now

    # ---- values ---------------------------------------------------------------------------------

    def carried(self, value: object) -> object:
        """What a hand-in gives, encoded.

        Raises:
            Lost: if it cannot be.
        """
        try:
            return self.encode(value)
        except Exception as error:  # its class may do anything
            why = f"its answer could not be carried over: {type(error).__name__}: {error}"
            raise Lost(why[:400]) from error

    def encode(self, value: object) -> object:
        """A value as JSON; functions by a number under which they can be called."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Real):
            return int(value) if isinstance(value, Integral) else float(value)
        if isinstance(value, Tensor):
            raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
            data = base64.b64encode(raw.tobytes()).decode()
            dtype = str(value.dtype)
            if dtype not in _DTYPES:
                raise TypeError(f"a tensor of {dtype}")
            return {"tensor": [dtype, list(value.shape), data, value.requires_grad]}
        if isinstance(value, np.ndarray):
            return {"array": self.encode(torch.from_numpy(value))}
        for name, kind in _COLLECTIONS.items():
            if isinstance(value, kind):
                return {name: [self.encode(part) for part in value]}
        if isinstance(value, Mapping):
            return {"dict": [[self.encode(part) for part in pair] for pair in value.items()]}
        if self.is_judge and (isinstance(value, nn.Module) or not callable(value)):
            return {"pickle": base64.b64encode(pickle.dumps(value)).decode()}
        if isinstance(value, type):
            builds = self._give(value) if issubclass(value, Head) else None
            return {"class": [value.__name__, builds]}
        is_model = callable(getattr(value, "log_prob", None))
        if callable(value) and not is_model:
            name = getattr(value, "__name__", type(value).__name__)
            return {"function": [name, self._give(value)]}
        given = [m for m in _OF_A_MODEL if is_model and callable(getattr(value, m, None))]
        methods = {m: self._give(_scored(value, getattr(value, m))) for m in given}
        said = {p: self.encode(getattr(value, p)) for p in _OF_A_HEAD if hasattr(value, p)}
        return {"object": [type(value).__name__, methods, said]}

    def _give(self, function: Callable[..., object]) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def decode(self, value: object) -> object:
        """What was encoded, as far as it can be had without running anything of the hand-in's."""
        if not isinstance(value, dict):
            return value
        ((kind, content),) = value.items()
        if kind == "tensor":
            return _tensor(*content)
        if kind == "array":
            return self.decode(content).numpy()
        if kind in _COLLECTIONS:
            return _COLLECTIONS[kind](self.decode(part) for part in content)
        if kind == "dict":
            return {self.decode(key): self.decode(part) for key, part in content}
        if kind == "function":
            return self._function(*content)
        if kind == "class":
            name, builds = content
            if builds is None:
                return type(name[:80], (), {})
            # a head's objects are built and asked at the other end, as models are
            return type(name[:80], (Head,), {"__new__": lambda cls: self.call(builds, ())})
        if kind == "object":
            name, methods, said = content
            given = [method for method in _OF_A_MODEL if method in methods]
            parts = {m: staticmethod(self._function(m, methods[m])) for m in given}
            parts |= {part: self.decode(said[part]) for part in _OF_A_HEAD if part in said}
            return type(name[:80], (), parts)()
        if kind == "pickle" and not self.is_judge:
            return pickle.loads(base64.b64decode(content))
        raise Gone

    def _function(self, name: str, number: int) -> Callable[..., object]:
        def function(*arguments: object) -> object:
            return self.call(number, arguments)

        function.__name__ = str(name)[:80]
        return function


def _scored(model: object, function: Callable[[Tensor], object]) -> Callable[[Tensor], object]:
    """A function of a model as it is called when the model is scored."""
    if not isinstance(model, nn.Module):
        return function

    def scored(x: Tensor) -> object:
        for parameter in model.parameters():
            x = x.to(parameter)
            break
        with torch.no_grad(), evaluation_mode(model):
            return function(x)

    return scored


def _tensor(dtype: str, shape: list[int], data: str, requires_grad: bool) -> Tensor:
    raw = bytearray(base64.b64decode(data))
    kind = _DTYPES[dtype]
    flat = torch.frombuffer(raw, dtype=kind) if raw else torch.empty(0, dtype=kind)
    tensor = flat.reshape(shape)
    return tensor.requires_grad_(bool(requires_grad))


@torch.no_grad()
def _overwrite(argument: object, now: object) -> None:
    """Do to an argument here what was done to its copy there."""
    if isinstance(argument, nn.Module):
        argument.train(now.pop("training"))
        argument.load_state_dict(now)
    elif isinstance(argument, Tensor):
        argument.set_(now)
    elif isinstance(argument, list):
        argument[:] = now
    elif isinstance(argument, dict):
        argument.clear()
        argument.update(now)
