"""The idea: masks, what an output means, MADE, its samples, completion, models in files.

Imports from ``common`` alone. In reading order:

- ``masks``: orderings, degrees, masks, connectivity: functions on tensors
- ``heads``: what an output means: parameters and a uniform number in, a value and its
  log-probability out
- ``gaps``: a head for a variable that some rows lack
- ``heads_of_numbers``: numbers with bounds, whole ones, and those that people round
- ``recurring``: a head for values that recur
- ``mixed``: a head for each column
- ``activations``: what a hidden unit makes of its sum
- ``mask_sets``: which degrees are drawn and stored, and which come next
- ``masked_linear``: the masked layer
- ``made``: MADE: layers, masks in use or lent for a while, log-probabilities
- ``sampling``: one variable after another, plainly and fast; how many rows go through at once
- ``completion``: what is unknown, drawn given what is known, and what is said of it
- ``completed_rows``: the result of a completion: means, shares, draws
- ``given``: some variables held: draws of the others, and their probabilities
- ``columns``, ``table``: how a table is read, for a model that knows its own
- ``saving``: a model in one file, with its table
"""
