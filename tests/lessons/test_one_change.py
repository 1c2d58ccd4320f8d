"""What is said of answers that no listed mistake is like: where one change makes them right."""

import itertools
import linecache
import math
from importlib import import_module

import pytest
import torch

from tests.lessons.checking import wrong

count = itertools.count()


def of_notebook(source):
    """The last function of a cell, as a kernel has it: in the reader's namespace, with lines."""
    name = f"<cell {next(count)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    found = {"__name__": "__main__", "torch": torch, "math": math}
    exec(compile(source, name, "exec"), found)
    return [*found.values()][-1]


ATTEND = """
def attend(query, key, value):
    scores = query @ key.mT / {root}
    mask = torch.ones_like(scores).tril({above}).bool()
    return scores.masked_fill(~mask, {cut}).{share} @ {what}
"""
RIGHT = {"root": "math.sqrt(query.shape[-1])", "above": "", "cut": "-math.inf"}
RIGHT |= {"share": "softmax(-1)", "what": "value"}


@pytest.mark.parametrize(
    ("wrong_part", "place"),
    [
        ({"root": "query.shape[-1]"}, "query.shape[-1]"),  # a function more
        ({"root": "math.sqrt(query.shape[1])"}, "query.shape[1]"),  # another number
        ({"above": "1"}, "torch.ones_like(scores).tril(1)"),  # a number less
        ({"cut": "math.inf"}, "math.inf"),
        ({"share": "sigmoid()"}, "sigmoid()"),  # another function
        ({"share": "softmax(0)"}, "softmax(0)"),
    ],
)
def test_the_place_of_a_mistake_is_told(wrong_part, place):
    answer = of_notebook(ATTEND.format(**RIGHT | wrong_part))
    cause = wrong("10.1", answer, "makes this right wherever it was tried").cause
    assert place in cause.partition("look again at")[2]


@pytest.mark.parametrize(
    ("name", "source", "place"),
    [
        (
            "9.2",
            "def f(p, q, s):\n    p = p[:, None] + math.log(s)\n"
            "    return torch.logaddexp(p, math.log1p(-s) + q)",
            "[:, None]",
        ),
        (
            "9.2",
            "def mix(p, q, s):\n"
            "    return torch.logaddexp(p + math.log(s), torch.exp(q) + math.log1p(-s))",
            "torch.exp(q)",
        ),
        ("1.1", "def f(D):\n    return [2 ** min(i, 3) for i in range(D)]", "min(i, 3)"),
        ("1.1", "def f(D):\n    return [1 ** i for i in range(D)]", "1 ** i"),
        (
            "5.1",
            "def bits(nll, input_dim):\n    return 2 ** (nll / math.log(2) / input_dim)",
            "2 ** (nll / math.log(2) / input_dim)",
        ),
        (
            "9.2",
            "def mix(p, q, share):\n"
            "    a, b = torch.tensor([share]).log2(), torch.tensor([1 - share]).log()\n"
            "    return torch.logaddexp(p + a, q + b)",
            "torch.tensor([share]).log2",
        ),
        (
            "4.3",
            "def sample(forward, order, u):\n"
            "    x = torch.zeros_like(u)\n"
            "    for i in order.argsort():\n"
            "        x[:, i] = (u[:, i] <= forward(x).softmax(1)[:, i]).to(u.dtype)\n"
            "    return x",
            "forward(x).softmax(1)",
        ),
    ],
)
def test_a_function_that_is_not_meant_is_pointed_at(name, source, place):
    assert wrong(name, of_notebook(source)).cause.endswith(f"look again at `{place}`")


def test_a_place_may_be_a_whole_line():
    loop = """
def used_parameters(model):
    used = 0
    for layer in [*model.net, model.direct]:
        if layer is not None:
            used = layer.mask.sum()
            used += 0 if layer.bias is None else len(layer.bias)
    return used
"""
    cause = wrong("5.3", of_notebook(loop)).cause
    line = "`used = layer.mask.sum()`"
    assert cause == f"one change in the line {line} makes this right wherever it was tried"


def test_what_two_changes_would_mend_is_not_placed():
    answer = of_notebook(ATTEND.format(**RIGHT | {"root": "3.3", "what": "(value + key)"}))
    assert wrong("10.1", answer).cause == "the answer differs in value"


def test_another_name_may_be_meant():
    answer = of_notebook("""
def nll_after_scaling(nll, scale, input_dim):
    twice = 2 * input_dim
    return nll + math.log(scale) * (twice if scale > 1 else input_dim)
""")
    assert wrong("8.3", answer).cause.endswith(("`2 * input_dim`", "`* input_dim`", "`2 *`"))


def test_a_change_that_never_ends_ends_the_search(monkeypatch):
    monkeypatch.setattr(import_module("made_lessons.checking.examine"), "LIMIT_S", 0.3)
    answer = of_notebook("""
def bits_per_dimension(nll, input_dim):
    steps = 0
    while steps < 2:
        steps += 1
    return nll / 3.3 / input_dim ** 1.1
""")
    assert wrong("5.1", answer).cause == "the answer differs in value"
