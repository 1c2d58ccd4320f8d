"""Notebook 03: masks by hand and in code, who reaches whom, fewest units, drawn degrees."""
