import math

import pytest
import torch

from made_course import (
    bars_and_stripes,
    complete,
    evaluate,
    load_binarized_mnist,
)
from made_course.data.mnist import load_mnist
from made_course.shipped import assets as shipped
from made_course.shipped.measured import load_runs
from made_course.shipped.weights import MODELS, load_pretrained
from made_lessons.notebook_07.pixel_orderings import pixel_orderings
from tools.ships.train_any_order import hidden_parts, nats_of_hidden
from tools.ships.train_weights import fingerprint, outside_small_set


@pytest.fixture(scope="module")
def digits():
    return load_pretrained("mnist-512")


@pytest.fixture(scope="module")
def any_order():
    return load_pretrained("mnist-any-order")


def test_models_are_those_that_are_described(digits, any_order):
    before = torch.get_rng_state()
    load_pretrained("tiny")
    assert torch.equal(torch.get_rng_state(), before)
    assert digits.hidden_dims == [512, 512]
    assert digits.order.tolist() == list(range(1, 785))
    assert any_order.hidden_dims == [960, 960]
    assert any_order.mask_sets.is_order_agnostic
    for model in (digits, any_order):
        assert not model.training
        assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_digits_model_scores_well_on_images_it_has_not_seen(digits):
    train, test, _ = load_binarized_mnist("small")
    assert evaluate(digits, torch.cat([train, test])) < 72


@pytest.mark.full_mnist
def test_digits_model_scores_well_on_the_test_images(digits):
    _, test, _ = load_binarized_mnist("full")
    assert evaluate(digits, test) <= 76.0


@pytest.mark.full_mnist
def test_no_image_of_the_small_set_was_trained_on():
    grey, _, _ = load_mnist("full")
    outside = grey[outside_small_set(grey)]
    assert len(outside) == 55_000
    small = {row.tobytes() for part in load_mnist("small")[:2] for row in part.numpy()}
    assert len(small) == 5_000
    assert not small & {row.tobytes() for row in outside.numpy()}
    for name in ("mnist-512", "mnist-any-order"):
        content = torch.load(shipped.ASSETS / MODELS[name], weights_only=True)
        assert content["trained_on"] == fingerprint(outside)


def test_samples_are_not_copies_of_training_images():
    differing, unseen = load_runs("made_mnist_512_neighbours").values()
    assert (len(differing), len(unseen)) == (36, 200)
    assert differing.min() > 20
    assert differing.median() > unseen.median() + 5


@pytest.mark.parametrize("name", pixel_orderings())
def test_any_order_model_is_good_in_each_family_of_orderings(any_order, name):
    """Independent pixels cost 211 nats."""
    _, test, _ = load_binarized_mnist("small")
    everything = torch.ones(784, dtype=torch.bool)
    nats = nats_of_hidden(any_order, test, everything, pixel_orderings()[name]).mean()
    assert nats <= (97 if name == "rows" else 105)


@pytest.mark.parametrize("name", hidden_parts())
def test_any_part_of_a_digit_is_completed_exactly_and_well(any_order, name):
    """Compare with independent pixels, under which hidden parts are far less probable."""
    train, test, _ = load_binarized_mnist("small")
    hidden = hidden_parts()[name]
    found = complete(any_order, test[:10], ~hidden, n_samples=2)
    assert found.log_weights is None
    assert torch.equal(found.samples[:, 1, ~hidden], test[:10, ~hidden])

    p = train.mean(0).clamp(1e-3, 1 - 1e-3)
    alone = -torch.distributions.Bernoulli(p).log_prob(test)[:, hidden].sum(dim=1).mean()
    nats = nats_of_hidden(any_order, test, hidden).mean()
    assert nats < 0.55 * alone
    assert nats <= 60 or name != "middle 14 × 14"


def test_tiny_model_knows_its_thirty_patterns():
    model = load_pretrained("tiny")
    assert math.log(30) <= evaluate(model, bars_and_stripes()) < math.log(30) + 0.02
    everything = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 16)
    assert model.double().log_prob(everything).exp().sum().item() == pytest.approx(1, abs=1e-9)


def test_a_damaged_file_is_named_with_the_cure(assets):
    with pytest.raises(ValueError, match=r"unknown pretrained name 'big'.*mnist-any-order, tiny"):
        load_pretrained("big")
    file = assets / MODELS["mnist-512"]
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    with pytest.raises(OSError, match=r"made_mnist_512\.pt is not the file.*git checkout"):
        load_pretrained()
