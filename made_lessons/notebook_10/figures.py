"""Figures of notebook 10: shared weights, attention, and three models in equal time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from types import SimpleNamespace

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from made_course.common.colours import BLUE
from made_course.common.words import hat, listing, variable_names
from made_course.figures.axes import frame_only, note
from made_course.figures.bars import spread_out
from made_course.figures.masks import draw_cells, short
from made_course.figures.network_parts import sheet
from made_course.figures.picture import CLEAR_TO_BLUE, LINES, WIDTH, WORDS, Picture, picture
from made_course.relatives.transformer import Transformer

LOOKS = [{"color": BLUE}, {"color": WORDS, "linestyle": "--"}, {"color": WORDS, "linestyle": ":"}]
SIDE, GAP = 0.42, 0.24
"""Inches of a cell, and between two tables."""
PIXELS = range(9)


def three_masks() -> dict[str, list[list[str]]]:
    """Return a title and a (9, 9) table of weight names for each of three models of 3 × 3 pixels.

    Entry [i][j] names the weight from input j to output i, and is "" where the mask is 0.
    """
    names = {
        "NADE: one weight per input": lambda i, j: "abcdefgh"[j],
        "convolution: one per direction": _weight_in_window,
        "attention: computed from data": lambda i, j: "?",
    }
    return {
        title: [[name(i, j) if j < i else "" for j in PIXELS] for i in PIXELS]
        for title, name in names.items()
    }


def _weight_in_window(i: int, j: int) -> str:
    """Return the letter of a direction in a window of 3 × 3, "" outside it."""
    up, left = i // 3 - j // 3, i % 3 - j % 3
    return "abcd"[3 * up + left - 1] if up <= 1 and abs(left) <= 1 else ""


@picture
def plot_shared_weights(tables: Mapping[str, Sequence[Sequence[str]]]) -> Picture:
    """Squares that are blue where an output sees an input, each with the name of its weight.

    Args:
        tables: title → (D, D) names; [i][j] is the weight from input j to output i, and "" where
            the mask is 0. Equal names are one weight.
    """
    told = " ".join(f"{title}: {_in_words(table)}" for title, table in tables.items())
    alt = f"{'; '.join(tables)}. Which output sees which input. {told}"
    side = WIDTH / len(tables)
    figure = Picture(height=side + 0.7, alt=alt)
    grid = figure.subplots(1, len(tables), squeeze=False)[0]
    for (title, table), axes in zip(tables.items(), grid, strict=True):
        for i, row in enumerate(table):
            for j, name in enumerate(row):
                if name:
                    look = {"facecolor": BLUE, "edgecolor": LINES, "linewidth": 0.6}
                    axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **look))
                    words = {"color": "white", "ha": "center", "va": "center_baseline"}
                    axes.text(j, i, name, fontsize=12, **words)
        _name_sides(axes, len(table), title)
    grid[0].set_ylabel("output")
    return figure


def _name_sides(axes: Axes, count: int, title: str) -> None:
    edges, names, every = (-0.5, count - 0.5), variable_names(count), range(0, count, 2)
    axes.set(xlim=edges, ylim=edges[::-1], aspect="equal", xlabel="input")
    axes.set_title("\n".join(wrap(title, 18)), loc="left", fontsize=12)
    frame_only(axes)
    axes.set_xticks(every, [names[k] for k in every], fontsize=12)
    axes.set_yticks(every, [hat(names[k]) for k in every], fontsize=12)
    axes.tick_params(length=0)


def _in_words(table: Sequence[Sequence[str]]) -> str:
    names = variable_names(len(table))
    row, seen = max(enumerate(table), key=lambda pair: sum(map(bool, pair[1])))
    by = ", ".join(f"{names[j]} by {name}" for j, name in enumerate(seen) if name)
    squares = [name for line in table for name in line if name]
    letters = " ".join(sorted(set(squares)))
    return f"{letters} in {len(squares)} squares; {hat(names[row])} sees {by}."


@picture
def plot_attention(query: Tensor, key: Tensor, weights: Tensor, value: Tensor) -> Picture:
    """Attention in three steps: scores, then mask and softmax, then the mean of the values.

    Args:
        query: (T,) one number per position.
        key: (T,) the same.
        weights: (T, T); row t holds the weights of the positions in the mean of position t.
        value: (T,) one number per position.
    """
    scores, seen = query[:, None] * key, weights > 0
    masked = scores.masked_fill(~seen, -math.inf)
    columns = {"scores": scores, "mask": masked, "softmax": weights}
    columns |= {"values": value[:, None], "mean": (weights @ value)[:, None]}
    rows = [f"position {t}: {', '.join(map(short, w))}" for t, w in enumerate(weights.tolist(), 1)]
    means = ", ".join(map(short, (weights @ value).tolist()))
    alt = "After mask and softmax, later positions have the weight 0. "
    alt += f"Weights: {'; '.join(rows)}. Means of the values: {means}."
    tall = SIDE * len(value)
    figure = Picture(WIDTH, tall + 0.4, alt=alt, layout="none")
    axes, left, tall = sheet(figure), 0.86, tall + 0.05
    for t in range(len(value)):
        words = {"va": "center_baseline", "fontsize": 12}
        axes.text(0, tall - SIDE * (t + 0.5), f"position {t + 1}", **words)
    for (title, table), sign in zip(columns.items(), "→→×= ", strict=True):
        said = [[short(number) for number in row] for row in table.tolist()]
        blue = seen if table.shape == seen.shape else torch.zeros_like(table)
        faces = [[BLUE if one else "none" for one in row] for row in blue.tolist()]
        draw_cells(axes, (left, tall), said, faces, SIDE)
        axes.text(left, tall + 0.1, title, weight="bold", fontsize=12)
        left += SIDE * table.shape[1] + GAP
        axes.text(left - GAP / 2, tall / 2, sign, ha="center", va="center", fontsize=16)
    return figure


@torch.no_grad()
def attention_weights(model: Transformer, rows: Tensor) -> dict[str, Tensor]:
    """Return the attention weights (D, D) of each head, averaged over the rows (N, D)."""
    found = {}

    def weigh(attention: nn.Module, inputs: tuple[Tensor]) -> None:
        parts = attention.query_key_value(inputs[0]).unflatten(-1, (3, attention.heads, -1))
        query, key, _ = parts.transpose(1, 3).unbind(2)
        scores = query @ key.mT / query.shape[-1] ** 0.5
        later = torch.ones_like(scores[0, 0]).triu(1).bool()
        tables = scores.masked_fill(later, -math.inf).softmax(-1).mean(0)
        block = len(found) // attention.heads + 1
        found.update({f"block {block}, head {k}": table for k, table in enumerate(tables, 1)})

    hooks = [block.attention.register_forward_pre_hook(weigh) for block in model.blocks]
    model(rows)
    for hook in hooks:
        hook.remove()
    return found


@picture
def plot_heads(heads: Mapping[str, Tensor]) -> Picture:
    """Two heads of a model of boards: one attends to rows, the other to columns.

    The two are the heads with the largest mean weight on the first pixel of the output's row, and
    on the top pixel of its column.

    Args:
        heads: name → (D, D) weights with a row per output; column s is the position that holds
            pixel s, and column 0 the start.
    """
    names = variable_names(len(next(iter(heads.values()))))
    side, pixel, shown = math.isqrt(len(names)), torch.arange(len(names)), {}
    told, means = [], []
    for kind, seen in (
        ("its row's first pixel", pixel - pixel % side),
        ("its column's top pixel", pixel % side),
    ):
        share = {name: w[pixel, seen + 1][seen < pixel].mean() for name, w in heads.items()}
        best = max(share, key=share.__getitem__)
        told.append(f"{best} sees {kind} most")
        means.append(f"{share[best]:.2f}")
        shown[f"{best}:\n{kind}"] = heads[best]
    alt = f"{'; '.join(told)}. Means over outputs: {listing(means)}."
    figure, begins = Picture(height=WIDTH / 2 + 0.6, alt=alt), range(0, len(names), side)
    grid = figure.subplots(1, 2, sharey=True)
    for axes, (title, table) in zip(grid, shown.items(), strict=True):
        axes.imshow(table.numpy(), cmap=CLEAR_TO_BLUE, vmin=0, vmax=1)
        axes.set_title(title, loc="left", fontsize=12, weight="normal")
        frame_only(axes)
        for begin in begins[1:]:
            axes.axhline(begin - 0.5, color=LINES, linewidth=0.8, alpha=0.6)
        axes.set_xticks([1 + begin for begin in begins], [names[t] for t in begins])
        axes.set_yticks(begins, [hat(names[t]) for t in begins])
        axes.set_xlabel("pixel that it sees")
    return figure


@picture
def plot_race(runs: Sequence[Sequence[SimpleNamespace]]) -> Picture:
    """Test NLL against seconds of training on one core, with a line for each model."""
    told = " ".join(
        f"After {of_all[0].seconds:g} seconds: "
        + ", ".join(f"{run.name} {run.test:.1f}" for run in of_all)
        + "."
        for of_all in runs
    )
    first = [min(of_all, key=lambda run: run.test) for of_all in runs]
    after = listing([f"{run.seconds:g}" for run in first])
    lead = listing(list(dict.fromkeys(run.name for run in first)))
    alt = f"Fewest nats after {after} s: {lead}. "
    alt += f"Nats of unseen digits against seconds of one core. {told}"
    figure = Picture(height=3.8, alt=alt)
    axes = figure.add_subplot()
    for of_one, look in zip(zip(*runs, strict=True), LOOKS, strict=False):
        seconds, nats = zip(*((run.seconds, run.test) for run in of_one), strict=True)
        axes.plot(seconds, nats, marker="o", **look)
        bold = {"weight": "bold", "va": "center", "color": look["color"]}
        note(axes, of_one[0].name, (seconds[0], nats[0]), (-8, 0), ha="right", **bold)
    axes.margins(y=0.1)
    inch = np.diff(axes.get_ylim())[0] / 3
    for of_all in runs:
        found = sorted(run.test for run in of_all)
        for nats, y in zip(found, spread_out(found, 0.2 * inch), strict=True):
            note(axes, f"{nats:.1f}", (of_all[0].seconds, y), (8, 4))
    axes.set_xscale("log")
    axes.set_xticks([run[0].seconds for run in runs], minor=False)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlim(runs[0][0].seconds / 30, 2.2 * runs[-1][0].seconds)
    axes.set(xlabel="seconds of one core (logarithmic)", ylabel="nats of unseen digits")
    return figure
