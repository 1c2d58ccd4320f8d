"""The idea: masks, what an output means, MADE, its samples, completion, a model in a file.

Imports from ``common`` alone.
"""
