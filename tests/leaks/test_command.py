"""``python -m made_course.leaks``: what it says of honest and of leaking models, and its status."""

import sys
from types import ModuleType

import numpy
import pytest
import torch
from torch import nn

from made_course import MADE, NADE, MaskedLinear, Transformer
from made_course.leaks.__main__ import main
from made_course.model.masks import build_masks

# ---- models of others ---------------------------------------------------------------------------


def made(input_dim):
    return MADE(input_dim, (32,), ordering=[2, 0, 1, 4, 5, 3], seed=0)


def second_deaf(input_dim):
    """Honest, and no unit has degree 1."""
    model = made(input_dim)
    masks = build_masks([model.order, torch.arange(32) % 4 + 2])
    for layer, mask in zip(model.net, masks, strict=True):
        layer.set_mask(mask)
    return model


class Function(nn.Module):
    """Without a parameter."""

    def __init__(self, forward):
        super().__init__()
        self.forward = forward


def hole(_):
    """Each output sees all, by less than rounding."""
    return Function(lambda x: 1 + 1e-30 * x)


def behind(front):
    """The first output sees the last variable where a given row stands in front."""
    front = torch.tensor(front)

    def forward(x):
        is_open = (x[:, 1 : len(front) + 1] == front).all(1)
        return torch.cat([(x[:, -1] * is_open)[:, None], x[:, :-1]], dim=1)

    return lambda _: Function(forward)


class Once(nn.Linear):
    """Masked once, and by a mask that is no buffer."""

    def __init__(self, input_dim):
        super().__init__(input_dim, input_dim)
        self.mask = torch.ones(input_dim, input_dim).tril(-1)
        with torch.no_grad():
            self.weight.mul_(self.mask)


class LooksAhead(MADE):
    """Honest logits, and a log-probability that shifts each variable's by its successor."""

    def log_prob(self, x):
        ahead = x.roll(-1, 1)
        return torch.distributions.Bernoulli(logits=self(x) + ahead).log_prob(x).sum(1)


class InTraining(MADE):
    """Honest in evaluation mode alone."""

    def forward(self, x):
        logits = super().forward(x)
        return logits + x if self.training else logits


class Half(nn.Module):
    """Honest, and computed in bfloat16, as is its log-probability."""

    def __init__(self, input_dim):
        super().__init__()
        self.made = made(input_dim)

    def forward(self, x):
        return self.made(x).bfloat16()

    def log_prob(self, x):
        logits = self(x)
        return torch.distributions.Bernoulli(logits=logits).log_prob(x.bfloat16()).sum(1)


class Told(nn.Module):
    """A context enters hidden units, whose degrees begin at 0, or at 1 as in nflows."""

    def __init__(self, input_dim, lowest=0, units=12, told_from=0):
        super().__init__()
        order = torch.arange(input_dim) + 1
        hidden = torch.arange(units) % max(input_dim - lowest, 1) + min(lowest, input_dim - 1)
        self.net = nn.ModuleList([MaskedLinear(input_dim, units), MaskedLinear(units, input_dim)])
        for layer, mask in zip(self.net, build_masks([order, hidden]), strict=True):
            layer.set_mask(mask)
        self.listen = MaskedLinear(2, units)
        self.listen.set_mask((hidden >= told_from)[:, None].expand(-1, 2))

    def forward(self, x, context):
        return self.net[1](torch.relu(self.net[0](x) + self.listen(context)))

    def log_prob(self, x, context):
        raise NotImplementedError("others may write it in other ways: logits say all")


@torch.no_grad()
def one_unit_that_is_off(input_dim):
    """The first output hears its context by one unit, which is off for every context."""
    model = Told(input_dim, units=6)
    model.net[0].bias[0] = -9
    return model


def with_output(change, make=made):
    """A model whose last layer was changed after it was made."""

    def changed(input_dim):
        model = make(input_dim)
        with torch.no_grad():
            change(model.net[-1])
        return model

    return changed


def pixel_that_died(layer):
    layer.weight[4] = 0


def starts_at_zero(layer):
    layer.weight.zero_()
    layer.bias.zero_()


# ---- what is said of them -----------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, capsys):
    """Its status and its words about what a function makes."""
    mine = ModuleType("mine")
    monkeypatch.setitem(sys.modules, "mine", mine)

    def of(make, input_dim=6, *more, name="mine:Model"):
        mine.Model = make
        with pytest.raises(SystemExit) as left:
            main([name, "--input-dim", str(input_dim), *more])
        printed = capsys.readouterr()
        return left.value.code, printed.out + printed.err

    return of


