"""Test NLL of two densities of known entropy, and a picture of the models and their samples."""

import math

import torch
from torch import Generator, Tensor

from made_course import MADE, MixtureOfGaussians, evaluate, fit, two_moons
from made_course.common.files import write_whole
from made_lessons.notebook_08.figures import plot_density

from .measuring import say, table


def checkerboard(n: int, seed: int = 0) -> Tensor:
    """Return (n, 2) uniform points on the 8 black squares, of side 1, of the board [-2, 2]²."""
    generator = Generator().manual_seed(seed)
    column = torch.randint(4, (n,), generator=generator)
    row = 2 * torch.randint(2, (n,), generator=generator) + column % 2
    return torch.stack([column, row], dim=1) - 2 + torch.rand(n, 2, generator=generator)


TOYS = {"two moons": (two_moons, 1.008), "checkerboard": (checkerboard, math.log(8))}
"""Name → function that draws the points, and their entropy in differential nats."""
POINTS, TEST_POINTS, DRAWN = 5_000, 20_000, 400
TRAINING = {"epochs": 100, "batch_size": 100, "lr": 0.03, "weight_decay": 0.0}


def densities(options):
    rows, panels = [], {}
    for name, (draw, entropy) in TOYS.items():
        say(f"densities: {name}")
        models = [trained(draw, seed) for seed in options.seeds]
        tests = [draw(TEST_POINTS, seed=1_000_000 + seed) for seed in options.seeds]
        nll = [evaluate(model, test) for model, test in zip(models, tests, strict=True)]
        mean = sum(nll) / len(nll)
        found = f"{mean:.3f} ({min(nll):.3f} to {max(nll):.3f})"
        rows.append((name, f"{entropy:.3f}", found, f"{mean - entropy:.3f}"))
        drawn = models[0].sample(DRAWN, generator=Generator().manual_seed(0))
        panels[f"{name},\ndrawn"] = drawn
        panels[f"{nll[0]:.2f},\nentropy {entropy:.2f}"] = models[0]
    table(
        f"Densities, {models[0].head}, {POINTS:,} points, test NLL in differential nats",
        ("toy", "entropy", "test NLL (lowest to highest)", "above"),
        rows,
    )
    if options.density_figure:
        figure = plot_density(panels, alt=f"{DRAWN:,} points drawn from each.")
        write_whole(options.density_figure, lambda file: file.write_bytes(figure.as_png()))
        print(f"\n![{figure.alt}]({options.density_figure})")


def trained(draw, seed):
    """Return a model of a toy's points, with x₂ first."""
    torch.manual_seed(seed)
    settings = {"degrees": "even", "head": MixtureOfGaussians(10), "seed": seed}
    model = MADE(2, (64, 64), ordering=[1, 0], **settings)
    fit(model, draw(POINTS, seed=seed), seed=seed, progress=False, **TRAINING)
    return model
