"""Rules for every notebook, which is read as a file and not run."""

import ast
import re
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import pytest

import made_lessons
from made_lessons.checking.catalogue import NOTEBOOKS as ALL_NOTEBOOKS
from made_lessons.checking.catalogue import exercises_in
from made_lessons.checking.source_code import source_of as source_of_solution
from tests.figures.drawn import WIDEST
from tools.pages.minutes import (
    CHECK,
    EXERCISE,
    NOTEBOOKS,
    PROMISED_EXERCISES,
    QUESTION,
    counted_range,
    exercise_minutes,
    glossary,
    hours,
    is_named,
    new_terms,
    promised_range,
    questions_of,
    read,
    text_of,
)
from tools.pages.refresh import FOLDED, KEPT, METADATA, find_answers

ROOT = Path(__file__).parents[2]
WIDGET, EXEMPT = "widget", "nbval-ignore-output"
SLIDE = {"slide_type": "slide"}

SAVE = "save it by python -m tools.pages.refresh notebooks/{}"

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def number_of(path):
    return int(path.stem[:2])


def source_of(path):
    return "\n".join(cell.source for cell in code_cells(path))


def outputs_of(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


# ---- the file ------------------------------------------------------------------------------------


@each_notebook
def test_metadata_is_neutral(path):
    notebook = read(path)
    assert notebook.metadata == METADATA, SAVE.format(path.name)
    for cell in notebook.cells:
        assert set(cell.metadata) <= {*KEPT, *FOLDED}, SAVE.format(path.name)
        assert cell.metadata.get("slideshow", SLIDE) == SLIDE
        assert set(tags(cell)) <= {WIDGET, EXEMPT}
        assert len(tags(cell)) <= 1
        assert "NBVAL_" not in cell.source  # such a comment would also exempt the cell


@each_notebook
def test_what_answers_a_prediction_is_folded_and_nothing_else(path):
    cells = read(path).cells
    assert [cell for cell in cells if "jupyter" in cell.metadata] == find_answers(cells)
    for cell in find_answers(cells):
        assert {name: cell.metadata.get(name) for name in FOLDED} == FOLDED, SAVE.format(path.name)


def is_code(cell):
    return cell.cell_type == "code"


@each_notebook
def test_what_the_reader_does_is_a_quote_with_its_sign(path):
    cells = read(path).cells
    text = text_of(read(path))
    assert re.findall(r"^\*\*(?:Predict|Self-check).*", text, re.MULTILINE) == []
    tasks = re.findall(r"(\n\n---\n)?\n### Exercise .+\n\n(> ✎)?", text)
    assert all(map(all, tasks)), "an exercise has a rule above, and its words begin with '> ✎ '"
    for cell in cells:
        if "Self-check" in cell.source:
            assert QUESTION.fullmatch(cell.source), f"a cell of its own:\n{cell.source}"


@each_notebook
def test_execution_counts_increase_except_in_widget_cells(path):
    cells = code_cells(path)
    counts = [cell.execution_count for cell in cells if WIDGET not in tags(cell)]
    assert None not in counts, SAVE.format(path.name)
    assert counts == sorted(set(counts)), SAVE.format(path.name)
    for cell in cells:
        if WIDGET in tags(cell):
            assert not cell.outputs, SAVE.format(path.name)
            assert cell.execution_count is None, SAVE.format(path.name)


def test_few_cells_are_exempt_each_with_a_reason():
    all_cells = [cell for path in NOTEBOOKS for cell in code_cells(path)]
    exempt = [path.stem for path in NOTEBOOKS for c in code_cells(path) if EXEMPT in tags(c)]
    assert len(exempt) <= len(all_cells) / 20
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = sorted(re.findall(r"^\| `(\d\d_\w+)` \|", page, re.MULTILINE))
    assert told == sorted(exempt), "CONTRIBUTING.md must have a row for each, with the reason"


# ---- the outputs ---------------------------------------------------------------------------------


@each_notebook
def test_outputs_hold_nothing_that_should_not_be_seen(path):
    for output in outputs_of(path):
        assert output.output_type in ("stream", "display_data")
        assert output.get("name") != "stderr"
        data = output.get("data", {})  # a picture's bytes may spell anything
        text = "".join([output.get("text", "")] + [data[kind] for kind in data if "text" in kind])
        assert not re.search(r"Warning|0x[0-9a-f]{6}|\w+\((?:children|value)=|<Figure", text)
        assert not re.search(r"False$", text, re.MULTILINE), (
            "print True for a true question, or a number"
        )
        is_widget = "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        assert not is_widget, "a cell that shows a widget must have the tag widget"


@each_notebook
def test_every_figure_has_a_text_alternative(path):
    figures = [output for output in outputs_of(path) if "image/png" in output.get("data", {})]
    for figure in figures:
        assert len(figure.data["text/plain"].split()) >= 4
        assert figure.metadata["image/png"]["width"] <= WIDEST, "too wide for a phone"
        first = figure.metadata["image/png"]["alt"].partition(". ")[0]
        assert 12 < len(first) <= 110, "a figure says first, in a line, what there is to see"
        assert not figure.data["text/plain"].startswith(first), "and not of what kind it is"


@each_notebook
def test_every_figure_has_a_caption_that_begins_with_its_claim(path):
    for cell in code_cells(path):
        figures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        captions = [cell.metadata["caption"]] if "caption" in cell.metadata else []
        assert len(figures) == len(captions), (
            f"a cell that shows a figure has one caption in its metadata:\n{cell.source}"
        )
        for caption in captions:
            form = re.fullmatch(r"\*\*([^*]+\.)\*\* [^*]+\.", caption)
            assert form, f"'**The claim.** Where to look.', not {caption}"
            assert len(form[1].split()) <= 12
            assert len(caption.split()) <= 30


@each_notebook
def test_a_figure_follows_each_widget(path):
    cells = code_cells(path)
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if WIDGET in tags(cell) and not cell.source.startswith("progress()"):
            shown = following is not None and re.search(r"figure\(|plot_", following.source)
            assert shown, f"the next cell must show the same, or say it:\n{cell.source}"
            assert tags(following) == []


@each_notebook
def test_a_number_is_held_by_expect_which_shows_it(path):
    bounds = re.findall(r"^ *assert .*\d.*", source_of(path), re.MULTILINE)
    assert bounds == [], "write expect(value, expected, within=..., name=...)"


# ---- the code ------------------------------------------------------------------------------------


@each_notebook
def test_code_fits_on_a_projector(path):
    for cell in code_cells(path):
        lines = cell.source.splitlines()
        assert len(lines) <= 25, lines[0]
        assert max(map(len, lines)) <= 88, max(lines, key=len)


@each_notebook
def test_code_uses_what_it_imports_and_shows_no_bare_object(path):
    tree = ast.parse(source_of(path))
    imported = {
        (name.asname or name.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    for_the_reader = {"hint", "solution"}  # to be called in a cell of one's own
    assert imported - used - for_the_reader == set()
    for cell in code_cells(path):
        assert not cell.source.rstrip().endswith(";"), f"no ; at the end:\n{cell.source}"
        assert not re.search(r"^\s*[%!]", cell.source, re.MULTILINE)
        last = ast.parse(cell.source).body[-1]
        if isinstance(last, ast.Expr) and WIDGET not in tags(cell):
            assert isinstance(last.value, ast.Call), cell.source


# ---- the text ------------------------------------------------------------------------------------


@each_notebook
def test_header_says_what_for_what_with_and_how_long(path):
    text = text_of(read(path))
    headings = re.findall(r"^# .*", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    assert len(headings) == 1
    header = read(path).cells[0].source
    assert header.startswith(f"# {number_of(path)} · ")
    can, objectives = "By the end of this notebook you will be able to", r"(- .+\n)+"
    minutes, need = r"\*\*Time\*\* \d+ to \d+ minutes", r"\*\*You need\*\* .+\n\n"
    unfolded = rf"\*\*{can}\*\*\n\n{objectives}\n{need}{minutes}"
    fold = rf"<details><summary>{can}</summary>\n\n{objectives}\n</details>"
    folded = rf"\n{minutes}.+ {need}{fold}"
    assert re.search(f"{unfolded}|{folded}", header), (
        "the first cell must be a header like that of the other notebooks"
    )


@each_notebook
def test_minutes_promised_are_those_counted(path):
    """Round to the nearest five, for a quick reader and a careful one."""
    notebook = read(path)
    assert promised_range(notebook) == counted_range(notebook), "see python -m tools.pages.minutes"
    for exercises in PROMISED_EXERCISES.findall(text_of(notebook)):
        assert int(exercises) == exercise_minutes(notebook), "the exercises' minutes, not rounded"


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_each_section_lets_the_reader_answer(path):
    """Look for an exercise or a question between each numbered heading and the next."""
    sections = []
    for cell in read(path).cells:
        for heading in re.findall(r"^## (.*)", cell.source, re.MULTILINE):
            sections.append([heading, False])
        if sections and re.search(r"^(?:check\(|> ◉ )", cell.source, re.MULTILINE):
            sections[-1][1] = True
    numbered = [section for section in sections if section[0][0].isdigit()]
    assert [int(heading.split()[0]) for heading, _ in numbered] == [*range(1, len(numbered) + 1)]
    assert [heading for heading, asks in numbered if not asks] == []


def test_readme_promises_the_hours_that_are_counted():
    assert hours() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_the_way_is_the_same_in_readme_and_notebook_0(path):
    title = re.match("# (.+)", read(path).cells[0].source)[1]
    pages = {
        "README.md": ((ROOT / "README.md").read_text(encoding="utf-8"), "notebooks/"),
        NOTEBOOKS[0].name: (text_of(read(NOTEBOOKS[0])), ""),
    }
    questions = set()
    for name, (text, folder) in pages.items():
        begin, end = f"| [{title}]({folder}{path.name}) | ", f" | {promised_range(read(path))} |"
        rows = [row for row in text.splitlines() if row.startswith(begin) and row.endswith(end)]
        assert len(rows) == 1, f"{name} must have this row, with a question: {begin}...{end}"
        questions.add(rows[0].split(" | ")[1])
    assert len(questions) == 1, "both pages must ask the same question"


@pytest.mark.parametrize(("path", "following"), [*pairwise(NOTEBOOKS)], ids=lambda p: p.stem)
def test_every_notebook_leads_to_the_next(path, following):
    end = [cell.source for cell in read(path).cells if not is_code(cell)][-1]
    for part in ("**Next:**", f"({following.name})"):
        assert part in end, f"the last cell must have {part}"


@each_notebook
def test_a_notebook_says_what_is_solved_where_its_exercises_end(path):
    places = [k for k, cell in enumerate(read(path).cells) if cell.source.startswith("progress()")]
    assert len(places) == 1
    assert number_of(path) == 0 or places == [len(read(path).cells) - 1]


def test_every_term_of_the_glossary_is_introduced_where_it_says():
    terms = [term for term, _ in glossary()]
    assert len(terms) == text_of(read(NOTEBOOKS[0])).count("\n| **") >= 30
    assert terms == sorted(terms, key=str.casefold)
    for term, file in glossary():
        introduced = re.findall(r"\*\*(.+?)\*\*", text_of(read(ROOT / "notebooks" / file)))
        assert any(is_named(term, bold) for bold in introduced), f"{term}: not in {file}"


def test_no_section_brings_more_than_three_new_terms():
    new = new_terms()
    assert sum(map(len, new.values())) >= 30
    assert {section: terms for section, terms in new.items() if len(terms) > 3} == {}


# ---- exercises and questions ---------------------------------------------------------------------


@each_notebook
def test_exercises_and_questions_are_all_there_in_order(path):
    number = number_of(path)
    folder = f"made_lessons/notebook_{number:02d}"
    assert number in ALL_NOTEBOOKS, f"{folder} is missing"
    defined = exercises_in(number)
    said = [
        (found["name"], found["title"], len(found["stars"]))
        for found in EXERCISE.finditer(text_of(read(path)))
    ]
    assert said == [(e.name, e.title, e.stars) for e in defined], (
        f"the headings here, '### Exercise {number}.1 · Title (★, 5 minutes)', and the exercises "
        f"in {folder} must say the same"
    )
    assert number == 0 or len(defined) >= 2
    checks = CHECK.findall(source_of(path))
    assert list(dict.fromkeys(checks)) == [exercise.name for exercise in defined], (
        f'each exercise must have a line such as check("{number}.1", answer)'
    )


@each_notebook
def test_a_question_has_one_right_choice_and_explains_each(path):
    notebook = read(path)
    questions = questions_of(notebook)
    letters = "abcdefghijkl"[: len(questions)]
    assert list(questions) == [f"{number_of(path)}{letter}" for letter in letters]
    assert text_of(notebook).count("Self-check") == len(questions)
    cells = [cell.source for cell in notebook.cells if "Self-check" in cell.source]
    for cell, (name, (_, choices)) in zip(cells, questions.items(), strict=True):
        assert len(choices) == cell.count("<details>") >= 2, f"{name}: a choice has another form"
        assert [mark for _, mark, _ in choices].count("✓") == 1, name
        texts = [text for text, _, _ in choices]
        assert len(set(texts)) == len(texts), name
        assert not any(re.search(r"[$`*]", text) for text in texts), f"{name}: only HTML is shown"


@each_notebook
def test_the_position_of_a_right_choice_follows_from_the_name_of_its_question(path):
    for name, (_, choices) in questions_of(read(path)).items():
        position = crc32(name.encode()) % len(choices)
        marks = [mark for _, mark, _ in choices]
        assert marks.index("✓") == position, f"{name}: make the right choice number {position + 1}"


@each_notebook
def test_what_the_text_calls_is_imported(path):
    called = set(re.findall(r'`(\w+)\("\d', text_of(read(path)))) & set(made_lessons.__all__)
    imports = re.findall(r"from made_lessons import (.*)", source_of(path))
    assert called <= set(", ".join(imports).split(", "))


def test_open_exercises_are_graded_as_open_ones():
    headings = [found for path in NOTEBOOKS for found in EXERCISE.finditer(text_of(read(path)))]
    open_ones = tuple(found["name"] for found in headings if found["open"])
    graded = tuple(e.name for number in ALL_NOTEBOOKS for e in exercises_in(number) if e.is_open)
    assert open_ones == graded, "score= belongs to these"


def bare(code):
    """Return code without comments and line ends."""
    return re.sub(r"\s+", " ", re.sub(r"#.*", "", code))


@each_notebook
def test_solutions_are_not_in_the_notebook(path):
    assert not re.search(r"^\s*solution\(", source_of(path), re.MULTILINE)
    printed = "".join(output.get("text", "") for output in outputs_of(path))
    shown = bare(source_of(path) + text_of(read(path)) + printed)
    for exercise in exercises_in(number_of(path)):
        source = source_of_solution(exercise.reference)
        body = re.sub(r'"""(.|\n)*?"""', "", source)
        body = bare(body.partition(":\n")[2]).strip()
        assert body not in shown, exercise.name


@each_notebook
def test_unsolved_exercises_are_saved_as_not_attempted(path):
    for cell in code_cells(path):
        found = CHECK.search(cell.source)
        if found and number_of(path) > 0:
            (output,) = cell.outputs
            assert output.text.startswith(f"○ {found[1]} · ")
