"""Figures: what stands in them, and that a picture on disk is whole or as it was before."""

import io
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from made_course import (
    MADE,
    Categorical,
    History,
    MixtureOfGaussians,
    bars_and_stripes,
    build_masks,
    save_samples_grid,
)
from made_course.figures import (
    plot_coasting,
    plot_curves,
    plot_density,
    plot_family,
    plot_first_layer,
    plot_history,
    plot_image_rows,
    plot_images,
    plot_many_masks,
    plot_masks,
    plot_mixture,
    plot_nats_scale,
    plot_orderings,
    plot_pixel_orderings,
    plot_probabilities,
    plot_recipe,
    plot_repeated_work,
    plot_samples_and_mask,
    plot_totals,
)
from made_course.orderings import ManyMasks
from made_course.recipe import Recipe, Rung

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
    """The array that an axes shows, and that it is shown in full range."""
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


def renders(figure):
    figure.canvas.draw()  # what is wrong with a layout shows only here
    return True


# ---- save_samples_grid --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "size"), [(36, (182, 182)), (1, (28, 28)), (4, (62, 62)), (10, (92, 122))]
)
def test_the_grid_has_the_size_of_the_documents(model, tmp_path, n, size):
    file = tmp_path / "grid.png"
    save_samples_grid(model, file, n=n)
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        assert picture.size == size


def test_the_grid_shows_the_samples_row_by_row(model, tmp_path):
    file = tmp_path / "grid.png"
    torch.manual_seed(3)
    expected = model.sample(9).view(9, 28, 28)
    torch.manual_seed(3)
    save_samples_grid(model, file, n=9)
    with Image.open(file) as picture:
        pixels = torch.from_numpy(np.array(picture.convert("L")))
    for k, image in enumerate(expected):
        top, left = 2 + 30 * (k // 3), 2 + 30 * (k % 3)
        assert torch.equal(pixels[top : top + 28, left : left + 28], (255 * image).byte())


def test_the_defaults_are_those_of_the_document(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_samples_grid(model)
    assert capsys.readouterr().out == "Saved samples to made_samples.png\n"
    with Image.open("made_samples.png") as picture:
        assert picture.size == (182, 182)


@pytest.mark.parametrize("mode", [True, False])
def test_the_models_mode_and_weights_stay(model, tmp_path, mode):
    model.train(mode)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    save_samples_grid(model, tmp_path / "grid.png", n=4)
    assert {module.training for module in model.modules()} == {mode}
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_dropout_is_off(tmp_path):
    model = MADE(784, (16,), dropout=0.9, seed=0).train()
    files = []
    for mode in (True, False):
        torch.manual_seed(0)
        files.append(tmp_path / f"{mode}.png")
        save_samples_grid(model.train(mode), files[-1], n=4)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("n", "error", "fragment"),
    [
        (0, ValueError, "n must be at least 1, got 0"),
        (-4, ValueError, "n must be at least 1, got -4"),
        (1.5, TypeError, "n must be a whole number, got 1.5"),
        ("36", TypeError, "n must be a whole number, got '36'"),
    ],
)
def test_a_number_of_samples_that_is_none(model, tmp_path, n, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        save_samples_grid(model, tmp_path / "grid.png", n=n)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_other_than_784_variables(tmp_path):
    with pytest.raises(ValueError, match="needs a model over 784 pixels, got 3"):
        save_samples_grid(MADE(3), tmp_path / "grid.png", n=4)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["grid", "grid.picture", "grid.psd"])  # .psd is only read
def test_an_ending_that_names_no_format_leaves_nothing(model, tmp_path, name):
    with pytest.raises(ValueError, match=r"such as \.png, got"):
        save_samples_grid(model, tmp_path / name, n=4)
    assert list(tmp_path.iterdir()) == []


def half_a_picture(grid, file):
    Path(file).write_bytes(b"\x89PNG")
    raise OSError(28, "No space left on device")


def read_only(*_args, **_kwargs):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("module", "name", "failing"),
    [
        (torchvision.utils, "save_image", half_a_picture),
        (os, "replace", read_only),
        (torchvision.utils, "save_image", read_only),
    ],
)
def test_a_picture_that_cannot_be_written_leaves_the_old_one(
    model, tmp_path, monkeypatch, module, name, failing
):
    file = tmp_path / "grid.png"
    file.write_bytes(b"an older picture")
    monkeypatch.setattr(module, name, failing)
    with pytest.raises(OSError, match=r"could not write .*grid\.png.*choose a folder"):
        save_samples_grid(model, file, n=4)
    assert file.read_bytes() == b"an older picture"
    assert [entry.name for entry in tmp_path.iterdir()] == ["grid.png"]


