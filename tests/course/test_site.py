"""The site: every page is there, leads somewhere and is alive, and two of them draw."""

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from fontTools.ttLib import TTFont

from made_course.common.colours import BLUE, ORANGE
from made_course.figures.network_parts import shade
from tests.browser.lab import drag, place, says
from tests.figures.drawn import contrast
from tools.pages import colab

pytestmark = pytest.mark.delivery

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests" / "browser" / "axe" / "axe.min.js"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BUILD = "python -m sphinx -M html . docs/_build -c docs -E -W"
TOOLS = ("sphinx", "myst_nb", "furo", "math_core", "sphinx_copybutton")

KINDS = [
    *("index", "try", "docs/index", "docs/instructor", "search"),
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
        elif tag == "link" and attributes["rel"] in ("stylesheet", "icon", "shortcut icon"):
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
        pytest.skip(f"not installed: {tools} (the extra 'docs' of pyproject.toml)")
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


@each_notebook
def test_each_notebook_has_a_page_with_its_figures_and_their_texts(pages, site, path):
    page = pages[site / "notebooks" / f"{path.stem}.html"]
    cells = nbformat.read(path, as_version=4).cells
    drawn = re.findall(r'<img[^>]* alt="([^"]+)"', cells[0].source)  # in the text, above them
    assert [alt for alt in page.alts if alt] == drawn + figures_of(path)


@each_notebook
def test_all_formulas_are_set(pages, site, path):
    cells = nbformat.read(path, as_version=4).cells
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert pages[site / "notebooks" / f"{path.stem}.html"].tags.count("math") >= sum(
        "$" in cell.source for cell in cells if cell.cell_type == "markdown"
    )
    assert "\\mid" not in text


@each_notebook
def test_each_widget_is_alive(site, path):
    cells = nbformat.read(path, as_version=4).cells
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    tagged = [cell for cell in cells if "widget" in cell.metadata.get("tags", [])]
    widgets = [c for c in tagged if not c.source.startswith(("progress()", "handle = display("))]
    assert text.count('class="made-alone"') >= len(widgets)


def test_each_page_ends_with_a_link_to_tell_what_is_wrong(pages, site):
    form = (ROOT / ".github" / "ISSUE_TEMPLATE" / "page.yml").read_text(encoding="utf-8")
    assert "id: page\n" in form
    for path in pages.keys() - {site / "docs" / "worksheet.html"}:
        name = path.relative_to(site).with_suffix("").as_posix()
        links = [link for link in pages[path].links if "/issues/new?" in link]
        assert [link.partition("?")[2] for link in links] == [f"template=page.yml&page={name}"]


@each_notebook
def test_nothing_is_said_to_those_who_cannot_run(site, path):
    text = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    printed = "".join(re.findall(r"<pre>.*?</pre>", text, re.DOTALL))
    assert "not attempted yet" not in printed
    assert "is the course's solution" not in printed


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
    links = [link for link in pages[site / "index.html"].links if link.startswith("notebooks/")]
    cards = links[2:]  # after the bar and "Start the course"
    assert len({name for name in pages[site / "index.html"].loaded if "/cards/" in name}) == len(
        cards
    )
    assert cards == [f"notebooks/{path.stem}.html" for path in NOTEBOOKS]


@each_notebook
def test_each_notebook_says_where_it_can_be_run(pages, site, path):
    links = pages[site / "notebooks" / f"{path.stem}.html"].links
    own = links.index("../docs/index.html#to-run-it")
    on_binder, on_colab = links[own - 2 : own]
    assert on_binder.startswith("https://mybinder.org/v2/gh/")
    assert on_binder.endswith(f"/binder?urlpath=lab/tree/notebooks/{path.name}")
    assert on_colab == colab.link_to(path.name)


# ---- in a browser --------------------------------------------------------------------------------


def found_by_axe(page, **options):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("options => axe.run({preload: false, ...options})", options)
    return [
        (rule["id"], node["html"][:200]) for rule in found["violations"] for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_walk_over_all_pages(site, pages, page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    asked = set()
    page.on("request", lambda request: asked.add(request.url.partition("?")[0]))
    for path in pages.keys() - {site / "docs" / "worksheet.html"}:  # which is for paper
        page.goto(path.as_uri())
        assert page.locator("h1").first.is_visible(), path.name
        assert page.evaluate("document.documentElement.scrollWidth") == width, path.name
        assert page.locator(".made-alone:empty").count() == 0, path.name
    here = (site.as_uri(), "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert page.complaints == []


CUT = """() => [...document.querySelectorAll(".picture img")]
    .filter((image) => image.checkVisibility())
    .filter((image) => {
        const { left, right } = image.getBoundingClientRect();
        const clips = (part) => getComputedStyle(part).overflowX !== "visible";
        let [from, to] = [0, innerWidth];
        for (let part = image.parentElement; part; part = part.parentElement) {
            if (!clips(part)) continue;
            const box = part.getBoundingClientRect();
            from = Math.max(from, box.left + part.clientLeft);
            to = Math.min(to, box.left + part.clientLeft + part.clientWidth);
        }
        return left < from - 0.5 || right > to + 0.5;
    })
    .map((image) => image.alt)"""


@each_notebook
def test_no_figure_is_cut_on_a_phone(site, page, path):
    page.goto((site / "notebooks" / f"{path.stem}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    for width in (360, 390, 412):
        page.set_viewport_size({"width": width, "height": 900})
        seen = "document.querySelectorAll('.picture img').length"
        assert page.evaluate(seen) == len(figures_of(path))
        assert page.evaluate(CUT) == [], width
    # on 390 pixels each nearly fills the page, so that its words, of 11 points or more, have 9
    page.set_viewport_size({"width": 390, "height": 900})
    sizes = "image => [image.getBoundingClientRect().width, +image.getAttribute('width')]"
    widths = page.locator(".picture img").evaluate_all(f"all => all.map({sizes})")
    assert all(shown == min(drawn, 382) for shown, drawn in widths)


def test_one_press_opens_the_answer_to_a_prediction(site, page):
    page.goto((site / "notebooks" / "02_when_autoencoders_cheat.html").as_uri())
    answer = page.locator(".answer:has(img)").first
    figure, words = answer.locator("img").first, answer.locator(":scope > p")
    assert not figure.is_visible()
    assert not words.is_visible()
    answer.locator("summary").first.press("Enter")
    assert figure.is_visible()
    assert words.is_visible()
    page.get_by_label("Show all answers").check()
    page.reload()
    folds = page.locator(".answer")
    assert folds.count() > 5
    assert folds.evaluate_all("all => all.every((fold) => fold.open)")
    page.get_by_label("Show all answers").uncheck()


@each_notebook
def test_no_code_in_view_says_what_a_prediction_asks_for(site, page, path):
    page.goto((site / "notebooks" / f"{path.stem}.html").as_uri())
    code = "all => all.filter((pre) => pre.checkVisibility()).map((pre) => pre.textContent)"
    in_view = "".join(page.locator("pre").evaluate_all(code))
    answers = [cell.source for cell in nbformat.read(path, as_version=4).cells
               if "jupyter" in cell.metadata]  # fmt: skip
    told = [line for source in answers for line in source.splitlines()
            if re.search(r"\bexpect\(|\b(?:alt|invalid)=", line)]  # fmt: skip
    assert [line for line in told if line in in_view] == []


SEEN = """colours => {
    const image = document.querySelector(".picture img");
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    const seen = (colour, filter) => {
        Object.assign(pen, { filter, fillStyle: colour }).fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
    };
    const paper = seen(getComputedStyle(document.body).backgroundColor, "none");
    return [paper, ...colours.map((colour) => seen(colour, getComputedStyle(image).filter))];
}"""


def test_on_a_dark_page_blue_turns_and_all_words_can_be_read(site, page):
    words, ramp = [BLUE, ORANGE, "#3c3c3c"], [shade(degree, 3) for degree in range(4)]
    page.goto((site / "notebooks" / "03_building_masks.html").as_uri())
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.body.dataset.theme = theme; }", theme)
        page.wait_for_timeout(300)
        paper, *seen = page.evaluate(SEEN, words + ramp)
        apart = [contrast(colour, paper) for colour in seen]
        assert min(apart[: len(words)]) > 3.8 + 0.7 * (theme == "dark")  # orange on white has 3.9
        assert apart[len(words) :] == sorted(
            apart[len(words) :]
        )  # higher degrees have more contrast


def test_each_page_shows_its_text_without_scripts(site, pages, page):
    context = page.context.browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    for path in pages.keys() - {site / "search.html"}:
        bare.goto(path.as_uri())
        said = bare.locator("main, [role=main], body").last
        assert len(said.inner_text()) > 300, path.name
        images = bare.locator("img:not([loading])")
        assert images.evaluate_all("all => all.every(img => img.naturalWidth)")
        assert bare.locator(".picture img").evaluate_all(
            "all => all.every(img => getComputedStyle(img).filter === 'none')"
        )
    context.close()


@pytest.mark.parametrize("name", KINDS)
def test_pages_are_for_those_who_do_not_see_or_point(site, page, name):
    page.set_viewport_size({"width": 390, "height": 900})  # here most has to scroll
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_function("document.querySelector('.toc-drawer')?.ariaLabel !== null")
    # colours take most of the time and are the same everywhere: below
    assert found_by_axe(page, rules={"color-contrast": {"enabled": False}}) == []
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "try", "notebooks/03_building_masks"])
def test_colours_can_be_told_apart(site, page, name, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto((site / f"{name}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert found_by_axe(page, runOnly=["color-contrast"]) == []


WATCH_FOCUS = """() => {
    Object.assign(window, { met: new Set(), unseen: [] });
    addEventListener("focusin", ({ target }) => {
        met.add(target);
        const is_drawn = target.closest("svg");  // there a stroke says it
        if (getComputedStyle(target).outlineStyle === "none" && !is_drawn)
            unseen.push(target.outerHTML.slice(0, 80));
    });
}"""
STOPS = """[...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")]
    .filter((part) => part.tabIndex >= 0 && !part.disabled
        && part.checkVisibility({ visibilityProperty: true }))"""


def test_the_tab_key_walks_over_a_whole_page_and_shows_where_it_is(site, page):
    page.goto((site / "notebooks" / "03_building_masks.html").as_uri())
    page.locator(".made-widget").first.wait_for()
    page.locator(".copybtn").first.wait_for()
    page.evaluate(WATCH_FOCUS)
    count = page.evaluate(f"{STOPS}.length")
    assert count > 90
    for _ in range(count + 10):
        page.keyboard.press("Tab")
    left = f"{STOPS}.filter((part) => !met.has(part)).map((part) => part.outerHTML.slice(0, 80))"
    assert page.evaluate(left) == []
    assert page.evaluate("unseen") == []


def test_search_finds_pages_without_a_server(site, page):
    page.goto((site / "search.html").as_uri() + "?q=nats")
    page.get_by_text("Search finished").wait_for()
    found = page.locator("#search-results li a")
    assert {"MADE on one page", "5 · Training on MNIST"} <= set(found.all_inner_texts())


# ---- the pages with widgets ----------------------------------------------------------------------


def test_the_front_page_draws_after_its_text(site, page):
    without_networks = sum(
        (site / name).stat().st_size for name in ("index.html", "_static/front.css")
    )
    assert without_networks < 400_000
    assert (site / "_static" / "networks.js").stat().st_size < 2_100_000
    page.goto((site / "index.html").as_uri())
    toy = page.locator("#toy .made-widget")
    says(toy, "of 8 look like a 2")
    toy.get_by_role("button", name="Clear").click()
    box = toy.get_by_role("application").bounding_box()
    drag(page, place(box, 0.3, 0.2), place(box, 0.7, 0.2), place(box, 0.45, 0.9))
    says(toy, "of 8 look like a 7")
    assert page.complaints == []


@pytest.mark.parametrize("name", ["06_sampling_and_completion", "07_many_orderings"])
def test_a_sketchpad_loads_its_networks_when_it_is_in_view(site, page, name):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "notebooks" / f"{name}.html").as_uri())
    pad = page.locator(".made-widget")
    says(pad, "Loading the network")
    assert not any("networks.js" in url for url in asked)
    pad.scroll_into_view_if_needed()
    says(pad, "of 8 look like")
    assert page.complaints == []


@pytest.mark.parametrize("address", ["try.html", "docs/museum.html"])
def test_a_network_trains_in_the_page_and_its_mask_is_broken(site, page, address):
    page.goto((site / address).as_uri())
    widget = page.locator(".made-widget")
    says(widget, "It has not learned anything yet.")
    widget.get_by_role("button", name="Train", exact=True).click()
    says(widget, "On the floor. It draws")
    widget.get_by_role("button", name="its own, too").click()
    says(widget, "Too good to be true. It scores a perfect 0 because")
    page.wait_for_function("Number(document.querySelector('.made-widget').dataset.sum) > 5")
    assert page.complaints == []
