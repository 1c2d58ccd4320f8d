"""Notebook 00: one exercise, solved together."""
