"""CompletionPlayer without a browser: what it draws and says is what `complete` returns."""

import copy
import math
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import (
    MADE,
    Categorical,
    CompletionPlayer,
    bars_and_stripes,
    complete,
    completion_degrees,
    load_pretrained,
)
from tests.widgets.models import a_model, rows_of
from tests.widgets.page import controls, markup, page, pixels_of, status, words

PARTS = ["top", "bottom", "left", "right", "random", "rectangle"]
BLUE, ORANGE = np.array([0, 114, 178]), np.array([213, 94, 0])
MODELS = [{}, {"num_masks": 3}, {"num_masks": None}, {"natural_order": True}, {"direct": True}]


def hides(part, rectangle, shape, i):
    """Whether a part hides variable i; None where chance decides."""
    (rows, columns), (row, column) = shape, divmod(i, shape[1])
    top, left, height, width = rectangle
    return {
        "top": row < rows // 2,
        "bottom": rows - 1 - row < rows // 2,
        "left": column < columns // 2,
        "right": columns - 1 - column < columns // 2,
        "random": None,
        "rectangle": 0 <= row - top < height and 0 <= column - left < width,
    }[part]


def pictures(w):
    """What a picture shows, as its label says → (its label, its pixels)."""
    labelled = [svg for svg in page(w).iter("svg") if svg.get("aria-label")]
    return {
        svg.get("aria-label").partition(":")[0]: (
            svg.get("aria-label"),
            pixels_of(svg.find("image")),
        )
        for svg in labelled
    }


def blocks(picture, shape):
    """(D, high, wide, 3): the pixels of each variable."""
    rows, columns = shape
    high, wide = picture.shape[0] // rows, picture.shape[1] // columns
    return picture.reshape(rows, high, columns, wide, 3).swapaxes(1, 2).reshape(-1, high, wide, 3)


def assert_paints(picture, shape, values, known):
    """Black on white where known, blue on pale blue where drawn."""
    for block, value, is_known in zip(blocks(picture, shape), values, known, strict=True):
        blue = 255 - BLUE
        ink = 255 * float(value) if is_known else 0.14 * blue + 0.86 * blue * float(value)
        assert np.abs(block - (255 - ink)).max() <= 1


