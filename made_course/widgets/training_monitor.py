"""The learning curve while training runs, and samples in which digits emerge."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from IPython import get_ipython
from IPython.display import display
from ipywidgets import HTML
from matplotlib.figure import Figure
from torch import Generator, Tensor

from ..arguments import check_count
from ..colours import BLUE, INK, ORANGE, PALE
from ..figures import plot_training
from ..history import History
from ..made import MADE
from ..words import shortened
from .panel import Panel, picture
from .svg import element, pixels, svg, text

MOST_ROWS = 5
"""Rows of samples that are kept: the first one, and the latest ones."""
MOST_POINTS = 120
"""Points of a curve, so that drawing it takes no longer after a thousand epochs."""
MOST_MARKERS = 40
LEAST_SECONDS = 0.2
"""From one drawing to the next in a notebook: a Jupyter server drops what comes too fast."""
HINT = (
    "While <code>fit</code> runs, the buttons of this page have to wait. The stop button in the "
    "toolbar ends training, and <code>fit</code> returns what it has."
)


class TrainingMonitor(Panel):
    """A live learning curve with samples: ``fit(model, train, valid, on_epoch=monitor)``.

    It shows itself at the first epoch unless you have displayed it before, in a notebook only. The
    samples are drawn each time from the same noise, so that the same images are seen to improve;
    no random stream of the training is touched. What goes wrong in the drawing is shown, kept in
    ``problem``, and does not end the training. Used for another training it starts anew.

    Args:
        every: epochs from one row of samples to the next.
        n_samples: samples in a row.
        seed: of the noise that the samples are drawn from.
        levels: name → nats, horizontal lines to compare with.
        shape: (rows, columns) of an image; None is a square, and no samples where D is no square.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import MADE, fit
        >>> x = torch.tensor([[0, 0, 1, 1], [1, 1, 0, 0]]).repeat(50, 1)
        >>> monitor = TrainingMonitor(every=2, levels={"coins": 4 * math.log(2)})
        >>> _ = fit(MADE(4, seed=0), x, x, epochs=4, seed=0, progress=False, on_epoch=monitor)
        >>> list(monitor.samples)  # epoch → samples of 2 × 2 pixels
        [1, 2, 4]
    """

    _waits = False

    def __init__(
        self,
        every: int = 5,
        n_samples: int = 8,
        seed: int = 0,
        levels: Mapping[str, float] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> None:
        self.every = every
        self._n_samples = check_count("n_samples", n_samples)
        self._seed = check_count("seed", seed, smallest=0)
        self._shape = None if shape is None else _check_shape(shape)
        self._levels = _check_levels(levels)
        self._is_displayed = False
        self._displayed_itself_in = None
        self._begin()
        self._words, self._picture = HTML(), HTML()
        super().__init__([self._words, self._picture, HTML(HINT)])
        self._draw()

    @property
    def every(self) -> int:
        """Epochs from one row of samples to the next."""
        return self._every

    @every.setter
    def every(self, epochs: int) -> None:
        self._every = check_count("every", epochs)

    @property
    def levels(self) -> dict[str, float]:
        """Name → nats: the horizontal lines to compare with."""
        return dict(self._levels)

    @levels.setter
    def levels(self, levels: Mapping[str, float] | None) -> None:
        self._levels = _check_levels(levels)
        self._draw()

    @property
    def n_samples(self) -> int:
        """Samples in a row."""
        return self._n_samples

    @property
    def seed(self) -> int:
        """Seed of the noise that the samples are drawn from."""
        return self._seed

    @property
    def shape(self) -> tuple[int, int] | None:
        """(rows, columns) of an image, as given; None is a square."""
        return self._shape

    @property
    def history(self) -> History:
        """A copy of what has been measured so far."""
        return deepcopy(self._history)

    @property
    def samples(self) -> dict[int, Tensor]:
        """Epoch → (n_samples, D): the rows that are kept, the first one and the latest ones."""
        return dict(self._samples)

    @property
    def status(self) -> str:
        """The last epoch in words."""
        return describe(self._history, self._input_dim)

    def figure(self) -> Figure:
        """The curve and the samples as a figure for print."""
        return plot_training(self._history, self._samples, self._levels, self._image_shape)

    def __call__(self, model: MADE, history: History) -> None:
        """Look at an epoch: the ``on_epoch`` of :func:`made_course.fit`. Training goes on."""
        problem = ""
        for look in (self._record, self._sample, self._show):
            try:
                look(model, history)
            except Exception as error:  # a picture is not worth the training
                problem = f"{type(error).__name__}: {error} (training goes on)"
        with suppress(Exception):  # the page itself may be gone
            self.problem = problem

    def close(self) -> None:
        """Close the panel; training that still uses it goes on."""
        self._wait_no_longer()
        super().close()

    def _begin(self) -> None:
        self._history = History()
        self._samples: dict[int, Tensor] = {}
        self._rows: str | None = ""
        self._drawn_at = -math.inf
        self._input_dim = 0
        self._image_shape: tuple[int, int] | None = None
        self._noise: Tensor | None = None

    def _record(self, model: MADE, history: History) -> None:
        if not _continues(history, self._history) or model.input_dim != self._input_dim:
            self._begin()
            self._input_dim = model.input_dim
        self._history = deepcopy(history)

    def _sample(self, model: MADE, _history: History) -> None:
        epoch = len(self._history)
        if self._samples and (epoch % self._every or epoch in self._samples):
            return
        self._image_shape = _image_shape(self._input_dim, self._shape)
        if self._image_shape is None:
            return
        if self._noise is None:
            generator = Generator().manual_seed(self._seed)
            size = (self._n_samples, self._input_dim)
            self._noise = torch.rand(size, generator=generator, device="cpu")
        self._samples[epoch] = model.sample(self._n_samples, noise=self._noise).cpu()
        if len(self._samples) > MOST_ROWS:
            del self._samples[list(self._samples)[1]]
        self._rows = None

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        self._words.value = f'<div role="status">{self.status}</div>'
        if self._rows is None:
            self._rows = draw_samples(self._samples, self._image_shape)
        if len(self._history):
            self._picture.value = picture(draw_curve(self._history, self._levels), self._rows)

    # ---- on the page ------------------------------------------------------------------------

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object] | None:
        self._is_displayed = True
        return super()._repr_mimebundle_(**kwargs)

    def _show(self, *_: object) -> None:
        """Draw, in a notebook no more often than the page can follow; what is left out, later."""
        shell = get_ipython()
        if not hasattr(shell, "get_parent"):  # no notebook
            self._draw()
        elif time.monotonic() - self._drawn_at < LEAST_SECONDS:
            if not self._waits:
                self._waits = True
                shell.events.register("post_execute", self._draw_at_last)
        else:
            self._draw()
            self._display(shell.get_parent()["header"]["msg_id"])

    def _draw_at_last(self) -> None:
        self._wait_no_longer()
        self._draw()

    def _wait_no_longer(self) -> None:
        if self._waits:
            self._waits = False
            get_ipython().events.unregister("post_execute", self._draw_at_last)

    def _display(self, run: str) -> None:
        """Display the panel below the cell of this run, if it stands nowhere else."""
        if self._is_displayed or self.comm is None or run == self._displayed_itself_in:
            return
        self._displayed_itself_in = run
        display(self)
        self._is_displayed = False  # this output goes when the cell runs again


# ---- words and pictures -------------------------------------------------------------------------


def describe(history: History, input_dim: int) -> str:
    """The last epoch in words.

    Example:
        >>> history = History()
        >>> history.append(train_nll=92.1, valid_nll=90.4, lr=0.1, seconds=1.0)
        >>> describe(history, 784)  # doctest: +NORMALIZE_WHITESPACE
        'Epoch 1: train 92.1, validation 90.4 nats; best so far epoch 1. Bits per dimension:
        train 0.169, validation 0.166.'
    """
    if not len(history):
        return "No epoch yet. Give the monitor to fit: fit(model, train, valid, on_epoch=monitor)."
    last = {name: nll[-1] for name, nll in _curves(history).items()}
    nats = ", ".join(f"{name} {_short(nll)}" for name, nll in last.items())
    best = f"; best so far epoch {history.best_epoch}" if history.valid_nll else ""
    words = f"Epoch {len(history)}: {nats} {history.unit}{best}."
    if history.unit != "nats":  # a density's are no bits of a message
        return words
    bits = ", ".join(f"{name} {nll / (input_dim * math.log(2)):.3f}" for name, nll in last.items())
    return f"{words} Bits per dimension: {bits}."


def draw_curve(history: History, levels: Mapping[str, float]) -> str:
    """The learning curve as SVG: train and validation after each epoch, and levels to compare with.

    The first epochs may lie above the picture, so that later differences can be seen; words above
    it then say how high they were. So may levels, which are then named at the edge.

    Args:
        history: of at least one epoch.
        levels: name → nats.
    """
    curves = _curves(history)
    low, high = value_range(*curves.values(), levels=levels.values())
    plot = _Plot(len(history), low, high)
    best = history.best_epoch
    lines = [_line(plot, name, nll, best) for name, nll in curves.items()]
    # an inner <svg> cuts off what lies outside of it
    inside = {"x": plot.left, "y": TOP, "width": RIGHT - plot.left, "height": BOTTOM - TOP}
    view = " ".join(map(str, inside.values()))
    return svg(
        RIGHT + 64,
        BOTTOM + 42,
        *_axes(plot, history.unit),
        *(_legend(row, name) for row, name in enumerate(curves)),
        element("svg", *_level_lines(plot, levels), *lines, viewBox=view, **inside),
        *_level_names(plot, levels, curves),
        _cut_off(plot, curves),
        *_last_values(plot, curves),
        _best(plot, best, history.valid_nll[best - 1]) if best else "",
        label=f"Learning curve over {len(history)} epochs",
    )


def draw_samples(samples: Mapping[int, Tensor], shape: tuple[int, int]) -> str:
    """Rows of samples as SVG, one row for each epoch, ink dark on white.

    Args:
        samples: epoch → (n, D), 0 for paper and 1 for ink, or anything between.
        shape: (rows, columns) of an image; their product is D.
    """
    rows, columns = shape
    count = len(next(iter(samples.values())))
    side = min(36.0, 300 / count)
    left, width, height = 80, side * count, side * rows / columns
    heading = "samples, each time from the same noise"
    content = [text(0, 16, heading, text_anchor="start", font_weight="bold")]
    for row, (epoch, images) in enumerate(samples.items()):
        y = 30 + row * (height + 8)
        borders = "".join(f"M{left + side * k:g} {y:g}v{height:g}" for k in range(count + 1))
        content += [
            text(0, y + height / 2 + 5, f"epoch {epoch}", text_anchor="start"),
            pixels(left, y, width, height, _side_by_side(images, shape)),
            element("path", d=borders, stroke=PALE, stroke_width=2),
            element("rect", x=left, y=y, width=width, height=height, fill="none", stroke=PALE),
        ]
    label = f"Rows of {count} samples, drawn after epoch {', '.join(map(str, samples))}"
    return svg(max(left + width + 1, 290), 30 + len(samples) * (height + 8), *content, label=label)


def value_range(*curves: Sequence[float], levels: Iterable[float]) -> tuple[float, float]:
    """Lowest and highest value to show, so that later epochs can be told apart.

    What the second half of the epochs spans fills a quarter of the height or more; what lies above
    is cut off. Levels are shown if they are not farther from the curves than these are high.

    Example:
        >>> value_range([543.0, 100.0, 92.0, 90.0], levels=[120.0, 543.0])
        (90.0, 120.0)
    """
    low, high = min(map(min, curves)), max(map(max, curves))
    later = max(max(nll[len(nll) // 2 :]) for nll in curves)
    if later > low:
        high = min(high, low + max(4 * (later - low), 0.04 * (high - low)))
    span = high - low or 0.02 * abs(low) or 1.0
    near = [nats for nats in levels if low - span <= nats <= high + span]
    low, high = min([low, *near]), max([high, *near])
    return (low, high) if high > low else (low - span / 2, high + span / 2)


def round_numbers(low: float, high: float, most: int) -> dict[str, float]:
    """Round numbers from ``low`` to ``high``, each under its label.

    Example:
        >>> round_numbers(88.5, 131.0, most=5)
        {'90': 90.0, '100': 100.0, '110': 110.0, '120': 120.0, '130': 130.0}
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(k * power for k in (1, 2, 5, 10) if (high - low) / (k * power) <= most)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
    return {f"{k * step:.{decimals}f}": k * step for k in numbers}


