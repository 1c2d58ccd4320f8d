"""Columns of numbers: what each is taken for, and a model of them that stays within what can be."""

import math
import re
import warnings

import numpy as np
import pandas
import pytest
import torch

from made_course import MADE, evaluate, fit
from made_course.data.table_repeats import rounded_to
from made_course.data.tables import load_table
from tests.networks import with_weights

N = 2000


def draws(seed=0):
    return np.random.default_rng(seed)


def spiked(seed, share, median, sd):
    """Money: none, or a lognormal amount."""
    draw = draws(seed)
    return np.where(draw.random(N) < share, 0, median * np.exp(sd * draw.normal(size=N)))


def rounded(seed, mean, sd):
    """What people say that they pay: to the next hundred, ten or one."""
    draw = draws(seed)
    step = draw.choice([100, 10, 1], N, p=[0.6, 0.3, 0.1])
    return (np.exp(mean + sd * draw.normal(size=N)) / step).round() * step


INCOME = 20_000 * np.exp(0.8 * draws(1).normal(size=N))
VISITS = draws(2).poisson(draws(3).gamma(0.7, 6, N))
AGE = draws(4).integers(18, 90, N)
COLUMNS = {  # name → cells, what is said of them, and the range that they can have
    "income": (INCOME, "real from 0 (skewed, median ", (0, math.inf)),
    "savings": (
        spiked(5, 0.2, 300, 1),
        "real from 0 (skewed, median 218), and 0 in 21% of the rows",
        (0, math.inf),
    ),
    "claims": (
        spiked(6, 0.7, 7, 0.5).round(2),
        "in steps of 0.01 from 0 (skewed, median 0), and 0 in 70% of the rows",
        (0, math.inf),
    ),
    "visits": (VISITS, "whole numbers from 0 (skewed, median 2)", (0, math.inf)),
    "price": (
        np.exp(7 + draws(7).normal(size=N)).round(),
        "whole numbers from 0 (skewed, median 1031)",
        (0, math.inf),
    ),
    "age": (AGE, "whole numbers from 18 to 89 (53.", (18, 89)),
    "day": (draws(8).integers(1, 366, N), "whole numbers from 1 to 365 (18", (1, 365)),
    "share": (draws(9).beta(2, 2, N), "real from 0 to 1 (0.50", (0, 1)),
    "full": (
        np.clip(draws(10).normal(70, 20, N), 0, 100),
        "real from 0 to 100 (68.8 ± 18.72), and 100 in 6% of the rows",
        (0, 100),
    ),
    "below": (-INCOME.clip(2000), "real up to -2000", (-math.inf, -2000)),
    "warmth": (
        draws(11).normal(3, 8, N).round(1),
        "in steps of 0.1 (3.051 ± 8.014)",
        (-math.inf, math.inf),
    ),
    "mass": (
        25 * draws(12).normal(168, 32, N).round(),
        "in steps of 25 from 0 (4210 ± 807.2)",
        (0, 1e9),
    ),
    "years": (
        draws(19).gamma(2, 5, N).round(),
        "whole numbers from 0 (skewed, median 8)",
        (0, math.inf),
    ),
    "rent": (
        rounded(17, 7, 0.6),
        "whole numbers from 0 (skewed, median 1100), rounded to 100 in 61% and 10 in ",
        (0, math.inf),
    ),
    "rate": (1 / draws(13).integers(1, 60, N), "59 classes (0.01694", (0, 1)),
    "exact": (draws(14).normal(50, 10, N), "real from 0 (49.81 ± 9.904)", (0, 100)),
}
EACH = pytest.mark.parametrize("name", COLUMNS)


@EACH
def test_what_a_column_of_numbers_is_taken_for(name):
    cells, said, _ = COLUMNS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = load_table(pandas.DataFrame({name: cells}))
    assert str(table.columns[0]).startswith(f"{name}: {said}")
    back = table.inverse(table.rows)[name]
    exact = name not in ("income", "savings", "below", "share", "full", "exact")
    assert back.to_numpy() == pytest.approx(cells, rel=0 if exact else 1e-5, abs=0)
    assert back.dtype == np.asarray(cells).dtype or (cells % 1 == 0).all()


