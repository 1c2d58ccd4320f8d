"""How an answer to 4.5 is tried: one model of its class, looked at from all sides."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor, nn

from ...leaks import binary_points
from ...masks import direct_mask, input_degrees
from ...words import variable_names
from ..calls import is_unchanged, run
from ..comparing import is_same, require_same
from ..exercise import Wrong
from ..properties import Shown, instance_of, shown
from ..relations import find_relation
from ..written import written
from .log_prob import bernoulli_log_prob
from .sampler import sample, uniforms

SIZES = (
    ([1, 2, 0], [32, 32]),
    ([1, 2, 0], [32]),
    ([1, 2, 0], []),
    ([1, 2, 0], [1]),
    ([2, 0, 4, 1, 3], [6, 2]),
    ([0], [4]),
)
"""Orderings and hidden layers; a fault of one network may be hidden in another."""


class Trial:
    """A model of an answer's class; what is seen of it is looked at once, and when it is asked for.

    Args:
        answer: the class.
        ordering: of the variables.
        hidden_dims: sizes of the hidden layers.
    """

    def __init__(self, answer: object, ordering: list[int], hidden_dims: list[int]) -> None:
        self.answer, self.ordering, self.hidden_dims = answer, torch.tensor(ordering), hidden_dims
        self.named = f"MADE({len(ordering)}, {hidden_dims}, {ordering})"
        self.is_wide = min(hidden_dims, default=32) >= 32
        self.order = input_degrees(ordering)
        self.allowed = direct_mask(self.order)
        self.points = binary_points(len(ordering)).double()
        self.u = uniforms(40, len(ordering))
        self.model = self.new()

    def new(self) -> nn.Module:
        """A model as the answer's class makes it."""
        try:
            model = instance_of(self.answer, len(self.ordering), self.hidden_dims, self.ordering)
        except Wrong as wrong:
            if len(self.ordering) == 1:
                wrong.cause += (
                    ". (With one variable there is no degree from 1 to D − 1. Hidden units may "
                    "have any: the only output sees nothing)"
                )
            raise
        if not isinstance(model, nn.Module):
            raise Wrong("a subclass of nn.Module was expected", **self.shown("", came=model))
        return model.eval()

    def shown(self, about: str, expected: object = "", came: object = "") -> Shown:
        """What shows a fault of this model."""
        return shown(f"{self.named}{about}", expected, came)

    def call(self, name: str, x: Tensor, like: Tensor) -> Tensor:
        """What a method returns: a tensor of the right form, or Wrong."""
        if not callable(getattr(self.model, name, None)):
            raise Wrong(f"the model has no method {name}", **self.shown(""))
        came = None
        try:
            came = run(getattr(self.model, name), x)
            blank = torch.zeros_like(came) if isinstance(came, Tensor) else came
            require_same(blank, torch.zeros_like(like), f"what {name} returns")
        except Wrong as wrong:
            if name == "log_prob":
                wrong.cause = find_relation([came], [like], [{"x": x}]) or wrong.cause
            wrong.tried = f"{self.named}.{name}(x) with x of shape {tuple(x.shape)}, {x.dtype}"
            raise
        return came.detach()

    def logits(self, x: Tensor) -> Tensor:
        """Those of the model, without a gradient."""
        with torch.no_grad():
            return self.model(x)

    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that an optimizer would change."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def shake(self, size: float = 2.0, only_zeros: bool = False) -> None:
        """Give the model other weights, as training does; large ones, so that paths show."""
        for parameter in self.trained().values():
            if not (only_zeros and bool(parameter.any())):
                spread = size / parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else size
                parameter.copy_(spread * torch.randn(parameter.shape))

    # ---- what is seen of it, in this order ------------------------------------------------------

    @cached_property
    def two_passes(self) -> tuple[bool, bool]:
        """Whether a second forward pass gives the same, and the model keeps what it kept."""
        self.model.double()
        kept = copy.deepcopy(self.model.state_dict())
        first, again = (self.call("forward", self.points, self.points) for _ in range(2))
        return is_same(first, again), is_unchanged(dict(kept), dict(self.model.state_dict()))

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest logit, with all sorts of weights."""
        outputs = [self.call("forward", self.points, self.points)]
        for _ in range(8):
            self.shake(size=3000)
            outputs.append(self.call("forward", self.points, self.points))
        lowest, highest = torch.stack(outputs).aminmax()
        return lowest.item(), highest.item()

    def _moved(self) -> Tensor:
        """(D, D) bool; [i, j]: output i moves when input j is flipped."""
        before, moved = self.logits(self.points), []
        for j in range(len(self.ordering)):
            flipped = self.points.clone()
            flipped[:, j] = 1 - flipped[:, j]
            moved.append((self.logits(flipped) - before).abs().amax(dim=0) > 1e-9)
        return torch.stack(moved, dim=1)

    @cached_property
    def sees(self) -> tuple[Tensor, Tensor]:
        """What moves what in a new model, and once its weights have changed."""
        self.model = self.new().double()
        self.shake(only_zeros=True)  # what starts at zero would hide what it sees
        at_first, later = self._moved(), []
        for _ in range(4):
            self.shake()
            later.append(self._moved())
        return at_first, torch.stack(later).any(dim=0)

    @cached_property
    def leak(self) -> Shown | None:
        """An output that sees what it may not."""
        for i, j in (self.sees[1] & ~self.allowed).nonzero().tolist():
            return self.flipped(i, j, "stays as it is", "moves")
        return None

    @property
    def leaks_late(self) -> bool:
        """Whether nothing leaks in a new model."""
        return self.leak is not None and not (self.sees[0] & ~self.allowed).any()

    @property
    def leaks_on_diagonal(self) -> bool:
        """Whether outputs see no variable too much but their own."""
        leaks = self.sees[1] & ~self.allowed
        return bool(leaks.any()) and torch.equal(leaks, leaks & torch.eye(len(leaks)).bool())

    def flipped(self, i: int, j: int, expected: str, came: str) -> Shown:
        """What output i does when input j is flipped."""
        names = variable_names(len(self.ordering))
        output = f"the output of {names[i]}"
        about = f" with large weights: flip {names[j]}"
        return self.shown(about, f"{output} {expected}", f"{output} {came}")

    @cached_property
    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """The logits, log_prob by them, and log_prob as the model has it."""
        self.shake()
        logits = self.logits(self.points)
        expected = bernoulli_log_prob(logits, self.points)
        return logits, expected, self.call("log_prob", self.points, expected)

    def drawn(self, sampler: Callable[..., Tensor]) -> Tensor:
        """Samples of many networks: in one alone, two wrong samplers may look the same."""
        samples = []
        for seed, size in enumerate(3 * (0.5, 1, 2, 4)):
            torch.manual_seed(seed)
            self.shake(size)
            with torch.no_grad():
                samples.append(sampler(self.model, self.order, self.u))
        return torch.cat(samples)

    @cached_property
    def samples(self) -> Tensor:
        """Those of the model."""
        return self.drawn(lambda *_: self.call("sample", self.u, self.u))

    @cached_property
    def odd_sample(self) -> Shown | None:
        """One that is not as log_prob has it."""
        expected = self.drawn(sample)
        for row in (self.samples != expected).any(dim=1).nonzero().flatten().tolist():
            about = f".sample(u), the row {written(self.u[row % len(self.u)])}"
            return self.shown(about, expected[row], self.samples[row])
        return None
