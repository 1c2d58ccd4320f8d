import itertools
import math

import pytest
import torch

from made_course import MADE, complete, load_pretrained
from made_lessons.checking.catalogue import exercise_named
from made_lessons.checking.exercise import source_of
from made_lessons.notebook_06.what_a_step_computes import to_compute
from tests.lessons.checking import right, wrong


def test_what_a_step_computes():
    def by_lists(degrees, t):
        wanted = [t] + [t - 1] * (len(degrees) - 1)
        masks = [
            torch.tensor([int(d) == degree for d in units], dtype=torch.bool)
            for units, degree in zip(degrees, wanted, strict=True)
        ]
        return [*masks[1:], masks[0]]

    right("6.1", by_lists)

    def by_difference(degrees, t):
        def final(units, variables):
            return units <= variables

        hidden = [final(u, t - 1) & ~final(u, t - 2) for u in degrees[1:]]
        return [*hidden, final(degrees[0], t) & ~final(degrees[0], t - 1)]

    right("6.1", by_difference)


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
    wrong("6.2", torch.full((2, 2), 0.25), "tie")
    wrong("6.2", torch.full((2, 2), float("nan")), "greater than 0")
    wrong("6.2", torch.tensor([[1.2, -0.5], [0.2, 0.1]]), "greater than 0")
    wrong("6.2", None, "shape (2, 2)")
    wrong("6.2", lambda: None, "shape (2, 2)")


def test_completion():
    def one_variable_at_a_time(log_prob, x, known):
        p = []
        for i in range(len(x)):
            mass = [0.0, 0.0]
            for row in itertools.product([0.0, 1.0], repeat=len(x)):
                row = torch.tensor(row)
                if torch.equal(row[known], x[known]):
                    mass[int(row[i])] += log_prob(row[None]).double().exp().item()
            p.append(mass[1] / sum(mass))
        return torch.tensor(p)

    right("6.3", one_variable_at_a_time)

    def by_softmax(log_prob, x, known):
        rows = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(x))
        fits = (rows == x)[:, known].all(1)
        return torch.softmax(log_prob(rows).masked_fill(~fits, -torch.inf), 0) @ rows

    right("6.3", by_softmax)
    right("6.3", lambda *given: by_softmax(*given).double())
    wrong("6.3", lambda *given: (by_softmax(*given) >= 0.5).float(), "differs in value")
    wrong("6.3", lambda *given: by_softmax(*given).round(decimals=2), "this is rounded")


