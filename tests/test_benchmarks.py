"""The benchmark runs and says what it measured. How fast anything is, no test asserts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from made_course import MADE
from tests.benchmarks import __main__ as benchmark
from tests.benchmarks import document

ROOT = Path(__file__).parents[1]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments],
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
    done = run("--epochs", "1", "--repeats", "1", "--samples", "2", "--hidden", "4")
    assert done.returncode == 0, done.stderr
    for fact in ("cores to use", "threads of torch", "CPU capability", "torch", "bfloat16 chosen"):
        assert re.search(rf"^- {fact}[^:]*: \S", done.stdout, re.MULTILINE)
    assert "MNIST, small set: 4,000 training and 1,000 test images." in done.stdout
    titles = re.findall(r"^\*\*(\w+)", done.stdout, re.MULTILINE)
    assert titles == ["Import", "Sampling", "Training", "Recipe", "Monitor"]
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line[:1] == "|"]
    for name in (
        "document, an epoch",
        "train_made, an epoch",
        "fit, its defaults",
        "2",
        "batch 64",
    ):
        assert rows.count(name) == 1
    assert len(re.findall(r"\d×", done.stdout)) == 1 + 3 + 1
    assert len(re.findall(r"\d%", done.stdout)) == 1 + 3 + 1 + 2


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--only", "speed"], "'speed' is none of import, sampling, training, recipe, monitor"),
        (["--samples", "1,x"], "'x' is no whole number above 0"),
        (["--epochs", "0"], "'0' is no whole number above 0"),
    ],
)
def test_options_that_are_none(arguments, fragment, capsys):
    with pytest.raises(SystemExit):
        benchmark.parse(arguments)
    assert fragment in capsys.readouterr().err


def test_every_option_has_its_help(capsys):
    with pytest.raises(SystemExit):
        benchmark.parse(["--help"])
    shown = capsys.readouterr().out
    for option in ("--only", "--epochs", "--repeats", "--recipe-repeats", "--samples", "--hidden"):
        assert option in shown
    assert "matrix-product limit" in shown


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


def test_the_document_loads_its_images_one_by_one():
    train, test = document.make_loaders(batch_size=300)
    x = next(iter(test))
    assert (len(train.dataset), len(test.dataset)) == (4_000, 1_000)
    assert x.shape == (300, 784)
    assert x.unique().tolist() == [0, 1]
    assert torch.equal(x, benchmark.load_binarized_mnist("small")[1][:300])
