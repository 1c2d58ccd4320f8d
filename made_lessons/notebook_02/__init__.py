"""Exercises and figures of notebook 2."""

EXERCISES = (
    "sum_over_everything",
    "leak_that_sums_to_one",
    "logistic_regressions",
)
