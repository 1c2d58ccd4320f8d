"""What each output depends on: found by flipping, and by gradient where that can be trusted."""

import re

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from made_course import MADE, binary_points, connectivity, direct_mask, measure_dependence
from made_course.leaks import MOST_POINTS, RANDOM_POINTS

CYCLE = [1, 2, 0]  # x2, then x3, then x1


def measure(function, input_dim, seed=0):
    return measure_dependence(function, binary_points(input_dim, seed))


def show_every_path(model, seed=0):
    """Positive weights cannot cancel, and tanh is nowhere flat: each path that exists shows."""
    model.act = nn.Tanh()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.2, 1.0, generator=generator).div_(parameter.shape[-1] ** 0.5)
    return model


def reachable(model):
    return connectivity(model.masks, None if model.direct is None else direct_mask(model.order))


def leak(model):
    """The mistake that the course warns of: ``>=`` at the output."""
    degrees = model.degrees
    model.net[-1].set_mask(degrees[0][:, None] >= degrees[-1][None, :])
    return model


@st.composite
def models(draw, largest=8):
    model = MADE(
        draw(st.integers(1, largest)),
        hidden_dims=draw(st.lists(st.integers(1, 12), max_size=3)),
        natural_order=draw(st.booleans()),
        degrees=draw(st.sampled_from(["uniform", "paper", "even"])),
        direct=draw(st.booleans()),
        seed=draw(st.integers(0, 10**6)),
    )
    return show_every_path(model, draw(st.integers(0, 10**6)))


class Columns(nn.Module):
    """Outputs given one by one, each a function of the whole input."""

    def __init__(self, *outputs):
        super().__init__()
        self.outputs = outputs

    def forward(self, x):
        return torch.stack([output(x) for output in self.outputs], dim=1)


# ---- points -------------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [1, 2, 10])
def test_few_variables_are_tried_at_every_input(input_dim):
    points = binary_points(input_dim)
    assert points.dtype == torch.float32
    rows = {tuple(row) for row in points.tolist()}
    assert points.shape == (2**input_dim, input_dim)
    assert len(rows) == 2**input_dim
    assert set().union(*rows) == {0.0, 1.0}
    assert measure(torch.clone, input_dim).exhaustive


@pytest.mark.parametrize("input_dim", [11, 784])
def test_many_variables_are_tried_at_random_points(input_dim):
    assert 2**10 <= MOST_POINTS < 2**11
    stream = torch.get_rng_state()
    points = binary_points(input_dim, seed=3)
    assert torch.equal(torch.get_rng_state(), stream)
    assert points.shape == (RANDOM_POINTS, input_dim)
    assert points.unique().tolist() == [0, 1]
    assert abs(points.mean() - 0.5) < 0.1
    assert torch.equal(points, binary_points(input_dim, seed=3))
    assert not torch.equal(points, binary_points(input_dim, seed=4))
    assert not measure(torch.clone, 11).exhaustive


def test_points_may_be_chosen():
    x = torch.tensor([[1, 0, 1], [1, 0, 1], [0, 0, 0]])
    found = measure_dependence(lambda x: x, x)
    assert torch.equal(found.points, x.float())
    assert not found.exhaustive
    assert torch.equal(found.by_flip, torch.eye(3).bool())
    everything = binary_points(2)[[0, 3, 3, 1, 2]]
    assert measure_dependence(lambda x: x, everything.bool()).exhaustive


# ---- what is found ------------------------------------------------------------------------------


@given(models())
@settings(max_examples=60)
def test_what_moves_and_what_has_a_slope_is_the_connectivity(model):
    found = measure(model, model.input_dim)
    assert torch.equal(found.by_flip, reachable(model))
    assert torch.equal(found.by_gradient, reachable(model))
    assert found.leaks(torch.argsort(model.order)) == []


@pytest.mark.parametrize(("input_dim", "widths"), [(11, (40,)), (40, (80, 80)), (300, (64,))])
def test_at_random_points_too(input_dim, widths):
    """Of 300 variables several batches are needed."""
    model = show_every_path(MADE(input_dim, widths, natural_order=False, direct=True, seed=0))
    found = measure(model, input_dim)
    assert torch.equal(found.by_flip, reachable(model))
    assert torch.equal(found.by_gradient, reachable(model))
    assert found.leaks(torch.argsort(model.order)) == []


