"""Exercises and figures of notebook 1."""

EXERCISES = (
    "how_many_numbers",
    "another_ordering",
    "ordering_to_degrees",
    "draw_days",
)
