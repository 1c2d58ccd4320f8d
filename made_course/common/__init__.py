"""Helpers for every folder: arguments, words, files, colours, expected numbers.

The folder imports no other folder of the course.

- ``arguments``: checks of a function's arguments
- ``words``: text for names of variables, lists of names, shares and factorizations
- ``files``: write a file completely or not at all, and read one without running code
- ``colours``: the colours of all figures and widgets
- ``expect``: print a measured number and compare it with the expected one
"""
