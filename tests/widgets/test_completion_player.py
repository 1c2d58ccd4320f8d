"""CompletionPlayer without a browser: whatever is hidden, picture, words and model agree."""

import base64
import copy
import gc
import io
import math
import re
import warnings
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets.widgets import widget
from matplotlib.figure import Figure
from PIL import Image

from made_course import (
    MADE,
    Categorical,
    Completion,
    CompletionPlayer,
    bars_and_stripes,
    complete,
    completion_degrees,
    load_binarized_mnist,
    load_pretrained,
)
from made_course.figures import paint_completion, plot_completions
from made_course.widgets.board import board
from made_course.widgets.completion_player import hidden_variables
from made_course.words import variable_names
from tests.widgets.controls import controls

SVG = "{http://www.w3.org/2000/svg}"
BLUE, ORANGE = (0, 114, 178), (213, 94, 0)
SAID = {
    "top": "the top",
    "bottom": "the bottom",
    "left": "the left",
    "right": "the right",
    "random": "a random half",
    "rectangle": "a rectangle",
}


def a_model(input_dim, hidden=(6,), seed=0, **options):
    """With weights as training makes them, so that the conditionals differ."""
    torch.manual_seed(seed)
    model = MADE(input_dim, hidden, **({"natural_order": False, "seed": seed} | options))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=2 / parameter.shape[-1] ** 0.5)
    return model


def rows_of(n, input_dim, seed=5):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()


# ---- an independent computation of what there is to see -----------------------------------------


def hidden_in(part, rectangle, shape, i):
    """Whether a part hides variable i; None where chance decides."""
    (rows, columns), (row, column) = shape, divmod(i, shape[1])
    if part == "rectangle":
        top, left, height, width = rectangle
        return 0 <= row - top < height and 0 <= column - left < width
    return {
        "top": 2 * row + 1 < rows and row < rows // 2,
        "bottom": rows - 1 - row < rows // 2,
        "left": column < columns // 2,
        "right": columns - 1 - column < columns // 2,
        "random": None,
    }[part]


@torch.no_grad()
def go_on(model, x, known, noise):
    """The notebook's: one pass a variable in the model's own ordering, known ones skipped."""
    x = torch.where(known, x, 0.0).repeat(len(noise), 1)
    for i in torch.argsort(model.order).tolist():
        if not known[i]:
            x[:, i] = (noise[:, i] <= torch.sigmoid(model(x)[:, i])).to(x.dtype)
    return x


def page(w):
    """All that the player shows, as a tree; it is well-formed or this raises."""
    return ElementTree.fromstring(f"<div>{w._choice.value}{w._picture.value}</div>")


def words_in(element):
    return "".join(element.itertext())


def statuses(w):
    return [words_in(e) for e in page(w).iter("div") if e.get("role") == "status"]


def pictures(w):
    """Title → (its svg element, its pixels), of what stands below the choice of images."""
    found = {}
    for svg in ElementTree.fromstring(w._picture.value).iter(f"{SVG}svg"):
        titles = [t.text for t in svg.iter(f"{SVG}text")]
        found[titles[0]] = (svg, decode(svg.find(f"{SVG}image")))
    return found


def choices(w):
    if not w._choice.value:
        return []
    return list(ElementTree.fromstring(w._choice.value).iter(f"{SVG}svg"))


def decode(image):
    data = base64.b64decode(image.get("href").partition("base64,")[2])
    return np.asarray(Image.open(io.BytesIO(data)))


def block(picture, shape, i):
    """The pixels of variable i."""
    rows, columns = shape
    high, wide = picture.shape[0] // rows, picture.shape[1] // columns
    row, column = divmod(i, columns)
    return picture[row * high : (row + 1) * high, column * wide : (column + 1) * wide]


def is_hatched(pixels):
    return len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1


def level(value, known):
    """The colour of a value: black on white where known, blue on pale blue where not."""
    blue = 255 - np.array(BLUE)
    darkness = 255 * value if known else 0.14 * blue + (1 - 0.14) * blue * value
    return 255 - darkness


def assert_shows(picture, shape, values, known):
    for i, value in enumerate(values):
        pixels = block(picture, shape, i).reshape(-1, 3)
        assert not is_hatched(pixels)
        assert np.abs(pixels[0] - level(float(value), bool(known[i]))).max() <= 1


def assert_shows_known(picture, shape, x, known):
    line = (picture == (127, 184, 216)).all(axis=2)
    for i, value in enumerate(x):
        pixels = block(picture, shape, i)
        if known[i]:
            assert (pixels == 255 * (1 - value.item())).all()
        else:  # hatched alike whatever its value
            marked = block(line, shape, i)
            assert (pixels[~marked] == 255).all()
            assert marked.mean() <= 0.5
            assert marked.any() or len(pixels) < 5  # lines are five pixels apart
    assert line.any()