def spread_out(count: int, most: int) -> list[int]:
    """Indices of at most ``most`` + 1 of ``count`` points, with the first and the last one.

    Example:
        >>> spread_out(100, 4), spread_out(3, 4)
        ([0, 24, 49, 74, 99], [0, 1, 2])
    """
    return sorted({0, *range(count - 1, -1, -math.ceil(count / most))})


# ---- pieces of the curve ------------------------------------------------------------------------

RIGHT, TOP, BOTTOM = 372, 82, 320
MARGIN = 32
"""Pixels between the edges and the lowest and highest value: room for words."""


@dataclass(frozen=True)
class _Plot:
    """Where an epoch and a number of nats stand in the picture."""

    epochs: int
    low: float
    high: float

    @cached_property
    def ticks(self) -> dict[str, float]:
        return round_numbers(self.low, self.high, most=6)

    @cached_property
    def left(self) -> int:
        return 16 + 8 * max(map(len, self.ticks))

    @property
    def last_tick(self) -> int:
        return max(self.epochs, 5)

    def x(self, epoch: float) -> float:
        share = (epoch - 1) / (self.last_tick - 1)
        return round(self.left + 8 + share * (RIGHT - self.left - 16), 2)

    def y(self, nats: float) -> float:
        share = (nats - self.low) / (self.high - self.low)
        return round(BOTTOM - MARGIN - share * (BOTTOM - TOP - 2 * MARGIN), 2)


