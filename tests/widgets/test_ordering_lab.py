"""OrderingLab without a browser: what it shows of any table is what the fitted models cost."""

import math
import re
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import OrderingLab, fit_orderings, parity_joint
from made_course.joint import half_adder_joint, kl_divergence
from made_course.widgets.ordering_picture import BAR, MOST_CASES, percent
from made_course.widgets.study import number
from made_course.words import factorization, variable_names
from tests.widgets.page import HOSTILE, controls, markup, page, text_of, words

X1, X2, CARRY, SUM = range(4)
CARRY_LAST = [X1, X2, SUM, CARRY]


def random_joint(input_dim, seed=0, power=4.0):
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand(2**input_dim, generator=generator, dtype=torch.float64) ** power
    return joint / joint.sum()


def nats(value):
    return number(value, 3)


def rows(w):
    """The rows that are buttons: those of the orderings, those of the steps."""
    found = [part for part in page(w).iter("g") if "row" in part.get("class", "").split()]
    return found[: len(w.orderings)], found[len(w.orderings) :]


def presses(row, control, index):
    return f"'.made-{control} select');c.selectedIndex={index};" in row.get("onclick")


def assert_consistent(w):
    joint, names, selected = w.joint, w.names, tuple(w.selected)
    fits = fit_orderings(joint)
    costs = {o: kl_divergence(joint, fits.log_prob(o)) for o in permutations(range(len(names)))}
    least, most = (nats(f(costs.values())) for f in (min, max))
    shown = sorted(map(tuple, w.orderings))
    assert w.costs == pytest.approx(costs, abs=1e-9)
    if w.best_first and w.revealed:
        assert sorted(costs[tuple(o)] for o in w.orderings) == pytest.approx(
            [costs[tuple(o)] for o in w.orderings], abs=1e-5
        )
    else:
        assert w.orderings == [list(o) for o in shown]
    of_orderings, of_steps = rows(w)
    for ordering, row in zip(map(tuple, w.orderings), of_orderings, strict=True):
        k, said = shown.index(ordering), ", ".join(names[i] for i in ordering)
        cost = nats(costs[ordering])
        rank = {least: "best", most: "worst"}.get(cost, "") if least != most else ""
        bars = [part for part in row.iter("g") if part.get("class") == "bar"]
        if w.revealed:
            one_of = f", one of the {rank}" if rank else ""
            assert row.get("aria-label") == f"{said}: {cost} nats{one_of}"
            assert [bar.get("data-rank") for bar in bars] == [rank]
            mark = {"best": "★", "worst": "▼", "": ""}[rank]
            assert f"{cost} {mark}".strip() in text_of(row)
            assert presses(row, "ordering", k)
        else:
            assert (row.get("aria-label"), bars) == (said, [])
            assert presses(row, "guess", k + 2)
    steps = fits.steps(selected).tolist()
    for t, row in enumerate(of_steps):
        before = ", ".join(names[i] for i in selected[:t])
        factor = f"p({names[selected[t]]}{' | ' * bool(before)}{before})"
        cost = f": {nats(steps[t])} nats" if w.revealed else ""
        assert row.get("aria-label") == f"Step {t + 1}, {factor}{cost}"
        assert presses(row, "step", t)
    assert factorization(names, selected) in words(w)
    assert w.sentence in words(w)

    *before, this = selected[: w.step]
    share, truth, fitted = fits.conditional(this, before)
    cases = {int(g.get("data-case")): g for g in page(w).iter("g") if g.get("data-case")}
    happens = [case for case in range(len(share)) if share[case] > 0]
    assert len(cases) == min(len(happens), MOST_CASES)
    left_out = [share[case].item() for case in happens if case not in cases]
    assert max(left_out, default=0) <= min(share[case].item() for case in cases) + 1e-9
    for case, group in cases.items():
        start = float(group.find("line").get("x1"))
        at = [(float(group.find("circle").get("cx")) - start) / 140]
        at += [(float(p.get("d")[1:].split()[0]) + 5 - start) / 140 for p in group.iter("path")][:1]
        expected = [truth[case].item()] + [fitted[case].item()] * w.revealed
        assert at == pytest.approx(expected, abs=1e-3)

    if w.revealed and len(shown) > 1:
        mixture, claimed = fits.mean_of_probabilities(shown), fits.mean_of_logits(shown)
        assert w.mixture_cost == pytest.approx(kl_divergence(joint, mixture), abs=1e-9)
        assert w.claimed_total == pytest.approx(claimed.exp().sum().item())
        assert "Σp = 1.000 ✓" in words(w)
        assert f"Σp = {nats(w.claimed_total)}" in words(w)
        assert f"It costs {nats(w.mixture_cost)} nats:" in words(w)
    assert (w.verdict in words(w)) == w.revealed
    assert ("Predict: " in words(w)) == (not w.revealed and len(costs) > 1)


