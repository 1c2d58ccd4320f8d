"""A widget in which a network completes the hidden part of a digit."""
