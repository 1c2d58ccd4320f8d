"""Exercises and figures of notebook 1."""
