"""Exercises and figures of notebook 9."""
