"""OrderingLab without a browser: whatever is done to it, pictures, words and models agree."""

import math
import re
from collections.abc import Sequence
from itertools import permutations
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from made_course import OrderingLab, fit_orderings, parity_joint
from made_course.joint import half_adder_joint, kl_divergence
from made_course.widgets.ordering_picture import BAR, MOST_CASES, draw_cases, percent
from made_course.widgets.study import Example, Study, number
from made_course.words import factorization, shortened, variable_names
from tests.widgets.controls import controls

HOSTILE = "</svg><script>alert(1)</script>"
SVG = "{http://www.w3.org/2000/svg}"
X1, X2, CARRY, SUM = range(4)
CARRY_LAST = [X1, X2, SUM, CARRY]
BLUE, ORANGE = "#0072B2", "#D55E00"


def random_joint(input_dim, seed=0, power=4.0):
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand(2**input_dim, generator=generator, dtype=torch.float64) ** power
    return joint / joint.sum()


def parts(w):
    return (w._intro, w._said, w._list, w._steps, w._cases, w._together, w._problem_line)


def page(w):
    """All markup that the lab shows."""
    return "".join(part.value for part in parts(w))


def root(part):
    return ElementTree.fromstring(f"<div>{part.value}</div>")


def words(part):
    """What a reader reads there, a line for each piece of text."""
    return [text.strip() for text in root(part).itertext() if text.strip()]


def rows(part):
    """The rows of a picture that are buttons, from top to bottom."""
    return [
        group for group in root(part).iter(f"{SVG}g") if "row" in group.get("class", "").split()
    ]


def row_words(row):
    return ["".join(text.itertext()) for text in row.iter(f"{SVG}text")]


def said_number(value):
    return number(value, 3)


def marked(w, where):
    """([selected rows], [guessed rows]), as the style that the page gets has it."""
    style = "".join(root(w._said).itertext())
    row = f".{w._scope}-{where} .row"
    assert f"{row} .pointer,{row} .guess{{visibility:hidden}}" in style
    found = (
        re.findall(rf'{re.escape(row)}\[data-row="(\d+)"\] \.{what}{{visibility:visible}}', style)
        for what in ("pointer", "guess")
    )
    return tuple([int(k) for k in rows] for rows in found)


def press(row):
    """(control, index) that a press on a row sets."""
    return re.search(
        r"querySelector\('\.made-(\w+) select'\);c\.selectedIndex=(\d+);", row
    ).groups()


