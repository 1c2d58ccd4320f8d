"""Which ordering suits a simple model, and what comes of averaging over orderings."""
