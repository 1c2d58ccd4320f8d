"""Exercises and figures of notebook 5."""
