"""Which degrees are in use: drawn once, K sets of them stored, or drawn anew without end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import check_choice, check_count
from .masks import (
    DEGREE_DRAWS,
    DegreeDraw,
    Ordering,
    draw_degrees,
    input_degrees,
    ordering_of,
)


class MaskSets(nn.Module):
    """Degrees of every layer, from which all masks follow; one set of them is in use.

    Kept in the state dict as small integers, one row for each stored set.

    Args:
        input_dim: number of variables D.
        hidden_dims: width of each hidden layer.
        natural_order, ordering, kind, num_masks, seed: as those of :class:`made_course.MADE`,
            where ``kind`` is called ``degrees``.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> MaskSets(3, [2], ordering=[1, 2, 0], kind="even").draw().degrees
        [tensor([3, 1, 2]), tensor([1, 2])]
    """

    orders: Tensor
    hidden_degrees: Tensor
    position: Tensor

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int],
        *,
        natural_order: bool = True,
        ordering: Ordering | None = None,
        kind: DegreeDraw = "uniform",
        num_masks: int | None = 1,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.input_dim, self.hidden_dims = input_dim, [*hidden_dims]
        self.natural_order, self.has_given_ordering = natural_order, ordering is not None
        self.kind = check_choice("degrees", kind, DEGREE_DRAWS)
        self.num_masks = None if num_masks is None else check_count("num_masks", num_masks)
        self.seed = None if seed is None else check_count("seed", seed, smallest=0)
        rows, small = self.num_masks or 1, torch.int16 if input_dim < 2**15 else torch.int32
        self.register_buffer("orders", torch.zeros(rows, input_dim, dtype=small))
        self.register_buffer("hidden_degrees", torch.zeros(rows, sum(hidden_dims), dtype=small))
        # which of the K sets is in use; where there are not several, the number of the draw
        self.register_buffer("position", torch.tensor(0))
        if ordering is not None:
            self.orders.copy_(input_degrees(ordering, input_dim))
        self.register_load_state_dict_pre_hook(_check_state)

    def draw(self) -> MaskSets:
        """Draw all stored sets."""
        for row in range(len(self.orders)):
            self._store(row, number=row)
        return self

    @property
    def degrees(self) -> list[Tensor]:
        """LongTensors: degrees in use, of the variables and of each hidden layer, from below."""
        return self._stored(int(self.position) if self.are_several else 0)

    @property
    def arguments(self) -> dict[str, Any]:
        """What it was made with, as :class:`made_course.MADE` names it: for files."""
        return {
            "natural_order": self.natural_order,
            "ordering": ordering_of(self.orders[0]) if self.has_given_ordering else None,
            "degrees": self.kind,
            "num_masks": self.num_masks,
            "seed": self.seed,
        }

    @property
    def are_several(self) -> bool:
        """Whether there are K > 1 stored sets."""
        return self.num_masks is not None and self.num_masks > 1

    @property
    def are_of_any_ordering(self) -> bool:
        """Whether orderings are drawn without end, so that weights learn to serve any."""
        return self.num_masks is None and not self.natural_order and not self.has_given_ordering

    def member(self, number: int) -> list[Tensor]:
        """LongTensors: degrees of one member of the ensemble, counted from 0.

        They are those of a stored set; with ``num_masks=None`` those of a fixed seed, so that
        member 3 is the same in every call and, with one release of PyTorch, in every run.

        Raises:
            TypeError, ValueError: if ``number`` is no whole number of at least 0, or there are not
                as many sets.
        """
        number = check_count("number", number, smallest=0)
        if self.num_masks is None:
            return self.drawn(Generator().manual_seed(number))
        if number >= self.num_masks:
            raise ValueError(
                f"there are {self.num_masks} sets of masks, counted from 0: got number {number}"
            )
        return self._stored(number)

    def members(self, ensemble: int) -> list[list[Tensor]]:
        """For each of the first members of the ensemble its degrees, as :meth:`member` has them.

        Raises:
            TypeError, ValueError: if ``ensemble`` is no whole number of at least 1, or there are
                not as many sets.
        """
        ensemble = check_count("ensemble", ensemble)
        if self.num_masks is not None and ensemble > self.num_masks:
            raise ValueError(
                f"ensemble must be at most num_masks = {self.num_masks}, got {ensemble}: build the "
                f"model with num_masks={ensemble}, or with None"
            )
        return [self.member(number) for number in range(ensemble)]

    def step(self) -> None:
        """Go on to the next of the stored sets, or else draw a new one."""
        self.position += 1
        if self.are_several:
            self.position %= len(self.orders)
        else:
            self._store(0, number=int(self.position))

    def drawn(self, generator: Generator | None) -> list[Tensor]:
        """LongTensors: degrees of a new set; an ordering that is natural or given stays."""
        if self.has_given_ordering:
            order = self.orders[0].long().cpu()
        elif self.natural_order:
            order = torch.arange(1, self.input_dim + 1, device="cpu")
        else:
            order = torch.randperm(self.input_dim, generator=generator, device="cpu") + 1
        return draw_degrees(order, self.hidden_dims, self.kind, generator)

    def _stored(self, row: int) -> list[Tensor]:
        return [
            self.orders[row].long(),
            *self.hidden_degrees[row].long().split(self.hidden_dims),
        ]

    @torch.no_grad()
    def _store(self, row: int, number: int) -> None:
        generator = None
        if self.seed is not None:  # each draw has a seed of its own, so that a copy goes on alike
            generator = Generator().manual_seed((self.seed + 1_000_003 * number) % 2**63)
        order, *hidden = self.drawn(generator)
        self.orders[row].copy_(order)
        if hidden:
            self.hidden_degrees[row].copy_(torch.cat(hidden))


def _check_state(sets: MaskSets, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Refuse the state dict of another number of sets, before anything is copied."""
    stored = len(state.get(f"{prefix}orders", sets.orders))
    if stored != len(sets.orders):
        said = stored if stored > 1 else "1 or None"
        raise ValueError(
            f"the state dict is that of a model with num_masks={said}, and this one has "
            f"num_masks={sets.num_masks}: build it with as many"
        )
