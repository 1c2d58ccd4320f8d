"""Exercises and figures of notebook 7."""

EXERCISES = (
    "half_adder_orderings",
    "which_sum_to_one",
    "average_in_log_space",
    "three_members",
)
