"""What a model says with some variables held: by force, exactly where that is, and by samples."""

import warnings

import pytest
import torch

from made_course import MADE, Bernoulli, Categorical, Gaps, Given, Mixed, MixtureOfGaussians
from tests.networks import every_row, nothing_changes, p_value, uniforms, with_weights

NAN = float("nan")
pytestmark = pytest.mark.filterwarnings("error")
ORDERINGS = {
    "held first": ({"ordering": [3, 1, 4, 0, 2]}, 1e-9),
    "held and asked in between": ({"ordering": [2, 3, 1, 4, 0]}, 0.03),
    "3 sets": ({"natural_order": False, "num_masks": 3}, 0.03),
    "any": ({"natural_order": False, "num_masks": None}, 1e-9),
}


def five(**arguments):
    defaults = {"direct": True, "conditioning": True, "seed": 2}
    model = MADE(5, (16, 16), **{**defaults, **arguments}).double()
    return with_weights(model, 1.0, seed=4)


def row(**cells):
    x = torch.full((1, 5), NAN, dtype=torch.float64)
    for name, value in cells.items():
        x[0, int(name[1:])] = value
    return x


@pytest.mark.parametrize("name", ORDERINGS)
def test_what_is_asked_given_what_is_held_by_force(name):
    """x4 and x2 are held, x5 and x1 asked, and x3 is summed over."""
    arguments, tolerance = ORDERINGS[name]
    model = five(**arguments)
    held = row(x3=1, x1=0)
    given = Given(model, held, n_samples=4000, generator=torch.Generator().manual_seed(0))
    asked = torch.cat([row(x4=a, x0=b) for a in (0, 1) for b in (0, 1)])
    with nothing_changes(model):
        found = given.log_prob(asked).exp()
    assert found.sum().item() == pytest.approx(1, abs=tolerance)
    if model.mask_sets.is_order_agnostic:
        return  # which ordering is the package's choice: those below are one distribution each
    rows = every_row(5).double()
    rows = rows[(rows[:, 3] == 1) & (rows[:, 1] == 0)]
    with torch.no_grad():
        p = model.log_prob(rows).softmax(0)
    truth = torch.stack(
        [p[(rows[:, 4] == a) & (rows[:, 0] == b)].sum() for a in (0, 1) for b in (0, 1)]
    )
    torch.testing.assert_close(found, truth, rtol=0, atol=tolerance)
    shares = given.predict_proba(4)
    torch.testing.assert_close(shares[0], truth.view(2, 2).sum(1), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ORDERINGS)
def test_draws_are_of_the_same_distribution_and_count_alike(name):
    model = five(**ORDERINGS[name][0])
    given = Given(
        model, row(x3=1, x1=0), n_samples=20_000, generator=torch.Generator().manual_seed(1)
    )
    drawn = given.draw(3000)[0]
    assert (drawn[:, [3, 1]] == torch.tensor([1, 0])).all()
    rows = every_row(3).double()
    whole = torch.cat([row(x3=1, x1=0, x0=a, x2=b, x4=c) for a, b, c in rows.tolist()])
    assert p_value(drawn[:, [0, 2, 4]], rows, given.log_prob(whole).exp()) > 1e-3
    assert len(given.draw()[0]) == 1


def test_a_class_given_all_others_is_exact_in_any_ordering():
    """No sample is drawn: all rows that differ in the class alone are scored."""
    head = Mixed([MixtureOfGaussians(2), Categorical(3), Bernoulli(), MixtureOfGaussians(1)])
    for ordering in ([1, 0, 2, 3], [0, 1, 3, 2], [2, 3, 0, 1]):
        model = with_weights(MADE(4, (16,), ordering=ordering, head=head, seed=0).double(), 0.7)
        x = model.sample(20, noise=uniforms(20, 4))
        for i, count in [(1, 3), (2, 2)]:
            rows = torch.stack([x.index_fill(1, torch.tensor(i), k) for k in range(count)])
            with torch.no_grad():
                truth = torch.stack([model.log_prob(part) for part in rows], 1).softmax(1)
            held = x.index_fill(1, torch.tensor(i), NAN)
            torch.testing.assert_close(Given(model, held, n_samples=1).predict_proba(i), truth)


