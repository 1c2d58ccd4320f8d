"""A submitted notebook: reading it, and running its cells."""

import pytest

from made_lessons.grading.judge import Verdict, find_checks, read_cells
from tests.lessons.submitting import RIGHT, judged, notebook


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_checks_of_a_notebook_are_found(encoding):
    cells = "check( '1.1', 1)", 'check("1.2", f, variant="ann"); recheck("1.3", 2)'
    found = read_cells(notebook(*cells).encode(encoding))
    assert [find_checks(cell) for cell in found] == [{"1.1"}, {"1.2"}]


@pytest.mark.parametrize(
    "content",
    [
        *(b'{"cells": [', b"[1, 2]", b"[" * 100_000, b"{}"),
    ],
)
def test_a_file_that_is_not_a_notebook_is_refused(content):
    with pytest.raises(ValueError, match=r"not a notebook \(.*Error: "):
        read_cells(content)


FOR_IPYTHON = [
    "len?\na = 1",
    "%matplotlib inline\n%time b = 1",
    "files = !ls\nc = 1",
    "%%time\nd = 1",
    "import asyncio\nawait asyncio.sleep(0)\ndisplay(d)\ne = 1",
]
SCRATCH = [
    *("def f(a, a): pass", "  if:", "x = " + "(" * 5000, "x\0", "%%unknown", "x = '\ud800'"),
    *("1 / 0", "raise SystemExit", "k = [1]"),
    'check("3.1", [torch.eye(2).to_sparse(), 1])',  # cannot be sent to the judge
]
THREADS = """
torch.set_num_threads(2)
big = torch.randn(999, 999, requires_grad=True)
(big @ big).exp().sum().backward()
"""
NEEDS = "k[0] = 2\nassert k == [a + b] == [c + d] == [2 * e]\n"


def test_no_cell_costs_an_answer_of_another():
    answer = RIGHT.replace("    pairs", "    (big @ big).exp().sum().backward()\n    pairs")
    cells = [*FOR_IPYTHON, THREADS, *SCRATCH, NEEDS + answer, *SCRATCH, 'check("3.4", open)']
    found = judged(*cells, 'check("3.3", missing)', "def missing(masks): ...")
    assert found["3.2"] == Verdict("right")
    assert found["3.1"].message.startswith("NotImplementedError: ")
    assert found["3.4"].message.startswith("the answer must be a list of whole numbers")
    assert found["3.3"] == Verdict("failed", "NameError: name 'missing' is not defined")
