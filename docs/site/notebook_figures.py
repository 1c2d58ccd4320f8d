"""Figures of a notebook on its page: for a light and a dark one, with a caption, and the guess."""

import hashlib
import re
from base64 import b64decode
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from PIL import Image, ImageFilter

from made_course.figures.picture import LINES, WORDS

COLUMN, DRAWN = 640, 475
"""Pixels of a page's column for figures, and of a figure that fills it."""
GREYS = (0, int(WORDS[1:3], 16), int(LINES[1:3], 16), 255)
"""Of a saved figure: ink, its words, its lines, paper."""
THEMES = {"light": (0, 60, 140, 255), "dark": (236, 207, 140, 19)}
"""What they are on a page of each theme."""
STROKE = 4
"""Pixels from the edge to the middle of what is wider than any stroke of a figure's words."""
LONGEST = 110
"""Signs of a first sentence that is a caption."""
IMAGES = re.compile(
    r"(?:From the top, .+? each: .+? \((?!grey)|\d+ images of .+?: )(.+?)(?:; over .+|\))?\."
)
"""The text of a figure of images; last, what there is to see in them."""


def figures_of(cell: NotebookNode) -> list[NotebookNode]:
    """The outputs of a cell that are figures."""
    return [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]


def figure(output: NotebookNode, folder: Path, *, guess: bool = False) -> str:
    """A figure as HTML, its files written into a folder; blurred until a reader has guessed."""
    png, said = b64decode(output.data["image/png"]), output.metadata["image/png"]
    name = hashlib.sha256(Path(__file__).read_bytes() + png).hexdigest()[:16]
    width, height = Image.open(BytesIO(png)).size
    wide = min(COLUMN, round(said["width"] * COLUMN / DRAWN))
    look = f'width="{wide}" height="{round(wide * height / width)}" loading="lazy"'
    parts = []
    for theme in THEMES:
        file = folder / f"{name}-{theme}.webp"
        if not file.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_drawn_for(theme, png))
        source = f'class="only-{theme}" src="../_images/{file.name}"'
        parts.append(f'<img {source} alt="{escape(said["alt"])}" {look}>')
    parts.append(f"<figcaption>{escape(caption(output))}</figcaption>")
    if guess:
        parts.insert(0, '<button type="button"><span>Guess first, then press</span></button>')
    return f'<figure class="picture{" guess" * guess}">{"".join(parts)}</figure>'


def caption(output: NotebookNode) -> str:
    """What there is to see: of images in words, a first sentence, or what kind of figure it is."""
    alt = output.metadata["image/png"]["alt"]
    words = alt.partition(". ")[0].removesuffix(".")
    if images := IMAGES.fullmatch(alt):
        words = images[1]
    elif len(words) > LONGEST:
        words = re.sub(r":\w+:|`|\.$", "", output.data["text/plain"])
    return (words if words[1] in "₁(" else words[0].upper() + words[1:]) + "."


def _drawn_for(theme: str, png: bytes) -> bytes:
    """A saved figure in the greys of a theme; an animation plays once, as it does in a notebook."""
    saved, file = Image.open(BytesIO(png)), BytesIO()
    frames = []
    for k in range(getattr(saved, "n_frames", 1)):
        saved.seek(k)
        frames.append(_inked(saved.convert("RGBA"), theme))
    frames = frames[1:] or frames  # the first one of an animation is its last, for those without
    plays = {"save_all": True, "append_images": frames[1:], "loop": 1}
    plays["duration"] = 3000 // len(frames)
    look = {"lossless": True, "method": 2, "quality": 60}
    frames[0].save(file, "WEBP", **look, **(plays if len(frames) > 1 else {}))
    return file.getvalue()


def _inked(image: Image.Image, theme: str) -> Image.Image:
    """Words and lines in a theme's greys, and tiles with its paper and ink; blue stays blue."""
    colours, cover = np.split(np.array(image), [3], axis=2)
    whole, low, high = cover[..., 0] == 255, colours.min(2), colours.max(2)
    is_tile, (ink, *_, paper) = _opened(whole), THEMES[theme]
    words = np.interp(range(256), GREYS, (*THEMES[theme][:3], 255)).astype(np.uint8)
    drawn = np.where((~is_tile & (high - low < 4))[..., None], words[low][..., None], colours)
    if _opened(is_tile & (low >= 250)).any():  # there is paper
        white = low[..., None] / 255
        black = np.clip(1 - white - (high - low)[..., None] / 178, 0, 1)
        tiles = colours + (paper - 255) * white + ink * black
        drawn = np.where(is_tile[..., None], tiles.round(), drawn)
    return Image.fromarray(np.concatenate([drawn, cover], axis=2).astype(np.uint8))


def _opened(where: np.ndarray) -> np.ndarray:
    """A place without its parts that are as narrow as a stroke."""
    mask = Image.fromarray(where.astype(np.uint8) * 255)
    for look in [ImageFilter.MinFilter(3)] * STROKE + [ImageFilter.MaxFilter(3)] * STROKE:
        mask = mask.filter(look)
    return np.array(mask) > 0
