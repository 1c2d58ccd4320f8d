"""Notebook 07: which ordering suits a simple model, and what averages of models are worth."""

from ..exercise import exercises_of
from .averages import MEMBERS, candidates, log_mean_exp, three_members, totals_of_averages
from .orderings import half_adder_guess

__all__ = [
    "EXERCISES",
    "MEMBERS",
    "candidates",
    "half_adder_guess",
    "log_mean_exp",
    "three_members",
    "totals_of_averages",
]

EXERCISES = exercises_of(__name__)
