"""Reading a submitted notebook: its checks, and the cells that each needs."""

import pytest

from made_lessons.grading.submission import MOST_CELLS, Unreadable, read
from tests.lessons.submitting import notebook


def last_answer(name, *cells):
    """Return the last answer and variant of an exercise, from the cells that it needs."""
    found = {}

    def check(name, answer, *, variant=None):
        found[name] = answer, variant

    class Shell:
        def __getattr__(self, name):
            return lambda *_: None

    names = {"check": check, "get_ipython": Shell}
    for cell in read(notebook(*cells).encode()).needed(name):
        exec(cell.source, names)
    return found[name]


@pytest.mark.parametrize(
    "cells",
    [
        ['first = 1\ncheck("1.1", first)', 'second = first + 1\ncheck("1.1", second)'],
        ["k = 2", "k = k", "check( '1.1', k, variant=\"ann\")", 'course = check\ncheck("1.1", k)'],
        ["k = [1]", "k[0] = 2", "other = 1 / 0", 'check("1.1", k[0])'],
        ["k = [1]", "k.append(2)", 'check("1.1", k[1])', "1 / 0"],
        ["n = 2", "from math import *", "def f(): return floor(n)", 'check("1.1", f())'],
    ],
)
def test_an_answer_has_the_cells_that_it_needs(cells):
    answer, variant = last_answer("1.1", *[cell for cell in cells if "1 / 0" not in cell])
    assert (last_answer("1.1", *cells), answer) == ((answer, variant), 2)


@pytest.mark.parametrize(
    "cell",
    [
        "k = (10\n% n)",
        "len?\nk = 1",
        "%matplotlib inline\nk = 1",
        "!pip install torch\nfiles = !ls\nk = 1",
        "%%time\nk = 1",
    ],
)
def test_a_line_for_ipython_loses_no_answer(cell):
    assert last_answer("1.1", "n = 3", f'{cell}\ncheck("1.1", k)') == (1, None)


@pytest.mark.parametrize(
    "scratch",
    [
        "def f(a, a): pass",
        "  if:",
        "x = 0x" + "f" * 5000,
        "%%html\n<b>text</b>",
        "x = " + "(" * 5000,
        "x = '\ud800'",
        "x\0",
    ],
)
def test_a_cell_that_is_not_python_costs_no_other(scratch):
    k = 'k = 1\ncheck("1.1", k)'
    assert last_answer("1.1", scratch, k, scratch) == (1, None)
    with pytest.raises(SyntaxError):
        last_answer("1.1", f'def f(a, a): pass\n{k}\ncheck("1.2", k)')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_notebook_may_begin_with_a_byte_order_mark(encoding):
    assert read(notebook('check("1.1", 2)').encode(encoding)).checks == {"1.1"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"cells": [', "broken JSON in line 1"),
        (b"[1, 2]", "not a notebook"),
        (b"[" * 100_000, "not a notebook"),
        (b"\xff\x00\xff", "not a notebook"),
        (b'{"cells": 1}', "not a notebook"),
        (b'{"cells": [' + b"9" * 5000 + b"]}", "not a notebook"),
        (notebook(*["1"] * (MOST_CELLS + 1)).encode(), "too many cells: more than 1,000"),
    ],
)
def test_a_file_that_is_not_a_notebook_is_refused(content, why):
    with pytest.raises(Unreadable, match=why):
        read(content)


def test_equal_code_has_an_equal_digest():
    one = 'def f(x):\n    return x\n\ncheck("1.1", f)'
    other = one.replace("\n\n", "\n\n\n").replace("f)", "f, variant='ann')")
    digests = [read(notebook(cell).encode()).text for cell in (one, other, one.replace("x", "y"))]
    assert digests[0] == digests[1] != digests[2]
    assert read(notebook(*["1"] * MOST_CELLS).encode()).checks == set()
