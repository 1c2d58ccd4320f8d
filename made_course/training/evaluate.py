"""The score of a model: the mean negative log-likelihood of rows."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from ..common.arguments import check_count, skip_value_checks
from ..model.made import MADE
from ..model.sampling import evaluation_mode
from .batches import check_iterable, unwrap_batches
from .processes import ALONE, Processes


def evaluate(
    model: MADE,
    x: Tensor | Iterable[Tensor],
    *,
    ensemble: int | None = None,
    batch_size: int = 1000,
) -> float:
    r"""Return the mean negative log-likelihood (NLL) of rows, in nats. A lower NLL is better.

    .. math::
        -\frac{1}{N}\sum_n \log p(x^{(n)})

    For a density, these are differential nats. To get bits per dimension, divide by D ln 2.
    Dropout and autocast are off. Afterwards, the model's training mode is as before.

    Args:
        model: a MADE, or any module with its methods ``log_prob`` and ``check_data``.
        x: (N, D) values that the model's head allows, or a loader of batches (B, D).
        ensemble: None scores under the masks in use; k scores the mixture of the first k sets of
            masks or, with ``num_masks=None``, of k sets that are drawn from fixed seeds.
        batch_size: rows per forward pass, if ``x`` is a tensor.

    Raises:
        TypeError or ValueError: if there are no rows, ``x`` has a wrong type, shape or value, or
            ``ensemble`` or ``batch_size`` is out of range.

    Example:
        >>> model = MADE(784)
        >>> for p in model.parameters():
        ...     _ = torch.nn.init.zeros_(p)
        >>> round(evaluate(model, torch.ones(5, 784)), 2)  # a coin for each pixel: 784 ln 2
        543.43
    """
    total, rows = sum_nll(model, x, ensemble, batch_size)
    return total / rows


@torch.no_grad()
def sum_nll(
    model: MADE,
    x: Tensor | Iterable[Tensor],
    ensemble: int | None,
    batch_size: int = 1000,
    processes: Processes = ALONE,
) -> tuple[float, int]:
    """Return the NLL summed over all rows, in nats, and the number of rows."""
    check_count("batch_size", batch_size)
    device = next(model.parameters()).device
    is_checked = isinstance(x, Tensor)
    if isinstance(x, Tensor):
        model.check_data(x)
        x = x.split(batch_size)
    check_iterable(x)
    total, rows = 0.0, 0
    with (
        evaluation_mode(model),
        torch.autocast(device.type, enabled=False),
        skip_value_checks(is_checked),
    ):
        for batch in unwrap_batches(x):
            share = processes.take_share(batch).to(device)
            total -= model.log_prob(share, ensemble).cpu().double().sum().item()
            rows += len(batch)
    return processes.sum_over_processes(total), rows
