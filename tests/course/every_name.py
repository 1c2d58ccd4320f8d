"""Every public name, used as a program of a reader's may: read by type checkers, never run."""

from pathlib import Path
from typing import assert_type

import torch
from torch import Tensor, nn

import made_course as mc
from made_course.figures import plot_masks


def masks_and_model() -> mc.MADE:
    order: Tensor = mc.input_degrees([1, 2, 0])
    order = mc.input_degrees([[1, 2], [0]])
    degrees = mc.draw_degrees(order, (4, 4), draw="even")
    degrees[0] = mc.hidden_degrees(order, 4, 3, generator=torch.Generator())
    masks = mc.build_masks([order, *degrees])
    direct = mc.direct_mask(order)
    layers: list[Tensor] = [*masks]
    layers.append(mc.connectivity(masks, direct))
    layer = mc.MaskedLinear(3, 4)
    layer.set_mask(masks[0])

    heads: list[mc.Head] = [mc.Bernoulli(), mc.Categorical(5), mc.MixtureOfGaussians(10)]
    heads.append(mc.Gaps(heads[0]))
    heads.append(mc.Mixed(heads))
    model = mc.MADE(3, (4, 4), ordering=torch.tensor([1, 2, 0]), head=heads[0], num_masks=None)
    mc.MADE(3, activation=nn.GELU, degrees="paper", ordering=[[1, 2], [0]])
    model.save(Path("model.pt"))
    assert_type(mc.MADE.load("model.pt"), mc.MADE)
    model.resample_masks()
    assert_type(model.n_parameters(), int)
    assert_type(model.log_prob(torch.zeros(1, 3), ensemble=4), Tensor)
    assert_type(model.sample(2, method="naive", noise=torch.rand(2, 3)), Tensor)
    return model


def completion(model: mc.MADE, x: Tensor, known: Tensor) -> mc.Completion:
    degrees, _ = mc.completion_degrees(model, known, ordering=[1, 2, 0])
    degrees[0] = model.order
    found = mc.complete(model, x, known, n_samples=8)
    assert_type(found.draw(3), Tensor)
    assert_type(found.class_shares(0), Tensor)
    return found


def peers(rows: Tensor) -> dict[str, float]:
    models: list[nn.Module] = [mc.FVSBN(3), mc.NADE(3, 4, ordering=[1, 2, 0])]
    return {str(model): mc.total_probability(model) for model in models}


def relatives() -> list[nn.Module]:
    writer = mc.Transformer(8, width=16, layers=1, heads=2, head=mc.Categorical(5))
    parts = [mc.CausalAttention(8, 2), mc.MaskedConvolution(1, 4, reach=1, strict=True)]
    return [writer, mc.PixelCNN(4, channels=8, layers=1), *parts]


def leaks(model: mc.MADE) -> Tensor:
    dependence: mc.Dependence = mc.measure_dependence(model, mc.binary_points(3))
    return dependence.largest_move


def data() -> list[Tensor]:
    table: mc.Table = mc.load_table(mc.example_table(), split=(0.6, 0.2, 0.2))
    train, test, name = mc.load_binarized_mnist("small", binarize="stochastic")
    grey, _, _ = mc.load_mnist(name="auto")
    loaders = mc.make_mnist_loaders(batch_size=64)
    labels, _ = mc.mnist_labels("small")
    folders: set[Path] = {mc.mnist_folder(), mc.download_mnist()}
    assert_type(name, str)
    assert len(folders) == len(loaders[0])
    toys = [mc.bars_and_stripes(), mc.rain_diary(), mc.two_moons(9)]
    assert table.inverse(table.rows).shape == (335, 33)
    return [*table, train, test, grey, labels, *toys]


def training(rows: Tensor, loader_rows: Tensor) -> mc.History:
    def stop(model: mc.MADE, history: mc.History) -> bool:
        return history.train_nll[-1] < 1

    model = mc.train_made(epochs=1, hidden=(16,))
    assert_type(mc.evaluate(model, rows), float)
    return mc.fit(model, rows, loader_rows, patience=3, checkpoint=Path("fit.pt"), on_epoch=stop)


def shipped() -> mc.MADE:
    return mc.load_pretrained("mnist-any-order")


def shown(model: mc.MADE) -> None:
    mc.save_samples_grid(model, Path("samples.png"), n=4)
    print(plot_masks(model.masks, model.degrees).alt)
    mc.expect(69.1, 69.4, within=2, name="NLL", unit="bits")


def widgets(model: mc.MADE, x: Tensor) -> list[object]:
    return [
        mc.CompletionPlayer(model, x),
        mc.MaskExplorer(),
        mc.SamplingPlayer(model, real=x),
        mc.__version__,
    ]
