"""Data sets: digits, toys whose distribution is known, an example table.

- ``mnist``: the images, small set or full
- ``mnist_binarized``: zeros and ones, whole or in batches
- ``mnist_download``: the full set from the internet
- ``toys``: boards, a diary, points in the plane
- ``votes``: a table of votes in the US House of Representatives
"""
