"""Functions that draw the figures of widgets and of several notebooks with matplotlib.

The figures of a single notebook are in its folder in ``made_lessons``.

- ``picture``: a figure in the course's style, with an alternative text
- ``axes``: axes in inches, frames, notes, legends
- ``network_parts``: units shaded by degree, and the wires between them
- ``masks``: masks as tables
- ``networks``: networks as graphs
- ``pipeline``: from an ordering to log p
- ``dependence``: which output depends on which input
- ``bars``: probabilities of outcomes, and nats of models
- ``images``: grids and rows of images
- ``completions``: samples of the hidden part of an image
- ``trajectory``: a row as it is generated, step by step
"""

from .bars import plot_nats_bars as plot_nats_bars
from .bars import plot_probabilities as plot_probabilities
from .completions import plot_completions as plot_completions
from .dependence import plot_dependence as plot_dependence
from .images import plot_image_rows as plot_image_rows
from .images import plot_images as plot_images
from .images import save_samples_grid as save_samples_grid
from .masks import plot_masks as plot_masks
from .networks import plot_network as plot_network
from .pipeline import plot_pipeline as plot_pipeline
from .trajectory import plot_trajectory as plot_trajectory
