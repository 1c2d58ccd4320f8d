"""``python -m made_course.leaks``: what it says of honest and of leaking models, and its status."""

import sys

import numpy
import pytest
import torch
from torch import nn

from made_course import MADE, NADE, MaskedLinear, Transformer
from made_course.leaks.__main__ import main
from made_course.model.masks import build_masks


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
    assert "Notice" not in said


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


# What hears too little


@pytest.fixture
def made_by(here, monkeypatch):
    """Let ``mine:Model`` be what a function makes."""
    return lambda make: monkeypatch.setattr(sys.modules[__name__], "Model", make, raising=False)


def second_deaf(input_dim):
    """Honest, and no unit has degree 1."""
    model = MADE(input_dim, (32,), ordering=[2, 0, 1, 4, 5, 3])
    masks = build_masks([model.order, torch.arange(32) % 4 + 2])
    for layer, mask in zip(model.net, masks, strict=True):
        layer.set_mask(mask)
    return model


def with_output(change, make=HONEST["MADE"][0]):
    """A model whose last layer was changed after it was made."""

    def made(input_dim):
        model = make(input_dim)
        with torch.no_grad():
            change(model.net[-1])
        return model

    return made


def border_pixel_that_died(layer):
    layer.weight[4] = 0


def starts_at_zero(layer):
    layer.weight.zero_()
    layer.bias.zero_()


def one_unit_that_is_off(input_dim):
    """The first output hears its context by one unit, which is off for every context."""
    model = Told(input_dim, units=6)
    with torch.no_grad():
        model.net[0].bias[0] = -9
    return model


def test_an_output_deaf_to_its_context_is_named_and_is_no_leak(capsys, made_by):
    made_by(lambda d: Told(d, lowest=1))
    status, said = run(capsys, "mine:Model", 6, "--context", "2")
    assert status == 1
    assert said.count("no leak") == said.count("1.000000 over 2^8") == 2
    assert said.endswith("DEAF: x₁ hears nothing of the context, whatever the weights\n")


def test_an_output_may_hear_others_and_be_deaf_to_the_context(capsys, made_by):
    made_by(lambda d: Told(d, told_from=2))
    status, said = run(capsys, "mine:Model", 6, "--context", "2")
    assert status == 1
    assert "DEAF: x₂ hears nothing of the context" in said
    assert said.count("DEAF") == 2


@pytest.mark.parametrize(
    "make",
    [
        Told,
        one_unit_that_is_off,
        with_output(border_pixel_that_died, Told),
        with_output(starts_at_zero, Told),
    ],
)
def test_a_model_that_hears_its_context_passes_in_silence(capsys, made_by, make):
    made_by(make)
    status, said = run(
        capsys, "mine:Model", 6, "--context", "2", "--ordering", "[0, 1, 2, 3, 4, 5]"
    )
    assert status == 0
    assert said.count("no leak: each output sees earlier variables alone, in order x") == 2
    assert "hears" not in said


def test_with_one_variable_hidden_degrees_from_0_are_what_nflows_has(capsys, made_by):
    made_by(lambda d: Told(d, lowest=1))
    assert run(capsys, "mine:Model", 1, "--context", "2")[0] == 0


def test_a_leak_beside_a_context_is_a_leak(capsys, made_by):
    made_by(Told)
    status, said = run(
        capsys, "mine:Model", 6, "--context", "2", "--ordering", "[[0, 1, 2, 3, 4, 5]]"
    )
    assert status == 1
    assert "LEAK: pairs that the ordering does not allow: 15" in said
    assert "output x₂ moves by" in said


def test_what_hears_none_of_its_predecessors_is_noticed(capsys, made_by):
    made_by(second_deaf)
    status, said = run(capsys, "mine:Model", 6, "--ordering", "[2, 0, 1, 4, 5, 3]")
    assert status == 0
    assert "Notice: x₁ hears nothing of 1 input that it may hear, whatever the weights\n" in said
    assert said.count("Notice") == 1
    status, said = run(capsys, "mine:Model")
    assert status == 0
    assert "Notice: x₁ and x₃ hear nothing, whatever the weights: only what is drawn first" in said


@pytest.mark.parametrize(
    ("make", "ordering"),
    [
        (HONEST["MADE"][0], "[2, 0, 1, 4, 5, 3]"),
        (with_output(border_pixel_that_died), "[2, 0, 1, 4, 5, 3]"),
        (with_output(starts_at_zero), "[2, 0, 1, 4, 5, 3]"),
        (lambda d: MADE(d, (32,), ordering=[[2, 0, 1], [4, 5, 3]]), "[[2, 0, 1], [4, 5, 3]]"),
    ],
)
def test_what_hears_nothing_rightly_or_by_its_weights_alone_is_not(capsys, made_by, make, ordering):
    made_by(make)
    status, said = run(capsys, "mine:Model", 6, "--ordering", ordering)
    assert status == 0
    assert "Notice" not in said


