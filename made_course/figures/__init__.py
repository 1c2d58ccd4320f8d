"""Figures that widgets or several notebooks draw: functions that return a matplotlib figure.

The folder imports from ``common``, ``model``, ``data``, ``training``, ``relatives``, ``leaks`` and
``shipped``. A figure of one notebook is in the notebook's folder of ``made_lessons``.

- ``picture``: a figure in the course's style, with a text alternative
- ``axes``: axes in inches, frames, notes, keys
- ``network_parts``: units shaded by degree, and the wires between them
- ``masks``: masks as tables
- ``networks``: networks as graphs
- ``pipeline``: from an ordering to log p
- ``dependence``: which output depends on which input
- ``bars``: probabilities of outcomes, and nats of models
- ``images``: digits and boards
- ``completions``: completions of a hidden part
- ``trajectory``: a row, step by step
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
