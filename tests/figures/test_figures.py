"""Figures: each draws, and shows the numbers that it was given; a picture on disk is whole."""

import io
import math
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from matplotlib.colors import to_hex
from PIL import Image

from made_course import (
    MADE,
    History,
    MixtureOfGaussians,
    bars_and_stripes,
    build_masks,
    complete,
    figures,
    save_samples_grid,
)
from made_course.figures import (
    plot_completions,
    plot_dependence,
    plot_history,
    plot_image_rows,
    plot_images,
    plot_masks,
    plot_nats_scale,
    plot_probabilities,
    plot_trajectory,
)
from made_course.figures.completions import paint_completion
from made_course.figures.images import paint_variables
from made_course.leaks.trajectory import trajectory
from made_course.shipped.measured import ManyMasks, Recipe, Rung
from made_lessons.notebook_01.figures import plot_chain_rule, plot_tickets
from made_lessons.notebook_02.figures import plot_moves
from made_lessons.notebook_03.figures import plot_masking, plot_path
from made_lessons.notebook_05.figures import (
    plot_costs,
    plot_first_layer,
    plot_recipe,
    plot_surprise,
)
from made_lessons.notebook_06.figures import plot_final_units, plot_repeated_work
from made_lessons.notebook_07.figures import (
    plot_coasting,
    plot_many_masks,
    plot_mixture,
    plot_pixel_orderings,
    plot_totals,
)
from made_lessons.notebook_08.figures import plot_density, plot_slices
from made_lessons.notebook_09.figures import (
    plot_family,
    plot_family_tree,
    plot_receptive_fields,
    plot_shares,
)
from made_lessons.notebook_10.figures import plot_race, plot_shared_weights

OWN = [1, 2, 3, 5, 6, 7, 8, 9, 10]
BLUE, ORANGE = "#0072b2", "#d55e00"


@pytest.fixture
def model():
    return MADE(784, (16, 8), natural_order=False, seed=0)


@pytest.fixture
def digits():
    """Six images, each with ink in one pixel of its own."""
    images = torch.zeros(6, 784)
    for k in range(6):
        images[k, 100 * k + k] = 1
    return images


def picture_in(axes):
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


def texts(axes):
    return [text.get_text() for text in axes.texts]


def labels(ticks):
    return [label.get_text() for label in ticks]


def history_of(*epochs):
    history = History()
    for train, valid in epochs:
        history.append(train_nll=train, valid_nll=valid, lr=0.01, seconds=1.0)
    return history


def rung(name, *nats):
    curve = torch.tensor([[9.0, last] for last in nats])
    return Rung(name, Recipe(), 10, 20, curve, curve)


def many_masks(name, natural_order):
    nats = torch.tensor([3.0, 4.0, 3.5]), torch.tensor([3.0, 2.9, 2.8]), torch.ones(3)
    return ManyMasks(name, 3, natural_order, *nats)


def numbers_in(figure):
    """Every number that is written in a figure or drawn as the height or place of something."""
    found = set()
    for axes in figure.axes:
        written = [*texts(axes), *labels(axes.get_xticklabels() + axes.get_yticklabels())]
        written += [axes.get_title(), axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel()]
        numbers = re.findall(r"\d+\.?\d*", " ".join(written).replace(",", ""))
        found |= set(map(float, numbers))
        found |= {float(v) for line in axes.get_lines() for v in line.get_xydata().ravel()}
        found |= {
            float(v) for p in axes.patches if hasattr(p, "get_bbox") for v in p.get_bbox().size
        }
        found |= {
            float(v) for image in axes.get_images() for v in np.ma.compressed(image.get_array())
        }
    return sorted(found)


