"""Notebook 05: bits, the train line, parameters that count, and a number to beat."""
