"""Exercises and figures of notebook 2."""
