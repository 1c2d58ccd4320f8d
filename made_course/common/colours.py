"""The course's colours. A colour is always accompanied by a shape, a number or a word."""

from __future__ import annotations

import numpy as np

BLUE, ORANGE = "#0072B2", "#D55E00"
DRAWN = "#007A58"
"""Green: ink that a network drew."""
INK = "#222222"


def hex_to_rgb(colour: str) -> np.ndarray:
    """Return the red, green and blue of a colour ``"#rrggbb"``: (3,), whole numbers 0..255.

    Example:
        >>> hex_to_rgb(BLUE)
        array([  0, 114, 178])
    """
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
