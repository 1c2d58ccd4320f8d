import math

import pytest
import torch

from made_course import MADE, complete, load_pretrained
from made_lessons.checking.catalogue import exercise_named
from made_lessons.notebook_06.what_a_step_computes import to_compute
from tests.lessons.checking import right, wrong


def test_what_a_step_computes():
    def by_difference(degrees, t):
        def final(units, variables):
            return units <= variables

        hidden = [final(u, t - 1) & ~final(u, t - 2) for u in degrees[1:]]
        return [*hidden, final(degrees[0], t) & ~final(degrees[0], t - 1)]

    right("6.1", by_difference)
    wrong("6.1", lambda degrees, t: (d == t for d in degrees), "must be a list")


def test_all_steps_compute_each_unit_once():
    degrees = MADE(12, (30, 9), natural_order=False, seed=0).degrees
    steps = [to_compute(degrees, t) for t in range(1, 13)]
    for units in zip(*steps, strict=True):
        assert bool((torch.stack(units).sum(0) == 1).all())


def test_greedy():
    right("6.2", [[0.38, 0.02], [0.32, 0.28]])
    right("6.2", torch.tensor([[0.25, 0.28], [0.01, 0.46]], dtype=torch.float64))
    assert "Greedy takes (1, 0)" in right("6.2", exercise_named("6.2").reference())


def test_tables_that_are_none():
    wrong("6.2", torch.tensor([0.3, 0.7]), "four entries")
    wrong("6.2", "0.3", "shape (2, 2)")
    wrong("6.2", torch.full((2, 2), float("nan")), "greater than 0")
    wrong("6.2", lambda: None, "shape (2, 2)")


def test_completion():
    def by_softmax(log_prob, x, known):
        rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(x))
        fits = (rows == x)[:, known].all(1)
        return torch.softmax(log_prob(rows).masked_fill(~fits, -torch.inf), 0) @ rows

    right("6.3", by_softmax)
    right("6.3", lambda *given: by_softmax(*given).double())
    wrong("6.3", lambda *given: by_softmax(*given).round(decimals=2), "this is rounded")


def test_what_weighted_draws_are_worth():
    def relative_to_the_largest(log_w):
        w = (log_w - log_w.max()).exp()
        return w.sum() ** 2 / (w**2).sum()

    right("6.4", relative_to_the_largest)

    def by_lists(log_w):
        w = [math.exp(x) for x in (log_w.double() - log_w.max()).tolist()]
        return sum(w) ** 2 / sum(x * x for x in w)

    right("6.4", by_lists)
    wrong("6.4", lambda log_w: relative_to_the_largest(log_w).long(), "rounded down")


@pytest.mark.filterwarnings("ignore:these completions are worth")
def test_complete_says_the_same_worth():
    known = torch.arange(16) >= 12
    generator = torch.Generator().manual_seed(0)
    found = complete(load_pretrained("tiny"), torch.ones(1, 16), known, 50, generator=generator)
    worth = exercise_named("6.4").reference(found.log_weights[0])
    torch.testing.assert_close(worth, found.effective_sample_size[0])
