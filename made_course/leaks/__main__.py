"""The command that checks anyone's model for leaks, by :mod:`made_course.leaks.dependence`."""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Sequence
from importlib import import_module

import numpy as np
import torch
from torch import Generator, Tensor, nn

from ..common.words import listing, variable_names
from ..model.heads import Bernoulli
from ..model.masks import Ordering, direct_mask, input_degrees
from .dependence import RANDOM_POINTS, Dependence, binary_points, measure_dependence
from .total import MOST_INPUTS

SHOWN = 5
"""Leaks that are listed."""
STEP = 0.1
"""How far every weight is moved, as by training: a mask that was multiplied in once gives way."""
ROUNDING = 1e-6
SINGLE = 62
"""So many variables are 1 alone, one after another."""
LOOKS, LOUD = 16, 0.5
"""Weights are drawn anew so often, and of this size, before an output is called deaf.

A ReLU that hears one bit is off for both of its values in three draws of eight.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Check a model from the command line: flips, slopes, and Σp where all inputs can be tried.

    ``python -m made_course.leaks module:Class --input-dim 16`` makes ``Class(16)`` of a module that
    Python finds from here. Its ``model(x)`` must be one logit for each binary variable, in any
    ordering. ``x`` is float64, so a model of whole numbers begins with ``x.long()``. It is looked
    at as it is made, and once more with every weight moved a little; both times in evaluation and
    in training mode, and its ``log_prob``, where it has one, is compared with its logits.

    All inputs are tried, where they are at most 1,024; otherwise random ones, zeros alone, ones
    alone, a single one, and rows of yours: ``--rows rows.npy``. A leak that needs others is missed.

    Where variables are drawn in groups, say so: ``--ordering "[[1, 2], [0]]"``. If one variable of
    a group sees another, and that one sees nothing of it, Σp is 1 all the same.

    Where something else is given, such as a label, say how many inputs of zeros and ones it has:
    with ``--context 3`` it calls ``model(x, context)``, and each output should hear the context.
    Σp is then a mean over contexts.

    Exits with status 0 if it is honest, 1 on a leak or if an output is deaf to the context, 2 if it
    cannot be measured. Without a context, an output that hears none of the variables before it is
    noticed: narrow layers of random degrees have such, and the model is poorer for it, but honest.
    """
    parser = argparse.ArgumentParser(prog="python -m made_course.leaks", description=main.__doc__)
    parser.add_argument("model", metavar="module:Class", help="or a function that makes a model")
    parser.add_argument("--input-dim", type=int, required=True, help="number of variables D")
    parser.add_argument(
        "--ordering", type=json.loads, help="what it must keep to: [1, 2, 0], or [[1, 2], [0]]"
    )
    parser.add_argument("--context", type=int, default=0, help="number of inputs of the context")
    parser.add_argument("--rows", help="a file by np.save of rows to look at, too")
    given = parser.parse_args(arguments)
    module, _, name = given.model.partition(":")
    if not name:
        parser.error(f"got {given.model}: write module:Class, such as made_course:MADE")
    try:
        model = getattr(import_module(module), name)(given.input_dim)
        model = copy.deepcopy(model).cpu().double().eval()
        asked = _Asked(model, given.input_dim, given.context, given.ordering)
        points = _points(asked.input_dim, given.rows)
        as_made = _report("as it is made", asked, *points)
        _move(model)
        moved = _report("every weight moved a little, as by training", asked, *points)
        all_hear = _report_deaf(asked)
    except Exception as error:  # whatever the code of others raises is told, not traced
        parser.error(f"{given.model} cannot be measured: {type(error).__name__}: {error}")
    for left in _left_behind(model):
        print(f"Note: {left} is no buffer: it stays on the processor where the model moves.")
    sys.exit(0 if as_made and moved and all_hear else 1)


class _Asked(nn.Module):
    """A model, and what it is asked: its context are coins, which are variables of degree 0."""

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
        if not self.context:
            return self.model(x)
        coins, x = x[:, : self.context], x[:, self.context :]
        return torch.cat([torch.zeros_like(coins), self.model(x, coins)], dim=1)