def assert_pictures_show(w, x, known, shape):
    n, shown = len(w.completion.samples[0]), pictures(w)
    weighted = w.completion.log_weights is not None
    shares = [1 / n] * n
    if weighted:
        weights = w.completion.log_weights[0].double()
        shares = ((weights - weights.max()).exp() / (weights - weights.max()).exp().sum()).tolist()
    titles = list(shown)
    mean_title = "Mean by weight" if weighted else f"Mean of the {n}"
    assert titles[:4] == ["Known", "Original", mean_title, "Ordering"]
    assert_shows_known(shown["Known"][1], shape, x, known)
    samples = w.completion.samples[0]
    mean = sum(share * row for share, row in zip(shares, samples, strict=True))
    assert_shows(shown[mean_title][1], shape, mean, known)
    if w.revealed:
        assert_shows(shown["Original"][1], shape, x, known)
        assert shown["Original"][0].get("aria-label") != "Original: not shown yet"
    else:
        assert (shown["Original"][1] == 255).all()
        assert shown["Original"][0].get("aria-label") == "Original: not shown yet"
    for k, title in enumerate(titles[4:]):
        svg, picture = shown[title]
        assert_shows(picture, shape, samples[k], known)
        bars = [r for r in svg.iter(f"{SVG}rect") if r.get("class") == "made-share"]
        assert len(bars) == weighted
        assert re.fullmatch(rf"{k + 1}(: [<>]?\d+%)?", title)
        assert ("%" in title) == weighted
        if weighted:
            whole = float(svg.find(f"{SVG}image").get("width"))
            assert float(bars[0].get("width")) == pytest.approx(whole * shares[k], abs=0.01)
            said = float(re.search(r"(\d+)%", title)[1]) / 100
            sign = title.split()[1][0]
            assert {"<": shares[k] < said, ">": shares[k] > said}.get(
                sign, abs(shares[k] - said) <= 0.00501
            )
    assert len(titles) == 4 + n

    order = torch.empty(len(x), dtype=torch.long)
    order[w.ordering] = torch.arange(len(x))
    late = known & (order > order[~known].min())
    picture = shown["Ordering"][1]
    for i in range(len(x)):
        pixels = block(picture, shape, i).reshape(-1, 3)
        assert (pixels == ORANGE).all(axis=1).any() == bool(late[i])
        grey = 235 - 190 * order[i].item() / (len(x) - 1)
        others = pixels[~(pixels == ORANGE).all(axis=1)]
        assert np.abs(others - grey).max() <= 1
    assert bool(late.any()) == weighted


def assert_says(w, model, x, known):
    n, said = len(w.completion.samples[0]), w.words
    thing = "pixel" if min(w._board.rows, w._board.columns) > 1 else "variable"
    order = torch.argsort(w.ordering)
    late = int((known & (order > order[~known].min())).sum())
    if w.completion.log_weights is not None:
        worth = w.completion.effective_sample_size.item()
        total = int(known.sum())
        assert said.startswith(f"{n} samples, worth {worth:.1f} exact ones: ")
        counted = f"{late} of the {total} known {thing}s" if total > 1 else f"the known {thing}"
        assert f"{counted} come{'s' if late == 1 else ''} too late." in said
        best = int(w.completion.log_weights[0].argmax()) + 1
        assert f"Number {best} has " in said
        assert f"weight; the effective sample size is {worth:.1f}." in said
        largest = w.completion.log_weights[0].softmax(0).max()
        assert ("Nearly all weight lies on one sample" in said) == (largest > 0.9)
        assert ("Few samples have most of the weight" in said) == (largest <= 0.9 and worth < n / 2)
        assert ("Counted by weight they stand" in said) == (largest <= 0.9 and worth >= n / 2)
        assert ("None of the model's" in said) == (len(model.mask_sets.orders.unique(dim=0)) > 1)
        assert statuses(w)[0].startswith("⚠ ")
    else:
        assert said.startswith(f"{n} exact samples: ")
        assert "worth" not in said
        assert late == 0
        whose = re.search(
            r"(nothing is known)|(the model's own)|(an ordering was made)|ordering (\d+) of", said
        )
        own = torch.equal(order + 1, model.order)
        assert bool(whose[1]) == (not known.any())
        if known.any():
            assert bool(whose[2]) == own
            assert bool(whose[3]) == (not own and model.num_masks is None)
            assert f"every known {thing} first." in said
        if whose[4]:
            assert torch.equal(model.mask_sets.orders[int(whose[4]) - 1].long(), order + 1)
        assert statuses(w)[0].startswith("✓ ")
    apart = (w.completion.samples[0] != x).sum(dim=1)
    if not w.revealed:
        assert "Predict: which of the" in said
        assert "differ" not in said
    else:
        assert "Predict" not in said
        hidden = int((~known).sum())
        assert f"{apart.min()} of {hidden} hidden {thing}{'s' if hidden > 1 else ''}" in said
        if apart.min() < apart.max():
            closest = {str(k + 1) for k in (apart == apart.min()).nonzero().ravel().tolist()}
            found = re.search(r"Closest (?:is number|are numbers) ([\d, and]+):", said)
            assert set(re.findall(r"\d+", found[1])) == closest
            assert f"at most {apart.max()} do." in said
        else:
            assert said.count("All ") == 1
    assert squeezed(statuses(w)) == squeezed([said])


