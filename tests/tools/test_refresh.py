import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.pages.refresh import FOLDED, METADATA, refresh

pytestmark = pytest.mark.delivery
SLIDE = {"slideshow": {"slide_type": "slide"}}


@pytest.fixture
def notebook(tmp_path):
    """Return a function that writes a notebook with these cells and returns its path."""

    def write(*cells):
        nbformat.write(new_notebook(cells=list(cells)), tmp_path / "page.ipynb")
        return tmp_path / "page.ipynb"

    return write


def test_outputs_are_saved_but_those_of_widgets(notebook):
    path = notebook(
        new_markdown_cell("words"),
        new_code_cell("print(6 * 7)", metadata={"collapsed": True, **SLIDE}),
        new_code_cell("print('a bar')", metadata={"tags": ["widget"]}),
    )
    refresh(path)
    saved = nbformat.read(path, as_version=4)
    _, shown, widget = saved.cells
    assert shown.outputs[0].text == "42\n"
    assert shown.execution_count == 1
    assert shown.metadata == SLIDE
    assert widget.outputs == []
    assert widget.execution_count is None
    assert widget.metadata == {"tags": ["widget"]}
    assert saved.metadata == METADATA


def test_what_answers_a_prediction_is_saved_folded(notebook):
    path = notebook(
        new_markdown_cell("**Predict.** What is 6 × 7?"),
        new_code_cell("def product(a, b):\n    return a * b"),
        new_code_cell("print(product(6, 7))"),
        new_markdown_cell("More of it."),
        new_code_cell("print(product(6, 8))", metadata={"jupyter": {"outputs_hidden": True}}),
    )
    refresh(path)
    _, silent, answer, _, other = nbformat.read(path, as_version=4).cells
    assert answer.metadata == FOLDED
    assert answer.outputs[0].text == "42\n"
    assert silent.metadata == other.metadata == {}


def test_a_cell_that_fails_leaves_the_file_as_it_was(notebook):
    path = notebook(new_code_cell("1 / 0"))
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        refresh(path)
    assert path.read_bytes() == before
