"""Notebook 08: log-probabilities of classes and of mixtures, another unit, a head, two rings."""

from ..exercise import exercises_of
from .formulas import categorical_log_prob, mixture_log_prob, nll_after_scaling
from .geometric import Geometric
from .rings import come_near, ring_points

__all__ = [
    "EXERCISES",
    "Geometric",
    "categorical_log_prob",
    "come_near",
    "mixture_log_prob",
    "nll_after_scaling",
    "ring_points",
]

EXERCISES = exercises_of(__name__)
