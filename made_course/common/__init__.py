"""Helpers for every folder: arguments, words, files, colours, expected numbers.

The folder imports no other folder of the course.

- ``arguments``: checks of a function's arguments
- ``words``: names of variables, lists of names and factorizations, as text
- ``files``: write a file completely or not at all, and read one without running code
- ``colours``: the colours of all figures and widgets
- ``expect``: print a measured number and compare it with the expected one
"""
