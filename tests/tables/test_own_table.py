"""The scripts of docs/own_data.md and README, on files from a known distribution."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch

import made_course

ROOT = Path(__file__).parents[2]
SEASONS = np.array(["autumn", "spring", "summer", "winter"])
WARMTH = np.array([12.0, 13.0, 24.0, 2.0])


def park(n, seed):
    """Return days of a park: warmth depends on the season, visitors on warmth and rain."""
    draw = np.random.default_rng(seed)
    season, rain = draw.integers(0, 4, n), draw.random(n) < 0.3
    warmth = WARMTH[season] + 2 * draw.normal(size=n)
    visitors = np.exp(4 + warmth / 10 - rain + 0.1 * draw.normal(size=n))
    columns = {"season": SEASONS[season], "rain": np.where(rain, "yes", "no")}
    return pandas.DataFrame(columns | {"warmth": warmth.round(1), "visitors": visitors.round()})


def entropy():
    """Return the entropy of a day in nats; that of visitors, who are counted, is approximate."""
    days = park(100_000, seed=9)
    bell = 0.5 * np.log(2 * np.pi * np.e)
    rain = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
    warmth = bell + np.log(2 / 0.1)
    return np.log(4) + rain + warmth + bell + np.log(0.1 * days["visitors"]).mean()


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write three files; the first and last have gaps, and the last also two odd days."""
    monkeypatch.chdir(tmp_path)
    train, test, new = park(1000, seed=0), park(500, seed=1), park(60, seed=2)
    train.loc[3:30, "warmth"] = np.nan
    new.loc[7, ["season", "warmth"]] = ["winter", 31.0]
    new.loc[20, ["warmth", "visitors"]] = [10.0, 3000]
    new.loc[40:44, "season"] = None
    new.loc[45:49, ["warmth", "rain"]] = None
    for name, frame in {"train": train, "test": test, "new": new}.items():
        frame.to_csv(f"{name}.csv", index=False)
    return new


def run(page):
    """Run the scripts of a page one after another, and return their variables."""
    text = (ROOT / page).read_text("utf-8")
    names = {}
    for script in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S):
        exec(script, names)
    return names


@pytest.mark.parametrize("page", ["README.md", "docs/own_data.md"])
@pytest.mark.filterwarnings("ignore:the effective sample size")
def test_a_script_prints_the_same_each_time(page, files, capsys, monkeypatch):
    """Train for two epochs, once after other random numbers were drawn."""
    monkeypatch.setattr(made_course, "fit", partial(made_course.fit, epochs=2))
    park(120, seed=3).to_csv("your_table.csv", index=False)
    said = []
    for draws in (1, 2):
        torch.rand(draws)
        run(page)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != ""


def test_the_longer_script_finds_odd_days_and_fills_gaps(files, capsys, monkeypatch):
    monkeypatch.setattr(made_course, "fit", partial(made_course.fit, epochs=30))  # of 57: as good
    names = run("docs/own_data.md")
    said = capsys.readouterr().out
    assert "    season: 4 classes (autumn, spring, summer and winter)\n    rain: yes/no" in said
    nats = float(re.search(r"(\S+) nats per row", said)[1])
    assert entropy() - 0.1 < nats < entropy() + 0.6
    assert {7, 20} <= set(names["strangest"].tolist())
    filled = names["table"].inverse(names["filled"])
    given = files.loc[40:49].reset_index(drop=True)
    assert filled.shape == (10, 4)
    assert not filled.isna().any(axis=None)
    for name in filled:
        known = given[name].notna()
        assert filled.loc[known, name].tolist() == pytest.approx(
            given.loc[known, name].tolist(), abs=1e-3
        )
    warmth = WARMTH[np.searchsorted(SEASONS, filled["season"])]
    assert (abs(filled["warmth"] - warmth) < 10).all()
