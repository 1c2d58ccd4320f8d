"""The sets of degrees of a MADE, stored or drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from ..common.arguments import check_choice, check_count
from .masks import DEGREE_DRAWS, DegreeDraw, Ordering, draw_degrees, input_degrees


class MaskSets(nn.Module):
    """K sets of degrees for all layers; the set in use determines the masks.

    The sets and the index of the set in use are integer buffers, so a state dict contains them.
    With ``num_masks=None``, only the set in use is stored, and member k of an ensemble is drawn
    from the seed k. The arguments are those of :class:`made_course.MADE`, where ``kind`` is called
    ``degrees``.

    Example:
        >>> MaskSets(3, [2], ordering=[1, 2, 0], kind="even").degrees()
        [tensor([3, 1, 2]), tensor([1, 2])]
    """

    orders: Tensor
    hidden_degrees: Tensor
    position: Tensor

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int],
        natural_order: bool = True,
        ordering: Ordering | None = None,
        kind: DegreeDraw = "uniform",
        num_masks: int | None = 1,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.hidden_dims = [*hidden_dims]
        self.natural_order, self.has_given_ordering = natural_order, ordering is not None
        self.kind = check_choice("degrees", kind, DEGREE_DRAWS)
        self.num_masks = None if num_masks is None else check_count("num_masks", num_masks)
        self.seed = None if seed is None else check_count("seed", seed, smallest=0)
        rows, small = self.num_masks or 1, torch.int16 if input_dim < 2**15 else torch.int32
        self.register_buffer("orders", torch.zeros(rows, input_dim, dtype=small))
        self.register_buffer("hidden_degrees", torch.zeros(rows, sum(hidden_dims), dtype=small))
        # index of the set in use or, if only one is stored, number of new sets drawn so far
        self.register_buffer("position", torch.tensor(0))
        self.orders[:] = input_degrees(
            range(input_dim) if ordering is None else ordering, input_dim
        )
        for row in range(rows):
            self._store(row, number=row)

    def degrees(self, number: int | None = None) -> list[Tensor]:
        """Return the degrees of the variables and of each hidden layer, as LongTensors.

        ``number`` is the index of a stored set or, with ``num_masks=None``, the seed of a new set.
        None is the set in use.
        """
        if number is not None and self.num_masks is None:
            return self.draw(Generator().manual_seed(number))
        row = int(self.position) % len(self.orders) if number is None else number
        return [self.orders[row].long(), *self.hidden_degrees[row].long().split(self.hidden_dims)]

    def member_degrees(self, count: int) -> list[list[Tensor]]:
        """Return the degrees of the first ``count`` members; raise an error if there are fewer."""
        count = check_count("ensemble", count)
        if self.num_masks is not None and count > self.num_masks:
            raise ValueError(
                f"ensemble must be at most num_masks = {self.num_masks}, got {count}: build the "
                f"model with num_masks={count}, or with None"
            )
        return [self.degrees(number) for number in range(count)]

    def step(self) -> None:
        """Switch to the next of K stored sets, or draw a new set if only one is stored."""
        self.position += 1
        if len(self.orders) > 1:
            self.position %= len(self.orders)
        else:
            self._store(0, number=int(self.position))

    def draw(self, generator: Generator | None) -> list[Tensor]:
        """Return the degrees of a new set. A natural or given ordering is kept."""
        order = self.orders[0].long().cpu()
        if not (self.natural_order or self.has_given_ordering):
            order = torch.randperm(len(order), generator=generator, device="cpu") + 1
        return draw_degrees(order, self.hidden_dims, self.kind, generator)

    @property
    def is_order_agnostic(self) -> bool:
        """Whether every draw has a new ordering, so that training covers all orderings."""
        return self.num_masks is None and not (self.natural_order or self.has_given_ordering)

    @torch.no_grad()
    def _store(self, row: int, number: int) -> None:
        generator = None
        if self.seed is not None:  # one seed per draw, so that a loaded model draws the same sets
            generator = Generator().manual_seed((self.seed + 1_000_003 * number) % 2**63)
        order, *hidden = self.draw(generator)
        self.orders[row].copy_(order)
        self.hidden_degrees[row].copy_(torch.cat([order[:0], *hidden]))