SEED = torch.Generator().manual_seed(0)
DEGREES = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
ROW = torch.tensor([1.0, 0.0, 1.0, 1.0])
TWO_REAL = MADE(2, (8,), head=MixtureOfGaussians(2), seed=0)
SMALL = MADE(4, ordering=[1, 2, 0, 3], seed=0)
FIGURES = {
    "images": (lambda: plot_images(0.25 * bars_and_stripes()[3:6]), [0, 0.25]),
    "image rows": (lambda: plot_image_rows({"a": 0.25 * bars_and_stripes()}), [0, 0.25]),
    "history": (lambda: plot_history(history_of((150.0, 120.5), (98.75, 97.125)),
                                     {"coin": 543.0}), [150, 120.5, 98.75, 97.125, 543]),
    "recipe": (lambda: plot_recipe([rung("a", 5.0, 5.25), rung("b", 7.0)]), [5, 5.25, 7]),
    "shares": (lambda: plot_shares({"p": [0.25, 0.75], "q": [0.3, 0.7]}, ["dry", "wet"]),
               [0.25, 0.75, 0.3, 0.7]),
    "probabilities": (lambda: plot_probabilities({"p": [0.25, 0.75], "q": [0.3, 0.7]},
                                                 ["dry", "wet"]), [0.25, 0.75, 0.3, 0.7]),
    "nats scale": (lambda: plot_nats_scale({"coins": 543.4, "independent": 206.5}), [543.4, 206.5]),
    "race": (lambda: plot_race([[{"name": "a", "seconds": 2, "curve": [(1, 60.5), (2, 50.0)]}]]),
             [1, 2, 60.5, 50]),
    "shared weights": (lambda: plot_shared_weights({"a": [["", ""], ["7", ""]]}), [7]),
    "family": (lambda: plot_family({"coins": (196, 0.1, 62.5), "FVSBN": (19_306, 0.4, 35.5)}),
               [196, 19306, 0.1, 0.4, 62.5, 35.5]),
    "family tree": (lambda: plot_family_tree({"A": (1996, "", "old"), "B": (2011, "A", "new")},
                                             here="B"), [1996, 2011]),
    "receptive fields": (lambda: plot_receptive_fields({"all": torch.ones(9, 9).tril(-1).bool()},
                                                       5), [5, 0.84]),
    "masks": (lambda: plot_masks(build_masks(DEGREES), DEGREES), [0, 1, 2, 3]),
    "masking": (lambda: plot_masking(DEGREES, build_masks(DEGREES)), [0, 1, 2, 3, 12, 6]),
    "path": (lambda: plot_path(DEGREES, build_masks(DEGREES), [1, 1, 0]), [1, 2, 3]),
    "first layer": (lambda: plot_first_layer(MADE(16, (4,), seed=0)), []),
    "final units": (lambda: plot_final_units(ROW, [SMALL.order, torch.tensor([1, 3, 3])], [2, 4]),
                    [1, 2, 3, 4]),
    "repeated work": (lambda: plot_repeated_work(torch.tensor([1, 3, 2]), 4), [1, 2, 3]),
    "costs": (lambda: plot_costs(ROW[None], torch.tensor([[0.5, 0.0, 1.0, 0.25]])),
              [0.5, 0.25, 2.1]),
    "surprise": (lambda: plot_surprise({"digits": torch.tensor([60.0, 70, 71, 90])},
                                       torch.zeros(1, 4), torch.tensor([15.75]), apart="nothing"),
                 [15.8]),
    "chain rule": (lambda: plot_chain_rule(torch.tensor([[0, 0], [0, 1], [1, 1]]), [1, 0],
                                           ["wet", "rain"], [1, 1]), [1, 2, 3]),
    "tickets": (lambda: plot_tickets([1, 2, 0]), [1, 2, 3]),
    "moves": (lambda: plot_moves(torch.tensor([[0.5, 0.0], [0.0, 0.5]]), [1, 0], 0), [0.92]),
    "totals": (lambda: plot_totals({"some": {"a": 1.0, "b": 0.98}}), [1, 0.98]),
    "pixel orderings": (lambda: plot_pixel_orderings({"down": torch.arange(4)}), [0, 1, 2, 3]),
    "coasting": (lambda: plot_coasting({"SGD": [1.125, 1.0, 0.0], "Adam": [1.25, 1.0, 0.875]},
                                       switch=2), [1.125, 1.25, 0.875, 2.5]),
    "mixture": (lambda: plot_mixture(torch.tensor([[90.0, 70.0], [92.0, 73.0]])), [0, 2, 3]),
    "many masks": (lambda: plot_many_masks([many_masks("all", False), many_masks("raster", True)]),
                   [3, 4, 3.5]),
    "density": (lambda: plot_density({"two": TWO_REAL}, {"two": torch.full((2, 2), 1.25)}), [1.25]),
    "slices": (lambda: plot_slices({"two": TWO_REAL}, torch.full((2, 2), 1.25)), [1.25, 0]),
    "dependence": (lambda: plot_dependence({"seen": torch.eye(3).bool()}, torch.eye(3).bool()),
                   [0.8]),
    "trajectory": (lambda: plot_trajectory({"one": trajectory(SMALL, ROW, SMALL.order, SMALL.head)},
                                           [0, 2], (2, 2), names=list("abcd"), marked=2), [0, 2]),
    "completions": (lambda: plot_completions(ROW[None], ROW > 2, complete(SMALL, ROW[None], ROW > 2,
                                             3, generator=SEED), (2, 2)), [1, 2, 3]),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_the_numbers_it_is_given_and_cuts_nothing_off(name):
    """Nor does anything lie behind it: on the outermost pixels there is no ink, and no paper."""
    make, numbers = FIGURES[name]
    figure = make()
    picture = np.asarray(Image.open(io.BytesIO(figure.as_png())).convert("RGBA"))
    edges = [picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]]
    assert not any(edge[..., 3].any() for edge in edges)
    shown = np.array(numbers_in(figure))
    for number in numbers:
        assert np.nanmin(np.abs(shown - number)) < 0.006, number