# What an honest forward in evaluation mode, at random points, does not show


class LooksAhead(MADE):
    """Honest logits, and a log-probability that shifts each variable's by its successor."""

    def log_prob(self, x):
        ahead = x.roll(-1, 1)
        return torch.distributions.Bernoulli(logits=self(x) + ahead).log_prob(x).sum(1)


class Behind(nn.Module):
    """The first output sees the last variable where a given row stands in front."""

    def __init__(self, input_dim, front=(1,) * 12):
        super().__init__()
        self.front = front

    def forward(self, x):
        is_open = (x[:, 1 : len(self.front) + 1] == x.new_tensor(self.front)).all(1)
        return torch.cat([(x[:, -1] * is_open)[:, None], x[:, :-1]], dim=1)


class InTraining(MADE):
    """Honest in evaluation mode alone."""

    def forward(self, x):
        logits = super().forward(x)
        return logits + x if self.training else logits


class Half(nn.Module):
    """Honest, and computed in bfloat16, as is its log-probability."""

    def __init__(self, input_dim):
        super().__init__()
        self.made = MADE(input_dim, (32,), seed=0)

    def forward(self, x):
        return self.made(x).bfloat16()

    def log_prob(self, x):
        logits = self(x)
        return torch.distributions.Bernoulli(logits=logits).log_prob(x.bfloat16()).sum(1)


class Batched(nn.Module):
    """In training mode, what a row gets depends on the other rows."""

    def __init__(self, input_dim):
        super().__init__()
        self.made, self.norm = MADE(input_dim, (32,), seed=0), nn.BatchNorm1d(input_dim)

    def forward(self, x):
        return self.norm(self.made(x))


def test_a_log_prob_that_looks_ahead_of_an_honest_forward_is_found(capsys, here):
    status, said = run(capsys, "mine:LooksAhead")
    assert status == 1
    assert "no leak" in said
    assert said.count("  log_prob   NOT what the logits say: up to ") == 2
    status, said = run(capsys, "mine:LooksAhead", 30)
    assert status == 1
    assert "NOT what the logits say" in said


def test_a_leak_behind_twelve_ones_is_found(capsys, here):
    status, said = run(capsys, "mine:Behind", 30)
    assert status == 1
    assert "LEAK: pairs that see in a circle, which no ordering allows: " in said
    assert "96 of 2^30 inputs: random ones, zeros, ones, a single one\n" in said


def test_a_leak_that_only_real_rows_open_is_found_by_them(capsys, here, monkeypatch, tmp_path):
    front = (1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1)
    monkeypatch.setattr(sys.modules[__name__], "Model", lambda d: Behind(d, front), raising=False)
    assert run(capsys, "mine:Model", 30)[0] == 0
    rows = torch.zeros(5, 30).int()
    rows[3, 1:15] = torch.tensor(front)
    numpy.save(tmp_path / "rows.npy", rows.numpy())
    status, said = run(capsys, "mine:Model", 30, "--rows", str(tmp_path / "rows.npy"))
    assert status == 1
    assert "101 of 2^30 inputs: random ones, zeros, ones, a single one, 5 rows of yours\n" in said


def test_all_inputs_are_said_to_be_all(capsys, made_by):
    made_by(HONEST["MADE"][0])
    assert run(capsys, "mine:Model")[1].count("  points     all 2^6 inputs\n") == 2


def test_a_leak_in_training_mode_alone_is_found(capsys, here):
    status, said = run(capsys, "mine:InTraining")
    assert status == 1
    assert "output x₁ moves by 1 when x₁ is flipped, in training mode alone" in said


def test_dropout_is_no_leak(capsys, made_by):
    made_by(lambda d: MADE(d, (64,), dropout=0.5, seed=0))
    status, said = run(capsys, "mine:Model")
    assert (status, said.count("no leak")) == (0, 2)


def test_rows_that_influence_one_another_in_training_mode_are_said(capsys, here):
    status, said = run(capsys, "mine:Batched")
    assert status == 0
    assert "  training   not measured: outputs of a row moved by up to" in said


def test_bfloat16_is_no_leak(capsys, here):
    status, said = run(capsys, "mine:Half")
    assert (status, said.count("no leak")) == (0, 2)
    assert "NOT" not in said
