"""Exercise of notebook 0."""

EXERCISES = ("count_images",)
