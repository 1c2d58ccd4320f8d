"""How fast the package is beside the document's way of doing it: ``python -m tools.benchmarks``."""
