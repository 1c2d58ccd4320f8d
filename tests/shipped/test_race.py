"""The comparison that ships is what its command says."""

import pytest
import torch

from made_course import MADE, bars_and_stripes
from made_course.shipped.measured import load_race
from tools.ships import run_race as race


def test_the_runs_that_ship_had_equal_time_and_as_many_trials():
    shipped = load_race()
    assert tuple(shipped) == (*race.TIMES, race.LONGEST)
    for seconds, runs in shipped.items():
        assert [run["name"] for run in runs] == list(race.MODELS)
        for run in runs:
            assert run["seconds"] == seconds
            assert run["curve"][-1][0] == pytest.approx(seconds, rel=0.1)
            assert run["lr"] in race.RATES
            assert run["size"] in race.MODELS[run["name"]]
            model = race.MODELS[run["name"]][run["size"]]()
            assert sum(p.numel() for p in model.parameters()) == run["parameters"]
    assert {len(sizes) for sizes in race.MODELS.values()} == {2}


def test_time_is_up_when_it_is_up():
    boards = bars_and_stripes()
    torch.manual_seed(0)
    model = MADE(16, (32,), seed=0)
    seen, curve = race.train_for(0.2, model, boards, boards, lr=0.02)
    assert seen % race.BATCH == 0
    assert 0.2 <= curve[-1][0] < 0.7
    assert curve[-1][1] < 11
