"""A widget that hides a part of a drawn digit and lets a network finish it."""
