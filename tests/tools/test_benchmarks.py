"""The benchmark runs and says what it measured. How fast anything is, no test asserts."""

import math
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas
import pytest
import torch
from PIL import Image
from torch import nn

from made_course import MADE, load_table
from tools.benchmarks import __main__ as benchmark
from tools.benchmarks import densities, document, figures, growth, peers, tables
from tools.benchmarks.figures import Configuration, Result

pytestmark = pytest.mark.delivery

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tools.benchmarks", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        check=False,
    )


@pytest.fixture(autouse=True)
def _small_set(monkeypatch, tmp_path):
    monkeypatch.setenv("MADE_COURSE_DATA", str(tmp_path))


def test_all_sections_print_their_tables():
    few = ("--samples", "2", "--hidden", "4", "--sizes", "4,9")
    done = run("--epochs", "1", "--repeats", "1", *few)
    assert done.returncode == 0, done.stderr
    for fact in ("cores to use", "threads of torch", "CPU capability", "torch", "bfloat16 chosen"):
        assert re.search(rf"^- {fact}[^:]*: \S", done.stdout, re.MULTILINE)
    assert "MNIST, small set: 4,000 training and 1,000 test images." in done.stdout
    titles = re.findall(r"^\*\*(\w+)", done.stdout, re.MULTILINE)
    # which libraries are installed here, no test of this one can say
    titles = [title for title in titles if title != "Peers"]
    assert titles == ["Import", "Sampling", "Growth", "Training", "Recipe", "Monitor", "Shipped"]
    assert re.search("^(Peers: without |.*Peers, training)", done.stdout, re.MULTILINE)
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line[:1] == "|"]
    for name in (
        "document, an epoch",
        "train_made, an epoch",
        "a bare loop, float32",
        "fit, bfloat16",
        "2",
        "batch 64",
        "mnist-512",
    ):
        assert rows.count(name) == 1
    of_course = re.sub(r"\*\*Peers.*?(?=\*\*Training)", "", done.stdout, flags=re.DOTALL)
    assert len(re.findall(r"\d×", of_course)) == 1 + 2 + 1 + 6
    assert len(re.findall(r"\d%", done.stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--only", "speed"], "'speed' is none of import, sampling, growth, peers, training"),
        (["--seeds", "0,-1"], "'-1' is no whole number"),
        (["--sizes", "49,49"], "two different numbers or more, got [49, 49]"),
        (["--density-figure", "nowhere/x.png"], "is no .png in a folder that is there"),
        (["--epochs", "0"], "'0' is no whole number above 0"),
    ],
)
def test_options_that_are_none(arguments, fragment, capsys):
    with pytest.raises(SystemExit):
        benchmark.parse(arguments)
    assert fragment in capsys.readouterr().err


def test_products_of_a_training_step_are_counted():
    model = MADE(5, (4, 3), seed=0)
    products = benchmark.products_of(lambda: (-model.log_prob(torch.zeros(7, 5))).mean().backward())
    shapes = [[shape for shape, _, _ in product] for product in products.counts]
    # three layers forward, the gradient of three weights, and of two layers' inputs
    assert sorted(shapes) == sorted(
        [
            *([(7, 5), (5, 4)], [(7, 4), (4, 3)], [(7, 3), (3, 5)]),
            *([(5, 7), (7, 3)], [(3, 7), (7, 4)], [(4, 7), (7, 5)]),
            *([(7, 5), (5, 3)], [(7, 3), (3, 4)]),
        ]
    )
    assert set(products.counts.values()) == {1}
    assert products.dtypes == {torch.float32}
    assert products.seconds() > 0


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_products_of_many_epochs_are_those_of_two(epochs):
    x, w = torch.zeros(2, 3), torch.zeros(3, 4)

    def work(epochs):
        for _ in range(epochs):
            x @ w
        x.T @ x  # once, at the end

    counts = benchmark.products_of_epochs(work, epochs).counts
    assert sorted(counts.values()) == sorted([1, epochs])


