"""Training and scoring: ``fit``, ``evaluate``, and ``train_made`` for comparison.

The folder imports from ``data``, ``model`` and ``common``.

- ``run``: one step, one epoch, and the state of a run
- ``schedules``: rate, weight decay and end of a run
- ``fit``: arguments with good defaults, and the loop over epochs
- ``batches``: tensors and loaders as data
- ``evaluate``: the mean NLL of rows
- ``history``: the measurements of each epoch
- ``checkpoints``: the file from which a run is resumed
- ``precision``: the choice of bfloat16
- ``processes``: several processes under ``torchrun``
- ``train_made``: a plain loop for MNIST, with Adam at a constant rate
"""
