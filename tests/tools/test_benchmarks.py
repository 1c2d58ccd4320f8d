"""The benchmarks run and print their tables. No test asserts how fast anything is."""

import re
from importlib.util import find_spec

import numpy as np
import pandas
import pytest

from tools.benchmarks import __main__ as benchmark
from tools.benchmarks import compression, figures, peers, plain_recipe, rates, sampling, tables

pytestmark = pytest.mark.delivery


def build_plain(input_dim, width):
    return plain_recipe.MADE(input_dim, (width, width), natural_order=True)


def heights(n=300):
    """Return whole heights of three kinds, some of them the same for all."""
    draw = np.random.default_rng(0)
    kind = np.arange(n) % 3
    height = np.where(draw.random(n) < 0.2, 100, 100 + 20 * kind + draw.normal(0, 9, n).round())
    return pandas.DataFrame({"kind": np.array(["a", "b", "c"])[kind], "height": height})


SMALL = {"hidden_dims": (4,)}, {"epochs": 1, "batch_size": 100, "lr": 0.05}
SHORT = (
    (plain_recipe, {"EPOCHS": 1, "HIDDEN": (4, 4)}),
    (sampling, {"SIZES": (4, 9)}),
    (peers, {"SAMPLES": 2, "PEERS": {"json": build_plain, "no_such_library": build_plain}}),
    (tables, {"TABLES": {"few": heights}, "PATIENCE": 2, "CANDIDATES": tables.CANDIDATES[:1]}),
    (rates, {"SETS": {"votes": rates.SETS["votes"]}, "HIDDEN": (4,), "PATIENCE": 1}),
    (compression, {"DIGITS": 80}),
    (figures, {"CONFIGURATIONS": dict.fromkeys(figures.CONFIGURATIONS, SMALL)}),
)


def test_every_section_prints_its_table(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MADE_COURSE_DATA", str(tmp_path))  # so that the small set is loaded
    for module, constants in SHORT:
        for name, value in constants.items():
            monkeypatch.setattr(module, name, value)
    if find_spec("zuko") is None:
        monkeypatch.setitem(tables.MODELS, "zuko's best flow", tables.score_independent)
    benchmark.main(["--only", *benchmark.SECTIONS, "--repeats", "1", "--seeds", "3", "5"])
    printed = capsys.readouterr().out
    lines = [line.strip("| ").split("|") for line in printed.splitlines() if line[:1] == "|"]
    rows = {name.strip(): [cell.strip() for cell in cells] for name, *cells in lines}
    for fact in ("processor", "threads of torch", "CPU capability", "torch", "bfloat16 is faster"):
        assert re.search(rf"^- {fact}[^:]*: \S", printed, re.MULTILINE)
    assert "MNIST, small set: 4,000 training and 1,000 test images." in printed
    assert "without no_such_library (No module named 'no_such_library')" in printed
    some = {"9", "plain loop", "fit, float32", "few, 210", "votes, falling", "zlib", "threshold"}
    assert some < rows.keys()
    # the numbers of the small test set that notebooks 5 and 6 show
    expected = {"a coin for each pixel": 543.4, "independent pixels": 211, "mnist-512": 69}
    assert all(abs(float(rows[name][0]) - value) < 2 for name, value in expected.items())
    assert float(rows["MADE, the file"][0]) < float(rows["WebP, one sheet"][0])
