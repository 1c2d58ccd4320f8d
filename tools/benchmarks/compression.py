"""Bytes a digit: MADE's file beside contexts without a network, and beside common programs."""

import bz2
import contextlib
import io
import lzma
import math
import time
import zlib
from itertools import repeat

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from made_course import compress, decompress, load_binarized_mnist, load_pretrained
from made_course.model.compression import rounded

from .measuring import say, table

DIGITS, ACROSS = 1_000, 40
NEIGHBOURS = [
    *zip(repeat(-2), range(-2, 3)),
    *zip(repeat(-1), range(-3, 4)),
    *zip(repeat(0), range(-4, 0)),
]
"""How far down and to the right of a pixel are the 16 by which JBIG2 codes it (ITU-T T.88)."""


def zstd(data):
    import zstandard

    return zstandard.ZstdCompressor(level=22).compress(data)


PROGRAMS = {
    "bz2": bz2.compress,
    "lzma": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    "zstd": zstd,
    "zlib": lambda data: zlib.compress(data, 9),
}
IMAGES = {
    "WebP": {"format": "WebP", "lossless": True, "quality": 100, "method": 6},
    "PNG": {"format": "PNG", "optimize": True},
}
"""Name → how Pillow writes a sheet of digits without loss, as small as it can."""


def bytes_a_digit(options):
    train, test, _ = load_binarized_mnist("auto")
    digits, model = test[:DIGITS], load_pretrained("mnist-512")
    files = []
    for n in (1, 100, DIGITS):
        say(f"bytes: {n} digits")
        files.append((n, *of_made(model, digits[:n], options.repeats)))
    table(
        "Bytes, load_pretrained('mnist-512'), each file written and read again",
        ("digits", "−log₂ p / 8", "of the rounded model", "file", "CPU s to write", "to read"),
        [
            (str(n), f"{exact:,.1f}", f"{coded:,.1f}", f"{size:,}", f"{there:.2f}", f"{back:.2f}")
            for n, exact, coded, size, there, back in files
        ],
    )
    _, exact, _, made, *_ = files[-1]
    say("bytes: contexts")
    sizes = {
        "MADE, −log₂ p / 8": exact,
        "MADE, the file": made,
        "16 pixels, learned as it goes, −log₂ p / 8": learned(digits),
        f"16 pixels, counted on {len(train):,}, −log₂ p / 8": counted(digits, train),
    }
    bits = torch.tensor([128, 64, 32, 16, 8, 4, 2, 1])
    packed = (digits.view(-1, 8) * bits).sum(1)
    for name, program in PROGRAMS.items():
        with contextlib.suppress(ImportError):
            sizes[name] = min(len(program(bytes(x.byte()))) for x in (packed, digits.flatten()))
    for name, settings in IMAGES.items():
        sizes[f"{name}, one sheet"] = image_size(digits, settings)
    table(
        f"Bytes, the first {len(digits):,} test images; the model's own are not counted",
        ("what", "bytes a digit", "times MADE's file"),
        [(name, f"{size / len(digits):.3f}", f"{size / made:.2f}") for name, size in sizes.items()],
    )


@torch.no_grad()
def of_made(model, rows, repeats):
    """What the rows are worth in bytes, by the model and rounded; their file, and CPU seconds."""
    there, back = [], []
    for _ in range(repeats):
        start = time.process_time()
        file = compress(model, rows)
        there.append(time.process_time() - start)
        read = decompress(model, file)
        back.append(time.process_time() - start - there[-1])
        if not torch.equal(read, rows):
            raise RuntimeError("what was read is not what was written")
    worth = [-p.log_prob(rows).sum().item() / math.log(2) / 8 for p in (model, rounded(model))]
    return *worth, len(file), min(there), min(back)


# ---- without a network --------------------------------------------------------------------------


def contexts(rows: Tensor) -> Tensor:
    """(B, 784) zeros and ones to (B * 784,): the pixel's 16 neighbours as one number."""
    images = rows.view(-1, 28, 28).long()
    around = F.pad(images, (4, 4, 4, 0))
    number = torch.zeros_like(images)
    for down, right in NEIGHBOURS:
        number = 2 * number + around[:, 4 + down : 32 + down, 4 + right : 32 + right]
    return number.flatten()


def learned(rows):
    """Bytes by p(x = 1 | context) = (ones + 1/2) / (times + 1), of the pixels before (KT)."""
    ones, times, bits = [0.5] * 2**16, [1.0] * 2**16, 0.0
    for context, pixel in zip(contexts(rows).tolist(), rows.flatten().int().tolist(), strict=True):
        p = ones[context] / times[context]
        bits -= math.log2(p if pixel else 1 - p)
        ones[context] += pixel
        times[context] += 1
    return bits / 8


def counted(rows, train):
    """Bytes by the same shares, of the training images."""
    seen = contexts(train)
    times = seen.bincount(minlength=2**16).double() + 1
    ones = seen.bincount(train.double().flatten(), minlength=2**16) + 0.5
    p = (ones / times)[contexts(rows)]
    return -p.where(rows.flatten() == 1, 1 - p).log2().sum().item() / 8


def image_size(rows, settings):
    """Bytes of one image with all digits on it, side by side."""
    sheet = rows.view(-1, ACROSS, 28, 28).transpose(1, 2).reshape(-1, 28 * ACROSS)
    file = io.BytesIO()
    Image.fromarray((sheet == 1).numpy()).save(file, **settings)
    return file.tell()
