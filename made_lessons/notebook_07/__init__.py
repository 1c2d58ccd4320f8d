"""Exercises and figures of notebook 7."""
