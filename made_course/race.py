"""What MADE, masked convolutions and a Transformer make of digits in equal time, as measured.

The runs ship in ``assets``; ``tools/race.py`` made them.
"""

from __future__ import annotations

from .pretrained import read_asset

FILE = "race.pt"


def load_race() -> dict[float, list[dict]]:
    """Seconds → the chosen runs of MADE, masked convolution and Transformer in that time.

    Each says its ``name``, ``size``, ``lr``, ``seconds``, ``rows`` seen, ``parameters``, nats of
    the ``valid`` and ``test`` images, and its ``curve``: seconds and nats along the way.
    """
    return read_asset(FILE)
