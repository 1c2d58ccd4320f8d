"""Tables of your own: loading them, and a head for each column.

- ``load_table``: a file or a frame becomes numbers: its columns, cells and parts
- ``table``: the rows as numbers, and the way back
- ``columns``: what a column is, its codes
- ``numeric_columns``: the step, the bounds and the distribution of a column of numbers
- ``normal_scores``: the head for numbers
- ``mixed``: a head for each column
- ``gaps``: a head for a variable that is missing in some rows
"""
