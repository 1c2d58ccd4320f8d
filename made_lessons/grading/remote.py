"""Let the judge call an answer in a submission's process, as if it were in the judge's own.

A submission can send only numbers, texts, tensors and collections of them. ``torch.load`` reads
them with ``weights_only=True``, which runs no code. So an answer is right only if it returns the
right values.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from made_course.model.heads import Head

from ..checking.time_limits import LIMIT_S, TookTooLong, time_limit

MOST_BYTES = 64 * 2**20  # largest size of a message
_METHODS = ("__call__", "log_prob", "sample")
_SINGLE = {bool: bool | np.bool_, int: Integral, float: Real, str: str}
_FIELDS = ("params_per_variable", "is_density")


class CoursesOwn(BaseException):
    """Raised if a submission calls the course's answer instead of the learner's own."""


class Disconnected(BaseException):
    """Raised if the other process ended, ran out of time, or sent something unreadable."""


# these are not ``Exception``s, so that ``except Exception`` in a check does not catch them
_NOT_MISTAKES = {kind.__name__: kind for kind in (CoursesOwn, TookTooLong)}


def _send(connection: Connection, message: Mapping[str, object]) -> None:
    torch.save(message, file := io.BytesIO())
    try:
        connection.send_bytes(file.getvalue())
    except OSError as error:
        raise Disconnected from error


class JudgeConnection:
    """The connection to the judge, in the process of the submission."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.functions: list[Callable[..., object]] = []  # the judge may call these

    def send(self, **message: object) -> None:
        """Send named values, or raise Disconnected if the judge has ended."""
        _send(self.connection, {name: self._encode(value) for name, value in message.items()})

    def receive(self) -> dict[str, Any]:
        """Wait for the next message and return its named values."""
        try:
            data = self.connection.recv_bytes()
        except (OSError, EOFError) as error:
            raise Disconnected from error
        return torch.load(io.BytesIO(data), weights_only=False)

    def serve(self, message: Mapping[str, Any]) -> None:
        """Call the function that the judge asks for, and send its result or error."""
        try:
            with time_limit(LIMIT_S):
                result = self.functions[message["call"]](*message["arguments"])
            self.send(result=result)
        except (Exception, SystemExit, *_NOT_MISTAKES.values()) as error:
            self.send(raised=[type(error).__name__, str(error)[:400]])

    def _encode(self, value: object) -> object:
        """Encode a value as lists, tuples, sets, tensors and single values.

        Any other value becomes a dict whose only key is the kind of value. A function is sent as a
        number, with which the judge can call it.
        """
        if value is None:
            return None
        for kind, kinds in _SINGLE.items():
            if isinstance(value, kinds):
                return kind(value)
        if isinstance(value, Tensor):
            row_major = torch.contiguous_format
            copy = value.detach().cpu().as_subclass(Tensor).clone(memory_format=row_major)
            return copy.requires_grad_(value.requires_grad)
        if isinstance(value, np.ndarray):
            return {"array": self._encode(torch.from_numpy(value))}
        for kind, kinds in {list: list, tuple: tuple, set: set | frozenset}.items():
            if isinstance(value, kinds):
                return kind(self._encode(part) for part in value)
        if isinstance(value, Mapping):
            return {"dict": [[self._encode(part) for part in pair] for pair in value.items()]}
        return self._encode_object(value)

    def _encode_object(self, value: object) -> object:
        """Encode a class, function or model as its name, with numbers by which it can be called."""
        if isinstance(value, type):
            return {"class": [value.__name__, issubclass(value, Head), self._register(value)]}
        is_model = callable(getattr(value, "log_prob", None))
        if callable(value) and not is_model:
            name = getattr(value, "__name__", type(value).__name__)
            return {"function": [str(name), self._register(value)]}
        if is_model and isinstance(value, nn.Module):
            value.eval().float().requires_grad_(False)  # the check scores a model in this state
        given = [method for method in _METHODS if callable(getattr(value, method, None))]
        methods = {method: self._register(getattr(value, method)) for method in given}
        fields = {f: self._encode(getattr(value, f)) for f in _FIELDS if hasattr(value, f)}
        return {"object": [type(value).__name__, methods, fields]}

    def _register(self, function: Callable[..., object]) -> int:
        self.functions.append(function)
        return len(self.functions) - 1


class SubmissionConnection:
    """The connection to a submission, in the process of the judge, which does not trust it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, **message: object) -> None:
        """Send named values, or raise Disconnected if the submission has ended."""
        _send(self.connection, message)

    def receive(self) -> dict[str, Any]:
        """Wait for the next message and return its named values."""
        try:
            data = self.connection.recv_bytes(MOST_BYTES)
            with time_limit(LIMIT_S):
                content = torch.load(io.BytesIO(data), weights_only=True)
                return {str(name): self._decode(value) for name, value in content.items()}
        except (Exception, TookTooLong) as error:  # a submission may send any bytes
            raise Disconnected from error

    def call(self, number: int, arguments: tuple[object, ...]) -> object:
        """Call the function that the submission has registered under a number."""
        try:
            self.send(call=number, arguments=arguments)
            message = self.receive()
        except TookTooLong:
            self.connection.close()  # a late reply would look like the reply to the next call
            raise
        if "raised" in message:
            kind, text = (str(part)[:400] for part in message["raised"])
            raise (_NOT_MISTAKES.get(kind) or type(kind, (Exception,), {}))(text)
        return message.get("result")

    def _decode(self, value: object) -> object:
        """Decode a value, without running code of the submission."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        # only contiguous tensors, because with stride 0 a short message could mean 10**12 entries
        if kind is Tensor and value.is_contiguous():
            return value
        if kind in (list, tuple, set):
            return kind(self._decode(part) for part in value)
        if kind is not dict:
            raise Disconnected
        ((kind, content),) = value.items()
        if kind == "array":
            return self._decode(content).numpy()
        if kind == "dict":
            return {self._decode(key): self._decode(part) for key, part in content}
        return self._make_stub(kind, content)

    def _make_stub(self, kind: str, content: list[Any]) -> object:
        """Return a local object that passes its calls to the submission."""
        if kind == "function":
            return self._make_function(*content)
        if kind == "class":
            name, is_head, number = content
            builds = {"__new__": lambda cls: self.call(number, ())}  # builds it in the submission
            return type(name, (Head,) if is_head else (), builds)
        if kind == "object":
            name, methods, fields = content
            given = [method for method in _METHODS if method in methods]
            parts = {m: staticmethod(self._make_function(m, methods[m])) for m in given}
            parts |= {f: self._decode(fields[f]) for f in _FIELDS if f in fields}
            return type(name, (), parts)()
        raise Disconnected

    def _make_function(self, name: str, number: int) -> Callable[..., object]:
        def function(*arguments: object) -> object:
            return self.call(number, arguments)

        function.__name__ = str(name)
        return function
