"""Exercises and figures of notebook 5."""

EXERCISES = (
    "bits_per_dimension",
    "score_final_weights",
    "parameters_that_count",
    "beat_this_number",
)