def squeezed(parts):
    return re.sub(r"[\s⚠✓]", "", "".join(parts))


def assert_consistent(w, model, images, shape):
    x, known = images[w.image_index], w.known
    for i in range(len(x)):
        hidden = hidden_in(w.part, w.rectangle, shape, i)
        assert hidden is None or known[i] == (not hidden)
    if w.part == "random":
        assert int((~known).sum()) == len(x) // 2
    n = len(w.completion.samples[0])
    noise = torch.rand(1, n, len(x), generator=torch.Generator().manual_seed(w.seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = complete(model, x[None], known, n, noise=noise)
    assert torch.equal(w.completion.samples, expected.samples)
    assert (w.completion.log_weights is None) == (expected.log_weights is None)
    assert torch.equal(w.completion.effective_sample_size, expected.effective_sample_size)
    order = torch.argsort(w.ordering) + 1
    if expected.log_weights is None:
        assert not known.any() or order[known].max() == known.sum()
    else:
        assert torch.equal(w.completion.log_weights, expected.log_weights)
        assert torch.equal(order, model.order)
    if torch.equal(order, model.order):
        assert torch.equal(w.completion.samples[0], go_on(model, x, known, noise[0]))
    assert_pictures_show(w, x, known, shape)
    assert_says(w, model, x, known)

    shown = controls(w)
    assert shown["Hide"].value == w.part
    assert shown["Seed"].value == w.seed
    assert shown["Image"].value == w.image_index
    row, column, height, width = w.rectangle
    numbers = [shown[name] for name in ("From row", "From column", "Rows", "Columns")]
    assert [box.value for box in numbers] == [row + 1, column + 1, height, width]
    assert [box.max for box in numbers] == [
        shape[0] - height + 1,
        shape[1] - width + 1,
        *shape,
    ]
    assert (w._rectangle_row.layout.display == "none") == (w.part != "rectangle")
    assert shown["Hide the original" if w.revealed else "Show the original"].value == w.revealed
    for k, svg in enumerate(choices(w)):
        assert_shows_known(decode(svg.find(f"{SVG}image")), shape, images[k], known)
        assert svg.get("aria-label").endswith(", chosen") == (k == w.image_index)
        assert ("◀" in svg.find(f"{SVG}text").text) == (k == w.image_index)
        assert f"c.selectedIndex={k};" in svg.get("onclick")
    assert len(choices(w)) == (len(images) if len(images) > 1 else 0)


# ---- any sequence of actions --------------------------------------------------------------------

SIZES = st.integers(-1, 5)
ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["image_index", "choose an image"]), st.integers(-1, 4)),
    st.tuples(st.sampled_from(["part", "choose a part"]), st.sampled_from([*SAID, "middle", None])),
    st.tuples(st.just("rectangle"), st.tuples(SIZES, SIZES, SIZES, SIZES)),
    st.tuples(st.just("rectangle"), st.sampled_from([None, (1, 2, 3), "0011", (0, 0, 1.5, 1)])),
    st.tuples(st.sampled_from(["From row", "From column", "Rows", "Columns"]), st.integers(0, 6)),
    st.tuples(st.sampled_from(["seed", "type a seed"]), st.sampled_from([-1, 0, 999_999, 10**6])),
    st.tuples(st.just("seed"), st.sampled_from([None, 1.5, "3"])),
    st.tuples(st.sampled_from(["revealed", "press show"]), st.booleans()),
    st.tuples(st.just("revealed"), st.sampled_from([1, None])),
    st.tuples(st.sampled_from(["other_completions", "press other"]), st.none()),
)
STATE = ("image_index", "part", "rectangle", "seed", "revealed")


