"""The command that checks a model for leaks: ``python -m made_course.leaks``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import torch
from torch import Generator, Tensor, nn

from ..common.words import join_names, variable_names
from ..model.heads import Bernoulli
from ..model.masks import Ordering, direct_mask, input_degrees
from .dependence import RANDOM_POINTS, Dependence, binary_points, measure_dependence
from .total import MOST_INPUTS

SHOWN = 5
"""Number of leaks that are listed."""
STEP = 0.1
"""Standard deviation of the noise that is added to every weight.

The noise reveals a mask that was applied to the weights only once.
"""
ROUNDING = 1e-6
DRAWS, STD = 16, 0.5
"""Number of draws of random weights, and their standard deviation, in the test for deaf outputs.

One draw is not enough, because a ReLU of one bit is off for both values in three of eight draws.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Check a model for leaks by flips, by slopes and, for at most 2^20 inputs, by Σp.

    ``python -m made_course.leaks module:Class --input-dim 16`` creates ``Class(16)`` from a module
    in this folder or in Python's path. ``model(x)``, with ``x`` in float64, must return one logit
    per binary variable. The model may use any ordering. It is checked in evaluation mode, first
    with its initial weights, and then after a small change of every weight. If it has a method
    ``log_prob``, its result is compared with the logits. If there are more than 1,024 inputs, only
    64 random ones are tried, so a leak that occurs only for other inputs is missed.

    With ``--ordering "[2, 0, 1]"``, the model must keep to this ordering. The variables of a group,
    as in ``"[[1, 2], [0]]"``, must not see one another.

    With ``--context 3``, the command calls ``model(x, context)``, where the context has three
    inputs of zeros and ones, such as a label. Every output should depend on the context.

    The exit status is 0 for an honest model, 2 if the model cannot be checked, and 1 if there is a
    leak, if an output moves with another row or differs between two equal calls, or if it does not
    depend on the context.
    """
    parser = argparse.ArgumentParser(prog="python -m made_course.leaks", description=main.__doc__)
    parser.add_argument("model", metavar="module:Class", help="or a function that returns a model")
    parser.add_argument("--input-dim", type=int, required=True, help="number of variables D")
    parser.add_argument(
        "--ordering",
        type=json.loads,
        help="ordering that the model must keep to, such as [1, 2, 0]",
    )
    parser.add_argument("--context", type=int, default=0, help="number of context inputs")
    given = parser.parse_args(arguments)
    module, _, name = given.model.partition(":")
    if not name:
        parser.error(f"got {given.model}: write module:Class, such as made_course:MADE")
    try:
        model = getattr(import_module(module), name)(given.input_dim).cpu().double().eval()
        checked = CheckedModel(model, given.input_dim, given.context, given.ordering)
        as_made = _report("with its initial weights", checked)
        checked(binary_points(checked.input_dim).double())  # may mask the weights once and for all
        _perturb_weights(model)
        changed = _report("after a small change of every weight, such as training makes", checked)
        sees_context = _report_deaf_outputs(checked)
    except Exception as error:  # the model's code may raise any exception
        parser.error(f"{given.model} cannot be checked: {type(error).__name__}: {error}")
    sys.exit(0 if as_made and changed and sees_context else 1)


class CheckedModel(nn.Module):
    """A wrapper around the model to check, with the context and the variables in one row.

    The wrapped model maps rows (B, D) and, if C > 0, a context (B, C) to logits (B, D). The C
    inputs of the context act as variables of degree 0. Without an ordering, any is allowed.
    """

    def __init__(
        self, model: nn.Module, input_dim: int, context: int, ordering: Ordering | None
    ) -> None:
        super().__init__()
        self.model, self.input_dim, self.context = model, context + input_dim, context
        self.has_log_prob = hasattr(model, "log_prob") and not context
        self.names = ["context"] * context + variable_names(input_dim)
        self.order = None
        if ordering is not None:
            degrees = input_degrees(ordering, input_dim)
            self.order = torch.cat([torch.zeros(context, dtype=torch.long), degrees])

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, C + D) for rows (B, C + D); the logits of the context are 0."""
        if not self.context:
            return self.model(x)
        context, x = x[:, : self.context], x[:, self.context :]
        return torch.cat([torch.zeros_like(context), self.model(x, context)], dim=1)

    def log_prob_from_logits(self, x: Tensor) -> Tensor:
        """Return log p (B,), in nats, of rows (B, C + D); the context counts as fair coins."""
        return Bernoulli().log_prob(self(x).double()[..., None], x).sum(1)


def _report(stage: str, checked: CheckedModel) -> bool:
    """Print the results of all tests, and return True if the model is honest."""
    points = binary_points(checked.input_dim)
    is_all = len(points) == 2**checked.input_dim
    print(f"{type(checked.model).__name__}, {stage}")
    print(f"  points     {'all' if is_all else f'{len(points)} random'} of 2^{checked.input_dim}")
    found = measure_dependence(checked, points)
    is_honest = _report_leaks(checked, found)
    if found.rows_mix:
        print("  rows       MIX: outputs of one row move when another row is changed")
    if not found.deterministic:
        print("  calls      DIFFER: two equal calls return different outputs")
    is_honest = is_honest and found.deterministic and not found.rows_mix
    print(f"  slopes     {_compare_slopes(found)}")
    if checked.has_log_prob:
        apart, tolerance = _compare_log_prob(checked, points.double())
        if apart > tolerance:
            print(f"  log_prob   DOES NOT match the logits: up to {apart:.2g} nats apart")
            is_honest = False
    if 2**checked.input_dim > MOST_INPUTS:
        print(f"  Σp         2^{checked.input_dim} inputs are too many to add up")
        return is_honest
    total, tolerance = _sum_probabilities(checked)
    is_one = abs(total - 1) < tolerance
    print(f"  Σp         {total:.6f}{'' if is_one else ': NOT ONE'}")
    return is_honest and is_one


