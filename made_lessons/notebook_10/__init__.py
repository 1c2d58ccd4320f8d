"""Exercises and figures of notebook 10."""

EXERCISES = (
    "mean_over_earlier_positions",
    "shift",
    "one_more_position",
    "one_number_three_names",
)