def _circle(x: float, y: float, colour: str) -> str:
    return element("circle", cx=x, cy=y, r=4, fill=colour)


def _square(x: float, y: float, colour: str) -> str:
    return element("rect", x=round(x - 4, 2), y=round(y - 4, 2), width=8, height=8, fill=colour)


LOOKS = {
    "train": (BLUE, None, _circle, "while the weights still move"),
    "validation": (ORANGE, "7 4", _square, "at the end of the epoch"),
}


def _curves(history: History) -> dict[str, list[float]]:
    curves = {"train": history.train_nll, "validation": history.valid_nll}
    return {name: nll for name, nll in curves.items() if nll}


def _axes(plot: _Plot, unit: str) -> list[str]:
    title = f"negative log-likelihood ({unit})"
    pieces = [
        text(0, 16, title, text_anchor="start", font_weight="bold"),
        text((plot.left + RIGHT) / 2, BOTTOM + 35, "epoch"),
        element("path", d=f"M{plot.left} {TOP}V{BOTTOM}H{RIGHT}", fill="none", stroke=INK),
    ]
    for label, nats in plot.ticks.items():
        pieces.append(element("path", d=f"M{plot.left} {plot.y(nats)}h-4", stroke=INK))
        pieces.append(text(plot.left - 7, plot.y(nats) + 5, label, text_anchor="end"))
    for label, epoch in round_numbers(1, plot.last_tick, most=7).items():
        pieces.append(element("path", d=f"M{plot.x(epoch)} {BOTTOM}v4", stroke=INK))
        pieces.append(text(plot.x(epoch), BOTTOM + 18, label))
    return pieces


