"""The first 17 chapters of Jane Austen's "Pride and Prejudice", and scores of models on it."""

import math
from collections import Counter
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from made_course.model.made import MADE
from made_course.model.sampling import evaluation_mode

CHARACTERS = 74
"""Number of different characters in the text."""
NOVEL = Path(__file__).with_name("files") / "novel.txt"


def load_text() -> tuple[str, str, str]:
    """Return the training, validation and test parts of the novel: 80, 10 and 10 percent.

    Example:
        >>> train, valid, test = load_text()
        >>> len(train), len(valid), len(test)
        (120848, 15106, 15106)
    """
    text = NOVEL.read_text(encoding="ascii")
    first, second = len(text) * 8 // 10, len(text) * 9 // 10
    return text[:first], text[first:second], text[second:]


def encode(text: str, alphabet: str) -> Tensor:
    """Return the index of each character in the alphabet, a LongTensor (N,)."""
    index = {character: k for k, character in enumerate(alphabet)}
    return torch.tensor([index[character] for character in text])


def decode(codes: Tensor, alphabet: str) -> str:
    """Return the characters of the alphabet with these indices."""
    return "".join(alphabet[k] for k in codes.long().tolist())


def compressed_nats(program: ModuleType, train: str, text: str) -> float:
    """Return the nats per character that a module such as zlib needs for text after ``train``."""
    both, alone = (len(program.compress(part.encode())) for part in (train + text, train))
    return 8 * math.log(2) * (both - alone) / len(text)


def ngram_nats(train: str, text: str, n: int) -> float:
    """Return the nats per character of a text under an n-gram model (Witten and Bell 1991).

    Counts after a context are mixed with those after shorter contexts, which get more weight if the
    context was rare or had many different successors.

    Args:
        train: text whose characters are counted.
        text: text to score.
        n: length of the longest pieces that are counted; a context has up to n - 1 characters.
    """
    counts, totals, kinds = Counter[str](), Counter[str](), Counter[str]()
    for k in range(n):
        counts.update(train[i - k : i + 1] for i in range(k, len(train)))
    for piece, count in counts.items():
        totals[piece[:-1]] += count
        kinds[piece[:-1]] += 1
    nats = 0.0
    for i, character in enumerate(text):
        p = 1 / CHARACTERS
        for before in (text[i - k : i] for k in range(min(n, i + 1))):
            if before in totals:
                share = counts[before + character] + kinds[before] * p
                p = share / (totals[before] + kinds[before])
        nats -= math.log(p)
    return nats / len(text)


@torch.no_grad()
def nats_per_character(model: MADE, codes: Tensor) -> float:
    """Return the mean NLL of characters that have at least half a row of text before them.

    Rows overlap by half, and only the second half of each row counts.

    Args:
        model: model of rows of character indices.
        codes: (N,) character indices of the text.
    """
    half = model.input_dim // 2
    rows = codes.unfold(0, model.input_dim, half).float()
    with evaluation_mode(model):
        return -model.log_conditionals(rows)[:, half:].mean().item()
