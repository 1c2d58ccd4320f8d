"""Exercises and figures of notebook 10."""
