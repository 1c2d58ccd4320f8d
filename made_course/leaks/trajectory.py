"""The outputs of a network at every step of generating a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..model.heads import Head


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A row of D binary variables, generated in K steps, and the network's outputs at every step.

    Attributes:
        x: (D,) zeros and ones, the row.
        order: (D,) LongTensor, the step, counted from 1, at which each variable is decided.
        outputs: (K + 1, D) float16 probabilities; row t has the outputs for an input that holds the
            variables decided up to step t, and zeros for all others.
        probabilities: (D,) p(xᵢ = 1 | variables before xᵢ).
        log_likelihood: (K + 1,) float64; entry t is the log-probability, in nats, of the variables
            decided up to step t.
    """

    x: Tensor
    order: Tensor
    outputs: Tensor
    probabilities: Tensor
    log_likelihood: Tensor

    def is_undecided(self, step: int) -> Tensor:
        """Return a BoolTensor (D,), True for the variables that are decided at later steps."""
        return self.order > step

    def outputs_at(self, step: int) -> Tensor:
        """Return the outputs (D,) that decided the variables of a step. Step 0 counts as step 1."""
        outputs = self.outputs[max(step - 1, 0)].to(self.probabilities.dtype)
        return torch.where(self.is_not_conditional(step), outputs, self.probabilities)

    def is_not_conditional(self, step: int) -> Tensor:
        """Return a BoolTensor (D,), True where ``outputs_at(step)`` is not yet a conditional.

        Such an output was computed with zeros for some variables on which it depends. All other
        outputs are conditionals, and no later variable changes them.
        """
        return self.is_undecided(max(step, 1))


@torch.no_grad()
def trajectory(
    forward: Callable[[Tensor], Tensor], x: Tensor, order: Tensor, head: Head
) -> Trajectory:
    """Compute a network's outputs at every step of generating a row, in one batch of K + 1 rows.

    ``forward`` maps inputs (n, D) to logits (n, D), and logit i depends only on variables before i.
    The row ``x`` (D,) is a sample or any other row, and ``order`` (D,) has degrees from 1 to K. The
    head is ``Bernoulli()``.

    Example:
        >>> from made_course.model.heads import Bernoulli
        >>> def chain(x):  # p(x1 = 1) = 1/2, then x2 copies x1
        ...     return torch.stack([torch.zeros(len(x)), 100 * x[:, 0] - 50], dim=1)
        >>> found = trajectory(chain, torch.ones(2), torch.tensor([1, 2]), Bernoulli())
        >>> found.outputs  # x2's output is not a conditional before x1 has been read
        tensor([[0.5000, 0.0000],
                [0.5000, 1.0000],
                [0.5000, 1.0000]], dtype=torch.float16)
        >>> found.log_likelihood
        tensor([ 0.0000, -0.6931, -0.6931], dtype=torch.float64)
        >>> found.is_undecided(1), found.probabilities
        (tensor([False,  True]), tensor([0.5000, 1.0000]))
    """
    steps = torch.arange(int(order.max()) + 1, device=x.device)
    logits = forward(x * (order <= steps[:, None]))
    outputs = torch.sigmoid(logits)
    log_p = head.log_prob(logits[-1, :, None], x).double()
    log_p_of_steps = log_p.new_zeros(len(steps)).index_add(0, order, log_p)
    return Trajectory(
        x=x,
        order=order,
        outputs=outputs.half(),
        probabilities=outputs[-1],
        log_likelihood=log_p_of_steps.cumsum(0),
    )