@given(models(), st.integers(0, 10**6))
@settings(max_examples=40)
def test_an_output_mask_that_is_not_strict_leaks_where_the_masks_say(model, seed):
    leak(model)
    ordering = torch.randperm(model.input_dim, generator=torch.Generator().manual_seed(seed))
    found = measure(model, model.input_dim)
    assert torch.equal(found.by_flip, reachable(model))
    step = {variable: t for t, variable in enumerate(ordering.tolist())}
    assert found.leaks(ordering) == [
        (i, j) for i, j in reachable(model).nonzero().tolist() if step[j] >= step[i]
    ]


def test_the_documents_ordering_with_a_leak():
    model = leak(show_every_path(MADE(3, (6,), ordering=CYCLE, degrees="even")))
    assert measure(model, 3).leaks(CYCLE) == [(1, 1), (2, 2)]


def test_the_largest_move_and_where_it_happened():
    model = show_every_path(MADE(5, (16,), ordering=[2, 0, 4, 1, 3], seed=0))
    found = measure(model, 5)
    for j in range(5):
        flipped = found.points.clone()
        flipped[:, j] = 1 - flipped[:, j]
        with torch.no_grad():
            moves = (model(flipped) - model(found.points)).abs().double()
        torch.testing.assert_close(found.largest_move[:, j], moves.amax(dim=0))
        at_the_point = moves[found.moved_at[:, j], torch.arange(5)]
        torch.testing.assert_close(at_the_point, found.largest_move[:, j])


def test_the_largest_slope():
    model = show_every_path(MADE(5, (16,), ordering=[2, 0, 4, 1, 3], seed=0))
    found = measure(model, 5)
    slopes = torch.func.vmap(torch.func.jacrev(model))(found.points).abs().amax(dim=0)
    torch.testing.assert_close(found.largest_slope, slopes.detach().double())


def test_a_single_point_where_it_happens_is_named():
    def conjunction(x):  # output 0 moves with input 2 only where inputs 0 and 1 are 1
        return torch.stack([5 * x[:, 0] * x[:, 1] * x[:, 2], 0 * x[:, 0], 0 * x[:, 0]], dim=1)

    found = measure(conjunction, 3)
    assert found.by_flip.int().tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    point = found.points[found.moved_at[0, 2]]
    assert point[:2].tolist() == [1, 1]
    assert found.largest_move[0, 2] == 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_modules_of_any_dtype(dtype):
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.5)
    found = measure(model, 3)
    assert found.by_flip.all()
    assert found.by_gradient.all()


def test_one_variable():
    found = measure(lambda x: 3 * x, 1)
    assert found.by_flip.tolist() == found.by_gradient.tolist() == [[True]]
    assert found.largest_move.item() == found.largest_slope.item() == 3
    assert measure(MADE(1, (4,)), 1).leaks([0]) == []


def test_outputs_that_are_counted_or_true_or_false():
    assert measure(lambda x: x.long() * 10**9, 3).by_flip.equal(torch.eye(3).bool())
    found = measure(lambda x: x > 0.5, 3)
    assert found.by_flip.equal(torch.eye(3).bool())
    assert found.by_gradient is None


# ---- two traps ----------------------------------------------------------------------------------


def test_dead_relus_hide_a_leak_from_gradients():
    """A step made of ReLUs: at 0 and at 1 one of the two is off, so the slope is zero at both."""
    step = nn.Sequential(nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 2))
    with torch.no_grad():
        for parameter, value in zip(
            step.parameters(),
            ([[0.0, -4.0]], [2.0], [[-1.0]], [1.0], [[1.0], [0.0]], [0.0, 0.0]),
            strict=True,
        ):
            parameter.copy_(torch.tensor(value))
    found = measure(step, 2)
    assert found.exhaustive
    assert not found.by_gradient.any()
    assert found.by_flip.tolist() == [[False, True], [False, False]]
    assert found.leaks([0, 1]) == [(0, 1)]
    assert found.largest_move[0, 1] == 1