def test_a_folder_that_is_not_there(model, tmp_path, capsys):
    with pytest.raises(OSError, match=r"could not write .*grid\.png"):
        save_samples_grid(model, tmp_path / "nowhere" / "grid.png", n=4)
    assert list(tmp_path.iterdir()) == []
    assert "Saved" not in capsys.readouterr().out


def test_the_grid_is_torchvisions(model, tmp_path):
    file = tmp_path / "grid.png"
    torch.manual_seed(3)
    grid = torchvision.utils.make_grid(model.sample(36).view(36, 1, 28, 28), nrow=6, padding=2)
    torchvision.utils.save_image(grid, tmp_path / "expected.png")
    torch.manual_seed(3)
    save_samples_grid(model, file)
    assert file.read_bytes() == (tmp_path / "expected.png").read_bytes()


# ---- images -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "rows_and_columns"), [(None, (2, 3)), (2, (3, 2)), (6, (1, 6))]
)
def test_images_stand_in_a_grid(digits, columns, rows_and_columns):
    figure = plot_images(digits, columns=columns)
    assert isinstance(figure, Figure)
    assert renders(figure)
    assert len(figure.axes) == 6
    assert figure.axes[0].get_gridspec().get_geometry() == rows_and_columns
    for k, axes in enumerate(figure.axes):
        assert np.array_equal(picture_in(axes), digits[k].view(28, 28))
        assert axes.get_images()[0].get_clim() == (0, 1)
        assert axes.get_title() == ""
        assert not axes.get_xticks().size


def test_ink_is_dark_on_white(digits):
    colours = plot_images(digits).axes[0].get_images()[0].cmap([0.0, 1.0])
    assert colours[0, :3].tolist() == [1, 1, 1]
    assert colours[1, :3].tolist() == [0, 0, 0]


@pytest.mark.parametrize("words", ["abcdef", "ab\ncd"])
def test_images_may_have_titles(digits, words):
    figure = plot_images(digits, columns=6, titles=[words] * 6)
    assert [axes.get_title() for axes in figure.axes] == [words] * 6
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:  # none is cut off at the top
        assert axes.title.get_window_extent().y1 <= figure.bbox.height


def test_rows_of_images_have_their_names(digits):
    figure = plot_image_rows({"sampled": digits[:3], "nearest": digits[3:]})
    assert isinstance(figure, Figure)
    assert renders(figure)
    assert len(figure.axes) == 6
    assert [axes.get_ylabel() for axes in figure.axes] == ["sampled", "", "", "nearest", "", ""]
    for k, axes in enumerate(figure.axes):
        assert np.array_equal(picture_in(axes), digits[k].view(28, 28))


def test_boards_are_drawn_as_squares():
    boards = bars_and_stripes()
    for axes in (plot_images(boards).axes[3], plot_image_rows({"": boards}).axes[3]):
        assert np.array_equal(picture_in(axes), boards[3].view(4, 4))


def test_images_may_be_larger(digits):
    for figure in (
        plot_images(digits, columns=3, titles=["ab\ncd"] * 6, cell=1.6),
        plot_image_rows({"sampled": digits[:3], "nearest": digits[3:]}, cell=1.6),
    ):
        FigureCanvasAgg(figure).draw()
        for axes in figure.axes:
            assert axes.get_window_extent().width > 1.4 * figure.dpi
            assert axes.get_tightbbox().y1 <= figure.bbox.height  # with its title


def test_rows_of_different_lengths_are_refused(digits):
    with pytest.raises(ValueError, match="same number of images, got {'sampled': 3, 'nearest': 2}"):
        plot_image_rows({"sampled": digits[:3], "nearest": digits[3:5]})


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (torch.zeros(2, 28, 28), ValueError, r"got \(2, 28, 28\): .* x\.reshape\(len\(x\), -1\)"),
        (torch.zeros(784), ValueError, r"got \(784,\): .* for one, x\[None\]"),
        (torch.tensor(1.0), ValueError, r"got \(\)"),
        (torch.zeros(2, 33), ValueError, r"D a square number, got \(2, 33\)"),
        (torch.zeros(0, 784), ValueError, r"at least one image, got none"),
        ([[0.0] * 784], TypeError, r"images must be a torch\.Tensor, got list"),
    ],
)
def test_what_are_no_images_is_said(images, error, message):
    for plot in (plot_images, lambda images: plot_image_rows({"real": images})):
        with pytest.raises(error, match=message):
            plot(images)


