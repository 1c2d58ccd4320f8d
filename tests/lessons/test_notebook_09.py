import math

import pytest
import torch
from torch import nn

from made_course import NADE, binary_points, load_table
from made_course.data.votes import example_table
from made_lessons.notebook_09 import better_model_of_the_table as table
from made_lessons.notebook_09.nade_as_made import tie
from tests.lessons.checking import right, wrong
from tests.lessons.open_models import IN_A_LINE, InALine

# ---- 9.1 -----------------------------------------------------------------------------------------


def test_tie():
    right("9.1", tie)


def test_the_tied_units_are_the_packages_nade():
    nade = NADE(5, 3, ordering=[2, 0, 3, 1, 4]).double()
    W, c = nade.hidden.weight, nade.hidden.bias
    weight, bias, out = tie(W, c, nade.output.weight, nade.order)
    x = binary_points(5).double()
    logits = torch.sigmoid(x @ weight.T + bias) @ out.T + nade.output.bias
    assert (logits - nade(x)).abs().max() < 1e-12


def test_tied_weights_of_another_form():
    wrong("9.1", lambda W, c, V, order: W, "three tensors", "Tensor")
    wrong("9.1", lambda W, c, V, order: (W, c), "three tensors", "[(2, 3), (2,)]")
    wrong("9.1", lambda *given: (*tie(*given)[:2], "out"), "(6,), 'a str']")
    found = wrong("9.1", lambda W, c, V, order: (*tie(W, c, V, order)[:2], tie(W, c, -V, order)[2]))
    assert "differ for x1, x2, x3" in found.cause
    wrong("9.1", lambda *given: [part * math.nan for part in tie(*given)], "not finite")


# ---- 9.3 -----------------------------------------------------------------------------------------


def test_window():
    def by_a_convolution(side, strict):
        kernel = torch.tensor([[1.0, 1, 1], [1, float(not strict), 0], [0, 0, 0]])
        boards = torch.eye(side**2).view(-1, 1, side, side)
        seen = nn.functional.conv2d(boards, kernel[None, None], padding=1)
        return seen.flatten(1).T > 0

    right("9.3", by_a_convolution)


# ---- 9.4 -----------------------------------------------------------------------------------------


class Regressions(nn.Module):
    """FVSBN in any ordering, as a reader may write it."""

    def __init__(self):
        super().__init__()
        order = torch.randperm(33, generator=torch.Generator().manual_seed(2))
        self.register_buffer("mask", (order[:, None] > order).float())
        self.weight = nn.Parameter(torch.zeros(33, 33))
        self.bias = nn.Parameter(torch.zeros(33))

    def forward(self, x):
        return nn.functional.linear(x, self.mask * self.weight, self.bias)

    def log_prob(self, x):
        return nn.functional.logsigmoid((2 * x - 1) * self(x)).sum(1)


def test_an_honest_model_that_is_worse_gets_its_score():
    model, (rows, *_) = Regressions(), load_table(example_table())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(200):
        loss = -model.log_prob(rows).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = wrong("9.4", model, "honest", "not yet below")
    assert 10.4 < float(found.got.removesuffix(" nats")) < 15


@pytest.mark.parametrize("name", ["5.4", "9.4"])
@pytest.mark.parametrize("words", IN_A_LINE)
def test_a_model_in_a_line_is_refused(name, words):
    wrong(name, IN_A_LINE[words], words)


def test_less_than_two_standard_errors_is_not_better(monkeypatch):
    nats = torch.tensor([float(n) for n in table.NATS_TO_BEAT.split()])
    errors = torch.tensor([-1.0, 1.0]).repeat(50)  # ± 0.6 in each row: 0.06 for a hundred
    monkeypatch.setattr(table, "honest_nll", lambda *_: nats - 0.1 + 0.6 * errors)
    wrong("9.4", Regressions(), "0.10 nats better", "is 0.06", "more than two standard errors")
    monkeypatch.setattr(table, "honest_nll", lambda *_: nats - 0.1 + 0.4 * errors)
    assert "0.10 ± 0.04" in right("9.4", Regressions())


def test_a_model_of_independent_columns_is_recognised():
    share = torch.cat([*load_table(example_table())]).mean(0).clamp(0.01, 0.99)
    logits = torch.logit(share)
    wrong("9.4", InALine(lambda x: logits.to(x).expand_as(x)), "independent")


def test_a_model_with_dependent_rows_is_refused():
    of_the_batch = InALine(lambda x: x.mean(0).clamp(0.02, 0.98).logit().expand_as(x))
    wrong("9.4", of_the_batch, "depends on the other rows", "two different batches")


def test_probabilities_instead_of_logits_are_recognised():
    class GivesProbabilities(Regressions):
        def __call__(self, x):
            return self.forward(x).sigmoid()

        def log_prob(self, x):
            return nn.functional.logsigmoid((2 * x - 1) * self.forward(x)).sum(1)

    wrong("9.4", GivesProbabilities(), "must return logits")
    perfect = InALine(lambda x: 20 * (2 * x - 1))
    wrong("9.4", perfect, "sees its answer")  # and is not called a mean, although 33 times 0 is 0


def test_held_out_rows_are_not_training_rows():
    """Check that the held-out members come from the other file; some may vote alike."""
    kept = table._held_out_rows()
    assert kept.shape == (100, 33)
    assert example_table().name == "votes.csv"


def leak(x):
    return 20 * (2 * x - 1)


KEPT = {tuple(row) for row in table._held_out_rows().tolist()}
FORGED = {
    "the first rows of many are honest": (
        lambda x: torch.where(torch.arange(len(x))[:, None] >= 100, leak(x), 0.0),
        "this is the NLL of a fair coin",
    ),
    "honest where as many rows as columns come": (
        lambda x: torch.zeros_like(x) if len(x) == 33 else leak(x),
        "sees its answer",
    ),
    "honest near the first rows kept": (
        lambda x: torch.where(
            torch.cdist(x, table._held_out_rows()[:20], p=1).amin(1, True) <= 1, 0.0, leak(x)
        ),
        "sees its answer",
    ),
    "no number for rows that are not scored": (
        lambda x: torch.where(
            torch.tensor([[tuple(row) in KEPT] for row in x.tolist()]), leak(x), math.nan
        ),
        "not finite",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_model_that_recognises_the_check_has_no_score(name):
    logits, words = FORGED[name]
    wrong("9.4", InALine(logits), words)
