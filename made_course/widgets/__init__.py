"""Widgets, each with a class, a JavaScript module that draws it, and a style sheet."""
