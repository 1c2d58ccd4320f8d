"""A text as data: its characters are classes, and a row is as many of them as a model sees at once.

The text that ships is the first 17 chapters of Jane Austen's "Pride and Prejudice" (1813), which is
in the public domain; see ``novel_LICENSE.txt`` beside it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ..model.made import MADE
from ..model.sampling import evaluation_mode

NOVEL = Path(__file__).with_name("files") / "novel.txt"


def load_text() -> tuple[str, str, str]:
    """The novel in three parts: to learn from, to choose by, and to test, 80, 10 and 10 percent.

    Example:
        >>> train, valid, test = load_text()
        >>> len(train), len(valid), len(test)
        (120848, 15106, 15106)
        >>> train[:32]
        'It is a truth universally acknow'
        >>> set(valid + test) <= set(train)
        True
    """
    text = NOVEL.read_text(encoding="ascii")
    first, second = len(text) * 8 // 10, len(text) * 9 // 10
    return text[:first], text[first:second], text[second:]


def encode(text: str, alphabet: str) -> Tensor:
    """Characters to classes, a LongTensor (N,): the place of each in the alphabet.

    Example:
        >>> encode("abba", "ab")
        tensor([0, 1, 1, 0])
    """
    place = {character: k for k, character in enumerate(alphabet)}
    return torch.tensor([place[character] for character in text])


def decode(codes: Tensor, alphabet: str) -> str:
    """Classes to characters.

    Example:
        >>> decode(torch.tensor([0.0, 1.0, 1.0, 0.0]), "ab")
        'abba'
    """
    return "".join(alphabet[k] for k in codes.long().tolist())


@torch.no_grad()
def nats_per_character(model: MADE, codes: Tensor) -> float:
    """Mean nats of characters that each have at least half a row before them.

    Rows overlap by half, and only the second half of each counts.

    Args:
        model: of rows of classes: a MADE, or anything with its ``log_conditionals``.
        codes: (N,) LongTensor, the text, in which at least one row has room.

    Example:
        >>> from made_course import Categorical, Transformer
        >>> model = Transformer(4, width=8, layers=1, heads=1, head=Categorical(2))
        >>> for p in model.parameters():
        ...     _ = torch.nn.init.zeros_(p)
        >>> round(nats_per_character(model, torch.tensor([0, 1, 1, 0, 0, 1])), 3)  # a coin: ln 2
        0.693
    """
    half = model.input_dim // 2
    rows = codes.unfold(0, model.input_dim, half).float()
    with evaluation_mode(model):
        return -model.log_conditionals(rows)[:, half:].mean().item()
