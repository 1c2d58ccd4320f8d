"""Figures that widgets or several notebooks draw: functions that return a figure of matplotlib.

Imports from every folder above: ``common``, ``model``, ``data``, ``training``, ``relatives``,
``leaks``, ``shipped``. What one notebook alone draws is in its folder of ``made_lessons``.

- ``picture``: what every figure is: style, text, size
- ``axes``: axes by the inch, frames, notes, keys
- ``units_and_wires``: units shaded by degree, and wires
- ``masks``: masks as tables
- ``networks``: networks as graphs
- ``the_way``: from an ordering to log p
- ``dependence``: who depends on whom
- ``bars``: probabilities, a ruler of nats
- ``images``: digits and boards
- ``completions``: what was hidden, drawn in
- ``trajectory``: a row, step by step
- ``learning_curves``: training
"""

from .bars import plot_nats_scale as plot_nats_scale
from .bars import plot_probabilities as plot_probabilities
from .completions import plot_completions as plot_completions
from .dependence import plot_dependence as plot_dependence
from .images import plot_image_rows as plot_image_rows
from .images import plot_images as plot_images
from .images import save_samples_grid as save_samples_grid
from .learning_curves import plot_history as plot_history
from .masks import plot_masks as plot_masks
from .networks import plot_network as plot_network
from .the_way import plot_way as plot_way
from .trajectory import plot_trajectory as plot_trajectory
