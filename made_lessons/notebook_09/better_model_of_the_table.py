"""9.4, which is open: a better model of a table."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor, nn

from made_course.data.tables import example_table, load_table
from made_course.model.made import MADE
from made_course.training.fit import fit

from ..checking.exercise import Wrong, exercise
from ..checking.trained_models import causes, honest_nll, in_a_line, judge_nll, points_of_chance

NATS_TO_BEAT = """
14.21 18.16 8.57 4.51 12.21 10.40 12.36 12.73 11.10 13.00 10.41 17.25 10.81 9.55 12.06 19.75
6.93 4.83 14.26 9.72 8.60 12.19 10.70 5.18 4.51 7.40 4.54 4.54 6.32 13.71 8.24 17.83 6.26 6.38
6.81 12.73 8.86 4.54 10.65 13.10 9.03 10.17 10.07 4.45 11.38 4.83 14.95 12.38 13.18 5.41 8.33
13.06 6.60 5.99 5.42 12.74 7.07 12.37 14.92 10.94 13.49 5.06 15.56 7.22 7.96 8.30 6.49 4.53 6.93
6.32 16.54 10.11 14.42 13.30 8.44 8.35 19.41 9.13 13.42 12.32 4.95 12.03 15.19 16.96 7.62 16.08
5.71 13.38 22.73 7.60 12.61 10.15 6.38 8.09 5.71 10.92 4.56 7.75 22.25 11.87
"""
"""Nats of each member that the exercise keeps under section 7's MADE: the mean of five, seeds 0 to
4, that learned from 285 of the 335 permitted rows and were stopped by the other 50."""
INDEPENDENT = 22.2
BANDS = (
    (10.0, "That is better than anything that was tried when this course was made."),
    (10.2, "That is what a good idea and some patience bring."),
    (math.inf, "It is beaten. What would go further?"),
)


_CAUSES = causes("row", "column", 33)


def _examine_challenger(model: object) -> str:
    kept = _kept_rows()
    return _judge(honest_nll(model, kept, points_of_chance(kept, 20), _CAUSES))


def _judge(nll: Tensor) -> str:
    """Say how good the NLL of the kept members is, against section 7 member by member."""
    to_beat = torch.tensor([float(nats) for nats in NATS_TO_BEAT.split()])
    kept = f"the {len(nll)} members that this exercise keeps"
    said = judge_nll(
        nll.mean().item(),
        kept=kept,
        to_beat=round(to_beat.mean().item(), 2),
        independent=INDEPENDENT,
        bands=BANDS,
        causes=_CAUSES,
    )
    better = to_beat - nll
    gain, error = better.mean().item(), better.std().item() / math.sqrt(len(nll))
    if gain <= 2 * error:
        raise Wrong(
            f"the model is honest and {gain:.2f} nats better than section 7's, but the standard "
            f"error of this difference, member by member, is {error:.2f}: luck alone may bring up "
            "to two of these",
            tried=kept,
            expected=f"more than {2 * error:.2f} nats less than {to_beat.mean():.2f}",
            came=f"{nll.mean():.2f} nats",
        )
    return f"{said} Member by member it is {gain:.2f} ± {error:.2f} nats below section 7's model."


@cache
def _kept_rows() -> Tensor:
    return torch.cat([*load_table(example_table().with_name("votes_kept.csv"))])


@exercise(
    "9.4",
    "A better model of the table",
    stars=3,
    is_open=True,
    doubtful=9.0,
    examine=_examine_challenger,
    is_value=True,
    hints=(
        "All 335 rows may be learned from: the exercise keeps 100 others. Dropout and direct "
        "connections help a little. What could be averaged?",
        "Notebook 7: within one ordering a mean of logits is an honest model. Train several, each "
        "stopped by another part of the rows; give all the same ordering.",
        "A module whose forward(x) is torch.stack([m(x) for m in members]).mean(0), and whose "
        "log_prob(x) is minus the cross-entropies with these logits, summed over columns.",
    ),
    slips=in_a_line(_CAUSES),
)
def mean_of_three() -> nn.Module:
    """Three models of one ordering, each stopped by other rows; the mean of their logits."""

    class MeanOfLogits(nn.Module):
        def __init__(self, members: list[MADE]) -> None:
            super().__init__()
            self.members = nn.ModuleList(members)

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([member(x) for member in self.members]).mean(0)

        def log_prob(self, x: Tensor) -> Tensor:
            signs = 2 * x - 1
            return nn.functional.logsigmoid(signs * self(x)).sum(1)

    torch.manual_seed(0)
    rows = torch.cat([*load_table(example_table())])
    ordering = torch.randperm(33)
    members = []
    for part in range(3):
        apart = torch.arange(len(rows)) % 5 == part
        model = MADE(33, (200,), ordering=ordering, degrees="even", direct=True, dropout=0.5)
        how = {"lr": 0.03, "patience": 8, "precision": "float32", "seed": 0, "progress": False}
        fit(model, rows[~apart], rows[apart], epochs=300, batch_size=64, **how)
        members.append(model)
    return MeanOfLogits(members)
