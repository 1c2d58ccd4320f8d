"""Figures of single notebooks: each draws the numbers it is given, and what they mean."""

import io
import math
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image

import made_lessons
from made_course import MADE, MixtureOfGaussians, Transformer, build_masks
from made_course.figures.picture import WORDS
from made_lessons.notebook_01.figures import (
    plot_chain_rule,
    plot_draws,
    plot_tickets,
    plot_two_trees,
)
from made_lessons.notebook_02.figures import plot_moves
from made_lessons.notebook_03.figures import plot_masking, plot_path
from made_lessons.notebook_04.figures import plot_caught, plot_logarithms, plot_masked_step
from made_lessons.notebook_05.figures import (
    plot_costs,
    plot_first_layer,
    plot_learning_curve,
    plot_recipe,
    plot_surprise,
)
from made_lessons.notebook_06.figures import plot_final_units, plot_repeated_work
from made_lessons.notebook_07.figures import (
    plot_added_orderings,
    plot_coasting,
    plot_many_masks,
    plot_mixture,
    plot_pixel_orderings,
)
from made_lessons.notebook_08.figures import plot_density, plot_inverse, plot_slices, plot_stretched
from made_lessons.notebook_09.figures import (
    plot_family_tree,
    plot_flow,
    plot_receptive_fields,
)
from made_lessons.notebook_09.window_as_a_mask import window_mask
from made_lessons.notebook_10.figures import (
    attention_weights,
    plot_attention,
    plot_heads,
    plot_race,
    plot_shared_weights,
    three_masks,
)
from made_lessons.notebook_11.figures import plot_steps_of_boards
from made_lessons.notebook_12.figures import plot_costs_of_orderings, plot_share_by_steps
from tests.figures.drawn import (
    BLUE,
    ORANGE,
    assert_shows,
    faults,
    functions_of,
    labels,
    picture_in,
    texts,
)


def rung(name, *nats):
    curve = torch.tensor([[9.0, last] for last in nats])
    return SimpleNamespace(name=name, test_nll=curve)


def way(name, *by_step):
    cost = torch.tensor(by_step)
    return SimpleNamespace(name=name, nats=cost.sum().expand(2), by_step=cost)


def timed(name, seconds, test):
    return SimpleNamespace(name=name, seconds=seconds, test=test)