@EACH
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_no_draw_of_any_network_lies_outside_what_can_be(name, scale):
    cells, _, (least, most) = COLUMNS[name]
    table = load_table(pandas.DataFrame({name: cells}))
    model = with_weights(MADE(1, (), head=table.head), scale)
    x = model.sample(20_000, generator=torch.Generator().manual_seed(0))
    model.check_data(x)
    drawn = table.inverse(x)[name]
    if name != "exact":  # it has no upper bound; its draws are below
        assert drawn.between(least, most).all()
    if (cells % 1 == 0).all():
        assert (drawn % 1 == 0).all()


@pytest.mark.parametrize(
    "name", ["savings", "claims", "visits", "price", "years", "income", "full"]
)
def test_a_model_of_one_column_is_as_good_as_its_rule(name):
    """Shares of spikes, of numbers below the quartiles, and nats against a rule known for some."""
    cells = COLUMNS[name][0]
    table = load_table(pandas.DataFrame({name: cells}))
    model = MADE(1, (), head=table.head, seed=0)
    fit(model, table.train, table.valid, epochs=40, batch_size=100, seed=0, progress=False)
    every = (torch.arange(20_000) + 0.5)[:, None] / 20_000  # no chance: all quantiles, as drawn
    drawn = table.inverse(model.sample(20_000, noise=every))[name]
    for limit in [0, *np.quantile(cells, [0.25, 0.5, 0.75, 0.95])]:
        assert (drawn <= limit).mean() == pytest.approx((cells <= limit).mean(), abs=0.03)
    assert drawn.max() < (1.6 if name == "years" else 4) * cells.max()
    if name == "income":  # lognormal: entropy in the units of the table
        nats = evaluate(model, table.rows) + table.sd.log().sum().item()
        entropy = math.log(20_000 * 0.8 * math.sqrt(2 * math.pi * math.e))
        assert nats == pytest.approx(entropy, abs=0.05)


