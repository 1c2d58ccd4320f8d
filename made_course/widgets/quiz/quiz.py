"""A question whose every choice explains itself: on the page, and folded where nothing runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape

from traitlets import Any, Unicode, validate

from ...common.arguments import check_count
from ..shared.base import InPage

_TYPED = re.compile(r"\$((?:[^$\\]|\\.)+)\$|`([^`]+)`", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    r"""One answer of a :class:`Quiz`, and why it is right or wrong.

    Args:
        text: the answer, with LaTeX between dollars and `code` between backticks.
        why: the explanation, shown once the answer is chosen.
        right: whether it is right.

    Raises:
        TypeError, ValueError: if an argument is not as described, or a text is empty.

    Example:
        >>> Choice("$p(x_2)$", "it is not given $x_1$").right
        False
    """

    text: str
    why: str
    right: bool = False

    def __post_init__(self) -> None:
        _check_text("a choice's text", self.text)
        _check_text(f"the explanation (why) of choice {self.text!r}", self.why)
        if not isinstance(self.right, bool):
            raise TypeError(f"right must be True or False, got {self.right!r}")


class Quiz(InPage, module="quiz"):
    """A question with choices, each of which explains itself when pressed.

    The reader may press as many as wanted, and nothing is asked of Python. Where nothing runs, the
    saved output shows the same as a list whose explanations are folded.

    Args:
        question: text, like those of a :class:`Choice`.
        choices: two or more, in the order in which they are shown; one or several are right.

    Raises:
        TypeError, ValueError: if an argument is not as described, no choice is right, or two
            choices read the same.

    Example:
        >>> quiz = Quiz(
        ...     "How many bits per pixel are 90 nats for 784 pixels?",
        ...     [
        ...         Choice("0.115", "That is nats per pixel: 90 / 784."),
        ...         Choice("0.166", "90 / (784 · 0.693).", right=True),
        ...     ],
        ... )
        >>> quiz.chosen = [0]  # what the reader has pressed, in turn
        >>> quiz.solved
        False
        >>> quiz.chosen = [0, 1]
        >>> quiz.solved
        True
    """

    question = Unicode().tag(sync=True)
    choices = Any().tag(sync=True, to_json=lambda choices, _: [asdict(c) for c in choices])
    chosen = Any(help="Numbers of the choices pressed so far, in turn.").tag(sync=True)

    def __init__(self, question: str, choices: Sequence[Choice]) -> None:
        _check_text("the question", question)
        super().__init__(question=question, choices=_check_choices(choices), chosen=[])

    @property
    def solved(self) -> bool:
        """Whether all that is right has been pressed."""
        return {k for k, choice in enumerate(self.choices) if choice.right} <= {*self.chosen}

    @validate("chosen")
    def _check_chosen(self, proposal: dict) -> list[int]:
        chosen = proposal["value"]
        if isinstance(chosen, str) or not isinstance(chosen, Iterable):
            raise TypeError(f"chosen must be a list of numbers of choices, got {chosen!r}")
        last = len(self.choices) - 1
        numbers = [check_count("chosen", number, smallest=0, largest=last) for number in chosen]
        return list(dict.fromkeys(numbers))

    def html(self) -> str:
        r"""Question and choices as a list with folded explanations, for a page where nothing runs.

        Example:
            >>> choices = [Choice("1", "p > 0 does not sum.", right=True), Choice("0", "No sum.")]
            >>> Quiz("What is $x^0$?", choices).html()[:66]
            '<p>What is <span>$x^0$</span>?</p>\n<ol>\n<li><details><summary>1</s'
        """
        several = sum(choice.right for choice in self.choices) > 1
        hint = " <em>(Choose all that are right.)</em>" if several else ""
        items = "\n".join(
            f"<li><details><summary>{markup(choice.text)}</summary>"
            f"{'Right.' if choice.right else 'No.'} {markup(choice.why)}</details></li>"
            for choice in self.choices
        )
        return f"<p>{markup(self.question)}{hint}</p>\n<ol>\n{items}\n</ol>"

    def __repr__(self) -> str:
        lines = [f"{k}. {plain(choice.text)}" for k, choice in enumerate(self.choices, start=1)]
        return "\n".join([plain(self.question), *lines])

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/html": self.html()}, metadata


# ---- texts --------------------------------------------------------------------------------------


def markup(typed: str) -> str:
    r"""A text as HTML: LaTeX between dollars and `code` between backticks, all else as it is.

    What MathJax would take for mathematics outside of dollars stands in an element of its own,
    where it means nothing to it.

    Example:
        >>> markup("$a < b$ & `c`: \\(5")
        '<span>$a &lt; b$</span> &amp; <code>c</code>: <span>\\</span>(5'
    """
    pieces, end = [], 0
    for found in _TYPED.finditer(typed):
        pieces.append(_as_it_is(typed[end : found.start()]))
        latex, code = (part and escape(part, quote=False) for part in found.groups())
        pieces.append(f"<span>${latex}$</span>" if latex else f"<code>{code}</code>")
        end = found.end()
    return "".join([*pieces, _as_it_is(typed[end:])])


def plain(typed: str) -> str:
    """A text without the dollars and backticks that mark LaTeX and code.

    Example:
        >>> plain("$x_1$ in `x[0]`")
        'x_1 in x[0]'
    """
    return _TYPED.sub(lambda found: found[1] or found[2], typed)


def _as_it_is(words: str) -> str:
    return re.sub(r"[$\\]", r"<span>\g<0></span>", escape(words, quote=False))


# ---- checks -------------------------------------------------------------------------------------


def _check_text(name: str, words: str) -> None:
    if not isinstance(words, str):
        raise TypeError(f"{name} must be a text, got {words!r}")
    if not words.strip():
        raise ValueError(f"{name} is empty: write what the reader is to see")


def _check_choices(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    if isinstance(choices, str | Choice) or not isinstance(choices, Iterable):
        raise TypeError(f"choices must be a list of Choice, got {choices!r}")
    choices = tuple(choices)
    for choice in choices:
        if not isinstance(choice, Choice):
            raise TypeError(f"each choice must be a Choice(text, why), got {choice!r}")
    if len(choices) < 2:
        raise ValueError(f"a question needs two choices or more, got {len(choices)}")
    names = [plain(choice.text).strip() for choice in choices]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two choices read {name!r}: make them differ, or drop one")
    if not any(choice.right for choice in choices):
        raise ValueError("no choice is right: mark one with right=True")
    return choices