def _points(input_dim: int, rows: str | None) -> tuple[Tensor, str]:
    """Inputs to look at, and what they are."""
    points = [binary_points(input_dim)]
    said = f"all 2^{input_dim} inputs"
    if len(points[0]) < 2**input_dim:
        single = torch.eye(input_dim)[
            torch.linspace(0, input_dim - 1, min(input_dim, SINGLE)).long()
        ]
        points += [torch.zeros(1, input_dim), torch.ones(1, input_dim), single]
        said = "random ones, zeros, ones, a single one"
    if rows is not None:
        points.append(torch.from_numpy(np.load(rows)).float())
        said += f", {len(points[-1])} rows of yours"
    x = torch.cat(points)
    return x, said if said.startswith("all") else f"{len(x)} of 2^{input_dim} inputs: {said}"


def _report(when: str, asked: _Asked, points: Tensor, which: str) -> bool:
    """Print what was found; whether it is honest."""
    print(f"{type(asked.model).__name__}, {when}\n  points     {which}")
    found = measure_dependence(asked, points)
    seen, moves, unless = _with_training(asked, points, found)
    is_honest = _report_leaks(asked, seen, moves, seen & ~found.by_flip)
    if unless:
        print(f"  training   not measured: {unless}")
    print(f"  slopes     {_by_slope(found)}")
    if asked.has_log_prob:
        apart, may_be = _apart(asked, points)
        if apart > may_be:
            print(f"  log_prob   NOT what the logits say: up to {apart:.2g} nats apart")
            is_honest = False
    added = _total(asked)
    if added is None:
        print(f"  Σp         2^{asked.input_dim} inputs are too many to add up")
        return is_honest
    total, rounding = added
    is_one = abs(total - 1) < rounding
    print(
        f"  Σp         {total:.6f} over 2^{asked.input_dim} inputs{'' if is_one else ': NOT ONE'}"
    )
    return is_honest and is_one


def _with_training(
    asked: _Asked, points: Tensor, found: Dependence
) -> tuple[Tensor, Tensor, str | None]:
    """Pairs that are seen in one of the modes, how far they move, and why one was not measured."""

    def alike(x: Tensor) -> Tensor:  # dropout leaves out the same units each time
        torch.manual_seed(0)
        return asked(x)

    asked.train()
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            in_training = alike(points.double())
            if in_training.equal(asked.eval()(points.double())):  # it has one mode
                return found.by_flip, found.largest_move, None
            asked.train()
            training = measure_dependence(alike, points.double())
    except ValueError as error:
        return found.by_flip, found.largest_move, str(error).partition(": ")[0]
    finally:
        asked.eval()
    moves = found.largest_move.where(found.by_flip, training.largest_move)
    return found.by_flip | training.by_flip, moves, None


def _report_leaks(asked: _Asked, seen: Tensor, moves: Tensor, in_training: Tensor) -> bool:
    """Print which outputs see what they may not; whether there are none."""
    reached, names = _reached(seen), asked.names
    if asked.order is None:
        leaks = (seen & reached.T).nonzero().tolist()
        why = "that see in a circle, which no ordering allows"
    else:
        leaks = (seen & ~direct_mask(asked.order)).nonzero().tolist()
        why = "that the ordering does not allow"
    leaks.sort(key=lambda pair: pair[0] != pair[1])
    if leaks:
        print(f"  flips      LEAK: pairs {why}: {len(leaks)}")
        for i, j in leaks[:SHOWN]:
            print(
                f"             output {names[i]} moves by {moves[i, j]:.2g} when {names[j]} is "
                f"flipped{', in training mode alone' * in_training[i, j]}"
            )
        return False
    sequence = reached.sum(1).argsort(stable=True)  # whoever sees another sees more
    sequence = sequence[sequence >= asked.context].tolist()
    first = ", ".join(names[i] for i in sequence[:SHOWN]) + ", ..." * (len(sequence) > SHOWN)
    print(f"  flips      no leak: each output sees earlier variables alone, in order {first}")
    return True


@torch.no_grad()
def _apart(asked: _Asked, points: Tensor) -> tuple[float, float]:
    """How far ``log_prob`` is from what the logits say, and how far rounding may bring it."""
    x = points.double()
    said = asked.model.log_prob(x)
    by_logits = _by_logits(asked, x)
    size = asked.input_dim + by_logits.abs().max().item()
    return (said - by_logits).abs().max().item(), size * torch.finfo(said.dtype).eps


