"""The idea of MADE, in reading order. The folder imports only from ``common``.

- ``masks``: orderings, degrees, masks and connectivity, as functions on tensors
- ``masked_linear``: the masked layer
- ``heads``: log-probabilities and samples from the network's outputs
- ``activations``: activations of hidden units
- ``mask_sets``: the degrees in use, stored or drawn
- ``made``: MADE: layers, masks, log-probabilities
- ``sampling``: samples, variable by variable, with a simple and a fast sampler
- ``completion``: samples of unknown variables given known ones
- ``saving``: write a model to a file, and read it
"""
