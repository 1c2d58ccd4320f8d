"""``python -m made_course.leaks``: what it says of honest and of leaking models, and its status."""

import sys

import pytest
import torch
from torch import nn

from made_course import MADE, NADE, Transformer
from made_course.leaks.__main__ import main


class Once(nn.Module):
    """Masked once, and by a mask that is no buffer."""

    def __init__(self, input_dim):
        super().__init__()
        self.layer = nn.Linear(input_dim, input_dim)
        self.mask = torch.ones(input_dim, input_dim).tril(-1)
        with torch.no_grad():
            self.layer.weight.mul_(self.mask)

    def forward(self, x):
        return self.layer(x)


class Hole(nn.Module):
    """Each output sees all, by less than rounding."""

    def __init__(self, input_dim):
        super().__init__()

    def forward(self, x):
        return 1 + 1e-30 * x


class Copy(nn.Linear):
    """Each output sees all."""

    def __init__(self, input_dim):
        super().__init__(input_dim, input_dim)


def run(capsys, model, input_dim=6, *more):
    with pytest.raises(SystemExit) as left:
        main([model, "--input-dim", str(input_dim), *more])
    printed = capsys.readouterr()
    return left.value.code, printed.out + printed.err


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setitem(sys.modules, "mine", sys.modules[__name__])


HONEST = {
    "MADE": (lambda d: MADE(d, (32,), ordering=[2, 0, 1, 4, 5, 3], seed=0), "x₃"),
    "Transformer": (lambda d: Transformer(d, width=8, layers=1, heads=2), "x₁"),
    "NADE": (lambda d: NADE(d, 8), "x₁"),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_models_pass_in_any_ordering(capsys, here, monkeypatch, name):
    make, first = HONEST[name]
    monkeypatch.setattr(sys.modules[__name__], "Model", make, raising=False)
    status, said = run(capsys, "mine:Model")
    assert status == 0
    assert said.count("no leak") == said.count("1.000000 over 2^6") == 2
    assert f"in order {first}" in said


def test_a_leak_is_named(capsys, here):
    status, said = run(capsys, "mine:Copy")
    assert status == 1
    assert "LEAK: pairs that see in a circle, which no ordering allows: 36\n" in said
    assert "output x₁ moves by" in said
    assert "NOT ONE" in said


def test_flips_are_trusted_but_for_a_hole_that_training_may_open(capsys, here):
    status, said = run(capsys, "mine:Hole")
    assert status == 0
    assert "6 more pairs, 0 fewer; where they differ, trust flips,\n" in said
    assert "unless a small number cuts the path" in said


@pytest.mark.parametrize(
    ("ordering", "leaks"),
    [
        ("[2, 0, 1, 4, 5, 3]", 0),
        ("[[2], [0], [1], [4], [3, 5]]", 1),
        ("[0, 2, 1, 4, 5, 3]", 1),
        ("[[0, 1, 2, 3, 4, 5]]", 15),
    ],
)
def test_within_a_group_one_may_not_see_another_although_all_sums_to_one(
    capsys, here, monkeypatch, ordering, leaks
):
    monkeypatch.setattr(sys.modules[__name__], "Model", HONEST["MADE"][0], raising=False)
    status, said = run(capsys, "mine:Model", 6, "--ordering", ordering)
    assert status == bool(leaks)
    assert said.count("1.000000 over 2^6") == 2
    assert (f"LEAK: pairs that the ordering does not allow: {leaks}\n" in said) == bool(leaks)


def test_masked_once_is_found_after_a_move_and_a_mask_left_behind_is_named(capsys, here):
    status, said = run(capsys, "mine:Once")
    before, _, after = said.partition("every weight moved")
    assert status == 1
    assert "no leak" in before
    assert "LEAK" in after
    assert "mask is no buffer" in after


def test_many_variables_are_flipped_and_not_added_up(capsys, here):
    status, said = run(capsys, "mine:Copy", 30)
    assert status == 1
    assert "2^30 inputs are too many" in said


@pytest.mark.parametrize("model", ["mine:Missing", "nothing_there:X", "torch:zeros"])
def test_what_cannot_be_measured_is_said(capsys, here, model):
    status, said = run(capsys, model)
    assert status == 2
    assert f"{model} cannot be measured" in said


def test_a_model_without_its_module_hears_how_to_write_it(capsys):
    status, said = run(capsys, "Model")
    assert status == 2
    assert "got Model: write module:Class" in said