def test_relus_that_are_off_at_some_points_hide_it_there_only():
    found = measure(Columns(lambda x: F.relu(x[:, 1] - x[:, 0]), lambda x: 0 * x[:, 0]), 2)
    assert found.by_flip.tolist() == found.by_gradient.tolist() == [[True, True], [False, False]]


def test_a_slope_fakes_a_leak_where_both_ends_are_equal():
    found = measure(lambda x: x**2 - x, 3)
    assert torch.equal(found.by_gradient, torch.eye(3).bool())
    assert found.largest_slope.diagonal().tolist() == [1, 1, 1]
    assert not found.by_flip.any()
    assert found.leaks(CYCLE) == []


def test_two_paths_that_cancel_up_to_rounding_fake_a_leak():
    found = measure(lambda x: 0.1 * x + 0.7 * x - 0.8 * x, 3)
    assert torch.equal(found.by_gradient, torch.eye(3).bool())
    assert 0 < found.largest_slope.max() < 1e-6
    assert not found.by_flip.any()


# ---- what counts as a move ----------------------------------------------------------------------


def with_a_leak_of(size, scale):
    """Logits of a given size, trained as it were, and one true dependence on top of them."""
    model = MADE(12, (64, 64), natural_order=False, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
        model.net[-1].weight.mul_(scale / model(binary_points(12)).abs().max())
        model.net[-1].bias.zero_()
    first = int(torch.argsort(model.order)[0])

    def function(x):
        logits = model(x).clone()
        logits[:, first] += size * x[:, first] + scale / 2
        return logits

    return function, torch.argsort(model.order), first


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 30.0])
def test_a_leak_of_a_ten_thousandth_is_found_in_float32(scale):
    function, ordering, first = with_a_leak_of(1e-4, scale)
    found = measure(function, 12)
    assert found.leaks(ordering) == [(first, first)]
    assert found.largest_move[first, first] == pytest.approx(1e-4, rel=0.05)
    assert measure(with_a_leak_of(0.0, scale)[0], 12).leaks(ordering) == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [0, 1, 30])
@pytest.mark.parametrize(("input_dim", "width"), [(4, 16), (20, 64), (100, 256)])
def test_rounding_is_no_move(input_dim, width, size, seed):
    """Hidden units with a double of the opposite weight, far apart in the sum: all cancels.

    Besides, the outputs see the second half of the inputs, in logits of any size.
    """
    generator = torch.Generator().manual_seed(seed)
    half = input_dim // 2
    inwards = torch.randn(width, input_dim, generator=generator) / input_dim**0.5
    outwards = torch.randn(input_dim, width, generator=generator) / width**0.5
    real_inwards = torch.randn(width, input_dim, generator=generator) / input_dim**0.5
    real_inwards[:, :half] = 0
    real_outwards = torch.randn(input_dim, width, generator=generator) / width**0.5
    largest = torch.relu(binary_points(input_dim) @ real_inwards.T) @ real_outwards.T
    real_outwards *= size / largest.abs().max()
    outwards *= max(1, size / 5)
    shuffled = torch.randperm(3 * width, generator=generator)
    first = torch.cat([inwards, inwards, real_inwards])[shuffled]
    last = torch.cat([outwards, -outwards, real_outwards], dim=1)[:, shuffled]
    found = measure(lambda x: torch.relu(x @ first.T) @ last.T, input_dim)
    assert found.largest_move[:, :half].max() > 0, "nothing was rounded"
    assert not found.by_flip[:, :half].any()
    assert found.by_flip[:, half:].any() == (size > 0)
    assert found.by_gradient[:, :half].any()


