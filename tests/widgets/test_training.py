"""Training in the page, compared with PyTorch: gradients, Adam, Σp, samples and floors."""

import math
from itertools import product
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import binary_cross_entropy_with_logits, leaky_relu

from made_course.data.toys import bars_and_stripes, rain_diary
from made_course.model.masks import build_masks, draw_degrees, input_degrees
from made_course.widgets.shared.base import MODULES
from made_course.widgets.shared.uniforms import uniforms

DOUBLE = torch.float64
ALL, SQUARES = slice(None), slice(1, None, 2)
NUMBERS = uniforms(3, 9000).tolist()
BOARDS = bars_and_stripes().int().tolist()
EVENLY = [1 / 30] * 30
ONE_BY_ONE = [[i] for i in range(16)]
ROWS = [list(range(i, i + 4)) for i in range(0, 16, 4)]


@pytest.fixture(autouse=True, scope="module")
def _stages():
    MODULES["trained"] = Path(__file__).with_name("trained.mjs")
    yield
    del MODULES["trained"]


def a_design(groups, hidden=(64, 64), strict=True, direct=False):
    """Return a design as in the page: hidden degrees are evenly spread and sorted."""
    order, *above = draw_degrees(input_degrees(groups), hidden, "even")
    units = [degrees.sort().values.tolist() for degrees in above]
    return {"degrees": order.tolist(), "hidden": units, "direct": direct, "strict": strict}


@st.composite
def designs(draw, most=6):
    size = draw(st.integers(2, most))
    degree = st.integers(1, size)
    widths = st.lists(degree, min_size=1, max_size=7).map(sorted)
    return {
        "degrees": draw(st.lists(degree, min_size=size, max_size=size)),
        "hidden": draw(st.lists(widths, max_size=3)),
        "direct": draw(st.booleans()),
        "strict": draw(st.booleans()),
    }


@st.composite
def lessons(draw, size):
    row = st.lists(st.integers(0, 1), min_size=size, max_size=size)
    rows = draw(st.lists(row, min_size=1, max_size=9))
    shares = torch.tensor(draw(st.lists(st.integers(1, 5), min_size=9, max_size=9))[: len(rows)])
    return rows, (shares / shares.sum()).tolist()


def trained(call, stages, rows, weights, noise=(), orderings=()):
    stages = [{"design": design, "steps": steps} for design, steps in stages]
    return call("trained", "trained", stages, NUMBERS, rows, weights, orderings, noise)


class Network:
    """The page's network in PyTorch, with full matrices and masks, sorted by variable."""

    def __init__(self, design, state):
        order = torch.tensor(design["degrees"])
        self.degrees = [order, *map(torch.tensor, design["hidden"])]
        self.masks = build_masks(self.degrees)
        self.direct_mask = order[:, None] > order[None, :]
        if not design["strict"]:
            self.masks[-1] = order[:, None] >= self.degrees[-1][None, :]
            self.direct_mask = order[:, None] >= order[None, :]
        self.position = torch.argsort(torch.tensor(state["positions"]))
        self.layers = state["layers"] + ([state["direct"]] if state["direct"] else [])
        self.weights = self.of("weights")
        self.biases = self.of("biases")

    def of(self, name, part=ALL):
        """Return weights, biases or moments of all layers; the direct layer is last."""
        found = []
        for k, layer in enumerate(self.layers):
            rows = len(layer["reach"])
            numbers = torch.tensor(layer[name], dtype=DOUBLE)[part]
            if name in ("weights", "moments"):
                numbers = numbers.view(rows, layer["inputs"])
                if k in (0, len(self.masks)):
                    numbers = numbers[:, self.position]
            if k >= len(self.masks) - 1 and len(numbers):
                numbers = numbers[self.position]
            found.append(numbers.requires_grad_())
        return found

    def __call__(self, x):
        h = x = 2 * torch.as_tensor(x, dtype=DOUBLE) - 1
        for weight, mask, bias in zip(self.weights, self.masks, self.biases, strict=False):
            h = (h if h is x else leaky_relu(h, 0.1)) @ (weight * mask).T + bias
        return h + x @ (self.weights[-1] * self.direct_mask).T if self.has_direct else h

    @property
    def has_direct(self):
        return len(self.layers) > len(self.masks)

    @property
    def parameters(self):
        return [*self.weights, *self.biases[: len(self.masks)]]

    def costs(self, rows, weights):
        rows, weights = (torch.tensor(value, dtype=DOUBLE) for value in (rows, weights))
        return weights @ binary_cross_entropy_with_logits(self(rows), rows, reduction="none")

    def total(self):
        rows = torch.tensor(list(product((0.0, 1.0), repeat=len(self.position))), dtype=DOUBLE)
        with torch.no_grad():
            costs = binary_cross_entropy_with_logits(self(rows), rows, reduction="none")
        return float(costs.sum(1).neg().exp().sum())