DEGREES = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
STEP = torch.tensor([[0.0, 0.25], [0.0, 0.0]]), torch.tensor([[1.0, -0.5], [1.0, 1.0]])
ROW = torch.tensor([1.0, 0.0, 1.0, 1.0])
ORDER = torch.tensor([3, 1, 2, 4])
TWO_REAL = MADE(2, (8,), head=MixtureOfGaussians(2), seed=0)
BELLS = MADE(2, (8,), head=MixtureOfGaussians(2))
torch.nn.init.zeros_(BELLS.net[-1].weight)  # alike, whatever weights PyTorch draws
ROW_FIRST = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
LOWER = torch.tensor([[False, False], [True, False]])
FIGURES = {
    "chain rule": (lambda: plot_chain_rule(torch.tensor([[0, 0], [0, 1], [1, 1]]), [1, 0],
            ["wet", "rain"], [1, 1]), [1, 2, 3],
        "by rain, then wet", "11 (wet, rain): 2/3 · 1/2 = 1/3"),
    "tickets": (lambda: plot_tickets([1, 2, 0]), [1, 2, 3],
        "x₁ has ticket 3, x₂ ticket 1", "calls x₂, then x₃, then x₁"),
    "draws": (lambda: plot_draws(["rain", "wet"], [0.25, 0.5], [0.75, 0.5]), [0.25, 0.75, 0.5],
        "rain: u = 0.75 > p = 0.25, no; wet: u = 0.50 ≤ p = 0.5, yes"),
    "two trees": (lambda: plot_two_trees({"x₁, x₂, x₃": {"p1": torch.tensor(0.4),
            "p2": torch.tensor([0.25, 0.5]), "p3": torch.ones(2, 2)}}), [0.4, 0.25, 0.5, 1],
        "p2[0] 0.250, p2[1] 0.500"),
    "moves": (lambda: plot_moves(torch.tensor([[0.25, 0.0], [0.5, 0.75]]), [0, 1], 1), [0.92],
        "x̂₂ by 0.75 when x₂ is", "0.50 with its own"),
    "masking": (lambda: plot_masking(DEGREES, build_masks(DEGREES)), [0, 1, 2, 3, 12, 6],
        "x̂₃ of degree 2: 1, 0. x̂₁ sees x₂ and x₃"),
    "path": (lambda: plot_path(DEGREES, build_masks(DEGREES), [1, 1, 0]), [1, 2, 3],
        "from x₂ to x̂₁", "1 ≤ 2 < 3", "6 connections"),
    "masked step": (lambda: plot_masked_step(STEP, STEP[1], STEP[0] == 0.25), [0, 1],
        "3 forbidden weights are back", "none are"),
    "logarithms": (lambda: plot_logarithms(torch.tensor([-100.0, -90, 0, 18, 60]),
            torch.tensor([math.nan, 0, -0.69, -math.inf, -math.inf]),
            torch.tensor([0.0, 0, -0.69, -18, -60])), [(0, -0.69), (60, -60), 18, 100],
        "NaN up to −100 and −∞ from 18"),
    "caught": (lambda: plot_caught({"a": {"sum"}, "b": set()}, ["sum", "flip"]), [],
        "a: sum; b: nothing"),
    "costs": (lambda: plot_costs(ROW.repeat(2, 1),
            torch.tensor([[0.5, 0.0, 1.0, 0.25]]).repeat(2, 1)), [0.5, 0.25, 2.1],
        "100%", "4 pixels", "2.1 (1), 2.1 (1)"),
    "learning curve": (lambda: plot_learning_curve([150.0, 98.75], [120.5, 97.125],
            levels={"coin": 125.0}), [(1, 150), (1, 120.5), (2, 98.75), (2, 97.125), 125],
        "after epoch 2, with 97.1",
        "train from 150.0 to 98.8; validation from 120.5 to 97.1; coin at 125"),
    "surprise": (lambda: plot_surprise({"digits": torch.tensor([60.0, 70, 71, 90])},
            torch.zeros(1, 4), torch.tensor([15.75]), outlier="nothing"), [15.8],
        "costs 15.8", "mean 72.8, nine in ten from 61.5 to 87.2"),
    "first layer": (lambda: plot_first_layer(MADE(16, (4,), degrees="even")), [],
        "6 hidden units", "1, 6, 6, 10, 10, 15"),
    "recipe": (lambda: plot_recipe([rung("a", 5.0, 5.25), rung("b", 7.0)]),
        [(5, 0), (5.25, 0), (7, 1)], "from 5.1 nats to 5.1", "+ b 7.0 (+1.9)"),
    "final units": (lambda: plot_final_units(ROW, [ORDER, torch.tensor([1, 3, 3])], [2, 4]),
        [2, 4], "After 2 and 4 of 4 pixels, 1 and 3 of the 3 units"),
    "repeated work": (lambda: plot_repeated_work(torch.tensor([1, 3, 2]), 4), [1],
        "3 squares", "6 squares", "4 forward passes by 3", "1 to 3"),
    "pixel orderings": (lambda: plot_pixel_orderings(
            {"down": torch.arange(4), "up": torch.arange(3, -1, -1)}), [0, 1, 2, 3]),
    "coasting": (lambda: plot_coasting({"SGD": [1.125, 1.0, 0.0], "Adam": [1.25, 1.0, 0.875]},
            switch=2), [(1, 1.125), (1, 1.25), (3, 0.875), 2.5],
        "SGD 0.00, Adam 0.88", "after step 2"),
    "mixture": (lambda: plot_mixture({"one": torch.tensor([90.0, 92.0]),
            "another": torch.tensor([73.0, 70.0])}),
        [(0, 0), (2, 0), (3, 1), (0.57, 0), (0.64, 1)],
        "ln 2 = 0.69", "one: members 0.00 and 2.00, mixture 0.57"),
    "many masks": (lambda: plot_many_masks({"all": torch.tensor([9.0, 5.5]),
            "claim": torch.tensor([9.0, 1.25])}, invalid="claim"), [(1, 9), (2, 5.5), (2, 1.25)],
        "claim claims 1.2", "all from 9.0 to 5.5"),
    "added orderings": (lambda: plot_added_orderings(LOWER, LOWER.T), [0.8],
        "1 pair", "x̂₂ sees x₁. ordering B: x̂₁ sees x₂"),
    "density": (lambda: plot_density({"dots": torch.full((2, 2), 1.25), "two": BELLS}, alt="Dots."),
        [1.25], "two, up to 0.16"),
    "slices": (lambda: plot_slices({"two": BELLS}), [0], "x₂ = −0.9 and 0.9"),
    "stretched": (lambda: plot_stretched(BELLS, 10), [0.25, 25],
        "100 times", "0.25 cm² × 0.14 = 0.04; 25 mm² × 0.0014 = 0.04"),
    "inverse": (lambda: plot_inverse([0.25, 0.125, 0.625], [0.25, 0.75]),
        [(1, 0.25), (1, 0.375), (3, 1), (2, 0.75), (0, 0)], "u = 0.25 gives 0, u = 0.75 gives 2"),
    "family tree": (lambda: plot_family_tree({"A": (1996, "", "old", torch.eye(3)),
            "B": (2011, "A", "new", torch.ones(3, 3).tril(-1))}, here="B"), [1996, 2011],
        "A, 1996: old. B, 2011, from A: new"),
    "receptive fields": (lambda: plot_receptive_fields({"all": torch.ones(9, 9).tril(-1).bool()},
            5), [5, 0.84], "Of 5 earlier pixels, the output of pixel 6 sees: all 5"),
    "shared weights": (lambda: plot_shared_weights(
            {"a": [["", "", ""], ["7", "", ""], ["", "7", ""]]}), [7],
        "weights 7 in 2 squares; x̂₂ sees x₁ with 7"),
    "flow": (lambda: plot_flow(lambda u: u * torch.tensor([1.0, 2.0])), [2, 4],
        "area 0.25", "area 0.50"),
    "attention": (lambda: plot_attention(torch.tensor([7.0, 2.0]), torch.tensor([0.0, 0.7]),
            torch.tensor([[1.0, 0.0], [0.25, 0.75]]), torch.tensor([10.0, 20.0])),
        [4.9, 1.4, 25, 75, 10, 20, 17.5], "position 2: .25, .75", "10, 17.50"),
    "heads": (lambda: plot_heads({"a": ROW_FIRST, "b": 1 - ROW_FIRST}), [0, 1],
        "a has its largest weight on its row's", "1.00 and 1.00"),
    "race": (lambda: plot_race(
            [[timed("a", s, n)] for s, n in ((2, 60.5), (20, 50.0))]),
        [(2, 60.5), (20, 50)], "after 2 and 20 s: a", "20 seconds: a 50.0"),
    "steps of boards": (lambda: plot_steps_of_boards(
            torch.tensor([[0, 0, 0, 1], [0, 0, 1, 0]]), {1: [[0, 1, 2, 3]], 2: [[0, 1, 2], [3]]}),
        [1, 2, 1.39, 0.69], "1: 1.39, 2: 0.69", "x₁, x₂ and x₃; x₄"),
    "costs of orderings": (lambda: plot_costs_of_orderings(
            -torch.tensor([[1.0, 5], [0, 3], [7, 0], [0, 0]]), {"mean": 8.0, "cheapest": 4.0}),
        [8, 4],
        "less than 4.0 nats", "less than 4.0, and one in twenty more than 12.0",
        "mean 8.0; cheapest 4.0"),
    "share by steps": (lambda: plot_share_by_steps({"a": {16: 0.9, 1: 0.05}}), [(16, 90), (1, 5)],
        "a 90.0% in 16, 5.0% in 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_the_numbers_it_is_given_without_a_fault(name):
    make, numbers, *words = FIGURES[name]
    figure = make()
    assert_shows(figure, numbers)
    assert faults(figure) == []
    for said in words:
        assert said in figure.alt


@pytest.mark.parametrize(
    ("name", "words", "place"),
    [
        ("learning curve", "97.1", (2, 97.125)),
        ("coasting", "Adam", (3, 0.875)),
        ("mixture", "0.57", (0.5662, 0)),
        ("inverse", "u = 0.75", (-0.7, 0.75)),
        ("race", "a", (2, 60.5)),
        ("share by steps", "a", (16, 90)),
    ],
)
def test_words_are_beside_their_points(name, words, place):
    notes = {note.get_text(): note for axes in FIGURES[name][0]().axes for note in axes.texts}
    assert notes[words].xy == pytest.approx(place, abs=1e-3)


def test_every_figure_is_tried():
    folders = [path.parent.name for path in Path(made_lessons.__file__).parent.glob("*/figures.py")]
    modules = [import_module(f"made_lessons.{folder}.figures") for folder in folders]
    drawn = set().union(*map(functions_of, modules))
    assert {name.replace(" ", "_") for name in FIGURES} == drawn


def test_the_tree_of_the_chain_rule_has_shares_and_their_product():
    days = torch.tensor([[0, 0], [0, 1], [1, 1], [1, 1]])
    (axes,) = plot_chain_rule(days, [1, 0], ["wet", "rain"], [0, 1]).axes
    blue = [text.get_text() for text in axes.texts if text.get_bbox_patch()
            and to_hex(text.get_bbox_patch().get_facecolor()) == BLUE]  # fmt: skip
    assert blue == ["4 days", "3/4", "1/3"]
    (leaf,) = [text for text in axes.texts if to_hex(text.get_color()) == BLUE]
    assert leaf.get_text() == "01:  1/4"
    assert {"11:  2/4", "01:  1/4", "10:  0/4", "00:  1/4"} <= set(texts(axes))
    dashed = [tuple(line.get_xydata()[1]) for line in axes.lines if line.get_linestyle() != "-"]
    assert sorted(dashed) == [(1, 0.5), (2, 0), (2, 2)]  # no; no, no; yes, no
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert [heights["yes"], heights["no"]] == pytest.approx([2.5, 0.5], abs=0.8)  # the forks'


def test_the_part_that_a_number_falls_into_is_blue_and_split_again():
    (axes,) = plot_draws(["rain", "wet"], [0.25, 0.5], [0.75, 0.5]).axes
    blue = [p.get_bbox().intervalx.tolist() for p in axes.patches
            if to_hex(p.get_facecolor()) == BLUE]  # fmt: skip
    assert blue == [[0.25, 1], [0, 0.5]]
    opened = [list(line.get_xdata()) for line in axes.lines if line.get_linestyle() == ":"]
    assert opened == [[0.25, 0], [1, 1]]


def test_forbidden_inputs_are_orange_and_crossed():
    moves = torch.tensor([[0.25, 0.5], [0.0, 0.75]])
    (axes,) = plot_moves(moves, [1, 0], 1).axes
    squares = {
        (round(p.get_y() + 0.46), round(p.get_x() + 0.46)): (
            to_hex(p.get_facecolor()),
            p.get_alpha(),
        )
        for p in axes.patches[:4]
    }
    assert squares == {
        **{(0, 0): (ORANGE, 0.25), (0, 1): (BLUE, 0.5)},
        **{(1, 0): (ORANGE, 0.0), (1, 1): (ORANGE, 0.75)},
    }
    crosses = {tuple(map(int, line.get_xydata()[0])) for line in axes.get_lines()}
    assert crosses == {(0, 0), (1, 1)}
    assert labels(axes.get_yticklabels()) == ["x\u0302₂"]  # every second, with the marked one


def test_a_wire_has_the_blue_of_its_degree_and_a_cut_one_is_dotted():
    masks = build_masks(DEGREES)
    (axes,) = plot_masking(DEGREES, masks).axes
    wires = axes.lines[:12]
    kept = torch.cat([mask.flatten() for mask in masks]).tolist()
    assert [line.get_linestyle() == "-" for line in wires] == kept
    blue = {1: "#8ecbf0", 2: BLUE, 3: "#003f66"}
    sources = [*DEGREES[0].tolist() * 2, *DEGREES[1].tolist() * 3]
    for line, degree, is_kept in zip(wires, sources, kept, strict=True):
        assert not is_kept or to_hex(line.get_color()) == blue[degree]
    thick = [k for k, line in enumerate(wires) if line.get_linewidth() > 3]
    assert thick == [4, 5]  # into the last hidden unit, whose row is framed
    (frame,) = [patch for patch in axes.patches if patch.get_linewidth() > 2]
    ones = [text for text in axes.texts[:40] if text.get_text() in ("0", "1")]
    inside = [t.get_text() for t in ones if frame.get_bbox().contains(*t.get_position())]
    assert inside == ["0", "1", "1"]


def test_a_unit_is_in_the_stripe_of_its_degree_and_the_path_is_thick():
    (axes,) = plot_path(DEGREES, build_masks(DEGREES), [1, 1, 0]).axes
    heights = {t.get_text(): t.get_position()[1] for t in axes.texts if "degree" in t.get_text()}
    units = [t for t in axes.texts if t.get_text() in "123" and t.get_fontsize() < 16]
    assert [t.get_text() for t in units] == [*"312", *"12", *"312"]
    for unit in units:
        nearest = min(heights, key=lambda name: abs(heights[name] - unit.get_position()[1]))
        assert nearest == f"degree {unit.get_text()}"
    thick = [line.get_xydata()[[0, -1]] for line in axes.lines if line.get_linewidth() == 5]
    middles = [np.array(units[k].get_position()) for k in (1, 4, 5)]
    assert np.allclose(thick, [middles[:2], middles[1:]], atol=0.35)


def test_a_test_that_fails_is_a_dark_square():
    (axes,) = plot_caught({"a": {"sum"}, "b": {"sum", "flip"}}, ["flip", "sum"]).axes
    dark = [to_hex(square.get_facecolor()) == WORDS for square in axes.patches]
    assert dark == [text == "fails" for text in texts(axes)] == [False, True, True, True]
    centres = [square.get_center().round().tolist() for square in axes.patches]
    assert centres == [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert labels(axes.get_yticklabels()) == ["a", "b"]


def test_a_forbidden_weight_is_orange_and_crossed_where_it_is_in_use():
    mask = STEP[0] == 0.25
    before_too = STEP[0], STEP[1] * torch.tensor([[1, 1], [0, 1]])  # one is still zero
    (axes,) = plot_masked_step(before_too, STEP[1], mask).axes
    framed = [p for p in axes.patches if to_hex(p.get_edgecolor()) == ORANGE]
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    assert len(framed) == len(crosses) == 1 + 2  # the key's, and two of the three
    inside = [t.get_text() for frame in framed for t in axes.texts
              if frame.get_bbox().contains(*t.get_position())]  # fmt: skip
    assert inside == ["1", "1"]
    for frame, cross in zip(framed, crosses, strict=True):
        assert frame.get_bbox().contains(*cross.get_xydata()[0])
    kept = texts(axes)[-6:-1]  # of W ⊙ M, below its title
    assert kept == ["W ⊙ M", "0", "−.50", "0", "0"]


def test_costs_are_blue_where_the_model_was_surprised_and_add_up():
    images, ink = torch.tensor([[1.0, 0, 0, 1]]), torch.tensor([[0.5, 0.0, 0.9, 1.0]])
    figure = plot_costs(images, ink)
    digit, probable, cost, scale = figure.axes
    assert scale.get_xlim() == (0, 2)
    assert np.array_equal(picture_in(digit).ravel(), images[0])
    assert np.array_equal(picture_in(probable).ravel(), ink[0])
    half, right, dear, sure = picture_in(cost).reshape(4, 3)
    assert to_hex(dear) == BLUE  # 2.3 nats
    assert np.array_equal(right, [1, 1, 1])
    assert half[2] > half[0] < sure[0] == sure[2] < 1  # a shade of blue; the ghost of ink is grey
    assert texts(cost) == ["3.0 nats", "half in\n1 pixels"]


def test_a_first_layer_shows_only_unmasked_weights():
    model = MADE(784, (16, 8), natural_order=False, seed=0)
    figure = plot_first_layer(model)
    weights, degrees = model.net[0].weight.detach(), model.degrees[1]
    titles = [int(axes.get_title().removeprefix("degree ")) for axes in figure.axes]
    assert titles == sorted(titles)
    ((low, high),) = {axes.get_images()[0].get_clim() for axes in figure.axes}  # one for all
    assert -low == high > 0
    for degree, axes in zip(titles, figure.axes, strict=True):
        shown = np.ma.filled(picture_in(axes), math.nan).ravel()
        assert np.array_equal(np.isfinite(shown), model.order <= degree)
        alike = [np.array_equal(shown, np.where(np.isfinite(shown), w, math.nan), equal_nan=True)
                 for w in weights[degrees == degree].numpy()]  # fmt: skip
        assert any(alike)


def test_a_ladder_shows_by_text_and_marker_which_recipes_are_better():
    ladder = [rung("a", 5.0, 5.2), rung("b", 7.0, 7.0), rung("c", 3.0, 3.4), rung("d", 3.1, 3.1)]
    (axes,) = plot_recipe(ladder).axes
    assert texts(axes) == ["5.1", "7.0 (+1.9)", "3.2 (−3.8)", "3.1 (−0.1)"]
    assert labels(axes.get_yticklabels()) == ["a", "+ b", "+ c", "+ d"]
    big = [line for line in axes.lines if line.get_markersize() == 10]
    assert [line.get_marker() for line in big] == ["o", "o", "s", "o"]


def test_new_final_units_are_blue_and_older_ones_pale():
    figure = plot_final_units(ROW, [ORDER, torch.tensor([1, 3, 2, 3])], [2, 3, 4])
    bars = [axes.child_axes[0].patches for axes in figure.axes]
    assert [[bar.get_width() for bar in both] for both in bars] == [[0, 2], [2, 2], [4, 0]]
    assert {tuple(to_hex(bar.get_facecolor()) for bar in both) for both in bars} == {
        ("#8ecbf0", BLUE)
    }


def test_repeated_work_comes_after_the_staircase():
    twice = plot_repeated_work(torch.tensor([1, 1, 3]), 4).axes[0]  # one number for two units
    assert labels(twice.get_xticklabels()) == ["1", "3"]
    assert twice.get_xticks().tolist() == [0.5, 2]
    degrees = torch.tensor([1, 3, 2])
    figure = plot_repeated_work(degrees, 4)
    blue = [p for p in figure.axes[0].patches if to_hex(p.get_facecolor()) == BLUE]
    places = {(round(p.get_x() + 0.5), round(p.get_y() + 0.5)) for p in blue}
    assert places == {(unit, int(degree) + 1) for unit, degree in enumerate(degrees)}


def test_the_pixels_of_an_ordering_come_one_after_the_other():
    figure = plot_pixel_orderings({"backwards": [3, 0, 1, 2]})
    assert picture_in(figure.axes[0]).tolist() == [[1, 2], [3, 0]]
    figure.moments[8]()  # half way
    shown = np.ma.filled(picture_in(figure.axes[0]), np.nan)
    np.testing.assert_equal(shown, [[1, np.nan], [np.nan, 0]])
    shown = Image.open(io.BytesIO(figure.as_png()))
    assert shown.n_frames > 5
    assert shown.info["loop"] == 1


def test_a_false_distribution_is_an_orange_cross():
    (axes,) = plot_mixture({"one": torch.tensor([90.0, 70.0, 76.0])}).axes
    assert axes.lines[-2].get_xdata().tolist() == [20, 0, 6]
    lines = {name: torch.ones(4) for name in ("a", "claim", "b")}
    (axes,) = plot_many_masks(lines, invalid="claim").axes
    looks = [(line.get_marker(), to_hex(line.get_color())) for line in axes.lines]
    assert looks == [("s", BLUE), ("x", ORANGE), ("o", "#767676")]
    *_, mean = plot_added_orderings(LOWER, LOWER.T).axes
    assert [to_hex(square.get_facecolor()) for square in mean.patches] == [ORANGE, ORANGE]


def height_at(axes, x1, x2):
    """Return the value that is drawn at a position in data coordinates."""
    (image,) = axes.get_images()
    left, right, bottom, top = image.get_extent()
    assert image.origin == "lower"
    heights = np.asarray(image.get_array())
    row = int((x2 - bottom) / (top - bottom) * len(heights))
    return heights[row, int((x1 - left) / (right - left) * heights.shape[1])]


def test_a_density_is_drawn_at_its_coordinates():
    head = MixtureOfGaussians(2)
    model = MADE(2, (8,), ordering=[1, 0], head=head, dropout=0.9, seed=0).double().train()
    points = torch.tensor([[0.5, -1.0], [1.0, 0.0]], requires_grad=True)
    axes, other, dots, *bars = plot_density({"a": model, "b": model, "c": points}, alt="").axes
    assert model.training
    middle = torch.tensor([[0.6125, -1.3875]]).double()  # of a cell: 2.5 / 100 apart
    expected = model.eval().log_prob(middle).exp().item()
    assert height_at(axes, *middle[0].tolist()) == pytest.approx(expected, rel=1e-4)
    assert dots.get_lines()[0].get_xydata().tolist() == points.tolist()
    assert {bar.get_ylabel() for bar in bars} == {"density"}
    assert axes.get_images()[0].get_clim() == other.get_images()[0].get_clim()  # one scale


def test_a_slice_of_a_density_is_the_model_s_conditional():
    left, right = plot_slices({"two": TWO_REAL}).axes
    assert left.get_lines()[0].get_xdata() == [0, 0]
    height, x2 = right.get_lines()[0].get_xydata()[120]
    at = torch.tensor([[0.0, x2]])
    assert height == pytest.approx(TWO_REAL.log_conditionals(at)[0, 1].exp().item(), rel=1e-4)


def test_a_receptive_field_is_blue_where_the_pixel_sees():
    sees = torch.zeros(9, 9, dtype=torch.bool)
    sees[5, [2, 4]] = True
    squares = plot_receptive_fields({"some": sees}, 5).axes[0].patches
    blue = [square for square in squares if to_hex(square.get_facecolor()) == BLUE]
    assert {tuple(map(round, square.get_center())) for square in blue} == {(2, 0), (1, 1)}
    assert len(squares) == 6  # with those that are not seen, and the pixel; none later


def test_attention_with_zero_queries_weighs_all_positions_so_far_equally():
    model = Transformer(4, width=4, layers=2, heads=2)
    torch.nn.init.zeros_(model.blocks[1].attention.query_key_value.weight)
    found = attention_weights(model, torch.tensor([[0.0, 1, 1, 0], [1, 1, 0, 0]]))
    assert list(found) == [f"block {b}, head {h}" for b in (1, 2) for h in (1, 2)]
    alike = torch.ones(4, 4).tril() / torch.arange(1, 5)[:, None]
    torch.testing.assert_close(found["block 2, head 2"], alike)
    seen, attention = [], model.blocks[0].attention
    attention.register_forward_hook(lambda _, given, out: seen.extend([given[0][0], out[0]]))
    one, two, *_ = attention_weights(model, torch.tensor([[0.0, 1, 1, 0]])).values()
    value = attention.query_key_value(seen[0])[:, 8:]  # after queries and keys of width 4
    torch.testing.assert_close(
        attention.mix(torch.cat([one @ value[:, :2], two @ value[:, 2:]], 1)), seen[1]
    )


def test_one_later_score_is_masked():
    (axes,) = FIGURES["attention"][0]().axes
    assert texts(axes).count("−∞") == 1


def test_weights_are_shared_as_each_model_shares_them():
    nade, convolution, attention = map(np.array, three_masks().values())
    earlier = np.tri(9, k=-1, dtype=bool)
    assert ((nade != "") == earlier).all()
    assert ((attention == "?") == earlier).all()
    assert nade[8, :8].tolist() == [*"abcdefgh"]
    assert ((convolution != "") == window_mask(3, strict=True).numpy()).all()
    assert convolution[4, :4].tolist() == [*"dcba"] == convolution[7, 3:7].tolist()