@given(
    st.sampled_from([0, 1, 2, 3, 5]),  # variables of a table; 0 is the half adder
    st.integers(0, 99),
    st.integers(0, 99),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=15)
def test_pictures_words_and_models_agree(own, which, step, revealed, best_first):
    w = OrderingLab() if own == 0 else OrderingLab(random_joint(own, seed=which))
    w.revealed = revealed
    w.best_first = best_first
    w.selected = w.orderings[which % len(w.orderings)]
    w.step = 1 + step % len(w.names)
    assert_consistent(w)
    w.close()


# ---- what it teaches ----------------------------------------------------------------------------


def test_it_asks_first_and_gives_nothing_away():
    w = OrderingLab()
    assert (w.example, w.guess, w.revealed, len(w.orderings)) == ("half adder", None, False, 24)
    assert w.sentence == "No guess yet."
    assert "Predict: in which of the 24 orderings" in words(w)
    w.selected = CARRY_LAST
    assert w.step == 4  # not the step that costs most, 3, which would tell
    for secret in ("0.017", "0.686", "0.685", "★", "▼", "Σp"):
        assert secret not in words(w)


@pytest.mark.parametrize(
    ("example", "guess", "answer"),
    [
        ("half adder", None, "Best: 0.017 nats"),
        ("half adder", CARRY_LAST, "You guessed x₁, x₂, sum, carry. It costs 0.669 nats more than "
         "the best: one of the worst. Best: 0.017 nats"),
        ("half adder", [CARRY, SUM, X1, X2], "You guessed carry, sum, x₁, x₂. None is better."),
        ("half adder", "same", "You guessed that all orderings cost the same: they do not. Best:"),
        ("parity", "same", "You guessed that all orderings cost the same: they do. No difference"),
        ("chain", [2, 0, 1, 3], "You guessed x₃, x₁, x₂, x₄. It is as good as any other. No diff"),
    ],
)  # fmt: skip
def test_the_answer_to_a_guess(example, guess, answer):
    w = OrderingLab(example)
    w.guess = guess
    controls(w)["Reveal"].click()
    assert answer in words(w)
    controls(w)["Hide, and guess again"].click()
    assert w.guess is None


def test_a_guess_between_best_and_worst_hears_how_much_better_the_best_is():
    w = OrderingLab(random_joint(4, seed=4, power=5))
    ranked = sorted(w.costs, key=w.costs.get)
    w.guess, w.revealed = list(ranked[8]), True
    more = w.costs[ranked[8]] - w.costs[ranked[0]]
    assert f"It costs {nats(more)} nats more than the best. Best:" in words(w)
    assert re.search(r" costs \d\.\d{3} nats\. Step", w.sentence)


def test_the_half_adder():
    w = OrderingLab()
    w.guess, w.revealed = CARRY_LAST, True
    assert w.verdict == (
        "Best: 0.017 nats, 18 of 24 orderings, such as x₁, x₂, carry, sum. "
        "Worst: 0.686 nats, 6 of 24 orderings, such as x₁, x₂, sum, carry."
    )
    assert w.sentence == (
        "x₁, x₂, sum, carry costs 0.686 nats: one of the worst. "
        "Step 3, p(sum | x₁, x₂), costs most: 0.685 nats."
    )
    assert w.step == 3
    said = words(w)
    assert "a sigmoid of the weighted sum z = 0.0 + 0.0 · x₁ + 0.0 · x₂." in said
    assert (
        "It costs 0.133 nats: never more than the 24 orderings do on average (0.184 nats)" in said
    )
    assert "never more than the best of them plus ln 24 (0.017 nats + 3.178)" in said
    assert "What it claims to cost, −0.967 nats, means nothing" in said
    assert "Σp = 2.739 ✕ no distribution" in said
    worst = {o for o, cost in w.costs.items() if cost > 0.5}
    assert worst == {o for o in permutations(range(4)) if o[-1] == CARRY}  # as its story says


