"""The notebooks as cards: number, title, question, minutes, and a part of a figure."""

import re
from base64 import b64decode
from functools import cache
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image, ImageFilter, ImageOps
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
ON_A_PAGE, FOR_LINKS = (1400, 740), (1200, 630)
"""Largest width and height in pixels of a picture on a page, and its size for links to it."""
SHOWN = {
    "00": ("From the top, 8 images", (0.111, 0, 0.556, 1)),
    "01": ("Tree of 20 days", (0, 0.08, 0.8, 0.93)),
    "02": ("How far 16 outputs", (0.113, 0, 0.962, 0.822)),
    "03": ("Of 24 connections", (0.04, 0.165, 1, 0.56)),
    "04": ("From the ordering", (0.41, 0.24, 0.99, 0.575)),
    "05": ("p(ink | pixels before)", (0.351, 0.338, 1, 0.995)),
    "06": ("become final as pixels are drawn", (0.015, 0.1, 0.99, 0.665)),
    "07": ("Orderings: rows", (0, 0.058, 1, 0.5)),
    "08": ("p(x₂ | x₁ = 0)", (0.11, 0.505, 1, 0.885)),
    "09": ("the output of pixel 39 sees", (0.255, 0.23, 0.755, 0.84)),
    "10": ("Which output sees which input", (0.09, 0.235, 1, 0.8)),
    "11": ("Lowest possible nats per board", (0.6, 0.175, 1, 0.83)),
    "12": ("digits appear among few pixels", (0.17, 0, 1, 0.655)),
}
"""Words of the text of each notebook's figure, and its part: left, top, right, bottom."""
ROW = re.compile(
    r"^\| \[(\d+) · ([^]]+)\]\((notebooks/\w+)\.ipynb\) \| ([^|]+) \| (\d+ to \d+) \|$",
    re.MULTILINE,
)
"""A notebook in README's table: number, title, path, question, minutes."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the functions that give cards to each page and write their pictures."""
    app.connect("html-page-context", _fill)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


@cache
def cards() -> list[dict[str, str]]:
    """Return number, title, path, question and minutes of each notebook, from README's table."""
    found = ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    keys = ("number", "title", "path", "question", "minutes")
    return [dict(zip(keys, row, strict=True)) | {"name": Path(row[2]).name[:2]} for row in found]


def _fill(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    context |= {"card": None, "following": None}
    for card, following in zip(cards(), [*cards()[1:], None], strict=True):
        if card["path"] == name:
            context |= {"card": card, "following": following}
            context["next"] = None if following else context["next"]
            context["prev"] = context["prev"] if card["number"] != "0" else None  # not "Home"


def _write(app: Sphinx, problem: Exception | None) -> None:
    if problem is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "cards")
    folder.mkdir(exist_ok=True)
    for card in cards():
        part = _enlarged(_part_of_a_figure(card["path"]))
        part.save(folder / f"{card['name']}.webp", quality=80)
        ImageOps.pad(part, FOR_LINKS, color="white").save(folder / f"{card['name']}.png")


def _part_of_a_figure(path: str) -> Image.Image:
    """Return the part of a notebook's figure that SHOWN names."""
    words, part = SHOWN[Path(path).name[:2]]
    pngs = [
        output.data["image/png"]
        for cell in nbformat.read(ROOT / f"{path}.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if words in output.get("metadata", {}).get("image/png", {}).get("alt", "")
    ]
    if len(pngs) != 1:
        raise ValueError(f"{len(pngs)} figures of {path} say {words!r}: see SHOWN")
    figure = Image.open(BytesIO(b64decode(pngs[0]))).convert("RGBA")
    figure = Image.alpha_composite(Image.new("RGBA", figure.size, "white"), figure).convert("RGB")
    return figure.crop([share * size for share, size in zip(part, 2 * figure.size, strict=True)])


def _enlarged(part: Image.Image) -> Image.Image:
    """Enlarge a drawing, and make its soft edges sharp again (toggle mapping)."""
    large = ImageOps.contain(part, ON_A_PAGE)
    for _ in range(2):
        low, now, high = (
            np.array(image)
            for image in (
                large.filter(ImageFilter.MinFilter),
                large,
                large.filter(ImageFilter.MaxFilter),
            )
        )
        large = Image.fromarray(np.where(high - now < now - low, high, low))
    return large
