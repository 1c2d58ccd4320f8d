"""Notebook 04: masked layer, log-likelihood, sampler, mutants and what catches them, MADE."""