def expected_state(w, shape, name, value):
    """The state afterwards; None if the action must raise."""
    state = {key: getattr(w, key) for key in STATE}
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in ("other_completions", "press other"):
        return state | {"seed": 0 if w.seed == 999_999 else w.seed + 1}
    if name == "type a seed":
        name, value = "seed", min(max(value, 0), 999_999)
    if name in ("From row", "From column", "Rows", "Columns"):
        place = ["From row", "From column", "Rows", "Columns"].index(name)
        value = min(max(value, 1), controls(w)[name].max)
        sizes = list(w.rectangle)
        sizes[place] = value - 1 if place < 2 else value
        for axis in (0, 1):
            if sizes[axis] + sizes[axis + 2] > shape[axis]:
                sizes[axis] = shape[axis] - sizes[axis + 2]
        return state | {"rectangle": tuple(sizes)}
    by_control = {
        "choose an image": "image_index",
        "choose a part": "part",
        "press show": "revealed",
    }
    name = by_control.get(name, name)
    if name == "rectangle":
        sizes = value if isinstance(value, tuple) and len(value) == 4 else [0.5]
        good = all(isinstance(size, int) for size in sizes) and all(
            first >= 0 and count >= 1 and first + count <= most
            for first, count, most in zip(sizes[:2], sizes[2:], shape, strict=True)
        )
    else:
        good = {
            "image_index": whole and 0 <= value < len(w._images),
            "part": value in [part for _, part in w._part_control.options],
            "seed": whole and 0 <= value < 10**6,
            "revealed": isinstance(value, bool),
        }[name]
    if not good:
        return None
    if name == "image_index" and value != w.image_index:
        state["revealed"] = False
    return state | {name: value}


def act(w, name, value):
    """Carry an action out; the error if it raised."""
    shown = controls(w)
    control = {
        "choose an image": "Image",
        "choose a part": "Hide",
        "type a seed": "Seed",
        "press show": "Hide the original" if w.revealed else "Show the original",
    }.get(name, name)
    try:
        if name == "other_completions":
            w.other_completions()
        elif name == "press other":
            shown["Other completions"].click()
        elif control in shown:
            shown[control].value = value
        else:
            setattr(w, name, value)
    except (TypeError, ValueError) as error:
        return error
    return None


def assert_any_actions_are_followed(w, model, images, shape, actions):
    assert_consistent(w, model, images, shape)
    parts = [part for _, part in w._part_control.options]
    for name, value in actions:
        if name == "choose an image" and not 0 <= value < len(images):
            continue  # no such choice
        if name == "choose a part" and value not in parts:
            continue
        expected = expected_state(w, shape, name, value)
        before = {key: getattr(w, key) for key in STATE}
        error = act(w, name, value)
        assert (error is None) == (expected is not None), (name, value, error)
        assert {key: getattr(w, key) for key in STATE} == (expected or before), (name, value)
        assert w.problem == ""
        assert_consistent(w, model, images, shape)


MODELS = [{}, {"num_masks": 3}, {"num_masks": None}, {"natural_order": True}, {"direct": True}]


@given(
    st.sampled_from([(2, (1, 2)), (3, (1, 3)), (4, (2, 2)), (6, (2, 3)), (5, (5, 1)), (9, (3, 3))]),
    st.sampled_from(MODELS),
    st.integers(2, 5),
    st.integers(1, 3),
    st.integers(0, 50),
    st.lists(ACTIONS, max_size=8),
)
@settings(max_examples=25)
def test_whatever_is_done_picture_words_and_model_agree(size, options, n, m, seed, actions):
    input_dim, shape = size
    model = a_model(input_dim, (5,) if seed % 3 else (), seed, **options)
    images = rows_of(m, input_dim, seed)
    w = CompletionPlayer(model, images, n_samples=n, seed=seed, shape=shape)
    assert_any_actions_are_followed(w, model, images, shape, actions)
    w.close()


# ---- what is drawn, and what is exact about it --------------------------------------------------


def test_raster_order_is_exact_for_the_bottom_and_weighted_for_the_top():
    model = load_pretrained()
    _, test, _ = load_binarized_mnist("small")
    w = CompletionPlayer(model)
    assert torch.equal(w._images, test[:10])
    assert w.part == "bottom"
    assert w.words.startswith(
        "8 exact samples: the model's own ordering has every known pixel first. "
    )
    assert w.completion.log_weights is None
    assert torch.equal(w.known, torch.arange(784) < 392)
    w.part = "top"
    worth = w.completion.effective_sample_size.item()
    assert worth < 2
    assert w.words.startswith(
        f"8 samples, worth {worth:.1f} exact ones: 392 of the 392 known pixels come too late. "
    )
    assert "Nearly all weight lies on one sample" in w.words
    assert "clamping" in w.words
    w.part = "left"  # the first row's left half comes before all that is known
    assert "392 of the 392 known pixels come too late" in w.words
    w.part = "right"
    assert "378 of the 392 known pixels come too late" in w.words


