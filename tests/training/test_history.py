"""The history of a run, as text and as a table."""

import pytest

from made_course import History


@pytest.fixture
def history():
    history = History()
    history.append(train_nll=101.23456, valid_nll=99.5, lr=0.0005, seconds=123.25)
    history.append(train_nll=9.0, valid_nll=8.0, lr=0.005, seconds=123.75)
    history.append(train_nll=8.5, valid_nll=8.0, lr=0.00012345, seconds=124.5)
    return history


def test_history_as_text(history):
    assert history.seconds == [123.25, 123.75, 124.5]  # kept, but not shown
    assert repr(history) == (
        "epoch  train NLL  valid NLL     rate\n"
        "    1    101.235     99.500  0.00050\n"
        "    2      9.000      8.000   0.0050\n"
        "    3      8.500      8.000  0.00012"
    )


def test_the_best_epoch_is_the_first_of_the_lowest(history):
    assert history.best_epoch == 2
