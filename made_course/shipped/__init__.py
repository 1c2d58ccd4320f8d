"""What was trained and measured for the course and comes with it, each file with its checksum.

Imports from ``training`` and the folders below it.
"""
