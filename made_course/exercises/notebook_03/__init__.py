"""Notebook 03: masks by hand and in code, who reaches whom, fewest units, drawn degrees."""

from ..exercise import exercises_of
from .by_hand import masks_by_hand
from .in_code import build_masks, connectivity
from .units import draw_hidden, fewest_units

__all__ = [
    "EXERCISES",
    "build_masks",
    "connectivity",
    "draw_hidden",
    "fewest_units",
    "masks_by_hand",
]

EXERCISES = exercises_of(__name__)
