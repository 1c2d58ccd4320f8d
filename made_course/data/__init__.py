"""What is learned from: digits, toys whose distribution is known, a novel, a table of one's own.

Imports from ``model``, whose heads a table chooses, and ``common``.

- ``mnist``: the images, small set or full
- ``mnist_binarized``: zeros and ones, whole or in batches
- ``mnist_download``: the full set from the internet
- ``toys``: boards, a diary, points in the plane
- ``garden``: days in a garden, a column of every kind
- ``texts``: a novel as rows of characters
- ``table_files``: files and frames as they are read: separators, what counts as missing
- ``table_columns``: what one column is: yes and no, classes, real
- ``tables``: all columns together, split and scaled
"""
