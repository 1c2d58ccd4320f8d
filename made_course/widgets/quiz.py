"""A question whose every choice explains itself: in the kernel, and folded in the saved page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ipywidgets import Box, Button, Checkbox, HTMLMath, RadioButtons

from ..arguments import check_count
from ..colours import BLUE, INK, ORANGE, PALE
from .panel import Panel
from .svg import element

STYLE = f"""<style>
.made-quiz {{background: white; color: {INK}; color-scheme: light; border: 1px solid {PALE};
  padding: 8px 14px; font-family: system-ui, sans-serif; font-size: 15px}}
.made-quiz .widget-html-content, .made-quiz .widget-htmlmath-content
  {{color: {INK}; font-size: 15px; line-height: 1.45}}
.made-quiz .widget-htmlmath {{width: auto}}
.made-quiz code {{background: #eeeeee; color: {INK}; padding: 0 3px}}
.made-quiz :focus-visible {{outline: 3px solid {INK}; outline-offset: 1px}}
.made-choices {{display: grid; grid-template-columns: 24px 1fr; grid-auto-flow: row dense;
  align-items: start; overflow: visible}}
.made-choices .widget-radio, .made-choices .widget-radio-box, .made-choices .widget-checkbox,
.made-choices .widget-htmlmath, .made-choices .widget-htmlmath-content {{display: contents}}
.made-choices .widget-radio-box label, .made-choices .widget-label-basic
  {{grid-column: 1; width: 20px; height: 22px; margin: 4px 0; padding: 0; font-size: 0}}
.made-choices input[type] {{width: 16px; height: 16px; margin: 3px 2px; float: none}}
.made-choice {{grid-column: 2; cursor: pointer; padding: 4px 0; min-height: 22px;
  line-height: 22px}}
.made-feedback {{border-left: 6px solid {ORANGE}; padding: 4px 10px; margin: 4px 0}}
.made-feedback ul {{margin: 0; padding-left: 1.3em}}
.made-feedback[data-verdict=right] {{border-color: {BLUE}}}
</style>"""
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


class Quiz(Panel):
    """A question with choices, each of which explains itself when chosen.

    The reader chooses and presses "Check", as often as wanted. Where nothing runs, the saved output
    shows the same as a list whose explanations are folded.

    Args:
        question: text, like those of a :class:`Choice`.
        choices: two or more, in the order in which they are shown.
        multiple: whether several may be ticked; None: if several are right.

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
        >>> quiz.chosen = 0
        >>> quiz.check()
        >>> quiz.feedback
        '✗ Not yet. That is nats per pixel: 90 / 784.'
        >>> quiz.chosen = 1
        >>> quiz.check()
        >>> quiz.solved, quiz.attempts
        (True, 2)
    """

    def __init__(
        self, question: str, choices: Sequence[Choice], multiple: bool | None = None
    ) -> None:
        _check_text("the question", question)
        self._question, self._choices = question, _check_choices(choices)
        self._right = {k for k, choice in enumerate(self._choices) if choice.right}
        self._multiple = _check_multiple(multiple, len(self._right))
        self._chosen: set[int] = set()
        self._answer: set[int] | None = None
        self._attempts = 0

        names = [plain(choice.text) for choice in self._choices]
        if self._multiple:
            self._controls = [Checkbox(description=name, indent=False) for name in names]
        else:
            self._controls = [RadioButtons(options=names, index=None)]
        texts = HTMLMath("".join(map(_choice_row, range(len(names)), self._choices)))
        check = Button(description="Check")
        self._feedback = HTMLMath()
        super().__init__(
            [
                HTMLMath(f"{STYLE}<div>{_question_markup(question, self._multiple)}</div>"),
                Box([*self._controls, texts]).add_class("made-choices"),
                check,
                self._feedback,
            ]
        )
        self.add_class("made-quiz")
        for control in self._controls:
            self.listen(control, self._read, "value" if self._multiple else "index")
        self.press(check, self.check)

    @property
    def question(self) -> str:
        """The question, as given."""
        return self._question

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices, as given."""
        return self._choices

    @property
    def multiple(self) -> bool:
        """Whether several choices may be ticked."""
        return self._multiple

    @property
    def chosen(self) -> int | set[int] | None:
        """Index of the choice, None before any; the set of those ticked, where several may be."""
        if self._multiple:
            return set(self._chosen)
        return next(iter(self._chosen), None)

    @chosen.setter
    def chosen(self, chosen: int | Iterable[int] | None) -> None:
        self._choose(self._check_chosen(chosen))

    @property
    def solved(self) -> bool:
        """Whether what is chosen has been checked, and is right."""
        return self._answer == self._right

    @property
    def attempts(self) -> int:
        """Number of answers so far."""
        return self._attempts

    @property
    def feedback(self) -> str:
        """What the answer was told, in words; an empty string until what is chosen is checked."""
        if self._answer is None:
            return ""
        verdict, *explanations = self._explain()
        return " ".join([verdict, *explanations])

    def check(self) -> None:
        """Give what is chosen as an answer.

        Raises:
            ValueError: if nothing is chosen.
        """
        if not self._chosen:
            raise ValueError("nothing is chosen yet: choose first, then check")
        self._answer = self._chosen
        self._attempts += 1
        self.problem = ""
        self._show_feedback()

    def html(self) -> str:
        r"""Question and choices as a list with folded explanations, for a page where nothing runs.

        Example:
            >>> choices = [Choice("1", "p > 0 does not sum.", right=True), Choice("0", "No sum.")]
            >>> Quiz("What is $x^0$?", choices).html()[:66]
            '<p>What is <span>$x^0$</span>?</p>\n<ol>\n<li><details><summary>1</s'
        """
        items = "\n".join(
            f"<li><details><summary>{markup(choice.text)}</summary>"
            f"{'Right.' if choice.right else 'No.'} {markup(choice.why)}</details></li>"
            for choice in self._choices
        )
        return f"<p>{_question_markup(self._question, self._multiple)}</p>\n<ol>\n{items}\n</ol>"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object] | None:
        lines = [f"{k}. {plain(choice.text)}" for k, choice in enumerate(self._choices, start=1)]
        static = {
            "text/html": self.html(),
            "text/plain": "\n".join([plain(self._question), *lines]),
        }
        return super()._repr_mimebundle_(**kwargs) | static

    # ---- choosing ---------------------------------------------------------------------------

    def _read(self, _: object) -> None:
        if self._multiple:
            self._choose({k for k, box in enumerate(self._controls) if box.value})
        else:
            self.chosen = self._controls[0].index

    def _choose(self, chosen: set[int]) -> None:
        self._chosen, self._answer = chosen, None
        self.problem = ""
        with self.quietly():
            if self._multiple:
                for k, box in enumerate(self._controls):
                    box.value = k in chosen
            else:
                self._controls[0].index = self.chosen
        self._show_feedback()

    def _check_chosen(self, chosen: int | Iterable[int] | None) -> set[int]:
        if self._multiple:
            if isinstance(chosen, str) or not isinstance(chosen, Iterable):
                raise TypeError(f"chosen must be a set of numbers of choices, got {chosen!r}")
            numbers = list(chosen)
        else:
            numbers = [] if chosen is None else [chosen]
        numbers = {check_count("chosen", number, smallest=0) for number in numbers}
        if numbers and max(numbers) >= len(self._choices):
            raise ValueError(
                f"chosen must be from 0 to {len(self._choices) - 1}, got {max(numbers)}"
            )
        return numbers

    def _explain(self) -> list[str]:
        """The verdict on the last answer, then what explains it."""
        verdict = "✓ Right." if self.solved else "✗ Not yet."
        if not self._multiple:
            return [verdict, *(self._choices[k].why for k in self._answer)]
        told = self._answer if self.solved else self._answer - self._right
        explanations = [f"“{self._choices[k].text}”: {self._choices[k].why}" for k in sorted(told)]
        missing = len(self._right - self._answer)
        if missing:
            begin = "" if told else "What you ticked is right. "
            choices = "choice is" if missing == 1 else "choices are"
            explanations.append(f"{begin}{missing} right {choices} missing.")
        return [verdict, *explanations]

    def _show_feedback(self) -> None:
        if self._answer is None:
            self._feedback.value = ""
            return
        verdict, *explanations = self._explain()
        said = " ".join(map(markup, explanations))
        if self._multiple:
            said = element("ul", *(element("li", markup(words)) for words in explanations))
        self._feedback.value = element(
            "div",
            f"<b>{verdict}</b> {said}",
            role="status",
            class_="made-feedback",
            data_verdict="right" if self.solved else "not yet",
        )


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


def _question_markup(question: str, multiple: bool) -> str:
    return markup(question) + (" <em>(Choose all that are right.)</em>" if multiple else "")


def _choice_row(k: int, choice: Choice) -> str:
    """The text beside a control; the control itself has it as its accessible name."""
    click = f"const c=this.closest('.made-choices').querySelectorAll('input')[{k}];"
    return element(
        "div",
        markup(choice.text),
        class_="made-choice",
        aria_hidden="true",
        onclick=f"{click}c.focus();c.click()",
    )


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


def _check_multiple(multiple: bool | None, n_right: int) -> bool:
    if multiple is None:
        return n_right > 1
    if not isinstance(multiple, bool):
        raise TypeError(f"multiple must be True, False or None, got {multiple!r}")
    if n_right > 1 and not multiple:
        raise ValueError(f"{n_right} choices are right: leave multiple out, or mark only one")
    return multiple
