"""Exercises and figures of notebook 4."""
