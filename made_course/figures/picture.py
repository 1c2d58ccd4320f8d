"""The class of all figures, with one style, an alternative text and a fixed size in notebooks."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from pathlib import Path

from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from PIL import Image

from ..common.colours import INK

HERE = Path(__file__).parent
for font in (HERE / "files").glob("*.ttf"):
    fontManager.addfont(font)

WIDTH = 5.25
"""Largest width of a figure in inches, 378 pixels. A phone shrinks text of 12 pixels to 11."""
CELL = 0.33
"""Side of a cell in which an entry is readable, in inches."""
WORDS, LINES, FAINT = "#767676", "#949494", "#80808033"
"""Greys for text, for lines and for backgrounds, on light and dark pages."""
CLEAR_TO_INK = LinearSegmentedColormap.from_list("clear to ink", [f"{INK}00", INK])


class Picture(Figure):
    """A figure that a notebook displays with an alternative text.

    ``moments`` may hold functions that change the figure, one after the other. The figure is then
    shown as an animation, which plays once and lasts three seconds.

    Args:
        width: width in inches; a page shows 72 pixels per inch.
        height: height in inches.
        alt: description of the figure, with its numbers, in a sentence or two.
    """

    def __init__(self, width: float = WIDTH, height: float = 3.0, *, alt: str, **options) -> None:
        super().__init__(figsize=(width, height), **options)
        self.alt, self.kind = " ".join(alt.split()), ""  # one line, because names may have several
        self.moments: list[Callable[[], None]] = []

    def as_png(self) -> bytes:
        """Return the figure as a PNG file, animated if it has moments."""
        files = []
        with using_course_style():
            self.draw_without_rendering()  # compute the layout only once
            self.set_layout_engine("none")
            edges = self.get_tightbbox().padded(0.04)  # with a narrow margin
            for change in self.moments or [lambda: None]:
                change()
                files.append(io.BytesIO())
                self.savefig(files[-1], format="png", bbox_inches=edges)
        if not self.moments:
            return files[0].getvalue()
        frames = [Image.open(file).quantize(32) for file in files]
        animation, last = io.BytesIO(), frames[-1]
        plays = {"append_images": frames, "duration": 3000 // len(frames), "loop": 1}
        # a viewer without animations shows the last moment
        last.save(animation, "png", save_all=True, default_image=True, **plays)
        return animation.getvalue()

    def _ipython_display_(self) -> None:
        from IPython.display import display  # only notebooks need IPython

        png = self.as_png()
        width = Image.open(io.BytesIO(png)).width // 2  # half, to be sharp on dense screens
        data = {"image/png": png, "text/plain": self.kind}
        display(data, metadata={"image/png": {"alt": self.alt, "width": width}}, raw=True)


def using_course_style():
    """Return a context in which figures are drawn and saved in the course's style."""
    return style.context(HERE / "course.mplstyle")


def picture(draw: Callable[..., Picture]) -> Callable[..., Picture]:
    """Decorate a function so that it draws in the course's style.

    The figure's ``kind`` is shown where images cannot be. If the function does not set it, it is
    the first line of the function's docstring without "Draw".
    """

    @functools.wraps(draw)
    def drawn(*args, **kwargs) -> Picture:
        with using_course_style():
            figure = draw(*args, **kwargs)
        first_line = draw.__doc__.partition("\n")[0].removeprefix("Draw ")
        figure.kind = figure.kind or first_line[0].upper() + first_line[1:]
        return figure

    return drawn
