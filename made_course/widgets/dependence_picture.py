"""A matrix of which output sees which input, against which it may see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..colours import BLUE, GREY, INK, ORANGE, PALE, rgb
from ..words import hat, listing, shortened
from .svg import element, pixels, svg, text

MOST_CELLS = 20
"""Variables up to which each cell of the matrix is drawn by itself."""
SIDE = 300
"""Pixels along an edge where it is not."""


def draw_dependence(
    seen: Tensor,
    allowed: Tensor,
    names: Sequence[str],
    title: str,
    clicks: str | None = None,
    selected: int | None = None,
) -> str:
    """The matrix as SVG: outlined where allowed, filled where seen, crossed where seen and not so.

    Args:
        seen: (D, D) BoolTensor; [i, j]: output i depends on, or has a path from, input j.
        allowed: (D, D) BoolTensor of what the ordering allows.
        names: of the variables, as text.
        title: words above.
        clicks: JavaScript for a click, with ``event`` and the element as ``this``; ``ROW`` in it
            stands for the row's number. Left out, the matrix is only looked at.
        selected: number of the row that is pointed at, if any.
    """
    seen, allowed = seen.cpu().numpy(), allowed.cpu().numpy()
    draw = _draw_cells if len(names) <= MOST_CELLS else _draw_pixels
    return draw(seen, allowed, names, title, clicks, selected)


def _draw_cells(
    seen: np.ndarray,
    allowed: np.ndarray,
    names: Sequence[str],
    title: str,
    clicks: str | None,
    selected: int | None,
) -> str:
    leaks = seen & ~allowed
    label = f"{title}: " + "; ".join(
        f"{hat(name)} sees {listing([names[j] for j in np.flatnonzero(seen[i])])}"
        + (f", of these {listing(leaking)} not allowed" if leaking else "")
        for i, name in enumerate(names)
        for leaking in [[names[j] for j in np.flatnonzero(leaks[i])]]
    )
    count = len(names)
    cell = 30 if count <= 12 else 18
    shown = [shortened(name) for name in names]
    longest = max(map(len, shown))
    tilted = 9 * longest > cell
    left = 28 + 9 * longest
    top = 38 + (6 * longest if tilted else 12)
    drawn = []
    for j, name in enumerate(shown):
        x, y = left + cell * (j + 0.5), top - 6
        tilt = f"rotate(-45 {x} {y})" if tilted else None
        anchor = "start" if tilted else "middle"
        drawn.append(text(x, y, name, transform=tilt, text_anchor=anchor, data_column=j))
    for i, name in enumerate(shown):
        y = top + cell * i
        drawn.append(text(left - 8, y + cell / 2 + 5, hat(name), text_anchor="end", data_row=i))
        for j in range(count):
            state = _state(seen[i, j], allowed[i, j])
            drawn.append(_cell(left + cell * j, y, cell, state, data_row=i, data_column=j))
        if i == selected:
            drawn.append(_pointer(4, y + cell / 2))
            drawn.append(
                element(
                    "rect",
                    x=left - 2,
                    y=y - 1,
                    width=cell * count + 4,
                    height=cell + 2,
                    fill="none",
                    stroke=INK,
                    data_selected=i,
                )
            )
        if clicks:
            clicked = clicks.replace("ROW", str(i))
            drawn.append(_clickable(0, y, left + cell * count, cell, clicked))
    width = left + cell * count + (6 * longest if tilted else 4)
    return svg(
        max(width, 9 * len(title)), top + cell * count + 4, _heading(title), *drawn, label=label
    )


def _draw_pixels(
    seen: np.ndarray,
    allowed: np.ndarray,
    names: Sequence[str],
    title: str,
    clicks: str | None,
    selected: int | None,
) -> str:
    count, left, top = len(names), 20, 28
    label = (
        f"{title}: {(seen & allowed).sum():,} of {allowed.sum():,} allowed pairs seen, "
        f"{(seen & ~allowed).sum():,} pairs seen that are not allowed"
    )
    drawn = [
        pixels(left, top, SIDE, SIDE, _colours(seen, allowed)),
        element("rect", x=left, y=top, width=SIDE, height=SIDE, fill="none", stroke=GREY),
    ]
    if selected is not None:
        pointed_at = _pointer(4, top + SIDE * (selected + 0.5) / count)
        drawn.append(element("g", pointed_at, data_selected=selected))
    if clicks:
        box = "this.getBoundingClientRect()"
        row = f"Math.floor((event.clientY-{box}.top)/{box}.height*{count})"
        drawn.append(_clickable(left, top, SIDE, SIDE, clicks.replace("ROW", row)))
    width = max(left + SIDE + 4, 9 * len(title))
    return svg(width, top + SIDE + 4, _heading(title), *drawn, label=label)


def _colours(seen: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """White, grey where allowed and not seen, blue seen, orange leaking: one pixel or more a pair.

    Of more variables than there is room for, a pixel is the mean of a block, but a single leak
    in it shows.
    """
    kinds = np.stack([allowed & ~seen, allowed & seen, seen & ~allowed]).astype(np.float32)
    block = -(-len(seen) // SIDE)
    shares = F.avg_pool2d(torch.from_numpy(kinds), block, ceil_mode=True).numpy()[..., None]
    colours = 255 - shares[0] * (255 - rgb(PALE)) - shares[1] * (255 - rgb(BLUE))
    return np.where(shares[2] > 0, rgb(ORANGE), colours.round()).astype(np.uint8)


def _heading(title: str) -> str:
    return text(0, 16, title, text_anchor="start", font_weight="bold")


def _pointer(x: float, y: float) -> str:
    return element("path", d=f"M{x:g} {y - 6:g}l10 6l-10 6z")


def _clickable(x: float, y: float, width: float, height: float, onclick: str) -> str:
    return element(
        "rect",
        x=x,
        y=y,
        width=width,
        height=height,
        fill="transparent",
        style="cursor:pointer",
        onclick=onclick,
    )


def _state(seen: bool, allowed: bool) -> str:
    if seen:
        return "seen" if allowed else "leak"
    return "allowed" if allowed else "none"


def _cell(x: float, y: float, size: float, state: str, **where: object) -> str:
    middle, arm = size / 2, size / 5
    box = element(
        "rect",
        x=x + 3,
        y=y + 3,
        width=size - 6,
        height=size - 6,
        fill={"seen": BLUE, "leak": ORANGE}.get(state, "white"),
        stroke={"none": PALE, "leak": ORANGE}.get(state, BLUE),
        stroke_width=1 if state == "none" else 3,
    )
    arms = f"l{2 * arm:g} {2 * arm:g}m0 {-2 * arm:g}l{-2 * arm:g} {2 * arm:g}"
    start = f"M{x + middle - arm:g} {y + middle - arm:g}"
    cross = element("path", d=start + arms, stroke="white", stroke_width=3)
    return element("g", box, cross if state == "leak" else "", data_state=state, **where)


def legend(input_dim: int = 1) -> str:
    """What the cells of a matrix of that many variables mean, in a line of HTML."""
    samples = {
        "seen": "allowed and seen",
        "allowed": "allowed, not seen",
        "leak": "seen, not allowed: a leak",
    }
    draw = _sample_cell if input_dim <= MOST_CELLS else _sample_pixel
    return element(
        "div",
        *(
            element("span", draw(state), f" {words}", style="margin-right:1.2em;white-space:nowrap")
            for state, words in samples.items()
        ),
        style=f"color:{INK};flex-basis:100%",
    )


def _sample_cell(state: str) -> str:
    return _sample(_cell(0, 0, 30, state))


def _sample_pixel(state: str) -> str:
    colour = {"seen": BLUE, "allowed": PALE, "leak": ORANGE}[state]
    return _sample(element("rect", x=3, y=3, width=24, height=24, fill=colour))


def _sample(content: str) -> str:
    return element(
        "svg",
        content,
        width=18,
        height=18,
        viewBox="0 0 30 30",
        style="vertical-align:middle",
        aria_hidden="true",
    )
