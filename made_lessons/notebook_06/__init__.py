"""Exercises and figures of notebook 6."""

EXERCISES = (
    "what_a_step_computes",
    "lead_greedy_astray",
    "complete_by_enumeration",
    "what_draws_are_worth",
)
