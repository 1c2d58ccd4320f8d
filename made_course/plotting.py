"""Every figure of the course, one function a figure; and how a notebook shows it."""

from __future__ import annotations

import math
import os
import pathlib
import textwrap
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from PIL import Image
from torch import Tensor

from .arguments import check_count, check_number
from .colours import BLUE, GREY, INK, ORANGE, PALE, rgb
from .completed import Completion
from .files import write_whole
from .made import MADE
from .masks import connectivity, leaking_connections
from .orderings import ManyMasks
from .recipe import Rung
from .sampling import evaluation_mode
from .training import History
from .trajectory import Trajectory
from .words import percent, shortened, variable_names


def _grid(images: Tensor, **how: float) -> Tensor:
    from torchvision.utils import make_grid  # loading it takes longer than all else here

    return make_grid(images, **how)


def save_samples_grid(
    model: MADE, path: str | os.PathLike[str] = "made_samples.png", n: int = 36
) -> None:
    """Draw samples of 28 × 28 pixels and save them as one picture, in rows of √n.

    Args:
        model: a MADE over 784 pixels.
        path: where the picture goes; its ending says in which format.
        n: number of samples.

    Raises:
        TypeError, ValueError: if ``n`` is no positive whole number, the model is not over 784
            variables, or the ending names no format.
        OSError: if the file cannot be written; what was there is then untouched.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_samples_grid(MADE(784, hidden_dims=(8,)), f"{folder}/grid.png", n=4)
        Saved samples to ...grid.png
    """
    n = check_count("n", n)
    if model.input_dim != 784:
        raise ValueError(f"a grid of digits needs a model over 784 pixels, got {model.input_dim}")
    if Image.registered_extensions().get(pathlib.Path(path).suffix.lower()) not in Image.SAVE:
        raise ValueError(f"path must end in a picture's format, such as .png, got {str(path)!r}")
    images = model.sample(n).view(n, 1, 28, 28)
    from torchvision.utils import save_image

    grid = _grid(images, nrow=math.isqrt(n), padding=2)
    write_whole(path, lambda file: save_image(grid, file))
    print(f"Saved samples to {path}")


def plot_images(
    images: Tensor,
    *,
    columns: int | None = None,
    titles: Sequence[str] | None = None,
    cell: float = 0.8,
) -> Figure:
    """A grid of square images, ink dark on white.

    Args:
        images: (n, D) with D a square number, 0 for paper and 1 for ink, or anything between.
        columns: images in a row; None makes the grid about square.
        titles: a word over each image, in one line or more; larger over larger images.
        cell: inches that an image takes, with its margin.

    Raises:
        TypeError, ValueError: if ``images`` is no tensor of this shape.

    Example:
        >>> len(plot_images(torch.zeros(6, 784), columns=3).axes)
        6
    """
    pictures = _pictures(images)
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    larger = min(max(cell / 0.8, 1), 4 / 3)
    room = 0.0 if titles is None else 0.1 + 0.16 * max(t.count("\n") + 1 for t in titles) * larger
    figure = Figure(figsize=(cell * columns, (cell + room) * rows))
    for k, image in enumerate(pictures):
        axes = figure.add_subplot(rows, columns, k + 1)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        _frame_only(axes)
        if titles is not None:
            axes.set_title(titles[k], fontsize=9 * larger)
            axes.set_anchor("S")  # what room is left belongs to the title
    figure.tight_layout(pad=0.2)
    return figure


