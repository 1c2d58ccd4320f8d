"""Figures of single notebooks: each draws the numbers it is given, without a fault."""

import math
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import made_lessons
from made_course import MADE, MixtureOfGaussians, build_masks
from tests.figures.drawn import assert_shows, faults, texts

MODULES = [
    import_module(f"made_lessons.{path.parent.name}.figures")
    for path in Path(made_lessons.__file__).parent.glob("*/figures.py")
]
PLOTS = {
    name.removeprefix("plot_").replace("_", " "): function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("plot_")
}


def rung(name, *nats):
    curve = torch.tensor([[9.0, last] for last in nats])
    return SimpleNamespace(name=name, test_nll=curve)


DEGREES = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
STEP = torch.tensor([[0.0, 0.25], [0.0, 0.0]]), torch.tensor([[1.0, -0.5], [1.0, 1.0]])
ROW = torch.tensor([1.0, 0.0, 1.0, 1.0])
ORDER = torch.tensor([3, 1, 2, 4])
MIXTURE = MADE(2, (8,), head=MixtureOfGaussians(2))
torch.nn.init.zeros_(MIXTURE.net[-1].weight)  # so that its density needs no seed
ROW_FIRST = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
LOWER = torch.tensor([[False, False], [True, False]])
FIGURES = {  # how to call its function, numbers that are drawn, words of the alternative text
    "chain rule": (lambda plot: plot(torch.tensor([[0, 0], [0, 1], [1, 1]]), [1, 0],
            ["wet", "rain"], [1, 1]), [1, 2, 3],
        "by rain, then wet", "11 (wet, rain): 2/3 · 1/2 = 1/3"),
    "tickets": (lambda plot: plot([1, 2, 0]), [1, 2, 3],
        "x₁ has ticket 3, x₂ ticket 1", "calls x₂, then x₃, then x₁"),
    "draws": (lambda plot: plot(["rain", "wet"], [0.25, 0.5], [0.75, 0.5]), [0.25, 0.75, 0.5],
        "rain is 0, because u = 0.75 > p = 0.25; wet is 1, because u = 0.50 ≤ p = 0.5"),
    "moves": (lambda plot: plot(torch.tensor([[0.25, 0.0], [0.5, 0.75]]), [0, 1], 1), [0.92],
        "x̂₂ by 0.75 when x₂ is", "0.50 with its own"),
    "masking": (lambda plot: plot(DEGREES, build_masks(DEGREES)), [0, 1, 2, 3, 12, 6],
        "x̂₃ of degree 2: 1, 0. x̂₁ sees x₂ and x₃"),
    "path": (lambda plot: plot(DEGREES, build_masks(DEGREES), [1, 1, 0]), [1, 2, 3],
        "from x₂ to x̂₁", "1 ≤ 2 < 3", "6 connections"),
    "masked step": (lambda plot: plot(STEP, STEP[1], STEP[0] == 0.25), [0, 1],
        "3 forbidden weights are back", "none are"),
    "logarithms": (lambda plot: plot(torch.tensor([-100.0, -90, 0, 18, 60]),
            torch.tensor([math.nan, 0, -0.69, -math.inf, -math.inf]),
            torch.tensor([0.0, 0, -0.69, -18, -60])), [(0, -0.69), (60, -60), 18, 100],
        "NaN up to −100 and −∞ from 18"),
    "entropies": (lambda plot: plot(LOWER.repeat(2, 2)), [0, 0.69],
        "1 of 4 pixels", "earlier ones: .69, 0, 0, 0. Sum: 0.69 nats = ln 4"),
    "learning curve": (lambda plot: plot([150.0, 98.75], [120.5, 97.125],
            levels={"coin": 125.0}), [(1, 150), (1, 120.5), (2, 98.75), (2, 97.125), 125],
        "after epoch 2, with 97.1",
        "train from 150.0 to 98.8; validation from 120.5 to 97.1; coin at 125"),
    "surprise": (lambda plot: plot({"digits": torch.tensor([60.0, 70, 71, 90])},
            torch.zeros(1, 4), torch.tensor([15.75]), outlier="nothing"), [15.8],
        "costs 15.8", "mean 72.8, nine in ten from 61.5 to 87.2"),
    "recipe": (lambda plot: plot([rung("a", 5.0, 5.25), rung("b", 7.0), rung("c", 3.0)]),
        [(5, 0), (5.25, 0), (7, 1), (3, 2)], "from 5.1 nats to 3.0", "+ b 7.0 (+1.9)"),
    "final units": (lambda plot: plot(ROW, [ORDER, torch.tensor([1, 3, 3])], [2, 4]),
        [2, 4], "After 2 and 4 of 4 pixels, 1 and 3 of the 3 units"),
    "repeated work": (lambda plot: plot(torch.tensor([1, 3, 2]), 4), [1],
        "3 squares", "6 squares", "4 forward passes by 3", "1 to 3"),
    "pixel orderings": (lambda plot: plot(
            {"down": torch.arange(4), "up": torch.arange(3, -1, -1)}), [0, 1, 2, 3]),
    "coasting": (lambda plot: plot({"SGD": [1.125, 1.0, 0.0], "Adam": [1.25, 1.0, 0.875]},
            switch=2), [(1, 1.125), (1, 1.25), (3, 0.875), 2.5],
        "SGD 0.00, Adam 0.88", "after step 2"),
    "mixture": (lambda plot: plot(torch.tensor([0.25, 0.5, 0.69]), 2), [],
        "more than 0.50 nats", "ln 2 = 0.69"),
    "lines": (lambda plot: plot({"a": {1: 9.0, 20: 5.5}, "claim": {1: 9.0, 20: 1.25}},
            xlabel="seconds", ylabel="nats", invalid="claim"), [(1, 9), (20, 5.5), (20, 1.25)],
        "The claim is not", "Nats by seconds: a 9.0 at 1, 5.5 at 20; claim 9.0 at 1, 1.2 at 20"),
    "added orderings": (lambda plot: plot(LOWER, LOWER.T), [0.8],
        "1 pair", "x̂₂ sees x₁. ordering B: x̂₁ sees x₂"),
    "density": (lambda plot: plot({"dots": torch.full((2, 2), 1.25), "two": MIXTURE}, alt="Dots."),
        [1.25], "two, up to 0.16"),
    "slices": (lambda plot: plot({"two": MIXTURE}), [0], "x₂ = −0.9 and 0.9"),
    "density in new unit": (lambda plot: plot(MIXTURE, 10), [0.25, 25],
        "100 times", "0.25 cm² × 0.14 = 0.04; 25 mm² × 0.0014 = 0.04"),
    "inverse": (lambda plot: plot([0.25, 0.125, 0.625], [0.25, 0.75]),
        [(1, 0.25), (1, 0.375), (3, 1), (2, 0.75), (0, 0)], "u = 0.25 gives 0, u = 0.75 gives 2"),
    "family tree": (lambda plot: plot({"A": (1996, "", "old", torch.eye(3)),
            "B": (2011, "A", "new", torch.ones(3, 3).tril(-1))}, here="B"), [1996, 2011],
        "A, 1996: old. B, 2011, from A: new"),
    "receptive fields": (lambda plot: plot({"all": torch.ones(9, 9).tril(-1).bool()},
            5), [5, 0.84], "Of 5 earlier pixels, the output of pixel 6 sees: all 5"),
    "shared weights": (lambda plot: plot({"a": [["", "", ""], ["7", "", ""], ["", "7", ""]]}), [7],
        "weights 7 in 2 squares; x̂₂ sees x₁ with 7"),
    "flow": (lambda plot: plot(lambda u: u * torch.tensor([1.0, 2.0])), [2, 4],
        "area 0.25", "area 0.50"),
    "attention": (lambda plot: plot(torch.tensor([7.0, 2.0]), torch.tensor([0.0, 0.7]),
            torch.tensor([[1.0, 0.0], [0.25, 0.75]]), torch.tensor([10.0, 20.0])),
        [4.9, 1.4, 25, 75, 10, 20, 17.5], "position 2: .25, .75", "10, 17.50"),
    "heads": (lambda plot: plot({"a": ROW_FIRST, "b": 1 - ROW_FIRST}), [0, 1],
        "Of all heads, a has the largest mean weight on the first pixel of the row, 1.00",
        "b has the largest mean weight on the top pixel of the column, 1.00"),
    "steps of boards": (lambda plot: plot(
            torch.tensor([[0, 0, 0, 1], [0, 0, 1, 0]]), {1: [[0, 1, 2, 3]], 2: [[0, 1, 2], [3]]}),
        [1, 2, 1.39, 0.69], "1: 1.39, 2: 0.69", "x₁, x₂ and x₃; x₄"),
    "costs of orderings": (lambda plot: plot(
            -torch.tensor([[1.0, 5], [0, 3], [7, 0], [0, 0]]), {"mean": 8.0, "cheapest": 4.0}),
        [8, 4], "less than 4.0 nats", "one in twenty more than 12.0", "mean 8.0; cheapest 4.0"),
}  # fmt: skip


def draw(name):
    return FIGURES[name][0](PLOTS[name])


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_draws_the_numbers_it_is_given_without_a_fault(name):
    _, numbers, *words = FIGURES[name]
    figure = draw(name)
    assert_shows(figure, numbers)
    assert faults(figure) == []
    for said in words:
        assert said in figure.alt


def test_every_figure_is_tried():
    assert FIGURES.keys() == PLOTS.keys()


@pytest.mark.parametrize(
    ("name", "words", "place"),
    [
        ("learning curve", "97.1", (2, 97.125)),
        ("coasting", "Adam", (3, 0.875)),
        ("mixture", "ln 2", (0.6931, 1)),
        ("inverse", "u = 0.75", (-0.7, 0.75)),
        ("lines", "a 5.5", (20, 5.5)),
    ],
)
def test_words_are_beside_their_points(name, words, place):
    notes = {note.get_text(): note for axes in draw(name).axes for note in axes.texts}
    assert notes[words].xy == pytest.approx(place, abs=1e-3)


def test_one_later_score_is_masked():
    (axes,) = draw("attention").axes
    assert texts(axes).count("−∞") == 1
