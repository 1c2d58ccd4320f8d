"""Training and scoring: ``fit``, ``evaluate`` and the document's ``train_made``.

Imports from ``data``, ``model`` and ``common``.

- ``fit``: training with good defaults: arguments, and the loop over epochs
- ``run``: one epoch and its steps, and the state of a run
- ``schedules``: rate, weight decay and end of a run
- ``batches``: tensors and loaders as data
- ``evaluate``: the mean NLL of rows
- ``history``: the measurements of each epoch
- ``checkpoints``: the file from which a run is resumed
- ``precision``: the choice of bfloat16
- ``processes``: several processes under ``torchrun``, and random streams
- ``train_made``: the document's recipe, a plain loop
"""
