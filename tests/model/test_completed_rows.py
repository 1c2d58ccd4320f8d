"""Means, shares of classes and draws of completions, with and without weights."""

import math

import pytest
import torch

from made_course import Bernoulli, Categorical, Completion, Gaps, Mixed, MixtureOfGaussians

HEAD = Mixed([Bernoulli(), Categorical(3), MixtureOfGaussians(1), Categorical(2)])
SAMPLES = torch.tensor([[[1.0, 2.0, 0.5, 1.0], [0.0, 0.0, -1.5, 1.0], [0.0, 2.0, 2.0, 1.0]]])
WEIGHTED = Completion(SAMPLES, torch.tensor([[1.0, 2.0, 5.0]]).log(), torch.tensor([64 / 30]), HEAD)


def test_amounts_have_means_and_classes_have_shares():
    torch.testing.assert_close(
        WEIGHTED.mean, torch.tensor([[0.125, math.nan, (0.5 - 3 + 10) / 8, 1.0]]), equal_nan=True
    )
    torch.testing.assert_close(WEIGHTED.class_shares(1), torch.tensor([[0.25, 0, 0.75]]))
    torch.testing.assert_close(WEIGHTED.class_shares(3), torch.tensor([[0.0, 1]]))
    torch.testing.assert_close(WEIGHTED.class_shares(0), torch.tensor([[0.875, 0.125]]))
    with pytest.raises(ValueError, match=r"variable 2 has no classes, because its head is Mi"):
        WEIGHTED.class_shares(2)


def test_a_known_cell_that_is_missing_has_no_class():
    rows = torch.tensor([[[torch.nan, 2.0]], [[1.0, 2.0]]])
    found = Completion(rows, None, torch.ones(2), Gaps(Categorical(3)))
    assert found.class_shares(0).tolist() == [[0, 0, 0], [0, 1, 0]]
    assert found.class_shares(1).tolist() == [[0, 0, 1], [0, 0, 1]]


def test_draws_are_as_frequent_as_their_weights():
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
