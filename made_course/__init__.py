"""MADE, from the chain rule to sampled digits: the package beside the notebooks.

Models, data, training and widgets can be imported from here; figures are in
``made_course.figures``, exercises in ``made_course.exercises``, and what was measured for the
course in the room that loads it. A room is loaded when one of its names is first asked for, so that
``import made_course`` costs next to nothing, and a model does not wait for what draws figures.
"""

from importlib import import_module

__version__ = "0.1.0"

# `__init__.pyi` tells type checkers the same; a test holds the two together.
_NAMES = {
    "baselines": "DenseAutoencoder FVSBN IndependentBernoullis NADE total_probability",
    "cells": "expect side_by_side",
    "completed": "Completion",
    "completion": "complete completion_degrees conditional",
    "data": (
        "download_mnist load_binarized_mnist load_mnist make_mnist_loaders mnist_folder "
        "outside_small_set"
    ),
    "figures": "save_samples_grid",
    "heads": "Bernoulli Categorical Head MixtureOfGaussians",
    "history": "History",
    "joint": "chain_joint fit_orderings parity_joint",
    "leaks": "Dependence binary_points measure_dependence",
    "made": "MADE MaskedLinear",
    "masks": (
        "build_masks connectivity direct_mask draw_degrees hidden_degrees input_degrees "
        "leaking_connections paths_through"
    ),
    "mixed": "Mixed",
    "pretrained": "load_pretrained",
    "relatives": "CausalAttention MaskedConvolution PixelCNN Transformer",
    "tables": "Table example_table load_table",
    "toys": "bars_and_stripes checkerboard garden_days rain_diary two_moons",
    "training": "evaluate fit train_made",
    "widgets.completion_player": "CompletionPlayer",
    "widgets.leak_detector": "LeakDetector",
    "widgets.mask_explorer": "MaskExplorer",
    "widgets.ordering_lab": "OrderingLab",
    "widgets.quiz": "Choice Quiz",
    "widgets.sampling_player": "SamplingPlayer",
    "widgets.training_monitor": "TrainingMonitor",
}
_ROOM_OF = {name: room for room, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_ROOM_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
