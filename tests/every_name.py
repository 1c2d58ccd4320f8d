"""Every public name, used as a program of a reader's may: read by type checkers, never run."""

from pathlib import Path
from typing import assert_type

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

import made_course as mc
from made_course.trajectory import Trajectory


def masks_and_model() -> mc.MADE:
    order: Tensor = mc.input_degrees([1, 2, 0])
    degrees = mc.draw_degrees(order, (4, 4), draw="even")
    degrees[0] = mc.hidden_degrees(order, 4, 3, generator=torch.Generator())
    masks = mc.build_masks([order, *degrees])
    direct = mc.direct_mask(order)
    layers: list[Tensor] = [*masks]
    layers += mc.leaking_connections(masks, ~mc.connectivity(masks, direct))
    layers += mc.paths_through(masks, layer=1, unit=0)
    layer = mc.MaskedLinear(3, 4)
    layer.set_mask(masks[0])

    heads: list[mc.Head] = [mc.Bernoulli(), mc.Categorical(5), mc.MixtureOfGaussians(10)]
    heads.append(mc.Mixed(heads))
    model = mc.MADE(3, (4, 4), ordering=torch.tensor([1, 2, 0]), head=heads[0], num_masks=None)
    mc.MADE(3, activation=nn.GELU, degrees="paper")
    model.save(Path("model.pt"))
    assert_type(mc.MADE.load("model.pt"), mc.MADE)
    model.resample_masks()
    assert_type(model.n_parameters(), int)
    assert_type(model.log_prob(torch.zeros(1, 3), ensemble=4), Tensor)
    assert_type(model.sample(2, method="naive", noise=torch.rand(2, 3)), Tensor)
    return model


def completion(model: mc.MADE, x: Tensor, known: Tensor) -> mc.Completion:
    degrees, _ = mc.completion_degrees(model, known, ordering=[1, 2, 0])
    assert_type(mc.conditional(model, x, len(degrees)), Tensor)
    found = mc.complete(model, x, known, n_samples=8)
    assert_type(found.draw(3), Tensor)
    assert_type(found.class_shares(0), Tensor)
    return found


def peers(rows: Tensor) -> dict[str, float]:
    models: list[nn.Module] = [
        mc.DenseAutoencoder(3, (4,)),
        mc.FVSBN(3, ordering=[1, 2, 0]),
        mc.IndependentBernoullis(3),
        mc.NADE(3, 4),
    ]
    return {str(model): mc.total_probability(model) for model in models}


def leaks(model: mc.MADE) -> Tensor:
    dependence: mc.Dependence = mc.measure_dependence(model, mc.binary_points(3))
    return dependence.largest_move


def joints() -> float:
    tables = [mc.chain_joint(), mc.half_adder_joint(), mc.joint_of(torch.ones(2, 3))]
    fits: mc.OrderingFits = mc.fit_orderings(mc.parity_joint())
    return mc.kl_divergence(fits.joint, tables[0].log())


def data() -> list[Tensor]:
    table: mc.Table = mc.load_table(mc.example_table(), split=(0.6, 0.2, 0.2))
    train, test, name = mc.load_binarized_mnist("small", binarize="stochastic")
    grey, _, _ = mc.load_mnist(name="auto")
    loaders = mc.make_mnist_loaders(batch_size=64)
    folders: set[Path] = {mc.mnist_folder(), mc.download_mnist()}
    assert_type(name, str)
    assert len(folders) == len(loaders[0])
    toys = [mc.bars_and_stripes(), mc.checkerboard(9), mc.rain_diary(), mc.two_moons(9)]
    assert table.inverse(table.rows).shape == (335, 33)
    return [*table, train, test, mc.outside_small_set(grey), *toys]


def training(rows: Tensor, loader_rows: Tensor) -> mc.History:
    def stop(model: mc.MADE, history: mc.History) -> bool:
        return history.train_nll[-1] < 1

    model = mc.train_made(epochs=1, hidden=(16,))
    assert_type(mc.evaluate(model, rows), float)
    return mc.fit(model, rows, loader_rows, patience=3, checkpoint=Path("fit.pt"), on_epoch=stop)


def shipped() -> mc.MADE:
    images, *_ = mc.load_neighbours()
    mc.nearest_images(images, images)
    mc.draw_pixel_ordering(torch.Generator())
    return mc.load_pretrained("mnist-any-order")


def figures(
    model: mc.MADE, x: Tensor, history: mc.History, trajectories: dict[str, Trajectory]
) -> list[Figure]:
    completed, masks, degrees = mc.complete(model, x, x > 0), model.masks, model.degrees
    named, several = {"one": x}, {"one": [1.0, 2.0]}
    networks: list[mc.ManyMasks] = mc.load_many_masks()
    mc.save_samples_grid(model, Path("samples.png"), n=4)
    drawn = [
        mc.plot_coasting(several, switch=1),
        mc.plot_completions(x, x > 0, completed),
        mc.plot_curves(x, named),
        mc.plot_density({"model": model, "function": torch.exp}),
        mc.plot_dependence(named, x),
        mc.plot_family({"MADE": (1, 2.0, 3.0)}),
        mc.plot_first_layer(model),
        mc.plot_history(mc.load_overfitting(), {"uniform": 543.4}),
        mc.plot_image_rows(named),
        mc.plot_images(x, columns=3),
        mc.plot_many_masks(networks),
        mc.plot_masks(masks, degrees),
        mc.plot_mixture(mc.load_orderings()["one"]),
        mc.plot_nats_scale({"uniform": 543.4}),
        mc.plot_network(degrees, masks),
        mc.plot_orderings(several, {"one": 3.0}),
        mc.plot_pixel_orderings(mc.pixel_orderings(), {"one": 3.0}),
        mc.plot_probabilities(several, ["no", "yes"]),
        mc.plot_recipe(mc.load_ladder()),
        mc.plot_repeated_work(x, 3),
        mc.plot_samples_and_mask(x, masks[0]),
        mc.plot_totals({"one": 1.0}),
        mc.plot_training(history, {1: x}),
    ]
    drawn.append(mc.plot_trajectory(trajectories, [0, 1], (28, 28)))
    mc.show(drawn[0], alt="one curve")
    mc.expect(69.1, 69.4, within=2, name="NLL", unit="bits")
    return drawn


def widgets(model: mc.MADE, x: Tensor) -> list[object]:
    choices = [mc.Choice("yes", "It is.", right=True), mc.Choice("no", "It is.")]
    return [
        mc.CompletionPlayer(model, x),
        mc.LeakDetector(model),
        mc.LeakDetector(torch.exp, ordering=[1, 2, 0], input_dim=3),
        mc.MaskExplorer(model),
        mc.OrderingLab("half adder"),
        mc.Quiz("Is it?", choices),
        mc.SamplingPlayer(model, n_samples=4),
        mc.TrainingMonitor(every=1),
        mc.__version__,
    ]
