"""The pictures of OrderingLab: orderings with their costs, the steps of one, one step's answers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..colours import BLUE, GREY, INK, ORANGE, PALE
from ..words import shortened
from .study import DIGITS, Ordering, Study, number, shows_as
from .svg import ON_ENTER_OR_SPACE, element, operate, svg, text

ROW, BAR = 21, 112
"""Height of a row and length of the longest bar, in pixels."""
NARROW, WIDE = frozenset(" ,.:;|!'()[]ijlftr₀₁₂₃₄₅₆₇₈₉"), frozenset("mwMW@%&…")
"""Letters, in whatever font the page has."""
MOST_CASES = 8
"""Combinations of values that are drawn one by one."""
MARKS = {"best": "★", "worst": "▼", "": ""}


# ---- all orderings ------------------------------------------------------------------------------


def draw_orderings(study: Study, best_first: bool, revealed: bool) -> str:
    """Orderings below one another, each a button, with bars of what they cost once revealed.

    A press selects an ordering; as long as nothing is revealed, it makes it the reader's guess.
    Which row is selected and which is the guess is said by :func:`rows_style`.

    Args:
        study: the orderings of an example.
        best_first: whether they stand by cost, and not by name.
        revealed: whether costs are shown.
    """
    rows = study.in_sequence(best_first and revealed)
    labels = [_label(study, ordering) for ordering in rows]
    left = 30 + max(length_of("ordering"), *map(length_of, labels))
    width = left + BAR + 148
    scale = BAR / max(study.most, 0.001)
    drawn = []
    for place, (ordering, label) in enumerate(zip(rows, labels, strict=True)):
        k, y = study.shown.index(ordering), 24 + ROW * place
        parts = [_band(y, width), _pointer(y), _words(18, y, label)]
        said, end = study.name(ordering), left
        if revealed:
            cost, rank = study.costs[ordering], study.rank(ordering)
            parts.append(_bar(left, y, study, ordering, scale))
            end += scale * max(cost, 0)
            parts.append(_words(end + 6, y, f"{number(cost, DIGITS)} {MARKS[rank]}"))
            said += f": {number(cost, DIGITS)} nats{', one of the ' * bool(rank)}{rank}"
            end += 68
        parts.append(_words(end + 6, y, "◄ guess", class_="guess"))
        press = (".made-ordering", k) if revealed else (".made-guess", k + 2)
        drawn.append(_button(parts, said, *press, class_="row", data_row=k))
    title = "cost in nats" if revealed else "cost: press Reveal"
    label = "Orderings, each a button" + " with what its model costs" * revealed
    heading = [_words(18, 0, "ordering", fill=GREY), _words(left, 0, title, fill=GREY)]
    return svg(width, 28 + ROW * len(rows), *heading, *drawn, label=label, role="group")


def draw_legend(study: Study) -> str:
    """How to read the bars, as HTML that stays as narrow as the picture."""
    ranks = "" if study.all_same else "★ one of the best, ▼ one of the worst. "
    words = f"{ranks}The parts of a bar are its steps, the first at the left."
    return element("div", escape(words), style="max-width:420px")


def rows_style(scope: str, selected: int, guess: int | None) -> str:
    """CSS that marks the selected row, and the guessed one, by their places in ``study.shown``."""
    row = f".{scope} .row"
    style = [
        f"{row} .pointer,{row} .guess{{visibility:hidden}}",
        f"{row}:hover .band{{fill:#f0f0f0}}",
        f'{row}[data-row="{selected}"] .band{{fill:#d4e7f4}}',
        f'{row}[data-row="{selected}"] .pointer{{visibility:visible}}',
    ]
    if guess is not None:
        style.append(f'{row}[data-row="{guess}"] .guess{{visibility:visible}}')
    return element("style", "".join(style))


def _label(study: Study, ordering: Ordering) -> str:
    most = max(4, 28 // len(ordering))
    return ", ".join(shortened(study.names[i], most) for i in ordering)


def _bar(x: float, y: float, study: Study, ordering: Ordering, scale: float) -> str:
    """An ordering's cost as a bar of its steps' costs, with names where there is room."""
    rank = study.rank(ordering)
    colours = {"best": (BLUE, BLUE, "white"), "worst": ("white", ORANGE, INK)}
    fill, stroke, ink = colours.get(rank, (GREY, GREY, "white"))
    parts = []
    for i, cost in zip(ordering, study.steps(ordering), strict=True):
        width = scale * max(cost, 0)
        if width < 0.5:
            x += width
            continue
        box = {"x": x + 0.5, "y": y + 3.5, "width": max(width - 2, 0.8), "height": ROW - 7}
        parts.append(element("rect", **box, fill=fill, stroke=stroke, data_step=i))
        name = study.names[i]
        if length_of(name) * 12 / 14 < width - 4:
            at = {"font_size": 12, "fill": ink, "text_anchor": "middle"}
            parts.append(_words(x + width / 2, y - 0.5, name, **at))
        x += width
    return element("g", *parts, class_="bar", data_rank=rank)


# ---- one ordering -------------------------------------------------------------------------------


def draw_steps(study: Study, ordering: Ordering, revealed: bool) -> str:
    """The factors of an ordering, each a button that selects the step, with what each costs."""
    count = len(ordering)
    labels = [_factor(study, ordering, step) for step in range(1, count + 1)]
    left = 54 + max(map(length_of, labels))
    width = left + BAR + 60
    scale = BAR / max(study.most, 0.001)
    drawn = []
    for t, (label, cost) in enumerate(zip(labels, study.steps(ordering), strict=True)):
        y = 24 + ROW * t
        said = f"Step {t + 1}, {study.factor(ordering, t + 1)}"
        parts = [_band(y, width), _pointer(y), _words(18, y, t + 1), _words(44, y, label)]
        if revealed:
            length = scale * max(cost, 0)
            box = {"x": left, "y": y + 3.5, "width": length, "height": ROW - 7}
            parts.append(element("rect", **box, fill=GREY, class_="cost"))
            parts.append(_words(left + length + 6, y, number(cost, DIGITS)))
            said += f": {number(cost, DIGITS)} nats"
        drawn.append(_button(parts, said, ".made-step", t, class_="row", data_row=t))
    total = f"cost: {number(study.costs[ordering], DIGITS)} in all" if revealed else ""
    headings = [_words(18, 0, "step", fill=GREY), _words(left, 0, total, fill=GREY)]
    label = "The steps of the selected ordering, each a button"
    return svg(width, 28 + ROW * count, *headings, *drawn, label=label, role="group")


def _factor(study: Study, ordering: Ordering, step: int) -> str:
    most = max(4, 28 // len(ordering))
    *before, this = (shortened(study.names[i], most) for i in ordering[:step])
    return f"p({this} | {', '.join(before)})" if before else f"p({this})"


def draw_cases(study: Study, ordering: Ordering, step: int, revealed: bool) -> str:
    """What one step should say in each case, and what its logistic regression says."""
    *before, this = ordering[:step]
    share, truth, fitted = (
        values.tolist() for values in study.fits.conditional(this, given=before)
    )
    cases = [case for case in range(len(share)) if share[case] > 0]
    cases = sorted(cases, key=lambda case: (-round(share[case], 9), case))[:MOST_CASES]
    names = [shortened(study.names[i], 9) for i in before]
    columns, x = [], 4.0
    for name in names:
        columns.append(x + length_of(name) / 2)
        x += length_of(name) + 10
    often, axis = x + 30, x + 76
    right, model = axis + 140 + 38, axis + 140 + 88
    middle = {"text_anchor": "middle"}
    drawn = [_words(at, 24, name, **middle) for at, name in zip(columns, names, strict=True)]
    drawn += [
        _words(often, 24, "how often", font_size=12, fill=GREY, **middle),
        _words(axis, 24, "0", font_size=12, fill=GREY, **middle),
        _words(axis + 140, 24, "1", font_size=12, fill=GREY, **middle),
        _words(right, 24, "true", fill=BLUE, font_weight="bold", **middle),
    ]
    if revealed:
        drawn.append(_words(model, 24, "model", fill=ORANGE_TEXT, font_weight="bold", **middle))
    said = []
    for place, case in enumerate(sorted(cases)):
        y = 48 + ROW * place
        values = [case >> (len(before) - 1 - k) & 1 for k in range(len(before))]
        drawn += [_words(at, y, value, **middle) for at, value in zip(columns, values, strict=True)]
        drawn.append(_words(often, y, percent(share[case]), fill=GREY, **middle))
        drawn.append(_words(right, y, number(truth[case], DIGITS), **middle))
        given = ", ".join(f"{n} {v}" for n, v in zip(names, values, strict=True))
        said.append(f"{f'{given}: ' * bool(given)}true {number(truth[case], DIGITS)}")
        ends = [axis + 140 * truth[case]]
        if revealed:
            drawn.append(_words(model, y, number(fitted[case], DIGITS), **middle))
            said[-1] += f", model {number(fitted[case], DIGITS)}"
            ends.append(axis + 140 * fitted[case])
        drawn.append(_scale(axis, y + ROW / 2, *ends, data_case=case))
    title = f"Step {step}: how probable is {shortened(study.names[this], 20)} = 1?"
    width = max(model + 28, 1.15 * length_of(title))
    height = 52 + ROW * len(cases)
    heading = _words(4, 0, title, font_weight="bold")
    return svg(width, height, heading, *drawn, label=f"{title} {'; '.join(said)}")


ORANGE_TEXT = "#b04d00"
"""The course's orange, darkened for words: 4.5 to 1 on white needs it."""


