"""What completions say of rows, with weights and without, of amounts and of classes."""

import math

import pytest
import torch

from made_course import (
    MADE,
    Bernoulli,
    Categorical,
    Completion,
    Mixed,
    MixtureOfGaussians,
    complete,
)

HEAD = Mixed([Bernoulli(), Categorical(3), MixtureOfGaussians(1), Categorical(2)])
SAMPLES = torch.tensor([[[1.0, 2.0, 0.5, 1.0], [0.0, 0.0, -1.5, 1.0], [0.0, 2.0, 2.0, 1.0]]])
WEIGHTED = Completion(SAMPLES, torch.tensor([[1.0, 2.0, 5.0]]).log(), torch.tensor([64 / 30]), HEAD)


def test_amounts_have_means_and_classes_have_shares():
    torch.testing.assert_close(
        WEIGHTED.mean,
        torch.tensor([[0.125, math.nan, (0.5 - 3 + 10) / 8, 1.0]]),
        equal_nan=True,
    )
    torch.testing.assert_close(WEIGHTED.class_shares(1), torch.tensor([[0.25, 0, 0.75]]))
    torch.testing.assert_close(WEIGHTED.class_shares(3), torch.tensor([[0.0, 1]]))
    torch.testing.assert_close(WEIGHTED.class_shares(0), torch.tensor([[0.875, 0.125]]))
    with pytest.raises(ValueError, match=r"variable 2 has Mixture.* no classes: see mean"):
        WEIGHTED.class_shares(2)


def test_what_is_drawn_comes_as_often_as_its_weight_says():
    generator = torch.Generator().manual_seed(0)
    drawn = WEIGHTED.draw(20_000, generator)
    assert drawn.shape == (1, 20_000, 4)
    for sample, share in zip(SAMPLES[0], [0.125, 0.25, 0.625], strict=True):
        found = (drawn[0] == sample).all(1).float().mean().item()
        assert found == pytest.approx(share, abs=0.015)
    alike = WEIGHTED._replace(log_weights=None).draw(20_000)
    assert alike[0, :, 0].mean().item() == pytest.approx(1 / 3, abs=0.015)
    assert WEIGHTED._replace(samples=SAMPLES[:0], log_weights=None).draw(2).shape == (0, 2, 4)
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        WEIGHTED.draw(0)


@pytest.mark.parametrize("num_masks", [1, None])
@pytest.mark.filterwarnings("ignore:these completions are worth")
def test_missing_cells_are_filled_in_from_their_conditional(num_masks):
    """A class is known, and the switch before it that it mostly repeats is asked for."""
    model = MADE(
        2, (), natural_order=num_masks == 1, num_masks=num_masks, head=Mixed([Categorical(2)] * 2)
    )
    with torch.no_grad():
        for layer in model.net:
            layer.weight.copy_(2 * torch.eye(2).repeat(2, 2))
            layer.bias.zero_()
        p = torch.stack([model.log_prob(torch.tensor([[a, 1.0]])) for a in (0.0, 1.0)]).exp()
    x = torch.tensor([[math.nan, 1.0]]).repeat(3, 1)
    found = complete(model, x, ~x.isnan(), 4000)
    shares = found.class_shares(0)
    truth = (p / p.sum()).ravel()
    torch.testing.assert_close(shares, truth.expand(3, 2), rtol=0, atol=0.03)
    filled = found.draw(1000)
    assert filled[..., 1].eq(1).all()
    assert filled[..., 0].mean().item() == pytest.approx(truth[1].item(), abs=0.03)
    alone = found.samples[..., 0].mean().item()
    assert (abs(alone - truth[1]) > 0.2) == (num_masks == 1), "the samples alone are not the answer"
