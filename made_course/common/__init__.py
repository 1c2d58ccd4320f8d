"""Helpers for every folder: arguments, words, files, colours, expected numbers.

Imports nothing of ours.

- ``arguments``: checks of a function's arguments
- ``words``: names of variables, lists in sentences
- ``files``: files that are whole or absent, read without running code
- ``colours``: blue, orange, ink
- ``expect``: print a measured number and compare it with the expected one
"""
