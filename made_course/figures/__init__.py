"""Figures that more than one place draws: a function each, which returns a figure of matplotlib.

Imports from every folder above: ``common``, ``model``, ``data``, ``training``, ``relatives``,
``leaks``, ``shipped``. What one notebook alone draws is in its folder of ``made_lessons``.
"""

from .bars import plot_nats_scale as plot_nats_scale
from .bars import plot_probabilities as plot_probabilities
from .completions import plot_completions as plot_completions
from .dependence import plot_dependence as plot_dependence
from .images import plot_image_rows as plot_image_rows
from .images import plot_images as plot_images
from .images import save_samples_grid as save_samples_grid
from .learning_curves import plot_history as plot_history
from .learning_curves import plot_training as plot_training
from .masks import plot_masks as plot_masks
from .networks import plot_network as plot_network
from .trajectory import plot_trajectory as plot_trajectory
