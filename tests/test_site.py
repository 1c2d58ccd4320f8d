"""The site: every notebook has its page, all on it leads somewhere, and the explorer is alive."""

import importlib.util
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from made_course import MaskExplorer
from tests.browser.lab import says

pytestmark = pytest.mark.delivery

ROOT = Path(__file__).parents[1]
AXE = ROOT / "tests" / "browser" / "axe" / "axe.min.js"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BUILD = "python -m sphinx -M html . docs/_build -c docs -E -W"
TOOLS = ("sphinx", "myst_nb", "furo", "math_core")

KINDS = [
    *("docs/index", "docs/cheatsheet", "search"),
    *("notebooks/03_building_masks", "notebooks/09_relatives_of_made"),
]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


class Page(HTMLParser):
    """What a page links to, shows and can be linked at."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.alts, self.ids, self.tags = [], [], [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.ids.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "link" and attributes["rel"] in ("stylesheet", "icon"):
            self.loaded.append(attributes["href"])
        elif "src" in attributes:
            self.loaded.append(attributes["src"])
        if tag == "img":
            self.alts.append(attributes.get("alt"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    missing = [name for name in TOOLS if importlib.util.find_spec(name) is None]
    if missing:
        tools = ", ".join(missing)
        pytest.skip(f"not installed: {tools} (python -m pip install -r docs/requirements.txt)")
    folder = tmp_path_factory.mktemp("site")
    arguments = [part.replace("docs/_build", str(folder)) for part in BUILD.split()[1:]]
    run = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def figures_of(path):
    return [
        output.metadata["image/png"]["alt"]
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", ".github/workflows/site.yml", "docs/conf.py"])
def test_the_command_stands_where_it_is_looked_for(file):
    assert BUILD in (ROOT / file).read_text(encoding="utf-8")


@each_notebook
def test_each_notebook_has_a_page_with_its_figures_and_their_texts(pages, site, path):
    page = pages[site / "notebooks" / f"{path.stem}.html"]
    assert page.alts == figures_of(path)


@each_notebook
def test_all_formulas_are_set(pages, site, path):
    cells = nbformat.read(path, as_version=4).cells
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert pages[site / "notebooks" / f"{path.stem}.html"].tags.count("math") >= sum(
        "$" in cell.source for cell in cells if cell.cell_type == "markdown"
    )
    assert "\\mid" not in text


@each_notebook
def test_each_widget_is_alive_or_has_its_words(site, path):
    widgets = [
        cell
        for cell in nbformat.read(path, as_version=4).cells
        if "widget" in cell.metadata.get("tags", [])
    ]
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert text.count('class="stand-in"') == len(widgets)
    living = path.stem == "03_building_masks"
    assert text.count("living-explorer") >= 1 if living else "living-explorer" not in text


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


def test_pages_load_nothing_from_elsewhere(pages):
    loaded = [link for page in pages.values() for link in page.loaded]
    assert loaded
    assert [link for link in loaded if urlsplit(link).scheme not in ("", "data")] == []


@each_notebook
def test_each_notebook_says_where_it_can_be_run(pages, site, path):
    links = pages[site / "notebooks" / f"{path.stem}.html"].links
    on_binder = links[links.index("../docs/index.html#to-run-it") - 1]
    assert on_binder.startswith("https://mybinder.org/v2/gh/")
    assert on_binder.endswith(f"/binder?urlpath=lab/tree/notebooks/{path.name}")


# ---- in a browser --------------------------------------------------------------------------------


def found_by_axe(page, **options):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("options => axe.run({preload: false, ...options})", options)
    return [
        (rule["id"], node["html"][:200]) for rule in found["violations"] for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_as_wide_as_the_window(site, pages, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    for path in pages.keys() - {site / "index.html"}:  # which only leads on
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width, path.name
    assert page.complaints == []


@pytest.mark.parametrize("name", KINDS)
def test_pages_are_for_those_who_do_not_see_or_point(site, page, name):
    page.set_viewport_size({"width": 390, "height": 900})  # here most has to scroll
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_function("document.querySelector('.toc-drawer').ariaLabel")
    # colours take most of the time and are the same everywhere: below
    assert found_by_axe(page, rules={"color-contrast": {"enabled": False}}) == []
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(site, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto((site / "notebooks" / "03_building_masks.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert found_by_axe(page, runOnly=["color-contrast"]) == []


def test_only_what_scrolls_is_a_stop_for_the_keyboard(site, page):
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto((site / "notebooks" / "02_when_autoencoders_cheat.html").as_uri())
    page.locator("pre[tabindex]").first.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("!document.querySelector('pre[tabindex]')")


def test_on_paper_nothing_lies_over_the_text_and_no_line_is_cut(site, page):
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(media="print")
    page.goto((site / "notebooks" / "03_building_masks.html").as_uri())
    assert page.locator(".skip-to-content").is_hidden()
    assert page.locator(".made-controls").first.is_hidden()
    assert page.evaluate(
        """[...document.querySelectorAll("pre")]
            .every(code => code.scrollWidth <= code.clientWidth)"""
    )


def test_search_finds_pages_without_a_server(site, page):
    page.goto((site / "search.html").as_uri() + "?q=nats")
    page.get_by_text("Search finished").wait_for()
    found = page.locator("#search-results li a")
    assert {"MADE on one page", "5 · Training on MNIST"} <= set(found.all_inner_texts())


# ---- the explorer --------------------------------------------------------------------------------


def test_explorer_is_operated_with_the_keyboard_alone(site, page):
    page.goto((site / "notebooks" / "03_building_masks.html").as_uri())
    widget = page.locator(".made-widget")
    says(widget, MaskExplorer().sentence)
    page.get_by_role("button", name="x₂, degree 1", exact=True).press("Enter")
    says(widget, "x₂ reaches x̂₃ and x̂₁.")
    page.get_by_label("Break it").press("ArrowDown")
    says(widget, ", not 1: this is no distribution.")
    page.get_by_role("button", name="Start again").press("Enter")
    says(widget, MaskExplorer().sentence)
    assert page.complaints == []
