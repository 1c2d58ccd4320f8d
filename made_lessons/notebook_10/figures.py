"""Figures of shared weights and of attention."""

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from made_course.common.colours import BLUE
from made_course.common.words import add_hat, variable_names
from made_course.figures.axes import show_frame_only
from made_course.figures.masks import draw_cells, format_short
from made_course.figures.network_parts import add_axes_in_inches
from made_course.figures.picture import CLEAR_TO_INK, LINES, WIDTH, Picture, picture
from made_course.relatives.transformer import Transformer

SIDE, GAP = 0.44, 0.5  # side of a cell and gap between two tables, in inches
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
    """Return a letter for the direction from i to j, or "" if j is not in i's window of 3 × 3."""
    up, left = i // 3 - j // 3, i % 3 - j % 3
    return "abcd"[3 * up + left - 1] if up <= 1 and abs(left) <= 1 else ""


@picture
def plot_shared_weights(tables: Mapping[str, Sequence[Sequence[str]]]) -> Picture:
    """Draw blue squares where an output sees an input, each with the name of its weight.

    Args:
        tables: title → (D, D) names; [i][j] names the weight from input j to output i, and is ""
            where the mask is 0. Equal names mean the same weight.
    """
    in_words = " ".join(f"{title}: {_describe_weights(table)}" for title, table in tables.items())
    alt = f"Three ways to share weights. Which output sees which input: {in_words}"
    figure = Picture(height=2.9, alt=alt)
    grid = figure.subplots(1, len(tables), sharey=True, squeeze=False)[0]
    for (title, table), axes in zip(tables.items(), grid, strict=True):
        for i, row in enumerate(table):
            for j, name in enumerate(row):
                if name:
                    look = {"facecolor": BLUE, "edgecolor": LINES, "linewidth": 0.6}
                    axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **look))
                    centred = {"color": "white", "ha": "center", "va": "center_baseline"}
                    axes.text(j, i - 0.05, name, fontsize=12, **centred)
        _name_sides(axes, len(table), title)
    grid[0].set_ylabel("output")
    return figure


def _name_sides(axes: Axes, count: int, title: str) -> None:
    edges, names, every = (-0.5, count - 0.5), variable_names(count), range(0, count, 2)
    axes.set(xlim=edges, ylim=edges[::-1], aspect="equal", xlabel="input")
    axes.set_title("\n".join(wrap(title, 13)), loc="left", fontsize=12)
    show_frame_only(axes)
    axes.set_xticks(every, [names[k] for k in every], fontsize=12)
    axes.set_yticks(every, [add_hat(names[k]) for k in every], fontsize=12)
    axes.tick_params(length=0)


def _describe_weights(table: Sequence[Sequence[str]]) -> str:
    names = variable_names(len(table))
    row, seen = max(enumerate(table), key=lambda pair: sum(map(bool, pair[1])))
    inputs = ", ".join(f"{names[j]} with {name}" for j, name in enumerate(seen) if name)
    squares = [name for line in table for name in line if name]
    letters = " ".join(sorted(set(squares)))
    return f"weights {letters} in {len(squares)} squares; {add_hat(names[row])} sees {inputs}."


