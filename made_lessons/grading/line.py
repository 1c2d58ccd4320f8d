"""Calls between the judge and a submission, of which only plain values and tensors come back.

The check runs in the judge. It calls the answer, which is in another process, as if it were in the
same one. ``torch.save`` writes each message, and ``torch.load(weights_only=True)`` reads those of
the submission without running any code. So a submission must return the right values to pass.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from made_course.model.heads import Head

from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit
from .own import TheCoursesOwn

MOST_BYTES = 64 * 2**20  # of a message
_OF_A_MODEL = ("__call__", "log_prob", "sample")
_OF_A_HEAD = ("params_per_variable", "is_density")


class Gone(BaseException):
    """The other process has ended, ran out of time, or sent something unreadable.

    This is not an ``Exception``, so that no check catches it.
    """


class Lost(BaseException):
    """A value of the answer cannot be sent, which no check may call a mistake."""


_NOT_MISTAKES = {kind.__name__: kind for kind in (TheCoursesOwn, Lost, TookTooLong)}


class Peer:
    """One end of the line between a judge and a submission.

    Args:
        line: a connected socket without a timeout. Shutting it down ends the conversation.
        is_judge: whether this end is the judge, who does not trust the other end.
    """

    def __init__(self, line: socket.socket, *, is_judge: bool) -> None:
        self.connection, self.is_judge = Connection(os.dup(line.fileno())), is_judge
        self.functions: list[Callable[..., object]] = []

    def send(self, **message: object) -> None:
        """Send named values.

        Raises:
            Lost: if a value cannot be sent.
            Gone: if the other process has ended.
        """
        data = _packed(self.encode(message))
        try:
            self.connection.send_bytes(data)
        except OSError as error:
            raise Gone from error

    def receive(self) -> dict[str, Any]:
        """Wait for a message, and return its named values."""
        try:
            data = self.connection.recv_bytes(MOST_BYTES)
            with time_limit(LIMIT_S):
                content = torch.load(io.BytesIO(data), weights_only=self.is_judge)
                message = self.decode(content)
        except (Exception, TookTooLong) as error:  # a submission may send any bytes
            raise Gone from error
        if not isinstance(message, dict):
            raise Gone
        return message

    def call(self, number: int, arguments: tuple[object, ...]) -> object:
        """Call a function of the other end, and serve its own calls in the meantime."""
        try:
            self.send(call=number, arguments=arguments)
            while "call" in (message := self.receive()):
                self.serve(message)
        except TookTooLong:
            self.connection.close()  # a late reply would look like the reply to the next call
            raise
        if "raised" in message:
            kind, text = (str(part)[:400] for part in message["raised"])
            raise (_NOT_MISTAKES.get(kind) or type(kind, (Exception,), {}))(text)
        for argument, now in zip(arguments, message.get("now", ()), strict=False):
            if now is not None:
                _overwrite(argument, now)
        return message.get("result")

    def serve(self, message: dict[str, Any]) -> None:
        """Answer one call of the other end."""
        try:
            function, arguments = self.functions[message["call"]], message["arguments"]
            before = [_packed(self.encode(_contents(part))) for part in arguments]
            with time_limit(LIMIT_S):
                result = function(*arguments)
            now = [_contents(part) for part in arguments]
            for k, packed in enumerate(before):
                if _packed(self.encode(now[k])) == packed:
                    now[k] = None
            self.send(result=result, now=now)
        except (Exception, SystemExit, *_NOT_MISTAKES.values()) as error:
            self.send(raised=[type(error).__name__, str(error)[:400]])

    def encode(self, value: object) -> object:
        """Return a value as lists, tuples, sets, tensors and single values.

        Each other value is a dict with one key, which names its kind. The other end can call a
        function by its number.

        Raises:
            Lost: if it cannot be sent.
        """
        try:
            return self._encoded(value)
        except Exception as error:  # the class of a value may do anything
            why = f"its answer could not be transferred: {type(error).__name__}: {error}"
            raise Lost(why[:400]) from error

    def _encoded(self, value: object) -> object:
        if isinstance(value, np.generic):
            value = value.item()
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        if value is None:
            return None
        if isinstance(value, Real):
            return float(value)
        if isinstance(value, Tensor):
            row_major = torch.contiguous_format
            copy = value.detach().cpu().as_subclass(Tensor).clone(memory_format=row_major)
            return copy.requires_grad_(value.requires_grad)
        if isinstance(value, np.ndarray):
            return {"array": self._encoded(torch.from_numpy(value))}
        for kind, kinds in ((list, list), (tuple, tuple), (set, set | frozenset)):
            if isinstance(value, kinds):
                return kind(self._encoded(part) for part in value)
        if isinstance(value, Mapping):
            return {"dict": [[self._encoded(part) for part in pair] for pair in value.items()]}
        if self.is_judge and (isinstance(value, nn.Module) or not callable(value)):
            return {"as it is": value}
        if isinstance(value, type):
            builds = self._number(value) if issubclass(value, Head) else None
            return {"class": [value.__name__, builds]}
        is_model = callable(getattr(value, "log_prob", None))
        if callable(value) and not is_model:
            name = getattr(value, "__name__", type(value).__name__)
            return {"function": [str(name), self._number(value)]}
        given = [m for m in _OF_A_MODEL if is_model and callable(getattr(value, m, None))]
        if is_model and isinstance(value, nn.Module):
            value.eval().float().requires_grad_(False)  # the check scores it so
        methods = {m: self._number(getattr(value, m)) for m in given}
        fields = {p: self._encoded(getattr(value, p)) for p in _OF_A_HEAD if hasattr(value, p)}
        return {"object": [type(value).__name__, methods, fields]}

    def _number(self, function: Callable[..., object]) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def decode(self, value: object) -> object:
        """Return the value that was encoded, without running code of the submission."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        # with all its numbers in memory: with other strides it could have 10**12 of them
        if kind is Tensor and value.layout is torch.strided and value.is_contiguous():
            return value
        if kind in (list, tuple, set):
            return kind(self.decode(part) for part in value)
        if kind is not dict:
            raise Gone
        ((kind, content),) = value.items()
        if kind == "array":
            return self.decode(content).numpy()
        if kind == "dict":
            return {self.decode(key): self.decode(part) for key, part in content}
        if kind == "as it is" and not self.is_judge:
            return content
        return self._stub(kind, content)

    def _stub(self, kind: str, content: list[Any]) -> object:
        """Return an object here that calls one of the other end."""
        if kind == "function":
            return self._function(*content)
        if kind == "class":
            name, builds = content
            if builds is None:
                return type(name[:80], (), {})
            # a head is built at the other end, and called there as a model is
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


def _packed(message: object) -> bytes:
    with io.BytesIO() as file:
        torch.save(message, file)
        return file.getvalue()


def _contents(argument: object) -> object:
    """Return the part of an argument that a call can change; None if it has none."""
    if isinstance(argument, nn.Module):
        return dict(argument.state_dict())
    return argument if isinstance(argument, Tensor | list) else None


@torch.no_grad()
def _overwrite(argument: object, now: object) -> None:
    """Make an argument equal to its copy at the other end, which a call has changed."""
    if isinstance(argument, nn.Module):
        argument.load_state_dict(now)
    elif isinstance(argument, Tensor):
        argument.set_(now)
    elif isinstance(argument, list):
        argument[:] = now
