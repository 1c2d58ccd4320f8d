"""Exercise 0.1: count the images of nine pixels."""

from __future__ import annotations

from ..checking import exercise, known_mistakes


@exercise(
    "0.1",
    "Count the images",
    stars=1,
    is_value=True,
    hints=(
        "How many images are there with one pixel? With two?",
        "Each further pixel doubles the number.",
    ),
)
def count_images() -> int:
    """Double the number of images for each of the 3 × 3 pixels, which is 0 or 1."""
    return 2 ** (3 * 3)


known_mistakes(
    {
        "9 pixels with 2 values each: you add the choices, but they multiply": 18,
        "this is 9², but you must multiply the 2 values, 9 times": 81,
        "either this is 2 ^ 9, but ^ compares bits in Python and a power is **, or it is 2 + 9, "
        "but choices multiply": 2 ^ 9,
        "this is the number of pixels. Each of the 9 is ink or no ink, so there are many more "
        "images": 9,
        "this is the number of images with one row of 3 pixels, but there are three rows": 8,
        "3³ counts 3 pixels with 3 values each, but there are 9 pixels with 2 values each": 27,
        "this gives each of the 9 pixels 3 values, but there are two, ink and no ink": 3**9,
        **{
            f"this is the number of images with {n} pixels, not 9": 2**n for n in (6, 8, 10, 12, 16)
        },
        "the image without any ink also counts": 511,
    }
)
