"""Notebook 10: a causal mean, the shift, the cache, and one number under three names."""
