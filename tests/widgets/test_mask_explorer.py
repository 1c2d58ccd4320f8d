"""MaskExplorer without a browser: Python and the page agree, and the page's sentences."""

import contextlib
import io
import random
from statistics import mean

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import MaskExplorer
from made_course.model.masks import draw_degrees, input_degrees
from made_course.widgets.mask_explorer.mask_explorer import FAULTS, STATE
from tests.networks import paths_through

_, NOT_STRICT, MIXED_UP = FAULTS


def in_the_page(call, w):
    """Return the page's network for a widget's state."""
    return call("network", "networkOf", {name: getattr(w, name) for name in (*STATE, "simple")})


def bits(rows):
    """Return each row of a matrix as a number, as in the page: bit j is column j."""
    return [sum(1 << j for j, is_set in enumerate(row) if is_set) for row in rows.tolist()]


@st.composite
def states(draw):
    """Draw a diary, whose units are single nodes, or boards in groups with bundled units."""
    lesson = draw(st.sampled_from(["diary", "boards"]))
    rows = draw(st.permutations(range(3 if lesson == "diary" else 16)))
    size = draw(st.integers(1, 3))
    fault = draw(st.sampled_from(FAULTS))
    if fault == MIXED_UP or lesson == "diary":
        size = 1
    groups = [list(rows[k : k + size]) for k in range(0, len(rows), size)]
    widths = draw(st.lists(st.integers(1, 5 if lesson == "diary" else 20), max_size=3))
    kind = draw(st.sampled_from(["even", "uniform"]))
    w = MaskExplorer(lesson, widths, groups, direct=draw(st.booleans()), fault=fault)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 9)))
    _, *hidden = draw_degrees(input_degrees(groups), widths, kind, generator)
    w.hidden_degrees = [layer.tolist() for layer in hidden]
    return w


@given(states())
@settings(max_examples=60)
def test_python_and_the_page_compute_the_same(call, w):
    page = in_the_page(call, w)
    allowed = input_degrees(w.ordering)
    assert page["allowed"] == bits(allowed[:, None] > allowed[None, :])
    assert page["seen"][-1] == bits(w.connectivity)
    leaks = torch.zeros_like(w.connectivity)
    for pair in w.leaks:
        leaks[pair] = True
    assert page["leaks"] == bits(leaks)
    assert [page["design"]["degrees"], *page["design"]["hidden"]] == [d.tolist() for d in w.degrees]
    # each unit is in the node of its degree, and masks between nodes agree with those of units
    for layer, nodes in enumerate(page["nodes"][:-1]):
        spread = [node["degree"] for node in nodes for _ in range(node["from"], node["to"])]
        assert spread == w.degrees[layer].tolist()
    for k, (mask, between) in enumerate(zip(w.masks, page["masks"], strict=True)):
        below, above = page["nodes"][k : k + 2]
        sizes = torch.tensor([node["to"] - node["from"] for node in below])
        for row, node in zip(between, above, strict=True):
            for unit in range(node["from"], node["to"]):
                assert (
                    torch.tensor(row).repeat_interleave(sizes).tolist() == mask[unit].int().tolist()
                )
    for layer, nodes in enumerate(page["nodes"]):
        node = len(nodes) // 2
        cone = paths_through([torch.tensor(m) for m in page["masks"]], layer, node, w.direct_mask)
        found = call("masks", "pathsThrough", page["masks"], layer, node, page["across"])
        assert found == [part.int().tolist() for part in cone]


@given(size=st.integers(1, 16), group=st.integers(1, 4), width=st.integers(1, 60))
def test_degrees_are_spread_and_drawn_as_the_package_does(call, size, group, width):
    rows = torch.randperm(size).tolist()
    groups = [rows[k : k + group] for k in range(0, size, group)]
    order = input_degrees(groups)
    assert call("masks", "inputDegrees", groups) == order.tolist()
    spread = draw_degrees(order, [width, width], "even")[1:]
    assert call("masks", "drawDegrees", groups, [width, width], "even") == [
        d.tolist() for d in spread
    ]
    top = max(size - 1, 1)
    alone = [[i] for i in rows]
    for draw in ("uniform", "paper"):
        first, second = call("masks", "drawDegrees", alone, [2, 900], draw)
        lowest = 1 if draw == "uniform" else min(first)
        assert {*second} == {*range(lowest, top + 1)}
        assert abs(mean(second) - (lowest + top) / 2) < 0.12 * (top + 1 - lowest)


