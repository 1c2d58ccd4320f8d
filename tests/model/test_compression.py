"""What was compressed comes back, in as many bytes as it is worth, or there is a clear error."""

import math
import random
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from made_course import (
    MADE,
    Bernoulli,
    Categorical,
    PixelCNN,
    bars_and_stripes,
    compress,
    decompress,
    load_binarized_mnist,
    load_pretrained,
    sample_from_bytes,
)
from made_course.model import compression, sampling
from made_course.model.compression import HEADER, WHOLE, rounded
from tests.networks import (
    CYCLE,
    binary,
    every_row,
    networks,
    nothing_changes,
    p_value,
    with_weights,
)


def bits_of(model, rows):
    """-log₂ p of all rows."""
    with torch.no_grad():
        return -model.log_prob(rows).sum().item() / math.log(2)


def wide():
    """A model whose sums depend on their order, unless it is rounded, and rows that it draws."""
    model = MADE(150, (80, 70), natural_order=False, direct=True, seed=0).double()
    with_weights(model, 2.0)
    return model, model.sample(60, generator=torch.Generator().manual_seed(1))


def small():
    return with_weights(MADE(5, (6,), ordering=[3, 0, 4, 1, 2], seed=0), 2.0)


# ---- there and back -----------------------------------------------------------------------------


@st.composite
def models_and_rows(draw):
    """Rows of the model's, and rows that it has not met."""
    model = draw(networks(Bernoulli(), draw(st.sampled_from([8, 2 * sampling.BLOCK + 6]))))
    model.act = nn.ReLU()
    model.to(draw(st.sampled_from([torch.float32, torch.float64])))
    seed = draw(st.integers(0, 10**6))
    generator = torch.Generator().manual_seed(seed)
    drawn = model.sample(draw(st.integers(1, 20)), generator=generator)
    return model, torch.cat([drawn, binary(20, model.input_dim, seed).to(drawn)])


@given(models_and_rows(), st.integers(0, 40))
@settings(max_examples=80)
def test_what_was_compressed_comes_back(model_and_rows, n):
    model, rows = model_and_rows
    rows = rows[:n]
    file = compress(model, rows)
    back = decompress(model, file)
    assert torch.equal(back, rows)
    assert back.dtype == rows.dtype
    assert len(file) <= 16 + bits_of(rounded(model), rows) / 8 + 1e-6


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float64])
def test_rows_of_any_dtype_come_back_in_the_model_s(dtype):
    rows = binary(5, 5)
    back = decompress(small(), compress(small(), rows.to(dtype)))
    assert back.dtype == torch.float32
    assert torch.equal(back, rows)


@pytest.mark.parametrize("n", [6, 7, 8, 20])
def test_more_rows_than_are_coded_together_make_one_file(n, monkeypatch):
    monkeypatch.setattr(compression, "ROWS_AT_ONCE", 7)
    rows = binary(n, 5)
    file = compress(small(), rows)
    assert torch.equal(decompress(small(), file), rows)
    assert len(file) <= 16 + bits_of(rounded(small()), rows) / 8 + 1e-6


def test_the_masks_in_use_count():
    model = with_weights(MADE(5, (6,), natural_order=False, num_masks=3, seed=0), 2.0)
    rows = binary(9, 5)
    files = []
    for _ in range(3):
        files.append(compress(model, rows))
        model.resample_masks()
    assert len(set(files)) == 3
    assert torch.equal(decompress(model, files[0]), rows)
    with pytest.raises(ValueError, match="^data were written with another model"):
        decompress(model, files[1])
    with model.under(model.mask_sets.member(1)):
        assert torch.equal(decompress(model, files[1]), rows)


def test_a_model_in_training_codes_as_at_rest_and_is_left_alone():
    model = with_weights(MADE(5, (6,), dropout=0.5, seed=0), 2.0)
    file = compress(deepcopy(model).eval(), binary(9, 5))
    with nothing_changes(model):
        assert compress(model, binary(9, 5)) == file
        decompress(model, file)


# ---- everywhere the same numbers ----------------------------------------------------------------


@pytest.fixture
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("together", [1, 7, 60])
def test_outputs_are_the_same_to_the_last_bit_in_batches_of_any_size(threads, together):
    model, rows = wide()
    own = rounded(model)
    torch.set_num_threads(1)
    with torch.no_grad():
        expected = own(rows)
        torch.set_num_threads(threads)
        found = torch.cat([own(part) for part in rows.split(together)])
    assert torch.equal(found, expected)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("block", [1, 1000])
