"""MADE, from the chain rule to sampled digits: the package beside the notebooks.

Everything a notebook uses can be imported from here, except exercises. A room is loaded when one of
its names is first asked for, so that ``import made_course`` costs next to nothing, and a model does
not wait for the libraries that draw figures.
"""

from importlib import import_module

__version__ = "0.1.0"

# Type checkers read `__init__.pyi`, where each of these names has a line.
_ROOMS = {
    "masks": (
        "build_masks",
        "connectivity",
        "direct_mask",
        "draw_degrees",
        "hidden_degrees",
        "input_degrees",
        "leaking_connections",
        "paths_through",
    ),
    "heads": ("Bernoulli", "Categorical", "Head", "MixtureOfGaussians"),
    "sampling": ("Completion", "complete", "completion_degrees", "conditional"),
    "made": ("MADE", "MaskedLinear"),
    "baselines": (
        "DenseAutoencoder",
        "FVSBN",
        "IndependentBernoullis",
        "NADE",
        "total_probability",
    ),
    "leaks": ("Dependence", "binary_points", "measure_dependence"),
    "joint": (
        "OrderingFits",
        "chain_joint",
        "fit_orderings",
        "half_adder_joint",
        "joint_of",
        "kl_divergence",
        "parity_joint",
    ),
    "data": (
        "Table",
        "bars_and_stripes",
        "checkerboard",
        "download_mnist",
        "example_table",
        "load_binarized_mnist",
        "load_mnist",
        "load_table",
        "make_mnist_loaders",
        "mnist_folder",
        "outside_small_set",
        "rain_diary",
        "two_moons",
    ),
    "training": ("History", "evaluate", "fit", "train_made"),
    "pretrained": ("load_neighbours", "load_pretrained", "nearest_images"),
    "recipe": ("load_ladder", "load_overfitting"),
    "orderings": ("ManyMasks", "load_many_masks", "load_orderings", "pixel_orderings"),
    "plotting": (
        "plot_coasting",
        "plot_completions",
        "plot_curves",
        "plot_density",
        "plot_dependence",
        "plot_family",
        "plot_first_layer",
        "plot_history",
        "plot_image_rows",
        "plot_images",
        "plot_many_masks",
        "plot_masks",
        "plot_mixture",
        "plot_nats_scale",
        "plot_network",
        "plot_orderings",
        "plot_pixel_orderings",
        "plot_probabilities",
        "plot_recipe",
        "plot_repeated_work",
        "plot_samples_and_mask",
        "plot_totals",
        "plot_training",
        "plot_trajectory",
        "save_samples_grid",
        "show",
    ),
    "widgets.completion_player": ("CompletionPlayer",),
    "widgets.leak_detector": ("LeakDetector",),
    "widgets.mask_explorer": ("MaskExplorer",),
    "widgets.ordering_lab": ("OrderingLab",),
    "widgets.quiz": ("Choice", "Quiz"),
    "widgets.sampling_player": ("SamplingPlayer",),
    "widgets.training_monitor": ("TrainingMonitor",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
