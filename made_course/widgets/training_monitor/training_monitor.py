"""The learning curve while training runs, and samples in which digits emerge."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from numbers import Real

import torch
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure
from torch import Generator, Tensor
from traitlets import Any, Bytes, validate

from ...figures import plot_training
from ...figures.learning_curves import nll_range
from ...model.made import MADE
from ...training.history import History
from ..shared.base import InPage
from ..shared.player import shape_of

EVERY = 5
"""Epochs from one row of samples to the next."""
SAMPLES = 8
"""In a row."""
MOST_ROWS = 5
"""Rows of samples that are kept: the first one, and the latest ones."""
LEAST_SECONDS = 0.2
"""From one message to the next in a notebook: a Jupyter server drops what comes too fast."""


class TrainingMonitor(InPage, module="training_monitor"):
    """A live learning curve with samples: ``fit(model, train, valid, on_epoch=monitor)``.

    It shows itself at the first epoch unless you have displayed it before, in a notebook only. The
    samples are drawn every five epochs from the same noise, so that the same images are seen to
    improve; no random stream of the training is touched. There are none where the variables make no
    square. What goes wrong is shown, kept in ``problem``, and does not end the training. Used for
    another training it starts anew.

    Args:
        levels: name → nats, horizontal lines to compare with.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import MADE, fit
        >>> x = torch.tensor([[0, 0, 1, 1], [1, 1, 0, 0]]).repeat(50, 1)
        >>> monitor = TrainingMonitor(levels={"coins": 4 * math.log(2)})
        >>> _ = fit(MADE(4, seed=0), x, x, epochs=5, seed=0, progress=False, on_epoch=monitor)
        >>> list(monitor.samples)  # epoch → samples of 2 × 2 pixels
        [1, 5]
    """

    levels = Any().tag(sync=True)
    told = Any({"curves": {}}, help="The run so far, as the page writes and draws it.").tag(
        sync=True
    )
    rows = Any([], help="Epochs of the rows of samples.").tag(sync=True)
    image_shape = Any(None).tag(sync=True)
    ink = Bytes(help="Rows of samples, a byte a pixel: 255 is ink.").tag(sync=True)

    _is_displayed = False
    _followed = None
    _displayed_itself_in: str | None = None

    def __init__(self, levels: Mapping[str, float] | None = None) -> None:
        self._begin()
        super().__init__(levels=levels)

    def figure(self) -> Figure:
        """The curve and the samples as a figure for print."""
        return plot_training(self.history, self.samples, self.levels, self._image_shape)

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
        """Close the widget; training that still uses it goes on."""
        self._follow_no_longer()
        super().close()

    @validate("levels")
    def _check_levels(self, proposal: dict) -> dict[str, float]:
        levels = proposal["value"]
        if levels is None:
            return {}
        if not isinstance(levels, Mapping):
            raise TypeError(f"levels must map names to nats, got {type(levels).__name__}")
        for name, nats in levels.items():
            if not isinstance(nats, Real):
                raise TypeError(f"level {name!r} must be a number of nats, got {nats!r}")
            if not math.isfinite(nats):
                raise ValueError(f"level {name!r} must be finite, got {nats!r}")
        return {str(name): float(nats) for name, nats in levels.items()}

    # ---- an epoch ---------------------------------------------------------------------------

    def _begin(self, input_dim: int = 0) -> None:
        self.history = History()
        self.samples: dict[int, Tensor] = {}
        self._input_dim = input_dim
        self._image_shape: tuple[int, int] | None = None
        self._told_at = -math.inf

    def _record(self, model: MADE, history: History) -> None:
        goes_on = history.train_nll[: len(self.history)] == self.history.train_nll
        if not goes_on or model.input_dim != self._input_dim:
            self._begin(model.input_dim)
        self.history = deepcopy(history)

    def _sample(self, model: MADE, _history: History) -> None:
        epoch = len(self.history)
        rows, columns = shape_of(self._input_dim)
        if rows != columns or (self.samples and (epoch % EVERY or epoch in self.samples)):
            return
        self._image_shape = rows, columns
        size, generator = (SAMPLES, self._input_dim), Generator().manual_seed(0)
        noise = torch.rand(size, generator=generator, device="cpu")
        self.samples[epoch] = model.sample(SAMPLES, noise=noise).cpu()
        if len(self.samples) > MOST_ROWS:
            del self.samples[list(self.samples)[1]]

    # ---- on the page ------------------------------------------------------------------------

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        self._is_displayed = True
        return super()._repr_mimebundle_(**kwargs)

    def _show(self, *_: object) -> None:
        """Tell the page, in a notebook no faster than it can follow; the rest as the cell ends."""
        shell = get_ipython()
        if not hasattr(shell, "get_parent"):  # no notebook
            self._tell_page(running=False)
            return
        if self._followed is None:
            self._followed = shell.events
            self._followed.register("post_execute", self._end)
        if time.monotonic() - self._told_at >= LEAST_SECONDS:
            self._tell_page(running=len(self.history) != self.history.planned)
            self._display(shell.get_parent()["header"]["msg_id"])

    def _tell_page(self, running: bool) -> None:
        self._told_at = time.monotonic()
        history = self.history
        both = {"train": history.train_nll, "validation": history.valid_nll}
        curves = {name: list(nll) for name, nll in both.items() if nll}
        images = [255 * images.float().clamp(0, 1) for images in self.samples.values()]
        with self.hold_sync():
            self.told = {
                "curves": curves,
                "range": nll_range([*curves.values()], self.levels.values()),
                "unit": history.unit,  # a density's are no bits of a message
                "nats_per_bit": self._input_dim * math.log(2) if history.unit == "nats" else None,
                "planned": history.planned,
                "seconds": sum(history.seconds),
                "running": running,
            }
            self.rows, self.image_shape = list(self.samples), self._image_shape
            self.ink = b"".join(image.round().byte().numpy().tobytes() for image in images)

    def _end(self) -> None:
        self._follow_no_longer()
        self._tell_page(running=False)

    def _follow_no_longer(self) -> None:
        if self._followed is not None:
            self._followed.unregister("post_execute", self._end)
            self._followed = None

    def _display(self, run: str) -> None:
        """Display the widget below the cell of this run, if it stands nowhere else."""
        if self._is_displayed or self.comm is None or run == self._displayed_itself_in:
            return
        self._displayed_itself_in = run
        display(self)
        self._is_displayed = False  # this output goes when the cell runs again
