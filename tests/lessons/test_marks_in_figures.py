"""Figures of single notebooks: what the colour, shape and position of each mark mean."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image

from made_course import MADE, MixtureOfGaussians, Transformer, build_masks
from made_lessons.notebook_01.figures import plot_chain_rule, plot_draws
from made_lessons.notebook_02.figures import plot_moves
from made_lessons.notebook_03.figures import plot_masking, plot_path
from made_lessons.notebook_04.figures import plot_masked_step
from made_lessons.notebook_05.figures import plot_recipe
from made_lessons.notebook_06.figures import plot_final_units, plot_repeated_work
from made_lessons.notebook_07.figures import (
    plot_added_orderings,
    plot_lines,
    plot_mixture,
    plot_pixel_orderings,
)
from made_lessons.notebook_08.figures import plot_density, plot_slices
from made_lessons.notebook_09.figures import plot_receptive_fields
from made_lessons.notebook_09.window_as_a_mask import window_mask
from made_lessons.notebook_10.figures import attention_weights, three_masks
from tests.figures.drawn import BLUE, ORANGE, labels, picture_in, texts

DEGREES = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]


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
    squares = {}
    for p in axes.patches[:4]:
        place = round(p.get_y() + 0.46), round(p.get_x() + 0.46)
        squares[place] = to_hex(p.get_facecolor()), p.get_alpha()
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


def test_a_forbidden_weight_is_orange_and_crossed_where_it_is_in_use():
    mask = torch.tensor([[False, True], [False, False]])
    first = 0.25 * mask, torch.tensor([[1.0, -0.5], [0.0, 1.0]])  # one weight is still zero
    (axes,) = plot_masked_step(first, torch.tensor([[1.0, -0.5], [1.0, 1.0]]), mask).axes
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


def test_a_ladder_shows_by_text_and_marker_which_recipes_are_better():
    ends = {"a": (5.0, 5.2), "b": (7.0, 7.0), "c": (3.0, 3.4), "d": (3.1, 3.1)}
    curves = {name: torch.tensor([[9.0, end] for end in both]) for name, both in ends.items()}
    ladder = [SimpleNamespace(name=name, test_nll=curve) for name, curve in curves.items()]
    (axes,) = plot_recipe(ladder).axes
    assert texts(axes) == ["5.1", "7.0 (+1.9)", "3.2 (−3.8)", "3.1 (−0.1)"]
    assert labels(axes.get_yticklabels()) == ["a", "+ b", "+ c", "+ d"]
    big = [line for line in axes.lines if line.get_markersize() == 10]
    assert [line.get_marker() for line in big] == ["o", "o", "s", "o"]


def test_new_final_units_are_blue_and_older_ones_pale():
    degrees = [torch.tensor([3, 1, 2, 4]), torch.tensor([1, 3, 2, 3])]
    figure = plot_final_units(torch.tensor([1.0, 0, 1, 1]), degrees, [2, 3, 4])
    bars = [axes.patches for axes in figure.axes if axes.patches]
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


def test_a_histogram_of_a_mixture_ends_at_its_limit():
    (axes,) = plot_mixture(torch.tensor([0.01, 0.68, 0.69]), 2).axes
    heights = [bar.get_height() for bar in axes.patches]
    assert [heights[0], heights[-1], sum(heights)] == [1, 2, 3]


def test_a_false_distribution_is_an_orange_cross():
    lines = {name: {1: 0.0, 2: 1.0} for name in ("a", "claim", "b")}
    (axes,) = plot_lines(lines, xlabel="", ylabel="", invalid="claim").axes
    looks = [(line.get_marker(), to_hex(line.get_color())) for line in axes.lines]
    assert looks == [("s", BLUE), ("x", ORANGE), ("o", "#767676")]
    lower = torch.tensor([[False, False], [True, False]])
    *_, mean = plot_added_orderings(lower, lower.T).axes
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
    model = MADE(2, (8,), head=MixtureOfGaussians(2), seed=0)
    left, right = plot_slices({"two": model}).axes
    assert left.get_lines()[0].get_xdata() == [0, 0]
    height, x2 = right.get_lines()[0].get_xydata()[120]
    at = torch.tensor([[0.0, x2]])
    assert height == pytest.approx(model.log_conditionals(at)[0, 1].exp().item(), rel=1e-4)


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


def test_weights_are_shared_as_each_model_shares_them():
    nade, convolution, attention = map(np.array, three_masks().values())
    earlier = np.tri(9, k=-1, dtype=bool)
    assert ((nade != "") == earlier).all()
    assert ((attention == "?") == earlier).all()
    assert nade[8, :8].tolist() == [*"abcdefgh"]
    assert ((convolution != "") == window_mask(3, strict=True).numpy()).all()
    assert convolution[4, :4].tolist() == [*"dcba"] == convolution[7, 3:7].tolist()
