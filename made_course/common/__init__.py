"""What everything here may use: checks of arguments, words, files that are whole, colours.

Imports nothing of ours.
"""
