import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.pages.refresh import METADATA, WIDGET, refresh

ROOT = Path(__file__).parents[2]


@pytest.fixture
def notebook(tmp_path):
    """Writes a notebook of these cells and returns where it is."""

    def write(*cells):
        nbformat.write(new_notebook(cells=list(cells)), tmp_path / "page.ipynb")
        return tmp_path / "page.ipynb"

    return write


def test_outputs_are_saved_but_those_of_widgets(notebook):
    path = notebook(
        new_markdown_cell("words"),
        new_code_cell("print(6 * 7)", metadata={"collapsed": True}),
        new_code_cell("print('a bar')", metadata={"tags": ["widget"]}),
    )
    refresh(path)
    saved = nbformat.read(path, as_version=4)
    _, shown, widget = saved.cells
    assert shown.outputs[0].text == "42\n"
    assert shown.execution_count == 1
    assert shown.metadata == {}
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
    assert answer.metadata == {"jupyter": {"outputs_hidden": True}}
    assert answer.outputs[0].text == "42\n"
    assert silent.metadata == other.metadata == {}


def test_of_a_widget_with_an_html_form_this_is_saved(notebook):
    path = notebook(
        new_code_cell(
            "from made_course import Choice, Quiz\n"
            "Quiz('1 + 1?', [Choice('2', 'count on', right=True), Choice('3', 'count again')])"
        ),
        new_code_cell("import ipywidgets\nipywidgets.Checkbox()"),
    )
    refresh(path)
    quiz, checkbox = (cell.outputs[0].data for cell in nbformat.read(path, as_version=4).cells)
    assert set(quiz) == {"text/html", "text/plain"}
    assert "<summary>2</summary>Right. count on" in quiz["text/html"]
    assert set(checkbox) == {WIDGET, "text/plain"}


@pytest.mark.delivery
def test_strict_nbval_compares_a_saved_quiz(notebook):
    source = (
        "from made_course import Choice, Quiz\n"
        "Quiz('$x^0$?', [Choice('$1$', 'by definition', right=True), Choice('$0$', 'no `x`')])"
    )
    path = notebook(new_code_cell(source))
    refresh(path)
    saved = nbformat.read(path, as_version=4)
    output = saved.cells[0].outputs[0]
    output.data["text/html"] = output.data["text/html"].replace("by definition", "by decree")
    nbformat.write(saved, path.with_name("stale.ipynb"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-rA", "."],
        cwd=path.parent,  # the repository's own settings are no part of what is tested
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PASSED page.ipynb::Cell 0" in done.stdout, done.stdout
    assert "FAILED stale.ipynb::Cell 0" in done.stdout
    assert "by decree" in done.stdout


def test_a_cell_that_fails_leaves_the_file_as_it_was(notebook):
    path = notebook(new_code_cell("1 / 0"))
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        refresh(path)
    assert path.read_bytes() == before
