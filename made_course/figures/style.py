"""What all figures share: a frame without ticks, and the two colour maps."""

from __future__ import annotations

from matplotlib.colors import LinearSegmentedColormap

from ..colours import BLUE, ORANGE


def frame_only(axes) -> None:
    """Take ticks away, and leave the frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("0.75")


def white_to(colour: str) -> LinearSegmentedColormap:
    """Colour map from white to a colour."""
    return LinearSegmentedColormap.from_list(f"white to {colour}", ["white", colour])


def blue_white_orange() -> LinearSegmentedColormap:
    """Colour map from blue over white to orange."""
    return LinearSegmentedColormap.from_list("blue-white-orange", [BLUE, "white", ORANGE])