def test_a_decoder_may_add_in_another_order(block, monkeypatch):
    model, rows = wide()
    rows = rows[:20]
    torch.set_num_threads(1)
    file = compress(model, rows)
    torch.set_num_threads(2)
    monkeypatch.setattr(sampling, "BLOCK", block)
    assert torch.equal(decompress(model, file), rows)
    assert compress(model, rows) == file


def test_outputs_are_those_of_whole_numbers():
    model, rows = wide()
    own = rounded(model)
    in_256ths = [
        [(256 * p).long() for p in (layer.masked_weight(), layer.bias)] for layer in own.net
    ]
    h = 256 * rows.long()
    for weight, bias in in_256ths:
        z = h @ weight.T + 256 * bias  # of 2⁻¹⁶
        h = (z.clamp(min=0).double() / 256).round().long()
    z += 256 * rows.long() @ (256 * own.direct.masked_weight()).long().T
    with torch.no_grad():
        assert torch.equal(2**16 * own(rows), z.double())


def test_shares_are_those_of_the_sigmoid():
    steps = torch.arange(-20 * 32, 20 * 32 + 1, dtype=torch.float64)
    shares = compression._shares(steps / 32)
    inside = steps.abs() <= 11 * 32
    expected = WHOLE * torch.sigmoid(steps[inside] / 32)
    assert (shares[inside] - expected).abs().max() < 0.5 + 1e-6
    assert torch.equal(shares + shares.flip(0), torch.full_like(shares, WHOLE))
    assert shares.min() == 1


def test_a_file_of_another_machine_is_read():
    """Written once, and kept here: the format stays, and so do the numbers."""
    file = bytes.fromhex("4d310000001e35841754fffe0003df8688e9e954e78d6d246fba98ab565076586180")
    tiny = load_pretrained("tiny")
    assert torch.equal(decompress(tiny, file), bars_and_stripes())
    assert compress(tiny, bars_and_stripes()) == file


# ---- what it takes ------------------------------------------------------------------------------


def test_a_file_of_digits_is_as_long_as_they_are_worth():
    model, (_, digits, _) = load_pretrained(), load_binarized_mnist("small")
    file = compress(model, digits[:100])
    for p in (model, rounded(model)):  # rounded, it knows digits as well
        assert 8 * len(file) <= 1.005 * bits_of(p, digits[:100]) + 8 * 16
    assert torch.equal(decompress(model, file), digits[:100])


# ---- dice that come from bytes ------------------------------------------------------------------


@given(st.integers(1, 300), st.sampled_from([0.1, 1, 3, 30]), st.integers(0, 10**6))
def test_any_number_names_bits_and_is_found_again(length, scale, seed):
    """Also where what is left of the interval lies around a number of few digits for long."""
    dice = random.Random(seed)
    logits = scale * torch.randn(length, 1, generator=torch.Generator().manual_seed(seed))
    shares = compression._shares(logits[:, 0]).tolist()
    for data in (dice.randbytes(400), b"\x80", b"\x7f" + b"\xff" * 700, b"\x35\x10" + bytes(99)):
        bits = compression._FromBytes(data).sample(logits, logits)
        file = compression._digits(zip(shares, bits.tolist(), strict=True))
        assert torch.equal(compression._FromBytes(file).sample(logits, logits), bits)
        worth = -sum(
            math.log2((s if b else WHOLE - s) / WHOLE) for s, b in zip(shares, bits, strict=True)
        )
        assert len(file) <= worth / 8 + 2 + 1e-6


def test_random_bytes_draw_what_the_model_draws():
    model = with_weights(MADE(4, (8,), ordering=[[2, 1], [3], [0]], seed=0), 1.0)
    rows = every_row(4)
    with torch.no_grad():
        p = rounded(model).log_prob(rows).exp()
    samples = sample_from_bytes(model, 20_000, random.Random(0).randbytes(20_000))
    assert samples.shape == (20_000, 4)
    assert p_value(samples, rows, p) > 0.001
    assert p_value(samples, rows, p.flip(0)) < 1e-6


def test_a_file_without_header_and_checksum_draws_its_rows():
    rows = binary(50, 5)
    file = compress(small(), rows)
    assert torch.equal(sample_from_bytes(small(), 50, file[HEADER.size : -4]), rows)


