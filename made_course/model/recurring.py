"""A head for numbers among which some recur: none as an amount, or one price in many rows."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from .heads import Head, choose_component
from .heads_of_numbers import Number, OnAxis


class Spiked(Head):
    r"""Numbers among which some recur: probabilities of these, and another head for all others.

    .. math::
        p(x) = \begin{cases} \pi \, P(v_j) & x = v_j \\
            (1 - \pi) \, p_{\text{beside}}(x) / \text{unit} & \text{else} \end{cases}
        \qquad P(v_j) \propto (n_j - d_j) \, e^{a t_j + b t_j^2 + z_j}

    where :math:`n_j` rows have a value. The network says by how much the odds of π differ from
    those of the rows, a, b, and a z for each of the first ``own`` values, of which no other has
    one: a and b make the high values more likely than their rows say, or the middle ones, as
    :math:`t_j` is where these rows lie in a standard normal distribution. For the others, d is what
    values in a single row have too many (Good and Turing's estimate), and a row to learn from is
    not one of those counted: see :meth:`left_out`.

    A probability has no unit and a density has: ``unit`` says how much of the table's is 1 for the
    other head, so that nats are per unit of the table. Beside whole numbers, which have
    probabilities, too, the two add up.

    Args:
        values: m values that recur; those after the first ``own`` are within the bounds.
        beside: :class:`Reals` or :class:`Whole`.
        unit: see above.
        rows: 1 + m numbers, of rows with another value and n; all alike where they are not given.
        own: see above; all m where it is not given.

    Example:
        >>> from made_course.model.heads_of_numbers import Reals
        >>> head = Spiked([0.0], Reals(2, lower=0.0))  # rain: none on half of the days
        >>> head.sample(torch.zeros(4, 10), torch.tensor([0.1, 0.4, 0.6, 0.9])).eq(0)
        tensor([False, False,  True,  True])
    """

    needs_float32 = True

    def __init__(
        self,
        values: Sequence[Number],
        beside: OnAxis,
        unit: Number = 1.0,
        rows: Sequence[Number] | None = None,
        own: int | None = None,
    ) -> None:
        rows = (1.0,) * (1 + len(values)) if rows is None else tuple(rows)
        self.values = _exact(values)
        self.count = self.values.shape[-1]
        self.own = self.count if own is None else own
        self.arguments = (tuple(values), beside, unit, rows, self.own)
        self.beside = beside
        self.is_density = beside.is_density
        self.log_unit = _exact(unit).log()
        of_rest, self.rows = _exact(rows).split([1, self.count], -1)
        is_other = (torch.arange(self.count, device="cpu") >= self.own).double()
        once, twice = (((self.rows == n) * is_other).sum(-1, keepdim=True) for n in (1, 2))
        self.weights = self.rows - is_other * once / (once + 2 * twice + 1)
        recur = self.weights.sum(-1, keepdim=True)
        self.log_odds = (recur / (of_rest + self.rows.sum(-1, keepdim=True) - recur)).log()
        self.places = _normal_places(self.values, self.rows)
        self.params_per_variable = 3 + self.own + beside.params_per_variable
        self.inputs_per_variable = self.own + beside.inputs_per_variable
        self.family = (Spiked, self.count, self.own, *beside.family)

    def together(self, heads: Sequence[Head]) -> Spiked:
        """One head for n columns, whose values, other heads and units are those of each."""
        values, beside, unit, rows, own = zip(*(head.arguments for head in heads), strict=True)
        return Spiked(values, self.beside.together(beside), unit, rows, own[0])

    def left_out(self) -> Spiked:
        """The head for the rows that were counted: each value is as if its own row were not."""
        head = copy.copy(self)
        head.weights = self.rows - (torch.arange(self.count, device="cpu") >= self.own).double()
        return head

    def start(self) -> Tensor:
        """(P,) parameters: all values are as likely as their rows say."""
        return torch.cat([torch.zeros(3 + self.own), self.beside.start()])

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log-probability of what recurs, log-density or log-probability of all else."""
        rest, recurring, others = self._unpack(params)
        hits, is_of_beside = self._hits(x), self._is_of_beside(x)
        mass = recurring.where(hits, 0).sum(-1)
        rest = rest + self.beside.log_prob(others, self._inside(x)) - self.log_unit.to(rest)
        if not self.is_density:
            mass = torch.logaddexp(mass, rest).where(is_of_beside, mass)
        return mass.where(hits.any(-1), rest)

    def sample(self, params: Tensor, u: Tensor) -> Tensor:
        """A value that recurs where u falls to one, else one by the other head."""
        rest, recurring, others = self._unpack(params)
        k, u = choose_component(
            torch.cat([rest[..., None], recurring], -1).exp(), u.to(params.dtype)
        )
        values = self.values.to(params).expand(*k.shape, self.count)
        value = values.gather(-1, (k - 1).clamp(min=0)[..., None])[..., 0]
        return value.where(k > 0, self.beside.sample(others, u))

    def encode(self, x: Tensor) -> Tensor:
        """(...) to (..., own + 1): which of these a value is, and the place of all others."""
        own = self._hits(x)[..., : self.own].to(x.dtype)
        return torch.cat([own, self.beside.encode(self._inside(x))], -1)

    def check(self, x: Tensor) -> None:
        """Raise ValueError unless each value recurs, or is one of the other head."""
        self.beside.check(self._inside(x))

    def _unpack(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logarithms of 1 - π and of all π P(v), and what the other head takes."""
        widths = [1, 1, 1, self.own, self.beside.params_per_variable]
        recurs, a, b, own, others = params.split(widths, -1)
        t = self.places.to(params)
        z = self.weights.to(params).log() + a * t + b * t**2
        z = z + functional.pad(own, (0, self.count - self.own))
        recurs = recurs + self.log_odds.to(params)
        recurring = functional.logsigmoid(recurs) + z.log_softmax(-1)
        return functional.logsigmoid(-recurs)[..., 0], recurring, others

    def _hits(self, x: Tensor) -> Tensor:
        return (x[..., None] == self.values.to(x)) & (self.weights > 0).to(x.device)

    def _is_of_beside(self, x: Tensor) -> Tensor:
        """Which values the other head can read: where it has a density, none of the first."""
        is_own = self._hits(x)[..., : self.own].any(-1)
        if self.is_density:
            return ~is_own
        lower, upper = self.beside.bounds().to(x.device)
        return ~is_own | ((x > lower) & (x < upper))

    def _inside(self, x: Tensor) -> Tensor:
        """What the other head reads: a value of its own in place of those that are none."""
        middle = self.beside.value(torch.zeros_like(x, dtype=torch.get_default_dtype()))
        middle = middle if self.is_density else middle.round()
        return x.where(self._is_of_beside(x), middle.to(x))


def _exact(numbers: object) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64, device="cpu")


def _normal_places(values: Tensor, rows: Tensor) -> Tensor:
    """(..., m) places in a standard normal distribution, of values that so many rows have."""
    order = values.argsort(-1)
    shares = rows / rows.sum(-1, keepdim=True)
    upto = shares.gather(-1, order).cumsum(-1).gather(-1, order.argsort(-1))
    return torch.special.ndtri(upto - shares / 2)