def test_without_a_path_an_output_keeps_every_bit():
    model = MADE(100, (256, 256), natural_order=False, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(10)
    found = measure(model, 100)
    assert (found.largest_move[~reachable(model)] == 0).all()
    assert (found.largest_slope[~reachable(model)] == 0).all()


def test_the_tolerance_follows_dtype_and_size():
    def of_size(size, dtype=torch.float32):
        return measure(lambda x: (x * size).to(dtype), 2).tolerance.max().item()

    eps = torch.finfo(torch.float32).eps
    assert of_size(1) == of_size(4) == 64 * eps
    assert of_size(100) == 1600 * eps
    assert of_size(1, torch.float64) < 1e-13
    assert of_size(1, torch.int64) == 0
    each = measure(lambda x: x * torch.tensor([1.0, 1000.0]), 2).tolerance
    assert each[1] == 250 * each[0]


# ---- the model is only looked at ----------------------------------------------------------------


def test_dropout_is_off_and_modes_stay():
    model = show_every_path(MADE(4, (16,), dropout=0.5, seed=0)).train()
    model.net[0].eval()  # each module's own mode, not only the model's
    modes = [module.training for module in model.modules()]
    assert measure(model, 4).by_flip.equal(reachable(model))
    assert [module.training for module in model.modules()] == modes


def test_modes_stay_when_it_fails():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))
    with pytest.raises(ValueError, match="one output for each variable"):
        measure(model, 3)
    assert {module.training for module in model.modules()} == {True}


def test_nothing_of_a_model_changes():
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stream = torch.get_rng_state()
    with torch.no_grad():  # gradients are measured all the same
        assert measure(model, 3).by_gradient is not None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert {parameter.grad for parameter in model.parameters()} == {None}
    assert torch.equal(torch.get_rng_state(), stream)


def test_a_function_may_write_into_what_it_is_given_and_what_it_returns():
    last = []

    def careless(x):
        if last and last[0].shape == x.shape:
            last[0].fill_(7)
        x[:, 1:] = x[:, :-1].clone()
        x[:, 0] = 0
        last[:] = [x.detach()]
        return x

    points = binary_points(4)
    found = measure_dependence(careless, points)
    assert torch.equal(points, binary_points(4))
    expected = torch.diag(torch.ones(3), -1).bool()
    assert torch.equal(found.by_flip, expected)
    assert torch.equal(found.by_gradient, expected)


# ---- functions without gradients ----------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.detach().roll(1, dims=1),
        lambda x: torch.from_numpy(x.numpy()[:, [2, 0, 1]].copy()),
        lambda x: x.detach().roll(1, dims=1) + torch.zeros(1, requires_grad=True),
        torch.no_grad()(lambda x: x.roll(1, dims=1)),
        torch.inference_mode()(lambda x: x.roll(1, dims=1)),
    ],
    ids=["detached", "numpy", "of other things only", "no_grad", "inference_mode"],
)
def test_a_function_without_gradients_is_measured_by_flips_alone(function):
    found = measure(function, 3)
    assert found.largest_slope is None
    assert found.by_gradient is None
    assert found.leaks(CYCLE) == [(1, 0)]  # x1 and x3 come after what they see


def test_a_slope_that_is_no_number_counts_as_one():
    found = measure(lambda x: 0 * x.sqrt(), 2)
    assert found.largest_slope.diagonal().isinf().all()
    assert found.by_gradient.diagonal().all()
    assert not found.by_flip.any()


# ---- functions that cannot be measured ----------------------------------------------------------


def batch_norm(x):
    return F.batch_norm(x, None, None, training=True)


def fails(x):
    raise KeyError("no such layer")


