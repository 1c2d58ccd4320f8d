"""The contents and links of the site's pages."""

import re
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from fontTools.ttLib import TTFont

from made_lessons.checking.catalogue import exercises_in
from made_lessons.checking.source_code import source_of
from tests.site.notebooks import NOTEBOOKS, ROOT, each_notebook, figures_of
from tools.pages import colab

pytestmark = pytest.mark.delivery


@each_notebook
def test_each_notebook_has_a_page_with_its_figures_and_their_texts(pages, site, path):
    page = pages[site / "notebooks" / f"{path.stem}.html"]
    assert [alt for alt in page.alts if alt] == figures_of(path)
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    captions = " ".join(re.findall("<figcaption>.*?</figcaption>", text))
    shades = re.findall(r"\w*(?:dark|light|pale|black|white)\w*", captions)
    assert shades == []  # because a dark page inverts them


@each_notebook
def test_all_formulas_are_set(pages, site, path):
    cells = nbformat.read(path, as_version=4).cells
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert pages[site / "notebooks" / f"{path.stem}.html"].tags.count("math") >= sum(
        "$" in cell.source for cell in cells if cell.cell_type == "markdown"
    )
    assert "\\mid" not in text


@each_notebook
def test_variables_look_like_those_of_formulas(site, path):
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    article = text[text.index("<article") : text.index("</article>")]
    words = re.sub(r"<(pre|code|script|style)\b.*?</\1>|<[^>]*>", "", article, flags=re.DOTALL)
    assert re.findall("[a-z]\u0302?[₀-₉]", words) == []


@each_notebook
def test_each_widget_is_alive(site, path):
    cells = nbformat.read(path, as_version=4).cells
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    tagged = [cell for cell in cells if "widget" in cell.metadata.get("tags", [])]
    widgets = [c for c in tagged if not c.source.startswith(("progress()", "handle = display("))]
    assert text.count('class="made-alone"') >= len(widgets)


@each_notebook
def test_each_exercise_has_its_hints_and_its_solution(site, path):
    page = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert "<code>" not in page  # without the look of other code
    text = _plain(unescape(re.sub(r"<.*?>|`", "", page)))
    for exercise in exercises_in(int(path.stem[:2])):
        for part in (*exercise.hints, source_of(exercise.reference)):
            assert _plain(part.replace("`", "").strip()) in text, exercise.name


def _plain(text):
    """Return a text with plain indices and hats, as in formulas: x1 and xˆ."""
    return normalize("NFKC", text).replace("\N{COMBINING CIRCUMFLEX ACCENT}", "ˆ")


def test_the_museum_draws_as_many_leaks_as_it_names(site):
    page = (site / "docs" / "museum.html").read_text(encoding="utf-8")
    exhibits = re.findall(r'class="mask"([^·]*)<strong>(\d+) leaks', page)
    assert len(exhibits) > 5
    for picture, named in exhibits:
        assert picture.count('class="leak"') == int(named)


def test_each_page_ends_with_a_link_to_tell_what_is_wrong(pages, site):
    form = (ROOT / ".github" / "ISSUE_TEMPLATE" / "page.yml").read_text(encoding="utf-8")
    assert "id: page\n" in form
    for path in sorted(pages.keys() - {site / "worksheet.html"}):
        name = path.relative_to(site).with_suffix("").as_posix()
        links = [link for link in pages[path].links if "/issues/new?" in link]
        assert [link.partition("?")[2] for link in links] == [f"template=page.yml&page={name}"]


@each_notebook
def test_nothing_is_said_to_those_who_cannot_run(site, path):
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    printed = "".join(re.findall(r"<pre>.*?</pre>", text, re.DOTALL))
    assert "not attempted yet" not in printed
    assert "is the course's solution" not in printed
    assert re.findall(r"import \(\n.*\w+,\n.*,\n", re.sub("<.*?>", "", printed)) == []


@each_notebook
def test_a_page_loads_less_than_two_megabytes(pages, site, path):
    page = site / "notebooks" / f"{path.stem}.html"
    loaded = {(page.parent / urlsplit(name).path).resolve() for name in pages[page].loaded}
    assert len(loaded) > 5
    assert sum(file.stat().st_size for file in {page, *loaded}) < 2_000_000


def test_no_sign_is_left_to_the_fonts_of_a_reader(pages, site):
    carried = set()
    inter = ROOT / "made_course" / "figures" / "files" / "Inter-Regular.ttf"  # as on the site
    for file in [*site.glob("_static/*.woff"), inter]:
        assert file.stat().st_size < 100_000, file.name
        carried.update(TTFont(file).getBestCmap())
    shown = {sign for path in pages for sign in path.read_text(encoding="utf-8")}
    assert sorted(sign for sign in shown if ord(sign) > 0x7E and ord(sign) not in carried) == []


def test_internal_links_lead_somewhere(pages):
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            fragment = unquote(parts.fragment)
            is_there = target.is_file() and (
                not fragment or target not in pages or fragment in pages[target].ids
            )
            if not is_there:
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_the_front_page_has_a_card_for_each_notebook(pages, site):
    page = pages[site / "index.html"]
    links = [link for link in page.links if link.startswith("notebooks/")]
    cards = links[2:]  # after the bar and "Start the course"
    assert len({name for name in page.loaded if "/cards/" in name}) == len(cards)
    assert cards == [f"notebooks/{path.stem}.html" for path in NOTEBOOKS]


@each_notebook
def test_each_notebook_says_where_it_can_be_run(pages, site, path):
    links = pages[site / "notebooks" / f"{path.stem}.html"].links
    own = links.index("../docs/index.html#to-run-it")
    on_binder, on_colab = links[own - 2 : own]
    assert on_binder.startswith("https://mybinder.org/v2/gh/")
    assert on_binder.endswith(f"/binder?urlpath=lab/tree/notebooks/{path.name}")
    assert on_colab == colab.link_to(path.name)
