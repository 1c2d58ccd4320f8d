"""Exercises and figures of notebook 4."""

EXERCISES = (
    "masked_layer",
    "log_likelihood",
    "ancestral_sampler",
    "which_test_catches",
    "whole_made",
)
