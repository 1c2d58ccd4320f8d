"""MADE on other devices, compiled, and transformed by torch.func."""

import pytest
import torch

from made_course import MADE, complete
from tests.networks import COLUMNS, binary, under, uniforms, with_weights

# ---- devices ------------------------------------------------------------------------------------


def test_everything_moves_with_the_model():
    """Move to ``meta``, the only other device that every machine has."""
    model = MADE(6, (8, 8), natural_order=False, direct=True, conditioning=True, num_masks=3)
    model.to("meta")
    assert {t.device.type for t in [*model.parameters(), *model.buffers()]} == {"meta"}
    assert model(torch.zeros(3, 6, device="meta")).shape == (3, 6)


# ---- torch.compile and torch.func ---------------------------------------------------------------


@pytest.fixture
def _fresh_compiler():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def varied(num_masks, head=None):
    options = {"natural_order": False, "direct": True, "conditioning": True, "head": head}
    return with_weights(MADE(6, (8, 8), num_masks=num_masks, seed=0, **options).double(), 1)


@pytest.mark.delivery  # the first compilation in a process imports the compiler, for some seconds
@pytest.mark.usefixtures("_fresh_compiler")
def test_forward_and_log_prob_compile_as_one_graph():
    model, x = varied(3, COLUMNS), binary(10, 6)
    forward = torch.compile(model, fullgraph=True, backend="aot_eager")
    log_prob = torch.compile(model.log_prob, fullgraph=True, backend="aot_eager")
    for _ in range(2):
        twin = under(model, model.degrees)
        torch.testing.assert_close(forward(x), twin(x))
        found, expected = log_prob(x), twin.log_prob(x)
        torch.testing.assert_close(found, expected)
        model.zero_grad()
        found.mean().backward()
        expected.mean().backward()
        for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad)
        model.resample_masks()  # the compiled network uses the new masks
    none, noise = torch.zeros(6), uniforms(10, 4, 6)
    found, expected = (complete(one, x, none, 4, noise=noise) for one in (forward, model))
    assert torch.equal(found.samples, expected.samples)  # drawn by the model inside it


@pytest.mark.parametrize(("num_masks", "head"), [(1, COLUMNS), (3, None)])
def test_transforms_of_torch_func(num_masks, head):
    model, x = varied(num_masks, head), binary(10, 6).double()
    model.resample_masks()
    for function in (model, model.log_prob, lambda row: model.log_prob(row, num_masks)):
        torch.testing.assert_close(torch.func.vmap(function)(x), function(x))
    leaf = x.clone().requires_grad_()
    model.log_prob(leaf, num_masks).sum().backward()
    by_input = torch.func.grad(lambda rows: model.log_prob(rows, num_masks).sum())(x)
    torch.testing.assert_close(by_input, leaf.grad)
    with pytest.raises(ValueError, match="only 0 and 1"):  # values are checked again
        model.log_prob(torch.full((1, 6), 0.5))
