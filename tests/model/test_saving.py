"""A model in a file is the same model when it is read, or a clear error."""

import random
import re

import numpy as np
import pytest
import torch
from torch import nn

from made_course import MADE, Bernoulli, Categorical, Mixed, MixtureOfGaussians
from made_course.common.files import read_tensors
from tests.networks import Poisson

MIXED = Mixed([Bernoulli(), MixtureOfGaussians(2), Categorical(3), Bernoulli()])
MODELS = {
    "ordering": {"ordering": [1, 3, 2, 0], "activation": "silu", "dropout": 0.1, "degrees": "even"},
    "groups": {"ordering": [[1, 3], [0, 2]], "num_masks": 3, "natural_order": False},
    "several": {"natural_order": False, "num_masks": 3, "conditioning": True, "seed": 3},
    "endless": {"natural_order": False, "num_masks": None, "direct": True, "seed": 3},
    "classes": {"head": Categorical(5), "hidden_dims": ()},
    "components": {"head": MixtureOfGaussians(2), "direct": True, "conditioning": True},
    "mixed": {"head": MIXED, "natural_order": False, "activation": "tanh"},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pt"


@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_model_that_is_read_is_the_one_that_was_written(path, options, dtype):
    model = MADE(4, **{"hidden_dims": (8, 6)} | options).to(dtype)
    model.resample_masks()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    model.save(path)
    stream = torch.get_rng_state()
    assert read_tensors(path)["arguments"]["ordering"] == options.get("ordering")
    read = MADE.load(path)
    assert torch.equal(torch.get_rng_state(), stream)
    assert not read.training
    assert repr(read) == repr(model)
    model.eval()
    ensemble = None if options.get("num_masks", 1) == 1 else 3
    noise = torch.rand(9, 4, dtype=dtype)
    x = model.sample(9, noise=noise, ensemble=ensemble)
    assert x.dtype == dtype
    assert torch.equal(read.sample(9, noise=noise, ensemble=ensemble), x)
    assert torch.equal(read.log_prob(x, ensemble), model.log_prob(x, ensemble))
    for each in (model, read):
        torch.manual_seed(1)
        each.resample_masks()
    assert torch.equal(read.order, model.order)


@pytest.mark.parametrize("kind", [np.array, torch.tensor, list])
def test_a_model_keeps_copies_of_its_arguments(path, kind):
    hidden_dims, ordering = [np.int64(4)], kind([1, 2, 0])
    model = MADE(3, hidden_dims, ordering=ordering)
    hidden_dims.append(5)
    ordering[0] = 0
    model.save(path)
    read = MADE.load(path)
    assert read.order.tolist() == model.order.tolist() == [3, 1, 2]
    assert model.extra_repr() == "input_dim=3, hidden_dims=(4,), ordering=[1, 2, 0]"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"head": Poisson()}, r"Poisson\(\)"),
        ({"head": Mixed([Bernoulli(), Poisson()])}, r"Poisson\(\)"),
        ({"activation": nn.GELU}, r"<class '.*GELU'>"),
    ],
)
def test_own_classes_are_not_saved_and_the_error_names_the_state_dict(path, options, what):
    path.write_text("what was here before")
    with pytest.raises(ValueError, match=rf"^cannot save {what}, .*state_dict\(\), path"):
        MADE(2, (4,), **options).save(path)
    assert path.read_text() == "what was here before"


@pytest.mark.parametrize("name", ["subprocess.Popen", "made_course.model.saving.import_module"])
def test_a_file_that_names_something_other_than_a_head_or_a_table_is_refused(path, name):
    MADE(4, (8,)).save(path)
    content = read_tensors(path)
    content["arguments"]["head"] = {"class": name, "arguments": ("this",)}
    torch.save(content, path)
    with pytest.raises(ValueError, match=f"names {name}, which is not a head or a table of made_"):
        MADE.load(path)


@pytest.mark.parametrize("content", [MADE(3, (4,)).state_dict(), [1, 2]])
def test_a_file_of_something_else_is_refused(path, content):
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"not a file written by MADE\.save\(\)\. To load a state"):
        MADE.load(path)


def test_a_damaged_file_gives_the_same_model_or_an_error_with_its_name(path):
    model = MADE(4, (6,), natural_order=False, num_masks=2, seed=0).eval()
    model.save(path)
    content, rng, errors = path.read_bytes(), random.Random(0), []
    x = torch.tensor([[0.0, 1, 0, 1], [1, 1, 0, 0]])
    for number in range(200):
        damaged, at = bytearray(content), rng.randrange(len(content))
        if number == 0:  # torch takes this record for a folder, and leaves its tensor unset
            damaged[content.rindex(b"PK\x01\x02", 0, content.rindex(b"/data/0")) + 38] = 16
        elif number % 2:
            damaged[at] ^= 1 << rng.randrange(8)
        else:
            del damaged[at : at + rng.choice([1, 4, 64, len(content)])]
        path.write_bytes(damaged)
        try:
            read = MADE.load(path)
        except ValueError as error:
            errors.append(str(error))
        else:
            assert torch.equal(read.log_prob(x), model.log_prob(x))
    assert 100 < len(errors) < 195
    cure = rf"{re.escape(str(path))} cannot be read .* Delete it"
    assert all(re.match(cure, error) for error in errors)