@pytest.mark.parametrize(
    ("function", "error", "fragment"),
    [
        ("model", TypeError, "function must be a callable (B, D) → (B, D), got 'model'"),
        (fails, ValueError, "the function raised KeyError on an input of shape (1024, 3): 'no suc"),
        (nn.Linear(4, 4), ValueError, "the function raised RuntimeError on an input of shape (102"),
        (lambda x: x.tolist(), TypeError, "a tensor of real numbers (B, D), got list"),
        (lambda x: None, TypeError, "a tensor of real numbers (B, D), got NoneType"),
        (lambda x: (x, x), TypeError, "a tensor of real numbers (B, D), got tuple"),
        (lambda x: x + 1j, TypeError, "a tensor of real numbers (B, D), got torch.complex64"),
        (lambda x: x.sum(1), ValueError, "shape (1024, 3) for an input of that shape, got (1024,)"),
        (lambda x: x[:, :2], ValueError, "for an input of that shape, got (1024, 2)"),
        (lambda x: x.T, ValueError, "for an input of that shape, got (3, 1024)"),
        (lambda x: x.log(), ValueError, "got -inf from output 0 (counted from 0) at x = [0, 0, 0]"),
        (lambda x: x / 0, ValueError, "outputs must be finite, got nan from output 0"),
        (torch.rand_like, ValueError, "two calls on the same input gave outputs that differ by"),
        (F.dropout, ValueError, "as dropout does in training mode. Call eval() on the model"),
        (batch_norm, ValueError, "rows influence one another, as with BatchNorm in training mode"),
        (lambda x: x - x.mean(0), ValueError, "when only other rows of the batch changed"),
        (lambda x: x.roll(1, 0), ValueError, "rows influence one another"),
        (lambda x: x.sort(dim=0).values, ValueError, "rows influence one another"),
        (lambda x: x + 1e-3 * x[0], ValueError, "outputs of a row moved by up to 0.001"),
        (lambda x: x + 1e-3 * x[-1], ValueError, "rows influence one another"),
    ],
)
def test_a_function_that_cannot_be_measured(function, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        measure(function, 3)


def test_what_a_function_raised_is_kept():
    with pytest.raises(ValueError, match="raised KeyError") as caught:
        measure(fails, 3)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("input_dim", [1, 3, 11])
def test_a_little_dropout_is_noticed_however_few_variables(input_dim):
    layer = nn.Sequential(nn.Linear(input_dim, 4), nn.Dropout(0.01), nn.Linear(4, input_dim))
    with pytest.raises(ValueError, match="draws random numbers"):
        measure(lambda x: layer(x), input_dim)
    assert measure(layer, input_dim).by_flip.all()


def test_batch_norm_in_training_mode_is_no_leak_of_the_module_itself():
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)).train()
    with pytest.raises(ValueError, match="rows influence one another"):
        measure(lambda x: model(x), 3)
    assert measure(model, 3).by_flip.all()
    whatever_mode = nn.BatchNorm1d(3, track_running_stats=False).eval()
    with pytest.raises(ValueError, match="rows influence one another"):
        measure(whatever_mode, 3)


@pytest.mark.parametrize(
    ("x", "error", "fragment"),
    [
        ([[0, 1]], TypeError, "x must be a torch.Tensor, got list"),
        (torch.zeros(3), ValueError, "x must have shape (n, D), one point a row, got (3,)"),
        (torch.zeros(0, 3), ValueError, "x must have shape (n, D), one point a row, got (0, 3)"),
        (torch.full((2, 3), 0.5), ValueError, "x must hold only 0 and 1"),
        (torch.full((2, 3), torch.nan), ValueError, "x must hold only 0 and 1"),
    ],
)
def test_points_that_are_none(x, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        measure_dependence(lambda x: x, x)


@pytest.mark.parametrize(
    ("arguments", "error", "fragment"),
    [
        ((0,), ValueError, "input_dim must be at least 1, got 0"),
        ((2.5,), TypeError, "input_dim must be a whole number, got 2.5"),
        ((3, -1), ValueError, "seed must be at least 0, got -1"),
        ((3, None), TypeError, "seed must be a whole number, got None"),
    ],
)
def test_arguments_of_points_that_are_none(arguments, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        binary_points(*arguments)


@pytest.mark.parametrize(
    ("ordering", "error", "fragment"),
    [
        ([0, 1], ValueError, "ordering must name each of 3 variables, got 2"),
        ([1, 2, 3], ValueError, "ordering must be a permutation of 0..2"),
        ("x1", TypeError, "ordering must be a tensor or a list of whole numbers"),
    ],
)
def test_leaks_against_what_is_no_ordering(ordering, error, fragment):
    with pytest.raises(error, match=re.escape(fragment)):
        measure(lambda x: x, 3).leaks(ordering)
