"""Exercise 0.1: count the images of nine pixels."""

from ..checking import Exercise


def count_images() -> int:
    """Double the number of images for each of the 3 × 3 pixels, because a pixel is 0 or 1."""
    return 2 ** (3 * 3)


EXERCISE = Exercise(
    title="Count the images",
    stars=1,
    reference=count_images,
    is_value=True,
    hints=(
        "How many images are there with one pixel? With two?",
        "Each further pixel doubles the number.",
    ),
    mistakes={
        "you added 2 choices for each of the 9 pixels, but you must multiply them": 18,
        "this is 9 to the power of 2. You need 2 to the power of 9, because each of 9 pixels has 2 "
        "values": 81,
        "this is 2 ^ 9 or 2 + 9. In Python, ^ compares bits, and a power is **. Numbers of choices "
        "are multiplied, not added": 2 ^ 9,
        "this is the number of pixels. Each of the 9 is ink or no ink, so there are many more "
        "images": 9,
        "this is the number of images with one row of 3 pixels, but there are three rows": 8,
        "3³ is the number of images of 3 pixels with 3 values each, but there are 9 pixels with 2 "
        "values": 27,
        "3⁹ gives each of the 9 pixels 3 values, but there are only two, ink and no ink": 3**9,
        **{
            f"this is the number of images with {n} pixels, but there are 9 pixels": 2**n
            for n in (6, 8, 10, 12, 16)
        },
        "the image without any ink also counts": 511,
    },
)