def near(found, wanted, within):
    assert torch.allclose(torch.as_tensor(found, dtype=DOUBLE), wanted, rtol=0, atol=within)


@pytest.mark.parametrize(
    ("groups", "hidden", "strict"), [(ONE_BY_ONE, (16, 9), True), (ROWS, (7,), False)]
)
def test_fifty_steps_are_those_of_adam_at_the_same_rates(call, groups, hidden, strict):
    """The rate warms up and falls; after a change it does so again, and Adam's state stays."""
    design = a_design(groups, hidden, strict, direct=True)
    weights = [k / 465 for k in range(1, 31)]  # unequal, because equal weights give a slope of 0
    stages = [(design, 0), (design, 30), (design, 20)]
    start, middle, end = trained(call, stages, BOARDS, weights)
    network, ours = Network(design, start), Network(design, end)
    adam = torch.optim.Adam(network.parameters)
    for step, nats in [*enumerate(middle["nats"]), *enumerate(end["nats"])]:
        warm = min(1, (step + 1) / 20)
        adam.param_groups[0]["lr"] = warm * (0.002 + 0.008 * math.exp(-step / 300))
        adam.zero_grad()
        loss = network.costs(BOARDS, weights).sum()
        loss.backward()
        adam.step()
        assert nats == pytest.approx(loss.item(), abs=1e-4)
    for found, wanted in zip(ours.parameters, network.parameters, strict=True):
        near(found, wanted, 1e-4)


@given(st.data(), designs())
@settings(max_examples=25, deadline=None)
def test_what_a_network_says_is_what_pytorch_makes_of_its_weights(call, data, design):
    rows, weights = data.draw(lessons(len(design["degrees"])))
    [found] = trained(call, [(design, 40)], rows, weights)
    network = Network(design, found)
    near(found["costs"], network.costs(rows, weights), 1e-9)
    log_p = [-network.costs([row], [1]).sum() for row in rows]
    near(found["probabilities"], torch.stack(log_p).exp(), 1e-9)
    assert found["sum"] == pytest.approx(network.total(), abs=1e-9)
    if design["strict"]:
        assert found["sum"] == pytest.approx(1, abs=1e-9)


# ---- another design -----------------------------------------------------------------------------


@given(st.data(), designs())
@settings(max_examples=25, deadline=None)
def test_under_another_mask_each_wire_that_stays_keeps_its_weight(call, data, design):
    """Check that new wires start at 0, also if the same wires were cut before."""
    degree = st.integers(1, len(design["degrees"]))

    def others(degrees):
        count = len(degrees)
        return sorted(data.draw(st.lists(degree, min_size=count, max_size=count)))

    other = design | {"strict": data.draw(st.booleans())}
    other["hidden"] = list(map(others, design["hidden"]))
    rows, weights = data.draw(lessons(len(design["degrees"])))
    stages = [(design, 3), (other, 0), (design, 0)]
    first, changed, back = trained(call, stages, rows, weights)
    assert changed["steps"] == 3
    in_turn = sorted(range(len(design["degrees"])), key=design["degrees"].__getitem__)
    assert changed["positions"] == in_turn
    networks = [Network(d, s) for d, s in ((design, first), (other, changed), (design, back))]
    for name, part in (("weights", ALL), ("moments", SQUARES)):
        was, now, again = (network.of(name, part) for network in networks)
        here, there = ([*n.masks, n.direct_mask][: len(was)] for n in networks[:2])
        for old, new, last, may, might in zip(was, now, again, here, there, strict=True):
            assert torch.equal(new, old * may * might)
            assert torch.equal(last, new)
    for name, part in (("biases", ALL), ("biasMoments", SQUARES)):
        was, now = (network.of(name, part) for network in networks[:2])
        assert all(map(torch.equal, was, now))