def describe_cases(study: Study, ordering: Ordering, step: int, revealed: bool) -> list[str]:
    """How to read the cases, and the regression in numbers; a paragraph each."""
    *before, this = ordering[:step]
    share, _, _ = study.fits.conditional(this, given=before)
    count = int((share > 0).sum())
    lines = []
    if count > MOST_CASES:
        lines.append(f"These are the {MOST_CASES} most frequent of {count} cases.")
    if revealed:
        lines.append(
            "● true, ✕ the model: a sigmoid of the weighted sum "
            f"{study.weighted_sum(ordering, step)}."
        )
    elif before:
        lines.append("● true. Could a weighted sum of the values at the left say that?")
    return lines


def _scale(x: float, y: float, truth: float, fitted: float | None = None, **where: int) -> str:
    parts = [element("line", x1=x, y1=y, x2=x + 140, y2=y, stroke=PALE)]
    if fitted is not None:
        parts.append(element("line", x1=truth, y1=y, x2=fitted, y2=y, stroke=GREY, stroke_width=3))
    parts.append(element("circle", cx=truth, cy=y, r=7.5, fill=BLUE))
    if fitted is not None:
        cross = f"M{fitted - 5:.2f} {y - 5:.2f}l10 10m0 -10l-10 10"
        for colour, width in (("white", 5), (ORANGE, 3)):
            parts.append(element("path", d=cross, stroke=colour, stroke_width=width))
    return element("g", *parts, **where)