def test_parity_costs_one_coin_and_its_logits_have_a_mean():
    w = OrderingLab("parity")
    w.revealed = True
    assert w.verdict == "No difference: each of the 24 orderings costs 0.693 nats."
    assert w.sentence.endswith("Step 4, p(x₄ | x₁, x₂, x₃), costs all of it.")
    assert "★" not in words(w)
    assert "Here it sums to one, which in general it does not." in words(w)
    joint = parity_joint(4).reshape(2, 2, 2, 2)
    for i in range(4):  # any three variables are fair coins
        assert joint.sum(dim=i).unique().tolist() == [1 / 8]


def test_a_chain_is_exact_and_its_mean_logits_are_no_distribution():
    w = OrderingLab("chain")
    w.revealed = True
    exact = "exact, to a thousandth of a nat."
    assert w.verdict == f"No difference: in each of the 24 orderings the model is {exact}"
    assert w.sentence == f"x₁, x₂, x₃, x₄ costs 0.000 nats. Every step is {exact}"
    assert "no distribution, although each of the models is exact" in words(w)
    assert round(w.claimed_total, 3) == 1.641


# ---- many orderings, few ------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [5, 6])
def test_of_more_than_24_orderings_those_between_best_and_worst_are_spread(input_dim):
    w = OrderingLab(random_joint(input_dim, seed=3))
    w.revealed = w.best_first = True
    count, everything = math.factorial(input_dim), sorted(w.costs.values())
    quantiles = [everything[round(k * (count - 1) / 23)] for k in range(24)]
    assert [w.costs[tuple(o)] for o in w.orderings] == pytest.approx(quantiles, abs=1e-5)
    assert f"Shown are 24 of all {count} orderings" in words(w)
    said = [nats(cost) for cost in everything]
    for name, cost in (("Best", said[0]), ("Worst", said[-1])):
        assert f"{name}: {cost} nats, {said.count(cost)} of {count} orderings, such as" in w.verdict
    missing = next(o for o in w.costs if list(o) not in w.orderings)
    with pytest.raises(ValueError, match="not among the 24 orderings that are shown"):
        w.selected = missing


def test_of_many_cases_the_most_frequent_are_shown_and_none_that_never_occurs():
    w = OrderingLab(random_joint(6, seed=3))
    assert "These are the 8 most frequent of 32 cases." in words(w)
    always = OrderingLab(torch.tensor([0.0, 0.0, 0.5, 0.5]))  # x₁ is 1
    always.step = 2
    assert [g.get("data-case") for g in page(always).iter("g") if g.get("data-case")] == ["1"]
    assert [percent(p) for p in (1, 0.4995, 0.0125, 0.0009)] == ["100%", "50%", "1.25%", "<0.1%"]


def test_one_variable():
    w = OrderingLab(torch.tensor([0.25, 0.75]))
    w.revealed = True
    assert w.verdict == "There is one ordering. It costs 0.000 nats."
    assert "With one variable there is one ordering, and nothing to average." in words(w)
    FigureCanvasAgg(w.figure()).draw()


# ---- controls, pictures -------------------------------------------------------------------------


def test_controls_do_what_python_does():
    w = OrderingLab(random_joint(3), ["wet", "rain", HOSTILE])
    shown = controls(w)
    assert shown["Example"].options[0] == "your own table"
    shown["Your guess"].index = 4
    assert w.guess == w.selected == w.orderings[2]
    assert w.sentence.endswith("is the best. Press Reveal.")
    shown["Your guess"].index = 1
    assert w.guess == "same"
    w.guess = w.orderings[5]
    assert shown["Your guess"].index == 7
    assert HOSTILE in words(w)
    assert shown["Best first"].disabled
    shown["Reveal"].click()
    assert (w.revealed, shown["Your guess"].disabled) == (True, True)
    shown["Ordering"].index, shown["Step"].index, shown["Best first"].value = 3, 1, True
    assert (w.selected, w.step, w.best_first) == (sorted(w.orderings)[3], 2, True)
    assert_consistent(w)
    shown["Example"].value = "parity"
    assert (w.example, w.names, w.revealed, w.guess) == ("parity", variable_names(4), False, None)
    w.example = "your own table"
    assert w.names == ["wet", "rain", HOSTILE]


