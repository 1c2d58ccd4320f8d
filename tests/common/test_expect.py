"""``expect`` compares a number that a notebook shows with its expected value."""

import math
import re
from configparser import RawConfigParser
from pathlib import Path

import pytest
import torch

from made_course import expect

SANITIZE = Path(__file__).parents[1] / "nbval_sanitize.cfg"


@pytest.mark.parametrize(
    ("numbers", "more", "line"),
    [
        ((69.08, 69.4, 2), {}, "69.1 nats (expected 69.4 ± 2)"),
        ((torch.tensor(-0.0), 0, 0.5), {}, "0.00 nats (expected 0 ± 0.5)"),
        ((2232.4, 2230, 200), {"name": "Σp", "unit": ""}, "Σp: 2,232 (expected 2,230 ± 200)"),
        ((0.9712, 0.95, 0.05), {"unit": "%"}, "97.1% (expected 95 ± 5)"),
        ((1 + 1e-7, 1, 1e-5), {"unit": ""}, "1.000000 (expected 1 ± 0.00001)"),
    ],
)
def test_expect_shows_the_number_beside_what_was_expected(capsys, numbers, more, line):
    value, expected, within = numbers
    expect(value, expected, within=within, **more)
    assert capsys.readouterr().out == f"{line}\n"


@pytest.mark.parametrize("value", [66.9, 71.9, math.nan, -math.inf])
def test_expect_stops_at_a_number_that_is_not_expected(capsys, value):
    with pytest.raises(AssertionError, match="NLL: .* nats, and 69.4 ± 2 was .* from the top"):
        expect(value, 69.4, within=2, name="NLL")
    assert capsys.readouterr().out == ""


def test_the_number_that_came_is_all_that_nbval_does_not_compare(capsys):
    """Apply the regular expression of tests/nbval_sanitize.cfg to outputs, as nbval does."""
    config = RawConfigParser()
    config.read(SANITIZE, encoding="utf-8")
    rule = config["numbers that expect() holds"]

    def compared(value, expected=1234.5, within=300, name="MADE, 64 units", unit="nats"):
        expect(value, expected, within=within, name=name, unit=unit)
        return re.sub(rule["regex"], rule["replace"], capsys.readouterr().out)

    first = compared(1234.56)
    assert first == "MADE, 64 units: NUMBER nats (expected 1,234.5 ± 300)\n"
    assert compared(999.9) == first
    assert compared(-3, 2, 9, unit="%") == "MADE, 64 units: NUMBER% (expected 200 ± 900)\n"
    assert compared(2.5, 2, 9, unit="bits per pixel").startswith("MADE, 64 units: NUMBER bits per")
    for other in ({"expected": 1234}, {"within": 301}, {"name": "65 units"}, {"unit": "bits"}):
        assert compared(1234.56, **other) != first
    plain = "MADE, 64 units: 1,234.56 nats, expected\n"
    assert re.sub(rule["regex"], rule["replace"], plain) == plain