def test_weights_are_those_of_the_known_given_what_came_before():
    model = load_pretrained("tiny")
    w = CompletionPlayer(model, bars_and_stripes()[3])
    w.part = "top"
    with torch.no_grad():
        logits = model(w.completion.samples[0])
    log_p = -torch.nn.functional.softplus(torch.where(w.completion.samples[0] > 0, -logits, logits))
    assert torch.allclose(w.completion.log_weights[0], log_p[:, 8:].sum(1), atol=1e-4)
    share = w.completion.log_weights[0].double().softmax(0)
    assert w.completion.effective_sample_size.item() == pytest.approx(
        1 / (share**2).sum().item(), rel=1e-4
    )


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
    assert f"{nats:.1f}" not in words_in(page(w))  # it says something of the original
    w.revealed = True
    assert f"{nats:.1f}" in words_in(page(w))
    one = CompletionPlayer(load_pretrained("tiny"), images.repeat(1, 4))
    one.revealed = True
    assert one.prices["top"][0] is None
    assert "needs weights" in words_in(page(one))


def test_a_model_for_any_ordering_gets_one_made_for_it():
    model = a_model(16, (12,), num_masks=None)
    w = CompletionPlayer(model)
    for part in SAID:
        w.part = part
        assert "an ordering was made for this, with every known pixel first" in w.words
        assert "exact for this one ordering" in w.words
        known, hidden = w.known.nonzero().ravel(), (~w.known).nonzero().ravel()
        if known.double().mean() > hidden.double().mean():
            known, hidden = known.flip(0), hidden.flip(0)
        assert torch.equal(w.ordering, torch.cat([known, hidden]))
    natural = CompletionPlayer(a_model(16, (12,), num_masks=None, natural_order=True))
    natural.part = "top"  # its masks change, its ordering never does
    assert natural.words.startswith("8 samples, worth")
    assert "The model has one ordering" in natural.words


def test_one_of_many_orderings_may_have_the_known_first():
    model = a_model(4, (6,), num_masks=24)
    w = CompletionPlayer(model, torch.tensor([1, 0, 1, 1]), shape=(1, 4))
    said = set()
    for first in range(4):
        w.part, w.rectangle = "rectangle", (0, first, 1, 1)
        said |= set(re.findall(r"ordering \d+ of the model's 24|the model's own", w.words))
        assert_consistent(w, model, torch.tensor([[1.0, 0.0, 1.0, 1.0]]), (1, 4))
    assert any(words.startswith("ordering ") for words in said)


def test_many_sets_of_masks_may_share_one_ordering():
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
    assert w.words.startswith("3 exact samples: nothing is known, so they are samples as ever. P")


def test_the_same_seed_gives_the_same_noise_to_every_question():
    w = CompletionPlayer(a_model(9), seed=2)
    first = w.completion.samples
    w.seed, w.part = 3, "rectangle"
    assert not torch.equal(w.completion.samples, first)
    w.seed, w.part = 2, "bottom"
    assert torch.equal(w.completion.samples, first)
    hidden = w.known
    w.part = "random"
    known = w.known
    w.other_completions()
    assert (w.seed, torch.equal(w.known, known)) == (3, True)
    assert not torch.equal(hidden, known)


def test_after_the_largest_seed_comes_the_first():
    w = CompletionPlayer(a_model(4), seed=999_999)
    controls(w)["Other completions"].click()
    assert (w.seed, w.problem) == (0, "")


def test_without_images_the_model_draws_them_itself():
    model = a_model(9)
    w = CompletionPlayer(model)
    expected = model.sample(8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(w._images, expected)
    assert "Drawn by the model itself." in words_in(page(w))
    assert "Drawn by" not in words_in(page(CompletionPlayer(model, expected)))


def test_no_warning_and_no_random_number_of_others():
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        w = CompletionPlayer(load_pretrained("tiny"))
        w.part = "top"
        w.seed = 3
        assert w.completion.effective_sample_size.item() < 8
        w.part, w.rectangle = "rectangle", (0, 0, 3, 1)
        w.figure()
    assert torch.equal(torch.get_rng_state(), before)


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
@pytest.mark.parametrize("part", ["top", "random"])
def test_models_of_other_precision(dtype, part):
    model = a_model(9, natural_order=True).to(dtype)
    w = CompletionPlayer(model, rows_of(2, 9).bool())
    w.part = part
    assert w.completion.samples.dtype == dtype
    assert len(pictures(w)) == 12
    assert w.figure().axes


def test_only_what_decides_the_completions_draws_them_again(monkeypatch):
    w = CompletionPlayer(a_model(9), rows_of(2, 9))
    drawn = []
    original = CompletionPlayer._complete
    monkeypatch.setattr(
        CompletionPlayer,
        "_complete",
        lambda self, question: drawn.append(question) or original(self, question),
    )
    w.revealed = True
    w.part, w.image_index, w.seed = w.part, w.image_index, w.seed
    w.figure()
    assert (w.words, drawn) == (w.words, [])
    w.seed = 1
    w.part = "top"
    w.image_index = 1
    assert len(drawn) == 3


# ---- the original -------------------------------------------------------------------------------


def test_the_original_stays_hidden_until_it_is_shown():
    model, images = a_model(9), rows_of(2, 9)
    other = images.clone()
    w = CompletionPlayer(model, images)
    other[:, ~w.known] = 1 - other[:, ~w.known]
    same = CompletionPlayer(model, other)  # the same as far as it is known
    assert w._picture.value == same._picture.value
    assert w._choice.value == same._choice.value
    assert (w.words, w.description) == (same.words, same.description)
    w.revealed = same.revealed = True
    assert w._picture.value != same._picture.value
    w.seed, w.part = 5, "left"
    assert w.revealed
    w.image_index = 1
    assert not w.revealed


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (
            ["00", "00", "01"],
            "Closest is number 3: 1 of 2 hidden pixels differs from the original; at most 2 do.",
        ),
        (
            ["11", "10", "11"],
            "Closest are numbers 1 and 3: 0 of 2 hidden pixels differ from the original; at most "
            "1 do.",
        ),
        (["10", "01", "10"], "All 3 differ from the original in 1 of 2 hidden pixels."),
    ],
)
def test_the_answer_says_which_is_closest(drawn, said):
    w = CompletionPlayer(a_model(4), torch.ones(4), n_samples=3)
    samples = torch.tensor([[[1.0, 1.0, float(a), float(b)] for a, b in drawn]])
    w._found = replace(w._found, completion=Completion(samples, None, torch.tensor([3.0])))
    w.revealed = True
    assert said in w.words


