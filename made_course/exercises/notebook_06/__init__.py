"""Notebook 06: what a step computes, greedy and the mode, completion by enumeration, weights."""

from ..exercise import exercises_of
from .completion import effective_size, fill_in
from .steps import misleading_table, to_compute

__all__ = ["EXERCISES", "effective_size", "fill_in", "misleading_table", "to_compute"]

EXERCISES = exercises_of(__name__)
