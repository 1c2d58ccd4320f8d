"""A sample as it is drawn, variable by variable: played, paused and scrubbed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from html import escape

import numpy as np
import torch
from ipywidgets import (
    HTML,
    BoundedIntText,
    Button,
    Checkbox,
    Dropdown,
    HBox,
    Layout,
    Play,
    ToggleButton,
)
from matplotlib.figure import Figure
from torch import Generator, Tensor

from ..arguments import check_count, check_switch
from ..colours import BLUE, GREY, INK, ORANGE, PALE
from ..figures import paint_variables, plot_trajectory
from ..heads import Bernoulli
from ..made import MADE
from ..trajectory import Trajectory, trajectory
from ..words import listing, shortened
from .board import Board, board
from .panel import Panel, picture
from .svg import element, operate, pixels, svg, text

MOST_SAMPLES = 4
HEADLINE, THREE_LINES = "font-size:18px;font-weight:600", "80px"
"""Room that is kept, so that what is below does not move while the words change."""
DRAWN, LIKELIER, REAL = "this sample", "the likelier values", "real"


class SamplingPlayer(Panel):
    r"""The way of a sample through the model's ordering, one variable a step.

    At every step: the variables decided so far, what the network says of all, the probability p and
    the uniform number u that decided (1 where u ≤ p), and the log-likelihood so far, which is also
    where to click or drag to go to another step. The player plays the model as it is when the
    player is made.

    Args:
        model: a MADE over binary variables.
        n_samples: how many samples to choose from, 1 to 4.
        seed: of the player's own random numbers.
        real: (D,) or (m, D), a row or rows of the model's data to show beside: row k beside sample
            k, from the first again if there are fewer rows than samples.
        shape: rows and columns in which the variables are drawn; None draws a square if D is one,
            else a row.
        names: of the variables; None is x₁, x₂, ...

    Attributes:
        words: what the player says of its state.
        description: what there is to see in ``figure()``, without trained numbers.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> player = SamplingPlayer(MADE(3, (4, 4), ordering=[1, 2, 0]))
        >>> player.step = 1
        >>> player.words
        'Step 1 of 3: x₂. p = ..., u = ... so it is ...'
        >>> player.close()
    """

    def __init__(
        self,
        model: MADE,
        n_samples: int = 1,
        *,
        seed: int = 0,
        real: Tensor | None = None,
        shape: tuple[int, int] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(model, MADE):
            raise TypeError(f"model must be a MADE, got {type(model).__name__}")
        if not isinstance(model.head, Bernoulli):
            raise ValueError(
                f"the player draws binary variables, but the model's head is {model.head!r}: use "
                "model.sample(n) and a figure of yours"
            )
        self._n_samples = check_count("n_samples", n_samples, largest=MOST_SAMPLES)
        self._generator = Generator().manual_seed(check_count("seed", seed, smallest=0))
        self._board = board(model.input_dim, shape, names)
        self._model = deepcopy(model).cpu().eval()
        self._ordering = torch.argsort(self._model.order).tolist()
        self._real = None if real is None else _check_real(real, model)[: self._n_samples]
        self._trajectories: dict[str, list[Trajectory]] = {}
        self._noise = self._uniforms()
        self._follow(DRAWN)
        self._step = self._board.middle
        self._sample_index = 0
        self._greedy = self._show_real = self._playing = False
        speeds = _speeds(self._board)
        # the fastest that still takes a few seconds
        self._speed = max(n for _, n in speeds if n == 1 or 40 * n <= model.input_dim)

        style = {"description_width": "initial"}
        narrow = Layout(width="max-content")
        self._play_button = ToggleButton(layout=Layout(width="80px"))
        self._step_control = BoundedIntText(
            description="Step", max=model.input_dim, style=style, layout=Layout(width="100px")
        )
        self._step_control.add_class("made-step")
        self._speed_control = Dropdown(
            description="Speed", options=speeds, style=style, layout=narrow
        )
        self._which = Dropdown(
            description="Sample",
            options=[(str(k + 1), k) for k in range(self._n_samples)],
            style=style,
            layout=narrow,
        )
        self._new = Button(description="New sample", icon="random", layout=narrow)
        self._greedy_box = Checkbox(
            description="Take the likelier value", indent=False, layout=narrow
        )
        self._real_box = Checkbox(
            description=f"Beside: a real {self._board.whole}",
            indent=False,
            layout=narrow,
            disabled=real is None,
        )
        # only a clock: its own buttons have no names, and it may tick when a sample has ended
        self._clock = Play(
            max=10**9,
            interval=700 if self._board.in_cells else 100,
            layout=Layout(display="none"),
        )
        self._picture = HTML()
        controls = [
            self._play_button,
            self._step_control,
            self._speed_control,
            self._which,
            self._new,
            self._greedy_box,
            self._real_box,
        ]
        for choice in (self._speed_control, self._which):
            if len(choice.options) == 1:
                choice.layout = Layout(display="none")
        row = Layout(flex_flow="row wrap", align_items="center", grid_gap="2px 8px")
        super().__init__([HBox(controls, layout=row), self._clock, self._picture])

        self.listen(self._play_button, self._set("playing"))
        self.listen(self._step_control, self._set("step"))
        self.listen(self._speed_control, self._set("speed"))
        self.listen(self._which, self._set("sample_index"))
        self.listen(self._greedy_box, self._set("greedy"))
        self.listen(self._real_box, self._set("show_real"))
        self.listen(self._clock, self._tick)
        self.press(self._new, self.new_samples)
        self._show()

    # ---- state ------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """How many variables are decided, 0 to D."""
        return self._step

    @step.setter
    def step(self, step: int) -> None:
        self._step = check_count("step", step, smallest=0, largest=self._model.input_dim)
        self._show()

    @property
    def sample_index(self) -> int:
        """Which sample is shown, from 0."""
        return self._sample_index

    @sample_index.setter
    def sample_index(self, index: int) -> None:
        self._sample_index = check_count(
            "sample_index", index, smallest=0, largest=self._n_samples - 1
        )
        self._show()

    @property
    def greedy(self) -> bool:
        """Whether each variable takes its likelier value, where nothing is drawn."""
        return self._greedy

    @greedy.setter
    def greedy(self, greedy: bool) -> None:
        if check_switch("greedy", greedy):
            self._follow(LIKELIER)
        self._greedy = greedy
        self._show()

    @property
    def show_real(self) -> bool:
        """Whether a real image stands beside."""
        return self._show_real

    @show_real.setter
    def show_real(self, show_real: bool) -> None:
        if check_switch("show_real", show_real):
            if self._real is None:
                raise ValueError("there is no real image to show: make the player with real=...")
            self._follow(REAL)
        self._show_real = show_real
        self._show()

    @property
    def playing(self) -> bool:
        """Whether the steps follow one another by themselves; from the start after the end."""
        return self._playing

    @playing.setter
    def playing(self, playing: bool) -> None:
        self._playing = check_switch("playing", playing)
        if playing and self._step == self._model.input_dim:
            self._step = 0
        self._show()

    @property
    def speed(self) -> int:
        """How many variables are decided at a time while playing; one of those that are offered."""
        return self._speed

    @speed.setter
    def speed(self, speed: int) -> None:
        speed = check_count("speed", speed)
        offered = [count for _, count in self._speed_control.options]
        if speed not in offered:
            raise ValueError(f"speed must be one of {offered} variables at a time, got {speed}")
        self._speed = speed
        self._show()

    def new_samples(self) -> None:
        """Draw new samples from new noise."""
        self._noise = self._uniforms()
        self._trajectories.pop(DRAWN, None)
        self._show()

    # ---- what follows from it ---------------------------------------------------------------

    @property
    def samples(self) -> Tensor:
        """(n, D) what is played; where the likelier values are taken, all rows are the same."""
        return torch.stack([shown.x for shown in self._played()])

    @property
    def noise(self) -> Tensor:
        """(n, D) uniforms that decide; 1/2 everywhere where the likelier values are taken."""
        return torch.full_like(self._noise, 0.5) if self._greedy else self._noise.clone()

    @property
    def probabilities(self) -> Tensor:
        """(n, D) of p(xᵢ = 1 | the variables before xᵢ)."""
        return torch.stack([shown.probabilities for shown in self._played()])

    @property
    def log_likelihood(self) -> Tensor:
        """(n, D + 1) log-probability of the first 0, 1, ..., D variables, in nats."""
        return torch.stack([shown.log_likelihood for shown in self._played()])

    @property
    def words(self) -> str:
        """What the player says of its state."""
        return " ".join([*self._sentences(), *self._notes()])

    @property
    def description(self) -> str:
        """What there is to see in ``figure()``, without trained numbers."""
        what = LIKELIER if self._greedy else "a sample"
        steps = f"steps {listing([str(step) for step in self._steps()])}"
        beside = f"; the same of a real {self._board.whole}" if self._show_real else ""
        return (
            f"Filmstrip of {what} at {steps}: the variables decided so far, and the network's "
            f"outputs{beside}. Below, the log-likelihood falls from 0 as variables are decided."
        )

    def figure(self) -> Figure:
        """The same state as a filmstrip for a saved notebook."""
        board = self._board
        legible = board.in_cells and board.columns <= 4  # six pictures stand side by side
        return plot_trajectory(
            self._shown(),
            self._steps(),
            (board.rows, board.columns),
            names=board.names if legible else None,
            marked=self._step,
        )

    def close(self) -> None:
        """Close the player; its clock stops."""
        for part in self.children:  # none yet if an argument was refused
            if isinstance(part, Play):
                part.playing = False
        super().close()

    # ---- parts ------------------------------------------------------------------------------

    def _uniforms(self) -> Tensor:
        return torch.rand(self._n_samples, self._model.input_dim, generator=self._generator)

    def _follow(self, name: str) -> list[Trajectory]:
        """What the network says of some rows; computed when it is first asked for."""
        if name not in self._trajectories:
            model = self._model
            if name == REAL:
                rows = self._real
            else:
                noise = self._noise if name == DRAWN else torch.full_like(self._noise[:1], 0.5)
                rows = model.sample(len(noise), noise=noise)
            found = [trajectory(model, row, model.order, model.head) for row in rows]
            if not all(bool(row.log_likelihood.isfinite().all()) for row in found):
                raise ValueError("the model gives no finite log-probability: look at its weights")
            self._trajectories[name] = found
        return self._trajectories[name]

    def _played(self) -> list[Trajectory]:
        return self._follow(LIKELIER) * self._n_samples if self._greedy else self._follow(DRAWN)

    def _shown(self) -> dict[str, Trajectory]:
        shown = {LIKELIER if self._greedy else DRAWN: self._played()[self._sample_index]}
        if self._show_real:
            real = self._follow(REAL)
            shown[f"the real {self._board.whole}"] = real[self._sample_index % len(real)]
        return shown

    def _steps(self) -> list[int]:
        """Those of the filmstrip: evenly spread ones, and the present one."""
        input_dim = self._model.input_dim
        return sorted({math.ceil(input_dim * k / 5) for k in range(1, 6)} | {self._step})

    def _sentences(self) -> list[str]:
        drawn, *real = self._shown().values()
        said = [
            say_decision(self._board, drawn, self._step, self._deciding_noise()),
            say_likelihood(self._board, drawn, self._step),
        ]
        return [*said, *(say_real(self._board, row, self._step) for row in real)]

    def _deciding_noise(self) -> float | None:
        """The uniform number that decided at this step; None if there was none."""
        if self._greedy or self._step == 0:
            return None
        return self._noise[self._sample_index, self._ordering[self._step - 1]].item()

    def _notes(self) -> list[str]:
        things = self._board.things
        notes = []
        if max(self._step, 1) < self._model.input_dim:
            notes.append(
                f"Hatched {things} are still to come. Hatched outputs are not conditionals yet: "
                f"the network reads the {things} missing before them as blank. The other outputs "
                f"are final: no later {things[:-1]} changes them."
            )
        else:
            notes.append("Every output is a conditional now.")
        if self._greedy:
            notes.append(
                "Taking the likelier value draws nothing. The result need be neither a typical "
                f"sample nor the most probable {self._board.whole}."
            )
        if self._show_real:
            notes.append(
                "Beside: each value is a conditional given the real "
                f"{things} before it: neither a reconstruction nor a sample."
            )
        return notes

    # ---- controls and picture ---------------------------------------------------------------

    def _set(self, name: str) -> Callable[[object], None]:
        return lambda value: setattr(self, name, value)

    def _tick(self, _: object) -> None:
        if self._playing:
            self._step = min(self._step + self._speed, self._model.input_dim)
            self._playing = self._step < self._model.input_dim
            self._show()

    def _show(self) -> None:
        with self.quietly():
            self._play_button.value = self._clock.playing = self._playing
            self._play_button.description = "Pause" if self._playing else "Play"
            self._play_button.icon = "pause" if self._playing else "play"
            self._step_control.value = self._step
            self._speed_control.value = self._speed
            self._which.value = self._sample_index
            self._which.disabled = self._new.disabled = self._greedy
            self._greedy_box.value = self._greedy
            self._real_box.value = self._show_real
        self._picture.value = self._draw()
        self.problem = ""

    def _draw(self) -> str:
        decision, *others = map(_in_html, self._sentences())
        status = element(
            "div",
            element("div", decision, style=f"{HEADLINE};min-height:{THREE_LINES}"),
            *(element("div", sentence) for sentence in others),
            role="status",
            aria_live="off" if self._playing else None,
        )
        shown = self._shown()
        row = next(iter(shown.values()))
        bar = draw_decision(row, self._step, self._deciding_noise()) if self._step else ""
        paragraphs = (element("p", _in_html(n), style="margin:0 0 6px") for n in self._notes())
        pairs = [draw_pair(self._board, row, self._step, name) for name, row in shown.items()]
        said = [status + bar, "".join(paragraphs)]
        if len(pairs) == 1:
            said = ["".join(said)]
        beside = (element("div", words, style="flex:1 1 320px") for words in said)
        return picture(
            *(part for line in zip(pairs, beside, strict=True) for part in line),
            draw_likelihood(self._board, shown, self._step),
        )


# ---- words ----------------------------------------------------------------------------------


def say_decision(board: Board, shown: Trajectory, step: int, u: float | None) -> str:
    """How the variable of this step got its value; without ``u`` it took the likelier one."""
    here = f"Step {step} of {len(shown.x)}"
    if step == 0:
        first = board.names[int(shown.ordering[0])]
        return f"{here}: nothing is decided yet. First in the ordering is {first}."
    i = int(shown.ordering[step - 1])
    one, p = bool(shown.x[i]), shown.probabilities[i].item()
    level = 0.5 if u is None else u
    said_p, said_u = number(p), number(level)
    if said_p == said_u and p != level:  # only more digits tell which is larger
        said_p, said_u = f"= {p:.7f}", f"= {level:.7f}"
    here = f"{here}: {board.names[i]}. p {said_p}"
    if u is None:
        return f"{here} {'≥' if one else '<'} 1/2: the likelier value is {board.value(one)}."
    return f"{here}, u {said_u} {'≤' if one else '>'} p, so it is {board.value(one)}."


def say_likelihood(board: Board, shown: Trajectory, step: int) -> str:
    """The log-likelihood so far and in all."""
    total = nats(shown.log_likelihood[-1])
    if step == len(shown.x):
        return f"The whole {board.whole} has log p = {total} nats."
    if step == 0:
        return f"The whole {board.whole} will have log p = {total} nats."
    so_far = nats(shown.log_likelihood[step])
    return f"So far log p = {so_far} nats; the whole {board.whole} has {total} nats."


def say_real(board: Board, shown: Trajectory, step: int) -> str:
    """What is known of the given row at this step, and the log-likelihood of it."""
    total = f"log p = {nats(shown.log_likelihood[-1])} nats"
    if step == 0:
        return f"The real {board.whole} has {total} in all."
    i = int(shown.ordering[step - 1])
    return (
        f"In the real {board.whole} {board.names[i]} is {board.value(bool(shown.x[i]))}, where "
        f"p {number(shown.probabilities[i].item())}; in all it has {total}."
    )


def number(p: float) -> str:
    """A probability in a sentence, never rounded to 0 or 1.

    Example:
        >>> number(0.834), number(0.0041), number(1e-9), number(1.0)
        ('= 0.83', '= 0.004', '< 0.0001', '> 0.9999')
    """
    for digits in (2, 3, 4):
        said = f"{p:.{digits}f}"
        if 0 < float(said) < 1:
            return f"= {said}"
    return "< 0.0001" if p < 0.5 else "> 0.9999"


def nats(value: float) -> str:
    """A log-probability in a sentence.

    Example:
        >>> nats(-85.23), nats(-0.6931), nats(-0.0)
        ('−85.2', '−0.69', '0.00')
    """
    said = f"{abs(value):.1f}" if abs(value) >= 10 else f"{abs(value):.2f}"
    return said if float(said) == 0 else f"−{said}"


def _in_html(sentence: str) -> str:
    """Escaped, and no line ends inside an equation."""
    return escape(re.sub(r" ([=<>≤≥]) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", sentence))


# ---- pictures -------------------------------------------------------------------------------

GAP, TITLE = 24, 26
HALO = {"stroke_width": 5, "stroke_linejoin": "round", "paint_order": "stroke"}


def draw_pair(board: Board, shown: Trajectory, step: int, name: str) -> str:
    """A row as far as it is decided, and the outputs of the network that decided it.

    Args:
        board: where the variables stand.
        shown: what the network says of the row.
        step: how many variables are decided.
        name: what the row is.
    """
    undecided, later = shown.undecided(step).numpy(), shown.not_conditional(step).numpy()
    x = np.where(undecided, 0, shown.x.float().numpy())
    p = shown.map(step).float().numpy()
    last = int(shown.ordering[step - 1]) if step else None
    values = [f"{value:.0f}" for value in x] if board.in_cells else []
    written = ["?" if later else value for value, later in zip(values, undecided, strict=False)]
    numbers = [f"{value:.2f}" for value in p] if board.in_cells else []

    width, height = board.columns * board.cell[0], board.rows * board.cell[1]
    stacked = board.columns > 2 * board.rows
    breadth = max(width, 232)  # room for the title
    right_x, right_y = (0, height + TITLE + GAP) if stacked else (breadth + GAP, 0)
    left = _draw_variables(board, x, undecided, last, written)
    right = _draw_variables(board, p, later, last, numbers)
    whole_width = right_x + breadth + 4
    least = whole_width if stacked else min(whole_width, 430)  # so that two pairs fit in a page
    title = f"{name[0].upper()}{name[1:]} so far"
    return svg(
        whole_width,
        right_y + height + TITLE + 4,
        _titled(0, 0, title, left),
        _titled(right_x, right_y, "p(xᵢ = 1 | those before)", right),
        label=f"{title}: {_describe(board, x, undecided, p, later)}",
        style=f"flex:9 1 {least:.0f}px;max-width:min(100%, {whole_width:.0f}px);"
        "height:auto;min-width:0",
    )


def _titled(x: float, y: float, title: str, content: str) -> str:
    heading = text(2, 16, title, text_anchor="start", font_weight="bold", font_size=16)
    content = element("g", content, transform=f"translate(2 {TITLE})")
    return element("g", heading, content, transform=f"translate({x:g} {y:g})")


def _draw_variables(
    board: Board, values: np.ndarray, apart: np.ndarray, last: int | None, written: Sequence[str]
) -> str:
    wide, high = board.cell
    width, height = wide * board.columns, high * board.rows
    scale = max(2, round(wide / 2))
    painted = paint_variables(values, apart, (board.rows, board.columns), scale)
    parts = [
        pixels(0, 0, width, height, painted),
        element("rect", width=width, height=height, fill="none", stroke=GREY),
    ]
    for i, words in enumerate(written):
        row, column = divmod(i, board.columns)
        x, y = column * wide, row * high
        # each on its side of the grey on which black and white have the same contrast
        ink = "white" if values[i] > 0.54 and not apart[i] else "black"
        halo = HALO | {"stroke": "white"} if apart[i] else {}
        name = shortened(board.names[i], int(wide) // 10)
        parts += [
            element("rect", x=x, y=y, width=wide, height=high, fill="none", stroke=GREY),
            text(x + wide / 2, y + 17, name, fill=ink, font_size=14, **halo),
            text(x + wide / 2, y + high / 2 + 13, words, fill=ink, font_size=16, **halo),
        ]
    if last is not None:
        row, column = divmod(last, board.columns)
        frame = {"x": column * wide - 1, "y": row * high - 1, "width": wide + 2, "height": high + 2}
        parts.append(
            element("rect", **frame, fill="none", stroke=ORANGE, stroke_width=3, class_="made-last")
        )
    return "".join(parts)


def _describe(
    board: Board, x: np.ndarray, undecided: np.ndarray, p: np.ndarray, later: np.ndarray
) -> str:
    if board.in_cells:
        parts = [
            f"{name} {'not decided' if unknown else f'is {value:.0f}'}, output {output:.2f}"
            f"{' (no conditional yet)' if to_come else ''}"
            for name, value, unknown, output, to_come in zip(
                board.names, x, undecided, p, later, strict=True
            )
        ]
        return "; ".join(parts)
    return (
        f"{int(x.sum())} of the {int((~undecided).sum())} {board.things} decided are 1, "
        f"{int(undecided.sum())} are not decided. Beside it the network's outputs as grey levels, "
        "hatched where they are no conditionals yet"
    )


def draw_decision(shown: Trajectory, step: int, u: float | None) -> str:
    """The line from 0 to 1, filled up to p, and what p was compared with.

    Args:
        shown: what the network says of the row.
        step: at least 1.
        u: the uniform number; None where the likelier value was taken.
    """
    p = shown.probabilities[int(shown.ordering[step - 1])].item()
    level, words = (0.5, "1/2") if u is None else (u, f"u {number(u)}")
    left, width, top, high = 20, 300, 30, 28
    bottom, at_p, at_level = top + high, left + width * p, left + width * level
    inside = []
    if p > 0.22:
        style = {"fill": "white", "stroke": BLUE, **HALO}
        inside.append(text((left + at_p) / 2, top + 19, "gives 1", **style))
    if p < 0.78:
        style = {"stroke": "white", **HALO}
        inside.append(text((at_p + left + width) / 2, top + 19, "gives 0", **style))
    return svg(
        340,
        88,
        element("rect", x=left, y=top, width=width * p, height=high, fill=BLUE),
        element("rect", x=left, y=top, width=width, height=high, fill="none", stroke=INK),
        element("line", x1=at_p, x2=at_p, y1=top - 2, y2=bottom + 8, stroke=INK, stroke_width=3),
        text(_within(at_p), bottom + 24, f"p {number(p)}"),
        element(
            "path",
            d=f"M{at_level:.1f} {bottom}V{top}l-7 -9h14l-7 9",
            fill=ORANGE,
            stroke=ORANGE,
            stroke_width=3,
        ),
        *inside,
        text(_within(at_level), top - 14, words),
        text(left - 11, top + 19, "0"),
        text(left + width + 11, top + 19, "1"),
        label=f"A line from 0 to 1: filled up to p {number(p)}; the mark is at {words}.",
    )


def _within(x: float) -> float:
    return min(max(x, 42.0), 298.0)


STEADY = {"fill": "none", "vector_effect": "non-scaling-stroke", "stroke_linejoin": "round"}
WIDE, HIGH = 1000, 140
"""The curve's own coordinates; the page stretches them to the width there is."""