def test_the_document_and_the_package_are_one_distribution():
    theirs, ours = benchmark.paired_models((16, 8))
    for one, other in zip(theirs.net, ours.net, strict=True):
        assert torch.equal(one.mask, other.mask)
    torch.manual_seed(1)
    by_document = theirs.sample(3)
    noise = torch.empty(3, 784)
    torch.manual_seed(1)
    for i in torch.argsort(ours.order):
        noise[:, i] = torch.rand(3)
    # in float32 a row may differ from a step on where noise and probability are almost equal
    assert torch.equal(by_document, ours.sample(3, noise=noise))


# ---- peers --------------------------------------------------------------------------------------


def of_document(input_dim, width):
    return document.MADE(input_dim, (width, width), natural_order=True)


def test_peers_print_steps_epochs_and_samples(monkeypatch, capsys):
    monkeypatch.setattr(peers, "PEERS", {"json": of_document, "csv": of_document})
    monkeypatch.setattr(peers, "SAMPLES", 2)
    benchmark.main(["--only", "peers", "--repeats", "1", "--hidden", "4"])
    told = capsys.readouterr().out
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in told.splitlines()
        if line[:1] == "|"
    }
    assert list(rows)[2:6] == ["json", "csv", "fit, float32", "fit, as it runs by default"]
    assert [cell == "" for cell in rows["fit, float32"]] == [True, False, False]
    assert rows["MADE.sample"][1] == ""
    assert "4,000 images an epoch" in told
    assert "All have 7,080 parameters and no leak." in told
    assert len(re.findall(r"^- .* of the fastest peer.*: [\d.]+× in float32, [\d.]+× as it", told,
                          re.MULTILINE)) == 3  # fmt: skip
    assert "without" not in told


def test_peers_that_are_not_installed_are_named(monkeypatch, capsys):
    monkeypatch.setattr(peers, "PEERS", {"no_such_library": of_document, "json": of_document})
    assert list(peers.build_peers(5, 4)) == ["json"]
    assert capsys.readouterr().out.strip() == (
        "Peers: without no_such_library (no module named no_such_library). This installs all: "
        "python -m pip install -r tools/benchmarks/requirements.txt"
    )
    monkeypatch.setattr(peers, "PEERS", {"no_such_library": of_document})
    benchmark.main(["--only", "peers"])
    told = capsys.readouterr().out
    assert "Peers: without no_such_library" in told
    assert "|" not in told


def test_requirements_name_every_peer():
    lines = (ROOT / peers.REQUIREMENTS).read_text().splitlines()
    named = [re.match(r"[a-z]+", line)[0] for line in lines if not line.startswith("#")]
    assert named == [*peers.PEERS, "scikit"]


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
        (leaky, "is no MADE"),
        (constant, "the last output depends on nothing"),
        (deeper, "parameters, ours"),
    ],
)
def test_only_like_is_compared_with_like(build, fragment):
    ours = MADE(6, (16, 16))
    peers.require_made("good", of_document(6, 16), ours)
    with pytest.raises(RuntimeError, match=fragment):
        peers.require_made("bad", build(6, 16), ours)


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_that_is_here_is_a_made(name):
    pytest.importorskip(name, reason=f"needs {peers.REQUIREMENTS}")
    network = peers.PEERS[name](20, 16)
    peers.require_made(name, network, MADE(20, (16, 16)))


def test_a_step_is_a_step_of_fit_and_of_a_loop():
    batches = torch.bernoulli(torch.full((12, 5), 0.5)).split(4)
    stamped = peers.StampedBatches(batches)
    assert len(stamped) == 3
    assert [len(batch) for batch in stamped] == [4, 4, 4]
    assert len(stamped.stamps) == 4  # the last one is asked for and is not there
    stamped.stamps = [0, 1, 3, 13]
    assert stamped.seconds() == 2
    model = MADE(5, (4,), seed=0)
    assert peers.seconds_of_steps(batches, lambda data: benchmark.fit(
        model, data, epochs=1, progress=False)) > 0  # fmt: skip


def test_the_loop_of_the_peers_learns():
    torch.manual_seed(0)
    x = torch.tensor([[0, 1, 1, 0], [1, 0, 1, 0]]).float().repeat(64, 1)
    network = of_document(4, 16)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(40):
        peers.train(network, x.split(16), optimizer)
    assert -network.log_prob(x).mean() < math.log(2) + 0.1
    drawn = peers.sample(network, 200, 4)
    assert (drawn[:, 2:] == torch.tensor([1.0, 0.0])).all(dim=1).float().mean() > 0.9
    assert (drawn[:, 0] != drawn[:, 1]).float().mean() > 0.9