# ---- the boards and the diary -------------------------------------------------------------------


def test_it_learns_the_boards_and_the_diary_of_the_course(call):
    assert [[*row.values()] for row in call("lessons", "boards")] == BOARDS
    diary = call("lessons", "diaryRows")
    days, counts = rain_diary().int().unique(dim=0, return_counts=True)
    assert [[*row.values()] for row in diary["rows"]] == days.tolist()
    assert [*diary["weights"].values()] == (counts.double() / 20).tolist()


def counted_floor(rows, weights, groups):
    """Return the sum of each variable's entropy given the groups before its own."""
    total, known = 0.0, []
    for group in groups:
        for variable in group:
            total += entropy(rows, weights, [*known, variable]) - entropy(rows, weights, known)
        known += group
    return total


def entropy(rows, weights, variables):
    shares = {}
    for row, weight in zip(rows, weights, strict=True):
        key = tuple(row[i] for i in variables)
        shares[key] = shares.get(key, 0) + weight
    return -sum(share * math.log(share) for share in shares.values())


def earlier(degrees):
    """Return, for each variable, the set of variables of smaller degree, as bits."""
    return [sum(1 << j for j, other in enumerate(degrees) if other < one) for one in degrees]


def test_a_network_in_groups_reaches_its_floor(call):
    [found] = trained(call, [(a_design(ROWS), 400)], BOARDS, EVENLY)
    floor = counted_floor(BOARDS, EVENLY, ROWS)
    assert floor - 1e-9 < sum(found["costs"]) < floor + 0.005
    assert found["sum"] == pytest.approx(1, abs=1e-9)


@given(st.data(), st.integers(2, 6))
@settings(max_examples=30)
def test_floors_of_other_rows_are_counted(call, data, size):
    rows, weights = data.draw(lessons(size))
    assert call("lessons", "entropyOf", rows, weights) == pytest.approx(
        entropy(rows, weights, range(size)), abs=1e-9
    )
    degrees = data.draw(st.lists(st.integers(1, size), min_size=size, max_size=size))
    groups = [[i for i in range(size) if degrees[i] == step] for step in sorted({*degrees})]
    floors = call("lessons", "floorsOf", rows, weights, earlier(degrees))
    assert sum(floors.values()) == pytest.approx(counted_floor(rows, weights, groups), abs=1e-9)


def drawn_in_python(network, ordering, noise):
    rows = torch.zeros(noise.shape, dtype=DOUBLE)
    for group in ordering:
        rows[:, group] = (noise <= network(rows).sigmoid())[:, group].double()
    return rows.int().tolist()


def test_a_broken_mask_is_a_fraud_and_is_mended(call):
    sound, broken = (a_design(ONE_BY_ONE, strict=strict) for strict in (True, False))
    noise = uniforms(7, 24 * 16).double().view(24, 16)
    mixed = [[5, 2], [0], *([i] for i in range(6, 16)), [1, 3, 4]]
    stages = [(sound, 250), (broken, 0), (broken, 60), (sound, 80)]
    states = trained(call, stages, BOARDS, EVENLY, noise.tolist(), [ONE_BY_ONE, mixed])
    for (design, _), state in zip(stages, states, strict=True):
        network = Network(design, state)
        for ordering, drawn in zip([ONE_BY_ONE, mixed], state["drawn"], strict=True):
            assert drawn == drawn_in_python(network, ordering, noise)
    nats = [sum(state["costs"]) for state in states]
    sums = [state["sum"] for state in states]
    kinds = [len({*map(tuple, state["drawn"][0])}) for state in states]
    assert nats[1] == pytest.approx(nats[0], abs=1e-9)  # new wires start at 0
    assert all(3.4 < nats[k] < 3.45 for k in (0, 3))
    assert nats[2] < 0.1
    assert [sums[k] for k in (0, 1, 3)] == pytest.approx([1] * 3, abs=1e-9)
    assert sums[2] == pytest.approx(Network(broken, states[2]).total(), abs=1e-9)
    assert sums[2] > 25
    assert kinds[0] > 12
    assert kinds[2] <= 2
