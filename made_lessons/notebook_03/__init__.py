"""Exercises and figures of notebook 3."""

EXERCISES = (
    "masks_by_hand",
    "masks_in_code",
    "who_reaches_whom",
    "fewest_units",
    "draw_degrees",
)
