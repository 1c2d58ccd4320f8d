"""Answers that are not finished are found, and no others."""

import torch
from torch import nn

from made_course import MaskedLinear
from made_lessons.checking.stubs import count_stubs


class Stub(nn.Linear):
    def __init__(self):
        super().__init__(1, 1)
        ...

    def set_mask(self, mask): ...

    def forward(self, x): ...


class Half(Stub):
    def set_mask(self, mask): ...

    def forward(self, x):
        return x


class Begun(Stub):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.ones(1, 1))

    def forward(self, x): ...


def test_stubs_are_counted():
    def documented(x):
        """[(D,)] → (D,)."""
        ...

    def passing(x):
        pass

    @torch.no_grad()
    def decorated(x): ...

    unchanged = [..., documented, passing, decorated, Stub, {"a": ...}, [..., ...], (...,)]
    assert all(to_do == parts for to_do, parts in map(count_stubs, unchanged))
    unfinished = [{"a": ..., "b": 1}, [1, ...], [[[0, 1], [1, 0]], [[1, 1], ...]], Half, Begun]
    assert [count_stubs(answer) for answer in unfinished] == [(1, 2)] * 5


def test_attempts_are_touched_even_if_they_forget_to_return():
    def forgotten(x):
        x + 1

    touched = [forgotten, MaskedLinear, 3, None, "...", {"a": 1}, [], torch.zeros(2)]
    assert not any(to_do for to_do, _ in map(count_stubs, touched))
