"""Sketchpad: its state in Python, and the page's sentences and animated picture."""

import io

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from made_course import Sketchpad, load_binarized_mnist
from made_course.widgets.sketchpad.page_network import inner_pixels


def test_endings_keep_what_is_known_and_follow_the_state():
    digits = load_binarized_mnist("small")[1][:2]
    pad = Sketchpad(digits, part="left")
    known = pad.known
    assert bool(known[~inner_pixels()].all())
    assert known[inner_pixels()].float().mean() == 0.5
    samples = pad.completion.samples[0]
    assert samples.shape == (8, 784)
    assert torch.equal(samples[:, known], (digits[0] * inner_pixels())[known].expand(8, -1))
    pad.seed = 1
    assert not torch.equal(pad.completion.samples[0], samples)
    pad.digit, pad.hidden = pad.digits[1], pad.parts["nothing"]
    assert torch.equal(pad.completion.samples[0], (digits[1] * inner_pixels()).expand(8, -1))
    pad.hidden, pad.peeks = pad.parts["bottom"], True
    assert pad.completion.samples[0][:, ~pad.known].sum() == 0


def test_the_figure_shows_the_same_endings():
    figure = Sketchpad(torch.zeros(784)).figure()
    FigureCanvasAgg(figure).draw()
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["known", *map(str, range(1, 9)), "mean"]
    assert "Hidden: 198 of 784 (rows 17 to 25, columns 4 to 25)." in figure.alt


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([7] * 8, "a classifier reads 8 of 8 as a 7."),
        ([2, 3, 2, 8, 3, 2, 2, 2], "a classifier reads 5 of 8 as a 2, 2 as a 3 and 1 as an 8."),
    ],
)
def test_the_verdict_counts_digits(call, names, words):
    assert call("endings", "verdict", names) == words


@pytest.mark.parametrize(
    ("p", "u", "words"),
    [
        (
            0.834,
            0.412,
            "p = 0.83. The random number u = 0.41 is not above p, so the pixel gets ink.",
        ),
        (0.004, 0.5, "p = 0.00. The random number u = 0.50 is above p, so the pixel stays blank."),
        (
            0.50001,
            0.50002,
            "p = 0.5000100. The random number u = 0.5000200 is above p, so the pixel stays blank.",
        ),
    ],
)
def test_a_decision_compares_u_with_p(call, p, u, words):
    assert call("endings", "decision", p, u) == f"the probability of ink is {words}"


def test_blank_endings_are_counted_and_uncertain_pixels_take_longer(call):
    found = {
        "drawn": [2, 0],
        "endings": [{"row": [0, 1, 0], "p": [0.5, 1, 0]}, {"row": [1, 1, 0], "p": [0, 0, 0]}],
    }
    assert (
        call("endings", "blanks", found)
        == "1 of 2 are blank, because the network copies the blank paper."
    )
    assert call("player", "timesOf", found, 0) == pytest.approx([9000 * 0.02 / 0.54, 9000])


def test_a_shared_picture_is_an_animated_gif(call):
    palette = [[16 * k, 3 * k, 255 - 16 * k] for k in range(16)]
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(16, (60 * 90,), generator=generator).tolist()  # needs all codes of LZW
    frames = [noise, [0] * len(noise), [(i // 7) % 16 for i in range(len(noise))]]
    found = call("gif", "gifOf", frames, [0.1, 0.2, 3], palette, 90, 60)
    picture = Image.open(io.BytesIO(bytes(found.values())))
    assert (picture.n_frames, picture.size) == (3, (90, 60))
    for k, pixels in enumerate(frames):
        picture.seek(k)
        shown = torch.frombuffer(bytearray(picture.convert("RGB").tobytes()), dtype=torch.uint8)
        assert torch.equal(shown.view(-1, 3), torch.tensor(palette, dtype=torch.uint8)[pixels])