@pytest.mark.parametrize(
    ("ordering", "change", "expected"),
    [
        ([[1], [2], [0]], ("swapped", 0, 0), [[0], [2], [1]]),
        ([[1, 2], [0]], ("swapped", 1, 2), [[0, 2], [1]]),
        ([[1], [2], [0]], ("dropped", 0, 0, False), [[0], [1], [2]]),
        ([[1], [2], [0]], ("dropped", 1, 3, False), [[2], [0], [1]]),
        ([[1], [2], [0]], ("dropped", 0, 1, True), [[1], [2, 0]]),
        ([[1], [2], [0]], ("dropped", 1, 0, True), [[1], [2], [0]]),  # onto itself
        ([[1, 2], [0]], ("dropped", 0, 1, False), [[1, 2, 0]]),  # between two variables of a step
        ([[1], [2], [0]], ("shifted", 2, -1), [[2], [1], [0]]),
        ([[1, 2], [0]], ("shifted", 1, 1), [[2], [1], [0]]),
        ([[1], [2], [0]], ("joined", 0), [[1], [2, 0]]),
    ],
)
def test_how_a_variable_is_moved(call, ordering, change, expected):
    name, *where = change
    assert call("network", name, ordering, *where) == expected


@given(states())
@settings(max_examples=30)
def test_an_address_and_lines_of_python_give_the_same_network(call, w):
    state = {name: getattr(w, name) for name in STATE}
    read = call("sharing", "stateOf", call("sharing", "addressOf", state))
    assert {name: state[name] for name in read} | {"selected": read["selected"]} == read
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(call("sharing", "torchLines", state), {})
    assert printed.getvalue() == f"{w.connectivity.int()}\n"


VALID = [
    "data=diary&ordering=1,2,0&hidden=1122,1122&sees=own&direct=0",
    "data=boards&ordering=0123,4567,89ab,cdef&hidden=123,12&sees=earlier&direct=1",
    "data=yours&ordering=f,e,d,c,b,a,9,8,7,6,5,4,3,2,1,0&hidden=&sees=other&direct=0&yours=9f31,ffff",
]
OTHERS = ["", "section-2", "data=x", "data=constructor&ordering=0&hidden=&sees=own&direct=0"]
WRONG = [
    *("__proto__", "constructor", "toString", "NaN", "-1", "1e999", "9" * 400, "", "[]", "1,,2"),
    *("%", "%E0%A4%A", "%00", "\ufeff1", "\U0001f600", "9f31f", "1" * 65, "ffff," * 33),
]


def wrong_addresses(count):
    """Return addresses that are cut, or have a wrong key, a wrong value or one more character."""
    rng, addresses = random.Random(0), list(OTHERS)
    while len(addresses) < count:
        valid = rng.choice(VALID)
        parts, at = [part.split("=") for part in valid.split("&")], rng.randrange(len(valid))
        parts[rng.randrange(len(parts))][rng.randrange(2)] = rng.choice(WRONG)
        longer = valid[:at] + rng.choice("%f,&=") + valid[at:]
        addresses.append(rng.choice([valid[:at], longer, "&".join(map("=".join, parts))]))
    return addresses


def test_a_wrong_address_gives_nothing_or_a_state_that_python_allows(call):
    read = [call("sharing", "stateOf", address) for address in wrong_addresses(500)]
    assert read[: len(OTHERS)] == [{}] * len(OTHERS)
    for state in filter(None, read):
        w = MaskExplorer(state["lesson"])
        w.set_state(state)
        assert call("sentences", "describeSelection", in_the_page(call, w), w.selected)
    assert 400 < read.count({}) < 490


# ---- what the page says -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "state", "said"),
    [
        (
            (3, 0),
            {},
            "“Wet grass?” x̂₁ has degree 3, the number in its circle. "
            "It sees units of lower degree, and so rain x₂ and sprinkler x₃.",
        ),
        ((0, 1), {}, "The input rain x₂ is seen by “Sprinkler?” x̂₃ and “Wet grass?” x̂₁."),
        ((2, 3), {}, "A unit of degree 2 sees rain x₂ and sprinkler x₃."),
        ((0, 1), {"simple": True}, "The input rain is seen by “Sprinkler?” and “Wet grass?”."),
        (
            (3, 2),
            {"fault": NOT_STRICT},
            "“Sprinkler?” x̂₃ now sees sprinkler x₃, so it sees its own answer.",
        ),
        (
            (3, 0),
            {"ordering": [[1], [0, 2]], "fault": NOT_STRICT},
            "“Wet grass?” x̂₁ now sees wet grass x₁ and sprinkler x₃, so it sees its own answer.",
        ),
        (
            (3, 1),
            {"fault": MIXED_UP},
            "“Rain?” x̂₂ now sees sprinkler x₃ and wet grass x₁, which it must not see.",
        ),
        (
            (3, 2),
            {"hidden_degrees": [[2], [1]]},
            "“Sprinkler?” x̂₃ sees nothing. No path leads from rain x₂.",
        ),
    ],
)
def test_what_a_unit_sees_and_who_sees_it(call, unit, state, said):
    w = MaskExplorer(simple=False)
    for name, value in state.items():
        setattr(w, name, value)
    assert call("sentences", "describeSelection", in_the_page(call, w), unit) == said


