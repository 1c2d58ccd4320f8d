"""The benchmarks run and print their tables. No test asserts how fast anything is."""

import re
from importlib.util import find_spec

import numpy as np
import pandas
import pytest

from tools.benchmarks import __main__ as benchmark
from tools.benchmarks import compression, figures, measuring, peers, plain_recipe, sampling, tables

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
    (measuring, {"REPEATS": 1}),
    (plain_recipe, {"EPOCHS": 1, "HIDDEN": (4, 4)}),
    (sampling, {"SIZES": (4, 9)}),
    (peers, {"SAMPLES": 2, "PEERS": {"json": build_plain, "no_such_library": build_plain}}),
    (
        tables,
        {
            "SEEDS": (3, 5),
            "TABLES": {"few": heights},
            "PATIENCE": 2,
            "CANDIDATES": tables.CANDIDATES[:1],
        },
    ),
    (compression, {"DIGITS": 80}),
    (figures, {"SEEDS": (3, 5), "CONFIGURATIONS": dict.fromkeys(figures.CONFIGURATIONS, SMALL)}),
)


def test_every_section_prints_its_table(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MADE_COURSE_DATA", str(tmp_path))  # so that the small set is loaded
    for module, constants in SHORT:
        for name, value in constants.items():
            monkeypatch.setattr(module, name, value)
    if find_spec("zuko") is None:
        monkeypatch.setitem(tables.MODELS, "zuko's best flow", tables.score_independent)
    benchmark.main(["--only", *benchmark.SECTIONS])
    printed = capsys.readouterr().out
    assert "MNIST, small set: 4,000 training and 1,000 test images." in printed
    assert "without no_such_library: see" in printed

    def first_number(row):
        return float(re.search(rf"^ *{row} +(\d+\.\d+)", printed, re.MULTILINE)[1])

    for row in ("9", "json", "plain loop", "fit, float32", "few, 210", "zlib", "threshold"):
        assert first_number(row) > 0
    # the numbers of the small test set that notebooks 5 and 6 show
    expected = {"a coin for each pixel": 543.4, "independent pixels": 211, "mnist-512": 69}
    assert all(abs(first_number(row) - value) < 2 for row, value in expected.items())
    assert first_number("MADE, the file") < first_number("WebP, one sheet")
