"""What is learned from: digits, toys whose distribution is known, a table of one's own.

Imports from ``model``, whose heads a table chooses, and ``common``.

- ``mnist``: the images, small set or full
- ``mnist_binarized``: zeros and ones, whole or in batches
- ``mnist_download``: the full set from the internet
- ``toys``: boards, a diary, points in the plane
- ``table_texts``: a file of text, cut into rows, and whether the first has names
- ``table_cells``: how numbers are written in cells of text, and what counts as missing
- ``table_files``: a file, an array or a frame, as one frame, and the way back to a cell of it
- ``table_repeats``: numbers that are rounded, that recur, that are far from all others
- ``table_numbers``: a column of numbers: its step, bounds, and the axis it lies well on
- ``table_columns``: what one column is: yes and no, classes, numbers
- ``tables``: all columns together, coded, split and scaled
"""
