"""The first 17 chapters of Jane Austen's "Pride and Prejudice", as classes for a model."""

from pathlib import Path

import torch
from torch import Tensor

from made_course.model.made import MADE
from made_course.model.sampling import evaluation_mode

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


@torch.no_grad()
def nats_per_character(model: MADE, codes: Tensor) -> float:
    """Return the mean NLL of characters that have at least half a row of text before them.

    Rows overlap by half, and only the second half of each row counts.

    Args:
        model: model of rows of characters, as indices, with ``log_conditionals``.
        codes: (N,) LongTensor, the text.
    """
    half = model.input_dim // 2
    rows = codes.unfold(0, model.input_dim, half).float()
    with evaluation_mode(model):
        return -model.log_conditionals(rows)[:, half:].mean().item()
