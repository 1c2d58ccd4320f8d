"""The repository's address, and the first cell and the links on Colab, with a fake Colab."""

import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tools.pages import colab
from tools.pages.colab import ROOT, address
from tools.pages.minutes import NOTEBOOKS, read, text_of


@pytest.fixture
def run():
    """Run the first cell, and return its installations and whether it enabled widgets."""
    shell, calls = InteractiveShell(), []
    shell.register_magic_function(lambda line: calls.append(line), "line", "pip")

    def run(*, on_colab):
        output = SimpleNamespace(enable_custom_widget_manager=lambda: calls.append("widgets"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "google", ModuleType("google"))
            patch.setitem(
                sys.modules, "google.colab", SimpleNamespace(output=output) if on_colab else None
            )
            first = colab.adapt_for_colab(read(NOTEBOOKS[5])).cells[0]
            shell.run_cell(first.source).raise_error()
        return calls

    return run


def test_on_colab_the_first_cell_installs_the_course_of_this_release(run):
    installed, widgets = run(on_colab=True)
    assert installed == f"install --quiet git+https://github.com/{address()}@{colab.TAG}"
    assert widgets == "widgets"


def test_elsewhere_the_first_cell_does_nothing(run, capsys):
    assert run(on_colab=False) == []
    assert "nothing was installed" in capsys.readouterr().out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_and_pictures_lead_out_of_colab_to_files_that_are_there(path):
    before = colab.LINK.findall(text_of(read(path)))
    text = text_of(colab.adapt_for_colab(read(path)))
    assert colab.LINK.findall(text) == []
    repository = re.escape(address())
    led = re.findall(rf"{repository}/(?:blob/)?(?:colab|{colab.TAG})/([^)\"#]+)", text)
    assert len(led) == len(before) > 0
    assert [name for name in led if not (ROOT / name).is_file()] == []
    assert len(colab.adapt_for_colab(read(path)).cells) == len(read(path).cells) + 1


def test_the_address_is_in_three_files():
    command = ["git", "-c", "safe.directory=*", "grep", "-IlF", "-e", address()]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("this folder is not a clone")
    files = found.stdout.split()
    assert files == ["CITATION.cff", "README.md", "pyproject.toml"], "link to ../README.md instead"
