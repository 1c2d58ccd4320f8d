"""Exercises and figures of notebook 8."""
