"""The idea of MADE, in reading order. Imports only from ``common``.

- ``masks``: orderings, degrees, masks and connectivity, as functions on tensors
- ``masked_linear``: the masked layer
- ``heads``: what an output means: log-probabilities and samples from parameters
- ``activations``: activations of hidden units
- ``mask_sets``: the degrees in use, stored or drawn
- ``made``: MADE: layers, masks, log-probabilities
- ``sampling``: samples, variable by variable: the definition, and a fast sampler
- ``completion``: unknown variables drawn given known ones
- ``saving``: a model in a file
"""
