"""Exercises and figures of notebook 11."""

EXERCISES = (
    "cost_of_a_group",
    "fewest_steps",
    "posterior",
    "seeing_a_context",
    "coder",
)
