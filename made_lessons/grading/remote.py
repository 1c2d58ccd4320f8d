"""Let the judge call an answer in another process, as if it were in the judge's own.

``torch.save`` writes each message, and ``torch.load(weights_only=True)`` reads the
submission's messages without running any code. So only plain values and tensors come back from a
call, and a submission must return the right ones to pass.
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
from .course_answers import CoursesOwn

MOST_BYTES = 64 * 2**20  # largest size of a message
_METHODS = ("__call__", "log_prob", "sample")
_FIELDS = ("params_per_variable", "is_density")


class Disconnected(BaseException):
    """Raised if the other process has ended, ran out of time, or sent something unreadable.

    This is not an ``Exception``, so that ``except Exception`` in a check does not catch it.
    """


class NotTransferable(BaseException):
    """Raised if a value of the answer cannot be sent, which is not the learner's mistake."""


_NOT_MISTAKES = {kind.__name__: kind for kind in (CoursesOwn, NotTransferable, TookTooLong)}


class Peer:
    """One end of the connection between a judge and a submission.

    Args:
        line: connected socket without a timeout. Shutting it down ends the conversation.
        is_judge: whether this end is the judge, which does not trust the other end.
    """

    def __init__(self, line: socket.socket, *, is_judge: bool) -> None:
        self.connection, self.is_judge = Connection(os.dup(line.fileno())), is_judge
        self.functions: list[Callable[..., object]] = []  # the other end may call these

    def send(self, **message: object) -> None:
        """Send named values.

        Raises:
            NotTransferable: if a value cannot be sent.
            Disconnected: if the other process has ended.
        """
        torch.save(self.encode(message), file := io.BytesIO())
        try:
            self.connection.send_bytes(file.getvalue())
        except OSError as error:
            raise Disconnected from error

    def receive(self) -> dict[str, Any]:
        """Wait for the next message and return its named values."""
        try:
            data = self.connection.recv_bytes(MOST_BYTES)
            with time_limit(LIMIT_S):
                content = torch.load(io.BytesIO(data), weights_only=self.is_judge)
                message = self.decode(content)
        except (Exception, TookTooLong) as error:  # a submission may send any bytes
            raise Disconnected from error
        if not isinstance(message, dict):
            raise Disconnected
        return message

    def call(self, number: int, arguments: tuple[object, ...]) -> object:
        """Call a function of the other end, which may itself call functions of this end."""
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
        if self.is_judge:  # the check looks for changes of the arguments
            for argument, now in zip(arguments, message.get("now", ()), strict=False):
                _overwrite(argument, now)
        return message.get("result")

    def serve(self, message: dict[str, Any]) -> None:
        """Answer one call of the other end."""
        try:
            function, arguments = self.functions[message["call"]], message["arguments"]
            with time_limit(LIMIT_S):
                result = function(*arguments)
            self.send(result=result, now=[_contents(part) for part in arguments])
        except (Exception, SystemExit, *_NOT_MISTAKES.values()) as error:
            self.send(raised=[type(error).__name__, str(error)[:400]])

    def encode(self, value: object) -> object:
        """Return a value as lists, tuples, sets, tensors and single values.

        Any other value becomes a dict with one key, which names the kind of value. A function
        becomes a number, with which the other end can call it.

        Raises:
            NotTransferable: if the value cannot be sent.
        """
        try:
            return self._encoded(value)
        except Exception as error:  # code of the value's class may raise any error
            why = f"its answer could not be transferred: {type(error).__name__}: {error}"
            raise NotTransferable(why[:400]) from error

    def _encoded(self, value: object) -> object:
        if isinstance(value, np.generic):
            value = value.item()
        if value is None:
            return None
        for kind, kinds in {bool: bool, int: int, float: Real, str: str}.items():
            if isinstance(value, kinds):
                return kind(value)
        if isinstance(value, Tensor):
            row_major = torch.contiguous_format
            copy = value.detach().cpu().as_subclass(Tensor).clone(memory_format=row_major)
            return copy.requires_grad_(value.requires_grad)
        if isinstance(value, np.ndarray):
            return {"array": self._encoded(torch.from_numpy(value))}
        for kind, kinds in {list: list, tuple: tuple, set: set | frozenset}.items():
            if isinstance(value, kinds):
                return kind(self._encoded(part) for part in value)
        if isinstance(value, Mapping):
            return {"dict": [[self._encoded(part) for part in pair] for pair in value.items()]}
        if self.is_judge and (isinstance(value, nn.Module) or not callable(value)):
            return {"pickled": value}
        return self._encoded_object(value)

    def _encoded_object(self, value: object) -> object:
        """Return the name of a class, a function or a model, with numbers for its methods."""
        if isinstance(value, type):
            builds = self._number(value) if issubclass(value, Head) else None
            return {"class": [value.__name__, builds]}
        is_model = callable(getattr(value, "log_prob", None))
        if callable(value) and not is_model:
            name = getattr(value, "__name__", type(value).__name__)
            return {"function": [str(name), self._number(value)]}
        if is_model and isinstance(value, nn.Module):
            value.eval().float().requires_grad_(False)  # the check scores a model in this state
        given = [m for m in _METHODS if is_model and callable(getattr(value, m, None))]
        methods = {m: self._number(getattr(value, m)) for m in given}
        fields = {f: self._encoded(getattr(value, f)) for f in _FIELDS if hasattr(value, f)}
        return {"object": [type(value).__name__, methods, fields]}

    def _number(self, function: Callable[..., object]) -> int:
        self.functions.append(function)
        return len(self.functions) - 1

    def decode(self, value: object) -> object:
        """Return the value that was encoded, without running code of the submission."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        # only contiguous tensors, because with stride 0 a short message could mean 10**12 entries
        if kind is Tensor and value.layout is torch.strided and value.is_contiguous():
            return value
        if kind in (list, tuple, set):
            return kind(self.decode(part) for part in value)
        if kind is not dict:
            raise Disconnected
        ((kind, content),) = value.items()
        if kind == "array":
            return self.decode(content).numpy()
        if kind == "dict":
            return {self.decode(key): self.decode(part) for key, part in content}
        if kind == "pickled" and not self.is_judge:
            return content
        return self._stub(kind, content)

    def _stub(self, kind: str, content: list[Any]) -> object:
        """Return a local object that passes its calls to the object at the other end."""
        if kind == "function":
            return self._function(*content)
        if kind == "class":
            name, builds = content
            if builds is None:
                return type(name, (), {})
            # the head is built and called at the other end, as a model is
            return type(name, (Head,), {"__new__": lambda cls: self.call(builds, ())})
        if kind == "object":
            name, methods, fields = content
            given = [method for method in _METHODS if method in methods]
            parts = {m: staticmethod(self._function(m, methods[m])) for m in given}
            parts |= {f: self.decode(fields[f]) for f in _FIELDS if f in fields}
            return type(name, (), parts)()
        raise Disconnected

    def _function(self, name: str, number: int) -> Callable[..., object]:
        def function(*arguments: object) -> object:
            return self.call(number, arguments)

        function.__name__ = str(name)
        return function


def _contents(argument: object) -> object:
    """Return the part of an argument that a call can change, or None."""
    if isinstance(argument, nn.Module):
        return dict(argument.state_dict())
    return argument if isinstance(argument, Tensor | list) else None


@torch.no_grad()
def _overwrite(argument: object, now: object) -> None:
    """Make an argument equal to its copy at the other end."""
    if isinstance(argument, nn.Module):
        argument.load_state_dict(now)
    elif isinstance(argument, Tensor):
        argument.set_(now)
    elif isinstance(argument, list):
        argument[:] = now
