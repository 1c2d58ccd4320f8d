"""The course as a site, from the notebooks as they are saved; only their widgets are run.

``python -m sphinx -M html . docs/_build -c docs -E -W`` builds docs/_build/html/index.html.
"""

import sys
import tomllib
from pathlib import Path

from tools.pages import objectives

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "site"))
about = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "MADE, step by step"
author = "The MADE course authors"
project_copyright = f"{author}, CC BY 4.0"
language = "en"

extensions = [
    *("myst_nb", "notebook_pages", "answers", "cards", "front_pages"),
    *("native_math", "repository_links", "sphinx_copybutton"),
]
root_doc = "docs/index"
objectives.PAGE.write_text(objectives.page(), encoding="utf-8")  # it is not committed
include_patterns = ["docs/*.md", "notebooks/*.ipynb"]
exclude_patterns = [".*", "docs/README.md", "docs/_build", "**/.ipynb_checkpoints"]

nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "native"

html_theme = "furo"
html_theme_options = {
    # swap light and dark but keep the hues, so that higher degrees stand out in both themes
    "dark_css_variables": {"turned": "invert(0.925) hue-rotate(180deg)"},
}
html_title = project
html_favicon = "site/icon.svg"
html_context = {
    "repository": about["urls"]["Repository"],
    "address": about["urls"]["Documentation"],
}
html_static_path = ["site/static"]
html_css_files = ["fonts.css", "site.css"]
html_js_files = [("site.js", {"defer": ""})]
html_additional_pages = {"index": "front.html", "try": "try.html"}
templates_path = ["site/templates"]
copybutton_selector = "div.cell_input pre, div.highlight-bash pre"
html_copy_source = html_use_index = False
