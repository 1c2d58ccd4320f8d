"""Reading a submitted notebook: its checks, and the cells that each needs."""

import zipfile
from io import BytesIO

import pytest

from made_lessons.grading.submission import MOST_BYTES, MOST_CELLS, Unreadable, read
from tests.lessons.submitting import notebook


def handed_over(name, *cells):
    """Return what the cells that an exercise needs give its check last: answer and variant."""
    found = {}

    def check(name, answer, *, variant=None):
        found[name] = answer, variant

    class Shell:
        def __getattr__(self, name):
            return lambda *_: None

    names = {"check": check, "get_ipython": Shell, "display": lambda *_: None}
    for cell in read(notebook(*cells).encode()).needed(name):
        exec(cell.source, names)
    return found[name]


@pytest.mark.parametrize(
    "cells",
    [
        ['first = 1\ncheck("1.1", first)', 'second = first + 1\ncheck("1.1", second)'],
        ['if True:\n    check("1.1", 1, variant="ann")\ncheck("1.1", 2)'],
        ['check("1.1", 2)', 'check("1.2", 3)'],
        ['check(answer=2, name="1.1")'],
        ['import types\ncourse = types.SimpleNamespace(check=check)\ncourse.check("1.1", 2)'],
    ],
)
def test_the_last_check_counts(cells):
    assert handed_over("1.1", *cells) == (2, None)


@pytest.mark.parametrize("said", ['"ann"', "me", "f'{me}'", "{'x': me}['x']"])
def test_a_variant_is_any_expression(said):
    assert handed_over("1.1", 'me = "ann"', f'check("1.1", 2, variant={said})') == (2, "ann")
    assert handed_over("1.1", 'me = "ann"', f'check("1.1", 2, **{{"variant": {said}}})')[1] == "ann"


@pytest.mark.parametrize(
    "cell",
    [
        "k = (10\n% n)",
        "len?\nk = 1",
        "%matplotlib inline\nk = 1",
        "!pip install torch\nfiles = !ls\nk = 1",
        "k = 1\ndisplay(k)",
        "%%time\nk = 1",
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
        "%%html\n<b>text</b>",
        "x = " + "(" * 5000,
        "x = '\ud800'",
        "x\0",
    ],
)
def test_a_cell_that_is_not_python_costs_no_other(scratch):
    k = 'k = 1\ncheck("1.1", k)'
    assert handed_over("1.1", scratch, k, scratch) == (1, None)
    with pytest.raises(SyntaxError):
        handed_over("1.1", f'def f(a, a): pass\n{k}\ncheck("1.2", k)')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_notebook_may_begin_with_a_mark_of_its_encoding(encoding):
    assert read(notebook('check("1.1", 2)').encode(encoding)).checks == {"1.1"}


def packed(**files):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_a_notebook_may_be_in_an_archive():
    files = {"../../03.ipynb": notebook('check("3.2", 1)'), "__MACOSX/._x.ipynb": "\0"}
    assert read(packed(**files)).checks == {"3.2"}


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
        (packed(**{"a.ipynb": " " * (MOST_BYTES + 1)}), "too large"),
        (packed(**{f"{k}.ipynb": "{}" for k in range(2)}), "2 notebooks; expected one"),
        (packed(**{"a.ipynb": "{}"})[:40], "broken or locked"),
        (packed(**{"a.ipynb": "[]"}), "not a notebook"),
    ],
    ids=range(11),  # an archive has its time in it, which would be part of a name
)
def test_a_file_that_is_not_a_notebook_is_refused(content, why):
    with pytest.raises(Unreadable, match=why):
        read(content)