# ---- all together -------------------------------------------------------------------------------


def draw_together(study: Study) -> str:
    """Σp of the two ways to average the shown orderings, with a mark at 1."""
    rows: Sequence[tuple[str, float, str]] = (
        ("mean of the probabilities", study.mixture_total, BLUE),
        ("mean of the logits", study.claimed_total, ORANGE),
    )
    left, length = 200, 300
    scale = length / max(1.25, study.claimed_total)
    drawn = [text(left + scale, 14, "1", fill=GREY)]
    for place, (name, total, colour) in enumerate(rows):
        y = 22 + 26 * place
        right = shows_as(total, 1)
        filled = {"fill": colour if right else "white", "stroke": colour, "stroke_width": 2}
        box = {"x": left, "y": y + 3, "width": scale * total, "height": 17}
        said = f"Σp = {number(total, DIGITS)} {'✓' if right else '✕ no distribution'}"
        drawn += [
            _words(0, y + 1, name),
            element("rect", **box, **filled, class_="total"),
            _words(left + scale * max(total, 1) + 8, y + 1, said),
        ]
    at = left + scale
    drawn.append(element("line", x1=at, y1=18, x2=at, y2=76, stroke=INK, stroke_dasharray="4 3"))
    label = "; ".join(f"{name}: Σp = {number(total, DIGITS)}" for name, total, _ in rows)
    return svg(left + length + 230, 80, *drawn, label=label)


def length_of(words: str) -> float:
    """About how long words are in a picture, in pixels, so that what follows stays clear of them.

    Example:
        >>> length_of("little") < length_of("wet sun") < length_of("mammal")
        True
    """
    return sum(5.8 if c in NARROW else 14 if c in WIDE else 9 for c in words)


def percent(share: float) -> str:
    """A share as it is said.

    Example:
        >>> percent(0.25), percent(1 / 3), percent(0.00025)
        ('25%', '33.3%', '<0.1%')
    """
    return "<0.1%" if share < 0.001 else f"{100 * share:.3g}%"


# ---- pieces -------------------------------------------------------------------------------------


def _words(x: float, y: float, words: object, **attributes: object) -> str:
    """Words at the left of a row."""
    return text(x, y + 15, words, **{"text_anchor": "start"} | attributes)


def _band(y: float, width: float) -> str:
    return element("rect", x=0, y=y, width=width, height=ROW, fill="transparent", class_="band")


def _pointer(y: float) -> str:
    return element("path", d=f"M4 {y + 5:.2f}l10 5.5l-10 5.5z", class_="pointer")


def _button(parts: Sequence[str], said: str, control: str, index: int, **more: object) -> str:
    return element(
        "g",
        *parts,
        role="button",
        tabindex=0,
        aria_label=said,
        onclick=operate(f"{control} select", selectedIndex=index),
        onkeydown=ON_ENTER_OR_SPACE,
        style="cursor:pointer",
        **more,
    )