def assert_consistent(w):
    joint, names = w.joint, w.names
    fits = fit_orderings(joint)
    costs = {o: kl_divergence(joint, fits.log_prob(o)) for o in permutations(range(len(names)))}
    least, most = (said_number(f(costs.values())) for f in (min, max))
    assert w.costs == pytest.approx(costs, abs=1e-9)
    shown = sorted(map(tuple, w.orderings))
    name = {o: ", ".join(names[i] for i in o) for o in shown}
    selected, steps = tuple(w.selected), fits.steps(w.selected).tolist()

    # the list of orderings
    drawn = rows(w._list)
    in_sequence = [shown[int(row.get("data-row"))] for row in drawn]
    assert in_sequence == [tuple(o) for o in w.orderings]
    assert sorted(in_sequence) == shown
    if w.best_first and w.revealed:
        assert sorted(costs[o] for o in in_sequence) == pytest.approx(
            [costs[o] for o in in_sequence], abs=1e-5
        )
    else:
        assert in_sequence == shown
    for ordering, row in zip(in_sequence, drawn, strict=True):
        k = shown.index(ordering)
        cost, label = said_number(costs[ordering]), row.get("aria-label")
        rank = ""
        if least != most:
            rank = {least: "best", most: "worst"}.get(cost, "")
        bar = [group for group in row.iter(f"{SVG}g") if group.get("class") == "bar"]
        control, index = press(row.get("onclick"))
        if w.revealed:
            assert label == f"{name[ordering]}: {cost} nats" + f", one of the {rank}" * bool(rank)
            assert [group.get("data-rank") for group in bar] == [rank]
            mark = {"best": " ★", "worst": " ▼", "": ""}[rank]
            assert f"{cost}{mark}" in [text.strip() for text in row_words(row)]
            assert (control, int(index)) == ("ordering", k)
        else:
            assert label == name[ordering]
            assert bar == []
            assert cost not in row_words(row)
            assert (control, int(index)) == ("guess", k + 2)
    guess = w.guess
    guessed = [shown.index(tuple(guess))] if isinstance(guess, list) else []
    assert marked(w, "list") == ([shown.index(selected)], guessed)

    # the selected ordering and its steps
    assert words(w._said)[-2] == factorization(names, selected)
    assert words(w._said)[-1] == w.sentence
    drawn = rows(w._steps)
    assert [int(row.get("data-row")) for row in drawn] == list(range(len(names)))
    for t, row in enumerate(drawn):
        before = ", ".join(names[i] for i in selected[:t])
        factor = f"p({names[selected[t]]}{' | ' * bool(before)}{before})"
        cost = f": {said_number(steps[t])} nats" if w.revealed else ""
        assert row.get("aria-label") == f"Step {t + 1}, {factor}{cost}"
        assert press(row.get("onclick")) == ("step", str(t))
        assert (said_number(steps[t]) in row_words(row)) == w.revealed
        assert controls(w)["Step"].options[t] == f"{t + 1}: {factor}"
    assert marked(w, "steps") == ([w.step - 1], [])
    if w.revealed:
        assert w.sentence.startswith(f"{name[selected]} costs {said_number(costs[selected])} nats")

    # the cases of a step
    *before, this = selected[: w.step]
    share, truth, fitted = fits.conditional(this, before)
    happens = [case for case in range(len(share)) if share[case] > 0]
    cases = [g for g in root(w._cases).iter(f"{SVG}g") if g.get("data-case")]
    drawn = [int(case.get("data-case")) for case in cases]
    assert drawn == sorted(drawn)
    assert len(drawn) == min(len(happens), MOST_CASES)
    left_out = [share[case].item() for case in happens if case not in drawn]
    assert max(left_out, default=0) <= min(share[case].item() for case in drawn) + 1e-9
    for place, (case, group) in enumerate(zip(drawn, cases, strict=True)):
        start = float(group.find(f"{SVG}line").get("x1"))
        at = (float(group.find(f"{SVG}circle").get("cx")) - start) / 140
        assert at == pytest.approx(truth[case].item(), abs=1e-3)
        crosses = [float(p.get("d")[1:].split()[0]) + 5 for p in group.findall(f"{SVG}path")]
        expected = [fitted[case].item()] * 2 if w.revealed else []
        assert [(x - start) / 140 for x in crosses] == pytest.approx(expected, abs=1e-3)
        label = root(w._cases).find(f".//{SVG}svg").get("aria-label").split("; ")[place]
        values = f"{case:0{len(before)}b}" if before else ""  # the first variable's comes first
        given = ", ".join(
            f"{shortened(names[i], 9)} {value}" for i, value in zip(before, values, strict=True)
        )
        model = f", model {said_number(fitted[case].item())}" if w.revealed else ""
        said = f"{given}: " * bool(before) + f"true {said_number(truth[case].item())}{model}"
        title = f"Step {w.step}: how probable is {shortened(names[this], 20)} = 1? "
        assert label.removeprefix(title) == said
        drawn_values = [text for text in words(w._cases) if text in ("0", "1")][2:]
        assert drawn_values[place * len(before) :][: len(before)] == list(values)

    # all together
    if w.revealed and len(shown) > 1:
        mixture, claimed = fits.mean_of_probabilities(shown), fits.mean_of_logits(shown)
        assert w.mixture_cost == pytest.approx(kl_divergence(joint, mixture), abs=1e-9)
        assert w.claimed_cost == pytest.approx(kl_divergence(joint, claimed), abs=1e-9)
        assert w.claimed_total == pytest.approx(claimed.exp().sum().item())
        assert w.mixture_total == pytest.approx(1, abs=1e-9)
        assert "Σp = 1.000 ✓" in words(w._together)
        total = said_number(w.claimed_total)
        sign = "✓" if total == "1.000" else "✕ no distribution"
        assert f"Σp = {total} {sign}" in words(w._together)
        assert any(f"It costs {said_number(w.mixture_cost)} nats:" in s for s in words(w._together))
    elif not w.revealed:
        assert w._together.value == ""

    # verdict, question and controls
    introduction = " ".join(words(w._intro))
    assert (w.verdict in introduction) == w.revealed
    assert ("Predict: " in introduction) == (not w.revealed and len(costs) > 1)
    boxes = controls(w)
    assert boxes["Example"].value == w.example
    assert boxes["Ordering"].options == tuple(name[o] for o in shown)
    assert boxes["Ordering"].index == shown.index(selected)
    assert boxes["Step"].index == w.step - 1
    assert boxes["Your guess"].options[2:] == tuple(name[o] for o in shown)
    place = {None: 0, "same": 1}.get(guess if not isinstance(guess, list) else "")
    assert boxes["Your guess"].index == (guessed[0] + 2 if guessed else place)
    assert boxes["Your guess"].disabled == w.revealed
    assert boxes["Best first"].value == w.best_first
    assert boxes["Best first"].disabled == (not w.revealed)
    assert ("Hide, and guess again" in boxes) == w.revealed
    assert ("Reveal" in boxes) == (not w.revealed)


