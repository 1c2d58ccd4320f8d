"""CompletionPlayer: its state in Python, and the words that the page makes of it."""

import math

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from made_course import CompletionPlayer, completion_degrees
from tests.widgets.models import a_model, rows_of
from tests.widgets.test_sampler import in_javascript, values

IMAGE = {"rows": 2, "columns": 2, "names": ["x₁", "x₂", "x₃", "x₄"]}
PARTS = ["bottom", "top", "left", "right", "middle", "random", "nothing"]


def said(call, name, *args):
    return call("completion_words", name, *args)


def in_the_page(call, w):
    """The completions that the page draws, and the price that it tells."""
    x, known = w.images[w.asked["image_index"]], w.known.tolist()
    network = in_javascript(w._model)
    found = call("completion_player", "completed", network, x, known, w.asked["seed"])
    found["first"] |= {name: values(found["first"][name]) for name in ("row", "logits")}
    found["first"]["sums"] = [values(sums) for sums in found["first"]["sums"]]
    return found, call("completion_player", "price", network, found, x, known, w.ink)


@pytest.mark.parametrize("options", [{}, {"num_masks": None}, {"natural_order": True}])
def test_page_and_python_draw_and_price_the_same(call, options):
    w = CompletionPlayer(a_model(9, **options), rows_of(2, 9))
    for w.part in PARTS:
        w.asked = w.asked | {"image_index": 1, "seed": 5}
        found, (given, alone) = in_the_page(call, w)
        rows = [values(one["row"]) for one in found["rows"]]
        assert rows == w.completion.samples[0].tolist()
        degrees, is_exact = completion_degrees(w._model, w.known)
        assert (given is not None) == is_exact == (w.completion.log_weights is None)
        with torch.no_grad(), w._model.using_degrees(degrees):
            log_p = w._model.log_conditionals(torch.tensor([w.images[1]]))[0]
        assert given is None or given == pytest.approx(-log_p[~w.known].sum().item(), abs=1e-4)
        shares = zip(w.images[1], w.ink, (~w.known).tolist(), strict=True)
        hidden = [math.log(p if x else 1 - p) for x, p, is_hidden in shares if is_hidden]
        assert alone == pytest.approx(-sum(hidden), abs=1e-4)


def test_parts_hide_the_smaller_half():
    w = CompletionPlayer(a_model(9), rows_of(2, 9))
    hidden = {}
    for w.part in PARTS:
        hidden[w.part] = (~w.known).nonzero().ravel().tolist()
    assert hidden.pop("random") != []
    assert hidden == {
        "bottom": [6, 7, 8],
        "top": [0, 1, 2],
        "left": [0, 3, 6],
        "right": [2, 5, 8],
        "middle": [4],
        "nothing": [],
    }
    w.asked = w.asked | {"hidden": "1" * 9}
    assert (w.part, int(w.known.sum())) == ("drawn", 0)
    w.asked = w.asked | {"guess": 2, "revealed": True}
    w.part = "left"  # another question forgets the guess
    assert (w.asked["revealed"], w.asked["guess"]) == (False, None)


def test_what_is_said_of_how_they_were_drawn(call):
    known = [True, True, False, False]
    own = {"rows": [0] * 8, "exact": True, "number": 0, "sets": [0], "order": [1, 2, 3, 4]}
    assert said(call, "headline", IMAGE, known, own) == (
        "8 exact samples: the model's own ordering has every known pixel first."
    )
    member = own | {"number": 2, "sets": [0] * 25}
    words = said(call, "headline", IMAGE, known, member)
    assert "ordering 2 of the model's 24 has every known pixel first" in words
    assert "each of the others has its own" in said(call, "explanation", IMAGE, known, member)
    words = said(call, "headline", IMAGE, known, own | {"number": None})
    assert "an ordering was made for this, with every known pixel first" in words
    nothing = said(call, "headline", IMAGE, [False] * 4, own)
    assert nothing == "8 exact samples: nothing is known, so they are ordinary samples."

    shares = [0.5, *[0.5 / 7] * 7]
    late = own | {"exact": False, "worth": 3.94, "order": [1, 4, 2, 3], "shares": shares}
    late["sets"] = [{"order": late["order"]}]
    assert said(call, "tooLate", known, late["order"]) == [False, True, False, False]
    assert said(call, "tooLate", known, [2, 4, 3, 1]) == [True, True, False, False]
    assert said(call, "headline", IMAGE, known, late) == (
        "8 samples, worth 3.9 exact ones: 1 of the 2 known pixels comes too late."
    )
    words = said(call, "explanation", IMAGE, known, late)
    assert words.startswith("The model has one ordering. In it")
    assert "Number 1 has 50% of all weight." in words


def test_what_a_guess_was_worth(call):
    assert said(call, "verdict", IMAGE, [2, 1, 1], 2, 0) == (
        "You chose 1, where 2 of 2 hidden pixels differ. Closest are numbers 2 and 3: 1 of 2 "
        "hidden pixels differs from the original. The original is one possibility; no sample has "
        "to hit it."
    )
    words = said(call, "verdict", IMAGE, [0, 1], 1, 0)
    assert words.startswith("✓ Well guessed. Closest is number 1: 0 of 1 hidden pixel differ")
    words = said(call, "verdict", IMAGE, [1, 1], 2, None)
    assert words.startswith("All are equally close: 1 of 2 hidden pixels differs.")


def test_the_figure_shows_the_same_state():
    w = CompletionPlayer(a_model(9, natural_order=True), rows_of(2, 9))
    figure = w.figure()
    FigureCanvasAgg(figure).draw()
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["known", *map(str, range(1, 9)), "mean"]
    assert "Hidden: 3 of 9 (rows 3 to 3, columns 1 to 3)." in figure.alt
