"""Figures of notebook 1: the chain rule as a tree, degrees as tickets, draws in intervals."""

import itertools
from collections import Counter
from collections.abc import Sequence

from torch import Tensor

from made_course.common.colours import BLUE
from made_course.common.words import variable_names
from made_course.figures.picture import LINES, WORDS, Picture, picture


@picture
def plot_chain_rule(
    days: Tensor, ordering: Sequence[int], names: Sequence[str], day: Sequence[int]
) -> Picture:
    """Draw the chain rule as a tree, with the fraction of days that takes each branch.

    Args:
        days: (N, D) zeros and ones.
        ordering: variables in the order of the forks.
        names: meaning of a 1, for each variable.
        day: (D,) values of the day whose path is blue.
    """
    steps, inner = len(ordering), days[:, list(ordering)].int().tolist()
    path = tuple(day[variable] for variable in ordering)
    count = Counter(tuple(row[:length]) for row in inner for length in range(steps + 1))
    shares = [f"{count[path[: k + 1]]}/{count[path[:k]]}" for k in range(steps)]
    kind, end = "".join(map(str, day)), f"{count[path]}/{len(days)}"
    alt = f"Tree of {len(days)} days, forking by {', then '.join(names[v] for v in ordering)}. "
    alt += f"The path of {kind} ({', '.join(names)}): {' · '.join(shares)} = {end} of all days."

    figure = Picture(height=0.36 * 2**steps + 0.5, alt=alt)
    axes = figure.add_subplot(xlim=(-0.35, steps + 0.95), ylim=(-0.5, 2**steps + 0.4))
    axes.axis("off")
    middle = {"ha": "center", "va": "center"}
    lengths = range(steps + 1)
    for begin in itertools.chain(*(itertools.product([1, 0], repeat=n) for n in lengths)):
        days_here, is_blue = count[begin], begin == path[: len(begin)]
        colour, place = BLUE if is_blue else LINES, _fork_position(begin, steps)
        share = f"{len(days)} days"
        if begin:
            share = f"{days_here}/{count[begin[:-1]]}"
            before, line = _fork_position(begin[:-1], steps), "-" if begin[-1] else (0, (2, 1))
            wide = 1 + 8 * days_here / len(days)
            axes.plot(*zip(before, place, strict=True), color=colour, lw=wide, ls=line, zorder=1)
        plate = {"boxstyle": "round,pad=0.35", "facecolor": BLUE if is_blue else WORDS, "lw": 0}
        axes.text(*place, share, bbox=plate, color="white", fontsize=12, **middle)
        if len(begin) == steps:
            kind = "".join(str(begin[list(ordering).index(v)]) for v in range(steps))
            look = {"weight": "bold", "color": BLUE} if is_blue else {}
            leaf = f"{kind}:  {days_here}/{len(days)}"
            axes.text(steps + 0.35, place[1], leaf, va="center", **look)
    for step, variable in enumerate(ordering, start=1):
        axes.text(step, 2**steps + 0.05, f"{names[variable]}?", ha="center", weight="bold")
    code = f"as {', '.join(names)}"
    axes.text(steps + 0.95, -0.8, code, fontsize=12, ha="right", va="top", parse_math=False)
    for value, word in ((1, "yes"), (0, "no")):
        x, y = _fork_position((value,), steps)
        axes.text(x, y + (0.78 if value else -0.78), word, fontsize=12, **middle)
    return figure


def _fork_position(path: Sequence[int], steps: int) -> tuple[int, float]:
    """Return (x, y) of the fork at the end of a path, with y halfway between the fork's leaves."""
    leaves = 2 ** (steps - len(path))
    lower = sum(bit * 2 ** (steps - k) for k, bit in enumerate(path, start=1))
    return len(path), lower + (leaves - 1) / 2


@picture
def plot_tickets(ordering: list[int]) -> Picture:
    """Draw an ordering and its degrees: variables hold tickets, and a counter calls them."""
    names = variable_names(len(ordering))
    order = [ordering.index(i) + 1 for i in range(len(ordering))]
    held = ", ".join(f"{n} {'has ' * (i == 0)}ticket {order[i]}" for i, n in enumerate(names))
    called = ", then ".join(names[i] for i in ordering)
    figure = Picture(height=2.4, alt=f"{held}. The counter calls {called}.")
    axes = figure.add_subplot(xlim=(-2.2, len(ordering) + 1.7), ylim=(-0.75, 2.6))
    axes.axis("off")
    count, middle = len(ordering), {"ha": "center", "va": "center"}
    axes.plot(range(count), [1.75] * count, "s", color=BLUE, markersize=28)
    axes.plot(range(count), [0.45] * count, "s", color=LINES, markersize=28, markerfacecolor="none")
    for i, name in enumerate(names):
        axes.plot([i, order[i] - 1], [1.45, 0.75], color=LINES, linewidth=1.5, zorder=1)
        axes.text(i, 2.3, name, fontsize=14, **middle)
        axes.text(i, 1.75, order[i], color="white", weight="bold", **middle)
        axes.text(i, 0.45, i + 1, **middle)
        axes.text(i, -0.15, names[ordering[i]], fontsize=14, **middle)
    for words, height, code, y in (
        ("the ticket\nin each hand:\nits degree", 1.75, f"order = {order}", 1.75),
        ("the list\nat the counter", 0.2, f"ordering = {ordering}\ncounted from 0", -0.15),
    ):
        axes.text(-0.6, height, words, ha="right", va="center", fontsize=12)
        axes.text(len(ordering) - 0.5, y, code, va="center", family="monospace", fontsize=12)
    return figure


@picture
def plot_draws(names: Sequence[str], p: Sequence[float], u: Sequence[float]) -> Picture:
    """Draw how random numbers choose values: each one falls into one of two parts of [0, 1].

    Args:
        names: names of the variables, in the order of their steps.
        p: probability of a 1 given the earlier values, for each step.
        u: random number in [0, 1] for each step.
    """
    p = list(map(float, p))
    drawn = [int(at <= share) for at, share in zip(u, p, strict=True)]
    draws = [
        f"{name} is {value}, because u = {at:.2f} {'≤' if value else '>'} p = {share:.3g}"
        for name, share, at, value in zip(names, p, u, drawn, strict=True)
    ]
    alt = f"Each u falls into a part, and the next variable splits that part. {'; '.join(draws)}."
    figure = Picture(height=1.05 * len(p), alt=alt)
    axes = figure.add_subplot(xlim=(-0.32, 1.01), ylim=(0.5 - 1.1 * len(p), 0.65))
    axes.axis("off")
    for step, (name, share, at, value) in enumerate(zip(names, p, u, drawn, strict=True)):
        y, ends = -1.1 * step, ((0, share) if value else (share, 1))
        axes.text(-0.03, y, name, ha="right", va="center", weight="bold")
        for left, part, outcome in ((0, share, 1), (share, 1 - share, 0)):
            face, ink = (BLUE, "white") if outcome == value else ("none", WORDS)
            bar = axes.barh(y, part, 0.4, left, facecolor=face, edgecolor=LINES)
            axes.bar_label(bar, [f"{outcome}: {part:.3g}"], label_type="center", color=ink)
        axes.plot([at, at], [y + 0.2, y + 0.48], color=WORDS)
        axes.text(at - 0.02, y + 0.38, f"u = {at:.2f}", ha="right", va="center", fontsize=12)
        if step < len(p) - 1:
            for end, corner in zip(ends, (0, 1), strict=True):
                axes.plot([end, corner], [y - 0.2, y - 0.9], ":", color=LINES, linewidth=1.2)
    return figure