ACTIONS = st.one_of(
    st.tuples(st.just("example"), st.integers(0, 9)),
    st.tuples(st.just("Ordering"), st.integers(0, 99)),
    st.tuples(st.just("Step"), st.integers(0, 99)),
    st.tuples(st.just("Your guess"), st.integers(0, 99)),
    st.tuples(st.just("turn"), st.just(0)),
    st.tuples(st.just("sort"), st.booleans()),
    st.tuples(st.just("set selected"), st.integers(0, 99)),
    st.tuples(st.just("set step"), st.integers(0, 99)),
    st.tuples(st.just("set guess"), st.integers(0, 99)),
    st.tuples(st.just("set revealed"), st.booleans()),
)
BAD = st.sampled_from(
    [
        ("selected", [0, 0, 1, 2]),
        ("selected", "x1"),
        ("selected", [0, 1, 2, 3, 4, 5, 6]),
        ("step", 9),
        ("step", 0),
        ("step", 1.5),
        ("guess", "none of them"),
        ("guess", [3, 3, 3, 3]),
        ("example", "everything"),
        ("example", 3),
    ]
)


def act(w, action, value):
    boxes = controls(w)
    if action == "example":
        options = boxes["Example"].options
        if w.example != options[value % len(options)]:
            boxes["Example"].value = options[value % len(options)]
            assert (w.revealed, w.guess) == (False, None)
    elif action in ("Ordering", "Step", "Your guess"):
        if not boxes[action].disabled:
            boxes[action].index = value % len(boxes[action].options)
    elif action == "turn":
        before = w.revealed
        boxes["Hide, and guess again" if before else "Reveal"].click()
        assert w.revealed != before
    elif action == "sort":
        if not boxes["Best first"].disabled:
            boxes["Best first"].value = value
            assert w.best_first == value
    elif action == "set selected":
        w.selected = wanted = w.orderings[value % len(w.orderings)]
        assert w.selected == wanted
    elif action == "set step":
        w.step = wanted = 1 + value % len(w.names)
        assert w.step == wanted
    elif action == "set guess":
        wanted = (None, "same", *w.orderings)[value % (2 + len(w.orderings))]
        w.guess = wanted
        assert w.guess == wanted
        if isinstance(wanted, list):
            assert w.selected == wanted
    elif action == "set revealed":
        w.revealed = value
        assert w.revealed == value


@pytest.mark.parametrize("own", [0, 2, 3, 5])  # variables of a table; 0 is the half adder
@given(actions=st.lists(ACTIONS, min_size=3, max_size=6))
@settings(max_examples=8)
def test_any_sequence_of_actions_keeps_pictures_words_and_models_together(own, actions):
    w = OrderingLab() if own == 0 else OrderingLab(random_joint(own))
    assert_consistent(w)
    for action, value in actions:
        act(w, action, value)
        assert w.problem == ""
        assert_consistent(w)
    w.close()


@given(st.lists(ACTIONS, max_size=3), BAD)
@settings(max_examples=25)
def test_a_wrong_value_changes_nothing_and_says_why(actions, bad):
    w = OrderingLab()
    for action, value in actions:
        act(w, action, value)
    view, shown = w._view, page(w)
    name, value = bad
    with pytest.raises((TypeError, ValueError), match=r"\w{3}"):
        setattr(w, name, value)
    assert w._view is view
    assert page(w) == shown
    w.close()


# ---- what it teaches ----------------------------------------------------------------------------


