"""Completions: they follow the joint distribution, exactly or by their weights."""

import warnings

import pytest
import torch
from torch import nn

import made_course.model.completion as completion
from made_course import MADE, complete, completion_degrees
from tests.networks import (
    COLUMNS,
    HEADS,
    every_row,
    nothing_changes,
    p_value,
    under,
    uniforms,
    with_weights,
)

pytestmark = pytest.mark.filterwarnings("ignore:the effective sample size")
DRAWS = 20_000
KNOWN = torch.tensor([False, True, False, True, True, False, False])
ROW = torch.tensor([[1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]])


def seven(**arguments):
    defaults = {"natural_order": False, "direct": True, "conditioning": True, "seed": 2}
    model = MADE(7, (16, 16), **{**defaults, **arguments}).double()
    return with_weights(model, 1.5, seed=4)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def given_the_known(model, x, known):
    """Return all rows that agree with x in the known variables, and their conditional p."""
    rows = every_row(model.input_dim)
    rows = rows[(rows == x)[:, known].all(dim=1)]
    return rows, torch.softmax(model.log_prob(rows), dim=0)


# ---- in an ordering that begins with the known variables ----------------------------------------

WANTED = [5, 2, 0, 6, 4, 1, 3]
FIRST = {
    "groups": ({"ordering": [[1, 3], [4], [0, 2, 6], [5]]}, None),
    "a group known in part": ({"ordering": [[1, 3], [0, 2, 4, 6], [5]], "num_masks": 3}, None),
    "one group": ({"ordering": [[0, 1, 2, 3, 4, 5, 6]]}, None),
    "given, 3 sets": ({"ordering": [4, 3, 1, 6, 0, 2, 5], "num_masks": 3}, None),
    "any": ({"num_masks": None}, None),
    "any, wanted": ({"num_masks": None}, WANTED),
}


@pytest.mark.parametrize(("arguments", "wanted"), FIRST.values(), ids=FIRST)
def test_completions_follow_the_conditional_of_their_ordering(arguments, wanted):
    model = seven(**arguments)
    degrees, is_exact = completion_degrees(model, KNOWN, wanted)
    assert is_exact
    assert degrees[0][KNOWN].max() <= degrees[0][~KNOWN].min()
    found = complete(model, ROW, KNOWN, DRAWS, ordering=wanted, generator=generator())
    assert found.log_weights is None
    assert found.effective_sample_size.tolist() == [DRAWS]
    samples = found.samples[0]
    assert torch.equal(samples[:, KNOWN], ROW[:, KNOWN].double().expand(DRAWS, 3))
    rows, p = given_the_known(under(model, degrees), ROW, KNOWN)
    assert p.max() < 0.9
    assert p_value(samples, rows, p) > 1e-4
    if model.num_masks is None:  # the ordering in use would give other results
        assert p_value(samples, *given_the_known(model, ROW, KNOWN)) < 1e-12


def test_known_variables_are_first_and_then_their_neighbours():
    model = seven(num_masks=None)

    def ordering(known, wanted=None):
        return torch.argsort(completion_degrees(model, known, wanted)[0][0]).tolist()

    for _ in range(2):  # the same each time, for any masks in use
        assert ordering(KNOWN) == [1, 3, 4, 0, 2, 5, 6]
        assert ordering(KNOWN.int().flip(0)) == [5, 3, 2, 6, 4, 1, 0]  # away from the known
        assert ordering(KNOWN, torch.tensor(WANTED)) == [4, 1, 3, 5, 2, 0, 6]
        model.resample_masks()
    # if the known variables come first in the masks in use, these masks are used
    known = torch.zeros(7, dtype=torch.bool).index_fill(0, torch.argsort(model.order)[:3], True)
    assert all(map(torch.equal, completion_degrees(model, known)[0], model.degrees))


def test_a_stored_ordering_with_the_known_first_is_taken():
    model = seven(num_masks=12, seed=5)
    orders = [model.mask_sets.degrees(number)[0] for number in range(12)]
    known = orders[7] <= 3
    fitting = [number for number in range(12) if orders[number][known].max() == 3]
    assert 0 not in fitting
    degrees, is_exact = completion_degrees(model, known)
    assert is_exact
    assert all(map(torch.equal, degrees, model.mask_sets.degrees(fitting[0])))
    natural = MADE(4, (8, 8), num_masks=3, seed=0)  # all sets fit, so the set in use is used
    natural.resample_masks()
    degrees, _ = completion_degrees(natural, torch.tensor([True, True, False, False]))
    assert all(map(torch.equal, degrees, natural.degrees))


# ---- importance weights -------------------------------------------------------------------------