def test_zeros_follow_the_last_byte():
    model = small()
    assert torch.equal(sample_from_bytes(model, 3, b""), torch.ones(3, 5))  # 0 is always below p
    drawn = [sample_from_bytes(model, 40, bytes([k])) for k in range(256)]
    assert len({tuple(rows.ravel().tolist()) for rows in drawn}) == 256
    for k in (0, 1, 77):
        assert torch.equal(sample_from_bytes(model, 40, bytes([k]) + bytes(50)), drawn[k])


# ---- what is refused ----------------------------------------------------------------------------

DAMAGED = r"^data of \d+ bytes are damaged or cut short"
FOREIGN = r"^data must be what compress returned, got bytes that begin b'"


def test_one_wrong_bit_is_noticed_wherever_it_is():
    file = compress(small(), binary(9, 5))
    for k in range(8 * len(file)):
        wrong = bytearray(file)
        wrong[k // 8] ^= 1 << k % 8
        with pytest.raises(ValueError, match=FOREIGN if k < 16 else DAMAGED):
            decompress(small(), bytes(wrong))


def test_a_file_that_was_cut_short_or_lengthened_is_noticed():
    file = compress(small(), binary(9, 5))
    for other in (*(file[:k] for k in range(len(file))), file + b"\0", file + file):
        with pytest.raises(ValueError, match=DAMAGED if len(other) > 1 else FOREIGN):
            decompress(small(), other)


@pytest.mark.parametrize("data", ["M1", [77, 49], None])
def test_what_is_no_bytes_is_refused(data):
    for read in (decompress, lambda model, data: sample_from_bytes(model, 1, data)):
        with pytest.raises(TypeError, match=f"^data must be bytes, got {type(data).__name__}$"):
            read(small(), data)


@torch.no_grad()
def heavier(model):
    model.net[1].weight[4, 3] += 1 / 256


@torch.no_grad()
def biased(model):
    model.net[1].bias[4] += 1 / 256


@pytest.mark.parametrize("change", [heavier, biased])
def test_another_model_is_refused(change):
    model = MADE(5, (6,), degrees="even", seed=0)
    file = compress(model, binary(9, 5))
    change(model)
    with pytest.raises(ValueError, match="^data were written with another model: decompress needs"):
        decompress(model, file)


def test_another_ordering_is_another_model():
    """Even of independent variables, whose conditionals are the same in any."""
    one, other = (MADE(3, (), ordering=ordering) for ordering in (CYCLE, [0, 1, 2]))
    for model in (one, other):
        for parameter in model.parameters():
            nn.init.zeros_(parameter)
    with pytest.raises(ValueError, match="another model"):
        decompress(other, compress(one, binary(9, 3)))


@torch.no_grad()
def with_weight(value):
    model = small()
    model.net[0].weight[0, 0] = value
    return model


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        (PixelCNN(2, channels=4, layers=1), TypeError, "model must be a MADE, got PixelCNN"),
        (MADE(5, head=Categorical(2)), ValueError, r"the model's head is Categorical\(2\)"),
        (MADE(5, activation="tanh"), ValueError, r"is Tanh\(\), whose last digits differ .*relu"),
        (MADE(5, activation="silu"), ValueError, r"is SiLU\(\), whose last digits differ .*relu"),
        (with_weight(1e8), ValueError, r"at most 16,777,216 in all .* got 100,000,0\d\d"),
        (with_weight(math.nan), ValueError, r"to be added exactly, got nan"),
    ],
)
def test_a_model_that_machines_disagree_on_is_refused(model, kind, message):
    file = compress(small(), binary(9, 5))
    for work in (
        lambda: compress(model, binary(9, 5)),
        lambda: decompress(model, file),
        lambda: sample_from_bytes(model, 1, b""),
    ):
        with pytest.raises(kind, match=message):
            work()


@pytest.mark.parametrize(
    ("rows", "kind", "message"),
    [
        ([[0, 1, 0, 1, 1]], TypeError, "x must be a torch.Tensor, got list"),
        (torch.zeros(5), ValueError, r"x must have shape \(B, 5\), got \(5,\)"),
        (torch.full((2, 5), 0.5), ValueError, "binary data must hold only 0 and 1, got 0.5"),
    ],
)
def test_rows_that_are_none_are_refused(rows, kind, message):
    with pytest.raises(kind, match=message):
        compress(small(), rows)
