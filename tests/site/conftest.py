"""The site, which is built once for all tests."""

import importlib.util
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "python -m sphinx -M html . docs/_build -c docs -E -W"
TOOLS = ("sphinx", "myst_nb", "furo", "math_core", "sphinx_copybutton")


class Page(HTMLParser):
    """The links, pictures and anchors of a page."""

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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}