def test_every_row_is_a_button_and_keeps_its_focus_while_others_are_selected():
    w = OrderingLab()
    w.revealed = True
    of_orderings, of_steps = rows(w)
    assert (len(of_orderings), len(of_steps)) == (24, 4)
    for row in [*of_orderings, *of_steps]:
        assert (row.get("role"), row.get("tabindex")) == ("button", "0")
        assert "this.onclick" in row.get("onkeydown")
    before = markup(w)
    picture = before[before.index("<svg") : before.index("</svg>")]
    w.selected = CARRY_LAST
    assert picture in markup(w)  # a picture that is not sent again keeps the focus
    mark = (
        f'.row[data-row="{sorted(w.orderings).index(CARRY_LAST)}"] .pointer{{visibility:visible}}'
    )
    assert mark in markup(w).replace("&quot;", '"')


def test_bars_are_as_long_as_their_costs():
    w = OrderingLab(random_joint(4, seed=4, power=5))
    w.revealed = True
    scale = BAR / max(w.costs.values())
    for ordering, row in zip(w.orderings, rows(w)[0], strict=True):
        boxes = [box for box in row.iter("rect") if box.get("data-step")]
        long = {i: s for i, s in zip(ordering, w.fits.steps(ordering).tolist(), strict=True)
                if s * scale >= 0.5}  # fmt: skip
        widths = {int(box.get("data-step")): float(box.get("width")) for box in boxes}
        assert widths == pytest.approx(
            {i: max(s * scale - 2, 0.8) for i, s in long.items()}, abs=0.01
        )
    totals = [box for box in page(w).iter("rect") if box.get("class") == "total"]
    ratio = float(totals[1].get("width")) / float(totals[0].get("width"))
    assert ratio == pytest.approx(w.claimed_total, abs=0.01)
    assert [box.get("fill") for box in totals] == ["#0072B2", "white"]  # more than colour


def test_figure_shows_the_same_orderings_with_their_costs():
    w = OrderingLab()
    w.best_first = True  # a page on which nothing runs can reveal nothing: all costs are shown
    upper, lower = w.figure().axes
    ranked = sorted(w.costs, key=lambda o: (round(w.costs[o], 6), o))
    assert [text.get_text()[:5] for text in upper.texts] == [nats(w.costs[o]) for o in ranked]
    assert [text.get_text() for text in lower.texts] == ["1.000", "2.739 ✕"]
    assert w.figure().get_suptitle().replace("\n", " ") == w.verdict
    assert len(w.figure(together=False).axes) == 1


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("half-adder",), "unknown joint 'half-adder': choose one of half adder, parity, chain"),
        ((torch.ones(4),), "sum to 1, got 4"),
        (([0.5, 0.5],), "must be a torch.Tensor"),
        ((torch.full((2,) * 7, 1 / 128),), "for 1 to 6 variables"),
        ((parity_joint(2), ["a"]), "each of 2 variables, got 1"),
        ((parity_joint(2), ["a", "a"]), "must differ"),
        (("parity", ["a", "b", "c", "d"]), "brings its own names"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        OrderingLab(*arguments)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("selected", [0, 0, 1, 2], "permutation"),
        ("step", 9, "step must be at most 4, got 9"),
        ("step", 1.5, "step must be a whole number, got 1.5"),
        ("guess", "none of them", "unknown guess 'none of them'"),
        ("example", "everything", "unknown example 'everything'"),
    ],
)
def test_a_wrong_value_changes_nothing_and_says_why(name, value, message):
    w = OrderingLab()
    before = markup(w)
    with pytest.raises((TypeError, ValueError), match=message):
        setattr(w, name, value)
    assert markup(w) == before


def test_a_picture_that_fails_changes_nothing_and_is_told(monkeypatch):
    def fail(*_):
        raise MemoryError("no room")

    w = OrderingLab(half_adder_joint())
    before = w.selected
    monkeypatch.setattr("made_course.widgets.ordering_lab.draw_cases", fail)
    with pytest.raises(MemoryError):
        controls(w)["Ordering"].index = 5
    assert (w.problem, w.selected) == ("MemoryError: no room", before)
    monkeypatch.undo()
    controls(w)["Ordering"].index = 6
    assert w.problem == ""
