"""Exercises and figures of notebook 8."""

EXERCISES = (
    "log_probability_of_classes",
    "log_density_of_a_mixture",
    "two_moons_scaled",
    "head_for_counts",
    "two_rings",
)
