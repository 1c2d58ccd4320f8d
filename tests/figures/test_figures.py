"""Shared figures draw the numbers that they are given, and a saved picture is complete."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from matplotlib.colors import to_hex
from PIL import Image

from made_course import (
    MADE,
    bars_and_stripes,
    build_masks,
    complete,
    draw_degrees,
    figures,
    save_samples_grid,
)
from made_course.figures import (
    plot_completions,
    plot_dependence,
    plot_image_rows,
    plot_images,
    plot_masks,
    plot_nats_bars,
    plot_network,
    plot_pipeline,
    plot_probabilities,
    plot_trajectory,
)
from made_course.figures.images import paint_variables
from made_course.leaks.trajectory import trajectory
from tests.figures.drawn import (
    BLUE,
    ORANGE,
    assert_names,
    assert_shows,
    functions_of,
    labels,
    picture_in,
    texts,
)

SEED = torch.Generator().manual_seed(0)
DEGREES = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
ALLOWED = torch.tensor([[False, True, True], [False, False, False], [False, True, False]])
ROW = torch.tensor([1.0, 0.0, 1.0, 1.0])
GREEN, PALE = [0, 122, 88], [219, 236, 232]
COINS = MADE(4, ordering=[1, 2, 0, 3])
for parameter in COINS.net[-1].parameters():
    torch.nn.init.zeros_(parameter)
FIGURES = {
    "images": (lambda: plot_images(0.25 * bars_and_stripes()[3:6], columns=2, titles="abc",
            alt="boards"), [255, 191]),
    "image rows": (lambda: plot_image_rows({"a": 0.25 * bars_and_stripes()}, alt="boards"),
        [255, 191]),
    "probabilities": (lambda: plot_probabilities({"p": [0.25, 0.75], "q": [0.3, 0.7]},
            ["dry", "wet"], ylabel="w"), [0.25, 0.75, 0.3, 0.7]),
    "nats bars": (lambda: plot_nats_bars({"coins": 543.4, "independent": 206.5}), [543.4, 206.5]),
    "masks": (lambda: plot_masks(build_masks(DEGREES), DEGREES), [0, 1, 2, 3]),
    "pipeline": (lambda: plot_pipeline(DEGREES, build_masks(DEGREES),
            torch.tensor([0.5, -1, 2]), -1.25), [0.5, 1, 2, 3, 1.25]),
    "dependence": (lambda: plot_dependence({"few": torch.eye(3).bool(), "all": ALLOWED}, ALLOWED),
        [0.8]),
    "trajectory": (lambda: plot_trajectory(
            {"one": trajectory(COINS, ROW, COINS.order, COINS.head)}, [0, 2], (2, 2),
            names=list("abcd")), [0, 1]),
    "completions": (lambda: plot_completions(ROW[None], ROW > 2,
            complete(COINS, ROW[None], ROW > 2, 3, generator=SEED), (2, 2)),
        [1, 2, 3]),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_the_numbers_it_is_given(name):
    make, numbers = FIGURES[name]
    assert_shows(make(), numbers)


LONG = "a name that is rather long"
WIDE = torch.linspace(0, 1, 24)  # 3 × 8
SIXTEEN = draw_degrees(torch.arange(1, 17), [64, 64], "even")
RULE = {"allowed": torch.ones(16, 16).tril(-1).bool()}
FOUR = torch.tensor([3, 1, 2, 4])
WIDE_ONE = [FOUR[:3], *[torch.tensor([1] * 16 + [2] * 16)] * 2]
OTHERS = {
    "images": (lambda: plot_images(torch.eye(9)[:7].repeat(3, 1), columns=14, titles=["abc"] * 21),
        "abc"),
    "image rows": (lambda: plot_image_rows({LONG: torch.ones(12, 784), "b": torch.eye(16)[:12]}),
        LONG),
    "probabilities": (lambda: plot_probabilities({"p": [0.0] * 7 + [1], "q": [0.125] * 8},
            [f"{k:03b}" for k in range(8)], ylabel="rain, sprinkler, grass"), "rain", "000", "111"),
    "nats bars": (lambda: plot_nats_bars({"a": 2.5, LONG: 2.5, "c": 2.51, "d": -8.0, "e": 2.49},
            highlight="c", floor=2.5, invalid=["d"], per="day"), LONG),
    "network": (lambda: plot_network(SIXTEEN, build_masks(SIXTEEN), **RULE, title=LONG), LONG),
    "pipeline": (lambda: plot_pipeline(WIDE_ONE, build_masks(WIDE_ONE), -FOUR[:3].float(), -2.5),
        "−2.50"),
    "masks": (lambda: plot_masks(build_masks([*DEGREES, DEGREES[1]]), [*DEGREES, DEGREES[1]]),
        "x₁", "hidden 2"),
    "dependence": (lambda: plot_dependence({"many": torch.ones(16, 16).bool()},
            torch.ones(16, 16).triu(1).bool()), "many"),
    "trajectory": (lambda: plot_trajectory(
            {name: trajectory(COINS, ROW, COINS.order, COINS.head) for name in ("here", "there")},
            [0, 1, 2, 3, 4], (1, 4), names=["sprinkler", "sky", "x₃", "x₄"]), "there"),
    "completions": (lambda: plot_completions(WIDE.repeat(2, 1).round(), WIDE < 0.5,
            complete(MADE(24), WIDE.repeat(2, 1).round(), WIDE < 0.5, 8, generator=SEED), (3, 8)),
        "mean"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_no_figure_has_a_fault_that_any_may_have(name):
    make, *words = OTHERS[name]
    assert_names(make(), *words)


def test_every_figure_is_tried_twice():
    tried = [{name.replace(" ", "_") for name in several} for several in (FIGURES, OTHERS)]
    elsewhere = {"network"}  # tested with MaskExplorer
    assert [tried[0] | elsewhere, tried[1]] == [functions_of(figures)] * 2


def test_a_figure_shows_itself_with_a_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *said, **how: shown.append((said, how)))
    plot_nats_bars({"a": 2.0, "b": 1.0})._ipython_display_()
    (((said,), how),) = shown
    assert said["text/plain"].startswith("Bars of nats")
    assert how["raw"]
    assert how["metadata"]["image/png"]["alt"].startswith("b needs the fewest nats, a the most. ")
    assert how["metadata"]["image/png"]["width"] > 300


def test_the_grid_is_the_documents(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = MADE(784, (16, 8), natural_order=False, seed=0)
    torch.manual_seed(3)
    grid = torchvision.utils.make_grid(model.sample(36).view(36, 1, 28, 28), nrow=6, padding=2)
    torchvision.utils.save_image(grid, tmp_path / "expected.png")
    torch.manual_seed(3)
    save_samples_grid(model)
    assert capsys.readouterr().out == "Saved samples to made_samples.png\n"
    assert Path("made_samples.png").read_bytes() == Path("expected.png").read_bytes()
    save_samples_grid(model, "grid.png", n=10)
    with Image.open("grid.png") as picture:
        assert picture.size == (92, 122)


@pytest.mark.parametrize(
    ("input_dim", "name", "n", "message"),
    [
        (784, "grid.png", 0, "n must be at least 1, got 0"),
        (3, "grid.png", 4, "needs a model over 784 pixels, got 3"),
        (784, "grid", 4, "unknown file extension"),
    ],
)
def test_an_impossible_grid_leaves_nothing(tmp_path, input_dim, name, n, message):
    with pytest.raises(ValueError, match=message):
        save_samples_grid(MADE(input_dim, (4,)), tmp_path / name, n=n)
    assert list(tmp_path.iterdir()) == []


def test_images_lie_in_a_grid():
    images = torch.rand(6, 784).requires_grad_()
    figure = plot_images(images, columns=2, titles=["ab\ncd"] * 6)
    figure.draw_without_rendering()
    corners = [axes.get_position().p0.round(6) for axes in figure.axes]
    assert tuple(len(set(along)) for along in zip(*corners, strict=True)) == (2, 3)
    for image, axes in zip(images.detach(), figure.axes, strict=True):
        expected = 255 * (1 - image.view(28, 28, 1).expand(-1, -1, 3))
        assert np.abs(picture_in(axes) - expected.numpy()).max() <= 0.5


def test_rows_of_images_have_names_and_equal_lengths():
    images = torch.rand(6, 784)
    figure = plot_image_rows({"sampled": images[:3].bool(), "nearest": images[3:].bfloat16()})
    assert [axes.get_ylabel() for axes in figure.axes] == ["sampled", "", "", "nearest", "", ""]
    assert figure.kind == "Rows of images: sampled; nearest"
    with pytest.raises(ValueError, match="same number of images, got {'sampled': 3, 'nearest': 2}"):
        plot_image_rows({"sampled": images[:3], "nearest": images[3:5]})


def test_images_that_are_not_flattened_are_refused_with_a_cure():
    message = re.escape("D a square number, got (2, 28, 28). For")
    with pytest.raises(ValueError, match=message + r".* x\.reshape\(len\(x\), -1\); for one image"):
        plot_images(torch.zeros(2, 28, 28), columns=2)


def test_unknown_pixels_are_hatched_and_pale():
    values, apart = np.array([0.0, 1.0, 0.0, 0.25]), np.array([True, True, False, False])
    picture = paint_variables(values, apart, (2, 2), 10)
    for hatched in (picture[:10, :10], picture[:10, 10:]):
        assert len(np.unique(hatched.reshape(-1, 3), axis=0)) == 2
        assert hatched.max(axis=2).min() > 180
    assert [picture[15, 5].tolist(), picture[15, 15].tolist()] == [[255] * 3, [191] * 3]


def test_what_a_network_drew_is_green_on_pale_green():
    rows, drawn = {"ink": torch.tensor([[0.0, 1, 0, 1]])}, COINS.order > 2  # first and last
    part, whole = [PALE, [0] * 3, [255] * 3, GREEN], [PALE, GREEN] * 2
    for pixels, expected in ((drawn, part), (True, whole), (False, [[255] * 3, [0] * 3] * 2)):
        for figure in (
            plot_images(rows["ink"], columns=1, drawn=pixels),
            plot_image_rows(rows, drawn={"ink": pixels}),
        ):
            assert picture_in(figure.axes[0]).reshape(4, 3).tolist() == expected
    found = complete(COINS, rows["ink"], ~drawn, 1, generator=SEED)
    figure = plot_completions(rows["ink"], ~drawn, found, (2, 2))
    painted = picture_in(figure.axes[1]).reshape(4, 3).tolist()
    assert painted[1:3] == part[1:3]
    assert all(pixel in (PALE, GREEN) for pixel in (painted[0], painted[3]))


def test_bars_of_nats_show_the_floor_and_invalid_claims():
    levels = {"coins": 11.09, "cheat": 0.005, "FVSBN": 3.432}
    figure = plot_nats_bars(levels, highlight="FVSBN", floor=3.4, invalid=["cheat"], per="board")
    (axes,) = figure.axes
    bars = {round(bar.get_width(), 3): bar for bar in axes.patches}
    assert bars[3.4].get_hatch() == "///"  # from zero to the floor
    assert to_hex(bars[3.432].get_facecolor()) == BLUE
    assert bars[0.005].get_facecolor()[3] == 0
    assert to_hex(bars[0.005].get_edgecolor()) == ORANGE
    assert texts(axes) == ["11.09", "0.005", "3.43"]
    assert labels(figure.legends[0].get_texts()) == [
        *("no distribution gets here (floor 3.40)", "not a distribution")
    ]
    assert "cheat 0.005, not a distribution" in figure.alt
    assert texts(plot_nats_bars({"MADE": 76.25}, input_dim=784).axes[0]) == ["76.2 (0.140)"]


def test_a_row_of_a_network_is_a_step_and_a_leak_lies_in_it():
    masks = build_masks(DEGREES)
    masks[-1] = DEGREES[0][:, None] >= DEGREES[1]
    (axes,) = plot_network(DEGREES, masks, allowed=ALLOWED).axes
    blue = {"#8ecbf0", BLUE}
    wires = [line for line in axes.lines if line.get_marker() != "x"]
    leaks = [line for line in wires if line.get_color() == ORANGE.upper()]
    assert {line.get_color().lower() for line in wires} == {*blue, ORANGE}
    assert len(leaks) == 4  # x₂ and x₃, each by a unit of its own degree
    for line in leaks:
        assert line.get_ydata()[0] == pytest.approx(line.get_ydata()[-1])
    others = [line for line in wires if line not in leaks]
    assert all(line.get_ydata()[0] > line.get_ydata()[-1] for line in others)
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert heights["x₂"] == heights["x̂₂"] > heights["x₃"] == heights["x̂₃"] > heights["x₁"]
    assert heights["3"] == pytest.approx(heights["x₁"], abs=0.01)


def test_distributions_are_told_apart_without_colour():
    figure = plot_probabilities({"p": [0.25, 0.75], "drawn": [0.3, 0.7]}, ["a", "b"], ylabel="")
    first, second = figure.axes[0].containers
    assert first[0].get_hatch()
    assert first[0].get_y() < second[0].get_y()  # the axis points downwards
    assert labels(figure.legends[0].get_texts()) == ["p", "drawn"]
    assert plot_probabilities({"p": [1.0]}, ["sure"], ylabel="").legends == []


def test_masks_are_tables_with_degrees_at_their_margins():
    figure = plot_masks(build_masks(DEGREES), DEGREES)
    written = texts(figure.axes[0])
    assert written[:6] == ["0", "1", "0", "0", "1", "1"]
    assert written[6:12] == ["3", "1", "2", "x₁", "x₂", "x₃"]
    first, second = (figure.axes[0].texts[k].get_position()[1] for k in (0, 3))
    assert first > second  # the first unit is on top, as in print(mask)


def test_dependence_counts_and_its_legend_names_only_what_occurs():
    figure = plot_dependence({"few": torch.eye(3).bool(), "all": ALLOWED}, ALLOWED)
    assert [texts(axes) for axes in figure.axes] == [
        *(["0 of 3 seen,\n3 leaks"], ["3 of 3 seen,\nno leak"])
    ]
    (key,) = plot_dependence({"all": ALLOWED}, ALLOWED).legends
    assert labels(key.get_texts()) == ["allowed and seen"]
