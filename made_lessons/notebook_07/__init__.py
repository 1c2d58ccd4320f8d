"""Notebook 07: which ordering suits a simple model, and what averages of models are worth."""
