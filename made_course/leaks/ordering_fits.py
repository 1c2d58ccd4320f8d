r"""What each ordering of a few variables costs a simple model.

By the chain rule every ordering gives back the same joint distribution, if each conditional is
exact. A model's conditionals are not. Take the simplest there are, one logistic regression for each
variable on those before it: what a MADE without hidden layers computes. Now orderings differ, and
with at most six variables the difference can be computed instead of estimated: a conditional

.. math:: q(x_i = 1 \mid x_S) = \sigma\Big(b + \sum_{j \in S} w_j x_j\Big)

depends on the *set* S of variables before, not on their sequence. So the 720 orderings of six
variables share :math:`6 \cdot 2^5 = 192` regressions, each of them a convex problem over 64 rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..model.masks import check_ordering
from .dependence import binary_points
from .joint import check_joint, place_values

SMALLEST_GAIN = 1e-12
"""Nats: a regression whose next step gains no more is fitted."""
MOST_STEPS, MOST_HALVINGS = 100, 30
DAMPING = 1e-12
"""Of Newton's method, as a share of the curvature: what makes no difference stays at zero."""


@dataclass(frozen=True, eq=False)
class OrderingFits:
    """What :func:`fit_orderings` found: for every ordering, the best model of its kind.

    Sets of variables are numbers: variable i is in set number s where ``s & 2**i``.

    Args:
        joint: (2^D,) the truth, in the sequence of ``points``.
        points: (2^D, D) float64, all rows of zeros and ones.
        weight: (D, 2^D, D); [i, s, j]: weight of variable j where i is predicted from set s.
        bias: (D, 2^D); [i, s].
        excess: (D, 2^D); [i, s]: nats that predicting i from s costs above the exact conditional.
    """

    joint: Tensor
    points: Tensor
    weight: Tensor
    bias: Tensor
    excess: Tensor

    @property
    def input_dim(self) -> int:
        """Number of variables D."""
        return self.points.shape[1]

    def steps(self, ordering: Tensor | Sequence[int]) -> Tensor:
        """(D,) nats that each step of an ordering costs; they add up to the model's KL."""
        return torch.stack([self.excess[i, s] for i, s in self._with_sets(ordering)])

    @cached_property
    def costs(self) -> dict[tuple[int, ...], float]:
        """Each of the D! orderings → KL of its model in nats, in lexicographic sequence."""
        excess = self.excess.tolist()
        return {
            ordering: math.fsum(excess[i][s] for i, s in _sets_before(ordering))
            for ordering in permutations(range(self.input_dim))
        }

    def layer(self, ordering: Tensor | Sequence[int]) -> tuple[Tensor, Tensor]:
        """Weight (D, D) and bias (D,) of the whole model: of a MADE without hidden layers.

        Example:
            >>> from made_course import MADE, chain_joint
            >>> fits = fit_orderings(chain_joint(3))
            >>> model = MADE(3, hidden_dims=(), ordering=[1, 2, 0]).double()
            >>> weight, bias = fits.layer([1, 2, 0])
            >>> state = {"net.0.weight": weight, "net.0.bias": bias}
            >>> _ = model.load_state_dict(state, strict=False)
            >>> torch.allclose(model.log_prob(fits.points), fits.log_prob([1, 2, 0]))
            True
        """
        weight, bias = torch.empty_like(self.weight[:, 0]), torch.empty_like(self.bias[:, 0])
        for i, s in self._with_sets(ordering):
            weight[i], bias[i] = self.weight[i, s], self.bias[i, s]
        return weight, bias

    def logits(self, ordering: Tensor | Sequence[int]) -> Tensor:
        """(2^D, D): [x, i] is the logit of variable i being 1, given those before it in row x."""
        weight, bias = self.layer(ordering)
        return self.points @ weight.T + bias

    def log_prob(self, ordering: Tensor | Sequence[int]) -> Tensor:
        """(2^D,) log-probability that the ordering's model gives to each row of ``points``."""
        return self._from_logits(self.logits(ordering))

    def mean_of_probabilities(self, orderings: Sequence[Sequence[int]]) -> Tensor:
        r"""(2^D,) logarithm of the mixture of models: draw an ordering, then from its model.

        .. math:: \ln q(x) = \ln \frac{1}{K} \sum_k q_k(x)

        A distribution, as the mean of distributions is one. Its KL is at most the mean of the
        members' KLs, and at most the best member's plus ln K.

        Source:
            Germain et al. 2015, "Order-agnostic training".
        """
        members = [self.log_prob(ordering) for ordering in orderings]
        return torch.stack(members).logsumexp(dim=0) - math.log(len(members))

    def mean_of_logits(self, orderings: Sequence[Sequence[int]]) -> Tensor:
        """(2^D,) what the mean output of the models claims as log p(x): mostly no distribution.

        A variable's mean logit depends on all that come before it in *some* ordering, so that
        outputs see one another, and nothing makes the result sum to one.
        """
        members = [self.logits(ordering) for ordering in orderings]
        return self._from_logits(torch.stack(members).mean(dim=0))

    def conditional(self, variable: int, given: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """A variable's conditional, true and fitted, for each combination of values before it.

        Args:
            variable: the one that is predicted.
            given: variables before it.

        Returns:
            For the 2^n rows of ``binary_points(n)``, as values of the n given variables: how
            probable the row is, p(variable = 1 | row), nan where the row never occurs, and
            q(variable = 1 | row).

        Example:
            >>> from made_course import parity_joint
            >>> fits = fit_orderings(parity_joint(3))
            >>> _, truth, fitted = fits.conditional(2, given=[0, 1])  # 00, 01, 10, 11 before it
            >>> truth, fitted  # a weighted sum cannot go up and down again
            (tensor([0., 1., 1., 0.], dtype=torch.float64),
             tensor([0.5000, 0.5000, 0.5000, 0.5000], dtype=torch.float64))
        """
        n = len(given)
        rows = self.points[: 2**n, self.input_dim - n :]
        place = self.points[:, given].long() @ place_values(n)
        total = torch.zeros(len(rows), dtype=torch.float64)
        ones = total.index_add(0, place, self.joint * self.points[:, variable])
        total = total.index_add(0, place, self.joint)
        s = sum(2**j for j in given)
        logits = rows @ self.weight[variable, s, given] + self.bias[variable, s]
        return total, ones / total, logits.sigmoid()

    def _with_sets(self, ordering: Tensor | Sequence[int]) -> list[tuple[int, int]]:
        return _sets_before(check_ordering(ordering, self.input_dim).tolist())

    def _from_logits(self, logits: Tensor) -> Tensor:
        return F.logsigmoid((2 * self.points - 1) * logits).sum(dim=1)


def fit_orderings(joint: Tensor) -> OrderingFits:
    """For every ordering of up to six variables, the best model with logistic conditionals.

    The best of all: the KL is convex in the weights, and Newton's method goes on until a step gains
    less than 1e-12 nats. Where a weighted sum can tell zeros from ones without an error, the best
    weights are infinite: the KL is then above its limit, by less than 1e-9 nats, and the weights
    say no more than that they are large. Rows of probability zero have no say: what a model makes
    of them is arbitrary.

    Args:
        joint: the truth, see :func:`check_joint`.

    Raises:
        TypeError, ValueError: if ``joint`` is no distribution of 1 to 6 variables.

    Source:
        Neal 1992, "Connectionist learning of belief networks", for conditionals of this kind.

    Example:
        >>> from made_course.leaks.joint import half_adder_joint
        >>> fits = fit_orderings(half_adder_joint())  # x1, x2, carry, sum
        >>> round(fits.costs[0, 1, 2, 3], 3), round(fits.costs[0, 1, 3, 2], 3)
        (0.017, 0.686)
        >>> fits.steps([0, 1, 3, 2]).round(decimals=2).abs()  # the sum of two coins is no line
        tensor([0.0000, 0.0000, 0.6900, 0.0000], dtype=torch.float64)
    """
    joint = check_joint(joint)
    count = int(math.log2(len(joint)))
    points = binary_points(count).double()
    pairs = [(i, s) for i in range(count) for s in range(2**count) if not s & 2**i]
    target = torch.tensor([i for i, _ in pairs])
    sets = torch.tensor([s for _, s in pairs])
    inside = ((sets[:, None] >> torch.arange(count)) & 1).double()
    found, cross_entropy = _fit_logistic(joint, points, points.T[target], inside)

    weight, bias = points.new_zeros(count, 2**count, count), points.new_zeros(count, 2**count)
    excess = torch.full_like(bias, torch.nan)  # no variable is predicted from itself
    weight[target, sets], bias[target, sets] = found[:, :-1], found[:, -1]
    entropy = torch.stack([_entropy(joint, points, s) for s in range(2**count)])
    excess[target, sets] = cross_entropy - (entropy[sets + 2**target] - entropy[sets])
    return OrderingFits(joint, points, weight, bias, excess)


def _fit_logistic(
    weight: Tensor, points: Tensor, targets: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor]:
    """Many logistic regressions at once by damped Newton steps.

    Args:
        weight: (n,) of each row.
        points: (n, D) rows.
        targets: (B, n) zeros and ones, a regression's in a row.
        inside: (B, D) zeros and ones: the columns that a regression may use.

    Returns:
        (B, D + 1) coefficients, the constant last, and (B,) cross-entropies in nats.
    """
    ones = torch.ones(len(points), 1, dtype=torch.float64)
    used = torch.cat([inside, torch.ones(len(inside), 1, dtype=torch.float64)], dim=1)
    features = torch.cat([points, ones], dim=1) * used[:, None, :]
    signs = 2 * targets - 1

    def cross_entropy(coefficients: Tensor) -> Tensor:
        logits = (features @ coefficients[..., None]).squeeze(-1)
        return -(weight * F.logsigmoid(signs * logits)).sum(dim=1)

    found = torch.zeros_like(used)
    value = cross_entropy(found)
    for _ in range(MOST_STEPS):
        logits = (features @ found[..., None]).squeeze(-1)
        wrong = torch.sigmoid(-signs * logits)
        slope = (features.mT @ (-weight * signs * wrong)[..., None]).squeeze(-1)
        curvature = features.mT @ ((weight * wrong * (1 - wrong))[..., None] * features)
        size = curvature.diagonal(dim1=1, dim2=2).sum(dim=1)[:, None]
        curvature = curvature + torch.diag_embed(DAMPING * size + (1 - used))
        direction = -torch.linalg.solve(curvature, slope)
        gain = -(slope * direction).sum(dim=1)
        step = (gain > SMALLEST_GAIN).double()
        if not step.any():
            break
        for _ in range(MOST_HALVINGS):
            ahead = cross_entropy(found + step[:, None] * direction)
            too_far = ahead > value - step * gain / 10_000
            if not too_far.any():
                break
            step = torch.where(too_far, step / 2, step)
        found = found + step[:, None] * direction
        value = cross_entropy(found)
    return found, value


def _entropy(joint: Tensor, points: Tensor, variables: int) -> Tensor:
    """Of the marginal distribution of a set of variables, in nats."""
    inside = [j for j in range(points.shape[1]) if variables & 2**j]
    place = points[:, inside].long() @ place_values(len(inside))
    marginal = torch.zeros(2 ** len(inside), dtype=torch.float64).index_add(0, place, joint)
    return -torch.special.xlogy(marginal, marginal).sum()


def _sets_before(ordering: Sequence[int]) -> list[tuple[int, int]]:
    """Each variable of an ordering, with the number of the set of variables before it."""
    found, s = [], 0
    for i in ordering:
        found.append((i, s))
        s += 2**i
    return found
