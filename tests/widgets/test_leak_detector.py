"""LeakDetector without a browser: what it draws and says follows from what was measured."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch import nn

from made_course import MADE, LeakDetector, connectivity
from made_course.widgets.dependence_picture import draw_dependence
from made_course.words import check_names, read_ordering, variable_names, write_ordering
from tests.widgets.page import HOSTILE, controls, markup, page, pixels_of, words

CYCLE = [1, 2, 0]  # x2, then x3, then x1
NO_LEAK = "No leak: every output depends only on earlier variables, at all 8 binary vectors x."


def show_every_path(model):
    """Positive weights cannot cancel, and tanh is nowhere flat: each path that exists shows."""
    model.act = nn.Tanh()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.6).div_(parameter.shape[-1] ** 0.5)
    return model


def leak(model):
    """The mistake that the course warns of: ``>=`` at the output."""
    degrees = model.degrees
    model.net[-1].set_mask(degrees[0][:, None] >= degrees[-1][None, :])
    return model


@pytest.fixture
def model():
    return show_every_path(MADE(3, (6, 6), ordering=CYCLE, degrees="even", seed=0))


def matrices(w):
    return [part for part in page(w).iter("svg") if " finds: " in part.get("aria-label", "")
            or " claims: " in part.get("aria-label", "")]  # fmt: skip


def states(matrix):
    """(row, column) → what the cell shows; by outline, filling and cross, never colour alone."""
    found = {}
    for cell in (part for part in matrix.iter("g") if part.get("data-state")):
        box = cell.find("rect")
        looks = (
            float(box.get("stroke-width")) > 1,
            box.get("fill") != "white",
            cell.find("path") is not None,
        )
        kinds = {"seen": (1, 1, 0), "leak": (1, 1, 1), "allowed": (1, 0, 0), "none": (0, 0, 0)}
        assert looks == kinds[cell.get("data-state")]
        found[int(cell.get("data-row")), int(cell.get("data-column"))] = cell.get("data-state")
    return found


def expected_states(seen, allowed):
    names = {(1, 1): "seen", (1, 0): "leak", (0, 1): "allowed", (0, 0): "none"}
    return {
        (i, j): names[int(seen[i, j]), int(allowed[i, j])]
        for i in range(len(seen))
        for j in range(len(seen))
    }


def named(text):
    """The (output, input) pairs that words name as leaks, counted from 0."""
    digits = text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    found = re.findall(r"output x(\d+) moved when x(\d+) did: by", digits)
    return [(int(i) - 1, int(j) - 1) for i, j in found]


# ---- what it says of known functions ------------------------------------------------------------


def test_the_documents_model_has_no_leak(model):
    w = LeakDetector(model)
    assert (w.ordering, w.leaks, w.verdict, w.disagreement) == (CYCLE, [], NO_LEAK, "")
    assert w.selected == 0  # comes last, so it may see most
    assert torch.equal(w.by_flip, connectivity(model.masks))
    assert torch.equal(w.by_gradient, connectivity(model.masks))
    said = words(w)
    assert f"✓ {NO_LEAK}" in said
    assert "Output x₁, step 3 of 3, depends on x₂ and x₃. It may depend on x₂ and x₃." in said
    assert "By gradient it depends on x₂ and x₃." in said
    labels = [matrix.get("aria-label") for matrix in matrices(w)]
    assert labels[0] == "What flipping finds: x̂₁ sees x₂ and x₃; x̂₂ sees nothing; x̂₃ sees x₂"


def test_an_output_mask_that_is_not_strict_is_caught_named_and_measured(model):
    w = LeakDetector(leak(model))
    headline, *lines = w.verdict.splitlines()
    assert headline == "2 leaks were found by flipping each variable at all 8 binary vectors x."
    assert w.leaks == sorted(named(w.verdict)) == [(1, 1), (2, 2)]
    sizes = [float(re.search(r"by (\S+) logits at x = \(", line)[1]) for line in lines]
    moves = [w.dependence.largest_move[pair].item() for pair in named(w.verdict)]
    assert sizes == pytest.approx(moves, rel=1e-2)
    assert sizes == sorted(sizes, reverse=True)
    assert w.selected == named(w.verdict)[0][0]
    assert f"✗ {headline}" in words(w)
    assert "x̂₃ sees x₂ and x₃, of these x₃ not allowed" in matrices(w)[0].get("aria-label")


def test_the_point_where_it_happened_is_told():
    def conjunction(x):
        return torch.stack([5 * x[:, 1] * (1 - x[:, 2]), 0 * x[:, 0], 0 * x[:, 0]], dim=1)

    w = LeakDetector(conjunction, input_dim=3)
    assert w.verdict.splitlines()[1] == "output x₁ moved when x₂ did: by 5 logits at x = (0, 0, 0)"
    w.ordering = [1, 0, 2]
    assert w.verdict.splitlines()[1:] == [
        "output x₁ moved when x₃ did: by 5 logits at x = (0, 1, 0)"
    ]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        *((1.0, "by 1 logit at"), (1 / 3, "by 0.333 logits at")),
        *((2.0**-13, "by 0.000122 logits at"), (2.0**20, "by 1050000 logits at")),
    ],
)
def test_sizes_are_said_plainly(size, said):
    assert said in LeakDetector(lambda x: size * x, input_dim=1).verdict


def test_of_many_leaks_the_six_largest_are_named():
    factors = torch.tensor([3.0, 9, 5, 8, 4, 7, 6])
    w = LeakDetector(lambda x: factors * x, input_dim=7)
    assert named(w.verdict) == [(1, 1), (3, 3), (5, 5), (6, 6), (2, 2), (4, 4)]
    assert w.verdict.splitlines()[-1] == "and 1 more"
    equal = LeakDetector(lambda x: 2 * x, input_dim=6)
    assert named(equal.verdict) == [(i, i) for i in range(6)]
    assert "more" not in equal.verdict


def test_many_variables_are_tried_at_random_points_that_are_numbered():
    w = LeakDetector(lambda x: (x + 2 * x * torch.eye(12)[7]) * x[:, :1], input_dim=12)
    said = re.search(r"^output x₈ moved when x₈ did: by 3 logits at random point (\d+)$",
                     w.verdict, re.MULTILINE)  # fmt: skip
    assert w.dependence.points[int(said[1]) - 1][0] == 1
    assert "at 64 random points." in w.verdict
    assert LeakDetector(lambda x: 0 * x, input_dim=12).verdict == (
        "No leak found: every output depends only on earlier variables, at 64 random points."
    )


def test_each_disagreement_of_the_two_ways_is_told_with_its_reason():
    def tricky(x):
        outputs = torch.zeros_like(x)
        outputs[:, 0] = torch.relu(1 - torch.relu(2 - 4 * x[:, 3]))
        outputs[:, 1] = x[:, 2] ** 2 - x[:, 2]
        outputs[:, 2] = 0.1 * x[:, 3] + 0.7 * x[:, 3] - 0.8 * x[:, 3]
        return outputs

    w = LeakDetector(tricky, input_dim=4)
    hidden, steep, faint = w.disagreement.splitlines()
    assert hidden.startswith("Flipping alone finds that x̂₁ depends on x₄: the output moves")
    assert "ReLU that is off" in hidden
    assert steep.startswith("The gradient alone finds that x̂₂ depends on x₃: there is a slope")
    assert faint.startswith("The gradient alone finds that x̂₃ depends on x₄: its slope is within")
    assert all(line in words(w) for line in (hidden, steep, faint))
    assert w.leaks == [(0, 3)]
    by_flip, by_gradient = map(states, matrices(w))
    assert (by_flip[0, 3], by_gradient[0, 3]) == ("leak", "none")
    assert (by_flip[1, 2], by_gradient[1, 2]) == ("none", "leak")


def test_a_leak_that_only_the_gradient_speaks_of_does_not_pass_in_silence():
    said = "The gradient alone speaks of 3 leaks: see below why that can be."
    assert LeakDetector(lambda x: x**2 - x, input_dim=3).verdict == f"{NO_LEAK}\n{said}"
    many = LeakDetector(lambda x: x**2 - x, input_dim=11).disagreement
    assert many.endswith("as x² − x does not, or it moves at points not tried.")
    assert "x̂₅ on x₅, x̂₆ on x₆ and 5 more" in many
    infinite = LeakDetector(lambda x: 0 * x.sqrt(), input_dim=1).disagreement
    assert "it is not a finite number there" in infinite


def test_a_function_without_gradients():
    w = LeakDetector(lambda x: x.detach().roll(1, dims=1), input_dim=3, ordering=CYCLE)
    assert w.by_gradient is None
    assert w.disagreement == "The function gives no gradients, so that flipping alone decides."
    assert len(matrices(w)) == len(w.figure().axes) == 1
    assert "By gradient" not in words(w)


# ---- state, words and picture -------------------------------------------------------------------


FUNCTIONS = [
    leak(show_every_path(MADE(4, (5,), ordering=[1, 3, 0, 2], seed=0))),
    lambda x: x.detach().roll(1, dims=1),
    nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 4)),
]


@given(st.sampled_from(FUNCTIONS), st.permutations(range(4)), st.integers(0, 3), st.booleans())
@settings(max_examples=30)
def test_in_any_ordering_picture_words_and_state_agree(function, ordering, i, by_control):
    w, names = LeakDetector(function, input_dim=4), variable_names(4)
    if by_control:
        controls(w)["Ordering"].value = " ".join(f"x{k + 1}" for k in ordering)
        controls(w)["Output"].value = i
    else:
        w.ordering, w.selected = ordering, i
    assert (w.ordering, w.selected, w.problem) == (ordering, i, "")
    assert controls(w)["Ordering"].value == ", ".join(f"x{k + 1}" for k in ordering)
    allowed = torch.tensor(
        [[ordering.index(j) < ordering.index(i) for j in range(4)] for i in range(4)]
    )
    assert w.leaks == [tuple(pair) for pair in (w.by_flip & ~allowed).nonzero().tolist()]
    ways = [w.by_flip] if w.by_gradient is None else [w.by_flip, w.by_gradient]
    for matrix, seen in zip(matrices(w), ways, strict=True):
        assert states(matrix) == expected_states(seen, allowed)
        (mark,) = [p.get("data-selected") for p in matrix.iter() if p.get("data-selected")]
        assert mark == str(i)

    def listed(inputs):
        said = [names[j] for j in ordering if inputs[j]]
        return " and ".join(filter(None, [", ".join(said[:-1]), said[-1]])) if said else "nothing"

    sentence = f"Output {names[i]}, step {ordering.index(i) + 1} of 4, depends on "
    sentence += f"{listed(w.by_flip[i])}. It may depend on {listed(allowed[i])}."
    forbidden = w.by_flip[i] & ~allowed[i]
    sentence += f" Not allowed: {listed(forbidden)}." if forbidden.any() else ""
    assert sentence in words(w)
    w.close()


def test_a_given_ordering_counts_more_than_the_models(model):
    w = LeakDetector(model, ordering=torch.tensor([0, 1, 2]))
    assert w.leaks == [(0, 1), (0, 2)]  # x1 comes last in truth
    assert "It is not the model's own, which is x₂, x₃, x₁." in words(w)
    w.ordering = CYCLE
    assert (w.leaks, "model's own" in words(w)) == ([], False)


def test_an_ordering_that_was_not_given_follows_the_model():
    model = show_every_path(MADE(6, (10,), natural_order=False, seed=0))
    follows, given_one = LeakDetector(model), LeakDetector(model, ordering=[3, 4, 5, 0, 1, 2])
    model.resample_masks()
    follows.measure()
    given_one.measure()
    assert follows.ordering == torch.argsort(model.order).tolist()
    assert given_one.ordering == [3, 4, 5, 0, 1, 2]


def test_measuring_again_looks_at_the_model_as_it_is_by_now_and_at_new_points(model):
    w = LeakDetector(model)
    leak(model)
    controls(w)["Measure again"].click()
    assert w.leaks == [(1, 1), (2, 2)]
    wide, same = (LeakDetector(lambda x: x, input_dim=11, seed=7) for _ in range(2))
    points = wide.dependence.points
    controls(wide)["Measure again"].click()
    assert not torch.equal(wide.dependence.points, points)
    same.measure()
    assert torch.equal(same.dependence.points, wide.dependence.points)


def test_what_was_found_stays_when_it_cannot_be_measured_again():
    broken = []

    def function(x):
        if broken:
            raise RuntimeError("out of order")
        return x

    w = LeakDetector(function, input_dim=12)
    found = w.dependence
    broken.append(True)
    controls(w)["Measure again"].click()
    assert w.problem == (
        "the function raised RuntimeError on an input of shape (1024, 12): out of order"
    )
    assert w.dependence is found


def test_nothing_of_the_model_changes():
    model = MADE(3, (8,), ordering=CYCLE, dropout=0.5, seed=0).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    w = LeakDetector(model)
    w.ordering = [2, 1, 0]
    w.figure()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert {module.training for module in model.modules()} == {True}
    assert {parameter.grad for parameter in model.parameters()} == {None}


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("x1, x2", "an ordering names each variable once: missing x₃"),
        ("x1 x1 x3, x3 x2", "an ordering names each variable once: repeated x₁ and x₃"),
        (HOSTILE, f"unknown {HOSTILE}: type x₁, x₂ and x₃ in the order of generation"),
    ],
)
def test_a_text_that_is_no_ordering_keeps_the_state_and_says_why(model, text, fragment):
    w = LeakDetector(model)
    controls(w)["Ordering"].value = text
    assert (w.problem, w.ordering) == (fragment, CYCLE)
    assert fragment in words(w)
    w.selected = 1
    assert (w.problem, controls(w)["Ordering"].value) == ("", "x2, x3, x1")


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda f: LeakDetector(f), "give input_dim, as in LeakDetector(function, input_dim=3)"),
        (lambda f: LeakDetector(f, input_dim=0), "input_dim must be at least 1, got 0"),
        (lambda f: LeakDetector(f, [0, 1], input_dim=3), "must name each of 3 variables, got 2"),
        (lambda f: LeakDetector(f, [0, 1, 1]), "ordering must be a permutation of 0..2"),
        (lambda f: LeakDetector(f, names=["a₁", "a1"]), "names must differ from one another"),
        (lambda f: LeakDetector(f, names=["a", " "]), "neither blank nor contain a comma"),
        (lambda f: LeakDetector(f, names=["a", 1]), "each of names must be a string, got 1"),
        (lambda f: LeakDetector(f, names="ab"), "names must be a list of strings, got 'ab'"),
        (lambda f: LeakDetector(f, input_dim=2, seed=-1), "seed must be at least 0, got -1"),
        (lambda f: LeakDetector(MADE(3), input_dim=4), "the model has 3 variables, got input_dim"),
        (lambda f: LeakDetector("a model", input_dim=3), "function must be a callable (B, D)"),
        (lambda f: LeakDetector(nn.Linear(4, 4), input_dim=3), "the function raised RuntimeError"),
        (lambda f: LeakDetector(lambda x: x.sum(1), input_dim=3), "one output for each variable"),
        (lambda f: LeakDetector(torch.rand_like, input_dim=3), "draws random numbers"),
        (lambda f: setattr(LeakDetector(f, CYCLE), "selected", 3), "must be less than 3, got 3"),
        (lambda f: setattr(LeakDetector(f, CYCLE), "ordering", "x1"), "tensor or a list of whole"),
    ],
)
def test_what_does_not_fit_is_said(make, fragment):
    with pytest.raises((TypeError, ValueError), match=re.escape(fragment)):
        make(lambda x: x)


# ---- what is drawn ------------------------------------------------------------------------------


def test_a_row_that_is_clicked_operates_the_control_and_names_are_text(model):
    w = LeakDetector(leak(model), names=["rain", HOSTILE, "the weather of yesterday"])
    assert f"output {HOSTILE} moved when {HOSTILE} did" in words(w)
    assert "the weather…" in words(w)
    for matrix in matrices(w):
        clicks = [part.get("onclick") for part in matrix.iter() if part.get("onclick")]
        for row, click in enumerate(clicks):
            assert ".made-leaks-output select" in click
            assert f"c.selectedIndex=[0, 1, 2][{row}];" in click
        assert len(clicks) == 3


@pytest.mark.parametrize("input_dim", [1, 12, 13, 20, 21, 784])
def test_any_number_of_variables_fits_into_the_page(input_dim):
    w = LeakDetector(lambda x: 2 * x, input_dim=input_dim)
    assert w.leaks == [(i, i) for i in range(input_dim)]
    for matrix in matrices(w):
        width, height = float(matrix.get("width")), float(matrix.get("height"))
        assert width < 512
        for part in matrix.iter("rect"):
            assert float(part.get("x", 0)) + float(part.get("width")) <= width + 2
            assert float(part.get("y", 0)) + float(part.get("height")) <= height + 2
        assert len(states(matrix)) == (input_dim**2 if input_dim <= 20 else 0)
    assert len(markup(w)) < 300_000


def test_many_variables_stand_in_the_orderings_sequence():
    model = leak(show_every_path(MADE(30, (60,), natural_order=False, degrees="even", seed=0)))
    w, order = LeakDetector(model), torch.argsort(model.order).tolist()
    seen = int(connectivity(model.masks).sum()) - len(w.leaks)
    assert (
        f"{seen} of {30 * 29 // 2} allowed pairs seen, {len(w.leaks)} pairs seen that are not"
        in (matrices(w)[0].get("aria-label"))
    )
    (click,) = [part.get("onclick") for part in matrices(w)[0].iter() if part.get("onclick")]
    assert f"c.selectedIndex={order}[Math.floor((event.clientY-" in click
    assert "for rows and columns too" in words(w)


def test_a_single_leak_among_784_variables_shows():
    allowed = torch.ones(784, 784).tril(-1).bool()
    seen = allowed.clone()
    seen[301, 302] = True
    drawn = draw_dependence(seen, allowed, variable_names(784), "title")
    (href,) = re.findall(r'href="([^"]+)"', drawn)
    picture = pixels_of({"href": href})
    assert (picture == (213, 94, 0)).all(axis=-1).nonzero() == ([100], [100])  # 3 by 3 to a pixel
    assert tuple(picture[200, 100]) == (0, 114, 178)
    assert tuple(picture[100, 200]) == (255, 255, 255)


def test_the_figure_shows_the_same(model):
    figure = LeakDetector(leak(model)).figure()
    FigureCanvasAgg(figure).draw()
    assert [axes.get_title() for axes in figure.axes] == [
        "What flipping finds: 2 leaks",
        "What the gradient claims: 2 leaks",
    ]
    for axes in figure.axes:
        (crosses,) = axes.get_lines()
        assert {(round(y), round(x)) for x, y in crosses.get_xydata()} == {(1, 1), (2, 2)}
        assert len(axes.patches) == 5  # three pairs allowed, two leaks
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["allowed and seen", "allowed, not seen", "a leak"]


# ---- orderings as text --------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1).filter(
    lambda word: word.strip() and word.isprintable()
)


def typed(name):
    """A name without subscripts and with single spaces, as it is compared."""
    return " ".join(name.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")).split())


@given(st.lists(NAMES, min_size=1, max_size=6, unique_by=typed), st.randoms())
def test_what_is_written_can_be_read(names, random):
    ordering = random.sample(range(len(names)), len(names))
    assert check_names(names, len(names)) == names
    text = write_ordering(ordering, names)
    assert read_ordering(text.replace(", ", " ,  "), names) == ordering


def test_an_ordering_may_be_typed_in_many_ways():
    for text in ("x2 x3 x1", "x₂,x₃,x₁", " x2,,x₃\tx1, ", "x2 , x3 x1"):
        assert read_ordering(text, variable_names(3)) == CYCLE
    names = ["rain", "wet grass", "x1"]
    assert read_ordering("x2, rain, x3", names) == [1, 0, 2]  # by number where no name says else
    with pytest.raises(ValueError, match="missing x₂, x₃.*, x₁₂ and 772 more$"):
        read_ordering("x1", variable_names(784))
