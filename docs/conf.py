"""The course as a site, from the notebooks as they are saved; only their widgets are run.

``python -m sphinx -M html . docs/_build -c docs -E -W`` builds docs/_build/html/index.html.
"""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "site"))
about = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "MADE, step by step"
author = "The MADE course authors"
project_copyright = f"{author}, CC BY 4.0"
language = "en"

extensions = [
    *("myst_nb", "exercises", "notebook_pages", "answers", "cards", "front_pages", "museum"),
    *("native_math", "repository_links", "sphinx_copybutton"),
]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "notebooks/*.ipynb"]
exclude_patterns = [".*", "docs/_build", "**/.ipynb_checkpoints"]
exclude_patterns += ["docs/README.md", "docs/objectives.md"]

nb_execution_mode = "off"
myst_enable_extensions = ["attrs_block", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "native"

html_theme = "furo"
pygments_dark_style = "a11y-dark"  # as the light one, and without orange strings: orange is a leak
BLUES = ("color-brand-primary", "color-brand-content", "color-brand-visited")
BAR = {
    "color-announcement-background": "var(--color-background-secondary)",
    "color-announcement-text": "var(--color-foreground-primary)",
    "color-sidebar-link-text--top-level": "var(--color-foreground-secondary)",
}
SIDEBAR = ("search", "scroll-start", "navigation", "scroll-end")
html_theme_options = {
    "announcement": "bar",  # whose words are in templates/page.html
    "light_css_variables": {
        **BAR,
        "color-foreground-primary": "#222",
        "color-foreground-secondary": "#555",
        **dict.fromkeys(BLUES, "#0072b2"),
    },
    "dark_css_variables": {
        **BAR,
        **dict.fromkeys(BLUES, "#79c3f2"),
        # swap light and dark but keep the hues, so that higher degrees stand out in both themes
        "turned": "invert(0.925) hue-rotate(180deg)",
    },
}
html_sidebars = {"**": [f"sidebar/{part}.html" for part in SIDEBAR]}
html_title = project
html_favicon = "site/icon.svg"
html_context = {
    "repository": about["urls"]["Repository"],
    "address": about["urls"]["Documentation"],
}
html_static_path = ["site/static"]
html_extra_path = ["worksheet.html", "pictures/share.png"]
html_css_files = ["fonts.css", "site.css"]
html_js_files = [("site.js", {"defer": ""})]
html_additional_pages = {"index": "front.html", "try": "try.html"}
templates_path = ["site/templates"]
copybutton_selector = "div.cell_input pre, div.highlight-bash pre"
html_copy_source = html_use_index = False
