"""Exercises and figures of notebook 6."""
