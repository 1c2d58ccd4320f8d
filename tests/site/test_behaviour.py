"""The pages of the site in a browser: layout, colours and behaviour."""

import re

import nbformat
import pytest

from made_course.common.colours import BLUE, ORANGE
from made_course.figures.network_parts import degree_colour
from tests.browser.lab import drag, place, says, watched
from tests.figures.drawn import contrast
from tests.site.notebooks import ROOT, each_notebook, figures_of

pytestmark = pytest.mark.delivery

AXE = ROOT / "tests" / "browser" / "axe" / "axe.min.js"
KINDS = [
    *("index", "try", "search", "docs/index", "docs/museum", "docs/results"),
    *("notebooks/03_building_masks", "notebooks/09_relatives_of_made"),
]


SHAPE = """async () => {
    await document.fonts.ready;
    const top = (part) => part.getBoundingClientRect().top + scrollY;
    const shown = [...document.querySelectorAll("article :is(img, svg, canvas)")]
        .filter((part) => part.checkVisibility());
    const plain = [...document.querySelectorAll("article section > p")]
        .filter((part) => part.childNodes.length === 1 && part.checkVisibility());
    const full_lines = plain.flatMap((part) => {
        const line = document.createRange();
        line.selectNodeContents(part);
        const widths = [...line.getClientRects()].map((box) => box.width);
        const all = widths.reduce((sum, width) => sum + width, 0);
        return widths.slice(0, -1).map((width) => part.textContent.length * width / all);
    });
    return {
        section: top(document.querySelector("article h2")),
        picture: Math.min(...shown.map(top)),
        letters: full_lines.sort((a, b) => a - b)[Math.floor(full_lines.length / 2)],
    };
}"""
"""Where a page's first section and picture begin, in pixels, and letters per full line (median)."""
WIDEST = "Math.max(...[...document.querySelectorAll('html, .content')].map((p) => p.scrollWidth))"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_walk_over_all_pages(site, pages, page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    asked = set()
    page.on("request", lambda request: asked.add(request.url.partition("?")[0]))
    for path in sorted(pages.keys() - {site / "worksheet.html"}):  # which is for paper only
        page.goto(path.as_uri())
        assert page.locator("h1").first.is_visible(), path.name
        assert page.evaluate(WIDEST) == width, path.name
        assert page.locator(".made-alone:empty").count() == 0, path.name
        if path.parent.name == "notebooks":
            shape = page.evaluate(SHAPE)
            assert shape["picture"] < shape["section"], path.name
            assert width == 1280 or shape["section"] < 500, path.name
            assert width == 390 or 65 <= shape["letters"] <= 75, path.name
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


GOES_ON_BEYOND = """(line) => {
    const code = line.closest("pre").getBoundingClientRect();
    return line.getBoundingClientRect().right > code.right;
}"""


@each_notebook
def test_no_figure_is_cut_on_a_phone(site, page, path):
    page.goto((site / "notebooks" / f"{path.stem}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert page.locator(".sd").evaluate_all(f"all => all.filter({GOES_ON_BEYOND})") == []
    for width in (360, 390, 412):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator(".picture img").count() == len(figures_of(path))
        assert page.evaluate(CUT) == [], width
    # on 390 pixels each nearly fills the page, so that its words, of 12 points or more, have 11
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


def test_long_code_shows_its_first_lines_until_it_is_opened(site, page):
    page.goto((site / "notebooks" / "07_many_orderings.html").as_uri())
    cell = page.locator(".cell_input:has(> .more)").first
    code, summary = cell.locator("pre"), cell.locator("summary")
    shown, lines = code.bounding_box()["height"], code.inner_text().strip().count("\n") + 1
    assert summary.inner_text() == f"Show all {lines} lines"
    summary.press("Enter")
    assert code.bounding_box()["height"] > shown * lines / 12
    assert summary.inner_text() == "Show fewer lines"


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
    words, ramp = [BLUE, ORANGE, "#3c3c3c"], [degree_colour(degree, 3) for degree in range(4)]
    page.goto((site / "notebooks" / "03_building_masks.html").as_uri())
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.body.dataset.theme = theme; }", theme)
        page.wait_for_function("document.getAnimations().length === 0")
        paper, *seen = page.evaluate(SEEN, words + ramp)
        apart = [contrast(colour, paper) for colour in seen]
        assert min(apart[: len(words)]) > 3.8 + 0.7 * (theme == "dark")  # orange on white has 3.9
        of_ramp = apart[len(words) :]
        assert of_ramp == sorted(of_ramp)  # higher degrees have more contrast


def test_each_page_shows_its_text_without_scripts(site, pages, page):
    context = page.context.browser.new_context(java_script_enabled=False)
    bare = watched(context.new_page())
    for path in sorted(pages.keys() - {site / "search.html"}):
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
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_for_those_who_do_not_see_or_point(site, page, name, scheme):
    page.set_viewport_size({"width": 390, "height": 900})  # narrow, so that most has to scroll
    page.emulate_media(color_scheme=scheme)
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_function("document.querySelector('.toc-drawer')?.ariaLabel !== null")
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    in_bar = name.partition("/")[0] in ("index", "try", "notebooks") or name == "docs/museum"
    assert page.locator(".bar [aria-current]").count() == in_bar
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({preload: false})")["violations"]
    assert [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]] == []
    assert page.complaints == []


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
    page.locator(".copybtn:visible").first.wait_for()
    page.evaluate(WATCH_FOCUS)
    count = page.evaluate(f"{STOPS}.length")
    assert count > 90
    for _ in range(count + 10):
        page.keyboard.press("Tab")
    left = f"{STOPS}.filter((part) => !met.has(part)).map((part) => part.outerHTML.slice(0, 80))"
    assert page.evaluate(left) == []
    assert page.evaluate("unseen") == []
    assert page.locator(".toctree-checkbox").evaluate("fold => met.has(fold)")


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
    says(toy, "of 8 as a 3")
    toy.get_by_role("button", name="Let it peek").click()
    says(toy, "8 of 8 are blank, because the network copies the blank paper.")
    toy.get_by_role("button", name="Let it peek").click()
    toy.get_by_role("button", name="More").click()
    toy.get_by_role("button", name="Clear").click()
    box = toy.get_by_role("application").bounding_box()
    drag(page, place(box, 0.3, 0.2), place(box, 0.7, 0.2), place(box, 0.45, 0.9))
    says(toy, "of 8 as a 7")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Change between light and dark").click()
    assert page.locator("body").get_attribute("data-theme") == "dark"
    page.evaluate("localStorage.clear()")
    assert page.locator(".cards img").first.bounding_box()["width"] > 300
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
    says(pad, "of 8 as")
    assert page.complaints == []


@pytest.mark.parametrize("address", ["try.html", "docs/museum.html"])
def test_a_network_trains_in_the_page_and_its_mask_is_broken(site, page, address):
    page.goto((site / address).as_uri())
    widget = page.locator(".made-widget")
    says(widget, "It has not learned anything yet.")
    lines = "all => all.map((rows) => rows.getBoundingClientRect().bottom)"
    drawn, learned = widget.locator(".kept").evaluate_all(lines)
    assert drawn == learned
    widget.get_by_role("button", name="Train", exact=True).click()
    says(widget, "On the floor. It draws")
    widget.get_by_role("button", name="its own, too").click()
    says(widget, "Too good to be true. It scores nearly 0 because")
    page.wait_for_function("Number(document.querySelector('.made-widget').dataset.sum) > 5")
    page.set_viewport_size({"width": 390, "height": 844})  # there the page's bar hides some words
    widget.get_by_role("button", name="Show everything").click()
    widget.get_by_role("group", name="What it learns").wait_for()
    assert page.complaints == []