def test_each_step_of_the_peers_has_a_gradient_of_its_own():
    torch.manual_seed(0)
    network = of_document(4, 16)
    first, last = torch.bernoulli(torch.full((2, 8, 4), 0.5))
    still = torch.optim.SGD(network.parameters(), lr=0.0)
    gradients = []
    for batches in ([last], [first, last]):
        peers.train(network, batches, still)
        gradients.append(network.net[-1].bias.grad.clone())
    assert torch.equal(*gradients)


# ---- growth -------------------------------------------------------------------------------------


def test_the_exponent_is_of_the_best_line():
    # by hand: x = 0, 1, 2 and y = 0, 3, 4 have the slope 4 / 2
    assert growth.exponent([1, 2, 4], [1, 8, 16]) == pytest.approx(2)


def test_growth_prints_its_table(capsys):
    benchmark.main(["--only", "growth", "--repeats", "1", "--hidden", "4", "--sizes", "9,4"])
    told = capsys.readouterr().out
    rows = [line.split("|")[1].strip() for line in told.splitlines() if line[:1] == "|"]
    assert rows[2:] == ["4", "9"]
    for way in growth.METHODS.values():
        assert re.search(rf"^- {way}: grows as D\^-?\d", told, re.MULTILINE)


# ---- densities ----------------------------------------------------------------------------------


@pytest.fixture
def _few_points(monkeypatch):
    monkeypatch.setattr(densities, "POINTS", 200)
    monkeypatch.setattr(densities, "TEST_POINTS", 300)
    monkeypatch.setattr(densities, "DRAWN", 7)
    monkeypatch.setattr(densities, "TRAINING", {"epochs": 2, "batch_size": 50, "lr": 0.02})


def test_the_checkerboard_is_even_over_its_black_squares():
    points = densities.checkerboard(80_000)
    corners = points.floor()
    counts = Counter(tuple(corner) for corner in corners.int().tolist())
    assert set(counts) == {(i, j) for i in range(-2, 2) for j in range(-2, 2) if (i + j) % 2 == 0}
    assert sum((count - 10_000) ** 2 / 10_000 for count in counts.values()) < 7 + 5 * 14**0.5
    tenths = torch.histc(points - corners, bins=10, min=0, max=1)
    assert (tenths - 16_000).square().sum() / 16_000 < 9 + 5 * 18**0.5


@pytest.mark.usefixtures("_few_points")
def test_densities_stand_beside_their_entropy_and_are_drawn(tmp_path, capsys):
    path = tmp_path / "densities.png"
    wanted = ["--only", "densities", "--seeds", "3,5", "--density-figure", str(path)]
    benchmark.main(wanted)
    told = capsys.readouterr().out
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in told.splitlines()
        if line[:1] == "|"
    }
    assert list(rows)[2:] == ["two moons", "checkerboard"]
    for name, entropy in {"two moons": "1.008", "checkerboard": "2.079"}.items():
        mean, lowest, highest = map(float, re.findall(r"\d\.\d{3}", rows[name][1]))
        assert rows[name][0] == entropy
        assert mean == pytest.approx((lowest + highest) / 2, abs=0.001)
        assert lowest < highest
        assert float(rows[name][2]) == pytest.approx(mean - float(entropy), abs=0.0011)
    assert "200 points, fit(epochs=2, batch_size=50, lr=0.02), test NLL in differential" in told
    assert re.search(
        rf"^!\[Density over .* 7 points drawn from each\.\]\({path}\)$", told, re.MULTILINE
    )
    with Image.open(path) as image:
        assert image.width > 700


@pytest.mark.usefixtures("_few_points")
@pytest.mark.parametrize("name", densities.TOYS)
def test_no_test_point_is_trained_on(name, monkeypatch):
    met = []

    def evaluate(model, x):
        met.append(x)
        return 0.0

    def fit(model, x, **settings):
        met.append(x)

    monkeypatch.setattr(densities, "fit", fit)
    monkeypatch.setattr(densities, "evaluate", evaluate)
    densities.trained(name, 0)
    train, test = met
    assert (train.shape, test.shape) == ((200, 2), (300, 2))
    assert not torch.isin(train, test).any()


