"""Matrices that show which output depends on which input, and which of these pairs are leaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from ..common.colours import BLUE, ORANGE
from ..common.words import add_hat, join_names, variable_names
from .axes import add_axes_at, add_legend, add_note, show_frame_only, text_width
from .picture import CELL, WIDTH, Picture, picture


@picture
def plot_dependence(matrices: Mapping[str, Tensor], allowed: Tensor) -> Picture:
    """Draw which output depends on which input, against what the ordering allows.

    Filled blue squares are pairs that are allowed and seen, and outlined ones are allowed but not
    seen. Orange squares with a cross are leaks, which are seen but not allowed.

    Args:
        matrices: title → (D, D) BoolTensor in which [i, j] is True if output i depends on input j.
        allowed: (D, D) BoolTensor of allowed pairs, see :func:`made_course.direct_mask`.

    Example:
        >>> allowed = torch.tensor([[False, True], [False, False]])  # x2, then x1
        >>> figure = plot_dependence({"a copy": torch.eye(2).bool()}, allowed)
        >>> figure.alt
        'a copy: 0 of 1 seen, 2 leaks. x̂₁ sees x₁; x̂₂ sees x₂. Leaks: x̂₁ sees x₁ and x̂₂ sees x₂.'
    """
    count, allowed = len(allowed), allowed.cpu()
    matrices = {title: seen.cpu() for title, seen in matrices.items()}
    counts = {title: describe_pair_counts(seen, allowed) for title, seen in matrices.items()}
    alt = _describe_dependence(matrices, allowed, counts)
    counts = {title: words.replace(", ", ",\n") for title, words in counts.items()}
    room, foot = 0.35 + 0.1 * len(f"x{count}"), 0.95  # inches on the left, and below
    apart = 0.25 * (len(matrices) - 1)
    cell = min(CELL, (WIDTH - room - apart - 0.1) / len(matrices) / count, 4 / count)
    side = cell * count
    heads = [max(1.05 * text_width(title), text_width(words)) for title, words in counts.items()]
    step = max(side + 0.25, max(heads[:-1], default=0) + 0.15)
    width = room + step * (len(matrices) - 1) + max(side, heads[-1]) + 0.05
    figure = Picture(max(width, 3.6), side + foot + 0.75, alt=alt, layout="none")
    for k, (title, seen) in enumerate(matrices.items()):
        axes = add_axes_at(figure, room + step * k, foot, side, side)
        axes.set_title(title, loc="left", pad=38, fontsize=12, parse_math=False)
        add_note(axes, counts[title], (0, 1), (0, 6), xycoords="axes fraction", fontsize=12)
        draw_pairs(axes, seen.numpy(), allowed.numpy())
        name_pairs(axes, variable_names(count), cell)
        axes.set_xlabel("input")
        if k == 0:
            axes.set_ylabel("output")
        else:
            axes.set_yticks([])
    where = {"loc": "lower left", "bbox_to_anchor": (0, 0)}
    add_legend(figure, _make_legend_entries([*matrices.values()], allowed), **where)
    return figure


def _describe_dependence(
    matrices: Mapping[str, Tensor], allowed: Tensor, counts: Mapping[str, str]
) -> str:
    """Return the alternative text: how many pairs each matrix has, then its pairs and leaks."""
    names = variable_names(len(allowed))
    complete = f"{allowed.sum()} of {allowed.sum()} seen, "
    complete *= all(words.startswith(complete) for words in counts.values())
    found = [f"{title}: {words.removeprefix(complete)}" for title, words in counts.items()]
    parts = []
    for title, seen in matrices.items():
        leaks = describe_leaks(seen, allowed, names)
        words = [f"{title}:"] * (len(matrices) > 1) + [describe_pairs(seen, names)]
        parts.append(" ".join(words + [f"Leaks: {leaks}."] * bool(leaks)))
    return f"{'; '.join(found)}. {' '.join(parts)}"


def describe_pair_counts(seen: Tensor, allowed: Tensor) -> str:
    """Describe how many of the allowed pairs are seen, and how many pairs leak."""
    leaks = int((seen & ~allowed).sum())
    found = "no leak" if leaks == 0 else f"{leaks:,} leak" + "s" * (leaks != 1)
    return f"{int((seen & allowed).sum()):,} of {int(allowed.sum()):,} seen, {found}"


def describe_pairs(seen: Tensor, names: Sequence[str]) -> str:
    """Describe which output sees which inputs: by name, or as counts if there are many.

    Example:
        >>> describe_pairs(torch.eye(2), ["x₁", "x₂"])
        'x̂₁ sees x₁; x̂₂ sees x₂.'
    """
    if len(names) > 6:
        counts = ", ".join(map(str, seen.int().sum(1).tolist()))
        if seen.all():
            return f"Every output sees all {len(names)} inputs."
        return f"{add_hat(names[0])} to {add_hat(names[-1])} see {counts} inputs."
    sees = [join_names([names[j] for j in row.nonzero().flatten().tolist()]) for row in seen]
    pairs = [f"{add_hat(name)} sees {inputs}" for name, inputs in zip(names, sees, strict=True)]
    return "; ".join(pairs) + "."


def describe_leaks(seen: Tensor, allowed: Tensor, names: Sequence[str]) -> str:
    """Describe which pairs leak: "x̂₂ sees x₂ and x̂₃ sees x₃"."""
    pairs = (seen & ~allowed).nonzero().tolist()
    if len(pairs) > 8:
        upper = torch.equal(seen & ~allowed, torch.ones_like(seen).bool().triu())
        return f"{len(pairs)} pairs" + ", the diagonal and all above it" * upper
    words = [f"{add_hat(names[i])} sees {names[j]}" for i, j in pairs]
    return join_names(words, 20) if pairs else ""


def draw_pairs(axes: Axes, seen: np.ndarray, allowed: np.ndarray) -> None:
    """Draw a square for each pair that is seen or allowed, and a cross on each leak."""
    for (i, j), is_seen in np.ndenumerate(seen):
        if not (is_seen or allowed[i, j]):
            continue
        colour = BLUE if allowed[i, j] else ORANGE
        look = {"facecolor": colour if is_seen else "none", "edgecolor": colour, "linewidth": 1.2}
        axes.add_patch(Rectangle((j - 0.4, i - 0.4), 0.8, 0.8, **look))
    rows, columns = np.nonzero(seen & ~allowed)
    size = 0.35 * 72 * axes.bbox.width / axes.figure.dpi / len(seen)
    cross = {"color": "white", "markersize": size, "markeredgewidth": min(2, size / 4)}
    axes.plot(columns, rows, "x", **cross)
    axes.set(xlim=(-0.5, len(seen) - 0.5), ylim=(len(seen) - 0.5, -0.5), aspect="equal")


def name_pairs(axes: Axes, names: Sequence[str], cell: float) -> None:
    """Write names along a matrix of pairs: all names, or every k-th if squares are small."""
    show_frame_only(axes)
    across, down = (math.ceil(room / cell) for room in (0.27, 0.18))
    for ticks, labels, step in (
        (axes.set_xticks, names, across),
        (axes.set_yticks, [add_hat(name) for name in names], down),
    ):
        shown = range(0, len(names), step)
        ticks(shown, [labels[k] for k in shown], parse_math=False, fontsize=12)
    axes.tick_params(length=0)


def _make_legend_entries(seen: Sequence[Tensor], allowed: Tensor) -> dict[str, object]:
    """Return the name and the legend patch of each kind of square that occurs."""
    all_seen, any_seen = torch.stack(list(seen)).all(0), torch.stack(list(seen)).any(0)
    cross = Line2D([], [], color="white", linestyle="", marker="x")
    kinds = {
        "allowed and seen": (any_seen & allowed, Patch(color=BLUE)),
        "allowed, not seen": (allowed & ~all_seen, Patch(facecolor="none", edgecolor=BLUE)),
        "a leak": (any_seen & ~allowed, (Patch(color=ORANGE), cross)),
    }
    return {words: patch for words, (where, patch) in kinds.items() if where.any()}