def draw_likelihood(board: Board, shown: dict[str, Trajectory], step: int) -> str:
    """The running log-likelihood as HTML; a click or drag on it goes to a step.

    Args:
        board: where the variables stand.
        shown: name → what the network says of a row, one or two.
        step: how many variables are decided.
    """
    steps = len(board.names)
    lowest = min(-0.01, *(row.log_likelihood[-1].item() for row in shown.values()))
    here = WIDE * step / steps
    parts = [element("line", x1=here, x2=here, y1=0, y2=HIGH, stroke=INK, **STEADY)]
    labels, keys = [], [element("b", "Log-likelihood so far, in nats")]
    for tick in _ticks(lowest):
        y = HIGH * tick / lowest
        parts.append(element("line", x1=0, x2=WIDE, y1=y, y2=y, stroke=PALE, **STEADY))
        place = f"right:100%;top:{y:.1f}px;translate:-8px -50%"
        labels.append(_label(place, f"{tick:g}".replace("-", "−")))
    ordering = next(iter(shown.values())).ordering.tolist()
    for t, words in _step_labels(board, ordering):
        place = f"top:100%;left:{100 * t / steps:.1f}%;translate:-50% 4px"
        labels.append(_label(place, words))
    styles = [{"stroke": BLUE}, {"stroke": ORANGE, "stroke_dasharray": "7 5"}]
    for (name, row), style in zip(shown.items(), styles, strict=False):
        parts.append(_curve(HIGH / lowest * row.log_likelihood, step, style))
        keys.append(_key(f"{name}: {nats(row.log_likelihood[-1].item())} in all", style))
    keys.append(element("span", "click or drag: another step", style="white-space:nowrap"))
    plot = svg(
        WIDE,
        HIGH,
        *parts,
        label=f"Log-likelihood after each of {steps} steps, marked at step {step}.",
        style=f"display:block;width:100%;height:{HIGH}px;overflow:visible",
        preserveAspectRatio="none",
    )
    to_step = (
        "const r=this.querySelector('svg').getBoundingClientRect();"
        f"const s=Math.round((event.clientX-r.left)/r.width*{steps});"
    ) + operate(".made-step input", value=f"Math.max(0,Math.min({steps},s))")
    scrub = f"if(event.buttons===1){{{to_step}}}"
    return element(
        "div",
        element("div", *keys, style="display:flex;flex-wrap:wrap;gap:0 20px"),
        element(
            "div",
            element("div", plot, *labels, style="position:relative"),
            style="padding:10px 30px 28px 64px;cursor:ew-resize;user-select:none;"
            "touch-action:pan-y",
            onpointerdown=scrub,
            onpointermove=scrub,
        ),
        style="flex-basis:100%",
    )


