"""Notebook 00: one exercise, solved together."""

from __future__ import annotations

from .exercise import Exercise, Slip


def count_images() -> int:
    """Each of the 3 × 3 pixels is 0 or 1, and doubles the number of images."""
    return 2 ** (3 * 3)


COUNTING = Exercise(
    name="0.1",
    title="Count the images",
    stars=1,
    minutes=2,
    reference=count_images,
    is_value=True,
    slips=(
        Slip(18, "9 pixels with 2 values each: you add the choices, but they multiply"),
        Slip(81, "this is 9²: it is the 2 values that are multiplied, 9 times"),
        Slip(
            2 ^ 9,
            "either this is 2 ^ 9, and in Python ^ is no power (it compares bits): a power is **; "
            "or it is 2 + 9, and choices multiply",
        ),
        Slip(511, "the image without any ink counts, too"),
    ),
    hints=(
        "How many images are there of one pixel? Of two?",
        "Each pixel more doubles the number.",
    ),
)

EXERCISES = (COUNTING,)