@pytest.mark.parametrize("gaps", [False, True])
def test_rows_with_gaps_are_scored_by_the_sum_over_what_is_missing(gaps):
    head = Gaps(Bernoulli()) if gaps else Bernoulli()
    model = five(head=head, ordering=[2, 3, 1, 4, 0])
    rows = torch.cat(
        [row(x0=1, x1=0, x4=1), row(x2=1, x3=0), row(), row(x0=1, x1=0, x2=1, x3=1, x4=0)]
    )
    found = Given(model, n_samples=4000, generator=torch.Generator().manual_seed(0)).log_prob(rows)
    every = every_row(5).double()
    with torch.no_grad():
        p = model.log_prob(every).exp()
    truth = [p[((every == x) | x.isnan()).all(1)].sum() for x in rows]
    torch.testing.assert_close(found.exp(), torch.stack(truth), rtol=0.05, atol=0)
    torch.testing.assert_close(found[1:].exp(), torch.stack(truth[1:]))


def test_rows_may_have_different_variables_held_and_answers_are_those_of_one_row_at_a_time():
    model = five(ordering=[2, 3, 1, 4, 0])
    held = torch.cat([row(x2=1), row(x1=0, x0=1), row(x3=1, x2=0)])
    asked = torch.cat([row(x3=1), row(x4=1), row(x1=1, x0=1)])
    noise = torch.rand(64, 5, dtype=torch.float64)

    def of(x):
        given = Given(model, x, n_samples=64)
        given.noise = noise
        return given

    together = of(held).log_prob(asked)
    alone = torch.cat([of(held[k : k + 1]).log_prob(asked[k : k + 1]) for k in range(3)])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(of(held).predict_proba(4)[2:], of(held[2:]).predict_proba(4))
    assert of(held).draw(4).shape == (3, 4, 5)


def test_few_samples_that_count_are_worth_a_warning():
    model = with_weights(MADE(2, ()), 0)
    with torch.no_grad():
        model.net[0].weight[1, 0] = 60.0
        model.net[0].bias.copy_(torch.tensor([-4.0, -30.0]))  # x2 copies x1, which is seldom 1
    given = Given(model, torch.tensor([[NAN, 1.0]]), n_samples=100)
    given.noise = torch.linspace(0.001, 0.999, 100)[:, None].repeat(1, 2)
    for ask in (given.draw, lambda: given.log_prob(torch.tensor([[1.0, NAN]]))):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ask()
        assert [warning.filename for warning in caught] == [__file__]
        assert " of 100 samples count: ask for more" in str(caught[0].message)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (TypeError, "^Given needs a MADE, got NoneType", lambda m: Given(None)),
        (ValueError, r"must have shape \(B, 5\)", lambda m: Given(m, torch.ones(5))),
        (ValueError, "must hold only 0 and 1, got 2.0", lambda m: Given(m, 2 * row(x1=1))),
        (ValueError, "must hold only 0 and 1", lambda m: Given(m).log_prob(row(x1=0.5))),
        (ValueError, "n_samples must be at least 1", lambda m: Given(m, n_samples=0)),
        (ValueError, "i must be at most 4, got 5", lambda m: Given(m).predict_proba(5)),
        (ValueError, "variable 1 is held", lambda m: Given(m, row(x1=1)).predict_proba(1)),
        (
            ValueError,
            r"variable 0 has MixtureOfGaussians\(1\), and no classes: see draw",
            lambda m: Given(MADE(2, head=MixtureOfGaussians(1))).predict_proba(0),
        ),
    ],
)
def test_what_cannot_be_held_or_asked_is_refused(error, message, call):
    with pytest.raises(error, match=message):
        call(five())
