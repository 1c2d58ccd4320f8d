"""Calls between the judge and a submission. Only plain values come back.

The check runs in the judge. It calls the answer, which lives in another process, as if it were
here: arguments go there, and numbers, texts, tensors and collections of them come back. Nothing
that comes back is ever run. So a submission that wants to pass must give the right values.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
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
MOST_BITS = 10_000
"""Size of an integer; computing with longer ones could take the judge minutes."""
_OF_A_MODEL = ("__call__", "log_prob", "sample")
_OF_A_HEAD = ("params_per_variable", "is_density")
_SETS = {"set": set, "frozenset": frozenset}
_PLAIN = (bool, int, float, str)


class Gone(BaseException):
    """The other process has ended, is out of time, or sent something unreadable.

    It is not an ``Exception``, so that no check catches it.
    """


class Lost(BaseException):
    """A value of the answer cannot be sent. No check takes that for a mistake of the answer."""


class Peer:
    """One end of the line between a judge and a submission.

    Args:
        line: a connected socket without a timeout. Whoever shuts it down ends the conversation.
        is_judge: whether the other end is not to be trusted.
    """

    def __init__(self, line: socket.socket, *, is_judge: bool) -> None:
        self.connection, self.is_judge = Connection(os.dup(line.fileno())), is_judge
        self.functions: list[Callable[..., object]] = []
        self.of = ""  # name of the exercise that is judged now

    def send(self, message: object) -> None:
        """Send a message of plain values and tensors."""
        data = _packed(message)
        try:
            self.connection.send_bytes(data)
        except OSError as error:
            raise Gone from error

    def receive(self) -> dict[str, object]:
        """Wait for a message."""
        try:
            data = self.connection.recv_bytes(MOST_BYTES)
            with time_limit(LIMIT_S):
                message = torch.load(io.BytesIO(data), weights_only=self.is_judge)
        except (Exception, TookTooLong) as error:  # bytes of a submission may be anything
            raise Gone from error
        if not isinstance(message, dict):
            raise Gone
        return message

    # ---- calls ----------------------------------------------------------------------------------

    def call(self, number: int, arguments: tuple[object, ...]) -> object:
        """Call a function of the other end, and serve its own calls meanwhile."""
        try:
            given = [self.encode(part) for part in arguments]
            self.send({"call": number, "arguments": given, "of": self.of})
            while "call" in (message := self.receive()):
                self.serve(message)
        except TookTooLong:
            self.connection.close()  # a late reply would be taken for that to the next call
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
        return self.decode(message.get("result"))

    def serve(self, message: dict[str, object]) -> None:
        """Answer one call of the other end."""
        try:
            function = self.functions[message["call"]]
            before = [_packed(part) for part in message["arguments"]]
            arguments = [self.decode(part) for part in message["arguments"]]
            with time_limit(LIMIT_S):
                result = self.carried(function(*arguments))
            now = [*map(self._if_changed, arguments, before)]
            reply = {"result": result, "now": now}
        except (Exception, SystemExit, TookTooLong, TheCoursesOwn, Lost) as error:
            reply = {"raised": [type(error).__name__, str(error)[:400]]}
        self.send(reply)

    def _if_changed(self, argument: object, before: bytes) -> object:
        if isinstance(argument, nn.Module):
            return self.encode({"training": argument.training, **argument.state_dict()})
        if not isinstance(argument, Tensor | list | dict):
            return None
        now = self.encode(argument)
        return None if _packed(now) == before else now

    # ---- values ---------------------------------------------------------------------------------

    def carried(self, value: object) -> object:
        """Encode a value of a submission.

        Raises:
            Lost: if it cannot be encoded.
        """
        try:
            return self.encode(value)
        except Exception as error:  # its class may do anything
            why = f"its answer could not be carried over: {type(error).__name__}: {error}"
            raise Lost(why[:400]) from error

    def encode(self, value: object) -> object:
        """Encode a value by plain values and tensors; each dict in it has one key, a kind.

        Functions become numbers under which the other end can call them.
        """
        if isinstance(value, np.generic):
            value = value.item()
        for kind in _PLAIN:
            if isinstance(value, kind):
                return kind(value)
        if value is None:
            return None
        if isinstance(value, Real):
            return int(value) if isinstance(value, Integral) else float(value)
        if isinstance(value, Tensor):
            copy = value.detach().cpu().as_subclass(Tensor).clone(memory_format=_ROW_MAJOR)
            return copy.requires_grad_(value.requires_grad)
        if isinstance(value, np.ndarray):
            return {"array": self.encode(torch.from_numpy(value))}
        for kind in (list, tuple):
            if isinstance(value, kind):
                return kind([self.encode(part) for part in value])
        for name, kind in _SETS.items():
            if isinstance(value, kind):
                return {name: [self.encode(part) for part in value]}
        if isinstance(value, Mapping):
            return {"dict": [[self.encode(part) for part in pair] for pair in value.items()]}
        if self.is_judge and (isinstance(value, nn.Module) or not callable(value)):
            return {"as it is": value}
        return self._callable(value)

    def _callable(self, value: object) -> object:
        """Encode something to call: a class, a function, or a model by its methods."""
        if isinstance(value, type):
            builds = self._give(value) if issubclass(value, Head) else None
            return {"class": [value.__name__, builds]}
        is_model = callable(getattr(value, "log_prob", None))
        if callable(value) and not is_model:
            name = getattr(value, "__name__", type(value).__name__)
            return {"function": [str(name), self._give(value)]}
        given = [m for m in _OF_A_MODEL if is_model and callable(getattr(value, m, None))]
        methods = {m: self._give(_scored(value, getattr(value, m))) for m in given}
        fields = {p: self.encode(getattr(value, p)) for p in _OF_A_HEAD if hasattr(value, p)}
        return {"object": [type(value).__name__, methods, fields]}

    def _give(self, function: Callable[..., object]) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def decode(self, value: object) -> object:
        """Decode a value without running anything of the submission's."""
        if value is None or type(value) in _PLAIN:
            if type(value) is int and value.bit_length() > MOST_BITS:
                raise Gone
            return value
        # with all its numbers in memory: with other strides it could stand for 10**12 of them
        if type(value) is Tensor and value.layout is torch.strided and value.is_contiguous():
            return value
        if type(value) in (list, tuple):
            return type(value)([self.decode(part) for part in value])
        if type(value) is not dict:
            raise Gone
        ((kind, content),) = value.items()
        if kind == "array":
            return self.decode(content).numpy()
        if kind in _SETS:
            return _SETS[kind](self.decode(part) for part in content)
        if kind == "dict":
            return {self.decode(key): self.decode(part) for key, part in content}
        if kind == "as it is" and not self.is_judge:
            return content
        return self._proxy(kind, content)

    def _proxy(self, kind: str, content: list[Any]) -> object:
        """Return a stand-in for something that lives at the other end."""
        if kind == "function":
            return self._function(*content)
        if kind == "class":
            name, builds = content
            if builds is None:
                return type(name[:80], (), {})
            # a head's objects are built and asked at the other end, as models are
            return type(name[:80], (Head,), {"__new__": lambda cls: self.call(builds, ())})
        if kind == "object":
            name, methods, fields = content
            given = [method for method in _OF_A_MODEL if method in methods]
            parts = {m: staticmethod(self._function(m, methods[m])) for m in given}
            parts |= {part: self.decode(fields[part]) for part in _OF_A_HEAD if part in fields}
            return type(name[:80], (), parts)()
        raise Gone

    def _function(self, name: str, number: int) -> Callable[..., object]:
        def function(*arguments: object) -> object:
            return self.call(number, arguments)

        function.__name__ = str(name)[:80]
        return function


_ROW_MAJOR = torch.contiguous_format


def _packed(message: object) -> bytes:
    with io.BytesIO() as file:
        torch.save(message, file)
        return file.getvalue()


def _scored(model: object, function: Callable[[Tensor], object]) -> Callable[[Tensor], object]:
    """Return a function of a model as it is called when the model is scored."""
    if not isinstance(model, nn.Module):
        return function

    def scored(x: Tensor) -> object:
        for parameter in model.parameters():
            x = x.to(parameter)
            break
        with torch.no_grad(), evaluation_mode(model):
            return function(x)

    return scored


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