@pytest.mark.parametrize("kind", ["degrees", "families"])
def test_values_of_a_sparse_grid_and_reals_that_recur_have_their_shares(kind):
    """Whole °F as °C to one decimal, 5 cells of 9 empty; incomes that families have in common."""
    degrees = np.clip(draws(15).normal(55, 9, N).round(), 30, 80)
    families = draws(16).permutation(np.repeat(INCOME[: N // 10], 10))
    cells = {"degrees": ((degrees - 32) / 1.8).round(1), "families": families}[kind]
    table = load_table(pandas.DataFrame({"a": cells}))
    model = MADE(1, (), head=table.head, seed=0)
    fit(model, table.train, table.valid, patience=10, seed=0, progress=False)
    shares = pandas.Series(cells).value_counts(normalize=True)
    entropy = -(shares * np.log(shares)).sum()
    assert evaluate(model, table.test) == pytest.approx(entropy, abs=0.5)
    every = (torch.arange(2000) + 0.5)[:, None] / 2000
    drawn = table.inverse(model.sample(2000, noise=every))["a"]
    assert np.isclose(drawn.to_numpy()[:, None], shares.index).any(1).mean() > 0.97


def test_numbers_that_people_round_are_drawn_as_round():
    cells = COLUMNS["rent"][0]
    table = load_table(pandas.DataFrame({"a": cells}))
    assert re.search(r"rounded to 100 in (5[5-9]|6\d)% and 10 in (2[5-9]|3\d)% of the", str(table))
    model = MADE(1, (), head=table.head, seed=0)
    fit(model, table.train, table.valid, patience=30, seed=0, progress=False)
    every = (torch.arange(20_000) + 0.5)[:, None] / 20_000
    drawn = table.inverse(model.sample(20_000, noise=every))["a"]
    for s in (100, 50, 10, 5, 2):
        assert (drawn % s == 0).mean() == pytest.approx((cells % s == 0).mean(), abs=0.03)


@pytest.mark.parametrize("s", [2, 5, 10, 20, 25, 50, 100, 250, 2000])
def test_each_step_that_people_round_to_is_found(s):
    x = draws(23).integers(0, 100_000, N)
    x = np.where(draws(24).random(N) < 0.6, s * (x // s), x)
    assert rounded_to(*np.unique(x, return_counts=True), 1.0) == pytest.approx({s: 0.6}, abs=0.04)


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_values_met_in_few_rows_are_as_likely_as_their_shares_have_them(share):
    """Beside shares of the training rows in the best proportion, and the rule for all others."""
    draw = draws(18)
    pool, new = draw.integers(0, 100_000, 400), draw.integers(0, 100_000, N)
    cells = np.where(draw.random(N) < share, pool[draw.integers(0, 400, N)], new)
    table = load_table(pandas.DataFrame({"a": cells}))
    model = MADE(1, (), head=table.head, seed=0)
    fit(model, table.train, table.valid, patience=10, seed=0, progress=False)
    learned, tested = (x.flatten().long() for x in (table.train, table.test))
    shares = learned.bincount(minlength=100_000) / len(learned)
    parts = torch.linspace(0.01, 0.99, 99)[:, None]
    best = -(parts * shares[tested] + (1 - parts) * 1e-5).log().mean(1).min().item()
    assert evaluate(model, table.test) < best + 0.1
    assert len(repr(model)) < 2000


def test_values_that_rounding_alone_sets_apart_are_one():
    x = draws(26).random(300)[draws(27).integers(0, 300, N)]
    cells = np.where(draws(28).random(N) < 0.5, x, (x + 0.1) - 0.1)
    head = load_table(pandas.DataFrame({"a": cells})).head.of(0)
    values = head.values.unique()
    p = head.log_prob(torch.zeros(len(values), head.params_per_variable), values).exp()
    assert p.sum().item() == pytest.approx(head.log_odds.sigmoid().item(), rel=1e-5)


def test_nats_of_a_table_are_per_unit_of_the_table_whatever_is_a_spike():
    """The same money in cents costs ln 100 more nats in each row that has some, and no others."""
    cells = COLUMNS["savings"][0]
    euros, cents = (load_table(pandas.DataFrame({"a": f * cells})) for f in (1, 100))
    assert torch.allclose(euros.rows, cents.rows)
    models = [with_weights(MADE(1, (), head=table.head), 0.3) for table in (euros, cents)]
    with torch.no_grad():
        a, b = (
            model.log_prob(table.rows) for model, table in zip(models, (euros, cents), strict=True)
        )
    more = torch.where(torch.from_numpy(cells == 0), 0.0, math.log(100))
    torch.testing.assert_close(a - b, more, rtol=0, atol=1e-4)
    assert euros.sd.item() == cents.sd.item() == 1


@pytest.mark.parametrize("cells", [AGE, AGE + draws(20).random(N)])
def test_bounds_that_the_owner_says(cells):
    table = load_table(pandas.DataFrame({"a": cells}), kinds={"a": (0, 100)})
    assert " from 0 to 100 (5" in str(table)
    model = with_weights(MADE(1, (), head=table.head), 3.0)
    assert table.inverse(model.sample(20_000))["a"].between(0, 100).all()
    message = r"row 7 .*, column 'a' holds 101.*, which is no finite .* within the bounds \(0, 100"
    with pytest.raises(ValueError, match=message):
        load_table(pandas.DataFrame({"a": [*cells[:7], 101]}), kinds={"a": (0, 100)})


# ---- far values ---------------------------------------------------------------------------------


def test_one_far_cell_changes_neither_scale_nor_what_is_learned_of_the_others():
    cells = draws(1).normal(50, 10, N)
    far = cells.copy()
    far[7] = 1e6
    with_far, without = (load_table(pandas.DataFrame({"a": x})) for x in (far, cells))
    assert str(with_far.columns[0]).endswith("some far out")
    assert with_far.sd.item() == pytest.approx(without.sd.item(), rel=0.01)
    nats = []
    for table in (with_far, without):
        torch.manual_seed(0)
        model = MADE(1, (), head=table.head, seed=0)
        fit(model, table.train, epochs=30, batch_size=100, seed=0, progress=False)
        others = torch.arange(N) != 7
        nats.append(evaluate(model, table.rows[others]) + table.sd.log().item())
    assert nats[0] == pytest.approx(nats[1], abs=0.03)


@pytest.mark.parametrize("is_positive", [False, True])
def test_nothing_is_drawn_many_times_as_far_out_as_what_was_seen(is_positive):
    cells = draws(25).standard_t(1.5, N)
    if is_positive:
        cells = np.append(draws(25).normal(50, 10, N - 5), np.geomspace(5000, 50_000, 5))
    table = load_table(pandas.DataFrame({"a": cells}))
    assert "some far out" in str(table)
    for scale in (0.5, 3.0):
        model = with_weights(MADE(1, (), head=table.head), scale)
        assert table.inverse(model.sample(20_000))["a"].abs().max() < 20 * np.abs(cells).max()


@pytest.mark.parametrize("share", [0.003, 0.02, 0.1, 0.4])
@pytest.mark.parametrize("code", [-999, 9999])
def test_what_recurs_far_from_all_else_is_said_and_does_not_move_the_scale(code, share, capsys):
    cells = np.where(draws(5).random(N) < share, code, AGE)
    table = load_table(pandas.DataFrame({"a": cells}))
    said = capsys.readouterr().out
    assert re.match(
        rf"the frame: column 'a' has {code} in <?\d+% of its rows, far from all else", said
    )
    assert f"na_values=[{code}])" in said
    assert str(table.columns[0]).startswith("a: whole numbers from 18 to 89 (5")
    assert table.columns[0].numbers.spikes == (code,)


# ---- a second table -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell"), [("savings", -1.0), ("age", 90), ("share", 1.5), ("visits", -3)]
)
def test_a_number_that_cannot_be_is_refused_by_its_place(name, cell):
    table = load_table(pandas.DataFrame({name: COLUMNS[name][0]}))
    new = pandas.DataFrame({name: [*COLUMNS[name][0][:5], cell]})
    message = rf"row 5 \(counted from 0\), column '{name}' holds {cell}, but .* has {name}: "
    with pytest.raises(ValueError, match=message):
        load_table(new, like=table, split=None)


def test_cells_that_rounding_brings_to_a_bound_are_read_as_near_it():
    cells = draws(21).beta(0.1, 0.1, N)
    assert 0 < cells.min() < 1e-9
    table = load_table(pandas.DataFrame({"a": cells}))
    model = MADE(1, (), head=table.head, seed=0)
    assert model.log_prob(table.rows).isfinite().all()
    new = load_table(pandas.DataFrame({"a": [0.0, 1e-30]}), like=table, split=None)
    assert model.log_prob(new.rows).isfinite().all()


def test_a_value_at_an_end_has_a_probability_wherever_its_row_went():
    cells = draws(22).beta(2, 2, 60)
    cells[7] = 0
    tables = [load_table(pandas.DataFrame({"a": cells}), seed=seed) for seed in range(4)]
    assert {bool((table.train == table.rows[7]).any()) for table in tables} == {True, False}
    for table in tables:
        assert MADE(1, (), head=table.head, seed=0).log_prob(table.rows).isfinite().all()


def test_a_number_between_the_steps_is_rounded_aloud():
    table = load_table(pandas.DataFrame({"a": COLUMNS["mass"][0]}))
    with pytest.warns(UserWarning, match="^1 of the numbers, as 3510, are between the") as w:
        rows = load_table(pandas.DataFrame({"a": [3500, 3510]}), like=table, split=None).rows
    assert w[0].filename == __file__
    assert rows.tolist() == [[140], [140]]
