"""OrderingLab without a page: what the page makes of a truth is what the fitted models cost."""

from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import OrderingLab, fit_orderings
from made_course.common.words import variable_names
from made_course.leaks.joint import kl_divergence
from made_course.widgets.ordering_lab.examples import state_of

X1, X2, CARRY, SUM = range(4)
CARRY_LAST = [X1, X2, SUM, CARRY]


def random_joint(input_dim, seed=0, power=4.0):
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand(2**input_dim, generator=generator, dtype=torch.float64) ** power
    return joint / joint.sum()


@pytest.fixture(scope="module")
def said(call):
    """``said(name, *args)`` calls a function of the page."""
    return lambda name, *args: call("orderings", name, *args)


@given(st.sampled_from([2, 3, 4]), st.integers(0, 99), st.randoms())
@settings(max_examples=12)
def test_what_the_page_tells_is_what_the_models_cost(said, count, seed, random):
    joint = random_joint(count, seed)
    fits, truth = fit_orderings(joint), state_of(joint, variable_names(count), "", "")
    costs = {o: kl_divergence(fits.joint, fits.log_prob(o)) for o in permutations(range(count))}
    ordering = random.choice([*costs])
    steps = said("stepsOf", truth, ordering)
    assert steps == pytest.approx(fits.steps(ordering).tolist(), abs=1e-6)

    groups = said("groupsOf", truth)
    assert sorted(tuple(one) for group in groups for one in group["members"]) == [*costs]
    for group in groups:
        for member in group["members"]:
            assert group["cost"] == pytest.approx(costs[tuple(member)], abs=1e-3)
    assert [group["cost"] for group in groups] == sorted(group["cost"] for group in groups)

    t = random.randrange(count)
    cases = said("casesOf", truth, ordering, t + 1)
    share, real, model = (p.tolist() for p in fits.conditional(ordering[t], sorted(ordering[:t])))
    assert len(cases) == len(share)
    for case in cases:
        k = int(case["values"] or "0", 2)
        told = [case["share"], case["truth"], case["model"]]
        assert told == pytest.approx([share[k], real[k], model[k]], abs=1e-6)
    assert [round(c["model"], 3) for c in cases] == sorted(round(c["model"], 3) for c in cases)


# ---- what it teaches ----------------------------------------------------------------------------


def test_the_half_adder(said):
    w = OrderingLab()
    assert (w.example, w.guess, w.selected) == ("half adder", None, [0, 1, 2, 3])
    w.guess = CARRY_LAST
    assert w.selected == CARRY_LAST
    truth = w.examples["half adder"]
    groups = said("groupsOf", truth)
    assert said("verdict", truth, groups) == (
        "Best: 0.017 nats, 18 of 24 orderings. "
        "Worst: 0.686 nats, 6 of 24 orderings, all that end with carry."
    )
    assert said("sentence", truth, CARRY_LAST) == (
        "x₁, x₂, sum, carry costs 0.686 nats. Step 3, p(sum | x₁, x₂), costs most: 0.685 nats."
    )
    bent = said("casesOf", truth, CARRY_LAST, 3)
    assert [case["values"] for case in bent] == ["00", "01", "10", "11"]
    assert [round(case["truth"]) for case in bent] == [0, 1, 1, 0]
    assert [round(case["model"], 3) for case in bent] == [0.5] * 4


def test_where_all_cost_the_same(said):
    examples = OrderingLab("parity").examples
    parity, chain = examples["parity"], examples["chain"]
    order = [0, 1, 2, 3]
    assert said("sentence", parity, order).endswith("Step 4, p(x₄ | x₁, x₂, x₃), costs all of it.")
    up_and_down = said("casesOf", parity, order, 4)
    assert [case["truth"] for case in up_and_down] == [0, 1, 1, 1, 0, 0, 0, 1]
    exact = "exact, to a thousandth of a nat."
    assert said("verdict", chain, said("groupsOf", chain)) == (
        f"No difference: in each of the 24 orderings the model is {exact}"
    )
    assert (
        said("sentence", chain, order) == f"x₁, x₂, x₃, x₄ costs 0.000 nats. Every step is {exact}"
    )


@pytest.mark.parametrize(
    ("example", "guess", "words"),
    [
        ("half adder", CARRY_LAST, "Your guess, x₁, x₂, sum, carry: it is one of the worst. Best:"),
        ("half adder", [2, 3, 0, 1], "Your guess, carry, sum, x₁, x₂: ✓ none is better. Best: "),
        ("half adder", "same", "All cost the same: they do not. Best: 0.017 nats"),
        ("parity", "same", "All cost the same: ✓ they do. No difference: each"),
        ("chain", [2, 0, 1, 3], "Your guess, x₃, x₁, x₂, x₄: it is as good as any other. No diff"),
    ],
)
def test_the_answer_to_a_guess(said, example, guess, words):
    truth = OrderingLab().examples[example]
    assert said("answer", truth, said("groupsOf", truth), guess).startswith(words)


def test_the_costliest_step_of_equal_ones_is_the_last(said):
    steps = [[0.0, 0.2, 0.1], [0.1, 0.3, 0.3], [0.0, 0.0]]
    assert [said("costliest", each) for each in steps] == [2, 3, 2]


# ---- state, errors ------------------------------------------------------------------------------


def test_another_example_and_another_ordering_begin_anew():
    w = OrderingLab("rain diary")
    w.guess, w.step = [2, 0, 1], 1
    w.selected = [1, 2, 0]
    assert (w.step, w.guess) == (None, [2, 0, 1])
    w.step = 3
    w.example = "parity"
    assert (w.guess, w.selected, w.step) == (None, [0, 1, 2, 3], None)
    w.selected = [3, 2, 1, 0]
    w.example = "rain diary"
    assert w.selected == [0, 1, 2]