def test_it_asks_first_and_gives_nothing_away():
    w = OrderingLab()
    assert w.example == "half adder"
    assert (w.guess, w.revealed) == (None, False)
    assert w.sentence == "No guess yet."
    assert len(w.orderings) == 24
    assert "Predict: in which of the 24 orderings" in page(w)
    for secret in ("0.017", "0.686", "0.685", "★", "▼", "Σp"):
        assert secret not in page(w)
    w.selected = CARRY_LAST
    assert w.step == 4  # not the step that costs most, 3, which would tell


def test_a_guess_is_made_by_pressing_an_ordering():
    w = OrderingLab()
    controls(w)["Your guess"].index = 2 + w.orderings.index(CARRY_LAST)
    assert w.guess == w.selected == CARRY_LAST
    assert w.sentence == "Your guess: x₁, x₂, sum, carry is the best. Press Reveal."
    assert (
        words(w._said)[-2] == "p(x) = p(x₁) · p(x₂ | x₁) · p(sum | x₁, x₂) · p(carry | x₁, x₂, sum)"
    )
    controls(w)["Your guess"].index = 1
    assert w.sentence == "Your guess: all orderings cost the same. Press Reveal."
    assert w.selected == CARRY_LAST


@pytest.mark.parametrize(
    ("example", "guess", "answer"),
    [
        ("half adder", None, "Best: 0.017 nats"),
        (
            "half adder",
            CARRY_LAST,
            "You guessed x₁, x₂, sum, carry. It costs 0.669 nats more than the best: one of the "
            "worst. Best: 0.017 nats",
        ),
        (
            "half adder",
            [CARRY, SUM, X1, X2],
            "You guessed carry, sum, x₁, x₂. None is better. Best: 0.017 nats",
        ),
        ("half adder", "same", "You guessed that all orderings cost the same: they do not. Best:"),
        ("parity", "same", "You guessed that all orderings cost the same: they do. No difference"),
        ("chain", [2, 0, 1, 3], "You guessed x₃, x₁, x₂, x₄. It is as good as any other. No diff"),
    ],
)
def test_the_answer_to_a_guess(example, guess, answer):
    w = OrderingLab(example)
    w.guess = guess
    controls(w)["Reveal"].click()
    assert words(w._intro)[1].startswith(answer)
    assert w.guess == guess
    controls(w)["Hide, and guess again"].click()
    assert w.guess is None


def test_neither_best_nor_worst():
    w = OrderingLab(random_joint(4, seed=4, power=5))
    middle = next(o for o in w.orderings if w._study.rank(tuple(o)) == "")
    w.guess = middle
    w.revealed = True
    more = w.costs[tuple(middle)] - min(w.costs.values())
    assert f"It costs {said_number(more)} nats more than the best. Best:" in words(w._intro)[1]
    assert re.search(r" costs 0\.\d{3} nats\. Step", w.sentence)


def test_the_half_adder():
    w = OrderingLab()
    w.guess = CARRY_LAST
    w.revealed = True
    assert w.verdict == (
        "Best: 0.017 nats, 18 of 24 orderings, such as x₁, x₂, carry, sum. "
        "Worst: 0.686 nats, 6 of 24 orderings, such as x₁, x₂, sum, carry."
    )
    assert w.sentence == (
        "x₁, x₂, sum, carry costs 0.686 nats: one of the worst. "
        "Step 3, p(sum | x₁, x₂), costs most: 0.685 nats."
    )
    assert w.step == 3
    assert "a sigmoid of the weighted sum z = 0.0 + 0.0 · x₁ + 0.0 · x₂." in words(w._cases)[-1]
    said = " ".join(words(w._together))
    assert (
        "It costs 0.133 nats: never more than the 24 orderings do on average (0.184 nats)" in said
    )
    assert "never more than the best of them plus ln 24 (0.017 nats + 3.178)" in said
    assert "What it claims to cost, −0.967 nats, means nothing: no distribution costs less" in said
    assert "Σp = 2.739 ✕ no distribution" in said
    w.selected = [X1, X2, CARRY, SUM]
    assert w.step == 4
    assert words(w._cases)[-1].endswith("z = −5.5 + 11.3 · x₁ + 11.3 · x₂ − 22.9 · carry.")


