"""Exercises and figures of notebook 3."""
