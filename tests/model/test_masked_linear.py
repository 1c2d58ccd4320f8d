"""The masked layer: a linear layer in which some weights have no effect."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_course import MaskedLinear
from tests.networks import nothing_changes


def test_a_masked_layer_is_a_linear_layer_without_its_masked_weights():
    torch.manual_seed(0)
    plain = nn.Linear(4, 3)
    torch.manual_seed(0)
    layer, x = MaskedLinear(4, 3), torch.rand(5, 4)
    assert torch.equal(layer(x), plain(x))
    mask = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]])
    for dtype in (torch.bool, torch.float64):
        own = mask.to(dtype, copy=True)
        layer.set_mask(own)
        own.fill_(1)  # the layer has a copy
        assert torch.equal(layer(x), F.linear(x, plain.weight * mask, plain.bias))
    other = MaskedLinear(4, 3)
    other.load_state_dict(layer.state_dict())  # a layer without a MADE keeps its mask
    assert torch.equal(other(x), layer(x))
    assert [name for name, _ in MaskedLinear(4, 3, bias=False).named_parameters()] == ["weight"]


@pytest.mark.parametrize(
    ("error", "message", "mask"),
    [
        (ValueError, r"must have shape \(2, 3\) .*, got \(1, 3\)", torch.ones(1, 3)),
        (ValueError, r"must hold only 0 and 1", torch.full((2, 3), 0.5)),
    ],
)
def test_an_invalid_mask_is_refused_and_the_old_one_kept(error, message, mask):
    layer = MaskedLinear(3, 2)
    layer.set_mask(torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]))
    with nothing_changes(layer), pytest.raises(error, match=message):
        layer.set_mask(mask)
