"""Bytes per digit of a MADE, of a context coder without a network, and of common programs."""

import bz2
import io
import lzma
import math
import zlib

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from made_course import load_binarized_mnist, load_pretrained
from made_lessons.notebook_11.compression import compress, decompress

from .measuring import print_table

DIGITS, ACROSS = 1_000, 40
NEIGHBOURS = [
    *((-2, right) for right in range(-2, 3)),
    *((-1, right) for right in range(-3, 4)),
    *((0, right) for right in range(-4, 0)),
]
"""The 16 pixels that JBIG2 (ITU-T T.88) uses as context, as (steps down, steps right)."""
PROGRAMS = {
    "bz2": bz2.compress,
    "lzma": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    "zlib": lambda data: zlib.compress(data, 9),
}
IMAGES = {
    "WebP": {"format": "WebP", "lossless": True, "quality": 100, "method": 6},
    "PNG": {"format": "PNG", "optimize": True},
}


def bytes_per_digit():
    """Print the bytes per digit of all coders for the first test images."""
    train, test, _ = load_binarized_mnist("auto")
    digits, model = test[:DIGITS], load_pretrained("mnist-512")
    file = compress(model, digits)
    if not torch.equal(decompress(model, file, len(digits)), digits):
        raise RuntimeError("decompress returned other digits than compress got")
    with torch.no_grad():
        made = -model.log_prob(digits).sum().item() / math.log(256)
    sizes = {
        "MADE, −log₂ p / 8": made,
        "MADE, the file": len(file),
        "16 pixels, counted while coding, −log₂ p / 8": adaptive_bytes(digits),
        f"16 pixels, counted on {len(train):,} images, −log₂ p / 8": static_bytes(digits, train),
    }
    bits = torch.tensor([128, 64, 32, 16, 8, 4, 2, 1])
    packed = (digits.view(-1, 8) * bits).sum(1)
    for name, program in PROGRAMS.items():
        sizes[name] = min(len(program(bytes(x.byte()))) for x in (packed, digits.flatten()))
    for name, settings in IMAGES.items():
        sizes[f"{name}, one sheet"] = image_bytes(digits, settings)
    print_table(
        f"Bytes of the first {len(digits):,} test images, without the model's own",
        ("what", "bytes per digit", "times MADE's file"),
        [(name, f"{n / len(digits):.3f}", f"{n / len(file):.2f}") for name, n in sizes.items()],
    )


def contexts(rows: Tensor) -> Tensor:
    """Return the 16 neighbours of each pixel as one number: images (B, 784) to (B * 784,)."""
    images = rows.view(-1, 28, 28).long()
    around = F.pad(images, (4, 4, 4, 0))
    number = torch.zeros_like(images)
    for down, right in NEIGHBOURS:
        number = 2 * number + around[:, 4 + down : 32 + down, 4 + right : 32 + right]
    return number.flatten()


def adaptive_bytes(rows):
    """Return the bytes if p(x = 1 | context) is (ones + 1/2) / (times + 1) of earlier pixels."""
    ones, times, bits = [0.5] * 2**16, [1.0] * 2**16, 0.0
    for context, pixel in zip(contexts(rows).tolist(), rows.flatten().int().tolist(), strict=True):
        p = ones[context] / times[context]
        bits -= math.log2(p if pixel else 1 - p)
        ones[context] += pixel
        times[context] += 1
    return bits / 8


def static_bytes(rows, train):
    """Return the bytes with the same probabilities, counted on the training images."""
    seen = contexts(train)
    times = seen.bincount(minlength=2**16).double() + 1
    ones = seen.bincount(train.double().flatten(), minlength=2**16) + 0.5
    p = (ones / times)[contexts(rows)]
    return -p.where(rows.flatten() == 1, 1 - p).log2().sum().item() / 8


def image_bytes(rows, settings):
    """Return the bytes of an image file that shows all digits."""
    sheet = rows.view(-1, ACROSS, 28, 28).transpose(1, 2).reshape(-1, 28 * ACROSS)
    file = io.BytesIO()
    Image.fromarray((sheet == 1).numpy()).save(file, **settings)
    return file.tell()
