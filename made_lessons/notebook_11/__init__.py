"""Notebook 11: groups of one degree and their cost, a label first, a context, and a coder."""