def _by_logits(asked: _Asked, x: Tensor) -> Tensor:
    return Bernoulli().log_prob(asked(x).double()[..., None], x).sum(1)


def _report_deaf(asked: _Asked) -> bool:
    """Print which outputs hear nothing; whether each hears the context."""
    deaf, names = _deaf(asked), asked.names
    if asked.context:
        for i in deaf[:SHOWN]:
            print(f"DEAF: {names[i]} hears nothing of the context, whatever the weights")
        return not deaf
    if asked.order is None and len(deaf) > 1:
        said = listing([names[i] for i in deaf], SHOWN)
        print(f"Notice: {said} hear nothing, whatever the weights: only what is drawn first may")
    if asked.order is not None:
        before = direct_mask(asked.order).sum(1).tolist()
        for i in [i for i in deaf if before[i]][:SHOWN]:
            may = f"{before[i]} input{'s' * (before[i] > 1)} that it may hear"
            print(f"Notice: {names[i]} hears nothing of {may}, whatever the weights")
    return True


@torch.no_grad()
def _deaf(asked: _Asked) -> list[int]:
    """Outputs that never move when the context, or all if there is none, is another row's.

    A unit may be off in all rows, and the weights of a border pixel may have died: other weights
    wake them, and never what a mask cuts off.
    """
    generator = Generator().manual_seed(0)
    deaf = torch.arange(asked.input_dim) >= asked.context
    heard = asked.context or asked.input_dim
    for _ in range(LOOKS):
        x = torch.randint(2, (RANDOM_POINTS, asked.input_dim), generator=generator).double()
        other = torch.cat([x.roll(1, 0)[:, :heard], x[:, heard:]], dim=1)
        deaf &= (asked(x) == asked(other)).all(0)
        for p in asked.parameters():
            p.normal_(std=LOUD, generator=generator)
    return deaf.nonzero().flatten().tolist()


def _reached(seen: Tensor) -> Tensor:
    """What each output sees, be it by way of others.

    Example:
        >>> _reached(torch.eye(3).roll(1, 0).bool().tril()).int()  # x2 sees x1, and x3 sees x2
        tensor([[0, 0, 0],
                [1, 0, 0],
                [1, 1, 0]], dtype=torch.int32)
    """
    reached = seen
    for _ in range(len(seen).bit_length()):
        reached = reached | ((reached.float() @ reached.float()) > 0)
    return reached


def _by_slope(found: Dependence) -> str:
    if found.by_gradient is None:
        return "there are none: the model cuts its inputs into whole numbers"
    more, fewer = found.by_gradient & ~found.by_flip, found.by_flip & ~found.by_gradient
    if not more.any() and not fewer.any():
        return "say the same"
    said = f"{int(more.sum())} more pairs, {int(fewer.sum())} fewer; where they differ, trust flips"
    unless = "unless a small number cuts the path, and not zero: training may enlarge it"
    return f"{said},\n             {unless}" if more.any() else said


@torch.no_grad()
def _total(asked: _Asked) -> tuple[float, float] | None:
    """Σp, by the model's own ``log_prob`` where it has one, and how far rounding may bring it."""
    if 2**asked.input_dim > MOST_INPUTS:
        return None
    total, places = 0.0, torch.arange(asked.input_dim)
    for numbers in torch.arange(2**asked.input_dim).split(4096):
        x = (numbers[:, None] >> places & 1).double()
        log_p = asked.model.log_prob(x) if asked.has_log_prob else _by_logits(asked, x)
        total += log_p.double().exp().sum().item()
    return total, max(ROUNDING, asked.input_dim * torch.finfo(log_p.dtype).eps)


@torch.no_grad()
def _move(model: nn.Module) -> None:
    generator = Generator().manual_seed(0)
    for p in model.parameters():
        p += STEP * torch.randn(p.shape, generator=generator, dtype=p.dtype)


def _left_behind(model: nn.Module) -> list[str]:
    """Tensors that are neither parameters nor buffers, so that ``to`` does not know of them."""
    return [
        ".".join(filter(None, (path, name)))
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if isinstance(value, Tensor)
    ]


if __name__ == "__main__":
    main()
