"""Every figure of the course, by theme; one function each, which returns a figure of matplotlib.

Imports from every folder but ``widgets``.
"""

from .comparisons import plot_coasting as plot_coasting
from .comparisons import plot_many_masks as plot_many_masks
from .comparisons import plot_mixture as plot_mixture
from .comparisons import plot_pixel_orderings as plot_pixel_orderings
from .comparisons import plot_totals as plot_totals
from .degrees import plot_masking as plot_masking
from .degrees import plot_path as plot_path
from .densities import plot_density as plot_density
from .densities import plot_slices as plot_slices
from .dependence import plot_dependence as plot_dependence
from .filling import plot_completions as plot_completions
from .images import plot_first_layer as plot_first_layer
from .images import plot_image_rows as plot_image_rows
from .images import plot_images as plot_images
from .images import plot_samples_and_mask as plot_samples_and_mask
from .images import save_samples_grid as save_samples_grid
from .masks import plot_masks as plot_masks
from .nats import plot_costs as plot_costs
from .nats import plot_surprise as plot_surprise
from .networks import plot_network as plot_network
from .numbers import plot_family as plot_family
from .numbers import plot_nats_scale as plot_nats_scale
from .numbers import plot_probabilities as plot_probabilities
from .numbers import plot_shares as plot_shares
from .progress import plot_history as plot_history
from .progress import plot_recipe as plot_recipe
from .progress import plot_training as plot_training
from .relatives import plot_family_tree as plot_family_tree
from .relatives import plot_race as plot_race
from .relatives import plot_receptive_fields as plot_receptive_fields
from .relatives import plot_shared_weights as plot_shared_weights
from .steps import plot_final_units as plot_final_units
from .steps import plot_repeated_work as plot_repeated_work
from .steps import plot_trajectory as plot_trajectory
from .variables import plot_chain_rule as plot_chain_rule
from .variables import plot_moves as plot_moves
from .variables import plot_tickets as plot_tickets