# ---- tables -------------------------------------------------------------------------------------


def two_columns(name, seed):
    """Heights of three kinds, the kind in front."""
    kind = torch.arange(120) % 3
    height = kind + torch.randn(120, generator=torch.Generator().manual_seed(1)) / 2
    frame = pandas.DataFrame({"kind": [f"kind {k}" for k in kind.tolist()], "height": height})
    return load_table(frame, seed=seed)


@pytest.mark.parametrize("name", tables.MODELS)
def test_every_model_of_a_table_is_a_density_of_the_whole_row(name, monkeypatch):
    if "zuko" in name:
        pytest.importorskip("zuko", reason=f"needs {peers.REQUIREMENTS}")
    monkeypatch.setattr(tables, "PATIENCE", 2)
    torch.manual_seed(0)
    model = tables.MODELS[name][0](two_columns(name, 0), 0)
    heights = torch.linspace(-12, 12, 4_001)
    rows = torch.cartesian_prod(torch.arange(3.0), heights)
    with torch.no_grad():
        density = model.log_prob(rows).exp().view(3, -1)
    shares = torch.trapezoid(density, heights)
    assert shares.sum() == pytest.approx(1, abs=1e-3)
    drawn = model.sample(4_000)
    assert drawn.shape == (4_000, 2)
    torch.testing.assert_close(drawn[:, 0].long().bincount() / 4_000, shares, atol=0.04, rtol=0)
    mean = (density * heights).sum() / density.sum()
    assert drawn[:, 1].mean().item() == pytest.approx(mean.item(), abs=0.1)


def test_tables_print_nats_seconds_and_samples(monkeypatch, capsys):
    monkeypatch.setattr(tables, "read", two_columns)
    monkeypatch.setattr(tables, "TABLES", {"heights": ()})
    monkeypatch.setattr(tables, "MODELS", {"Gaussian": [tables.gaussian]})
    benchmark.main(["--only", "tables", "--seeds", "3,5"])
    told = capsys.readouterr().out
    assert "**Tables, heights, 2 columns, 84/18/18 rows, 2 splits" in told
    assert re.search(r"^\| Gaussian \| +\d\.\d\d \(.* to .*\) \| +0\.\d \|", told, re.MULTILINE)


# ---- shipped ------------------------------------------------------------------------------------


def test_what_ships_is_scored_on_images_it_was_not_trained_on(capsys):
    benchmark.main(["--only", "shipped"])
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if line[:1] == "|"]
    nats = {name.strip(): float(value) for _, name, value, _ in lines[2:]}
    assert nats.pop("a coin for each pixel") == 543.4
    # the small set's test images: what notebooks 5 and 6 say of them
    expected = {"independent pixels": 211, "mnist-512": 69}
    expected["mnist-any-order, in one random ordering"] = 96
    assert nats.keys() == expected.keys()
    assert all(abs(nats[name] - value) < 2 for name, value in expected.items())


# ---- figures ------------------------------------------------------------------------------------

SMALL = {"hidden_dims": (4,)}
SHORT = {"epochs": 1, "batch_size": 100, "lr": 0.05}
TINY = {
    "threshold": Configuration("threshold", SMALL, SHORT, 65.8, 65.0, is_timed=True),
    "stochastic": Configuration("stochastic", SMALL, SHORT, 84.2, 83.5),
}


@pytest.fixture
def _tiny(monkeypatch):
    for module in (figures, benchmark):
        monkeypatch.setattr(module, "CONFIGURATIONS", TINY)
    monkeypatch.setattr(document, "EPOCHS", 1)
    monkeypatch.setattr(document, "HIDDEN", (4, 4))


