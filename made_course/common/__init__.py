"""What everything here may use: arguments, words, files, colours, what cells show.

Imports nothing of ours.

- ``arguments``: checks of a function's arguments: what came, what was expected
- ``words``: names of variables, lists in sentences
- ``files``: files that are whole or absent, read without running code
- ``colours``: blue, orange, ink
- ``expect``: a measured number, shown and held to what was expected
"""
