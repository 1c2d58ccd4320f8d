"""evaluate weighs all rows equally, in full precision, and changes nothing."""

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from made_course import evaluate
from tests.networks import nothing_changes
from tests.training.learning_runs import DATA, small


@pytest.fixture
def wild():
    """Return a model with large random weights, so that no two numbers agree by chance."""
    model = small(ordering=None, natural_order=False, num_masks=3, dropout=0.5)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=2.0)
    return model


@pytest.mark.parametrize("ensemble", [None, 2])
def test_every_row_counts_alike_whatever_batch_it_is_in(wild, ensemble):
    with torch.no_grad():
        expected = -wild.eval().log_prob(DATA, ensemble=ensemble).double().mean().item()
    uneven = [DATA[:1], DATA[1:100], DATA[100:]]
    for x in (DATA, DataLoader(DATA, 50), DataLoader(TensorDataset(DATA), 50), uneven):
        for batch_size in (7, 1000):
            found = evaluate(wild, x, ensemble=ensemble, batch_size=batch_size)
            assert found == pytest.approx(expected, abs=1e-6)
    assert evaluate(wild, DATA, ensemble=3) != pytest.approx(expected, abs=1e-6)


def test_evaluate_is_never_under_autocast(wild):
    expected = evaluate(wild, DATA)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert evaluate(wild, DATA) == expected
        assert wild.eval().log_prob(DATA).mean().item() != pytest.approx(-expected, abs=1e-4)


@pytest.mark.parametrize("mode", [True, False])
def test_evaluate_keeps_the_mode_and_applies_no_dropout(wild, mode):
    wild.train(mode).net[0].train(not mode)
    with nothing_changes(wild):
        found = evaluate(wild, DATA)
        with pytest.raises(ValueError, match="0 and 1"):
            evaluate(wild, [DATA, DATA + 2])
    assert found == evaluate(wild.eval(), DATA)
