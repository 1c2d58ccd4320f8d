"""Tools to load your own table, and to model each column with its own head.

- ``load_table``: load a file or a frame, code its cells, and split its rows
- ``table``: rows of numbers, and their conversion back to cells
- ``columns``: the kind of a column, and the codes of its cells
- ``numeric_columns``: the step, the bounds and the distribution of a column of numbers
- ``normal_scores``: the head for numbers
- ``mixed``: a head for each column
- ``gaps``: a head for a variable that is missing in some rows
"""