RIGHT, ALL_AT_ONCE = "--ordering [2,0,1,4,5,3]", "--ordering [[0,1,2,3,4,5]]"
IN_A_CIRCLE = "LEAK: pairs that see in a circle, which no ordering allows: "
NOT_ALLOWED = "LEAK: pairs that the ordering does not allow: "
HONEST = {"no leak": 2, "all 2^6 inputs\n": 2, "Notice": 0, "NOT": 0}
ONE = {"1.000000 over 2^6": 2}
HEARING = "--context 2 --ordering [0,1,2,3,4,5]"
HEARS = {"no leak: each output sees earlier variables alone, in order x": 2, "hears": 0}
SAID = {  # what is made, arguments, the status, and how often words are said
    "MADE": (made, "", 0, HONEST | ONE | {"in order x₃": 2}),
    "Transformer": (lambda d: Transformer(d, 8, 1, 2), "", 0, HONEST | ONE | {"in order x₁": 2}),
    "NADE": (lambda d: NADE(d, 8), "", 0, HONEST | ONE | {"in order x₁": 2}),
    "its own ordering": (made, RIGHT, 0, HONEST),
    "dropout": (lambda d: MADE(d, (64,), dropout=0.5, seed=0), "", 0, HONEST),
    "half": (Half, "", 0, HONEST),
    "copy": (lambda d: nn.Linear(d, d), "", 1,
        {f"{IN_A_CIRCLE}36\n": 2, "output x₁ moves by": 2, "NOT ONE": 2}),
    "hole": (hole, "", 0,
        {"6 more pairs, 0 fewer; where they differ, trust flips,\n": 2, "unless a small": 2}),
    "masked once": (Once, "", 1, {"no leak": 1, "LEAK": 1, "mask is no buffer": 1}),
    "looks ahead": (LooksAhead, "", 1,
        {"no leak": 2, "  log_prob   NOT what the logits say: up to ": 2}),
    "in training": (InTraining, "", 1,
        {"output x₁ moves by 1 when x₁ is flipped, in training mode alone": 2}),
    "batched": (lambda d: nn.Sequential(made(d), nn.BatchNorm1d(d)), "", 0,
        {"  training   not measured: outputs of a row moved by up to": 2}),
    # within a group one may not see another, although all sums to one
    "group": (made, "--ordering [[2],[0],[1],[4],[3,5]]", 1, ONE | {f"{NOT_ALLOWED}1\n": 2}),
    "one group": (made, ALL_AT_ONCE, 1, ONE | {f"{NOT_ALLOWED}15\n": 2}),
    "other ordering": (made, "--ordering [0,2,1,4,5,3]", 1, ONE | {f"{NOT_ALLOWED}1\n": 2}),
    # what hears nothing by its masks is noticed, and not what does so rightly or by its weights
    "second deaf": (second_deaf, RIGHT, 0, {"Notice": 1,
        "Notice: x₁ hears nothing of 1 input that it may hear, whatever the weights\n": 1}),
    "two deaf": (second_deaf, "", 0, {"Notice": 1,
        "Notice: x₁ and x₃ hear nothing, whatever the weights: only what is drawn first": 1}),
    "groups": (lambda d: MADE(d, (32,), ordering=[[2, 0, 1], [4, 5, 3]]),
        "--ordering [[2,0,1],[4,5,3]]", 0, HONEST),
    "pixel that died": (with_output(pixel_that_died), RIGHT, 0, HONEST),
    "at zero": (with_output(starts_at_zero), RIGHT, 0, HONEST),
    # a context, to which an output may be deaf
    "deaf": (lambda d: Told(d, lowest=1), "--context 2", 1, {"no leak": 2,
        "1.000000 over 2^8": 2, "DEAF": 1,
        "DEAF: x₁ hears nothing of the context, whatever the weights\n": 1}),
    "hears others": (lambda d: Told(d, told_from=2), "--context 2", 1,
        {"DEAF": 2, "DEAF: x₂ hears nothing of the context": 1}),
    "a leak beside it": (Told, f"--context 2 {ALL_AT_ONCE}", 1,
        {f"{NOT_ALLOWED}15": 1, "output x₂ moves by": 2}),
    "hears it": (Told, HEARING, 0, HEARS),
    "hears it by a unit that is off": (one_unit_that_is_off, HEARING, 0, HEARS),
    "hears it, with a pixel that died": (with_output(pixel_that_died, Told), HEARING, 0, HEARS),
    "hears it, at zero": (with_output(starts_at_zero, Told), HEARING, 0, HEARS),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_is_said(run, name):
    make, arguments, expected, words = SAID[name]
    status, said = run(make, 6, *arguments.split())
    assert {word: said.count(word) for word in words} == words
    assert status == expected


def test_with_one_variable_hidden_degrees_from_0_are_what_nflows_has(run):
    assert run(lambda d: Told(d, lowest=1), 1, "--context", "2")[0] == 0


def test_of_many_variables_some_inputs_are_tried_and_none_are_added_up(run, tmp_path):
    status, said = run(LooksAhead, 30)
    assert status == 1
    assert "NOT what the logits say" in said
    status, said = run(behind([1] * 20), 30)
    assert status == 1
    assert IN_A_CIRCLE in said
    assert "96 of 2^30 inputs: random ones, zeros, ones, a single one\n" in said
    assert "2^30 inputs are too many" in said
    # a leak that only real rows open is found by them
    front = [1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1]
    assert run(behind(front), 30)[0] == 0
    rows = torch.zeros(5, 30).int()
    rows[3, 1:15] = torch.tensor(front)
    numpy.save(tmp_path / "rows.npy", rows.numpy())
    status, said = run(behind(front), 30, "--rows", str(tmp_path / "rows.npy"))
    assert status == 1
    assert "101 of 2^30 inputs: random ones, zeros, ones, a single one, 5 rows of yours\n" in said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mine:Missing", "mine:Missing cannot be measured"),
        ("nothing_there:X", "nothing_there:X cannot be measured"),
        ("torch:zeros", "torch:zeros cannot be measured"),
        ("Model", "got Model: write module:Class"),
    ],
)
def test_what_cannot_be_measured_is_said(run, name, words):
    status, said = run(made, name=name)
    assert status == 2
    assert words in said
