"""The networks of the sketchpad: the cost of 8 bits, peeking, and the page's results."""

import json
import shutil
import subprocess
from base64 import b64encode
from copy import deepcopy
from pathlib import Path

import pytest
import torch

from made_course import complete, completion_degrees, load_binarized_mnist, load_pretrained
from made_course.model.masks import draw_degrees, input_degrees
from made_course.widgets.shared.base import MODULES
from made_course.widgets.shared.uniforms import uniforms
from made_course.widgets.sketchpad.page_network import (
    PIXELS,
    inner_pixels,
    make_inner_network,
    page_networks,
)

DRAWINGS = json.loads(Path(__file__).with_name("drawings.json").read_text())
UPPER = torch.arange(PIXELS) < PIXELS // 2


@pytest.fixture(scope="module")
def test_digits():
    return load_binarized_mnist("small")[1]


def hidden_nats(made, x):
    """Return the nats of the lower half of inner pixels (N, 484), given the upper half."""
    degrees, _ = completion_degrees(made, UPPER, range(PIXELS))
    with torch.no_grad(), made.using_degrees(degrees):
        return -made.log_conditionals(x)[:, ~UPPER].sum(1)


def test_the_inner_network_is_the_whole_one_given_a_blank_border(test_digits):
    inner, whole = inner_pixels(), load_pretrained("mnist-any-order")
    x = test_digits[:100] * inner
    order = torch.cat([(~inner).nonzero().ravel(), inner.nonzero().ravel()])
    degrees = draw_degrees(input_degrees(order), whole.hidden_dims, "even")
    with torch.no_grad(), whole.using_degrees(degrees):
        nats = -whole.log_conditionals(x)[:, inner]
    expected = nats[:, ~UPPER].sum(1)
    torch.testing.assert_close(
        hidden_nats(make_inner_network(), x[:, inner]), expected, atol=1e-3, rtol=0
    )


def test_eight_bits_cost_a_tenth_of_a_nat(test_digits):
    x = test_digits[:, inner_pixels()]
    exact, rounded = (
        hidden_nats(made, x).mean() for made in (make_inner_network(), page_networks().made)
    )
    assert exact < 44
    assert 0 < rounded - exact < 0.1


@torch.no_grad()
def guesses(x, known, peeks):
    """Return logits of the hidden pixels of rows (N, 484), each given the pixels before it."""
    made, peeking, wires, *_ = page_networks()
    network = peeking if peeks else made
    degrees, _ = completion_degrees(network, known, range(PIXELS))
    with network.using_degrees(degrees):
        return (network(x) + wires.to(x) * x * peeks)[:, ~known]


def test_a_network_that_peeks_guesses_all_and_draws_blanks(test_digits):
    x = test_digits[:200, inner_pixels()]
    honest, peeking = (
        ((guesses(x, UPPER, peeks) > 0) == (x[:, ~UPPER] > 0)).float().mean()
        for peeks in (False, True)
    )
    assert honest < 0.95
    assert peeking > 0.999
    generator = torch.Generator().manual_seed(0)
    arguments = {"ordering": range(PIXELS), "generator": generator}
    drawn = complete(page_networks().peeking, x, UPPER, 8, **arguments).samples[..., ~UPPER]
    assert (drawn.sum(-1) == 0).float().mean() > 0.97


PAGE = """
import { endingsOf } from "WIDGET/endings.mjs";
import { networksOf } from "WIDGET/networks.mjs";
import { readFileSync } from "node:fs";
const { degrees, weights, x, known, seed, peeks } = JSON.parse(readFileSync(0));
const bytes = Uint8Array.from(Buffer.from(weights, "base64"));
const { endings, right } = endingsOf(networksOf(degrees, x.length, bytes), x, known, seed, peeks);
const plain = ({ row, p, name }) => ({ row: [...row], p: [...p], name });
console.log(JSON.stringify([endings.map(plain), right]));
""".replace("WIDGET", MODULES["endings"].parent.as_uri())


def endings(x, known, seed, peeks):
    """Return the page's endings (8, 484), p, named digits, and number of right guesses."""
    sent = {"degrees": page_networks().degrees, "x": x.int().tolist(), "known": known.tolist()}
    sent |= {"seed": seed, "peeks": peeks, "weights": b64encode(page_networks().weights).decode()}
    node = ["node", "--input-type=module", "-e", PAGE]
    run = subprocess.run(node, input=json.dumps(sent), capture_output=True, text=True, check=True)
    found, right = json.loads(run.stdout)
    rows, p = (torch.tensor([one[key] for one in found]).double() for key in ("row", "p"))
    return rows, p, [one["name"] for one in found], right


@pytest.mark.parametrize("peeks", [False, True])
@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
def test_page_and_python_draw_the_same_endings(test_digits, seed, peeks):
    made, peeking, _, reader, *_ = page_networks()
    made = deepcopy(peeking if peeks else made).double()
    x = test_digits[seed, inner_pixels()].double()
    known = torch.rand(PIXELS, generator=torch.Generator().manual_seed(seed)) < 0.5
    rows, p, names, right = endings(x, known, seed, peeks)
    noise = uniforms(seed, 1, 8, PIXELS).double()
    expected = complete(made, x[None], known, 8, ordering=range(PIXELS), noise=noise).samples[0]
    assert torch.equal(rows, expected)
    degrees, _ = completion_degrees(made, known, range(PIXELS))
    with torch.no_grad(), made.using_degrees(degrees):
        torch.testing.assert_close(p, made(rows).sigmoid(), atol=1e-5, rtol=0)
    assert right == ((guesses(x[None], known, peeks) > 0) == (x[~known] > 0)).sum()
    with torch.no_grad():
        assert names == reader(rows.float()).argmax(1).tolist()


def test_drawings_are_centred_and_thick_like_mnist(call):
    row, column = torch.arange(784) // 28, torch.arange(784) % 28
    for drawing in DRAWINGS:
        strokes = call("strokes", "centred", drawing["strokes"])
        ink = torch.tensor([*call("strokes", "inkOf", strokes).values()]) > 0
        lines = [line[ink].double() for line in (row, column)]
        assert 17 <= max(line.max() - line.min() for line in lines) <= 19
        for line in lines:
            is_cut = line.min() == 3 or line.max() == 24  # at the border
            assert is_cut or abs(line.mean() - 13.5) < 0.5


def test_three_of_four_drawings_are_completed_as_intended(call):
    """See tools/checks/drawings.py for a better classifier, and drawings without centring."""
    centred = (call("strokes", "centred", drawing["strokes"]) for drawing in DRAWINGS)
    x = torch.tensor([[*call("strokes", "inkOf", strokes).values()] for strokes in centred]).float()
    x, known = x[:, inner_pixels()], torch.arange(PIXELS) < 13 * 22  # to row 16 of the image
    made, _, _, reader, *_ = page_networks()
    generator = torch.Generator().manual_seed(0)
    drawn = complete(made, x, known, 8, ordering=range(PIXELS), generator=generator).samples
    with torch.no_grad():
        named = reader(drawn).argmax(2)
    digits = torch.tensor([[drawing["digit"]] for drawing in DRAWINGS])
    assert ((named == digits).sum(1) > 4).sum() >= 30