def plot_image_rows(rows: Mapping[str, Tensor], *, cell: float = 0.8) -> Figure:
    """Rows of square images under one another, each with a name: samples, neighbours, real ones.

    Args:
        rows: name → (n, D) images with D a square number; n is the same in every row.
        cell: inches that an image takes, with its margin.

    Raises:
        TypeError, ValueError: if ``rows`` holds anything else.

    Example:
        >>> len(plot_image_rows({"real": torch.zeros(3, 784), "sampled": torch.ones(3, 784)}).axes)
        6
    """
    if not isinstance(rows, Mapping):
        raise TypeError(
            'rows must map names to images, such as {"real": images}, got ' + type(rows).__name__
        )
    if not rows:
        raise ValueError("rows must hold at least one row of images, got none")
    pictures = {name: _pictures(images) for name, images in rows.items()}
    lengths = {name: len(images) for name, images in pictures.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all rows must hold the same number of images, got {lengths}")
    columns = len(next(iter(pictures.values())))
    figure = Figure(figsize=(1.1 + (cell - 0.05) * columns, cell * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for (name, images), line in zip(pictures.items(), grid, strict=True):
        for image, axes in zip(images, line, strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
            _frame_only(axes)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
    return figure


def plot_history(
    history: History, levels: Mapping[str, float] | None = None, *, scored: str = "validation"
) -> Figure:
    """Learning curve: train and validation NLL after each epoch, in the unit of the history.

    Args:
        history: what :func:`made_course.fit` returned.
        levels: name → nats, drawn as horizontal lines to compare with.
        scored: what the images are called that are only scored.

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.0, valid_nll=1.5, lr=0.1, seconds=1.0)
        >>> plot_history(history).axes[0].get_ylabel()
        'negative log-likelihood (nats)'
    """
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.add_subplot()
    curves = [("train, while the weights still move", history.train_nll, BLUE, "o")]
    if history.valid_nll:
        curves.append((f"{scored}, at the end of the epoch", history.valid_nll, ORANGE, "s"))
    highest = max((values[-1] for _, values, _, _ in curves if values), default=None)
    for name, values, colour, marker in curves:
        axes.plot(history.epoch, values, marker=marker, color=colour, label=name)
        if not values:  # interrupted in its first epoch
            continue
        axes.annotate(
            f"{values[-1]:.1f}",
            (history.epoch[-1], values[-1]),
            xytext=(8, 4 if values[-1] == highest else -12),
            textcoords="offset points",
            color=colour,
        )
    for name, nats in (levels or {}).items():
        axes.axhline(nats, color="0.35", linestyle="--", linewidth=1)
        axes.annotate(
            f"{name}: {nats:.0f}",
            (1, nats),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            color="0.25",
            parse_math=False,
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"negative log-likelihood ({history.unit})")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.08, y=0.12)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_probabilities(
    distributions: Mapping[str, Sequence[float]], outcomes: Sequence[str], *, xlabel: str = ""
) -> Figure:
    """Bars for each outcome, one to four distributions side by side, with the numbers on them.

    Args:
        distributions: name → probability of each outcome; one to four of them.
        outcomes: what each bar stands for.
        xlabel: words below the outcomes.

    Example:
        >>> figure = plot_probabilities({"p": [0.25, 0.75]}, ["dry", "wet"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.25', '0.75']
    """
    each = (0.95, 0.95, 1.4, 1.8)[len(distributions) - 1]
    figure = Figure(figsize=(max(4.5, each * len(outcomes) + 1), 3), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(distributions)
    styles = [
        {"color": BLUE},
        {"facecolor": "white", "edgecolor": ORANGE, "hatch": "//"},
        {"color": GREY},
        {"facecolor": "white", "edgecolor": GREY},
    ]
    for k, (name, probabilities) in enumerate(distributions.items()):
        places = np.arange(len(outcomes)) + width * (k - (len(distributions) - 1) / 2)
        heights = [float(p) for p in probabilities]
        bars = axes.bar(places, heights, 0.92 * width, label=name, linewidth=1.5, **styles[k])
        axes.bar_label(bars, [f"{p:.2f}" for p in heights], padding=2, fontsize=9)
    axes.set_xticks(range(len(outcomes)), outcomes, parse_math=False)
    axes.set_xlabel(xlabel)
    axes.set_ylabel("probability")
    axes.margins(y=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    if len(distributions) > 1:
        figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure


def plot_curves(
    x: Tensor, curves: Mapping[str, Tensor], *, xlabel: str = "x", ylabel: str = "density"
) -> Figure:
    """Curves over one real variable, from 0 upwards: a blue line, then an orange dashed one.

    Args:
        x: (N,) places, ascending.
        curves: name → (N,) heights; one or two of them.
        xlabel: words below.
        ylabel: words beside.

    Example:
        >>> x = torch.linspace(-1, 1, 3)
        >>> figure = plot_curves(x, {"tent": 1 - x.abs()})
        >>> figure.axes[0].get_legend().get_texts()[0].get_text()
        'tent'
    """
    figure = Figure(figsize=(6.5, 3.2), layout="constrained")
    axes = figure.add_subplot()
    styles = [{"color": BLUE}, {"color": ORANGE, "linestyle": "--"}]
    for (name, heights), style in zip(curves.items(), styles[: len(curves)], strict=True):
        axes.plot(x.numpy(), heights.numpy(), linewidth=2, label=name, **style)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_family(table: Mapping[str, tuple[int, float, float]]) -> Figure:
    """Models of the same data in one table: parameters in use, seconds, and bars of nats.

    Args:
        table: name → parameters that no mask cuts off, seconds of training, nats; drawn from top to
            bottom.

    Example:
        >>> figure = plot_family({"FVSBN": (19_306, 0.4, 35.8), "NADE": (25_284, 3.2, 33.8)})
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['parameters in use', 'seconds', '19,306', '0.4', '25,284', '3.2']
    """
    figure = Figure(figsize=(9, 0.45 * len(table) + 0.9), layout="constrained")
    words, axes = figure.subplots(1, 2, sharey=True, width_ratios=(4, 6))
    nats = [row[2] for row in table.values()]
    bars = axes.barh(range(len(table)), nats, color=BLUE, height=0.6)
    axes.bar_label(bars, [f"{n:.1f} nats" for n in nats], padding=4)
    axes.set_xlim(0, 1.25 * max(nats))
    axes.set_xlabel("nats (shorter is better)")
    axes.spines[["top", "right"]].set_visible(False)
    words.set(xlim=(0, 1), ylim=(len(table) - 0.5, -1))
    words.set_yticks(range(len(table)), list(table), fontsize=11, parse_math=False)
    words.tick_params(length=0)
    words.set_xticks([])
    words.spines[:].set_visible(False)
    axes.tick_params(left=False)
    right = {"parameters in use": 0.6, "seconds": 1.0}
    for title, x in right.items():
        words.text(x, -0.75, title, ha="right", va="center", weight="bold")
    for k, (parameters, seconds, _) in enumerate(table.values()):
        for x, said in zip(right.values(), (f"{parameters:,}", f"{seconds:.1f}"), strict=True):
            words.text(x, k, said, ha="right", va="center")
    return figure


def plot_nats_scale(
    levels: Mapping[str, float], input_dim: int | None = 784, *, of: str = "image"
) -> Figure:
    """Bars of nats per image, with bits per dimension beside them: what knowledge is worth.

    Args:
        levels: name → nats, drawn from top to bottom.
        input_dim: number of variables D, for the bits per dimension; None leaves these out.
        of: what a row of the data is, if it is no image.

    Example:
        >>> figure = plot_nats_scale({"a coin for each pixel": 784 * math.log(2)})
        >>> figure.axes[0].texts[0].get_text()
        '543.4 nats, 1.000 bits per pixel'
    """
    figure = Figure(figsize=(8, 0.55 * len(levels) + 0.7), layout="constrained")
    axes = figure.add_subplot()
    names, nats = list(levels), list(levels.values())
    bars = axes.barh(names, nats, color=BLUE, height=0.6)
    said = [f"{v:.1f} nats" for v in nats]
    if input_dim is not None:
        bits = [v / (input_dim * math.log(2)) for v in nats]
        said = [f"{n}, {b:.3f} bits per pixel" for n, b in zip(said, bits, strict=True)]
    axes.bar_label(bars, said, padding=4)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.55 * max(nats))
    axes.set_xlabel(f"nats per {of} (shorter is better)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_first_layer(model: MADE, n_units: int = 24, columns: int = 8) -> Figure:
    """What hidden units look for: rows of the first layer's masked weights, as images.

    Units are chosen evenly along their degrees; each title is the unit's degree. Orange weights
    are positive, blue negative, white ones zero: masked pixels are white in any training.

    Args:
        model: a MADE over 784 pixels with a hidden layer.
        n_units: number of units to draw.
        columns: units in a row.

    Example:
        >>> len(plot_first_layer(MADE(784, hidden_dims=(16,)), n_units=8).axes)
        8
    """
    if not model.hidden_dims:
        raise ValueError("the model has no hidden layer whose weights could be drawn")
    weights = model.net[0].masked_weight().detach().cpu()
    by_degree = torch.argsort(model.degrees[1].cpu(), stable=True)
    chosen = by_degree[torch.linspace(0, len(by_degree) - 1, n_units).round().long()]
    rows = math.ceil(n_units / columns)
    figure = Figure(figsize=(0.95 * columns, 1.15 * rows), layout="constrained")
    for k, unit in enumerate(chosen.tolist()):
        axes = figure.add_subplot(rows, columns, k + 1)
        largest = weights[unit].abs().max().clamp(min=1e-12).item()
        image = _pictures(weights[unit, None])[0]
        axes.imshow(image, cmap=_blue_white_orange(), vmin=-largest, vmax=largest)
        axes.set_title(f"degree {model.degrees[1][unit].item()}", fontsize=8)
        _frame_only(axes)
    return figure


def plot_samples_and_mask(samples: Tensor, mask: Tensor) -> Figure:
    """The course in one picture: digits that a MADE drew, and the mask that lets it draw them.

    Args:
        samples: (n, 784) of zeros and ones, drawn in rows of √n.
        mask: (out_features, in_features); blue where a weight may exist, white where it may not.

    Example:
        >>> len(plot_samples_and_mask(torch.zeros(9, 784), torch.eye(3)).axes)
        2
    """
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    grid = _grid(samples.cpu().view(-1, 1, 28, 28), nrow=math.isqrt(len(samples)), padding=3)
    left.imshow(grid[0].numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="antialiased")
    left.set_title("drawn by a MADE, pixel by pixel", fontsize=12)
    right.imshow(mask.float().cpu().numpy(), cmap=_white_to(BLUE), vmin=0, vmax=1, aspect="auto")
    right.set_title("one of its masks: blue weights may exist", fontsize=12)
    for axes in (left, right):
        _frame_only(axes)
    right.set_xlabel("from unit")
    right.set_ylabel("to unit")
    return figure


def plot_network(
    degrees: Sequence[Tensor],
    masks: Sequence[Tensor],
    *,
    direct: Tensor | None = None,
    allowed: Tensor | None = None,
    names: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """A masked network as a graph: inputs left, outputs right, degrees in units, a line a weight.

    With more than 1,500 connections lines would hide one another, and the masks are drawn instead.
    If it is known what may reach what, paths that leak are orange, dotted and crossed at their
    ends. Beside the graph stands what reaches what: filled where a path leads from an input to an
    output, outlined where one is allowed, crossed where it is not.

    Args:
        degrees: of the inputs and of each hidden layer, see :func:`made_course.draw_degrees`.
        masks: of every layer, see :func:`made_course.build_masks`.
        direct: mask of the direct connections, if there are any.
        allowed: (D, D) BoolTensor of what is allowed, see :func:`made_course.direct_mask`.
        names: of the variables; None is x₁, x₂, ...
        title: words above.

    Example:
        >>> degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
        >>> figure = plot_network(degrees, [torch.ones(2, 3), torch.ones(3, 2)])
        >>> len(figure.axes[0].lines)  # one a connection
        12
    """
    layers = [*degrees, degrees[0]]
    connections = [(k, k + 1, mask) for k, mask in enumerate(masks)]
    if direct is not None:
        connections.append((0, len(layers) - 1, direct))
    if sum(int(mask.sum()) for _, _, mask in connections) > 1500:
        return _plot_large_masks(connections, title)
    if names is None:
        names = variable_names(len(degrees[0]))
    names = [shortened(name) for name in names]
    tallest = max(map(len, layers))
    widths = [2.2 * len(layers)] + ([] if allowed is None else [0.9 + 0.4 * len(names)])
    figure = Figure(figsize=(sum(widths), 0.6 * tallest + 1.1), layout="constrained")
    axes, *beside = figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]

    def place(layer: int, unit: int) -> tuple[float, float]:
        return 2.0 * layer, (len(layers[layer]) - 1) / 2 - unit

    forbidden = torch.zeros(len(names), len(names)) if allowed is None else ~allowed
    leaking = leaking_connections(masks, forbidden, direct)
    plain = {"color": "0.55", "linewidth": 1}
    for (below, above, mask), leak in zip(connections, leaking, strict=True):
        bend = tallest / 2 if above - below > 1 else 0.0  # a direct line would lie on the others
        along = np.linspace(0, 1, 25 if bend else 2)
        for to, start in mask.nonzero().tolist():
            (x1, y1), (x2, y2) = place(below, start), place(above, to)
            arc = y1 + (y2 - y1) * along + bend * 4 * along * (1 - along)
            leaks = bool(leak[to, start])
            style = {"color": ORANGE, "linestyle": ":", "linewidth": 2.5} if leaks else plain
            axes.plot(x1 + (x2 - x1) * along, arc, zorder=1, **style)
            if leaks and above == len(layers) - 1:
                middle = (0.4 * x1 + 0.6 * x2, np.interp(0.6, along, arc))
                axes.plot(*middle, "x", color=ORANGE, markersize=9, markeredgewidth=2)
    words = {"va": "center", "parse_math": False, "zorder": 3}
    for layer, units in enumerate(layers):
        spots = np.array([place(layer, unit) for unit in range(len(units))])
        circles = {"s": 480, "facecolor": "white", "edgecolor": "0.15", "clip_on": False}
        axes.scatter(*spots.T, zorder=2, **circles)
        for unit, degree in enumerate(units.tolist()):
            x, y = spots[unit]
            axes.text(x, y, str(degree), ha="center", **words)
            if layer == 0:
                axes.text(x - 0.35, y, names[unit], ha="right", **words)
            elif layer == len(layers) - 1:
                axes.text(x + 0.35, y, f"output {names[unit]}", ha="left", **words)
    kinds = ["inputs", *(f"hidden {k}" for k in range(1, len(layers) - 1)), "outputs"]
    for layer, kind in enumerate(kinds):
        axes.text(2.0 * layer, -tallest / 2 - 0.3, kind, ha="center")
    axes.axis("off")
    axes.margins(0.1)
    for matrix in beside:
        _draw_pairs(matrix, connectivity(masks, direct).cpu().numpy(), allowed.cpu().numpy())
        _name_pairs(matrix, names)
        matrix.set_title("who sees whom", fontsize=11)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False, wrap=True)
    return figure


def paint_variables(
    values: np.ndarray, apart: np.ndarray, shape: tuple[int, int], scale: int
) -> np.ndarray:
    """Pixels of a picture of the variables: ink dark on white, those apart pale blue and hatched.

    Args:
        values: (D,) between 0 (white) and 1 (black).
        apart: (D,) true where a value is none yet, or is not to be read like the others.
        shape: rows and columns of the picture.
        scale: how many pixels wide and high each variable is.

    Returns:
        (rows · scale, columns · scale, 3) of uint8.

    Example:
        >>> picture = paint_variables(np.array([0.0, 1.0]), np.array([True, False]), (1, 2), 6)
        >>> bool((picture[:, :6] > 90).all()), bool((picture[:, 6:] == 0).all())
        (True, True)
    """
    blue = 255 - rgb(BLUE)
    darkness = np.where(apart[:, None], 0.3 * blue, 255.0) * values[:, None]
    colours = (255 - darkness).round().astype(np.uint8).reshape(*shape, 3)
    picture = colours.repeat(scale, axis=0).repeat(scale, axis=1)
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    lines = (rows + columns) % 5 == 0
    lines &= apart.reshape(shape).repeat(scale, axis=0).repeat(scale, axis=1)
    picture[lines] = 255 - 0.5 * blue
    return picture


def paint_completion(
    values: np.ndarray, known: np.ndarray, shape: tuple[int, int], scale: int
) -> np.ndarray:
    """Pixels of a completed picture: what is known black on white, the rest blue on pale blue.

    Args:
        values: (D,) between 0 (paper) and 1 (ink).
        known: (D,) true where a value was given.
        shape: rows and columns of the picture.
        scale: how many pixels wide and high each variable is.

    Returns:
        (rows · scale, columns · scale, 3) of uint8.

    Example:
        >>> paint_completion(np.array([1.0, 1.0]), np.array([True, False]), (1, 2), 1).tolist()
        [[[0, 0, 0], [0, 114, 178]]]
    """
    blue = 255 - rgb(BLUE)
    paper = np.where(known[:, None], 0, 0.14 * blue)
    ink = np.where(known[:, None], 255, blue)
    colours = 255 - paper - values[:, None] * (ink - paper)
    picture = colours.round().astype(np.uint8).reshape(*shape, 3)
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def plot_completions(
    x: Tensor,
    known: Tensor,
    completion: Completion,
    shape: tuple[int, int] = (28, 28),
    *,
    original: bool = True,
    cell: float = 0.8,
) -> Figure:
    """A line for each row: what is known of it, its completions, their mean, and the original.

    What is known is black on white, what is not is hatched, and what was drawn is blue. Where
    samples have weights, each has its share over it, the mean counts them with it, and the line
    says how many exact samples they are worth.

    Args:
        x: (B, D) whole rows.
        known: (D,) or (B, D) BoolTensor.
        completion: what :func:`made_course.complete` returned for them.
        shape: rows and columns in which the variables are drawn.
        original: whether the whole row stands at the end of its line.
        cell: inches that a picture takes, with its margin.

    Example:
        >>> from made_course import complete
        >>> x, known = torch.ones(1, 4), torch.tensor([True, True, False, False])
        >>> completion = complete(MADE(4, (8,)), x, known, n_samples=3)
        >>> figure = plot_completions(x, known, completion, (2, 2))
        >>> [axes.get_title() for axes in figure.axes]
        ['known', '1', '2', '3', 'mean', 'original']
    """
    known = known.bool().expand(x.shape)
    count = completion.samples.shape[1]
    titles = ["known", *map(str, range(1, count + 1)), "mean", *["original"] * original]
    weighted = completion.log_weights is not None
    height = cell * min(max(shape[0] / shape[1], 0.3), 3)
    room = 1.1 if weighted else 0.1
    figure = Figure(
        figsize=(room + cell * len(titles), (height + 0.25 * weighted) * len(x) + 0.35),
        layout="constrained",
    )
    grid = figure.subplots(len(x), len(titles), squeeze=False)
    scale = max(1, 140 // max(shape))
    parts = zip(x, known, completion.samples, completion.shares, completion.mean, grid, strict=True)
    for k, (row, given, samples, shares, mean, line) in enumerate(parts):
        given = given.cpu().numpy()
        rows = torch.stack([*samples, mean, *[row.to(mean)] * original]).float().cpu().numpy()
        hidden = np.where(given, row.float().cpu().numpy(), 0)
        pictures = [
            paint_variables(hidden, ~given, shape, scale),
            *(paint_completion(values, given, shape, scale) for values in rows),
        ]
        for axes, picture in zip(line, pictures, strict=True):
            axes.imshow(picture, aspect="auto")
            axes.set_box_aspect(height / cell)
            _frame_only(axes)
        if weighted:
            for axes, share in zip(line[1:], shares.tolist(), strict=False):
                axes.set_xlabel(percent(share), fontsize=9, labelpad=2)
            worth = f"worth {completion.effective_sample_size[k]:.1f}\nof {count}"
            line[0].set_ylabel(worth, rotation=0, ha="right", va="center", fontsize=10)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=10)
    return figure


def plot_trajectory(
    trajectories: Mapping[str, Trajectory],
    steps: Sequence[int],
    shape: tuple[int, int],
    *,
    names: Sequence[str] | None = None,
    marked: int | None = None,
) -> Figure:
    """A filmstrip of rows as they are generated, the network's outputs, and the log-likelihood.

    Hatched variables are not decided yet, and hatched outputs are no conditionals yet. The variable
    that is decided at a step has an orange frame.

    Args:
        trajectories: name → what the network says of a row, see
            :func:`made_course.sampling.trajectory`; one row or two.
        steps: which steps to show, from 0 to D.
        shape: rows and columns in which the variables are drawn.
        names: of the variables; given, they and the values are written into the pictures.
        marked: a step to mark on the curve of the log-likelihood.

    Example:
        >>> from made_course.trajectory import trajectory
        >>> model = MADE(4, (8,), ordering=[1, 2, 0, 3])
        >>> found = trajectory(model, torch.ones(4), model.order, model.head)
        >>> len(plot_trajectory({"a row of ones": found}, [0, 2, 4], (2, 2)).axes)
        7
    """
    width = max(1.35, 0.55 * shape[1]) if names else 1.35
    height = min(max(width * shape[0] / shape[1], 0.5), 2.7)
    lines = 2 * len(trajectories)
    figure = Figure(
        figsize=(1.6 + (width + 0.1) * len(steps), (height + 0.15) * lines + 2.3),
        layout="constrained",
    )
    grid = figure.add_gridspec(lines + 1, len(steps), height_ratios=[*[height] * lines, 1.7])
    label = {"rotation": 0, "ha": "right", "va": "center", "fontsize": 10}
    for k, (name, shown) in enumerate(trajectories.items()):
        for column, step in enumerate(steps):
            so_far, outputs = (figure.add_subplot(grid[2 * k + j, column]) for j in (0, 1))
            frame = int(shown.ordering[step - 1]) if step else None
            undecided, later = shown.undecided(step), shown.not_conditional(step)
            _draw_variables(so_far, shown.x, undecided, shape, frame, names, digits=0)
            _draw_variables(outputs, shown.map(step), later, shape, frame, names, digits=2)
            if k == 0:
                so_far.set_title(f"step {step}", fontsize=11)
            if column == 0:
                so_far.set_ylabel(f"{name}\nso far", **label)
                outputs.set_ylabel("p(xᵢ = 1 | before)", **label)
    axes = figure.add_subplot(grid[-1, :])
    styles = [{"color": BLUE}, {"color": ORANGE, "linestyle": "--"}]
    for (name, shown), style in zip(trajectories.items(), styles, strict=False):
        axes.plot(shown.log_likelihood, label=name, **style)
    if marked is not None:
        axes.axvline(marked, color="0.35", linewidth=1)
    axes.set_xlabel("step")
    axes.set_ylabel("log-likelihood\nso far (nats)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def plot_training(
    history: History,
    samples: Mapping[int, Tensor],
    levels: Mapping[str, float] | None = None,
    shape: tuple[int, int] | None = (28, 28),
) -> Figure:
    """The learning curve of :func:`plot_history` with rows of samples beside it.

    Args:
        history: what :func:`made_course.fit` returned.
        samples: epoch → (n, D) samples drawn after it; n is the same in every row. Without any,
            the curve stands alone.
        levels: name → nats, drawn as horizontal lines to compare with.
        shape: (rows, columns) of a sample.

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.0, valid_nll=1.5, lr=0.1, seconds=1.0)
        >>> figure = plot_training(history, {1: torch.zeros(4, 784)})
        >>> [label.get_text() for label in figure.axes[1].get_yticklabels()]
        ['epoch 1']
    """
    figure = plot_history(history, levels)
    if not samples:
        return figure
    figure.set_size_inches(11.5, 3.8)
    left, right = figure.add_gridspec(1, 2, width_ratios=(5, 4))
    figure.axes[0].set_subplotspec(left)
    axes = figure.add_subplot(right)
    rows, gap = torch.stack(list(samples.values())), 2
    images = rows.detach().float().cpu().view(-1, 1, *shape)
    grid = _grid(images, nrow=rows.shape[1], padding=gap, pad_value=0.2)
    axes.imshow(grid[0].numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    _frame_only(axes)
    height = shape[0] + gap
    middles = [gap + height * row + (shape[0] - 1) / 2 for row in range(len(rows))]
    axes.set_yticks(middles, [f"epoch {epoch}" for epoch in samples])
    axes.tick_params(length=0)
    axes.set_title("samples, each time from the same noise", fontsize=10)
    return figure


def _draw_variables(
    axes: Axes,
    values: Tensor,
    apart: Tensor,
    shape: tuple[int, int],
    frame: int | None,
    names: Sequence[str] | None,
    digits: int,
) -> None:
    """One picture of a filmstrip; ``digits`` of the values are written if there are names."""
    rows, columns = shape
    values, apart = values.float().cpu().numpy(), apart.cpu().numpy()
    shown = np.where(apart, 0, values) if digits == 0 else values
    extent = (0, columns, rows, 0)
    axes.imshow(paint_variables(shown, apart, shape, 30 if names else 8), extent=extent)
    _frame_only(axes)
    for i, name in enumerate(names or ()):
        row, column = divmod(i, columns)
        colour = "white" if shown[i] > 0.54 and not apart[i] else "black"
        words = {"color": colour, "ha": "center", "va": "center", "parse_math": False}
        number = "?" if digits == 0 and apart[i] else f"{values[i]:.{digits}f}"
        axes.text(column + 0.5, row + 0.28, name, fontsize=7, **words)
        axes.text(column + 0.5, row + 0.66, number, fontsize=9, **words)
    if frame is not None:
        row, column = divmod(frame, columns)
        style = {"edgecolor": ORANGE, "facecolor": "none", "linewidth": 2, "clip_on": False}
        axes.add_patch(Rectangle((column, row), 1, 1, **style))


def _plot_large_masks(connections: Sequence[tuple[int, int, Tensor]], title: str) -> Figure:
    figure = Figure(figsize=(3.2 * len(connections), 3.8), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False)
    for k, (below, above, mask) in enumerate(connections, start=1):
        axes = figure.add_subplot(1, len(connections), k)
        axes.imshow(mask.float().cpu().numpy(), cmap=_white_to(BLUE), vmin=0, vmax=1, aspect="auto")
        axes.set_title(f"from layer {below} to layer {above}", fontsize=11)
        axes.set_xlabel("from unit")
        axes.set_ylabel("to unit")
        _frame_only(axes)
    return figure


def plot_dependence(
    matrices: Mapping[str, Tensor], allowed: Tensor, *, names: Sequence[str] | None = None
) -> Figure:
    """Which output depends on which input, against what the ordering allows.

    Blue squares are seen, and crossed orange ones are leaks: seen, but not allowed. What is allowed
    and not seen is an outline, or grey where there are more than 20 variables.

    Args:
        matrices: title → (D, D) BoolTensor; [i, j]: output i depends on input j.
        allowed: (D, D) BoolTensor of what is allowed, see :func:`made_course.direct_mask`.
        names: of the variables; None is x₁, x₂, ...

    Example:
        >>> allowed = torch.tensor([[False, True], [False, False]])  # x2, then x1
        >>> figure = plot_dependence({"what a copy sees": torch.eye(2).bool()}, allowed)
        >>> figure.axes[0].get_title()
        'what a copy sees: 2 leaks'
    """
    count = len(allowed)
    is_small = count <= 20
    side = 1.1 + 0.24 * max(count, 9) if is_small else 4.2
    width = max(side * len(matrices), 5)  # room for the legend
    figure = Figure(figsize=(width, side + 0.6), layout="constrained")
    grid = figure.subplots(1, len(matrices), squeeze=False)[0]
    allowed = allowed.cpu().numpy()
    for (title, seen), axes in zip(matrices.items(), grid, strict=True):
        seen = seen.cpu().numpy()
        leaks = int((seen & ~allowed).sum())
        words = f"{leaks:,} leak" + "s" * (leaks != 1)
        axes.set_title(f"{title}: {words}", fontsize=11, parse_math=False)
        draw = _draw_pairs if is_small else _draw_many_pairs
        draw(axes, seen, allowed)
        _frame_only(axes)
        axes.set_xlabel("input")
        axes.set_ylabel("output")
        if is_small:
            if names is None:
                names = variable_names(count)
            _name_pairs(axes, names)
    kinds = {
        "allowed and seen": Patch(facecolor=BLUE, edgecolor=BLUE),
        "allowed, not seen": Patch(
            facecolor="white" if is_small else PALE, edgecolor=BLUE if is_small else PALE
        ),
        "a leak": (
            Patch(facecolor=ORANGE, edgecolor=ORANGE),
            Line2D([], [], color="white", linestyle="", marker="x" if is_small else ""),
        ),
    }
    figure.legend(
        kinds.values(),
        kinds.keys(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        handlelength=1,
        handleheight=1,
    )
    return figure


def plot_orderings(
    costs: Mapping[str, Sequence[float]], totals: Mapping[str, float], *, title: str = ""
) -> Figure:
    """What each ordering costs a model, step by step, and Σp of ways to average over orderings.

    A bar's parts are its steps, the first at the left. The best orderings are blue and starred, the
    worst are outlined in orange, with a triangle; costs that look equal pass as equal.

    Args:
        costs: name of an ordering → nats that each of its steps costs.
        totals: name of a kind of mean → Σp, which is 1 for a distribution; empty leaves this out.
        title: words above.

    Raises:
        ValueError: if there is no ordering.

    Example:
        >>> figure = plot_orderings({"x1, x2": [0.0, 0.1], "x2, x1": [0.0, 0.6]}, {})
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.100 ★', '0.600 ▼']
    """
    if not costs:
        raise ValueError("costs must name at least one ordering, got none")
    heights = [0.24 * len(costs) + 0.6, 0.3 * len(totals) + 0.7][: 2 if totals else 1]
    figure = Figure(figsize=(8, sum(heights) + 0.5), layout="constrained")
    upper, *lower = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    said = [f"{max(sum(steps), 0):.3f}" for steps in costs.values()]
    best, worst = min(said, key=float), max(said, key=float)
    outlined = {"facecolor": "white", "edgecolor": ORANGE, "linewidth": 1.5}
    most = max(float(worst), 0.001)
    for place, steps in enumerate(costs.values()):
        colours, mark = {"color": GREY}, ""
        if best != worst and said[place] == best:
            colours, mark = {"color": BLUE}, " ★"
        elif best != worst and said[place] == worst:
            colours, mark = outlined, " ▼"
        start = 0.0
        for step in (max(step, 0.0) for step in steps):
            if step > most / 150:
                upper.barh(place, step - most / 300, 0.7, left=start, **colours)
            start += step
        at = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
        upper.annotate(f"{said[place]}{mark}", (start, place), **at)
    upper.set_yticks(range(len(costs)), costs, parse_math=False)
    upper.set_ylim(len(costs) - 0.4, -0.6)
    upper.set_xlim(0, 1.2 * most)
    legend = "" if best == worst else " (★ one of the best, ▼ one of the worst)"
    upper.set_xlabel(f"cost: nats above the entropy{legend}")
    for axes in lower:
        _draw_totals(axes, totals)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("\n".join(textwrap.wrap(title, 88)), fontsize=11, parse_math=False)
    return figure


def plot_totals(totals: Mapping[str, float]) -> Figure:
    """Σp of ways to average models: 1, marked by a broken line, for a distribution.

    What is no distribution is outlined in orange, with a cross.

    Args:
        totals: name of a kind of mean → Σp.

    Example:
        >>> figure = plot_totals({"of probabilities": 1.0, "of logits": 2.739})
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1.000', '2.739 ✕']
    """
    figure = Figure(figsize=(8, 0.45 * len(totals) + 0.9), layout="constrained")
    axes = figure.add_subplot()
    _draw_totals(axes, totals)
    axes.set_xlabel("Σp over all inputs: 1 for a distribution")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_totals(axes: Axes, totals: Mapping[str, float]) -> None:
    for place, total in enumerate(totals.values()):
        right = f"{total:.3f}" == "1.000"
        style = {"color": BLUE} if right else {"facecolor": "white", "edgecolor": ORANGE}
        axes.barh(place, total, 0.6, linewidth=1.5, **style)
        words = f"{total:.3f}{'' if right else ' ✕'}"
        at = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(words, (max(total, 1), place), **at)
    axes.axvline(1, color=INK, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(totals)), totals, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.2 * max(1, *totals.values()))
    axes.set_xlabel("Σp of the orderings together: 1 for a distribution")


def plot_pixel_orderings(orderings: Mapping[str, Tensor], nats: Mapping[str, float]) -> Figure:
    """Orderings of the pixels of a square image as pictures, and what a model reached in each.

    The darker a pixel, the later it is generated.

    Args:
        orderings: name → (D,) permutation, see :func:`made_course.pixel_orderings`.
        nats: name → test NLL.

    Example:
        >>> from made_course import pixel_orderings
        >>> orderings = pixel_orderings(4)
        >>> figure = plot_pixel_orderings(orderings, dict.fromkeys(orderings, 70.0))
        >>> figure.axes[0].get_title().splitlines()
        ['rows', '70.0 nats']
    """
    columns = min(4, len(orderings))
    rows = math.ceil(len(orderings) / columns)
    figure = Figure(figsize=(2.1 * columns, 2.5 * rows), layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, (name, ordering) in zip(places, orderings.items(), strict=False):
        step = torch.argsort(torch.as_tensor(ordering)).float()
        axes.imshow(_pictures(step[None])[0], cmap=_white_to(BLUE), interpolation="nearest")
        axes.set_title(f"{name}\n{nats[name]:.1f} nats", fontsize=11, parse_math=False)
        _frame_only(axes)
    for axes in places[len(orderings) :]:
        axes.set_visible(False)
    figure.supxlabel("white is generated first, blue last", fontsize=10)
    return figure


def plot_coasting(distances: Mapping[str, Sequence[float]], switch: int) -> Figure:
    """How far a weight moves at each step, before and after its mask becomes 0.

    Args:
        distances: name of an optimizer, one or two → distance at each step, in units of its last
            step under the mask 1.
        switch: number of steps under the mask 1.

    Example:
        >>> figure = plot_coasting({"SGD": [1.0, 1.0, 0.0], "Adam": [1.2, 1.0, 0.9]}, switch=2)
        >>> figure.axes[0].get_xlabel()
        'gradient step'
    """
    figure = Figure(figsize=(8, 2.9), layout="constrained")
    axes = figure.add_subplot()
    styles = [(BLUE, "s", "-"), (ORANGE, "o", "--")]
    for (name, moved), (colour, marker, line) in zip(distances.items(), styles, strict=False):
        steps = range(1, len(moved) + 1)
        axes.plot(steps, moved, line, marker=marker, color=colour, label=name, markersize=5)
    axes.axvline(switch + 0.5, color=INK, linestyle=":", linewidth=1.5)
    where = {"xycoords": axes.get_xaxis_transform(), "xytext": (6, 0), "va": "top"}
    words = "mask 0: the gradient is zero"
    axes.annotate(words, (switch + 0.5, 0.98), textcoords="offset points", **where)
    axes.set_xlabel("gradient step")
    axes.set_ylabel("distance moved\n(last step before = 1)")
    axes.set_ylim(bottom=-0.05)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.08), frameon=False)
    return figure


def plot_mixture(nll: Tensor) -> Figure:
    """How far the members of a mixture, and the mixture itself, are above each image's best member.

    The mixture is never below the best member of an image, and at most ln K above it.

    Args:
        nll: (K, n) nats of K members for n images.

    Example:
        >>> figure = plot_mixture(torch.tensor([[90.0, 70.0], [92.0, 60.0], [94.0, 65.0]]))
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['a member', 'a member further up', 'the mixture', 'from 0 to ln 3']
    """
    members = nll.detach().double().cpu()
    count, n = members.shape
    best = members.min(dim=0).values
    mixture = math.log(count) - (-members).logsumexp(dim=0)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.add_subplot()
    places, top = np.arange(1, n + 1), 4 * math.log(count)
    above = members - best
    style = {"color": ORANGE, "mfc": "white", "markersize": 7, "mew": 1.5, "linestyle": ""}
    for k, row in enumerate(above.where(above <= top, torch.nan)):
        axes.plot(places, row, "o", label="a member" if k == 0 else None, **style)
    beyond = (above > top).any(dim=0)
    marks = torch.where(beyond, top, torch.nan)
    axes.plot(places, marks, "^", label="a member further up", **style)
    axes.plot(places, mixture - best, "D", color=BLUE, markersize=6, label="the mixture", zorder=4)
    axes.axhspan(0, math.log(count), color=PALE, zorder=0, label=f"from 0 to ln {count}")
    axes.set_xticks(places)
    axes.set_xlabel("test image")
    axes.set_ylabel("nats above the image's\nbest member")
    axes.tick_params(axis="x", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure


def plot_many_masks(networks: Sequence[ManyMasks]) -> Figure:
    """Mixtures of more and more sets of masks, and what the means of their logits claim.

    A panel is a network. Claims that belong to no distribution are marked by crosses.

    Args:
        networks: see :func:`made_course.load_many_masks`.

    Example:
        >>> from made_course import load_many_masks
        >>> figure = plot_many_masks(load_many_masks())
        >>> figure.axes[0].get_xlabel()
        'sets of masks'
    """
    figure = Figure(figsize=(2.7 * len(networks) + 0.6, 3.6), layout="constrained")
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        sets = np.arange(1, len(network.single) + 1)
        axes.plot(sets, network.single, ".", color=GREY, label="each set alone")
        style = {"color": BLUE, "markersize": 3, "zorder": 3}
        axes.plot(sets, network.mixture, "s-", label="mixture", **style)
        marker = "o" if network.natural_order else "x"
        kind = "a" if network.natural_order else "no"
        label = f"mean of logits ({kind} distribution)"
        style = {"color": ORANGE, "markersize": 6, "mfc": "none"}
        axes.plot(sets, network.logits, f"{marker}--", label=label, **style)
        axes.set_xscale("log", base=2)
        ticks = [2**k for k in range(6) if 2**k <= len(sets)]
        axes.set_xticks(ticks, ticks)
        axes.set_xlabel("sets of masks")
        axes.set_title("\n".join(textwrap.wrap(network.name, 22)), fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("nats on the test images")
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    where = {"loc": "outside upper center", "ncols": len(handles), "frameon": False}
    figure.legend(handles.values(), handles.keys(), **where)
    return figure


def plot_density(
    densities: Mapping[str, MADE | Callable[[Tensor], Tensor]],
    points: Mapping[str, Tensor] | None = None,
    *,
    reach: float = 2.5,
) -> Figure:
    r"""Densities of two real variables as heat maps: :math:`p(x) = e^{\log p(x)}`, darker for more.

    Each map has a colour bar of its own, from 0 to its largest value.

    Args:
        densities: title → a MADE of two variables with a density for a head, or a function from
            (N, 2) points to their (N,) log-densities in differential nats.
        points: title → (N, 2) data or samples, drawn as dots on the map of that title.
        reach: the maps show the square from -reach to reach in both variables.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import MixtureOfGaussians
        >>> model = MADE(2, (8,), head=MixtureOfGaussians(3), seed=0)
        >>> bells = torch.distributions.Normal(0.0, 1.0)
        >>> densities = {"untrained": model, "one bell": lambda x: bells.log_prob(x).sum(dim=1)}
        >>> figure = plot_density(densities, {"untrained": model.sample(50)})
        >>> [axes.get_title() for axes in figure.axes[:2]]
        ['untrained', 'one bell']
    """
    reach = check_number("reach", reach, positive=True)
    points = {} if points is None else points
    if not isinstance(densities, Mapping) or not isinstance(points, Mapping):
        raise TypeError(
            "densities and points must be mappings from titles, such as {'two moons': model}, got "
            f"{type(densities).__name__} and {type(points).__name__}"
        )
    if not densities:
        raise ValueError("there must be a density to draw, got none")
    if not points.keys() <= densities.keys():
        raise ValueError(
            f"every title of points must be one of densities, got {list(points)} for "
            f"{list(densities)}"
        )
    cells = 200
    middles = (2 * torch.arange(cells) + 1 - cells) * (reach / cells)
    grid = torch.cartesian_prod(middles, middles)
    figure = Figure(figsize=(5 * len(densities), 4.2), layout="compressed")
    panels = figure.subplots(1, len(densities), squeeze=False)[0]
    for (title, density), axes in zip(densities.items(), panels, strict=True):
        heights = _density_at(grid, density, title).exp().view(cells, cells)
        image = axes.imshow(
            heights.T.numpy(),  # x₁ goes to the right
            cmap=_white_to(BLUE),
            vmin=0,
            origin="lower",
            extent=(-reach, reach, -reach, reach),
        )
        if title in points:
            drawn = points[title].detach().cpu()
            if drawn.dim() != 2 or drawn.shape[1] != 2:
                raise ValueError(f"points of {title!r} must be (N, 2), got {tuple(drawn.shape)}")
            axes.plot(*drawn.T.numpy(), ".", color=INK, markersize=2.5, scalex=False, scaley=False)
        axes.set_title(title, fontsize=11, parse_math=False)
        axes.set(xlabel="x₁", ylabel="x₂")
        label = "density (probability per unit of area)"
        figure.colorbar(image, ax=axes, label=label, fraction=0.046, pad=0.04)
    return figure


def plot_masks(masks: Sequence[Tensor], degrees: Sequence[Tensor]) -> Figure:
    """Small masks as tables, a blue 1 where a weight may exist, with degrees at the margins.

    A row is what a unit or an output may listen to, a column whom an input or a unit may speak to.

    Args:
        masks: of every layer, see :func:`made_course.build_masks`. A variable may be several inputs
            or outputs, which then stand side by side under one name and degree.
        degrees: of the variables and of each hidden layer, see :func:`made_course.draw_degrees`.

    Example:
        >>> degrees = [torch.tensor([3, 1, 2]), torch.tensor([1, 2])]
        >>> figure = plot_masks([torch.ones(2, 3), torch.zeros(3, 2)], degrees)
        >>> [label.get_text() for label in figure.axes[1].get_yticklabels()]
        ['output x₁  3', 'output x₂  1', 'output x₃  2']
    """
    named = list(zip(variable_names(len(degrees[0])), degrees[0].tolist(), strict=True))
    inputs_each, outputs_each = masks[0].shape[1] // len(named), masks[-1].shape[0] // len(named)
    below = [f"{name}\n{d}" for name, d in named for _ in range(inputs_each)]
    outputs = [f"output {name}  {d}" for name, d in named for _ in range(outputs_each)]
    margins = [below, *(list(map(str, layer.tolist())) for layer in degrees[1:]), outputs]
    layers = ["inputs", *(f"hidden {k}" for k in range(1, len(degrees))), "outputs"]
    cell, room = 0.36, [0.6] * (len(masks) - 1) + [1.4]  # inches: side, words left of each table
    height = cell * max(map(len, margins[1:])) + 1.0
    figure = Figure(figsize=(cell * sum(map(len, margins[:-1])) + sum(room) + 0.75, height))
    left = 0.2
    for k, mask in enumerate(masks):
        table = mask.int().cpu().numpy()
        left += room[k]
        (rows, columns), (wide, high) = table.shape, figure.get_size_inches()
        bottom = high - 0.9 - cell * rows
        axes = figure.add_axes(
            (left / wide, bottom / high, cell * columns / wide, cell * rows / high)
        )
        left += cell * columns
        axes.pcolormesh(table, cmap=_white_to(BLUE), vmin=0, vmax=1, edgecolors="0.75", linewidth=1)
        axes.invert_yaxis()
        for (row, column), entry in np.ndenumerate(table):
            colour = "white" if entry else "0.45"
            axes.text(column + 0.5, row + 0.5, str(entry), color=colour, ha="center", va="center")
        _frame_only(axes)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.set_xticks(np.arange(columns) + 0.5, margins[k], parse_math=False)
        axes.set_yticks(np.arange(rows) + 0.5, margins[k + 1], parse_math=False)
        axes.set_title(f"{layers[k]} → {layers[k + 1]}", fontsize=11)
    return figure


def plot_repeated_work(degrees: Tensor, input_dim: int) -> Figure:
    """What D forward passes compute in a hidden layer: too early, when it is final, and once more.

    Pass t has read the variables of the first t - 1 steps, zeros in place of the others. A square
    is a unit at a pass.

    Args:
        degrees: (H,) of the layer's units, which are drawn in this order.
        input_dim: number of variables D.

    Example:
        >>> figure = plot_repeated_work(torch.tensor([1, 2, 2]), 3)
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['not final yet: 5', 'final for the first time: 3', 'computed once more: 1']
    """
    passes = torch.arange(1, input_dim + 1, device=degrees.device)[:, None]
    lag = (passes - 1 - degrees).sign().cpu().numpy()  # of what has been read behind what is needed
    figure = Figure(figsize=(7.5, 7.5 * input_dim / len(degrees) + 0.85), layout="constrained")
    axes = figure.add_subplot()
    kinds = {
        "not final yet": (-1, "white", ""),
        "final for the first time": (0, BLUE, ""),
        "computed once more": (1, PALE, "///"),
    }
    legend = {}
    for words, (sign, colour, hatch) in kinds.items():
        style = {"facecolor": colour, "edgecolor": "0.6", "linewidth": 0.5, "hatch": hatch}
        places = np.argwhere(lag == sign)
        for row, column in places:
            axes.add_patch(Rectangle((column - 0.5, row + 0.5), 1, 1, **style))
        legend[f"{words}: {len(places)}"] = Patch(**style)
    axes.set(xlim=(-0.5, len(degrees) - 0.5), ylim=(input_dim + 0.5, 0.5), aspect="equal")
    axes.set_xticks(range(len(degrees)), degrees.tolist(), fontsize=8)
    axes.set_yticks(range(1, input_dim + 1), range(1, input_dim + 1), fontsize=8)
    axes.tick_params(length=0)
    axes.set_xlabel("degree of each hidden unit")
    axes.set_ylabel("forward pass")
    where = {"loc": "outside upper center", "ncols": 3, "frameon": False}
    figure.legend(legend.values(), legend.keys(), **where)
    return figure


def plot_recipe(ladder: Sequence[Rung]) -> Figure:
    """What each change to a recipe bought: test NLL from rung to rung, and how far seeds differ.

    Blue squares with a full line are better than the rung before, orange triangles with a broken
    one worse, and grey circles neither by more than half a nat. Small dots are the single runs.

    Args:
        ladder: see :func:`made_course.load_ladder`.

    Example:
        >>> from made_course import load_ladder
        >>> figure = plot_recipe(load_ladder())
        >>> figure.axes[0].get_yticklabels()[0].get_text()
        'plain recipe'
    """
    figure = Figure(figsize=(9, 0.52 * len(ladder) + 0.9), layout="constrained")
    axes = figure.add_subplot()
    nats = [rung.nats for rung in ladder]
    for k, rung in enumerate(ladder):
        change = nats[k] - nats[k - 1] if k else 0.0
        colour, marker, line = GREY, "o", ":"
        if abs(change) > 0.5:
            colour, marker, line = (BLUE, "s", "-") if change < 0 else (ORANGE, "^", "--")
        if k:
            axes.plot(nats[k - 1 : k + 1], [k - 1, k], line, color=colour, linewidth=2, zorder=1)
        axes.plot(nats[k], k, marker, color=colour, markersize=10, zorder=3)
        axes.plot(rung.test_nll[:, -1], [k] * len(rung.test_nll), ".", color=INK, zorder=4)
        words = f"{nats[k]:.1f}" + (f"  ({change:+.1f})".replace("-", "−") if k else " nats")
        axes.text(1.02, k, words, transform=axes.get_yaxis_transform(), va="center")
    prefix = ["", *["+ "] * (len(ladder) - 1)]
    names = [sign + rung.name for sign, rung in zip(prefix, ladder, strict=True)]
    axes.set_yticks(range(len(ladder)), names, fontsize=11, parse_math=False)
    axes.set_ylim(len(ladder) - 0.5, -0.5)
    axes.set_xlabel("test NLL after the last epoch (nats, further left is better)")
    axes.grid(axis="y", color=PALE, linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


def _density_at(grid: Tensor, density: MADE | Callable[[Tensor], Tensor], title: str) -> Tensor:
    """Log-densities of points, on the processor; raises unless they are a density's."""
    if isinstance(density, MADE):
        if density.input_dim != 2 or not density.head.is_density:
            raise ValueError(
                f"{title!r} must be a model of two real variables, such as MADE(2, "
                f"head=MixtureOfGaussians(10)), got {density.input_dim} with head={density.head!r}"
            )
        with torch.no_grad(), evaluation_mode(density):
            return density.log_prob(grid.to(density.net[0].weight.device)).float().cpu()
    if not callable(density):
        raise TypeError(
            f"{title!r} must be a MADE or a function that gives log-densities, got "
            f"{type(density).__name__}"
        )
    with torch.no_grad():
        found = density(grid)
    if not isinstance(found, Tensor) or found.shape != (len(grid),) or bool(found.isnan().any()):
        raise ValueError(
            f"{title!r} must give a log-density, no NaN, for each of {len(grid):,} points, got "
            f"{found!r}"
        )
    return found.float().cpu()


def _pictures(images: Tensor) -> np.ndarray:
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
    side = math.isqrt(images.shape[-1]) if images.dim() == 2 else 0
    if not side or side**2 != images.shape[1]:
        raise ValueError(
            f"images must have shape (n, D) with D a square number, got {tuple(images.shape)}: "
            "of images with rows and columns, take x.reshape(len(x), -1); for one, x[None]"
        )
    if len(images) == 0:
        raise ValueError("images must hold at least one image, got none")
    return images.detach().float().cpu().reshape(-1, side, side).numpy()


def _draw_pairs(axes: Axes, seen: np.ndarray, allowed: np.ndarray) -> None:
    for (i, j), is_seen in np.ndenumerate(seen):
        if not (is_seen or allowed[i, j]):
            continue
        colour = BLUE if allowed[i, j] else ORANGE
        axes.add_patch(
            Rectangle(
                (j - 0.4, i - 0.4),
                0.8,
                0.8,
                facecolor=colour if is_seen else "white",
                edgecolor=colour,
                linewidth=1.5,
            )
        )
    rows, columns = np.nonzero(seen & ~allowed)
    axes.plot(columns, rows, "x", color="white", markersize=9, markeredgewidth=2)
    axes.set(xlim=(-0.5, len(seen) - 0.5), ylim=(len(seen) - 0.5, -0.5), aspect="equal")


def _name_pairs(axes: Axes, names: Sequence[str]) -> None:
    _frame_only(axes)
    tilt = 90 if max(map(len, names)) > 3 else 0
    axes.set_xticks(range(len(names)), names, parse_math=False, rotation=tilt)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(length=0)
    axes.set_xlabel("input")
    axes.set_ylabel("output")


def _draw_many_pairs(axes: Axes, seen: np.ndarray, allowed: np.ndarray) -> None:
    colours = np.ones((*seen.shape, 3))
    colours[allowed] = to_rgb(PALE)
    colours[seen & allowed] = to_rgb(BLUE)
    colours[seen & ~allowed] = to_rgb(ORANGE)
    axes.imshow(colours)
    rows, columns = np.nonzero(seen & ~allowed)
    axes.plot(columns, rows, ",", color=ORANGE)  # a dot each, however small the picture is


def _frame_only(axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("0.75")


def _white_to(colour: str) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list(f"white to {colour}", ["white", colour])


def _blue_white_orange() -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("blue-white-orange", [BLUE, "white", ORANGE])
