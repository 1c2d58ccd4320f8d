"""A class: on a hub, and before and after the course."""