def test_parity_costs_one_coin_and_its_logits_have_a_mean():
    w = OrderingLab("parity")
    w.revealed = True
    assert w.verdict == "No difference: each of the 24 orderings costs 0.693 nats."
    assert (
        w.sentence
        == "x₁, x₂, x₃, x₄ costs 0.693 nats. Step 4, p(x₄ | x₁, x₂, x₃), costs all of it."
    )
    assert "★" not in page(w)
    assert "Here it sums to one, which in general it does not." in page(w)


def test_a_chain_is_exact_and_its_mean_logits_are_no_distribution():
    w = OrderingLab("chain")
    w.revealed = True
    exact = "exact, to a thousandth of a nat."
    assert w.verdict == f"No difference: in each of the 24 orderings the model is {exact}"
    assert w.sentence == f"x₁, x₂, x₃, x₄ costs 0.000 nats. Every step is {exact}"
    assert "no distribution, although each of the models is exact" in page(w)
    assert round(w.claimed_total, 3) == 1.641


def test_the_rain_diary():
    w = OrderingLab("rain diary")
    w.revealed = True
    assert w.verdict == "No difference: each of the 6 orderings costs 0.076 nats."
    assert "What it claims to cost, 0.011 nats, means nothing." in words(w._together)[-1]


def test_verdict_counts_the_best_and_the_worst_of_all_orderings():
    w = OrderingLab(random_joint(6, seed=3))
    said = [said_number(cost) for cost in w.costs.values()]
    best, worst = min(said), max(said)
    assert f"Best: {best} nats, {said.count(best)} of 720 orderings, such as" in w.verdict
    assert f"Worst: {worst} nats, {said.count(worst)} of 720 orderings, such as" in w.verdict


# ---- what the stories claim ---------------------------------------------------------------------


def test_the_carry_makes_the_sum_a_weighted_sum():
    """'It costs most to leave the carry to the end': just those orderings are the worst."""
    w = OrderingLab()
    worst = {o for o in w.costs if w._study.rank(o) == "worst"}
    assert worst == {o for o in permutations(range(4)) if o[-1] == CARRY}


def test_any_three_variables_of_parity_are_fair_coins():
    joint = parity_joint(4).reshape(2, 2, 2, 2)
    for i in range(4):
        assert joint.sum(dim=i).unique().tolist() == [1 / 8]


# ---- many orderings, few, long names ------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [5, 6])
def test_of_more_than_24_orderings_those_between_best_and_worst_are_spread(input_dim):
    w = OrderingLab(random_joint(input_dim, seed=3))
    w.revealed = w.best_first = True
    count = math.factorial(input_dim)
    assert len(w.costs) == count
    assert len(w.orderings) == 24
    cost = [w.costs[tuple(o)] for o in w.orderings]
    everything = sorted(w.costs.values())
    assert cost[0] == pytest.approx(everything[0], abs=1e-5)
    assert cost[-1] == pytest.approx(everything[-1], abs=1e-5)
    quantiles = [everything[round(k * (count - 1) / 23)] for k in range(24)]
    assert cost == pytest.approx(quantiles, abs=1e-5)
    assert f"Shown are 24 of all {count} orderings" in page(w)
    missing = next(o for o in w.costs if list(o) not in w.orderings)
    with pytest.raises(ValueError, match="not among the 24 orderings that are shown"):
        w.selected = missing
    assert "Shown are" not in page(OrderingLab())


def test_sorted_rows_press_their_own_ordering():
    w = OrderingLab(random_joint(4, seed=4, power=5))
    w.revealed = w.best_first = True
    assert w.orderings != sorted(w.orderings)
    assert_consistent(w)
    w.best_first = False
    assert w.orderings == sorted(w.orderings)
    assert_consistent(w)


def test_of_many_cases_the_most_frequent_are_shown():
    w = OrderingLab(random_joint(6, seed=3))
    assert_consistent(w)
    assert "These are the 8 most frequent of 32 cases." in words(w._cases)
    w.step = 4
    assert "most frequent" not in " ".join(words(w._cases))


def test_cases_that_never_occur_are_left_out():
    w = OrderingLab("parity")
    w.selected, w.step = [2, 0, 1, 3], 4
    assert len([g for g in root(w._cases).iter(f"{SVG}g") if g.get("data-case")]) == 8
    always = OrderingLab(torch.tensor([0.0, 0.0, 0.5, 0.5]))  # x₁ is 1
    always.step = 2
    cases = [g for g in root(always._cases).iter(f"{SVG}g") if g.get("data-case")]
    assert [case.get("data-case") for case in cases] == ["1"]
    assert_consistent(always)


