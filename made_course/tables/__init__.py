"""Tables of your own: reading them, and a head for each column.

- ``reading``: ``load_table``: a file or a frame, its columns, cells and parts
- ``table``: the rows as numbers, and the way back
- ``columns``: what a column is, its codes
- ``numeric_columns``: the step, the bounds and the distribution of a column of numbers
- ``normal_scores``: the head for numbers
- ``mixed``: a head for each column
- ``gaps``: a head for a variable that is missing in some rows
"""
