"""Data sets: digits, toys whose distribution is known, an example table.

- ``mnist``: grey levels and labels, from the small set or the full set
- ``mnist_binarized``: images of zeros and ones, as tensors or in batches
- ``mnist_download``: download the full set
- ``toys``: boards, a diary, points in the plane
- ``votes``: a table of votes in the US House of Representatives
"""