def test_one_variable():
    w = OrderingLab(torch.tensor([0.25, 0.75]))
    assert words(w._intro)[-1] == "Press Reveal."
    w.revealed = True
    assert_consistent(w)
    assert w.verdict == "There is one ordering. It costs 0.000 nats."
    assert words(w._together) == [
        "With one variable there is one ordering, and nothing to average."
    ]
    assert "Your own table of 1 variable." in page(w)
    w.figure().canvas.draw()


def test_your_own_table_stands_beside_the_examples():
    joint = random_joint(3).reshape(2, 2, 2)
    w = OrderingLab(joint, ["wet", "rain", "sun"])
    assert torch.allclose(w.joint, joint.flatten())
    assert w.example == "your own table"
    assert controls(w)["Example"].options[0] == "your own table"
    w.example = "parity"
    assert w.names == variable_names(4)
    w.example = "your own table"
    assert w.names == ["wet", "rain", "sun"]
    assert "your own table" not in controls(OrderingLab())["Example"].options


@pytest.mark.parametrize("example", ["half adder", "parity", "chain", "rain diary"])
def test_examples_by_name(example):
    w = OrderingLab(example)
    assert w.example == example
    w.revealed = True
    assert_consistent(w)
    assert w._study.example.reason in words(w._intro)


def test_another_example_keeps_the_sorting_and_asks_again():
    w = OrderingLab()
    w.revealed = w.best_first = True
    w.example = "chain"
    assert (w.revealed, w.best_first) == (False, True)
    w.example = "rain diary"  # costs are hidden before and after
    assert_consistent(w)


def test_hostile_names_are_text():
    w = OrderingLab(random_joint(4), [HOSTILE, 'a"b', "c & d", "x"])
    for revealed in (False, True):
        w.revealed = revealed
        for ordering in ([0, 1, 2, 3], [3, 2, 1, 0]):
            w.selected = w.guess = ordering
            assert "<script" not in page(w)
            assert_consistent(w)
    assert "&lt;/svg" in page(w)
    w.figure().canvas.draw()


# ---- pictures -----------------------------------------------------------------------------------


def test_bars_are_as_long_as_their_costs_and_as_many_parts_as_steps():
    w = OrderingLab(random_joint(4, seed=4, power=5))
    w.revealed = True
    scale = BAR / max(w.costs.values())
    starts = set()
    for ordering, row in zip(w.orderings, rows(w._list), strict=True):
        (bar,) = (group for group in row.iter(f"{SVG}g") if group.get("class") == "bar")
        boxes = list(bar.iter(f"{SVG}rect"))
        steps = [max(s, 0) * scale for s in w.fits.steps(ordering).tolist()]
        long = [(i, s) for i, s in zip(ordering, steps, strict=True) if s >= 0.5]
        assert [int(box.get("data-step")) for box in boxes] == [i for i, _ in long]
        widths = [float(box.get("width")) for box in boxes]
        assert widths == pytest.approx([max(s - 2, 0.8) for _, s in long], abs=0.01)
        start = float(boxes[0].get("x")) - 0.5 - sum(s for s in steps[: ordering.index(long[0][0])])
        starts.add(round(start, 1))
        end = float(boxes[-1].get("x")) + widths[-1] + 1.5
        assert end - start == pytest.approx(sum(steps), abs=1)
        rank = bar.get("data-rank")
        fill, stroke = {"best": (BLUE, BLUE), "worst": ("white", ORANGE)}.get(
            rank, ("#767676", "#767676")
        )
        assert {(box.get("fill"), box.get("stroke")) for box in boxes} == {(fill, stroke)}
    assert len(starts) == 1


def test_totals_are_drawn_to_scale_and_told_by_more_than_colour():
    w = OrderingLab()
    w.revealed = True
    boxes = [box for box in root(w._together).iter(f"{SVG}rect") if box.get("class") == "total"]
    widths = [float(box.get("width")) for box in boxes]
    assert widths[1] / widths[0] == pytest.approx(w.claimed_total, abs=0.01)
    assert [box.get("fill") for box in boxes] == [BLUE, "white"]
    (line,) = root(w._together).iter(f"{SVG}line")
    assert float(line.get("x1")) == pytest.approx(float(boxes[0].get("x")) + widths[0], abs=0.1)


