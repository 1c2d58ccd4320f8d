"""Show a notebook's figures on its page, in the page's greys and with captions."""

import hashlib
import re
from base64 import b64decode
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from PIL import Image, ImageFilter
from sphinx.errors import ExtensionError

from made_course.figures.picture import LINES, WORDS

SCALE = 1.4
"""Scale at which a wide page shows a saved figure, so that its words are as large as the text."""
GREYS = (0, int(WORDS[1:3], 16), int(LINES[1:3], 16), 255)
"""Greys of a saved figure: ink, words, lines, paper."""
PAGE = (0, 60, 140, 255)
"""The same greys on a light page; a dark page inverts its figures by a CSS filter."""
STROKE = 4
"""Half the width in pixels above which a region is a tile and not a stroke of a letter."""


def figures_of(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of a cell that are figures."""
    return [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]


def figure(cell: NotebookNode, output: NotebookNode, folder: Path) -> str:
    """Write the file of a cell's figure into a folder, and return its HTML."""
    png, said = b64decode(output.data["image/png"]), output.metadata["image/png"]
    name = hashlib.sha256(Path(__file__).read_bytes() + png).hexdigest()[:16]
    width, height = Image.open(BytesIO(png)).size
    wide = round(SCALE * said["width"])
    look = f'width="{wide}" height="{round(wide * height / width)}" loading="lazy"'
    file = folder / f"{name}.webp"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_drawn_for_a_page(png))
    image = f'<img src="../_images/{file.name}" alt="{escape(said["alt"])}" {look}>'
    return f'<figure class="picture">{image}<figcaption>{_caption(cell)}</figcaption></figure>'


def _caption(cell: NotebookNode) -> str:
    """Return the HTML of a cell's caption, whose claim is between two pairs of asterisks."""
    if "caption" not in cell.metadata:
        raise ExtensionError(
            f"the cell {cell.id} shows a figure without a caption. "
            "Write one into its metadata, as CONTRIBUTING.md says"
        )
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(cell.metadata["caption"]))


def _drawn_for_a_page(png: bytes) -> bytes:
    """Return a saved figure as WebP in a page's greys; an animation plays once."""
    saved, file = Image.open(BytesIO(png)), BytesIO()
    frames = []
    for k in range(getattr(saved, "n_frames", 1)):
        saved.seek(k)
        frames.append(_inked(saved.convert("RGBA")))
    # the first frame of an animation shows its end, for programs that cannot play it
    frames = frames[1:] or frames
    plays = {"save_all": True, "append_images": frames[1:], "loop": 1}
    plays["duration"] = 3000 // len(frames)
    look = {"lossless": True, "method": 2, "quality": 60}
    frames[0].save(file, "WEBP", **look, **(plays if len(frames) > 1 else {}))
    return file.getvalue()


def _inked(image: Image.Image) -> Image.Image:
    """Change the greys of text and lines to the greys of a page, but not the greys of tiles."""
    colours, cover = np.split(np.array(image), [3], axis=2)
    low, high = colours.min(2), colours.max(2)
    is_word = ~_opened(cover[..., 0] == 255) & (high - low < 4)
    words = np.interp(range(256), GREYS, PAGE).astype(np.uint8)[low]
    drawn = np.where(is_word[..., None], words[..., None], colours)
    return Image.fromarray(np.concatenate([drawn, cover], axis=2))


def _opened(where: np.ndarray) -> np.ndarray:
    """Remove the parts of a region that are as narrow as a stroke (morphological opening)."""
    mask = Image.fromarray(where.astype(np.uint8) * 255)
    for look in [ImageFilter.MinFilter(3)] * STROKE + [ImageFilter.MaxFilter(3)] * STROKE:
        mask = mask.filter(look)
    return np.array(mask) > 0