def _line(plot: _Plot, name: str, nll: Sequence[float], best: int | None) -> str:
    colour, dashes, marker, _ = LOOKS[name]
    chosen = spread_out(len(nll), MOST_POINTS)
    if best:
        chosen = sorted({*chosen, best - 1})
    marked = chosen if len(nll) <= MOST_MARKERS else spread_out(len(nll), MOST_MARKERS // 2)
    return element(
        "g",
        element(
            "polyline",
            points=" ".join(f"{plot.x(k + 1)},{plot.y(nll[k])}" for k in chosen),
            fill="none",
            stroke=colour,
            stroke_width=2,
            stroke_dasharray=dashes,
        ),
        *(marker(plot.x(k + 1), plot.y(nll[k]), colour) for k in marked),
        data_curve=name,
    )


def _legend(row: int, name: str) -> str:
    colour, dashes, marker, words = LOOKS[name]
    y = 31 + 18 * row
    line = element("path", d=f"M0 {y}h40", stroke=colour, stroke_width=2, stroke_dasharray=dashes)
    return line + marker(20, y, colour) + text(48, y + 5, f"{name}, {words}", text_anchor="start")


def _last_values(plot: _Plot, curves: Mapping[str, Sequence[float]]) -> list[str]:
    """The last value of each curve beside its end, two of them far enough apart to be read."""
    heights = {name: min(max(plot.y(nll[-1]), TOP), BOTTOM) for name, nll in curves.items()}
    highest_first = sorted(heights, key=heights.get)
    lack = 16 - (heights[highest_first[-1]] - heights[highest_first[0]])
    if len(heights) == 2 and lack > 0:
        heights[highest_first[0]] -= lack / 2
        heights[highest_first[1]] += lack / 2
    return [
        _haloed(
            plot.x(plot.epochs) + 9,
            heights[name] + 5,
            _short(nll[-1]),
            text_anchor="start",
            fill=LOOKS[name][0],
            data_last=name,
        )
        for name, nll in curves.items()
    ]


def _cut_off(plot: _Plot, curves: Mapping[str, Sequence[float]]) -> str:
    """Above the picture: how high the curves are that it cuts off."""
    highest = [
        f"{name} {_short(max(nll))}" for name, nll in curves.items() if plot.y(max(nll)) < TOP
    ]
    words = f"▲ first epochs: up to {', '.join(highest)}"
    return text(plot.left, TOP - 8, words, text_anchor="start") if highest else ""


def _best(plot: _Plot, epoch: int, nats: float) -> str:
    x, y, words = plot.x(epoch), plot.y(nats), f"best: epoch {epoch}"
    half = 4 * len(words)
    diamond = element(
        "path", d=f"M{x} {y - 9}l9 9l-9 9l-9 -9z", fill="none", stroke=INK, data_best=epoch
    )
    return diamond + _haloed(min(max(x, plot.left + half), RIGHT - half), BOTTOM - 6, words)


def _level_lines(plot: _Plot, levels: Mapping[str, float]) -> list[str]:
    return [
        element(
            "path",
            d=f"M{plot.left} {plot.y(nats)}H{RIGHT}",
            stroke="#555555",
            stroke_dasharray="2 3",
            data_level=name,
        )
        for name, nats in levels.items()
        if TOP <= plot.y(nats) <= BOTTOM
    ]


def _level_names(
    plot: _Plot, levels: Mapping[str, float], curves: Mapping[str, Sequence[float]]
) -> list[str]:
    """Names of the levels above their lines, with an arrow at the edge beyond which they lie.

    They stand at the right; at the left those below, where curves end, and those that would cover
    the end of one.
    """
    ends = [plot.y(nll[-1]) for nll in curves.values() if plot.epochs > plot.last_tick / 2]
    inside, above, below = [], [], []
    for name, nats in sorted(levels.items(), key=lambda level: -level[1]):
        y = plot.y(nats)
        words = f"{shortened(name, 32)}: {_short(nats)}"
        if TOP <= y <= BOTTOM:
            side = "start" if any(abs(y - end) < 24 for end in ends) else "end"
            inside.append((y - 4, words, side))
        else:
            (above if y < TOP else below).append(words)
    rows = [
        *([(TOP + 11, f"↑ {', '.join(above)}", "end")] if above else []),
        *inside,
        *([(BOTTOM - 22, f"↓ {', '.join(below)}", "start")] if below else []),
    ]
    pieces, lowest = [], {"start": -math.inf, "end": -math.inf}
    for y, words, side in rows:
        lowest[side] = max(y, lowest[side] + 16)
        x = RIGHT if side == "end" else plot.left + 6
        words = shortened(words, 52)
        pieces.append(_haloed(x, lowest[side], words, text_anchor=side, fill="#555555"))
    return pieces


def _haloed(x: float, y: float, words: str, **attributes: object) -> str:
    """Words that stay readable on top of lines."""
    halo = {"stroke": "white", "stroke_width": 3, "paint_order": "stroke"}
    return text(x, y, words, **halo | attributes)


def _side_by_side(images: Tensor, shape: tuple[int, int]) -> np.ndarray:
    """(n, D) as one picture of grey levels."""
    ink = images.float().clamp(0, 1).view(-1, *shape).transpose(0, 1).reshape(shape[0], -1)
    return (255 * (1 - ink)).round().byte().numpy()


def _short(nats: float) -> str:
    return f"{nats:.1f}" if abs(nats) >= 20 else f"{nats:.4g}"


# ---- checks --------------------------------------------------------------------------


def _continues(history: History, before: History) -> bool:
    """Whether a history goes on where another one ends."""
    return history.train_nll[: len(before)] == before.train_nll


def _image_shape(input_dim: int, shape: tuple[int, int] | None) -> tuple[int, int] | None:
    """(rows, columns) in which D variables are drawn; None if they are no picture."""
    if shape is None:
        side = math.isqrt(input_dim)
        return (side, side) if side * side == input_dim else None
    if math.prod(shape) != input_dim:
        raise ValueError(
            f"shape {shape} has {math.prod(shape)} pixels, but the model has {input_dim} "
            "variables: give their rows and columns, or None"
        )
    return shape


def _check_shape(shape: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise TypeError(f"shape must be (rows, columns) or None, got {shape!r}")
    return check_count("rows of shape", shape[0]), check_count("columns of shape", shape[1])


def _check_levels(levels: Mapping[str, float] | None) -> dict[str, float]:
    if levels is None:
        return {}
    if not isinstance(levels, Mapping):
        raise TypeError(f"levels must map names to nats, got {type(levels).__name__}")
    checked = {}
    for name, nats in levels.items():
        try:
            checked[str(name)] = float(nats)
        except (TypeError, ValueError) as error:
            raise TypeError(f"level {name!r} must be a number of nats, got {nats!r}") from error
        if not math.isfinite(checked[str(name)]):
            raise ValueError(f"level {name!r} must be finite, got {nats!r}")
    return checked
