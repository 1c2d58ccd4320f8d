"""``fit`` and ``evaluate``, and what they ask.

Imports from ``data``, ``model`` and ``common``.

- ``fit``: the good recipe: its arguments
- ``loop``: epochs and steps
- ``schedules``: the rate, the decay, the size of a batch, when to stop
- ``batches``: tensors and loaders as data
- ``evaluate``: the mean cost of rows
- ``train_made``: the plain recipe
- ``history``: what was measured, epoch by epoch
- ``checkpoints``: a run in a file, and on from it
- ``random_streams``: seeds
- ``precision``: whether bfloat16 is faster
- ``processes``: several processes, by ``torchrun``
"""