def _curve(y: Tensor, step: int, style: dict[str, str]) -> str:
    """Heights against steps: a line, bold up to the present step, and a dot there."""
    points = [f"{WIDE * t / (len(y) - 1):.1f},{height:.1f}" for t, height in enumerate(y.tolist())]
    style = style | STEADY
    # the dot is a line without length, round at its ends: no stretching makes it oval
    dot = style | {"stroke_dasharray": None, "stroke_width": 12, "stroke_linecap": "round"}
    return "".join(
        [
            element("polyline", points=" ".join(points), stroke_width=1.5, **style),
            element("polyline", points=" ".join(points[: step + 1]), stroke_width=4, **style),
            element("path", d=f"M{points[step]}h0", **dot),
        ]
    )


def _key(words: str, style: dict[str, str]) -> str:
    line = element("line", x1=0, x2=34, y1=7, y2=7, stroke_width=4, **style)
    sample = element("svg", line, width=34, height=14, aria_hidden="true")
    return element("span", sample, f" {escape(words)}", style="white-space:nowrap")


def _label(place: str, words: str) -> str:
    return element("span", escape(words), style=f"position:absolute;white-space:nowrap;{place}")


def _ticks(lowest: float) -> list[float]:
    """Round numbers from 0 down to the lowest value, five at most."""
    power = 10 ** math.floor(math.log10(-lowest / 4))
    size = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= -lowest / 4)
    return [-k * size for k in range(int(-lowest / size) + 1)]


