"""The idea of MADE, in reading order. The folder imports only from ``common``.

- ``masks``: orderings, degrees, masks and connectivity, as functions on tensors
- ``masked_linear``: the masked layer
- ``heads``: log-probabilities and samples from the network's outputs
- ``activations``: activations of hidden units
- ``mask_sets``: the degrees in use, stored or drawn
- ``made``: the model, with its layers, masks and log-probabilities
- ``sampling``: a simple and a fast sampler, both variable by variable
- ``completion``: samples of unknown variables given known ones
- ``saving``: write a model to a file, and read it
"""
