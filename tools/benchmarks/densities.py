"""How near MADE comes to densities of known entropy, and what they and its samples look like."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from made_course import MADE, MixtureOfGaussians, evaluate, fit, two_moons
from made_course.common.files import write_whole
from made_lessons.notebook_08.figures import plot_density

from .measuring import say, table, timed


def checkerboard(n: int, seed: int = 0) -> Tensor:
    """(n, 2) points spread evenly over the 8 black squares, of side 1, of the board [-2, 2]²."""
    generator = Generator().manual_seed(seed)
    column = torch.randint(4, (n,), generator=generator)
    row = 2 * torch.randint(2, (n,), generator=generator) + column % 2
    return torch.stack([column, row], dim=1) - 2 + torch.rand(n, 2, generator=generator)


TOYS = {"two moons": (two_moons, 1.008), "checkerboard": (checkerboard, math.log(8))}
"""Name → what draws the points, and their entropy in differential nats."""
POINTS, TEST_POINTS, DRAWN = 5_000, 20_000, 400
HIDDEN, COMPONENTS = (64, 64), 10
TRAINING = {"epochs": 100, "batch_size": 100, "lr": 0.03, "weight_decay": 0.0}


@dataclass
class Trained:
    """A model of one toy, and how it was found."""

    model: MADE
    nll: float
    seconds: float


def densities(options):
    rows, first = [], {}
    for name, (_, entropy) in TOYS.items():
        runs = []
        for seed in options.seeds:
            say(f"densities: {name}, seed {seed}")
            runs.append(trained(name, seed))
        first[name] = runs[0]
        nll = [run.nll for run in runs]
        rows.append(
            (
                name,
                f"{entropy:.3f}",
                f"{sum(nll) / len(nll):.3f} ({min(nll):.3f} to {max(nll):.3f})",
                f"{sum(nll) / len(nll) - entropy:.3f}",
                f"{sum(run.seconds for run in runs) / len(runs):.0f}",
            )
        )
    settings = ", ".join(f"{key}={value}" for key, value in TRAINING.items())
    table(
        f"Densities, {first['two moons'].model.head}, 2-{'-'.join(map(str, HIDDEN))}, {POINTS:,} "
        f"points, fit({settings}), test NLL in differential nats",
        ("toy", "entropy", "test NLL (lowest to highest)", "above", "seconds"),
        rows,
    )
    if options.density_figure:
        figure = plot_densities(first)
        write_whole(options.density_figure, lambda file: file.write_bytes(figure.as_png()))
        print(f"\n![{figure.alt}]({options.density_figure})")


def trained(name, seed):
    """A model of a toy's points, x₂ first; the test points are none of these."""
    draw, _ = TOYS[name]
    train, test = draw(POINTS, seed=seed), draw(TEST_POINTS, seed=1_000_000 + seed)

    def work():
        torch.manual_seed(seed)
        head = MixtureOfGaussians(COMPONENTS)
        model = MADE(2, HIDDEN, ordering=[1, 0], degrees="even", head=head, seed=seed)
        fit(model, train, seed=seed, progress=False, **TRAINING)
        return model

    seconds, model = timed(work)
    return Trained(model, evaluate(model, test), seconds)


def plot_densities(runs):
    """Points that each model drew, and its density beside them."""
    panels = {}
    for name, run in runs.items():
        drawn = run.model.sample(DRAWN, generator=torch.Generator().manual_seed(0))
        panels[f"{name},\ndrawn"] = drawn
        panels[f"{run.nll:.2f},\nentropy {TOYS[name][1]:.2f}"] = run.model
    return plot_density(panels, alt=f"{DRAWN:,} points drawn from each.")
