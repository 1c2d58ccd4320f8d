"""Point links to files that are not on the site to the repository's host."""

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
"""In Markdown, and not of an image: its words, the file, the heading."""
WORKSHEET = "docs/worksheet.html"
"""A page that is copied as it is: see ``html_extra_path`` in conf.py."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the change of links before a page is parsed."""
    app.connect("source-read", _lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _lead(app: Sphinx, docname: str, source: list[str]) -> None:
    def led(link: re.Match) -> str:
        words, file, heading = link.groups(default="")
        name = os.path.normpath(Path(docname).parent / file).replace(os.sep, "/")
        if name == WORKSHEET:
            return f'<a href="../{file}">{words}</a>'
        is_page = name.removesuffix(Path(name).suffix) in app.env.found_docs
        if is_page or not Path(app.srcdir, name).is_file():
            return link[0]
        return f"[{words}]({app.config.html_context['repository']}/blob/HEAD/{name}{heading})"

    source[0] = LINK.sub(led, source[0])
