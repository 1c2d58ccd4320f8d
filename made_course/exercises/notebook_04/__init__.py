"""Notebook 04: masked layer, log-likelihood, sampler, mutants and what catches them, MADE."""

from ..exercise import exercises_of
from . import model_draws  # noqa: F401  (defines what is asked of a model)
from .layer import MaskedLinear
from .log_prob import bernoulli_log_prob
from .models import MADE, MODELS
from .prediction import enlarge, random_networks
from .sampler import sample

__all__ = [
    "MADE",
    "MODELS",
    "MaskedLinear",
    "bernoulli_log_prob",
    "enlarge",
    "random_networks",
    "sample",
]
EXERCISES = exercises_of(__name__)