def test_rows_without_names_are_refused(digits):
    with pytest.raises(TypeError, match=r"rows must map names to images, .* got Tensor"):
        plot_image_rows(digits)
    with pytest.raises(ValueError, match=r"at least one row of images, got none"):
        plot_image_rows({})


def test_images_that_learn_or_are_no_floats_can_be_drawn(digits):
    for images in (digits.requires_grad_(), digits.detach().bool(), digits.detach().bfloat16()):
        assert np.array_equal(
            picture_in(plot_images(images).axes[0]), digits[0].detach().view(28, 28)
        )


# ---- learning curve and scale -------------------------------------------------------------------


@pytest.fixture
def history():
    history = History()
    for train, valid in ((150.0, 120.0), (110.0, 100.25), (98.76, 97.125)):
        history.append(train_nll=train, valid_nll=valid, lr=0.01, seconds=1.0)
    return history


def annotations(axes):
    return [text.get_text() for text in axes.texts]


def test_the_learning_curve(history):
    figure = plot_history(history)
    assert isinstance(figure, Figure)
    assert renders(figure)
    (axes,) = figure.axes
    train, valid = axes.get_lines()
    assert train.get_xydata().tolist() == [[1, 150.0], [2, 110.0], [3, 98.76]]
    assert valid.get_xydata().tolist() == [[1, 120.0], [2, 100.25], [3, 97.125]]
    assert (to_hex(train.get_color()), to_hex(valid.get_color())) == (BLUE, ORANGE)
    assert train.get_marker() != valid.get_marker()  # never by colour alone
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert ["train" in label for label in labels] == [True, False]
    assert ["validation" in label for label in labels] == [False, True]
    assert annotations(axes) == ["98.8", "97.1"]
    assert axes.get_xlabel() == "epoch"
    assert axes.get_ylabel() == "negative log-likelihood (nats)"
    assert all(tick == round(tick) for tick in axes.get_xticks())


def test_levels_to_compare_with(history):
    axes = plot_history(history, {"a coin for each pixel": 543.43, "independent": 206.4}).axes[0]
    assert annotations(axes)[2:] == ["a coin for each pixel: 543", "independent: 206"]
    heights = [line.get_ydata()[0] for line in axes.get_lines()[2:]]
    assert heights == [543.43, 206.4]


def test_a_learning_curve_without_validation():
    history = History()
    history.append(train_nll=2.0, lr=0.1, seconds=1.0)
    figure = plot_history(history)
    assert renders(figure)
    assert len(figure.axes[0].get_lines()) == 1
    assert annotations(figure.axes[0]) == ["2.0"]


def test_a_history_of_no_epoch_is_drawn_empty():
    """As fit returns it when it is interrupted in its first epoch."""
    figure = plot_history(History())
    assert renders(figure)
    assert annotations(figure.axes[0]) == []


def test_what_is_only_scored_has_its_own_name(history):
    (axes,) = plot_history(history, scored="test").axes
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words[1] == "test, at the end of the epoch"


def test_a_ladder_tells_better_from_worse_by_shape_and_number():
    def rung(name, *nats):
        curve = torch.tensor([[9.0, last] for last in nats])
        return Rung(name, Recipe(), 10, 20, curve, curve)

    ladder = [rung("a", 5.0, 5.2), rung("b", 7.0, 7.0), rung("c", 3.0, 3.4), rung("d", 3.1, 3.1)]
    figure = plot_recipe(ladder)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == [
        "5.1 nats",
        "7.0  (+1.9)",
        "3.2  (−3.8)",
        "3.1  (−0.1)",
    ]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["a", "+ b", "+ c", "+ d"]
    big = [line for line in axes.lines if line.get_markersize() == 10]
    assert [line.get_marker() for line in big] == ["o", "^", "s", "o"]
    assert [to_hex(line.get_color()) for line in big[1:3]] == [ORANGE, BLUE]
    joined = [line.get_linestyle() for line in axes.lines if len(set(line.get_ydata())) == 2]
    assert joined == ["--", "-", ":"]
    assert axes.yaxis_inverted()
    assert renders(figure)


