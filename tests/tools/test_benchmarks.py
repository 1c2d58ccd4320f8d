"""The benchmark runs and says what it measured. How fast anything is, no test asserts."""

import math
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from torch import nn

from made_course import MADE, load_table
from tools.benchmarks import __main__ as benchmark
from tools.benchmarks import (
    compression,
    document,
    figures,
    peers,
    rates,
    sampling,
    tables,
)

pytestmark = pytest.mark.delivery

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    """The small set, and all of it short."""
    monkeypatch.setenv("MADE_COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(document, "EPOCHS", 1)
    monkeypatch.setattr(document, "HIDDEN", (4, 4))
    monkeypatch.setattr(sampling, "SIZES", (4, 9))
    monkeypatch.setattr(peers, "SAMPLES", 2)
    monkeypatch.setattr(peers, "PEERS", {"json": of_document, "csv": of_document})


def of_document(input_dim, width):
    return document.MADE(input_dim, (width, width), natural_order=True)


def told(capsys, *arguments):
    """All that it prints, and its rows by their first cell."""
    benchmark.main(arguments)
    printed = capsys.readouterr().out
    cells = [line.strip("| ").split("|") for line in printed.splitlines() if line[:1] == "|"]
    return printed, {name.strip(): [cell.strip() for cell in row] for name, *row in cells}


def test_sections_print_their_tables(capsys):
    printed, rows = told(capsys, "--repeats", "1")
    for fact in ("processor", "threads of torch", "CPU capability", "torch", "bfloat16 is faster"):
        assert re.search(rf"^- {fact}[^:]*: \S", printed, re.MULTILINE)
    assert "MNIST, small set: 4,000 training and 1,000 test images." in printed
    titles = re.findall(r"^\*\*(\w+)", printed, re.MULTILINE)
    assert titles == ["Sampling", "Peers", "Peers", "Recipe", "Shipped"]
    for name in ("4", "9", "fit, float32", "MADE.sample", "document", "fit, bfloat16"):
        assert name in rows
    assert "all with 7,080 parameters and no leak" in printed
    # the small set's test images: what notebooks 5 and 6 say of them
    assert rows["a coin for each pixel"] == ["543.4"]
    expected = {"independent pixels": 211, "mnist-512": 69}
    expected["mnist-any-order, in one random ordering"] = 96
    assert all(abs(float(rows[name][0]) - value) < 2 for name, value in expected.items())


def test_the_document_and_the_package_are_one_distribution():
    ours, theirs = MADE(20, (16, 8), natural_order=False, seed=0), document.MADE(20, (16, 8), False)
    theirs.connect(ours.order, ours.degrees[1:])
    with torch.no_grad():
        for to, come in zip(theirs.parameters(), ours.net.parameters(), strict=True):
            to.copy_(come)
    x = torch.bernoulli(torch.full((8, 20), 0.3))
    torch.testing.assert_close(theirs.log_prob(x), ours.log_prob(x))
    torch.manual_seed(1)
    by_document, noise = theirs.sample(3), torch.empty(3, 20)
    torch.manual_seed(1)
    for i in torch.argsort(ours.order):
        noise[:, i] = torch.rand(3)
    assert torch.equal(by_document, ours.sample(3, noise=noise))


# ---- peers --------------------------------------------------------------------------------------


def test_peers_that_are_not_installed_are_named(monkeypatch, capsys):
    monkeypatch.setattr(peers, "PEERS", {"no_such_library": of_document})
    printed, rows = told(capsys, "--only", "peers")
    assert "without no_such_library (No module named 'no_such_library')" in printed
    assert rows == {}


def test_requirements_name_every_peer():
    lines = (ROOT / "tools/benchmarks/requirements.txt").read_text().splitlines()
    named = [re.match(r"[a-z]+", line)[0] for line in lines if not line.startswith("#")]
    assert {"zuko", "nflows", "pyro"} <= set(named)


def leaky(input_dim, width):
    model = of_document(input_dim, width)
    model.net[-1].set_mask(torch.ones(input_dim, width))
    return model


def constant(input_dim, width):
    model = of_document(input_dim, width)
    nn.init.zeros_(model.net[-1].weight)
    return model


def deeper(input_dim, width):
    return document.MADE(input_dim, (width,) * 3, natural_order=True)


@pytest.mark.parametrize(
    ("build", "fragment"),
    [
        (leaky, "is not a MADE"),
        (constant, "the last output depends on none"),
        (deeper, "parameters, ours"),
    ],
)
def test_only_like_is_compared_with_like(build, fragment):
    with pytest.raises(RuntimeError, match=fragment):
        peers.require_made("bad", build(6, 16), MADE(6, (16, 16)))


def test_the_loop_of_the_peers_learns():
    torch.manual_seed(0)
    x = torch.tensor([[0, 1, 1, 0], [1, 0, 1, 0]]).float().repeat(64, 1)
    network = of_document(4, 16)
    peers.train(network, x.repeat(300, 1).split(16))
    assert -network.log_prob(x).mean() < math.log(2) + 0.1
    drawn = peers.sample(network, 200, 4)
    assert (drawn[:, 2:] == torch.tensor([1.0, 0.0])).all(dim=1).float().mean() > 0.9
    assert (drawn[:, 0] != drawn[:, 1]).float().mean() > 0.9


# ---- tables -------------------------------------------------------------------------------------


def heights(n=300):
    """Return whole heights of three kinds, some of them the same for all."""
    draw = np.random.default_rng(0)
    kind = np.arange(n) % 3
    height = np.where(draw.random(n) < 0.2, 100, 100 + 20 * kind + draw.normal(0, 9, n).round())
    return pandas.DataFrame({"kind": np.array(["a", "b", "c"])[kind], "height": height})


def test_nats_of_cells_are_those_of_the_entropy():
    data = load_table(heights(3000), seed=0)
    alone, together = tables.independent(data, 0), tables.made(data, 0)
    height = -(0.2 * math.log(0.2) + 0.8 * math.log(0.8 / 9 / math.sqrt(2 * math.pi * math.e)))
    assert together == pytest.approx(math.log(3) + height, abs=0.15)
    assert alone > together + 0.3


def test_tables_print_nats_of_three_models(monkeypatch, capsys):
    monkeypatch.setattr(tables, "TABLES", {"few": heights})
    monkeypatch.setattr(tables, "PATIENCE", 2)
    if find_spec("zuko") is None:
        monkeypatch.setattr(tables, "flows", tables.independent)
        monkeypatch.setitem(tables.MODELS, "zuko's best flow", tables.independent)
    monkeypatch.setattr(tables, "CANDIDATES", tables.CANDIDATES[:1])
    _, rows = told(capsys, "--only", "tables", "--seeds", "3", "5")
    values = [float(cell.split(" (")[0]) for cell in rows["few, 210"]]
    assert len(values) == 3
    assert all(3 < value < 8 for value in values)


def test_rates_print_a_row_for_each_set_and_rate(monkeypatch, capsys):
    monkeypatch.setattr(rates, "SETS", {"votes": rates.SETS["votes"]})
    monkeypatch.setattr(rates, "HIDDEN", (4,))
    monkeypatch.setattr(rates, "PATIENCE", 1)
    _, rows = told(capsys, "--only", "rates", "--seeds", "0")
    assert {"votes, 0.03", "votes, 0.01", "votes, falling"} < set(rows)


# ---- bytes --------------------------------------------------------------------------------------


def test_contexts_are_what_a_decoder_has_read_before():
    rows = torch.zeros(2, 784)
    rows[0, 28 * 10 + 9] = rows[0, 28 * 27 + 27] = 1
    seen = compression.contexts(rows).view(2, 28, 28)
    places = {tuple(place): seen[0][tuple(place)].item() for place in seen[0].nonzero().tolist()}
    assert len(places) == 16
    assert sorted(places.values()) == [2**k for k in range(16)]
    assert all(10 <= y <= 12 and (y, x) > (10, 9) for y, x in places)
    assert places[10, 10] == 1
    assert seen[1].sum() == 0  # the image before is another


def test_contexts_are_counted_by_hand():
    # by hand: of blank pixels the first costs 1 bit, the next log2(4 / 3), then log2(6 / 5), ...
    bits = sum(math.log2((k + 1) / (k + 0.5)) for k in range(784))
    assert compression.counted_while_coding(torch.zeros(1, 784)) == pytest.approx(bits / 8)
    assert compression.counted(torch.zeros(1, 784), torch.zeros(3, 784)) == pytest.approx(
        784 * math.log2((3 * 784 + 1) / (3 * 784 + 0.5)) / 8
    )


def test_bytes_of_every_way_stand_beside_made_s(capsys, monkeypatch):
    monkeypatch.setattr(compression, "DIGITS", 80)
    _, rows = told(capsys, "--only", "bytes", "--repeats", "1")
    sizes = {name: float(row[0]) for name, row in rows.items() if len(row) == 2 and "." in row[0]}
    assert sizes["MADE, the file"] == pytest.approx(sizes["MADE, −log₂ p / 8"], rel=0.03)
    assert {"bz2", "lzma", "zlib", "WebP, one sheet", "PNG, one sheet"} < sizes.keys()
    assert min(sizes, key=sizes.get).startswith("MADE")


# ---- figures ------------------------------------------------------------------------------------

SHORT = {"hidden_dims": (4,)}, {"epochs": 1, "batch_size": 100, "lr": 0.05}


def test_figures_print_every_configuration(capsys, monkeypatch):
    monkeypatch.setattr(figures, "CONFIGURATIONS", dict.fromkeys(figures.CONFIGURATIONS, SHORT))
    printed, rows = told(capsys, "--only", "figures", "--seeds", "3", "5")
    for name in figures.CONFIGURATIONS:
        mean, lowest, highest = map(float, re.findall(r"\d+\.\d\d", rows[name][0]))
        assert mean == pytest.approx((lowest + highest) / 2, abs=0.01)
        assert float(rows[name][1]) < mean  # the mixture
    assert "MADE {'hidden_dims': (4,)}, fit {'epochs': 1," in printed


@pytest.mark.parametrize("binarize", figures.CONFIGURATIONS)
def test_training_never_sees_the_test_images(binarize, monkeypatch):
    seen, real_fit = [], figures.fit

    def fit(model, train, **settings):
        rows = train if isinstance(train, torch.Tensor) else torch.cat(list(train))
        assert rows.shape == (4_000, 784)
        assert "valid" not in settings
        seen.append(model.order.tolist())
        return real_fit(model, train, **settings)

    monkeypatch.setattr(figures, "fit", fit)
    found = [figures.log_prob_of(binarize, *SHORT, seed) for seed in (0, 1)]
    assert 100 < -found[0].mean() < 400  # something was learned: a coin per pixel needs 543
    assert seen[0] != seen[1]
    assert all(o.sort().values.equal(torch.arange(784)) for o in figures.ORDERINGS)
