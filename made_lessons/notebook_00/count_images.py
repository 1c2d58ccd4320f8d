"""0.1: count the images of nine pixels."""

from __future__ import annotations

from ..checking import exercise, known_mistakes


@exercise(
    "0.1",
    "Count the images",
    stars=1,
    is_value=True,
    hints=(
        "How many images are there of one pixel? Of two?",
        "Each pixel more doubles the number.",
    ),
)
def count_images() -> int:
    """Each of the 3 × 3 pixels is 0 or 1, and doubles the number of images."""
    return 2 ** (3 * 3)


known_mistakes(
    {
        "9 pixels with 2 values each: you add the choices, but they multiply": 18,
        "this is 9²: it is the 2 values that are multiplied, 9 times": 81,
        "either this is 2 ^ 9, and in Python ^ is no power (it compares bits): a power is **; or "
        "it is 2 + 9, and choices multiply": 2 ^ 9,
        "these are the pixels: each of the 9 is ink or no ink, so that images are many more": 9,
        "these are the images of one row of 3 pixels: there are three rows": 8,
        "3³ counts 3 places with 3 values each: here are 9 places with 2 values each": 27,
        "3 values to choose from for each of the 9 pixels? There are two, ink and no ink": 3**9,
        **{f"those are the images of {n} pixels: here are 9": 2**n for n in (6, 8, 10, 12, 16)},
        "the image without any ink counts, too": 511,
    }
)
