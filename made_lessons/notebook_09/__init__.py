"""Exercises and figures of notebook 9."""

EXERCISES = (
    "nade_as_made",
    "hundredth_of_a_good_model",
    "window_as_a_mask",
    "better_model_of_the_table",
)