@given(
    st.sampled_from([(2, (1, 2)), (4, (2, 2)), (6, (2, 3)), (9, (3, 3))]),
    st.sampled_from(MODELS),
    st.sampled_from(PARTS),
    st.integers(0, 50),
)
@settings(max_examples=40)
def test_picture_words_and_complete_agree(size, options, part, seed):
    input_dim, shape = size
    model, images = a_model(input_dim, (5,), seed, **options), rows_of(2, input_dim, seed)
    w = CompletionPlayer(model, images, n_samples=3, seed=seed, shape=shape)
    part = part if part in dict.fromkeys(v for _, v in controls(w)["Hide"].options) else "rectangle"
    w.part, w.image_index = part, 1
    x, known = images[1], w.known
    for i in range(input_dim):
        assert hides(part, w.rectangle, shape, i) in (None, not known[i])
    if part == "random":
        assert int((~known).sum()) == input_dim // 2

    noise = torch.rand(1, 3, input_dim, generator=torch.Generator().manual_seed(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = complete(model, x[None], known, 3, noise=noise)
    assert torch.equal(w.completion.samples, expected.samples)
    weighted = expected.log_weights is not None
    order = torch.argsort(w.ordering)
    late = known & (order > order[~known].min())
    assert bool(late.any()) == weighted
    worth = expected.effective_sample_size.item()
    if weighted:
        assert torch.equal(w.completion.log_weights, expected.log_weights)
        total = int(known.sum())
        assert w.words.startswith(f"3 samples, worth {worth:.1f} exact ones: ")
        which = f"{int(late.sum())} of the {total} known" if total > 1 else "the known"
        assert which in w.words
        shares = expected.log_weights[0].double().softmax(0)
        assert f"Number {int(shares.argmax()) + 1} has " in w.words
        assert ("Nearly all weight lies on one sample" in w.words) == bool(shares.max() > 0.9)
    else:
        shares = torch.full((3,), 1 / 3).double()
        assert w.words.startswith("3 exact samples: ")
        own = "the model's own ordering" in w.words
        assert own == (torch.equal(order + 1, model.order) and bool(known.any()))
    assert status(w)[0] == ("⚠" if weighted else "✓")

    shown = pictures(w)
    mean = shown["Mean by weight" if weighted else "Mean of the 3"][1]
    assert_paints(mean, shape, shares @ expected.samples[0].double(), known)
    for k, row in enumerate(expected.samples[0]):
        label, picture = shown[f"Completion {k + 1}"]
        assert_paints(picture, shape, row, known)
        said = re.search(r"(\d+)% of the weight", label)
        assert (said is not None) == weighted
        assert not said or abs(float(said[1]) / 100 - shares[k]) <= 0.01
    for block, value, is_known in zip(blocks(shown["Known"][1], shape), x, known, strict=True):
        assert (block == 255 * (1 - value.item())).all() == is_known
    has_orange = [(block == ORANGE).all(-1).any() for block in blocks(shown["Ordering"][1], shape)]
    assert has_orange == late.tolist()
    apart = (expected.samples[0] != x).sum(dim=1)
    assert "Predict: which of the 3" in w.words
    w.revealed = True
    assert f"{apart.min()} of {int((~known).sum())} hidden" in w.words
    assert_paints(pictures(w)["Original"][1], shape, x, known)
    w.close()


# ---- what is drawn, and what is exact about it --------------------------------------------------


def test_raster_order_is_exact_for_the_bottom_and_weighted_for_the_top():
    w = CompletionPlayer(load_pretrained())
    assert w.part == "bottom"
    assert w.words.startswith("8 exact samples: the model's own ordering has every known pixel ")
    assert torch.equal(w.known, torch.arange(784) < 392)
    for part, late in (("top", 392), ("left", 392), ("right", 378)):
        w.part = part
        assert f"{late} of the 392 known pixels come too late" in w.words
    w.part = "top"
    assert w.completion.effective_sample_size.item() < 2
    assert "Nearly all weight lies on one sample" in w.words
    assert "known, but too late" in words(w)


def test_prices_are_those_of_what_is_hidden_given_the_rest():
    model = a_model(4, (6,), num_masks=None, degrees="even")
    images = torch.tensor([[1.0, 0, 1, 1], [0, 1, 1, 0]])
    w = CompletionPlayer(model, images)
    order, *_ = completion_degrees(model, torch.tensor([True, True, False, False]))[0]
    twin = a_model(4, (6,), ordering=torch.argsort(order), degrees="even")
    twin.load_state_dict(twin.state_dict() | dict(model.named_parameters()))
    fillings = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 2)
    rows = torch.cat([images[:, None, :2].expand(2, 4, 2), fillings.expand(2, 4, 2)], dim=2)
    with torch.no_grad():
        every = twin.log_prob(rows.flatten(0, 1)).view(2, 4).logsumexp(1)
        expected = (every - twin.log_prob(images)).mean().item()
    nats, alone = w.prices["bottom"]
    assert nats == pytest.approx(expected, abs=1e-5)
    assert 0 < alone < 10
    assert f"{nats:.1f}" not in words(w)  # it says something of the original
    w.revealed = True
    assert f"{nats:.1f}" in words(w)
    one = CompletionPlayer(load_pretrained("tiny"), bars_and_stripes()[3])
    one.revealed = True
    assert one.prices["top"][0] is None
    assert "needs weights" in words(one)


def test_a_model_of_many_orderings_uses_one_with_the_known_first():
    w = CompletionPlayer(a_model(16, (12,), num_masks=None))
    for w.part in PARTS:
        assert "an ordering was made for this, with every known pixel first" in w.words
        assert w.known[w.ordering[: w.known.sum()]].all()
    w = CompletionPlayer(a_model(4, (6,), num_masks=24), torch.tensor([1, 0, 1, 1]), shape=(1, 4))
    said = set()
    for first in range(4):
        w.part, w.rectangle = "rectangle", (0, first, 1, 1)
        said |= set(re.findall(r"ordering \d+ of the model's 24", w.words))
    assert said
    w = CompletionPlayer(a_model(4, num_masks=3, natural_order=True))
    w.part = "top"
    assert "The model has one ordering, and in it" in w.words
    w = CompletionPlayer(a_model(9, num_masks=3))
    assert "None of the model's 3 orderings has every known pixel first." in w.words


def test_where_nothing_is_known_the_samples_are_the_models():
    model = a_model(9, (8,))
    w = CompletionPlayer(model, n_samples=3, seed=4)
    w.part, w.rectangle = "rectangle", (0, 0, 3, 3)
    noise = torch.rand(3, 9, generator=torch.Generator().manual_seed(4))
    assert torch.equal(w.completion.samples[0], model.sample(3, noise=noise))
    assert "nothing is known, so they are samples as ever" in w.words


def test_a_seed_is_the_noise_of_every_question():
    w = CompletionPlayer(a_model(9), seed=999_999)
    first = w.completion.samples
    controls(w)["Other completions"].click()
    assert w.seed == 0  # after the largest comes the first
    assert not torch.equal(w.completion.samples, first)
    w.part = "random"
    known = w.known
    w.seed, w.part = 999_999, "bottom"
    assert torch.equal(w.completion.samples, first)
    w.part = "random"
    assert torch.equal(w.known, known)


def test_images_are_given_or_drawn_by_the_model_or_digits():
    model = a_model(9)
    expected = model.sample(8, generator=torch.Generator().manual_seed(0))
    w, given_ones = CompletionPlayer(model), CompletionPlayer(model, expected)
    assert torch.equal(w.completion.samples, given_ones.completion.samples)
    assert "Drawn by the model itself." in words(w)
    assert "Drawn by" not in words(given_ones)
    assert len(controls(CompletionPlayer(load_pretrained()))["Image"].options) == 10


def test_the_model_is_left_alone_and_the_player_keeps_its_own():
    model = a_model(9, (8,), dropout=0.5, num_masks=3).train()
    before = copy.deepcopy(model.state_dict())
    w = CompletionPlayer(model, rows_of(2, 9))
    w.part, w.revealed = "random", True
    w.figure()
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    samples = w.completion.samples
    with torch.no_grad():
        model.net[0].weight.add_(1)
    w.seed = 1
    w.seed = 0
    assert torch.equal(w.completion.samples, samples)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_models_of_other_precision(dtype):
    w = CompletionPlayer(a_model(9, natural_order=True).to(dtype), rows_of(2, 9).bool())
    w.part = "top"
    assert w.completion.samples.dtype == dtype
    assert w.figure().axes


def test_the_original_stays_hidden_until_it_is_shown():
    model, images = a_model(9), rows_of(2, 9)
    w = CompletionPlayer(model, images)
    other = images.clone()
    other[:, ~w.known] = 1 - other[:, ~w.known]
    same = CompletionPlayer(model, other)  # the same as far as it is known

    def told(w):
        return re.sub(r"made-[0-9a-f]+", "", markup(w)), w.words, w.description

    assert told(w) == told(same)
    assert pictures(w)["Original"][0] == "Original: not shown yet"
    w.revealed = same.revealed = True
    assert told(w) != told(same)
    w.seed, w.part = 5, "left"
    assert w.revealed
    w.image_index = 1
    assert not w.revealed


# ---- controls -----------------------------------------------------------------------------------


def test_controls_do_what_python_does():
    w = CompletionPlayer(a_model(49, natural_order=True), rows_of(3, 49))
    shown = controls(w)
    shown["Hide"].value, shown["Seed"].value, shown["Image"].value = "rectangle", 7, 2
    shown["Show the original"].value = True
    assert (w.part, w.seed, w.image_index, w.revealed) == ("rectangle", 7, 2, True)
    assert w.rectangle == (1, 1, 4, 4)
    for name, value, expected in [
        ("From row", 9, (3, 1, 4, 4)),  # as far as it goes
        ("Rows", 6, (1, 1, 6, 4)),
        ("Columns", 7, (1, 0, 6, 7)),
        ("Columns", 1, (1, 0, 6, 1)),
        ("From column", 7, (1, 6, 6, 1)),
    ]:
        shown[name].value = value
        assert w.rectangle == expected
    assert (~w.known.view(7, 7)).nonzero().tolist() == [[row, 6] for row in range(1, 7)]
    assert not any(shown[name].continuous_update for name in ("Seed", "From row", "Columns"))
    w.image_index, w.seed, w.part = 0, 1, "top"
    assert (shown["Image"].value, shown["Seed"].value, shown["Hide"].value) == (0, 1, "top")


def test_a_click_on_an_image_sets_the_real_list():
    w = CompletionPlayer(a_model(4), rows_of(3, 4))
    clicks = [part.get("onclick") for part in page(w).iter("svg") if part.get("onclick")]
    assert [re.search(r"c\.selectedIndex=(\d);", click)[1] for click in clicks] == ["0", "1", "2"]
    assert all("querySelector('.made-image select')" in click for click in clicks)
    labels = [label for label in pictures(w) if label.startswith("image ")]
    assert [label.endswith(", chosen") for label in labels] == [True, False, False]
    assert controls(CompletionPlayer(a_model(4), torch.ones(4)))["Image"].layout.display == "none"


def test_few_variables_are_named_one_by_one_and_many_are_counted():
    w = CompletionPlayer(a_model(4), torch.tensor([1, 0, 0, 1]), n_samples=2)
    assert pictures(w)["Known"][0] == "Known: x₁ 1, x₂ 0, x₃ ?, x₄ ?"
    assert "hidden, ink" in words(w)
    assert "hidden, 1" in words(CompletionPlayer(a_model(3)))
    w = CompletionPlayer(a_model(25), rows_of(1, 25), n_samples=2)
    assert "Known: 15 of 25 pixels known, the others hatched" in markup(w)
    ones = int(w.completion.samples[0, 0, 15:].sum())
    assert f"Completion 1: {ones} of 10 drawn pixels are 1" in markup(w)


def test_the_figure_shows_the_same_state():
    w = CompletionPlayer(a_model(9, natural_order=True), rows_of(2, 9), n_samples=3)
    figure = w.figure()
    FigureCanvasAgg(figure).draw()
    assert [axes.get_title() for axes in figure.axes] == ["known", "1", "2", "3", "mean"]
    assert w.description == (
        "A row of pictures of image 1: what is known, 3 completions and their mean. "
        "Hidden is the bottom: 3 of 9 pixels."
    )
    w.part, w.revealed = "top", True
    shares = w.completion.log_weights[0].double().softmax(0)
    axes = w.figure().axes
    assert len(axes) == 6
    for one, share in zip(axes[1:4], shares.tolist(), strict=True):
        assert abs(float(re.search(r"\d+", one.get_xlabel())[0]) / 100 - share) <= 0.01
    assert axes[0].get_ylabel().startswith("worth ")


# ---- errors -------------------------------------------------------------------------------------


def filled(value):
    model = MADE(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return model


@pytest.mark.parametrize(
    ("model", "options", "error", "fragment"),
    [
        (torch.nn.Linear(3, 3), {}, TypeError, "model must be a MADE, got Linear"),
        (MADE(1), {}, ValueError, "of a single variable nothing can be hidden and something known"),
        (MADE(3, head=Categorical(3)), {}, ValueError, "the model's head is Categorical(3)"),
        (filled(math.nan), {}, ValueError, "the model has weights that are no finite numbers"),
        (None, {"n_samples": 1}, ValueError, "n_samples must be at least 2, got 1"),
        (None, {"n_samples": 13}, ValueError, "n_samples must be at most 12, got 13"),
        (None, {"seed": 10**6}, ValueError, "seed must be at most 999999, got 1000000"),
        (None, {"shape": (2, 2)}, ValueError, "room for exactly 3 variables, got 2 × 2"),
        (None, {"images": [1, 0, 1]}, TypeError, "images must be a torch.Tensor, got list"),
        (None, {"images": torch.ones(4)}, ValueError, "shape (3,) or (m, 3), got (4,)"),
        (None, {"images": torch.ones(11, 3)}, ValueError, "images must be at most 10, got 11: "),
        (None, {"images": torch.full((3,), 0.5)}, ValueError, "must hold only 0 and 1, got 0.5"),
    ],
)
def test_arguments_that_are_none(model, options, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        CompletionPlayer(model or MADE(3), **options)


def test_weights_that_are_no_numbers_are_refused():
    w = CompletionPlayer(filled(3e38), torch.ones(3), shape=(3, 1))
    before = markup(w)
    controls(w)["Hide"].value = "top"
    assert "no finite log-probability" in w.problem
    w.part = "bottom"
    assert markup(w) == before


@pytest.mark.parametrize(
    ("name", "value", "error", "fragment"),
    [
        ("image_index", 2, ValueError, "image_index must be at most 1, got 2"),
        ("part", "half", ValueError, "unknown part 'half': choose one of top, bottom, left, "),
        ("seed", -1, ValueError, "seed must be at least 0, got -1"),
        ("revealed", 1, TypeError, "revealed must be True or False, got 1"),
        ("rectangle", (0, 0, 1), TypeError, "rectangle must be (first row, first column, rows"),
        ("rectangle", (0, -1, 1, 1), ValueError, "the first row and column must be at least 0"),
        ("rectangle", (0, 0, 1, 0), ValueError, "the number of rows and columns must be at le"),
        ("rectangle", (1, 0, 2, 1), ValueError, "must lie inside 2 × 2, got (1, 0, 2, 1)"),
    ],
)
def test_a_bad_value_changes_nothing(name, value, error, fragment):
    w = CompletionPlayer(a_model(4), rows_of(2, 4))
    before = getattr(w, name), markup(w)
    with pytest.raises(error, match=re.escape(fragment)):
        setattr(w, name, value)
    assert (getattr(w, name), markup(w)) == before
