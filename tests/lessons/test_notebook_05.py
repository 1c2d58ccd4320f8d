import math

import pytest
import torch
from torch import nn

from made_course import MADE, MaskedLinear, evaluate, load_binarized_mnist, load_pretrained
from made_course.shipped.measured import load_runs
from made_lessons import check
from made_lessons.notebook_05 import beat_this_number
from made_lessons.notebook_05.nearest import nearest_images
from made_lessons.notebook_05.score_final_weights import _finished_run
from tests.lessons.checking import right, wrong


def test_bits_by_a_rough_logarithm():
    wrong("5.1", lambda nll, input_dim: nll / (input_dim * 0.69), "has the wrong value")


def test_the_run_shows_what_it_should():
    model, history, train, valid = _finished_run()
    assert history.train_nll[-1] > evaluate(model, train) + 0.3
    assert evaluate(model, valid) > evaluate(model, train) + 0.5
    assert model.training
    for nll in (history.train_nll, history.valid_nll):
        assert min(nll) < nll[-1] - 0.05
    assert history.valid_nll[-1] == pytest.approx(evaluate(model, valid))


def test_a_model_left_in_evaluation_mode_is_not_the_question():
    """Accept it without a warning, which would be an error in these tests."""
    said = right("5.2", lambda model, history, train, valid: -model.eval().log_prob(train).mean())
    assert "final weights" in said


def test_random_and_shapeless_answers_are_refused():
    def of_some(model, history, train, valid):
        return evaluate(model, train[torch.randperm(len(train))[:10]])

    wrong("5.2", of_some, "draws rows at random")
    wrong("5.2", lambda *case: torch.zeros(3), "a number")


def test_parameters():
    def by_hand(model):
        kept = [m.mask for m in model.modules() if isinstance(m, MaskedLinear)]
        kept += [torch.ones_like(p) for name, p in model.named_parameters() if "bias" in name]
        return torch.tensor(sum(int(ones.sum()) for ones in kept))

    right("5.3", by_hand)
    wrong("5.3", lambda model: 7, "<lambda>(MADE(5, hidden_dims=(7, 4), direct=True))")


# ---- 5.4 -----------------------------------------------------------------------------------------


def test_a_class_is_not_taken_for_a_stub(capsys):
    class Net(MADE):
        pass

    check("5.4", Net)
    assert "got       a class" in capsys.readouterr().out


class Always(nn.Module):
    """A reader's own float64 model, for which every pixel is ink."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 784).double()
        nn.init.zeros_(self.layer.weight)
        nn.init.constant_(self.layer.bias, 9)

    def forward(self, x):
        return self.layer(x)

    def log_prob(self, x):
        return nn.functional.logsigmoid((2 * x - 1) * self(x)).sum(1)


def test_an_honest_model_of_ones_own_is_scored():
    found = wrong("5.4", Always(), "less than 84.6 nats", "worse than a fair coin")
    assert found.got.endswith(" nats")


@pytest.mark.parametrize(("less", "words"), [(0.4, "not yet below"), (1.0, "± 0.1")])
def test_it_is_beaten_by_more_than_luck(monkeypatch, less, words):
    spread = 4 * torch.randn(1000, generator=torch.Generator().manual_seed(0))
    nll = load_runs("recipe")["to_beat"] - less + spread - spread.mean()
    monkeypatch.setattr(beat_this_number, "honest_nll", lambda *_: nll)
    if less < 0.5:
        wrong("5.4", MADE(784, (8,)), words)
    else:
        assert words in right("5.4", MADE(784, (8,)))


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda x: None, "Is a `return` missing?"),
        (lambda x: x, "one number for each pixel"),
        (lambda x: x[:, :2], "wrong shape"),
        (lambda x: x.sum(1) * math.nan, "stable form"),
        (lambda x: -x.sum(1), "does not belong to these logits"),
        (lambda x: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_wrong_log_probabilities_get_their_cause(break_it, words):
    model = MADE(784, (8,), seed=0)
    model.log_prob = break_it
    wrong("5.4", model, words)


def test_a_near_copy_of_the_shipped_weights_is_refused():
    model = load_pretrained().train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.05)
    wrong("5.4", model, "these are the shipped weights. They do not count")
    assert model.training


def test_nearest_images_agrees_with_counting():
    samples, images = (torch.rand(7, 16) > 0.5).float(), (torch.rand(30, 16) > 0.5).float()
    counted = (samples[:, None] != images[None]).sum(dim=2)
    index, differing = nearest_images(samples, images)
    assert torch.equal(differing, counted.min(dim=1).values)
    assert torch.equal(counted[torch.arange(7), index], differing)


def test_a_copy_that_was_moved_is_found_by_moving_it_back():
    _, digits, _ = load_binarized_mnist("small")
    moved = digits[:20].view(-1, 28, 28).roll((-2, 1), (1, 2)).flatten(1)
    assert nearest_images(moved, digits)[1].median() > 40
    index, differing = nearest_images(moved, digits, shift=2)
    assert index.tolist() == list(range(20))
    assert not differing.any()