@pytest.mark.usefixtures("_tiny")
def test_figures_print_every_configuration_and_every_seed(capsys):
    benchmark.main(["--only", "figures", "--seeds", "3,5"])
    told = capsys.readouterr().out
    rows = [line.split("|")[1].strip() for line in told.splitlines() if line[:1] == "|"]
    assert rows[2:] == ["threshold", "stochastic"]
    assert len(re.findall(r"\d\.\d\d \(\d+\.\d\d to \d+\.\d\d\)", told)) == 2
    assert len(re.findall(r"seed 3, rows from the top: \d+\.\d\d\d nats, \d+ s", told)) == 2
    assert len(re.findall(r"seed 5, rows from the bottom: \d+\.\d\d\d nats, \d+ s", told)) == 2
    assert "MADE(784, hidden_dims=(4,)), fit(epochs=1, batch_size=100, lr=0.05)" in told
    benchmark.main(["--only", "figures", "--seeds", "3", "--configurations", "stochastic"])
    assert "threshold" not in capsys.readouterr().out.split("**Figures")[1]


@pytest.mark.parametrize("kind", TINY)
def test_test_images_are_met_once_and_never_in_training(kind, monkeypatch):
    seen = []

    def fit(model, train, **settings):
        seen.append("fit")
        rows = train if isinstance(train, torch.Tensor) else torch.cat(list(train))
        assert rows.shape == (4_000, 784)
        assert "valid" not in settings
        return benchmark.fit(model, train, **settings)

    def log_prob(model, x):
        seen.append(len(x))
        return real(model, x)

    real = MADE.log_prob
    monkeypatch.setattr(figures, "fit", fit)
    chosen, trained = TINY[kind], figures.trained(TINY[kind], 0, figures.PIXELS.flatten())
    monkeypatch.setattr(figures, "trained", lambda *_: trained)
    monkeypatch.setattr(MADE, "log_prob", log_prob)
    result = figures.run(chosen, 0)
    assert seen == ["fit", 1_000]
    assert 100 < result.nll < 400  # something was learned: a coin a pixel needs 543


def test_each_seed_has_an_ordering_of_its_own():
    assert all(o.sort().values.equal(torch.arange(784)) for o in figures.ORDERINGS.values())
    assert figures.ORDERINGS["columns from the left"][:3].tolist() == [0, 28, 56]
    assert figures.ORDERINGS["rows from the bottom"][:3].tolist() == [756, 757, 758]
    names = [figures.run(TINY["threshold"], seed).ordering for seed in range(3)]
    assert names == list(figures.ORDERINGS)


def test_the_mixture_averages_probabilities_image_by_image():
    p = torch.tensor([[0.5, 0.1], [0.1, 0.3]], dtype=torch.float64)
    results = [Result("", row.log(), 1.0) for row in p]
    expected = -(math.log(0.3) + math.log(0.2)) / 2
    assert figures.mixture_nll(results) == pytest.approx(expected, rel=1e-12)


def test_the_stochastic_test_draw_is_one_and_training_draws_anew():
    train, test = figures.data_for(TINY["stochastic"])
    torch.manual_seed(7)
    again, same_test = figures.data_for(TINY["stochastic"])
    assert torch.equal(test, same_test)
    torch.manual_seed(figures.TEST_DRAW)
    assert torch.equal(test, benchmark.load_binarized_mnist("small", "stochastic")[1])
    totals = {torch.cat(list(train)).sum().item() for _ in range(3)}
    assert len(totals) == 3
    assert len(next(iter(again))) == SHORT["batch_size"]


def test_a_row_of_figures_says_what_the_mixture_gains():
    log_probs = -torch.tensor([[60.0, 80.0], [82.0, 62.0]], dtype=torch.float64)
    results = [Result("", each, took) for each, took in zip(log_probs, (10.0, 14.0), strict=True)]
    chosen = Configuration("threshold", {}, SHORT, 65.8, 65.0)
    # one of the two gives nearly all of each image's probability, which the mixture halves
    gain = 70.0 - (61.0 + math.log(2))
    assert figures.row("two", chosen, results, 24.0) == (
        "two",
        "71.00 (70.00 to 72.00)",
        "65.8",
        f"{61 + math.log(2):.2f}",
        "65.0",
        f"{gain:.2f}",
        "12",
        "0.50×",
    )
    cells = figures.row("one", chosen, [Result("", log_probs[0], 10.0)], None)
    assert cells == ("one", "70.00", "65.8", "", "", "", "10", "")
