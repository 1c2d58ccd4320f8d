"""Models of many families, honest and broken: what is found, and that nothing is left behind."""

from threading import Lock

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, nn
from torch.nn.utils import parametrizations

from made_course import MADE, MaskedLinear, measure_dependence
from made_course.model.masks import build_masks
from made_course.relatives.pixelcnn import MaskedConvolution
from tests.networks import every_row, leak, nothing_changes, with_weights

D, WIDTH = 4, 12


class Step(nn.Module):
    """A function of itself and its input, with attributes that change or cannot be copied."""

    def __init__(self, function):
        super().__init__()
        self.function, self.calls, self.lock = function, 0, Lock()
        self.generator, self.counter = Generator().manual_seed(0), nn.Buffer(torch.zeros(1))

    def forward(self, h):
        self.calls += 1
        with self.lock:
            return self.function(self, h)

    def state(self):
        return self.calls, self.generator.get_state().tolist()


def masked(*between, wrap=lambda layer: layer):
    """Return an honest network of masked layers, with modules in its middle."""
    layers = MaskedLinear(D, WIDTH), MaskedLinear(WIDTH, D)
    masks = build_masks([torch.arange(D) + 1, torch.arange(WIDTH) % D + 1])
    for layer, mask in zip(layers, masks, strict=True):
        layer.set_mask(mask)
    return nn.Sequential(wrap(layers[0]), *between, nn.Tanh(), wrap(layers[1]))


def with_hook():
    """Return a network whose hook shows each variable to its own output."""
    model = masked()
    model[-1].register_forward_hook(lambda _, h, y: y + h[0][:, :D])
    return model


def shifted(module, call=lambda module, h: module(h)):
    """Return a network that reads the variables before each position, as (B, D, 8)."""
    read = nn.Unflatten(1, (D, 1)), nn.Linear(1, 8)
    past = Step(lambda _, x: F.pad(x, (1, -1)))
    step = Step(lambda _, h: call(module, h)[0])
    step.module = module
    return nn.Sequential(past, *read, step, nn.LazyLinear(1), nn.Flatten())


def attention(mask=None, **axis):
    return shifted(nn.MultiheadAttention(8, 2, **axis), lambda m, h: m(h, h, h, attn_mask=mask))


def pixels(*are_strict):
    """Return two convolutions over an image of 2 × 2 pixels."""
    layers = map(
        lambda n, strict: MaskedConvolution(*n, 1, strict=strict), [(1, 8), (8, 1)], are_strict
    )
    return nn.Sequential(nn.Unflatten(1, (1, 2, 2)), *layers, nn.Flatten())


OWN = [(i, i) for i in range(D)]
SEES_ALL = [(i, j) for i in range(D) for j in range(i, D - 1)]  # the shift hides the last variable
LATER = torch.ones(D, D).triu(1).bool()
HONEST = {"leaks": [], "deaf": [], "rows_mix": False, "deterministic": True}
MIXES, RANDOM = HONEST | {"rows_mix": True}, HONEST | {"deterministic": False}
BOTH = MIXES | {"deterministic": False}
FAMILIES = {
    "MADE": (lambda: MADE(D, (WIDTH,), degrees="even"), HONEST),
    ">=": (lambda: leak(MADE(D, (WIDTH,), degrees="even")), HONEST | {"leaks": OWN[:3]}),
    "batch norm": (lambda: masked(nn.BatchNorm1d(WIDTH)), MIXES),
    "batch norm, evaluated": (lambda: masked(nn.BatchNorm1d(WIDTH)).eval(), HONEST),
    "dropout": (lambda: masked(nn.Dropout(0.3)), RANDOM),
    "dropout, evaluated": (lambda: masked(nn.Dropout(0.3)).eval(), HONEST),
    "dropout and batch norm": (lambda: masked(nn.Dropout(0.3), nn.BatchNorm1d(WIDTH)), BOTH),
    "attention over rows": (attention, MIXES),
    "attention over time": (lambda: attention(LATER, batch_first=True), HONEST),
    "no mask": (lambda: attention(batch_first=True), HONEST | {"leaks": SEES_ALL}),
    "rows in one sequence": (
        lambda: Step(lambda _, x: F.pad(x.flatten(), (1, -1)).cumsum(0).view_as(x)), MIXES),
    "next row": (lambda: Step(lambda _, x: F.pad(x, (0, 0, -1, 1))), MIXES | {"deaf": [1, 2, 3]}),
    "mean of the rows": (lambda: Step(lambda _, x: x.mean(0).expand_as(x)),
        MIXES | {"leaks": OWN, "deaf": [1, 2, 3]}),
    "weight norm": (lambda: masked(wrap=parametrizations.weight_norm), HONEST),
    "old weight norm": (lambda: masked(wrap=nn.utils.weight_norm), HONEST),
    "hook": (with_hook, HONEST | {"leaks": OWN}),
    "lock": (lambda: masked(Step(lambda _, h: h)), HONEST),
    "generator": (
        lambda: masked(Step(lambda m, h: h + torch.rand(h.shape, generator=m.generator))), RANDOM),
    "counts its calls": (lambda: masked(Step(lambda m, h: h * m.calls)), RANDOM),
    "counts in a buffer": (lambda: masked(Step(lambda m, h: h * m.counter.add_(1))), RANDOM),
    "GRU": (lambda: shifted(nn.GRU(8, 8, batch_first=True)), HONEST),
    "GRU, both ways": (lambda: shifted(nn.GRU(8, 8, batch_first=True, bidirectional=True)),
        HONEST | {"leaks": SEES_ALL}),
    "PixelCNN A, B": (lambda: pixels(True, False), HONEST),
    "PixelCNN B, B": (lambda: pixels(False, False), HONEST | {"leaks": OWN}),
    "PixelCNN A, A": (lambda: pixels(True, True), HONEST | {"deaf": [1]}),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*weight_norm")
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_judged_by_one_row_and_one_variable_and_left_as_it_was(name):
    make, expected = FAMILIES[name]
    model = make()
    model(every_row(D))  # lazy layers learn their width
    with_weights(model, 1.5)
    steps = [part for part in model.modules() if isinstance(part, Step)]
    before = [step.state() for step in steps]
    with nothing_changes(model):
        found = measure_dependence(model, every_row(D))
    assert [step.state() for step in steps] == before
    assert expected == {
        "leaks": found.leaks(range(D)),
        "deaf": found.deaf(range(D)),
        "rows_mix": found.rows_mix,
        "deterministic": found.deterministic,
    }
    assert not bool((found.by_gradient & ~found.by_flip).any())
