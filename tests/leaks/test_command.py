"""``python -m made_course.leaks``: its output and exit status for honest and leaking models."""

import signal
import subprocess
import sys
from threading import Lock
from types import ModuleType

import pytest
import torch
from torch import nn

from made_course import MADE, NADE, MaskedLinear
from made_course.leaks.__main__ import main
from made_course.model.masks import build_masks

# ---- models of others ---------------------------------------------------------------------------


def made(input_dim):
    return MADE(input_dim, (32,), ordering=[2, 0, 1, 4, 5, 3], seed=0)


def second_deaf(input_dim):
    """Return an honest model in which no unit has degree 1."""
    model = made(input_dim)
    masks = build_masks([model.order, torch.arange(32) % 4 + 2])
    for layer, mask in zip(model.net, masks, strict=True):
        layer.set_mask(mask)
    return model


class Function(nn.Module):
    """A model without parameters."""

    def __init__(self, forward):
        super().__init__()
        self.forward = forward


def hole(_):
    """Return a function whose outputs see every input, by less than rounding."""
    return Function(lambda x: 1 + 1e-30 * x)


def without_copies(input_dim):
    """Return a model that cannot be copied."""
    model = made(input_dim)
    model.lock, model.generator = Lock(), torch.Generator()
    return model


class LooksAhead(MADE):
    """A model with honest logits, whose log_prob adds the next variable to each logit."""

    def log_prob(self, x):
        ahead = x.roll(-1, 1)
        return torch.distributions.Bernoulli(logits=self(x) + ahead).log_prob(x).sum(1)


class Told(nn.Module):
    """A model whose hidden units see a context; their degrees begin at 0, or at 1 as in nflows."""

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


class MaskedAtFirst(nn.Linear):
    """A model that masks its weights in the first call, but never again."""

    def forward(self, x):
        if not hasattr(self, "is_masked"):
            self.weight.data.tril_(-1)
            self.is_masked = True
        return super().forward(x)


def starts_at_zero(make):
    def changed(input_dim):
        model = make(input_dim)
        for parameter in model.net[-1].parameters():
            nn.init.zeros_(parameter)
        return model

    return changed


# ---- output and status -------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, capsys):
    """Return the command's exit status and its output for a model."""
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
IN_A_CYCLE = "LEAK: pairs that see one another in a cycle, which no ordering allows: "
NOT_ALLOWED = "LEAK: pairs that the ordering does not allow: "
HONEST = {"no leak": 2, "all of 2^6\n": 2, "Notice": 0, "NOT": 0}
ONE = {"Σp         1.000000\n": 2}
SEEING = "--context 2 --ordering [0,1,2,3,4,5]"
SEES = {"no leak: each output sees only earlier variables, in order x": 2, "DEAF": 0}
SAID = {  # model, arguments, exit status, and how often each text is printed
    "MADE": (made, "", 0, HONEST | ONE | {"in order x₃": 2}),
    "NADE": (lambda d: NADE(d, 8), "", 0, HONEST | ONE | {"in order x₁": 2}),
    "no copies": (without_copies, "", 0, HONEST | ONE | {"MIX": 0, "DIFFER": 0}),
    "rows": (lambda d: nn.Sequential(made(d), nn.BatchNorm1d(d, track_running_stats=False)), "", 1,
        {"no leak": 2, "  rows       MIX: ": 2, "DIFFER": 0}),
    "dropout": (lambda d: nn.Sequential(made(d), Function(nn.functional.dropout)), "", 1,
        {"no leak": 2, "  calls      DIFFER: ": 2, "MIX": 0}),
    "copy": (lambda d: nn.Linear(d, d), "", 1,
        {f"{IN_A_CYCLE}36\n": 2, "output x₁ moves by": 2, "NOT ONE": 2}),
    "hole": (hole, "", 0,
        {"find 6 more pairs and miss 0: trust the flips,\n": 2, "unless a small number": 2}),
    "looks ahead": (LooksAhead, "", 1,
        {"no leak": 2, "  log_prob   DOES NOT match the logits: up to ": 2}),
    # variables of a group must not see each other, although the sum is one
    "group": (made, "--ordering [[2],[0],[1],[4],[3,5]]", 1, ONE | {f"{NOT_ALLOWED}1\n": 2}),
    # an output that sees nothing is reported only if its masks are the reason
    "two deaf": (second_deaf, "", 0,
        {"Notice: x₁ and x₃ depend on nothing, whatever the weights\n": 1}),
    "at zero": (starts_at_zero(made), RIGHT, 0, HONEST),
    # a context, to which an output may be deaf
    "deaf": (lambda d: Told(d, lowest=1), "--context 2", 1, {"no leak": 2,
        "Σp         1.000000": 2, "DEAF": 1,
        "DEAF: x₁ does not depend on the context, whatever the weights\n": 1}),
    "sees others": (lambda d: Told(d, told_from=2), "--context 2", 1,
        {"DEAF": 2, "DEAF: x₂ does not depend on the context": 1}),
    "a leak beside it": (Told, f"--context 2 {ALL_AT_ONCE}", 1,
        {f"{NOT_ALLOWED}15": 1, "output x₂ moves by": 2}),
    "sees it": (Told, SEEING, 0, SEES),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_the_report_has_its_words_and_status(run, name):
    make, arguments, expected, words = SAID[name]
    status, said = run(make, 6, *arguments.split())
    assert {word: said.count(word) for word in words} == words
    assert status == expected


def test_many_variables_are_tried_at_some_inputs_without_a_sum(run):
    status, said = run(LooksAhead, 30)
    assert status == 1
    assert "DOES NOT match the logits" in said
    status, said = run(lambda d: nn.Linear(d, d), 30)
    assert status == 1
    assert IN_A_CYCLE in said
    assert "  points     64 random of 2^30\n" in said
    assert "2^30 inputs are too many" in said
    status, said = run(lambda d: MaskedAtFirst(d, d), 30)
    assert status == 1
    assert said.count("no leak") == said.count(IN_A_CYCLE) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mine:Missing", "mine:Missing cannot be checked"),
        ("nothing_there:X", "nothing_there:X cannot be checked"),
        ("torch:zeros", "torch:zeros cannot be checked"),
        ("Model", "got Model: write module:Class"),
    ],
)
def test_models_that_cannot_be_checked_are_named(run, name, words):
    status, said = run(made, name=name)
    assert status == 2
    assert words in said


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="there is no such signal here")
def test_the_command_ends_quietly_when_nobody_reads_its_output():
    command = [sys.executable, "-m", "made_course.leaks", "made_course:MADE", "--input-dim", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
