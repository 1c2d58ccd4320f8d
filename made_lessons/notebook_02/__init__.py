"""Notebook 02: the sum over all inputs, a leak that it does not show, and the FVSBN."""
