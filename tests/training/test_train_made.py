"""train_made: the lines that it prints, and equal results from a plain loop."""

import math
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from made_course import evaluate, save_samples_grid, train_made
from made_course.shipped.measured import load_runs
from made_course.training import train_made as module
from tools.benchmarks import plain_recipe


@pytest.fixture
def tiny_mnist(monkeypatch):
    """Replace MNIST by 96 and 40 images of noise, and return a list of the batch sizes used."""
    generator = torch.Generator().manual_seed(1)
    shares = torch.rand(784, generator=generator)
    train, test = (torch.bernoulli(shares.expand(n, 784), generator=generator) for n in (96, 40))
    asked = []

    def loaders(batch_size):
        asked.append(batch_size)
        return DataLoader(train, batch_size, shuffle=True), DataLoader(test, batch_size)

    monkeypatch.setattr(module, "make_mnist_loaders", loaders)
    return train, test, asked


def test_train_made_prints_the_lines_of_the_document(tiny_mnist, capsys):
    _, test, asked = tiny_mnist
    model = train_made(epochs=11, hidden=(16, 8), lr=5e-3, batch_size=32, natural_order=False)
    lines = capsys.readouterr().out.split("\n")
    form = r"Epoch (\d\d) \| train NLL: (\d+\.\d{3}) \| test NLL: (\d+\.\d{3}) \| bpd: (\d\.\d{3})"
    found = [re.fullmatch(form, line) for line in lines[:11]]
    assert [match[1] for match in found] == [f"{epoch:02d}" for epoch in range(1, 12)]
    nll = evaluate(model, test)
    assert found[-1][3] == f"{nll:.3f}"
    assert found[-1][4] == f"{nll / (784 * math.log(2)):.3f}"
    assert float(found[-1][2]) < float(found[0][2]) - 5
    parameters = 784 * 16 + 16 + 16 * 8 + 8 + 8 * 784 + 784
    assert lines[11:] == ["", f"MADE parameters: {parameters:,}", ""]
    assert asked == [32]
    assert not torch.equal(model.order, torch.arange(1, 785))
    assert not model.training


def test_train_made_is_adam_at_a_constant_rate(tiny_mnist, capsys):
    train, test, _ = tiny_mnist
    torch.manual_seed(0)
    by_package = train_made(epochs=3, hidden=(16,), batch_size=32)

    torch.manual_seed(0)
    loader = DataLoader(train, 32, shuffle=True)
    by_hand = plain_recipe.MADE(784, (16,), natural_order=True)
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=2e-3, foreach=False, fused=False)
    for _ in range(3):
        for x in loader:
            optimizer.zero_grad()
            (-by_hand.log_prob(x).mean()).backward()
            optimizer.step()
        list(DataLoader(test, 32))  # because a loader draws a random number each time
    assert torch.equal(by_package.order, torch.arange(1, 785))
    for one, other in zip(by_package.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


@pytest.mark.full_mnist
def test_the_last_cell_of_the_document(tmp_path, monkeypatch, capsys):
    """Compare its first epoch with that of the shipped run, which ends at 86.4 nats."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = train_made(epochs=1, hidden=(512, 512), lr=2e-3, batch_size=512, natural_order=False)
    save_samples_grid(model, "made_samples.png", n=36)
    lines = capsys.readouterr().out.splitlines()
    assert "60,000 training and 10,000 test images" in lines[0]
    found = re.findall(r"(\d+\.\d{3})", lines[1])
    plain = load_runs("recipe")["ladder"][0]  # two seeds, half a nat apart
    assert float(found[0]) == pytest.approx(plain.train_nll[:, 0].mean().item(), abs=1.5)
    assert float(found[1]) == pytest.approx(plain.test_nll[:, 0].mean().item(), abs=1.5)
    assert lines[-2:] == ["MADE parameters: 1,066,768", "Saved samples to made_samples.png"]
    with Image.open("made_samples.png") as picture:
        assert picture.size == (182, 182)
        # about 13% of a digit's pixels are ink: neither an empty grid nor noise
        ink = (np.asarray(picture.convert("L")) > 127).mean()
    assert 0.08 < ink < 0.16
