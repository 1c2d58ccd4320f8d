"""A class on a hub."""