# ---- the rectangle ------------------------------------------------------------------------------


def test_a_rectangle_is_moved_and_stays_inside():
    w = CompletionPlayer(a_model(49, natural_order=True))
    assert w.rectangle == (1, 1, 4, 4)
    shown = controls(w)
    shown["Hide"].value = "rectangle"
    assert w._rectangle_row.layout.display is None
    shown["From row"].value = 9  # as far as it goes
    assert w.rectangle == (3, 1, 4, 4)
    shown["Rows"].value = 6
    assert w.rectangle == (1, 1, 6, 4)
    shown["Columns"].value = 7
    assert w.rectangle == (1, 0, 6, 7)
    shown["Columns"].value = 1
    shown["From column"].value = 7
    assert w.rectangle == (1, 6, 6, 1)
    hidden = ~w.known.view(7, 7)
    assert hidden.nonzero().tolist() == [[row, 6] for row in range(1, 7)]


@pytest.mark.parametrize(
    ("input_dim", "shape", "parts"),
    [
        (2, (1, 2), ["left", "right", "random", "rectangle"]),
        (5, (5, 1), ["top", "bottom", "random", "rectangle"]),
        (4, None, ["top", "bottom", "left", "right", "random", "rectangle"]),
    ],
)
def test_parts_hide_something_and_leave_something(input_dim, shape, parts):
    w = CompletionPlayer(a_model(input_dim), shape=shape)
    assert [part for _, part in w._part_control.options] == parts
    for part in parts:
        w.part = part
        assert 0 < w.known.sum() < input_dim


def test_a_random_half_is_a_half_and_the_same_each_time():
    for input_dim in (2, 3, 25, 784):
        hidden = hidden_variables(board(input_dim, None), "random")
        assert int(hidden.sum()) == input_dim // 2
        assert torch.equal(hidden, hidden_variables(board(input_dim, None), "random"))
    assert 150 < hidden[:392].sum() < 250  # all over the image


# ---- how it is drawn ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("input_dim", "given_shape", "shape"),
    [
        (2, None, (1, 2)),
        (16, (2, 8), (2, 8)),
        (50, None, (1, 50)),
        (50, [50, 1], (50, 1)),
        (784, None, (28, 28)),
    ],
)
def test_shapes(input_dim, given_shape, shape):
    model = a_model(input_dim, natural_order=True)
    images = rows_of(2, input_dim)
    w = CompletionPlayer(model, images, shape=given_shape, n_samples=3)
    assert_consistent(w, model, images, shape)
    for svg, _ in pictures(w).values():
        image = svg.find(f"{SVG}image")
        assert float(image.get("x")) + float(image.get("width")) <= float(svg.get("width"))
        assert float(image.get("y")) + float(image.get("height")) <= float(svg.get("height"))
        assert float(image.get("width")) <= 140
        assert min(float(image.get("width")), float(image.get("height"))) >= 24
    assert w.figure().axes