@picture
def plot_attention(query: Tensor, key: Tensor, weights: Tensor, value: Tensor) -> Picture:
    """Draw attention in three steps: scores, then mask and softmax, then the mean of the values.

    Args:
        query: (T,) one number per position.
        key: (T,) one number per position.
        weights: (T, T); row t holds the weights of all positions in the mean at position t.
        value: (T,) one number per position.
    """
    scores, seen = query[:, None] * key, weights > 0
    masked = scores.masked_fill(~seen, -math.inf)
    columns = {"scores": scores, "mask": masked, "softmax": weights}
    columns |= {"values": value[:, None], "mean": (weights @ value)[:, None]}
    rows = [
        f"position {t}: {', '.join(map(format_short, w))}"
        for t, w in enumerate(weights.tolist(), 1)
    ]
    means = ", ".join(map(format_short, (weights @ value).tolist()))
    alt = "After mask and softmax, later positions have the weight 0. "
    alt += f"Weights: {'; '.join(rows)}. Means of the values: {means}."
    tall = SIDE * len(value)
    figure = Picture(height=2 * (tall + 0.45), alt=alt, layout="none")
    axes, above = add_axes_in_inches(figure), 2 * (tall + 0.45) - 0.4
    for names, signs in ((("scores", "mask"), "→→"), (("softmax", "values", "mean"), "×= ")):
        left = 0.95
        for t in range(len(value)):
            middle = above - SIDE * (t + 0.5)
            axes.text(0, middle, f"position {t + 1}", va="center_baseline", fontsize=12)
        for title, sign in zip(names, signs, strict=True):
            table = columns[title]
            texts = [[format_short(number) for number in row] for row in table.tolist()]
            blue = seen if table.shape == seen.shape else torch.zeros_like(table)
            faces = [[BLUE if one else "none" for one in row] for row in blue.tolist()]
            draw_cells(axes, (left, above), texts, faces, SIDE)
            axes.text(left, above + 0.1, title, weight="bold", fontsize=12)
            left += SIDE * table.shape[1] + GAP
            axes.text(left - GAP / 2, above - tall / 2, sign, ha="center", va="center", fontsize=16)
        above -= tall + 0.45
    return figure


@torch.no_grad()
def attention_weights(model: Transformer, rows: Tensor) -> dict[str, Tensor]:
    """Return the attention weights (D, D) of each head, averaged over the rows (N, D)."""
    found = {}

    def record_attention(attention: nn.Module, inputs: tuple[Tensor]) -> None:
        parts = attention.query_key_value(inputs[0]).unflatten(-1, (3, attention.heads, -1))
        query, key, _ = parts.transpose(1, 3).unbind(2)
        scores = query @ key.mT / query.shape[-1] ** 0.5
        later = torch.ones_like(scores[0, 0]).triu(1).bool()
        tables = scores.masked_fill(later, -math.inf).softmax(-1).mean(0)
        block = len(found) // attention.heads + 1
        found.update({f"block {block}, head {k}": table for k, table in enumerate(tables, 1)})

    hooks = [block.attention.register_forward_pre_hook(record_attention) for block in model.blocks]
    model(rows)
    for hook in hooks:
        hook.remove()
    return found


@picture
def plot_heads(heads: Mapping[str, Tensor]) -> Picture:
    """Draw two heads of a model of boards: one attends to rows, the other to columns.

    Of all heads, the left one has the largest mean weight on the first pixel of the output's row,
    and the right one has the largest mean weight on the top pixel of the output's column.

    Args:
        heads: (D, D) weights by name, with a row per output. Column s is the position that holds
            pixel s, and column 0 is the start.
    """
    names = variable_names(len(next(iter(heads.values()))))
    side, pixel, chosen = math.isqrt(len(names)), torch.arange(len(names)), {}
    in_words = []
    for kind, seen in (
        ("first pixel of the row", pixel - pixel % side),
        ("top pixel of the column", pixel % side),
    ):
        share = {name: w[pixel, seen + 1][seen < pixel].mean() for name, w in heads.items()}
        best = max(share, key=share.__getitem__)
        in_words.append(f"{best} has the largest mean weight on the {kind}, {share[best]:.2f}")
        chosen[f"{best}:\n{kind}"] = heads[best]
    alt = "One head attends to the first pixel of a row, another to the top pixel of a column. "
    alt += f"Of all heads, {'; '.join(in_words)}. These are means over outputs."
    figure, begins = Picture(height=WIDTH / 2 + 0.6, alt=alt), range(0, len(names), side)
    grid = figure.subplots(1, 2, sharey=True)
    for axes, (title, table) in zip(grid, chosen.items(), strict=True):
        axes.imshow(table.numpy(), cmap=CLEAR_TO_INK, vmin=0, vmax=1)
        axes.set_title(title, loc="left", fontsize=12, weight="normal")
        show_frame_only(axes)
        for begin in begins[1:]:
            axes.axhline(begin - 0.5, color=LINES, linewidth=0.8, alpha=0.6)
        axes.set_xticks([1 + begin for begin in begins], [names[t] for t in begins])
        axes.set_yticks(begins, [add_hat(names[t]) for t in begins])
        axes.set_xlabel("pixel that it sees")
    return figure
