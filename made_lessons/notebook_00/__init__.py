"""Exercise of notebook 0."""
