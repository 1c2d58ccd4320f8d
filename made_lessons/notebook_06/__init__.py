"""Notebook 06: what a step computes, greedy and the mode, completion by enumeration, weights."""
