"""Your own tables: load them, and model each column with a head of its own.

- ``load_table``: load a file or a frame, code its cells, and split its rows
- ``table``: the rows as numbers, and their conversion back to cells
- ``columns``: the kind of a column, and the codes of its cells
- ``numeric_columns``: the step, the bounds and the distribution of a column of numbers
- ``normal_scores``: the head for numbers
- ``mixed``: a head for each column
- ``gaps``: a head for a variable that is missing in some rows
"""
