"""The course as a site, from the notebooks as they are saved: nothing is run.

``python -m sphinx -M html . docs/_build -c docs -E -W`` builds docs/_build/html/index.html.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "site"))

project = "MADE, step by step"
author = "The MADE course authors"
project_copyright = f"{author}, CC BY 4.0"
language = "en"

extensions = ["myst_nb", "notebook_pages", "front_pages", "native_math"]
root_doc = "docs/index"
include_patterns = ["docs/index.md", "docs/cheatsheet.md", "notebooks/*.ipynb"]
exclude_patterns = [".*", "docs/_build", "**/.ipynb_checkpoints"]

nb_execution_mode = "off"
nb_code_prompt_show = "Predict first, then see what came"
nb_code_prompt_hide = "Fold what came"
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "native"

html_theme = "furo"
html_title = project
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": ""})]
html_additional_pages = {"index": "front.html", "try": "try.html"}
templates_path = ["site/templates"]
html_copy_source = html_use_index = False
