"""Build models with an answer to exercise 4.5, and compute the properties that views compare."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial

import torch
from torch import Tensor, nn

from made_course.leaks.dependence import binary_points, measure_dependence
from made_course.model.masks import direct_mask, input_degrees

from ..checking import View, WrongAnswer, as_text, find_relation, make_instance, require_form, run
from ..checking.variants import draw_uniform
from .ancestral_sampler import sample
from .log_likelihood import bernoulli_log_prob

SIZES = (
    ((1, 2, 0), (32, 32)),
    ((1, 2, 0), (32,)),
    ((1, 2, 0), ()),
    ((1, 2, 0), (1,)),
    ((2, 0, 4, 1, 3), (6, 2)),
    ((0,), (4,)),
)
"""Ordering and hidden_dims of each model."""


def views_of_models(views: Sequence[View]) -> Iterator[View]:
    """Yield one view of an answer for each model size and each view of a :class:`Trial`."""
    for size in SIZES:
        for view in views:
            made = {"see": partial(_call_with_trial, view.see, size)}
            if callable(view.cause):
                made["cause"] = partial(_call_with_trial, view.cause, size)
            yield replace(
                view,
                shown_input=f"{_describe_call(*size)}{view.shown_input}" * bool(view.shown_input),
                **made,
            )


def _call_with_trial(function: Callable, size: tuple, answer: object, *seen: object) -> object:
    return function(_trial(answer, *size) if callable(answer) else Trial(answer, *size), *seen)


def _describe_call(ordering: tuple[int, ...], hidden_dims: tuple[int, ...]) -> str:
    return f"MADE({len(ordering)}, {[*hidden_dims]}, {[*ordering]})"


class Trial:
    """A model built with a learner's class, with the properties that views compare.

    Args:
        answer: class that a learner submitted.
        ordering: ordering of the D variables.
        hidden_dims: width of each hidden layer.
    """

    def __init__(
        self, answer: object, ordering: tuple[int, ...], hidden_dims: tuple[int, ...]
    ) -> None:
        self.named = _describe_call(ordering, hidden_dims)
        self.answer, self.hidden_dims = answer, [*hidden_dims]
        ordering = self.ordering = torch.tensor(ordering)
        self.is_wide = min(hidden_dims, default=32) >= 32
        self.order = input_degrees(ordering)
        self.allowed = direct_mask(self.order)
        self.points = binary_points(len(ordering)).double()
        self.u = draw_uniform("u", 40, len(ordering))
        self.model = self.make_model()

    def make_model(self) -> nn.Module:
        """Build a model with the learner's class."""
        try:
            model = make_instance(self.answer, len(self.ordering), self.hidden_dims, self.ordering)
        except WrongAnswer as wrong:
            if len(self.ordering) == 1:
                wrong.cause += (
                    ". (With one variable, there is no degree from 1 to D − 1. Hidden units may "
                    "then have any degree, because the only output sees nothing)"
                )
            raise
        if not isinstance(model, nn.Module):
            cause = "the answer must be a subclass of nn.Module"
            raise WrongAnswer(cause, tried=self.named, got=as_text(model))
        return model.eval()

    def call(self, name: str, x: Tensor, like: Tensor) -> Tensor:
        """Call a method of the model, and require a result of the shape and dtype of ``like``."""
        if not callable(getattr(self.model, name, None)):
            raise WrongAnswer(f"your model has no method {name}", tried=self.named)
        got = None
        try:
            got = run(getattr(self.model, name), x)
            require_form(got, like, f"the result of {name}")
        except WrongAnswer as wrong:
            if name == "log_prob":
                wrong.cause = find_relation([got], [like], [{"x": x}]) or wrong.cause
            wrong.tried = f"{self.named}.{name}(x) with x of shape {tuple(x.shape)}, {x.dtype}"
            raise
        return got.detach()

    def trainable_parameters(self) -> dict[str, nn.Parameter]:
        """Return the parameters that require a gradient."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def draw_weights(
        self, size: float = 2.0, seed: int | None = None, only_zeros: bool = False
    ) -> None:
        """Draw large random weights, so that every path has a measurable effect.

        Args:
            size: typical size of a unit's input.
            seed: seed of the weights; None uses torch's global stream.
            only_zeros: whether to replace only parameters that are all zero.
        """
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        for parameter in self.trainable_parameters().values():
            if not (only_zeros and bool(parameter.any())):
                spread = size / parameter.shape[-1] ** 0.5 if parameter.dim() == 2 else size
                parameter.copy_(spread * torch.randn(parameter.shape, generator=generator))

    @cached_property
    def dependencies(self) -> tuple[Tensor, Tensor]:
        """Tables [i, j] of whether input j moves output i, with initial and with random weights."""
        self.model = self.make_model().double()
        self.draw_weights(only_zeros=True)  # weights that start at zero would hide dependencies
        at_first = later = measure_dependence(self.model, self.points).by_flip
        self.model(self.points)  # this first call may mask the weights once and for all
        for _ in range(4):
            self.draw_weights()
            later = later | measure_dependence(self.model, self.points).by_flip
        return at_first, later

    @cached_property
    def leaks(self) -> Tensor:
        """Return a (D, D) BoolTensor: [i, j] is True if output i sees input j, but must not."""
        return self.dependencies[1] & ~self.allowed

    @cached_property
    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (N, D), log-probabilities (N,) computed from them, and the model's own (N,)."""
        self.model.double()
        self.draw_weights()
        logits = self.model(self.points).detach()
        expected = bernoulli_log_prob(logits, self.points)
        return logits, expected, self.call("log_prob", self.points, expected)

    def draw_samples(self, sampler: Callable[..., object]) -> Iterator[object]:
        """Yield samples of twelve networks, because a wrong sampler may be right for one."""
        self.model.float()
        for seed, size in enumerate(3 * (0.5, 1, 2, 4)):
            self.draw_weights(size, seed)
            with torch.no_grad():
                samples = sampler(self.model, self.order, self.u)
            yield samples

    @cached_property
    def samples(self) -> tuple[Tensor, Tensor]:
        """Samples of the model, and the right samples, each of shape (networks, n, D)."""
        samples = torch.stack([*self.draw_samples(lambda *_: self.call("sample", self.u, self.u))])
        return samples, torch.stack([*self.draw_samples(sample)])


_trial = lru_cache(maxsize=300)(Trial)  # all views share the trials of an answer
