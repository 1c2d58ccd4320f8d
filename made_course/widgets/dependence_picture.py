"""A matrix of which output sees which input, against which it may see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from .svg import BLUE, GREY, INK, ORANGE, PALE, element, pixels, svg, text
from .words import hat, listing

CELL = 30
MOST_CELLS = 20
"""Variables up to which each cell of the matrix is drawn by itself."""


def draw_dependence(
    seen: Tensor, allowed: Tensor, names: Sequence[str], title: str, clicks: str | None = None
) -> str:
    """The matrix as SVG: outlined where allowed, filled where seen, crossed where seen and not so.

    Args:
        seen: (D, D) BoolTensor; [i, j]: output i depends on, or has a path from, input j.
        allowed: (D, D) BoolTensor of what the ordering allows.
        names: of the variables, as text.
        title: words above.
        clicks: JavaScript for a click, with ``event`` and the element as ``this``; ``ROW`` in it
            stands for the row's number. Left out, the matrix is only looked at.
    """
    seen, allowed = seen.cpu().numpy(), allowed.cpu().numpy()
    leaks = seen & ~allowed
    label = f"{title}: " + "; ".join(
        f"{hat(names[i])} sees {listing([names[j] for j in np.flatnonzero(seen[i])])}"
        + (f", of these {listing(leaking)} not allowed" if leaking else "")
        for i in range(min(len(names), MOST_CELLS))
        for leaking in [[names[j] for j in np.flatnonzero(leaks[i])]]
    )
    heading = text(0, 16, title, text_anchor="start", font_weight="bold")
    if len(names) > MOST_CELLS:
        return svg(330, 330, heading, _as_pixels(seen, allowed, leaks), label=label)
    left = 14 + 9 * max(len(hat(name)) for name in names)
    top = 50
    cells = []
    for j, name in enumerate(names):
        x = left + CELL * (j + 0.5)
        tilt = f"rotate(-45 {x} {top - 8})" if len(name) > 3 else None
        anchor = "start" if tilt else "middle"
        cells.append(text(x, top - 8, name, transform=tilt, text_anchor=anchor))
    for i, name in enumerate(names):
        y = top + CELL * i
        cells.append(text(left - 8, y + 20, hat(name), text_anchor="end"))
        for j in range(len(names)):
            cells.append(
                _cell(left + CELL * j, y, seen[i, j], allowed[i, j], data_row=i, data_column=j)
            )
        if clicks:
            cells.append(
                element(
                    "rect",
                    x=0,
                    y=y,
                    width=left + CELL * len(names),
                    height=CELL,
                    fill="transparent",
                    style="cursor:pointer",
                    onclick=clicks.replace("ROW", str(i)),
                )
            )
    width = max(left + CELL * len(names) + 4, 9 * len(title))
    return svg(width, top + CELL * len(names) + 4, heading, *cells, label=label)


def _cell(x: float, y: float, seen: bool, allowed: bool, **where: object) -> str:
    side = CELL - 6
    state = ("seen" if allowed else "leak") if seen else ("allowed" if allowed else "none")
    box = element(
        "rect",
        x=x + 3,
        y=y + 3,
        width=side,
        height=side,
        fill={"seen": BLUE, "leak": ORANGE}.get(state, "white"),
        stroke=BLUE if allowed else ORANGE if seen else PALE,
        stroke_width=3 if allowed or seen else 1,
    )
    cross = text(x + 15, y + 21, "✕", fill="white", font_weight="bold", font_size=16)
    return element("g", box, cross if state == "leak" else "", data_state=state, **where)


def _as_pixels(seen: np.ndarray, allowed: np.ndarray, leaks: np.ndarray) -> str:
    """For many variables: white, grey where allowed and not seen, blue seen, orange leaking."""
    colours = np.full((*seen.shape, 3), 255, dtype=np.uint8)
    for where, colour in ((allowed, PALE), (seen & allowed, BLUE), (leaks, ORANGE)):
        colours[where] = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    frame = element("rect", x=1, y=27, width=302, height=302, fill="none", stroke=GREY)
    return pixels(2, 28, 300, 300, colours) + frame


def legend() -> str:
    """What the cells mean, in a line of HTML."""
    samples = {
        "allowed and seen": (True, True),
        "allowed, not seen": (False, True),
        "seen, not allowed: a leak": (True, False),
    }
    return element(
        "div",
        *(
            element("span", _sample(*state), f" {words}", style="margin-right:1.2em")
            for words, state in samples.items()
        ),
        style=f"color:{INK};flex-basis:100%",
    )


def _sample(seen: bool, allowed: bool) -> str:
    return element(
        "svg",
        _cell(0, 0, seen, allowed),
        width=18,
        height=18,
        viewBox=f"0 0 {CELL} {CELL}",
        style="vertical-align:middle",
        aria_hidden="true",
    )