def test_few_variables_are_named_one_by_one_and_many_are_counted():
    w = CompletionPlayer(a_model(4), torch.tensor([1, 0, 0, 1]), n_samples=2)
    shown = pictures(w)
    assert shown["Known"][0].get("aria-label") == "Known: x₁ 1, x₂ 0, x₃ ?, x₄ ?"
    values = [f"{value:.0f}" for value in w.completion.samples[0, 1].tolist()]
    names = variable_names(4)
    values[2:] = [f"{value} drawn" for value in values[2:]]
    said = [f"{name} {value}" for name, value in zip(names, values, strict=True)]
    title = next(title for title in shown if title.startswith("2"))
    assert shown[title][0].get("aria-label").startswith(f"Completion 2: {', '.join(said)}")
    order = torch.argsort(w.ordering) + 1
    said = ", ".join(f"{n} {v}" for n, v in zip(names, order.tolist(), strict=True))
    assert shown["Ordering"][0].get("aria-label") == f"Ordering: {said}"
    w = CompletionPlayer(a_model(25), rows_of(1, 25), n_samples=2)
    shown = pictures(w)
    assert shown["Known"][0].get("aria-label") == "Known: 15 of 25 pixels known, the others hatched"
    ones = int(w.completion.samples[0, 0, 15:].sum())
    title = next(title for title in shown if title.startswith("1"))
    assert (
        shown[title][0]
        .get("aria-label")
        .startswith(f"Completion 1: {ones} of 10 drawn pixels are 1")
    )
    w.revealed = True
    ones = int(w._images[0, 15:].sum())
    assert pictures(w)["Original"][0].get("aria-label") == (
        f"Original: {ones} of 10 hidden pixels are 1"
    )


def test_ink_is_said_of_images_alone():
    assert "hidden, ink" in words_in(page(CompletionPlayer(a_model(4))))
    said = words_in(page(CompletionPlayer(a_model(3))))
    assert "ink" not in said
    assert "hidden, 1" in said


def test_the_legend_names_what_is_too_late_only_where_something_is():
    w = CompletionPlayer(a_model(9, natural_order=True))
    assert "known, but too late" not in words_in(page(w))
    w.part = "top"
    assert "known, but too late" in words_in(page(w))
    assert "share of all weight" in words_in(page(w))


def test_completed_pixels_are_blue_and_known_ones_black():
    values, known = np.array([0.0, 1.0, 0.0, 1.0]), np.array([True, True, False, False])
    picture = paint_completion(values, known, (2, 2), 3)
    assert (picture.shape, picture.dtype) == ((6, 6, 3), np.uint8)
    corners = picture[[0, 0, 3, 3], [0, 3, 0, 3]]
    assert corners.tolist() == [[255] * 3, [0] * 3, [219, 235, 244], list(BLUE)]


def test_a_single_image_leaves_no_choice():
    w = CompletionPlayer(a_model(4), torch.ones(4))
    assert w._choice.value == ""
    assert w._image_control.layout.display == "none"
    assert CompletionPlayer(a_model(4))._image_control.layout.display is None


def test_a_click_on_an_image_sets_the_real_list():
    w = CompletionPlayer(a_model(4), rows_of(3, 4))
    assert "made-image" in w._image_control._dom_classes
    for k, svg in enumerate(choices(w)):
        assert "querySelector('.made-image select')" in svg.get("onclick")
        assert f"c.selectedIndex={k};" in svg.get("onclick")


def test_numbers_wait_until_they_are_typed():
    shown = controls(CompletionPlayer(a_model(4)))
    for name in ("Seed", "From row", "From column", "Rows", "Columns"):
        assert shown[name].continuous_update is False


def test_nothing_is_left_behind():
    model, images = a_model(16), rows_of(2, 16)

    def once():
        w = CompletionPlayer(model, images)
        w.part, w.revealed = "rectangle", True
        w.close()

    once()
    gc.collect()
    before = len(widget._instances)
    for _ in range(5):
        once()
    assert len(widget._instances) == before


# ---- the static figure --------------------------------------------------------------------------


def picture_in(axes):
    (image,) = axes.get_images()
    return np.asarray(image.get_array())


def test_the_figure_shows_the_same_state():
    w = CompletionPlayer(a_model(9, natural_order=True), rows_of(2, 9), n_samples=3)
    figure = w.figure()
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["known", "1", "2", "3", "mean"]
    assert w.description == (
        "A row of pictures of image 1: what is known, 3 completions and their mean. "
        "Hidden is the bottom: 3 of 9 pixels."
    )
    w.part, w.image_index, w.revealed = "top", 1, True
    figure = w.figure()
    figure.canvas.draw()
    x, known = w._images[1], w.known
    known_picture, *others, mean, original = map(picture_in, figure.axes)
    assert_shows_known(known_picture, (3, 3), x, known)
    for picture, row in zip(others, w.completion.samples[0], strict=True):
        assert_shows(picture, (3, 3), row, known)
    shares = w.completion.log_weights[0].double().softmax(0)
    assert_shows(mean, (3, 3), shares @ w.completion.samples[0].double(), known)
    assert_shows(original, (3, 3), x, known)
    said = [axes.get_xlabel() for axes in figure.axes]
    assert said[0] == said[4] == said[5] == ""
    for words, share in zip(said[1:4], shares.tolist(), strict=True):
        assert abs(float(re.search(r"\d+", words)[0]) / 100 - share) <= 0.01
    worth = w.completion.effective_sample_size.item()
    assert figure.axes[0].get_ylabel() == f"worth {worth:.1f}\nof 3"
    assert "the original, each with its share of the weight" in w.description
    assert "Hidden is the top" in w.description
    assert not re.search(r"\d\.\d", w.description)