def _step_labels(board: Board, ordering: list[int]) -> list[tuple[int, str]]:
    if not board.in_cells:
        return [(t, str(t)) for t in sorted({round(len(ordering) * k / 4) for k in range(5)})]
    most = max(4, 40 // len(ordering))
    return [(0, "0"), *((t + 1, shortened(board.names[i], most)) for t, i in enumerate(ordering))]


# ---- arguments ------------------------------------------------------------------------------


def _speeds(board: Board) -> list[tuple[str, int]]:
    """Labels and numbers of variables at a time, from slow to fast."""
    fast = board.columns if board.is_image else max(1, board.columns // 10)
    return [
        (f"{count} {board.things if count > 1 else board.things[:-1]} at a time", count)
        for count in sorted({1, max(1, fast // 4), fast})
    ]


def _check_real(real: Tensor, model: MADE) -> Tensor:
    if not isinstance(real, Tensor):
        raise TypeError(f"real must be a torch.Tensor, got {type(real).__name__}")
    rows = real[None] if real.dim() == 1 else real
    if rows.dim() != 2 or rows.shape[1] != model.input_dim or len(rows) == 0:
        raise ValueError(
            f"real must have shape ({model.input_dim},) or (m, {model.input_dim}), "
            f"got {tuple(real.shape)}"
        )
    model.check_data(rows)
    return rows.cpu().to(model.net[0].weight.dtype)
