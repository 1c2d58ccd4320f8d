"""Widgets: one file each. All of them can be imported from ``made_course``."""
