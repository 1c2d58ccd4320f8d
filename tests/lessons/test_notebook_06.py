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
    assert "Greedy takes (1, 0)" in right("6.2", exercise_named("6.2").reference())


def test_tables_of_another_form():
    wrong("6.2", torch.tensor([0.3, 0.7]), "four entries")
    wrong("6.2", lambda: None, "shape (2, 2)")


@pytest.mark.filterwarnings("ignore:the effective sample size")
def test_complete_says_the_same_worth():
    known = torch.arange(16) >= 12
    generator = torch.Generator().manual_seed(0)
    found = complete(load_pretrained("tiny"), torch.ones(1, 16), known, 50, generator=generator)
    worth = exercise_named("6.4").reference(found.log_weights[0])
    torch.testing.assert_close(worth, found.effective_sample_size[0])
