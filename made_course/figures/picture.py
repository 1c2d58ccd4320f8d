"""What every figure is: in one style, with a text, shown by a notebook at the size of its page."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from importlib.resources import as_file, files

from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from ..common.colours import BLUE

WIDTH = 6.6
"""Inches of a figure that fills its column: 475 pixels of the page, and 350 of a phone's."""
CELL = 0.34
"""Inches of a square of a matrix whose entries are to be read."""
WORDS, LINES, FAINT = "#767676", "#949494", "#80808033"
"""For words, for lines, and for what is there without being meant; on any page."""
CLEAR_TO_BLUE = LinearSegmentedColormap.from_list("clear to blue", [f"{BLUE}00", BLUE])


class Picture(Figure):
    """A figure that a notebook shows by itself, with a text for whoever cannot see it.

    Args:
        width: in inches; a page shows 72 pixels for each.
        height: in inches.
        alt: what there is to see, with its numbers, in a sentence or two.

    ``moments`` may hold functions that change the figure, one after the other: it is then shown as
    an animation, which plays once in three seconds and rests.
    """

    def __init__(self, width: float = WIDTH, height: float = 3.0, *, alt: str, **how) -> None:
        super().__init__(figsize=(width, height), **how)
        self.alt, self.kind = " ".join(alt.split()), ""  # names may have several lines
        self.moments: list[Callable[[], None]] = []

    def as_png(self) -> bytes:
        """The figure as a file, an animated one if it has moments."""
        files = []
        with course_style():
            self.draw_without_rendering()  # lays it out, once and for all
            self.set_layout_engine("none")
            edges = self.get_tightbbox().padded(0.04)  # nothing is cut off, and no room is left
            for change in self.moments or [lambda: None]:
                change()
                files.append(io.BytesIO())
                self.savefig(files[-1], format="png", bbox_inches=edges)
        if not self.moments:
            return files[0].getvalue()
        frames = [Image.open(file).quantize(32) for file in files]
        animation, last = io.BytesIO(), frames[-1]
        plays = {"append_images": frames, "duration": 3000 // len(frames), "loop": 1}
        # the last moment is what a viewer shows that plays no animations
        last.save(animation, "png", save_all=True, default_image=True, **plays)
        return animation.getvalue()

    def _ipython_display_(self) -> None:
        from IPython.display import display  # only a notebook needs it

        png = self.as_png()
        width = Image.open(io.BytesIO(png)).width // 2  # sharp on dense screens and projectors
        said = {"image/png": png, "text/plain": self.kind}
        display(said, metadata={"image/png": {"alt": self.alt, "width": width}}, raw=True)


def course_style():
    """The context in which the course's figures are drawn and saved."""
    with as_file(files(__package__) / "course.mplstyle") as path:
        return style.context(path)


def picture(draw: Callable[..., Picture]) -> Callable[..., Picture]:
    """Draw in the course's style; what kind of figure it is, its docstring's first line says."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs) -> Picture:
        with course_style():
            figure = draw(*args, **kwargs)
        figure.kind = draw.__doc__.partition("\n")[0]
        return figure

    return drawn
