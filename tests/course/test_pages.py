"""The pages for instructors in ``docs`` say what the code and the notebooks say."""

import doctest
import re
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from made_course import build_masks, input_degrees
from tools.pages import objectives
from tools.pages.minutes import NOTEBOOKS, read
from tools.pages.minutes import text_of as markdown_of

DOCS = Path(__file__).parents[2] / "docs"


def text_of(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_solution_of_the_worksheet_is_what_the_package_computes():
    order = input_degrees(torch.tensor([3, 0, 2, 1]))
    first, output = build_masks([order, torch.tensor([1, 3, 1, 3])])
    tables = order, first.int(), output.int(), output.int() @ first.int()
    expected = [str(int(entry)) for table in tables for entry in table.flatten()]
    assert re.findall(r"<td>(\d)</td>", text_of("worksheet.html")) == expected


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_every_objective_is_tested_by_what_its_notebook_asks(path):
    sections = [names for _, names in objectives.sections_of(read(path))]
    tests = objectives.tests_of(path)
    assert all(tests), "TESTED_BY in tools/pages/objectives.py is out of date"
    assert all(sections)
    assert {name for names in tests for name in names} <= {n for names in sections for n in names}


PAGES = {*DOCS.parent.glob("*.md"), *DOCS.glob("*.md")} - {objectives.PAGE}  # it is not committed


def anchor_of(page, heading):
    """Return the name of a heading in links: that of JupyterLab, or that of code hosts."""
    if page.suffix != ".ipynb":
        heading = re.sub(r"[^\w -]", "", heading.lower())
    return heading.replace(" ", "-")


def words_of(page):
    is_notebook = page.suffix == ".ipynb"
    return markdown_of(read(page)) if is_notebook else page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*sorted(PAGES), *NOTEBOOKS], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https://)([^)]+)\)", words_of(page)):
        file, _, anchor = link.partition("#")
        target = page.parent / (file or page.name)
        assert target.is_file(), link
        headings = re.findall(r"^#+ (.+)", words_of(target), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [anchor_of(target, heading) for heading in headings], link


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: page.name)
def test_commands_name_modules_that_are_there(page):
    named = re.findall(r"-m ((?:made_\w+|tools)(?:\.\w+)*)", page.read_text(encoding="utf-8"))
    assert [module for module in named if find_spec(module) is None] == []


@pytest.mark.parametrize(
    "page", [*sorted(DOCS.glob("*.md")), *NOTEBOOKS], ids=lambda page: page.name
)
def test_tables_name_every_column(page):
    heads = re.findall(r"^(\|.+\|)\n\|[-:| ]+\|$", words_of(page), re.MULTILINE)
    assert [head for head in heads if re.search(r"\|\s*\|", head)] == []


# ---- instructor.md -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["instructor.md", "museum.md"])
def test_code_on_a_page_shows_what_it_says(page):
    code = text_of(page).replace("\n```\n", "\n\n")  # a blank line ends what an example shows
    examples = doctest.DocTestParser().get_doctest(code, {}, page, page, 0)
    failed, tried = doctest.DocTestRunner().run(examples)
    assert (failed, tried > 10) == (0, True)


def test_expected_numbers_as_saved_are_those_that_notebooks_show():
    """Compare as many digits as both numbers have."""
    rows = re.findall(
        r"^\| (\d+), sections? .+? \| (.+?) \| ([\d.; ]+) \| ", text_of("results.md"), re.M
    )
    assert len(rows) >= 15
    for number, what, saved in rows:
        if what.startswith("full set"):
            continue
        shown = re.findall(r": ([\d.,]+)(%?)[^(\n]* \(expected", printed_by(NOTEBOOKS[int(number)]))
        values = [(Decimal(n.replace(",", "")) / (100 if percent else 1)) for n, percent in shown]
        for said in map(Decimal, saved.split("; ")):
            assert any(
                abs(said - value) <= Decimal("0.5").scaleb(-min(digits(said), digits(value)))
                for value in values
            ), f"{number}: {what} has {said} as saved"


def printed_by(path):
    outputs = [o for cell in read(path).cells for o in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def digits(number):
    return -number.as_tuple().exponent