def test_how_often_a_case_occurs():
    assert [percent(p) for p in (1, 0.4995, 0.0125, 0.001, 0.0009)] == [
        "100%",
        "50%",
        "1.25%",
        "0.1%",
        "<0.1%",
    ]
    study = Study(Example(half_adder_joint(), ["a", "b", "c", "d"], ""))
    drawn = draw_cases(study, (X1, X2, CARRY, SUM), 4, True)
    assert drawn.count(">25%<") == 4
    assert drawn.count(">&lt;0.1%<") == 4


def test_numbers_have_a_minus_sign_and_none_before_zero():
    assert [number(x, 3) for x in (-1e-9, 0.0005001, -0.96716, 12)] == [
        "0.000",
        "0.001",
        "−0.967",
        "12.000",
    ]


# ---- figure -------------------------------------------------------------------------------------


def test_figure_shows_the_same_orderings_with_their_costs():
    w = OrderingLab()
    for best_first in (False, True):
        w.revealed = True
        w.best_first = best_first
        upper, lower = w.figure().axes
        labels = [label.get_text() for label in upper.get_yticklabels()]
        assert labels == [w._study.name(tuple(o)) for o in w.orderings]
        for ordering, text in zip(w.orderings, upper.texts, strict=True):
            rank = w._study.rank(tuple(ordering))
            mark = {"best": " ★", "worst": " ▼"}[rank]
            assert text.get_text() == f"{said_number(w.costs[tuple(ordering)])}{mark}"
        assert [text.get_text() for text in lower.texts] == ["1.000", "2.739 ✕"]
    assert w.figure().get_suptitle().replace("\n", " ") == w.verdict
    w.revealed = False  # a page on which nothing runs can reveal nothing
    assert len(w.figure().axes[0].texts) == 24
    assert len(w.figure(together=False).axes) == 1


def test_figure_has_outlines_for_the_worst_and_one_bar_a_step():
    figure = OrderingLab(random_joint(4, seed=4, power=5)).figure()
    bars = [bar for bar in figure.axes[0].patches if bar.get_height() > 0.1]
    colours = {(to_hex(bar.get_facecolor()), to_hex(bar.get_edgecolor())) for bar in bars}
    assert ("#ffffff", ORANGE.lower()) in colours
    assert BLUE.lower() in {face for face, _ in colours}
    assert len(bars) > 24
    figure.canvas.draw()


# ---- arguments, failures, nothing left behind ---------------------------------------------------


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


def test_a_picture_that_fails_changes_nothing_and_is_told(monkeypatch):
    w = OrderingLab()
    before, view = page(w), w._view

    def fail(*_):
        raise MemoryError("no room")

    monkeypatch.setattr("made_course.widgets.ordering_lab.draw_cases", fail)
    with pytest.raises(MemoryError):
        w.selected = CARRY_LAST
    assert w._view is view
    assert page(w) == before
    controls(w)["Reveal"].click()
    assert (w.problem, w.revealed) == ("MemoryError: no room", False)
    monkeypatch.undo()
    w.selected = CARRY_LAST
    assert w.problem == ""


def test_pictures_keep_the_focus_while_a_row_is_selected():
    """A picture that is not sent again keeps the row that was pressed in focus."""
    w = OrderingLab()
    before = w._list.value
    w.guess = CARRY_LAST
    assert w._list.value == before
    w.revealed = True
    before = w._list.value
    w.selected = [X1, X2, CARRY, SUM]
    assert w._list.value == before
    before = w._steps.value
    w.step = 2
    assert w._steps.value == before


def test_closing_leaves_no_widget_behind():
    from ipywidgets.widgets import widget

    before = set(widget._instances)
    w = OrderingLab()
    w.revealed = True
    w.close()
    assert set(widget._instances) == before


def test_the_global_random_stream_is_left_alone():
    before = torch.random.get_rng_state()
    OrderingLab().revealed = True
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_row_is_a_button_that_keys_press():
    w = OrderingLab()
    w.revealed = True
    pressed: Sequence = [*rows(w._list), *rows(w._steps)]
    assert len(pressed) == 28
    for row in pressed:
        assert (row.get("role"), row.get("tabindex")) == ("button", "0")
        assert "this.onclick" in row.get("onkeydown")
