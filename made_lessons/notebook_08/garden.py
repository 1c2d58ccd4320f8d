"""Days in a garden: a table with a column of every kind, drawn by a known rule."""

from __future__ import annotations

import numpy as np
import torch
from pandas import DataFrame
from torch import Generator, Tensor


def garden_days(n: int, seed: int = 0) -> DataFrame:
    r"""Draw independent days in a garden, one per row.

    The sky decides sprinkler, helpers and temperature, and these three decide the water:

    ====== =========== ============ ================== =======
    sky    probability of sprinkler of 0 to 3 helpers  °C
    ====== =========== ============ ================== =======
    clear  0.5         0.7          0.1, 0.2, 0.3, 0.4 24 ± 3
    clouds 0.25        0.4          ¼ each             19 ± 3
    rain   0.25        0.1          0.4, 0.3, 0.2, 0.1 14 ± 3
    ====== =========== ============ ================== =======

    .. math::
        \text{litres} = 20 + 10 \cdot \text{helpers} + 3 \cdot \text{celsius} \cdot
            [\text{sprinkler}] + 5 \varepsilon, \qquad \varepsilon \sim \mathcal N(0, 1)

    The entropy, which no model's NLL can be below, is 8.447 differential nats in °C and litres.

    Example:
        >>> garden_days(3).round(1)
          sprinkler  helpers  celsius  litres    sky
        ...
    """
    generator = Generator().manual_seed(seed)

    def draw(probabilities: Tensor) -> Tensor:
        return torch.multinomial(probabilities, 1, generator=generator)[:, 0]

    sky = draw(torch.tensor([[0.5, 0.25, 0.25]]).expand(n, 3))
    sprinkler = draw(torch.tensor([[0.3, 0.7], [0.6, 0.4], [0.9, 0.1]])[sky])
    helpers = draw(torch.tensor([[1, 2, 3, 4], [2.5] * 4, [4, 3, 2, 1]])[sky])
    noise = torch.randn(2, n, generator=generator, dtype=torch.float64)
    celsius = torch.tensor([24, 19, 14])[sky] + 3 * noise[0]
    litres = 20 + 10 * helpers + 3 * celsius * sprinkler + 5 * noise[1]
    return DataFrame(
        {
            "sprinkler": np.array(["no", "yes"])[sprinkler],
            "helpers": helpers.numpy(),
            "celsius": celsius.numpy(),
            "litres": litres.numpy(),
            "sky": np.array(["clear", "clouds", "rain"])[sky],
        }
    )
