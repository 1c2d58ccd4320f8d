"""Notebook 01: counting numbers, changing the ordering, degrees, sampling from tables."""
