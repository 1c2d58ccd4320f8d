"""Measure the speed and the scores of the package: ``python -m tools.benchmarks``."""