@pytest.mark.parametrize("num_masks", [2, None])
def test_weights_correct_for_late_known_variables(num_masks):
    model, n = seven(ordering=[0, 1, 2, 3, 4, 5, 6], num_masks=num_masks), 50_000
    model.resample_masks()
    found = complete(model, ROW, KNOWN, n, generator=generator())
    rows, p = given_the_known(model, ROW, KNOWN)
    places = (rows == found.samples[0, :, None]).all(dim=2).int().argmax(dim=1)
    weighted = torch.zeros(len(rows)).double().index_add_(0, places, found.shares[0])
    plain = torch.bincount(places, minlength=len(rows)) / n
    size = found.effective_sample_size.item()
    assert size == pytest.approx(1 / found.shares[0].square().sum().item())
    assert size > 500
    assert (weighted - p).abs().max() < 4 * (0.25 / size) ** 0.5  # four standard errors at most
    assert (plain - p).abs().max() > 0.02, "without weights it is another distribution"
    torch.testing.assert_close(found.mean[0], p @ rows.double(), rtol=0, atol=0.04)
    with torch.no_grad():
        each = model.log_conditionals(found.samples[0])
    torch.testing.assert_close(found.log_weights[0], each[:, KNOWN].sum(dim=1))


@pytest.mark.parametrize(("worth", "is_warned"), [(1, True), (7, True), (8, False)])
def test_unequal_weights_are_reported(worth, is_warned):
    """x2 copies x1 and is known to be 1, so only samples whose x1 is 1 count."""
    model = with_weights(MADE(2, hidden_dims=()), 0)
    with torch.no_grad():
        model.net[0].weight[1, 0] = 60.0
        model.net[0].bias[1] = -30.0
    noise = torch.ones(1, 8, 2)
    noise[0, :worth] = 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = complete(model, torch.ones(1, 2), torch.tensor([False, True]), 8, noise=noise)
    assert found.effective_sample_size.item() == pytest.approx(worth)
    assert [warning.filename for warning in caught] == [__file__] * is_warned
    for warning in caught:
        assert f"size is only {worth}.0 of 8" in str(warning.message)
        assert "Use .draw(n), .mean or .class_shares(i)" in str(warning.message)


def test_rows_without_weights_have_zeros_beside_rows_with_weights():
    known = torch.stack([torch.arange(7) < 3, torch.arange(7) == 2])
    found = complete(seven(natural_order=True), ROW.expand(2, 7), known, 50)
    assert found.log_weights[0].eq(0).all()
    assert found.effective_sample_size[0].item() == pytest.approx(50)
    assert found.effective_sample_size[1] < 49.99


# ---- heads, rows and noise ----------------------------------------------------------------------


@pytest.mark.parametrize("head", [*HEADS, COLUMNS], ids=repr)
@pytest.mark.parametrize("num_masks", [1, None])
def test_every_head_is_completed_from_its_own_conditionals(head, num_masks):
    model = MADE(6, (12,), natural_order=False, head=head, num_masks=num_masks, seed=1).double()
    with_weights(model, 0.5)
    known = torch.tensor([False, True, False, False, True, True])
    x, noise = model.sample(3, noise=uniforms(3, 6)), uniforms(3, 4, 6)
    found = complete(model, x, known, 4, noise=noise)
    assert torch.equal(found.samples[..., known], x[:, None, known].expand(3, 4, 3))
    assert (found.log_weights is None) == (num_masks is None)
    member = under(model, completion_degrees(model, known)[0])
    rows = found.samples.flatten(0, 1)
    with torch.no_grad():
        params = head.reshape_outputs(member(rows).flatten(1))
    drawn = head.sample(params, noise.flatten(0, 1))
    torch.testing.assert_close(rows[:, ~known], drawn[:, ~known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("num_masks", [1, None])
@pytest.mark.filterwarnings("error")
def test_all_known_none_known_and_no_row(num_masks):
    model = seven(num_masks=num_masks, natural_order=num_masks is None)
    whole = complete(model, ROW, torch.ones(7), 3)
    assert torch.equal(whole.samples, ROW.double().expand(1, 3, 7))
    assert whole.log_weights is None
    noise = uniforms(2, 5, 7)
    new = complete(model, ROW.expand(2, 7), torch.zeros(7), 5, noise=noise)
    torch.testing.assert_close(new.shares, torch.full((2, 5), 0.2).double())
    for rows, u in zip(new.samples, noise, strict=True):  # what sample draws from the same noise
        assert torch.equal(rows, model.sample(5, noise=u))
    for known in (KNOWN, KNOWN.expand(0, 7)):
        none = complete(model, ROW[:0], known, 3)
        assert none.samples.shape == (0, 3, 7)
        assert none.effective_sample_size.shape == (0,)


@pytest.mark.parametrize("num_masks", [1, None])
def test_rows_may_have_different_known_variables(num_masks, monkeypatch):
    model = seven(num_masks=num_masks)
    x, known = uniforms(6, 7).round(), uniforms(6, 7, seed=1) < 0.5
    known[3] = known[5] = known[0]
    noise = uniforms(6, 4, 7)
    together = complete(model, x, known, 4, noise=noise)
    for row in range(6):
        alone = complete(model, x[row : row + 1], known[row], 4, noise=noise[row : row + 1])
        assert torch.equal(together.samples[row], alone.samples[0])
    sizes, draw = [], completion.sample_incremental  # in chunks, the same

    def record(model, noise, *given):
        sizes.append(len(noise))
        return draw(model, noise, *given)

    monkeypatch.setattr(completion, "sample_incremental", record)
    for at_once in (3, 8):  # also the four samples of one row
        monkeypatch.setattr(completion, "SAMPLES_AT_ONCE", at_once)
        chunks = complete(model, x, known, 4, noise=noise)
        assert torch.equal(chunks.samples, together.samples)
        assert max(sizes) == at_once


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32])
def test_rows_of_any_dtype_with_anything_in_unknown_places(dtype):
    model, noise = seven(num_masks=None), uniforms(1, 3, 7)
    expected = complete(model, ROW, KNOWN, 3, noise=noise).samples
    assert expected.dtype == torch.float64
    for rows in (ROW.to(dtype), ROW.where(KNOWN, torch.nan), ROW.where(KNOWN, 2.0)):
        found = complete(model, rows, KNOWN.to(dtype), 3, noise=noise).samples
        assert torch.equal(found, expected)