def test_every_public_figure_is_tried():
    elsewhere = {"network", "training"}  # of MaskExplorer and TrainingMonitor, where they are
    folders = [figures, *(import_module(f"made_lessons.notebook_{k:02d}.figures") for k in OWN)]
    drawn = [name for folder in folders for name in dir(folder)]
    public = {name.removeprefix("plot_") for name in drawn if name[:5] == "plot_"}
    assert {name.replace(" ", "_") for name in FIGURES} | elsewhere == public


def test_a_figure_shows_itself_with_a_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *said, **how: shown.append((said, how)))
    plot_nats_scale({"a": 2.0})._ipython_display_()
    (((said,), how),) = shown
    assert said["text/plain"].startswith("Ruler of nats")
    assert how["raw"]
    assert how["metadata"]["image/png"]["alt"] == "Nats per image: a 2.00."
    assert how["metadata"]["image/png"]["width"] > 300


# ---- save_samples_grid --------------------------------------------------------------------------


def test_the_grid_is_the_documents(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(3)
    grid = torchvision.utils.make_grid(model.sample(36).view(36, 1, 28, 28), nrow=6, padding=2)
    torchvision.utils.save_image(grid, tmp_path / "expected.png")
    torch.manual_seed(3)
    save_samples_grid(model)
    assert capsys.readouterr().out == "Saved samples to made_samples.png\n"
    assert Path("made_samples.png").read_bytes() == Path("expected.png").read_bytes()


@pytest.mark.parametrize(("n", "size"), [(1, (28, 28)), (4, (62, 62)), (10, (92, 122))])
def test_grids_of_other_sizes(model, tmp_path, n, size):
    save_samples_grid(model, tmp_path / "grid.png", n=n)
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.size == size


@pytest.mark.parametrize(
    ("input_dim", "name", "n", "fragment"),
    [
        (784, "grid.png", 0, "n must be at least 1, got 0"),
        (3, "grid.png", 4, "needs a model over 784 pixels, got 3"),
        (784, "grid", 4, "unknown file extension"),
    ],
)
def test_what_makes_no_grid_leaves_nothing(tmp_path, input_dim, name, n, fragment):
    with pytest.raises(ValueError, match=fragment):
        save_samples_grid(MADE(input_dim, (4,)), tmp_path / name, n=n)
    assert list(tmp_path.iterdir()) == []


# ---- images -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "shown"), [(None, (3, 2)), (2, (2, 3)), (6, (6, 1))])
def test_images_stand_in_a_grid_dark_on_white(digits, columns, shown):
    figure = plot_images(digits.requires_grad_(), columns=columns, titles=["ab\ncd"] * 6)
    figure.draw_without_rendering()
    corners = [axes.get_position().p0.round(6) for axes in figure.axes]
    assert tuple(len(set(along)) for along in zip(*corners, strict=True)) == shown
    for image, axes in zip(digits.detach(), figure.axes, strict=True):
        assert np.array_equal(picture_in(axes), image.view(28, 28))
        (shown,) = axes.get_images()
        assert shown.get_clim() == (0, 1)
        assert shown.cmap([0.0, 1.0])[:, :3].tolist() == [[1, 1, 1], [0, 0, 0]]
        assert axes.title.get_window_extent().y1 <= figure.bbox.height  # not cut off


def test_rows_of_images_have_their_names(digits):
    figure = plot_image_rows({"sampled": digits[:3].bool(), "nearest": digits[3:].bfloat16()})
    assert [axes.get_ylabel() for axes in figure.axes] == ["sampled", "", "", "nearest", "", ""]
    for image, axes in zip(digits, figure.axes, strict=True):
        assert np.array_equal(picture_in(axes), image.view(28, 28))
    with pytest.raises(ValueError, match="same number of images, got {'sampled': 3, 'nearest': 2}"):
        plot_image_rows({"sampled": digits[:3], "nearest": digits[3:5]})


@pytest.mark.parametrize("shape", [(2, 28, 28), (784,), (2, 33)])
def test_what_are_no_images_is_said(shape):
    got = re.escape(f"D a square number, got {shape}: ")
    with pytest.raises(ValueError, match=got + r".* x\.reshape\(len\(x\), -1\); for one, x\[None"):
        plot_images(torch.zeros(shape))


def test_unknown_pixels_are_hatched_and_pale_and_drawn_ones_blue():
    values, apart = np.array([0.0, 1.0, 0.0, 0.25]), np.array([True, True, False, False])
    picture = paint_variables(values, apart, (2, 2), 10)
    for hatched in (picture[:10, :10], picture[:10, 10:]):
        assert len(np.unique(hatched.reshape(-1, 3), axis=0)) == 2
        assert hatched.max(axis=2).min() > 200
    assert [picture[15, 5].tolist(), picture[15, 15].tolist()] == [[255] * 3, [191] * 3]
    known = np.array([True, True, False, False])
    painted = paint_completion(np.array([0.0, 1.0, 0.0, 1.0]), known, (2, 2)).reshape(4, 3)
    assert painted.tolist() == [[255] * 3, [0] * 3, [219, 235, 244], [0, 114, 178]]


# ---- curves and bars ----------------------------------------------------------------------------


def test_the_learning_curve_tells_train_from_validation_without_colour():
    (axes,) = plot_history(history_of((150.0, 120.0), (110.0, 97.125)), scored="test").axes
    train, valid = axes.get_lines()
    assert train.get_xydata().tolist() == [[1, 150.0], [2, 110.0]]
    assert valid.get_xydata().tolist() == [[1, 120.0], [2, 97.125]]
    assert train.get_marker() != valid.get_marker()
    words = labels(axes.get_legend().get_texts())
    assert "train" in words[0]
    assert words[1] == "test, at the end of the epoch"
    assert axes.get_ylabel() == "NLL (nats)"
    assert "lowest" not in " ".join(texts(axes))  # it is the last, whose number is there
    turning = plot_history(history_of((150.0, 120.0), (110.0, 97.125), (90.0, 98.0)))
    said = "validation begins at 120.0, is lowest after epoch 2 with 97.1, and ends at 98.0"
    assert said in turning.alt
    assert "lowest: 97.1, epoch 2" in texts(turning.axes[0])
    assert len(plot_history(history_of((2.0, None))).axes[0].get_lines()) == 1
    plot_history(
        History()
    ).draw_without_rendering()  # as fit returns it when it is interrupted at once


def test_a_ladder_says_by_shape_number_and_key_what_was_better():
    ladder = [rung("a", 5.0, 5.2), rung("b", 7.0, 7.0), rung("c", 3.0, 3.4), rung("d", 3.1, 3.1)]
    figure = plot_recipe(ladder)
    (axes,) = figure.axes
    assert texts(axes) == ["5.1", "7.0 (+1.9)", "3.2 (−3.8)", "3.1 (−0.1)"]
    assert labels(axes.get_yticklabels()) == ["a", "+ b", "+ c", "+ d"]
    big = [line for line in axes.lines if line.get_markersize() == 10]
    assert [line.get_marker() for line in big] == ["o", "o", "s", "o"]
    key = ["better than the rung before", "no better", "a single run"]
    assert labels(figure.legends[0].get_texts()) == key
    assert axes.yaxis_inverted()


def test_the_ruler_has_a_floor_and_marks_what_is_no_distribution():
    levels = {"coins": 784 * math.log(2), "MADE": 76.25}
    (axes,) = plot_nats_scale(levels, input_dim=784).axes
    assert texts(axes) == ["543.4, 1.000 bits per pixel", "76.2, 0.140 bits per pixel"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    levels = {"coins": 11.09, "cheat": 0.005, "FVSBN": 3.432}
    figure = plot_nats_scale(levels, here="FVSBN", floor=3.4, broken=["cheat"], of="board")
    (axes,) = figure.axes
    assert texts(axes) == ["11.09", "0.01, no distribution", "3.43", "floor 3.40"]
    coins, cheat, fvsbn = axes.patches
    assert (to_hex(fvsbn.get_facecolor()), to_hex(cheat.get_edgecolor())) == (BLUE, ORANGE)
    assert cheat.get_hatch()
    assert coins.get_width() == 11.09
    cross, floor = axes.get_lines()
    assert (cross.get_marker(), cross.get_xydata().tolist()) == ("x", [[0.005, 1]])
    assert set(floor.get_xdata()) == {3.4}
    assert axes.get_xlabel() == "nats per board (shorter is better)"
    assert "cheat 0.01, no distribution" in figure.alt


def test_distributions_and_optimizers_are_told_apart_without_colour():
    figure = plot_probabilities({"p": [0.25, 0.75], "drawn": [0.3, 0.7]}, ["dry", "wet"])
    first, second = figure.axes[0].containers
    assert first[0].get_hatch()
    assert first[0].get_x() < second[0].get_x()
    assert labels(figure.legends[0].get_texts()) == ["p", "drawn"]
    assert plot_probabilities({"p": [1.0]}, ["sure"]).legends == []
    (axes,) = plot_shares({"drawn": [0.5], "table": [0.5], "all": [0.5], "rest": [0.5]}, ["a"]).axes
    assert len({line.get_marker() for line in axes.lines}) == 4
    (axes,) = plot_coasting({"SGD": [1.1, 0.0], "Adam": [1.2, 0.9]}, switch=1).axes
    assert [line.get_marker() for line in axes.lines[:2]] == ["s", "o"]


def test_what_is_no_distribution_stands_beside_one_with_a_cross():
    figure = plot_totals({"a": {"p": 1.0, "q": 0.98}, "b": {"r": 28.4}})
    assert (
        figure.alt == "Σp of a: p 1.000; a: q 0.980, no distribution; b: r 28.400, no distribution."
    )
    first, second = figure.axes
    assert texts(first) == ["1.000", "0.980"]
    assert texts(second) == ["28.400"]
    assert [line.get_marker() for line in first.lines[1:]] == ["D", "x"]
    (bar,) = first.patches
    assert (bar.get_x(), bar.get_width()) == pytest.approx((1, -0.02))
    assert to_hex(bar.get_edgecolor()) == ORANGE
    assert bar.get_hatch()


def test_the_pixels_of_an_ordering_come_one_after_the_other():
    figure = plot_pixel_orderings({"backwards": [3, 0, 1, 2]})
    assert picture_in(figure.axes[0]).tolist() == [[1, 2], [3, 0]]
    figure.moments[8]()  # half way
    shown = np.ma.filled(picture_in(figure.axes[0]), np.nan)
    np.testing.assert_equal(shown, [[1, np.nan], [np.nan, 0]])
    shown = Image.open(io.BytesIO(figure.as_png()))
    assert shown.n_frames > 5
    assert shown.info["loop"] == 1


def test_a_slice_of_a_density_is_the_model_s_conditional():
    left, right = plot_slices({"two": TWO_REAL}, torch.zeros(1, 2)).axes
    assert left.get_lines()[1].get_xdata() == [0, 0]
    height, x2 = right.get_lines()[0].get_xydata()[120]
    at = torch.tensor([[0.0, x2]])
    assert height == pytest.approx(TWO_REAL.log_conditionals(at)[0, 1].exp().item(), rel=1e-4)


def test_a_mixture_stands_above_the_best_member_of_each_image():
    (axes,) = plot_mixture(torch.tensor([[90.0, 70.0], [92.0, 60.0], [94.0, 60.0]])).axes
    *members, further_up, mixture = axes.lines
    shown = np.array([line.get_ydata() for line in members])
    np.testing.assert_equal(shown, [[0, np.nan], [2, 0], [4, 0]])
    np.testing.assert_allclose(further_up.get_ydata(), [np.nan, 4 * math.log(3)])
    expected = [math.log(3) - math.log(1 + math.exp(-2) + math.exp(-4)), math.log(3 / 2)]
    assert mixture.get_ydata() == pytest.approx(expected, abs=1e-4)
    figure = plot_many_masks([many_masks("many orderings", False), many_masks("raster", True)])
    markers = [[line.get_marker() for line in axes.lines] for axes in figure.axes]
    assert markers == [[".", "s", "x"], [".", "s", "o"]]
    words = labels(figure.legends[0].get_texts())
    assert words[2:] == ["mean of logits (no distribution)", "mean of logits (a distribution)"]


# ---- weights and masks --------------------------------------------------------------------------


def test_masks_are_tables_with_degrees_at_their_margins():
    order, hidden = DEGREES
    figure = plot_masks(build_masks(DEGREES), DEGREES)
    said = texts(figure.axes[0])
    assert said[:6] == ["0", "1", "0", "0", "1", "1"]
    assert said[6:12] == ["3", "1", "2", "x₁", "x₂", "x₃"]
    first, second = (figure.axes[0].texts[k].get_position()[1] for k in (0, 3))
    assert first > second  # the first unit stands on top, as in print(mask)
    assert (
        "Into outputs: x̂₁ of degree 3: 1, 1; x̂₂ of degree 1: 0, 0; x̂₃ of degree 2: 1, 0."
        in figure.alt
    )
    several = build_masks([order.repeat_interleave(2), hidden], order.repeat_interleave(3))
    names = [word for word in texts(plot_masks(several, DEGREES).axes[0]) if "x" in word]
    assert names[1:3] + names[8:10] == ["x₁", "x₂", "x̂₁", "x̂₂"]


def test_a_wire_has_the_blue_of_its_degree_and_a_cut_one_is_a_ghost():
    masks = build_masks(DEGREES)
    (axes,) = plot_masking(DEGREES, masks).axes
    wires = axes.lines[14:26]  # after those of the dense network, and two that explain
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


def test_no_wire_of_a_path_s_picture_leads_down():
    layers = [*DEGREES, torch.tensor([2, 1, 2])]
    figure = plot_path(layers, build_masks(layers), [1, 0, 0, 0])
    (axes,) = figure.axes
    bands = [patch.get_bbox() for patch in axes.patches]
    for line in axes.lines:
        (_, low), (_, high) = line.get_xydata()
        below, above = (
            next(k for k, b in enumerate(bands) if b.y0 < y < b.y1) for y in (low, high)
        )
        assert below <= above
    assert texts(axes)[-7:] == ["1", "≤", "1", "≤", "2", "<", "3"]
    assert "from x₂ to x̂₁" in figure.alt


def test_weights_of_a_first_layer_are_on_paper_only_where_the_mask_lets_them(model):
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


def test_repeated_work_is_what_comes_after_the_staircase():
    twice = plot_repeated_work(torch.tensor([1, 1, 3]), 4).axes[0]  # one number for two units
    assert labels(twice.get_xticklabels()) == ["1", "3"]
    assert twice.get_xticks().tolist() == [0.5, 2]
    degrees = torch.tensor([1, 3, 2])
    figure = plot_repeated_work(degrees, 4)
    blue = [p for p in figure.axes[0].patches if to_hex(p.get_facecolor()) == BLUE]
    places = {(round(p.get_x() + 0.5), round(p.get_y() + 0.5)) for p in blue}
    assert places == {(unit, int(degree) + 1) for unit, degree in enumerate(degrees)}


def test_units_light_up_when_they_are_final_and_stay_pale():
    figure = plot_final_units(ROW, [SMALL.order, torch.tensor([1, 3, 2, 3])], [2, 3, 4])
    blue, pale = (0, 114, 178), (142, 203, 240)
    found = []
    for axes in figure.axes[3:]:
        lights = (picture_in(axes)[3::6, 3::6, :3] * 255).round().astype(int).reshape(-1, 3)
        found.append([sum(tuple(light) == colour for light in lights) for colour in (blue, pale)])
    assert found == [[2, 0], [2, 2], [0, 4]]
    assert [axes.get_xlabel() for axes in figure.axes[3:]] == ["2 final", "4 final", "4 final"]
    assert "final: 2, 4 and 4 of 4" in figure.alt


def test_a_filmstrip_says_what_its_row_costs():
    found = trajectory(SMALL, ROW, SMALL.order, SMALL.head)
    figure = plot_trajectory({"this row": found}, [0, 4], (2, 2))
    assert (
        f"to 0.0 and −{-SMALL.log_prob(ROW[None]).item():.1f} nats. It is 1 0 / 1 1" in figure.alt
    )


def test_dependence_of_many_variables_is_pixels_with_a_dot_on_each_leak():
    allowed = torch.ones(40, 40).tril(-1).bool()
    seen = torch.zeros(40, 40, dtype=torch.bool)
    seen[30, 2] = seen[2, 30] = True
    figure = plot_dependence({"$seen$": seen}, allowed)
    (axes,) = figure.axes
    assert (axes.get_title(loc="left"), texts(axes)) == ("$seen$", ["1 of 780 seen, 1 leak"])
    assert figure.alt == "$seen$: 1 of 780 seen, 1 leak. Leaks: x̂₃ sees x₃₁."
    colours = {(30, 2): BLUE, (2, 30): ORANGE, (30, 3): "#808080"}
    assert {at: to_hex(picture_in(axes)[at]) for at in colours} == colours
    assert picture_in(axes)[3, 30, 3] == 0  # what is not allowed is the page
    (dots,) = axes.get_lines()
    assert dots.get_xydata().tolist() == [[30, 2]]


def test_dependence_says_what_is_seen_and_explains_only_what_is_there():
    allowed = torch.tensor([[False, True, True], [False, False, False], [False, True, False]])
    figure = plot_dependence({"few": torch.eye(3).bool(), "all": allowed}, allowed)
    assert [texts(axes) for axes in figure.axes] == [
        ["0 of 3 seen, 3 leaks"],
        ["3 of 3 seen, no leak"],
    ]
    assert "x̂₁ sees x₂ and x₃; x̂₂ sees nothing; x̂₃ sees x₂." in figure.alt
    assert labels(figure.axes[0].get_yticklabels()) == ["x̂₁", "x̂₂", "x̂₃"]
    assert labels(figure.legends[0].get_texts())[-1] == "a leak"
    assert labels(plot_dependence({"all": allowed}, allowed).legends[0].get_texts()) == [
        "allowed and seen"
    ]


# ---- densities ----------------------------------------------------------------------------------


def height_at(axes, x1, x2):
    """What is shown at a place, by the axes' own coordinates."""
    (image,) = axes.get_images()
    left, right, bottom, top = image.get_extent()
    assert image.origin == "lower"
    heights = np.asarray(image.get_array())
    row = int((x2 - bottom) / (top - bottom) * len(heights))
    return heights[row, int((x1 - left) / (right - left) * heights.shape[1])]


def test_a_density_stands_where_it_is_with_its_points_and_leaves_the_model_alone():
    head = MixtureOfGaussians(2)
    model = MADE(2, (8,), ordering=[1, 0], head=head, dropout=0.9, seed=0).double().train()
    points = torch.tensor([[0.5, -1.0], [100.0, 0.0]], requires_grad=True)
    both = {"a": points, "b": points[:1]}
    axes, other, bar = plot_density({"a": model, "b": model}, both).axes
    assert model.training
    middle = torch.tensor([[0.6125, -1.3875]]).double()  # of a cell: 2.5 / 100 apart
    expected = model.eval().log_prob(middle).exp().item()
    assert height_at(axes, *middle[0].tolist()) == pytest.approx(expected, rel=1e-4)
    assert axes.get_lines()[0].get_xydata().tolist() == points.tolist()
    assert bar.get_ylabel() == "density"
    assert axes.get_images()[0].get_clim() == other.get_images()[0].get_clim()  # one scale


# ---- what an image costs, and few variables -----------------------------------------------------


def test_costs_are_blue_where_the_model_was_surprised_and_add_up():
    images, ink = torch.tensor([[1.0, 0, 0, 1]]), torch.tensor([[0.5, 0.0, 0.9, 1.0]])
    figure = plot_costs(images, ink)
    digit, probable, cost = figure.axes[:3]
    assert np.array_equal(picture_in(digit).ravel(), images[0])
    assert np.array_equal(picture_in(probable).ravel(), ink[0])
    half, right, dear, sure = picture_in(cost).reshape(4, 3)
    assert to_hex(dear) == BLUE  # 2.3 nats
    assert np.array_equal(right, [1, 1, 1])
    assert half[2] > half[0] < sure[0] == sure[2] < 1  # a shade of blue; the ghost of ink is grey
    assert texts(cost) == ["3.0 nats", "half in 1 pixels"]
    many = torch.full((1, 100), 0.5)
    assert "half of which lie on 50 of 100 pixels" in plot_costs(many.round(), many).alt
    square, doubt = torch.zeros(1, 64), torch.full((1, 64), 1e-9)
    square[0, 0], doubt[0, 0], doubt[0, 63] = 1, 0.5, 0.25
    assert "71% of all lie within a pixel of where ink begins" in plot_costs(square, doubt).alt


def test_images_stand_at_their_surprise_and_shares_are_of_each_name():
    usual = {"digits": torch.tensor([61.0, 62, 75, 300]), "drawn": torch.tensor([71.0, 72])}
    images, at = torch.eye(4)[:2], torch.tensor([16.0, 75.0])
    figure = plot_surprise(usual, images, at, apart="blank")
    bars, *standing = figure.axes
    for image, place, axes in zip(images, at.tolist(), standing, strict=True):
        assert np.array_equal(picture_in(axes).ravel(), image)
        box, line = axes.get_position(), bars.get_position()
        share = ((box.x0 + box.x1) / 2 - line.x0) / line.width
        assert share * bars.get_xlim()[1] == pytest.approx(place, abs=0.01)
    first, second = (stairs.get_data() for stairs in bars.patches)
    for share, edges in (first[:2], second[:2]):
        assert share.sum() == 1  # those beyond the end, too
        assert edges[1] == 5
    assert second.values[14] == 1
    assert texts(bars) == ["blank\n16.0 nats"]


def test_a_receptive_field_is_blue_where_the_pixel_sees():
    sees = torch.zeros(9, 9, dtype=torch.bool)
    sees[5, [2, 4]] = True
    squares = plot_receptive_fields({"some": sees}, 5).axes[0].patches
    blue = [square for square in squares if to_hex(square.get_facecolor()) == BLUE]
    assert {tuple(map(round, square.get_center())) for square in blue} == {(2, 0), (1, 1)}
    assert len(squares) == 6  # with those that are not seen, and the pixel; none later


def test_a_race_shows_its_lowest_end_whichever_panel_it_is_in():
    runs = [
        {"name": "a", "seconds": s, "curve": [(s, 70.0), (2 * s, end)]}
        for s, end in ((1, 60), (10, 30))
    ]
    axes, _ = plot_race([[run] for run in runs]).axes
    assert axes.get_ylim()[0] < 30


def test_the_chain_rule_is_a_tree_of_shares_whose_product_is_at_the_leaf():
    days = torch.tensor([[0, 0], [0, 1], [1, 1], [1, 1]])
    (axes,) = plot_chain_rule(days, [1, 0], ["wet", "rain"], [0, 1]).axes
    blue = [text.get_text() for text in axes.texts if text.get_bbox_patch()
            and to_hex(text.get_bbox_patch().get_facecolor()) == BLUE]  # fmt: skip
    assert blue == ["4 days", "3/4", "1/3"]
    assert {"11:  2/4", "01:  1/4", "10:  0/4", "00:  1/4"} <= set(texts(axes))


def test_tickets_are_joined_to_the_step_that_they_call():
    (axes,) = plot_tickets([1, 2, 0]).axes
    joined = {tuple(line.get_xdata()) for line in axes.get_lines()}
    assert joined == {(0, 2), (1, 0), (2, 1)}  # x₁ is called third
    assert {"order = [3, 1, 2]", "ordering = [1, 2, 0]\ncounted from 0"} <= set(texts(axes))


def test_what_an_output_may_not_see_is_orange_and_crossed_the_deeper_the_further_it_moves():
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
