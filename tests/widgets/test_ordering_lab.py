"""OrderingLab without a page: what it sends of any table is what the fitted models cost."""

from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import OrderingLab, fit_orderings
from made_course.common.words import variable_names
from made_course.leaks.joint import kl_divergence
from made_course.widgets.ordering_lab.examples import Example, nats

X1, X2, CARRY, SUM = range(4)
CARRY_LAST = [X1, X2, SUM, CARRY]


def random_joint(input_dim, seed=0, power=4.0):
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand(2**input_dim, generator=generator, dtype=torch.float64) ** power
    return joint / joint.sum()


def key(ordering):
    return ",".join(map(str, ordering))


@given(st.sampled_from([2, 3, 4]), st.integers(0, 99), st.randoms())
@settings(max_examples=12)
def test_what_the_page_is_sent_is_what_the_models_cost(count, seed, random):
    joint = random_joint(count, seed)
    fits, sent = fit_orderings(joint), Example(joint, variable_names(count), "", "").state
    orderings = [list(o) for o in permutations(range(count))]
    costs = {key(o): kl_divergence(fits.joint, fits.log_prob(o)) for o in orderings}
    ordering = random.choice(orderings)
    steps = sent["orderings"][key(ordering)]["steps"]
    assert steps == pytest.approx(fits.steps(ordering).tolist(), abs=1e-6)
    assert sent["orderings"].keys() == costs.keys()

    grouped = [member for group in sent["groups"] for member in group["members"]]
    assert sorted(grouped) == sorted(costs)
    said = [group["said"][:1] for group in sent["groups"]]
    assert said[0] + said[-1] == "★▼" or len(said) == 1
    for group in sent["groups"]:
        mean = sum(costs[member] for member in group["members"]) / len(group["members"])
        assert group["cost"] == pytest.approx(mean, abs=1e-6)
    means = [group["cost"] for group in sent["groups"]]
    assert means == sorted(means)

    t = random.randrange(count)
    before = sorted(ordering[:t])
    sent_cases = sent["cases"][f"{ordering[t]}|{key(before)}"]
    share, truth, fitted = (part.tolist() for part in fits.conditional(ordering[t], before))
    assert len(sent_cases["rows"]) == len(share)
    for values, *numbers in sent_cases["rows"]:
        k = int("".join(map(str, values)) or "0", 2)
        assert numbers == pytest.approx([share[k], truth[k], fitted[k]], abs=1e-6)
    mixture, logits = fits.mean_of_probabilities(orderings), fits.mean_of_logits(orderings)
    assert sent["means"]["probabilities"] == pytest.approx(1)
    assert sent["means"]["logits"] == pytest.approx(logits.exp().sum().item())
    assert nats(kl_divergence(fits.joint, mixture)) in sent["means"]["mixture"]


# ---- what it teaches ----------------------------------------------------------------------------


def test_the_half_adder():
    w = OrderingLab()
    assert (w.example, w.guess, w.revealed, w.selected) == ("half adder", None, False, [0, 1, 2, 3])
    w.guess, w.revealed = CARRY_LAST, True
    assert w.selected == CARRY_LAST
    sent = w.examples["half adder"]
    assert [group["said"] for group in sent["groups"]] == [
        "★ best, 0.017 nats: 18 orderings",
        "▼ worst, 0.686 nats: 6 orderings, all that end with carry",
    ]
    assert sent["cases"]["3|0,1"]["sum"] == "z = 0.0 + 0.0 · x₁ + 0.0 · x₂"
    assert "It costs 0.133 nats; the orderings cost 0.184 nats on" in sent["means"]["mixture"]
    assert "The −0.967 nats that it claims to cost mean nothing." in sent["means"]["claim"]


def test_where_all_cost_the_same():
    w = OrderingLab("parity")
    assert w.sentence.endswith("Step 4, p(x₄ | x₁, x₂, x₃), costs all of it.")
    assert len(w.examples["parity"]["groups"]) == 1
    assert w.examples["parity"]["means"]["claim"].endswith("It sums to one here, not in general.")
    w.example = "chain"
    exact = "exact, to a thousandth of a nat."
    assert w.verdict == f"No difference: in each of the 24 orderings the model is {exact}"
    assert w.sentence == f"x₁, x₂, x₃, x₄ costs 0.000 nats. Every step is {exact}"


@pytest.mark.parametrize(
    ("example", "guess", "said"),
    [
        ("half adder", None, "Best: 0.017 nats"),
        ("half adder", CARRY_LAST, "You guessed x₁, x₂, sum, carry: it is one of the worst. Best:"),
        ("half adder", [2, 3, 0, 1], "You guessed carry, sum, x₁, x₂: ✓ none is better. Best: "),
        ("half adder", "same", "You guessed that all cost the same: they do not. Best: 0.017 nats"),
        ("parity", "same", "You guessed that all cost the same: ✓ they do. No difference: each"),
        ("chain", [2, 0, 1, 3], "You guessed x₃, x₁, x₂, x₄: it is as good as any other. No diff"),
    ],
)  # fmt: skip
def test_the_answer_to_a_guess(call, example, guess, said):
    sent = OrderingLab().examples[example]
    assert call("ordering_lab", "answer", sent, guess).startswith(said)


def test_the_costliest_step_of_equal_ones_is_the_last(call):
    steps = [[0.0, 0.2, 0.1], [0.1, 0.3, 0.3], [0.0, 0.0]]
    assert [call("ordering_lab", "costliest", each) for each in steps] == [2, 3, 2]


# ---- state, errors ------------------------------------------------------------------------------


def test_another_example_hiding_and_another_ordering_begin_anew():
    w = OrderingLab("rain diary")
    w.guess, w.revealed, w.step = [2, 0, 1], True, 1
    w.selected = [1, 2, 0]
    assert (w.step, w.guess) == (None, [2, 0, 1])
    w.revealed = False
    assert (w.guess, w.selected) == (None, [1, 2, 0])
    w.revealed, w.step = True, 3
    w.example = "parity"
    assert (w.revealed, w.guess, w.selected, w.step) == (False, None, [0, 1, 2, 3], None)
    w.selected = [3, 2, 1, 0]
    w.example = "rain diary"
    assert (w.names, w.selected) == (["wet", "rain", "sprinkler"], [0, 1, 2])


def test_an_unknown_example():
    with pytest.raises(ValueError, match="unknown example 'half-adder': choose one of half adder"):
        OrderingLab("half-adder")


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
    before = w.get_state()
    with pytest.raises((TypeError, ValueError), match=message):
        setattr(w, name, value)
    assert w.get_state() == before