def test_completions_come_from_the_given_stream():
    model = seven(dropout=0.3)
    with nothing_changes(model):
        first = complete(model, ROW, KNOWN, 50, generator=generator(3)).samples
    torch.manual_seed(3)
    assert torch.equal(complete(model, ROW, KNOWN, 50).samples, first)
    assert not torch.equal(complete(model, ROW, KNOWN, 50).samples, first)


def test_neither_dropout_nor_autocast_changes_completions():
    model = with_weights(MADE(40, (30, 30), direct=True, dropout=0.5, seed=0), 2.0).eval()
    x, known = uniforms(3, 40).round(), torch.arange(40) > 36
    noise = uniforms(3, 20, 40, dtype=torch.float32)
    expected = complete(model, x, known, 20, noise=noise)
    model.train()
    model.net[1].eval()
    with nothing_changes(model), torch.autocast("cpu", torch.bfloat16):
        found = complete(model, x, known, 20, noise=noise)
    assert torch.equal(found.samples, expected.samples)
    assert torch.equal(found.log_weights, expected.log_weights)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, r"^complete needs a MADE, got Linear$", {"model": nn.Linear(7, 7)}),
        (ValueError, r"x must have shape \(B, 7\), got \(7,\): .* x\[None\]", {"x": ROW[0]}),
        (ValueError, r"must hold only 0 and 1, got 0\.5 and 1 more", {"x": ROW / 2}),
        (TypeError, r"known must be a torch\.Tensor, got list", {"known": [True] * 7}),
        (ValueError, r"known must have shape \(7,\) or \(1, 7\), got \(6,\)", {"known": KNOWN[1:]}),
        *(
            (ValueError, r"known must hold only True and False", {"known": KNOWN * factor})
            for factor in (torch.nan, 0.5, 2)
        ),
        (ValueError, r"n_samples must be at least 1, got 0", {"n_samples": 0}),
        (ValueError, r"noise must have .* \(1, 2, 7\), got \(2, 7\)", {"noise": torch.rand(2, 7)}),
        (ValueError, "either noise or a", {"noise": torch.rand(1, 2, 7), "generator": generator()}),
    ],
)
def test_bad_arguments_are_refused(error, message, arguments):
    model = seven(num_masks=None, dropout=0.5)
    with nothing_changes(model), pytest.raises(error, match=message):
        complete(**{"model": model, "x": ROW, "known": KNOWN, "n_samples": 2, **arguments})


@pytest.mark.parametrize("arguments", [{"num_masks": 3}, {"num_masks": None, "ordering": WANTED}])
def test_an_ordering_needs_a_model_trained_for_any(arguments):
    with pytest.raises(ValueError, match="^ordering needs a model that was trained for any"):
        complete(seven(**arguments), ROW, KNOWN, ordering=WANTED)


def test_degrees_of_a_completion_need_an_ordering_and_one_row_of_known():
    with pytest.raises(ValueError, match="^ordering must be a permutation"):
        completion_degrees(seven(num_masks=None), KNOWN, [0, 1, 2, 3, 4, 5, 5])
    with pytest.raises(ValueError, match=r"known must have shape \(7,\), got \(1, 7\)"):
        completion_degrees(seven(), KNOWN[None])
