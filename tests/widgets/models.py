"""Models and rows for the widgets that play one."""

import torch

from made_course import MADE


def a_model(input_dim, hidden=(6,), seed=0, **options):
    """With weights as training makes them, so that the conditionals differ."""
    model = MADE(input_dim, hidden, **{"natural_order": False, "seed": seed} | options)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=2 / parameter.shape[-1] ** 0.5, generator=generator)
    return model


def rows_of(n, input_dim, seed=5):
    return torch.randint(2, (n, input_dim), generator=torch.Generator().manual_seed(seed)).float()