def _report_leaks(checked: CheckedModel, found: Dependence) -> bool:
    """Print the leaks that flips find, and return True if there are none."""
    seen, names = found.by_flip, checked.names
    reached = _transitive_closure(seen)
    if checked.order is None:
        leaks = (seen & reached.T).nonzero().tolist()
        why = "that see one another in a cycle, which no ordering allows"
    else:
        leaks = (seen & ~direct_mask(checked.order)).nonzero().tolist()
        why = "that the ordering does not allow"
    leaks.sort(key=lambda pair: pair[0] != pair[1])
    if leaks:
        print(f"  flips      LEAK: pairs {why}: {len(leaks)}")
        for i, j in leaks[:SHOWN]:
            move = f"{found.largest_move[i, j]:.2g}"
            print(f"             output {names[i]} moves by {move} when {names[j]} is flipped")
        return False
    first_to_last = reached.sum(1).argsort(stable=True)  # because later variables see more
    variables = [names[i] for i in first_to_last.tolist() if i >= checked.context]
    ordering = ", ".join(variables[:SHOWN]) + ", ..." * (len(variables) > SHOWN)
    print(f"  flips      no leak: each output sees only earlier variables, in order {ordering}")
    return True


def _transitive_closure(seen: Tensor) -> Tensor:
    """Return the transitive closure of ``seen`` (D, D), including inputs seen via other outputs.

    Example:
        >>> seen = torch.eye(3).roll(1, 0).bool().tril()  # x2 sees x1, and x3 sees x2
        >>> _transitive_closure(seen).int()
        tensor([[0, 0, 0],
                [1, 0, 0],
                [1, 1, 0]], dtype=torch.int32)
    """
    reached = seen
    for _ in range(len(seen).bit_length()):
        reached = reached | ((reached.float() @ reached.float()) > 0)
    return reached


def _compare_slopes(found: Dependence) -> str:
    if found.by_gradient is None:
        return "cannot be measured, because the outputs have no gradients"
    more, fewer = found.by_gradient & ~found.by_flip, found.by_flip & ~found.by_gradient
    if not more.any() and not fewer.any():
        return "find the same pairs"
    message = f"find {int(more.sum())} more pairs and miss {int(fewer.sum())}: trust the flips"
    doubt = ",\n             unless a small number hides a dependence that training may enlarge"
    return message + doubt if more.any() else message


@torch.no_grad()
def _compare_log_prob(checked: CheckedModel, x: Tensor) -> tuple[float, float]:
    """Return the largest error of log_prob in nats, compared with the logits, and its tolerance."""
    own, by_logits = checked.model.log_prob(x), checked.log_prob_from_logits(x)
    size = checked.input_dim + by_logits.abs().max().item()
    return (own - by_logits).abs().max().item(), size * torch.finfo(own.dtype).eps


@torch.no_grad()
def _sum_probabilities(checked: CheckedModel) -> tuple[float, float]:
    """Return Σp, by the model's own ``log_prob`` if it has one, and a tolerance for rounding."""
    log_prob = checked.model.log_prob if checked.has_log_prob else checked.log_prob_from_logits
    total, bits = 0.0, torch.arange(checked.input_dim)
    for numbers in torch.arange(2**checked.input_dim).split(4096):
        log_p = log_prob((numbers[:, None] >> bits & 1).double())
        total += log_p.double().exp().sum().item()
    return total, max(ROUNDING, checked.input_dim * torch.finfo(log_p.dtype).eps)


@torch.no_grad()
def _perturb_weights(model: nn.Module) -> None:
    generator = Generator().manual_seed(0)
    for p in model.parameters():
        p += STEP * torch.randn(p.shape, generator=generator, dtype=p.dtype)


def _report_deaf_outputs(checked: CheckedModel) -> bool:
    """Print deaf outputs, and return False if there is a context and an output ignores it."""
    deaf = [checked.names[i] for i in _find_deaf_outputs(checked)]
    if checked.context:
        for name in deaf[:SHOWN]:
            print(f"DEAF: {name} does not depend on the context, whatever the weights")
        return not deaf
    if checked.order is None and len(deaf) > 1:
        print(f"Notice: {join_names(deaf, SHOWN)} depend on nothing, whatever the weights")
    return True


@torch.no_grad()
def _find_deaf_outputs(checked: CheckedModel) -> list[int]:
    """Return the indices of outputs that ignore the context (or the whole row, if C is 0).

    An output may ignore an input because a unit is off in all rows, or a weight is zero. So random
    weights are tried; they cannot restore a connection that a mask cuts.
    """
    generator = Generator().manual_seed(0)
    deaf = torch.arange(checked.input_dim) >= checked.context
    changed = checked.context or checked.input_dim
    for _ in range(DRAWS):
        x = torch.randint(2, (RANDOM_POINTS, checked.input_dim), generator=generator).double()
        other = torch.cat([x.roll(1, 0)[:, :changed], x[:, changed:]], dim=1)
        deaf &= (checked(x) == checked(other)).all(0)
        for p in checked.parameters():
            p.normal_(std=STD, generator=generator)
    return deaf.nonzero().flatten().tolist()


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):  # end quietly if the output goes to a pipe that is closed
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main()
