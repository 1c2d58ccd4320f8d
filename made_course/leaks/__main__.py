"""The command that checks anyone's model for leaks, by :mod:`made_course.leaks.dependence`."""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Sequence
from importlib import import_module

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
LOOKS, LOUD = 16, 0.5
"""Weights are drawn anew so often, and of this size, before an output is called deaf.

A ReLU that hears one bit is off for both of its values in three draws of eight.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Check a model from the command line: flips, slopes, and Σp where all inputs can be tried.

    ``python -m made_course.leaks module:Class --input-dim 16`` makes ``Class(16)`` of a module that
    Python finds from here. Its ``model(x)`` must be one logit for each binary variable, in any
    ordering. ``x`` is float64, so a model of whole numbers begins with ``x.long()``. It is looked
    at as it is made, and once more with every weight moved a little.

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
    given = parser.parse_args(arguments)
    module, _, name = given.model.partition(":")
    if not name:
        parser.error(f"got {given.model}: write module:Class, such as made_course:MADE")
    try:
        model = getattr(import_module(module), name)(given.input_dim)
        model = copy.deepcopy(model).cpu().double().eval()
        asked = _Asked(model, given.input_dim, given.context, given.ordering)
        as_made = _report("as it is made", asked)
        _move(model)
        moved = _report("every weight moved a little, as by training", asked)
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


def _report(when: str, asked: _Asked) -> bool:
    """Print what was found; whether it is honest."""
    print(f"{type(asked.model).__name__}, {when}")
    found, names = measure_dependence(asked, binary_points(asked.input_dim)), asked.names
    reached = _reached(found.by_flip)
    if asked.order is None:
        leaks = (found.by_flip & reached.T).nonzero().tolist()
        why = "that see in a circle, which no ordering allows"
    else:
        leaks = (found.by_flip & ~direct_mask(asked.order)).nonzero().tolist()
        why = "that the ordering does not allow"
    leaks.sort(key=lambda pair: pair[0] != pair[1])
    is_honest = not leaks
    if is_honest:
        sequence = reached.sum(1).argsort(stable=True)  # whoever sees another sees more
        sequence = sequence[sequence >= asked.context].tolist()
        first = ", ".join(names[i] for i in sequence[:SHOWN]) + ", ..." * (len(sequence) > SHOWN)
        print(f"  flips      no leak: each output sees earlier variables alone, in order {first}")
    else:
        print(f"  flips      LEAK: pairs {why}: {len(leaks)}")
        for i, j in leaks[:SHOWN]:
            move = found.largest_move[i, j].item()
            print(f"             output {names[i]} moves by {move:.2g} when {names[j]} is flipped")
    print(f"  slopes     {_by_slope(found)}")
    total = _total(asked)
    if total is None:
        print(f"  Σp         2^{asked.input_dim} inputs are too many to add up")
        return is_honest
    is_one = abs(total - 1) < ROUNDING
    print(
        f"  Σp         {total:.6f} over 2^{asked.input_dim} inputs{'' if is_one else ': NOT ONE'}"
    )
    return is_honest and is_one


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
def _total(asked: _Asked) -> float | None:
    """Σp, by the model's own ``log_prob`` where it has one, else by its logits."""
    if 2**asked.input_dim > MOST_INPUTS:
        return None
    total, places = 0.0, torch.arange(asked.input_dim)
    for numbers in torch.arange(2**asked.input_dim).split(4096):
        x = (numbers[:, None] >> places & 1).double()
        if hasattr(asked.model, "log_prob") and not asked.context:
            log_p = asked.model.log_prob(x)
        else:
            log_p = Bernoulli().log_prob(asked(x)[..., None], x).sum(1)
        total += log_p.exp().sum().item()
    return total


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
