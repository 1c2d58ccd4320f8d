"""Notebook 08: log-probabilities of classes and of mixtures, another unit, a head, two rings."""
