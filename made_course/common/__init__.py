"""What everything here may use: arguments, words, files, colours, what cells show.

Imports nothing of ours.
"""