def test_plot_completions_of_several_rows_each_with_its_own_known_part():
    model, x = a_model(6, natural_order=True), rows_of(3, 6)
    known = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]]).bool()
    completion = complete(model, x, known, 2)
    figure = plot_completions(x, known, completion, (2, 3))
    figure.canvas.draw()
    assert len(figure.axes) == 3 * 5
    assert [axes.get_title() for axes in figure.axes[5:]] == [""] * 10
    for k in range(3):
        line = [picture_in(axes) for axes in figure.axes[5 * k : 5 * k + 5]]
        assert_shows_known(line[0], (2, 3), x[k], known[k])
        assert_shows(line[2], (2, 3), completion.samples[k, 1], known[k])
        assert_shows(line[3], (2, 3), completion.samples[k].mean(0), known[k])
        assert_shows(line[4], (2, 3), x[k], known[k])
    assert not any(axes.get_xlabel() or axes.get_ylabel() for axes in figure.axes)


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
        (None, {"n_samples": 2.0}, TypeError, "n_samples must be a whole number, got 2.0"),
        (None, {"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        (None, {"seed": 10**6}, ValueError, "seed must be at most 999999, got 1000000"),
        (None, {"shape": (2, 2)}, ValueError, "room for exactly 3 variables, got 2 × 2"),
        (None, {"images": [1, 0, 1]}, TypeError, "images must be a torch.Tensor, got list"),
        (None, {"images": torch.ones(4)}, ValueError, "shape (3,) or (m, 3), got (4,)"),
        (None, {"images": torch.ones(0, 3)}, ValueError, "shape (3,) or (m, 3), got (0, 3)"),
        (None, {"images": torch.ones(11, 3)}, ValueError, "images must be at most 10, got 11: "),
        (None, {"images": torch.full((3,), 0.5)}, ValueError, "must hold only 0 and 1, got 0.5"),
    ],
)
def test_arguments_that_are_none(model, options, error, fragment):
    open_before = len(widget._instances)
    with pytest.raises(error, match=re.escape(fragment)):
        CompletionPlayer(model or MADE(3), **options)
    assert len(widget._instances) == open_before


def test_weights_that_are_no_numbers_are_refused():
    w = CompletionPlayer(filled(3e38), torch.ones(3), shape=(3, 1))
    assert w.part == "bottom"
    before = w._picture.value
    with pytest.raises(ValueError, match="the model gives no finite log-probability"):
        w.part = "top"
    assert (w.part, w._picture.value) == ("bottom", before)
    controls(w)["Hide"].value = "top"
    assert "no finite log-probability" in w.problem
    assert (w.part, w._picture.value) == ("bottom", before)


@pytest.mark.parametrize(
    ("name", "value", "error", "fragment"),
    [
        ("image_index", 2, ValueError, "image_index must be at most 1, got 2"),
        ("image_index", "0", TypeError, "image_index must be a whole number, got '0'"),
        (
            "part",
            "half",
            ValueError,
            "unknown part 'half': choose one of top, bottom, left, ",
        ),
        ("seed", -1, ValueError, "seed must be at least 0, got -1"),
        ("revealed", 1, TypeError, "revealed must be True or False, got 1"),
        ("rectangle", 3, TypeError, "rectangle must be (first row, first column, rows, columns)"),
        ("rectangle", (0, 0, 1), TypeError, "rectangle must be (first row, first column, rows"),
        ("rectangle", "0011", TypeError, "rectangle must be (first row, first column, rows, col"),
        ("rectangle", (0, -1, 1, 1), ValueError, "the first row and column must be at least 0"),
        (
            "rectangle",
            (0, 0, 1, 0),
            ValueError,
            "the number of rows and columns must be at le",
        ),
        (
            "rectangle",
            (1, 0, 2, 1),
            ValueError,
            "must lie inside 2 × 2, got (1, 0, 2, 1)",
        ),
        (
            "rectangle",
            (0, 1, 1, 2),
            ValueError,
            "must lie inside 2 × 2, got (0, 1, 1, 2)",
        ),
    ],
)
def test_a_bad_value_changes_nothing(name, value, error, fragment):
    w = CompletionPlayer(a_model(4), rows_of(2, 4))
    before, picture = getattr(w, name), w._picture.value
    with pytest.raises(error, match=re.escape(fragment)):
        setattr(w, name, value)
    assert getattr(w, name) == before
    assert w._picture.value == picture