def test_two_distributions_stand_side_by_side():
    p, drawn = [0.25, 0.75], torch.tensor([0.3, 0.7])
    figure = plot_probabilities({"p": p, "drawn": drawn}, ["dry", "wet"], xlabel="grass")
    assert renders(figure)
    (axes,) = figure.axes
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers]
    assert np.allclose(heights, [p, drawn])
    left, right = ([bar.get_x() for bar in bars] for bars in axes.containers)
    assert all(a < b for a, b in zip(left, right, strict=True))
    assert [text.get_text() for text in axes.texts] == ["0.25", "0.75", "0.30", "0.70"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["p", "drawn"]
    assert axes.containers[1][0].get_hatch()  # told apart without colour
    assert [label.get_text() for label in axes.get_xticklabels()] == ["dry", "wet"]


def test_one_distribution_needs_no_legend():
    assert plot_probabilities({"p": [1.0]}, ["sure"]).legends == []


def test_the_scale_of_nats():
    levels = {"coins": 784 * math.log(2), "independent": 206.4, "MADE": 76.25}
    figure = plot_nats_scale(levels)
    assert isinstance(figure, Figure)
    assert renders(figure)
    (axes,) = figure.axes
    assert annotations(axes) == [
        "543.4 nats, 1.000 bits per pixel",
        "206.4 nats, 0.380 bits per pixel",
        "76.2 nats, 0.140 bits per pixel",
    ]
    assert [bar.get_width() for bar in axes.patches] == list(levels.values())
    assert [label.get_text() for label in axes.get_yticklabels()] == list(levels)
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first one stands at the top
    assert axes.get_xlim()[1] > 1.4 * 543.4  # room for what is written beside the bars


def test_the_scale_counts_other_dimensions():
    axes = plot_nats_scale({"coins": 3 * math.log(2)}, input_dim=3).axes[0]
    assert annotations(axes) == ["2.1 nats, 1.000 bits per pixel"]


def test_the_scale_says_what_the_nats_are_of():
    label = "nats per {} (shorter is better)"
    for of, figure in (
        ("image", plot_nats_scale({"a board": 3.4})),
        ("row", plot_nats_scale({"a board": 3.4}, input_dim=None, of="row")),
    ):
        assert figure.axes[0].get_xlabel() == label.format(of)


def test_family():
    table = {"coins": (196, 0.0, 62.4), "FVSBN": (19_306, 0.44, 35.8), "NADE": (25_284, 3.2, 33.8)}
    figure = plot_family(table)
    assert renders(figure)
    words, axes = figure.axes
    assert [label.get_text() for label in words.get_yticklabels()] == list(table)
    assert [text.get_text() for text in words.texts[2:]] == [
        *("196", "0.0"),
        *("19,306", "0.4"),
        *("25,284", "3.2"),
    ]
    assert [bar.get_width() for bar in axes.patches] == [62.4, 35.8, 33.8]
    assert annotations(axes) == ["62.4 nats", "35.8 nats", "33.8 nats"]
    bottom, top = axes.get_ylim()
    assert bottom > top  # the first one stands at the top


def test_the_scale_may_leave_bits_out():
    assert annotations(plot_nats_scale({"a board": 3.4}, input_dim=None).axes[0]) == ["3.4 nats"]


# ---- weights and masks --------------------------------------------------------------------------


def test_masks_are_tables_with_degrees_at_their_margins():
    degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2]), torch.tensor([2, 1, 1, 2])]
    masks = build_masks(degrees)
    figure = plot_masks(masks, degrees)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["inputs → hidden 1", "hidden 1 → hidden 2", "hidden 2 → outputs"]
    for mask, axes in zip(masks, figure.axes, strict=True):
        written = [text.get_text() for text in axes.texts]
        assert written == [str(int(entry)) for entry in mask.flatten()]
        assert (axes.collections[0].get_array() == mask.int().numpy()).all()
    first, second, last = figure.axes
    assert [label.get_text() for label in first.get_xticklabels()] == ["x₁\n3", "x₂\n1", "x₃\n2"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["1", "2"]
    assert [label.get_text() for label in second.get_yticklabels()] == ["2", "1", "1", "2"]
    assert last.get_yticklabels()[1].get_text() == "output x₂  1"
    assert first.yaxis_inverted()  # the first unit stands on top, as in print(mask)
    assert renders(figure)


def test_masks_of_variables_that_are_several_numbers():
    order, hidden = torch.tensor([3, 1, 2]), torch.tensor([1, 2])
    masks = build_masks([order.repeat_interleave(2), hidden], order.repeat_interleave(3))
    first, last = plot_masks(masks, [order, hidden]).axes
    below = [label.get_text() for label in first.get_xticklabels()]
    assert below == ["x₁\n3", "x₁\n3", "x₂\n1", "x₂\n1", "x₃\n2", "x₃\n2"]
    outputs = [label.get_text() for label in last.get_yticklabels()]
    assert outputs[2:4] == ["output x₁  3", "output x₂  1"]
    assert len(outputs) == 9


def test_curves_are_told_apart_without_colour():
    x = torch.linspace(0, 1, 5)
    figure = plot_curves(x, {"up": x, "down": 1 - x}, xlabel="metres")
    assert renders(figure)
    (axes,) = figure.axes
    up, down = axes.lines
    assert (up.get_linestyle(), down.get_linestyle()) == ("-", "--")
    assert down.get_ydata().tolist() == (1 - x).tolist()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["up", "down"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("metres", "density")
    assert axes.get_ylim()[0] == 0


def test_first_layer_shows_masked_weights_by_degree(model):
    figure = plot_first_layer(model, n_units=8, columns=4)
    assert isinstance(figure, Figure)
    assert renders(figure)
    assert len(figure.axes) == 8
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 4)
    weights = (model.net[0].weight * model.net[0].mask).detach()
    degrees, order = model.degrees[1], model.order
    titles = [int(re.fullmatch(r"degree (\d+)", axes.get_title())[1]) for axes in figure.axes]
    assert titles == sorted(titles)
    assert (titles[0], titles[-1]) == (degrees.min(), degrees.max())
    for degree, axes in zip(titles, figure.axes, strict=True):
        shown = torch.from_numpy(picture_in(axes).copy()).flatten()
        assert any(torch.equal(shown, weights[k]) for k in (degrees == degree).nonzero().flatten())
        assert not shown[order > degree].any()
        lowest, highest = axes.get_images()[0].get_clim()
        assert -lowest == highest == pytest.approx(shown.abs().max().item())


def test_first_layer_is_blue_white_and_orange(model):
    colours = plot_first_layer(model, n_units=1).axes[0].get_images()[0].cmap([0.0, 0.5, 1.0])
    assert [to_hex(colour) for colour in colours[::2]] == [BLUE, ORANGE]
    assert colours[1] == pytest.approx(1, abs=0.01)  # of 256 colours none is quite the middle


def test_a_unit_without_weights_is_white():
    model = MADE(784, (4,))
    torch.nn.init.zeros_(model.net[0].weight)
    figure = plot_first_layer(model, n_units=4)
    assert renders(figure)
    image = figure.axes[0].get_images()[0]
    assert np.allclose(image.to_rgba(image.get_array())[..., :3], 1, atol=0.01)


def test_a_model_without_hidden_layer_has_no_units_to_draw():
    with pytest.raises(ValueError, match="hidden layer"):
        plot_first_layer(MADE(784, ()))


def test_repeated_work_is_what_comes_after_the_staircase():
    degrees = torch.tensor([1, 3, 2])
    figure = plot_repeated_work(degrees, 4)
    assert renders(figure)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == [
        "not final yet: 6",  # passes 1 to d of a unit of degree d
        "final for the first time: 3",
        "computed once more: 3",
    ]
    blue = [p for p in figure.axes[0].patches if to_hex(p.get_facecolor()) == BLUE]
    places = {(round(p.get_x() + 0.5), round(p.get_y() + 0.5)) for p in blue}
    assert places == {(unit, int(degree) + 1) for unit, degree in enumerate(degrees)}
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == ["1", "3", "2"]


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.int64])
def test_samples_stand_beside_a_mask(digits, dtype):
    mask = torch.tensor([[1, 0, 0], [1, 1, 0]], dtype=dtype)
    figure = plot_samples_and_mask(digits[:4], mask)
    assert isinstance(figure, Figure)
    assert renders(figure)
    left, right = figure.axes
    grid = picture_in(left)
    assert grid.shape == (3 + 2 * 31, 3 + 2 * 31)
    for k in range(4):
        top, beside = 3 + 31 * (k // 2), 3 + 31 * (k % 2)
        part = grid[top : top + 28, beside : beside + 28]
        assert np.array_equal(part, digits[k].view(28, 28))
    assert np.array_equal(picture_in(right), mask.float())
    image = right.get_images()[0]
    colours = image.cmap(image.norm([1.0, 0.0]))
    assert [to_hex(colour) for colour in colours] == [BLUE, "#ffffff"]
    assert "MADE" in left.get_title()
    assert "blue weights may exist" in right.get_title()
    assert (right.get_xlabel(), right.get_ylabel()) == ("from unit", "to unit")


# ---- what is imported ---------------------------------------------------------------------------


def test_no_figure_needs_pyplot():
    program = """
import math, sys, torch
import made_course as c, made_course.figures as f
model = c.MADE(784, (8,), seed=0)
history = c.History()
history.append(train_nll=2.0, valid_nll=1.5, lr=0.1, seconds=1.0)
figures = [
    f.plot_images(torch.zeros(2, 784)), f.plot_image_rows({"a": torch.zeros(2, 784)}),
    f.plot_history(history), f.plot_nats_scale({"a": 2.0}), f.plot_first_layer(model, n_units=2),
    f.plot_samples_and_mask(torch.zeros(4, 784), torch.eye(3)),
]
for figure in figures:
    c.show(figure, alt="a figure")
sys.exit("matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_orderings_are_bars_of_their_steps_marked_best_and_worst():
    costs = {"a, b": [0.1, 0.3], "b, a": [0.0, 0.1], "$c$": [0.2, 0.0003], "d": [0.1, 0.3001]}
    figure = plot_orderings(costs, {"one": 1.0, "other": 1.5}, title="$\\nothing$ to typeset")
    upper, lower = figure.axes
    assert [text.get_text() for text in upper.texts] == ["0.400 ▼", "0.100 ★", "0.200", "0.400 ▼"]
    assert [label.get_text() for label in upper.get_yticklabels()] == list(costs)
    bars = [(round(bar.get_x(), 3), round(bar.get_y() + 0.35)) for bar in upper.patches]
    assert bars == [(0, 0), (0.1, 0), (0, 1), (0, 2), (0, 3), (0.1, 3)]
    ends = [bar.get_x() + bar.get_width() for bar in upper.patches]
    assert ends == pytest.approx([0.1, 0.4, 0.1, 0.2, 0.1, 0.4], abs=0.002)
    colours = [to_hex(bar.get_facecolor()) for bar in upper.patches]
    assert colours == ["#ffffff"] * 2 + [BLUE, "#767676"] + ["#ffffff"] * 2
    assert to_hex(upper.patches[0].get_edgecolor()) == ORANGE
    assert [text.get_text() for text in lower.texts] == ["1.000", "1.500 ✕"]
    assert [bar.get_width() for bar in lower.patches] == [1.0, 1.5]
    figure.canvas.draw()


def test_orderings_that_cost_the_same_are_neither_best_nor_worst():
    (axes,) = plot_orderings({"a, b": [0.0, 0.3], "b, a": [0.3, 1e-5]}, {}).axes
    assert [text.get_text() for text in axes.texts] == ["0.300", "0.300"]
    assert "★" not in axes.get_xlabel()
    (axes,) = plot_orderings({"a": [-1e-16]}, {}).axes
    assert [text.get_text() for text in axes.texts] == ["0.000"]
    with pytest.raises(ValueError, match="at least one ordering"):
        plot_orderings({}, {})


# ---- many orderings -----------------------------------------------------------------------------


def test_totals_that_are_not_one_are_crossed():
    (axes,) = plot_totals({"a": 1.0, "b": 0.98, "c": 28.4}).axes
    assert [text.get_text() for text in axes.texts] == ["1.000", "0.980 ✕", "28.400 ✕"]
    colours = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colours == [BLUE, "#ffffff", "#ffffff"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_an_ordering_s_picture_is_darker_where_it_comes_later():
    orderings = {"down": torch.arange(4), "cycle": [3, 0, 1, 2]}
    figure = plot_pixel_orderings(orderings, {"down": 70.04, "cycle": 75.0})
    titles = [axes.get_title().splitlines() for axes in figure.axes]
    assert titles == [["down", "70.0 nats"], ["cycle", "75.0 nats"]]
    pictures = [axes.get_images()[0] for axes in figure.axes]
    assert [p.get_array().tolist() for p in pictures] == [[[0, 1], [2, 3]], [[1, 2], [3, 0]]]
    assert [to_hex(pictures[0].cmap(end)) for end in (0.0, 1.0)] == ["#ffffff", BLUE]
    assert renders(figure)


def test_five_orderings_stand_in_two_rows():
    orderings = {str(k): torch.arange(4) for k in range(5)}
    figure = plot_pixel_orderings(orderings, dict.fromkeys(orderings, 1.0))
    assert [axes.get_visible() for axes in figure.axes] == [True] * 5 + [False] * 3


def test_coasting():
    figure = plot_coasting({"SGD": [1.1, 1.0, 0.0, 0.0], "Adam": [1.2, 1.0, 0.9, 0.8]}, switch=2)
    (axes,) = figure.axes
    sgd, adam, switch = axes.lines
    assert sgd.get_xdata().tolist() == [1, 2, 3, 4]
    assert sgd.get_ydata().tolist() == [1.1, 1.0, 0.0, 0.0]
    assert (sgd.get_marker(), adam.get_marker()) == ("s", "o")
    assert [to_hex(line.get_color()) for line in (sgd, adam)] == [BLUE, ORANGE]
    assert switch.get_xdata()[0] == 2.5
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["SGD", "Adam"]
    assert renders(figure)


def test_a_mixture_stands_above_the_best_member_of_each_image():
    nll = torch.tensor([[90.0, 70.0], [92.0, 60.0], [94.0, 60.0]])
    (axes,) = plot_mixture(nll).axes
    *members, further_up, mixture = axes.lines
    shown = np.array([line.get_ydata() for line in members])
    np.testing.assert_equal(shown, [[0, np.nan], [2, 0], [4, 0]])
    np.testing.assert_allclose(further_up.get_ydata(), [np.nan, 4 * math.log(3)])
    expected = [math.log(3) - math.log(1 + math.exp(-2) + math.exp(-4)), math.log(3 / 2)]
    assert mixture.get_ydata() == pytest.approx(expected, abs=1e-4)
    (band,) = axes.patches
    assert band.get_height() == pytest.approx(math.log(3))


def test_many_masks():
    def network(name, natural_order):
        nats = torch.tensor([3.0, 4.0, 3.5]), torch.tensor([3.0, 2.9, 2.8]), torch.ones(3)
        return ManyMasks(name, 3, natural_order, *nats)

    figure = plot_many_masks([network("many orderings", False), network("raster", True)])
    assert [axes.get_title() for axes in figure.axes] == ["many orderings", "raster"]
    assert [[line.get_marker() for line in axes.lines] for axes in figure.axes] == [
        [".", "s", "x"],
        [".", "s", "o"],
    ]
    assert figure.axes[0].lines[1].get_ydata().tolist() == pytest.approx([3.0, 2.9, 2.8])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "each set alone",
        "mixture",
        "mean of logits (no distribution)",
        "mean of logits (a distribution)",
    ]
    assert renders(figure)


# ---- densities ----------------------------------------------------------------------------------


def corner(x):
    """Log-density of the quarter in which x₁ is negative and x₂ positive, up to 2 each."""
    inside = (x[:, 0] < 0) & (x[:, 0] > -2) & (x[:, 1] > 0) & (x[:, 1] < 2)
    return torch.where(inside, -math.log(4), -math.inf)


def height_at(axes, x1, x2):
    """What is shown at a place, by the axes' own coordinates."""
    (image,) = axes.get_images()
    left, right, bottom, top = image.get_extent()
    assert image.origin == "lower"
    heights = np.asarray(image.get_array())
    row = int((x2 - bottom) / (top - bottom) * len(heights))
    column = int((x1 - left) / (right - left) * heights.shape[1])
    return heights[row, column]


def test_a_density_stands_where_it_is():
    figure = plot_density({"corner": corner, "$no$ maths": lambda x: -x.square().sum(dim=1)})
    assert isinstance(figure, Figure)
    assert renders(figure)
    axes, other, *bars = figure.axes
    assert height_at(axes, -1.0, 1.0) == height_at(axes, -1.98, 0.02) == pytest.approx(0.25)
    for x1, x2 in ((1.0, -1.0), (1.0, 1.0), (-1.0, -1.0), (-2.1, 1.0), (-1.0, 2.1)):
        assert height_at(axes, x1, x2) == 0
    (image,) = axes.get_images()
    total = np.asarray(image.get_array()).sum() * (5 / 200) ** 2
    assert total == pytest.approx(1, abs=1e-4)
    assert image.get_clim() == (0, pytest.approx(0.25))
    assert axes.get_aspect() == 1
    assert [axes.get_title(), other.get_title()] == ["corner", "$no$ maths"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x₁", "x₂")
    assert height_at(other, 0.6, -0.3) == pytest.approx(math.exp(-0.45), abs=0.02)
    assert [bar.get_ylabel() for bar in bars] == ["density (probability per unit of area)"] * 2


def test_long_numbers_at_the_bar_push_no_word_out_of_the_figure():
    figure = plot_density({"wide": lambda x: -(x / 10).square().sum(dim=1) - 4.6}, reach=25)
    figure.savefig(io.BytesIO(), format="png")  # only this places the words
    for axes in figure.axes:
        box = axes.yaxis.label.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width


def test_colours_of_a_density_darken_with_it_in_grey_too():
    (image,) = plot_density({"corner": corner}).axes[0].get_images()
    greys = image.cmap(np.linspace(0, 1, 20))[:, :3] @ [0.299, 0.587, 0.114]
    assert greys[0] == pytest.approx(1)
    assert (np.diff(greys) < 0).all()


def test_points_lie_on_the_map_of_their_title():
    points = torch.tensor([[0.5, -1.0], [100.0, 0.0]], requires_grad=True)
    figure = plot_density({"a": corner, "b": corner}, {"b": points}, reach=3)
    first, second, *_ = figure.axes
    assert len(first.get_lines()) == 0
    (dots,) = second.get_lines()
    assert dots.get_xydata().tolist() == points.tolist()
    assert (dots.get_marker(), dots.get_linestyle()) == (".", "None")
    for axes in (first, second):
        assert (axes.get_xlim(), axes.get_ylim()) == ((-3, 3), (-3, 3))
        assert axes.get_images()[0].get_extent() == [-3, 3, -3, 3]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("mode", [True, False])
def test_the_density_of_a_model_is_its_own_and_leaves_it_alone(dtype, mode):
    head = MixtureOfGaussians(2)
    model = MADE(2, (8,), ordering=[1, 0], head=head, dropout=0.9, seed=0).to(dtype).train(mode)
    (axes, _) = plot_density({"model": model}).axes
    assert model.training is mode
    middle = torch.tensor([[0.6125, -1.3875]], dtype=dtype)  # of a cell: 2.5 / 100 apart
    expected = model.eval().log_prob(middle).exp().item()
    assert height_at(axes, *middle[0].tolist()) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("densities", "points", "error", "message"),
    [
        ({"m": MADE(3, head=MixtureOfGaussians(2))}, None, ValueError, "'m' must be a model of two "
         r"real variables.* got 3 with head=MixtureOfGaussians\(2\)"),
        ({"m": MADE(2)}, None, ValueError, r"got 2 with head=Bernoulli\(\)"),
        ({"m": MADE(2, head=Categorical(3))}, None, ValueError, r"got 2 with head=Categorical"),
        ({"m": 3.0}, None, TypeError, "'m' must be a MADE or a function .* got float"),
        ({"m": lambda x: x}, None, ValueError, "for each of 40,000 points"),
        ({"m": lambda x: x[:, 0] * math.nan}, None, ValueError, "no NaN, for each of 40,000"),
        ({"m": lambda x: 0.0}, None, ValueError, r"points, got 0\.0"),
        (corner, None, TypeError, "must be mappings from titles.* got function and dict"),
        ({"m": corner}, torch.zeros(3, 2), TypeError, "got dict and Tensor"),
        ({"m": corner}, {"n": torch.zeros(3, 2)}, ValueError, r"got \['n'\] for \['m'\]"),
        ({"m": corner}, {"m": torch.zeros(3, 3)}, ValueError, r"must be \(N, 2\), got \(3, 3\)"),
        ({}, None, ValueError, "there must be a density"),
    ],
)  # fmt: skip
def test_what_is_no_density_of_two_variables_is_refused(densities, points, error, message):
    with pytest.raises(error, match=message):
        plot_density(densities, points)


@pytest.mark.parametrize(
    ("reach", "error"), [(0, ValueError), (-1.0, ValueError), ("2", TypeError)]
)
def test_a_reach_is_a_positive_number(reach, error):
    with pytest.raises(error, match="reach must be"):
        plot_density({"corner": corner}, reach=reach)
