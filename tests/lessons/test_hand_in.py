"""What is read in a notebook that was handed in: its checks, and the cells that each needs."""

import pytest

from made_lessons.grading.hand_in import MOST_CELLS, Unreadable, read
from tests.lessons.handing_in import notebook


def handed_over(name, *cells):
    """What the cells that an exercise needs hand over last: an answer, and a variant."""
    found = {}

    def check(name, answer, *, variant=None):
        found[name] = answer, variant

    class Shell:
        def __getattr__(self, name):
            return lambda *_: None

    names = {"check": check, "get_ipython": Shell, "display": lambda *_: None}
    for cell in read(notebook(*cells).encode()).needed([name]):
        exec(cell.source, names)
    return found[name]


@pytest.mark.parametrize(
    "cells",
    [
        ['check("1.1", 1)', 'check("1.1", 2)'],
        ['check("1.1", 1)\ncheck("1.1", 2)'],
        ['first = 1\ncheck("1.1", first)', 'second = first + 1\ncheck("1.1", second)'],
        ['check("1.1", 1, variant="ann")\nif True:\n    check("1.1", 2)'],
        ['if True:\n    check("1.1", 1, variant="ann")\ncheck("1.1", 2)'],
        ['check("1.1", 2)', 'check("1.2", 3)'],
        ['check("1.1", 1)\nnothing = check("1.1", 2)'],
        ['check("1.1", answer=2)'],
        ['check(answer=2, name="1.1")'],
        ['import types\ncourse = types.SimpleNamespace(check=check)\ncourse.check("1.1", 2)'],
    ],
)
def test_the_last_check_counts(cells):
    assert handed_over("1.1", *cells) == (2, None)


@pytest.mark.parametrize(
    "said", ['"ann"', "me", "str('a') + 'nn'", "f'{me}'", "None or me", "{'x': me}['x']"]
)
def test_a_variant_is_any_expression(said):
    assert handed_over("1.1", 'me = "ann"', f'check("1.1", 2, variant={said})') == (2, "ann")
    assert handed_over("1.1", 'me = "ann"', f'check("1.1", 2, **{{"variant": {said}}})')[1] == "ann"


@pytest.mark.parametrize(
    "cell",
    [
        "k = (10\n% n)",
        "k = 10 \\\n  % n",
        "len?\nk = 1",
        "?len\nk = 1",
        "%matplotlib inline\nk = 1",
        "!pip install torch\nfiles = !ls\nk = 1",
        'get_ipython().run_line_magic("timeit", "1")\nk = 1',
        "k = 1\ndisplay(k)",
        "%%time\nk = 1",
        "\n%%capture out\nk = 1",
        "%time k = 1",
        "if True:\n    %time k = 1",
    ],
)
def test_a_line_for_ipython_loses_no_answer(cell):
    assert handed_over("1.1", "n = 3", f'{cell}\ncheck("1.1", k)') == (1, None)


@pytest.mark.parametrize(
    "scratch",
    [
        "def f(a, a): pass",
        "  if:",
        "x = 0x" + "f" * 5000,
        "return 3",
        "nonlocal x",
        "%%html\n<b>text</b>",
        "x = " + "(" * 5000,
        "x = '\ud800'",
        "x\0",
    ],
)
def test_a_cell_that_is_no_python_costs_no_other(scratch):
    k = 'k = 1\ncheck("1.1", k)'
    assert handed_over("1.1", scratch, k, scratch) == (1, None)
    with pytest.raises(SyntaxError):
        handed_over("1.1", f'def f(a, a): pass\n{k}\ncheck("1.2", k)')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_notebook_may_begin_with_a_mark_of_its_encoding(encoding):
    assert list(read(notebook('check("1.1", 2)').encode(encoding)).checks) == ["1.1"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"cells": [', "broken JSON in line 1"),
        (b"[1, 2]", "no notebook"),
        (b"[" * 100_000, "no notebook"),
        (b"\xff\x00\xff", "no notebook"),
        (b'{"cells": 1}', "no notebook"),
        (b'{"cells": [' + b"9" * 5000 + b"]}", "no notebook"),
        (notebook(*["1"] * (MOST_CELLS + 1)).encode(), "too many cells: more than 1,000"),
    ],
)
def test_what_is_no_notebook_is_refused(content, why):
    with pytest.raises(Unreadable, match=why):
        read(content)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("import gc", "gc"),
        ("import os\nos.system('ls')", "os.system"),
        ("sys.exit()", "sys.exit"),
        ("f = g.__code__", "__code__"),
        (
            "from made_lessons.notebook_03.masks_in_code import build_masks",
            "made_lessons.notebook_03",
        ),
    ],
)
def test_what_is_odd_is_said(cell, words):
    assert read(notebook(cell).encode()).look_at == [words]


def test_what_a_hand_in_can_make_it_say_is_short():
    names = [f"made_lessons.checking.check.x{k}{'x' * 5_000}" for k in range(500)]
    assert len("; ".join(read(notebook("\n".join(names)).encode()).look_at)) < 2_000


@pytest.mark.parametrize(
    "cell",
    [
        "from made_lessons import check, hint\ncheck == 1",
        "from made_lessons.notebook_05.beat_this_number import challenge_images",
        "x.regc = 1",
    ],
)
def test_what_is_not_odd_is_not_said(cell):
    assert read(notebook(cell).encode()).look_at == []