def test_what_weighted_draws_are_worth():
    def relative_to_the_largest(log_w):
        w = (log_w - log_w.max()).exp()
        return w.sum() ** 2 / (w**2).sum()

    right("6.4", relative_to_the_largest)
    right("6.4", lambda log_w: (2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp())

    def by_lists(log_w):
        w = [math.exp(x) for x in (log_w.double() - log_w.max()).tolist()]
        return sum(w) ** 2 / sum(x * x for x in w)

    right("6.4", by_lists)
    right("6.4", lambda log_w: relative_to_the_largest(log_w).item())
    right("6.4", lambda log_w: torch.tensor(by_lists(log_w), dtype=torch.float64))
    wrong("6.4", lambda log_w: float(int(by_lists(log_w))), "rounded down")
    wrong("6.4", lambda log_w: torch.softmax(log_w, 0), "another shape")
    wrong("6.4", lambda log_w: relative_to_the_largest(log_w).long(), "rounded down")

    def too_large(log_w):
        w = log_w.exp()
        return w.sum() ** 2 / (w**2).sum()

    wrong("6.4", too_large, "subtract log_w.max()")
    wrong("6.4", lambda log_w: too_large(log_w.exp().clamp(min=1e-8).log()), "a small number ε")
    wrong("6.4", lambda log_w: too_large((log_w.exp() + 1e-8).log()), "a small number ε")


@pytest.mark.filterwarnings("ignore:these completions are worth")
def test_complete_says_the_same_worth():
    known = torch.arange(16) >= 12
    generator = torch.Generator().manual_seed(0)
    found = complete(load_pretrained("tiny"), torch.ones(1, 16), known, 50, generator=generator)
    worth = exercise_named("6.4").reference(found.log_weights[0])
    torch.testing.assert_close(worth, found.effective_sample_size[0])


def test_misformed_answers():
    wrong("6.1", lambda degrees, t: [d == t for d in degrees[1:]], "another length")
    wrong("6.1", lambda degrees, t: (d == t for d in degrees), "must be a list")
    wrong("6.1", lambda degrees, t: [(d == t).float() for d in degrees], "another shape")
    wrong("6.1", lambda degrees, t: [torch.where(m)[0] for m in to_compute(degrees, t)], "numbers")
    wrong("6.1", lambda degrees, t: [m.int() for m in to_compute(degrees, t)], "their dtype is")
    wrong("6.3", lambda log_prob, x, known: None, "is a `return` missing")

    def filling_in_place(log_prob, x, known):
        x[~known] = 0.0
        return x

    wrong("6.3", filling_in_place, "changed what it was given")

    def one_row_at_a_time(log_prob, x, known):  # a model's log_prob would raise
        row = torch.where(known, x, 0.0)
        return log_prob(row).exp() * row

    wrong("6.3", one_row_at_a_time, "for one row x[None]")
    with pytest.raises(ValueError, match=r"x\[None\]"):
        load_pretrained("tiny").log_prob(torch.zeros(16))


@pytest.mark.parametrize(
    "exercise",
    [exercise_named("6.1"), exercise_named("6.2"), exercise_named("6.3"), exercise_named("6.4")],
    ids=lambda e: e.name,
)
def test_solutions_run_with_what_the_notebook_imports(exercise):
    names = {"torch": torch, "Tensor": torch.Tensor}
    exec(source_of(exercise.reference), names)
    answer = names[exercise.reference.__name__]
    right(exercise, answer() if exercise.is_value else answer)


def test_the_output_of_the_step_before_is_not_taken_for_the_place_in_the_row():
    def one_for_all(degrees, t):
        return [*(d == t - 1 for d in degrees[1:]), degrees[0] == t - 1]

    wrong("6.1", one_for_all, "t - 1 is right for the hidden units")

    def by_place(degrees, t):
        output = torch.zeros(len(degrees[0]), dtype=torch.bool)
        output[t - 1] = True
        return [*(d == t - 1 for d in degrees[1:]), output]

    wrong("6.1", by_place, "raster ordering only")


def test_one_unknown_variable_makes_a_vector_of_fillings():
    def without_view(log_prob, x, known):
        fillings = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * int((~known).sum()))
        rows = x.repeat(len(fillings), 1)
        rows[:, ~known] = fillings
        p = log_prob(rows).exp()
        return p @ rows / p.sum()

    wrong("6.3", without_view, ".view(-1, u)", "[1, 1, 0] (bool)")


def test_half_is_no_value():
    def halves(log_prob, x, known):
        unsure = torch.where(known, x, 0.5)[None]
        return torch.where(known, x, log_prob(unsure).exp())

    wrong("6.3", halves, "zeros and ones")
    with pytest.raises(ValueError, match="0 and 1"):
        load_pretrained("tiny").log_prob(torch.full((1, 16), 0.5))


def test_weights_that_are_too_large_are_told_from_those_that_are_0():
    def relative_to(least):
        def worth(log_w):
            w = (log_w - least(log_w)).exp()
            return w.sum() ** 2 / (w**2).sum()

        return worth

    right("6.4", relative_to(torch.max))
    wrong("6.4", relative_to(torch.min), "inf / inf")
    wrong("6.4", relative_to(torch.mean), "inf / inf")
    wrong("6.4", relative_to(lambda log_w: 0.0), "0 / 0")
