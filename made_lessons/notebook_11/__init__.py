"""Exercises and figures of notebook 11."""