BOARDS = {"kind": "board", "rows": [[0] * 16] * 30}
LEARNED = {
    "nats": 3.41,
    "floor": 3.4,
    "own": 3.4,
    "least": 3.4,
    "coins": 11.09,
    "sum": 1,
    "isTraining": False,
    "history": [],
}
DREW = {"rows": [[0] * 16] * 24, "different": 19, "isAllKnown": True, "blanks": 0}
CHEATS = "It scores nearly 0 because x̂₁, x̂₂, x̂₃ and 12 more can see their own answers. "


@pytest.mark.parametrize(
    ("state", "now", "result", "headline", "said"),
    [
        ({}, {"nats": 11.9, "steps": 0}, {}, "It has not learned anything yet.", "Press Train."),
        ({}, {"history": [{"event": "≥"}]}, {}, "On the floor.", "score is honest again."),
        ({}, {}, {}, "On the floor.", "boards, all from its training data. Now let"),
        (
            {},
            {"nats": 7.21, "own": 7.2, "least": 7.2},
            {},
            "On the floor of this grouping.",
            "Without groups, the floor is 3.40.",
        ),
        ({}, {"nats": 5.02, "least": 5}, {}, "This network cannot get any lower.", "not see all"),
        (
            {"fault": NOT_STRICT, "hidden_degrees": [[15]]},
            {},
            {},
            "Now x̂₁₅ can see its own answer.",
            "Press Train",
        ),
        (
            {"fault": NOT_STRICT},
            {"nats": 0.01, "simple": True},
            {"blanks": 24},
            "Too good to be true.",
            CHEATS + "Ask it to draw, with no answer to copy: 24 blanks.",
        ),
        (
            {"fault": NOT_STRICT},
            {"nats": 1.2, "sum": 43.81, "claimed": 29.84},
            {"blanks": 20},
            "Too good to be true.",
            "20 of 24 are blank. Its probabilities add up to 43.8. The 30 boards in its training "
            "data contribute 29.8.",
        ),
        (
            {"fault": MIXED_UP, "ordering": [[1], [2], [0], *([i] for i in range(3, 16))]},
            {},
            {},
            "The masks are right, but for a different ordering.",
            "x̂₂, drawn at step 1, needs x₃ and x₁ too early",
        ),
        (
            {},
            {"what": {"kind": "board", "rows": [[0] * 16]}},
            {},
            "Paint at least two boards.",
            "0",
        ),
    ],
)
def test_what_stands_there_now(call, state, now, result, headline, said):
    w = MaskExplorer("boards", (64,))
    for name, value in state.items():
        setattr(w, name, value)
    now = {
        "network": in_the_page(call, w),
        "net": {"steps": now.pop("steps", 200)},
        "what": BOARDS,
        **LEARNED,
        **now,
    }
    found = call("sentences", "describeState", now, {**DREW, **result})
    assert found[0] == headline
    assert said in found[1]


# ---- state --------------------------------------------------------------------------------------


def test_what_the_page_sends_may_change_all_at_once():
    w = MaskExplorer()
    w.set_state(
        {
            "lesson": "boards",
            "ordering": [[i, i + 8] for i in range(8)],
            "hidden_degrees": [[7, 1]],
            "selected": [2, 15],
        }
    )
    assert w.connectivity[15].sum() == 14  # all but those of the last step
    assert w.hidden_degrees == [[1, 7]]
    w.restart()
    assert (w.ordering, w.selected) == ([[1], [2], [0]], (3, 0))


def test_the_diary_is_learned_in_python_too():
    """Train broken masks, as in notebook 3."""
    nats, total = MaskExplorer(direct=True).train()
    assert 1.844 < nats < 1.86
    assert total == pytest.approx(1, abs=1e-9)


def test_the_figure_is_of_the_same_state():
    w = MaskExplorer(direct=True, fault=NOT_STRICT)
    figure = w.figure()
    assert figure.alt.startswith("Orange and crossed, for leaks: x̂₁ sees x₁, ")
    assert f" {NOT_STRICT}, wanted: p(x) = " in figure.alt
    FigureCanvasAgg(figure).draw()
    FigureCanvasAgg(MaskExplorer("boards").figure()).draw()
