"""SamplingPlayer: a sample as it is drawn, variable by variable."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from traitlets import Any, List, validate

from ...common.arguments import check_count, check_switch
from ...figures import plot_trajectory
from ...figures.picture import Picture
from ...leaks.trajectory import Trajectory, trajectory
from ...model.made import MADE
from ..shared.player import MOST_SEED, Player
from ..shared.sampler import uniforms

MOST_LEGIBLE = 20
"""Variables up to which each is drawn with its name; a picture of more opens half drawn."""


class SamplingPlayer(Player, module="sampling_player"):
    r"""A sample that is drawn in the model's ordering, one variable per step.

    At every step the page shows the variables decided so far, the network's outputs, the
    probability p and the uniform number u that decided (1 if u ≤ p), and the log-likelihood so far.
    The page gets a copy of the model when the player is made, and draws without Python.

    Args:
        model: a MADE over binary variables, with an activation that MADE has a name for.
        seed: number of the first sample; the next ones have the next numbers.
        real: (D,) or (m, D), rows of the model's data to show beside the samples, one per sample.

    Attributes:
        step: number of variables that are decided, 0 to D.
        greedy: whether each variable takes its likelier value instead of a draw.
        show_real: whether a real row is shown beside the sample.

    Example:
        >>> player = SamplingPlayer(MADE(3, (4, 4), ordering=[1, 2, 0], seed=0))
        >>> player.step = 1
        >>> player.trajectory.order
        tensor([3, 1, 2])
        >>> player.close()
    """

    step = Any(0).tag(sync=True)
    seed = Any(0).tag(sync=True)
    greedy = Any(False).tag(sync=True)
    show_real = Any(False).tag(sync=True)
    real = List(help="Zeros and ones of the real rows.").tag(sync=True)

    def __init__(self, model: MADE, *, seed: int = 0, real: Tensor | None = None) -> None:
        super().__init__(model, {} if real is None else {"real": real}, seed=seed)
        high, wide, names = self.board.values()
        if len(names) > MOST_LEGIBLE:  # the first picture would only be two hatched squares
            self.step = (high - 1) * wide // 2

    @validate("step", "seed", "greedy", "show_real")
    def _check(self, proposal: dict) -> object:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "step":
            return check_count(name, value, 0, self._model.input_dim)
        if name == "seed":
            return check_count(name, value, 0, MOST_SEED)
        if check_switch(name, value) and name == "show_real" and not self.real:
            raise ValueError("there is no real image to show: make the player with real=...")
        return value

    @property
    def trajectory(self) -> Trajectory:
        """The row that is played, and the network's outputs at every step."""
        n = self._model.input_dim
        noise = torch.full((1, n), 0.5) if self.greedy else uniforms(self.seed, 1, n)
        return self._follow(self._model.sample(1, noise=noise)[0])

    def _follow(self, row: Tensor) -> Trajectory:
        return trajectory(self._model, row, self._model.order, self._model.head)

    def _steps(self, count: int) -> list[int]:
        """Return the steps of the filmstrip: evenly spread ones, and the present one."""
        n = self._model.input_dim
        return sorted({math.ceil(n * k / count) for k in range(1, count + 1)} | {self.step} - {0})

    def figure(self) -> Picture:
        """Draw the state as a filmstrip for a saved notebook."""
        rows_shown = {"the likelier values" if self.greedy else "this sample": self.trajectory}
        if self.show_real:
            row = torch.tensor(self.real[self.seed % len(self.real)], dtype=torch.float32)
            rows_shown[f"the real {self._whole}"] = self._follow(row)
        rows, columns, names = self.board.values()
        legible = columns <= 4 and len(names) <= MOST_LEGIBLE
        return plot_trajectory(
            rows_shown,
            self._steps(4 if legible else 5),  # legible names need room
            (rows, columns),
            names=names if legible else None,
            marked=self.step or None,
        )
