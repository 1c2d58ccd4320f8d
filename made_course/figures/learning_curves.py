"""Training as curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes

from ..common.colours import BLUE
from ..training.history import History
from .axes import note
from .picture import LINES, WORDS, Picture, picture


@picture
def plot_history(
    history: History, levels: Mapping[str, float] | None = None, *, scored: str = "validation"
) -> Picture:
    """Learning curve: train and validation NLL after each epoch, in the unit of the history.

    Args:
        history: what :func:`made_course.fit` returned.
        levels: name → nats, drawn as horizontal lines to compare with.
        scored: what the images are called that are only scored.

    Example:
        >>> history = History()
        >>> history.append(train_nll=2.0, valid_nll=1.5, lr=0.1, seconds=1.0)
        >>> plot_history(history).axes[0].get_ylabel()
        'NLL (nats)'
    """
    levels = levels or {}
    figure = Picture(height=3.9, alt=said_of(history, levels, scored))
    draw_history(figure.add_subplot(), history, levels, scored)
    return figure


def said_of(history: History, levels: Mapping[str, float], scored: str) -> str:
    """What a learning curve tells, in words."""
    curves = {"train": history.train_nll, scored: history.valid_nll}
    said, lowest = [], ""
    for name, values in curves.items():
        if values:
            low = min(values)
            lowest = f"is lowest after epoch {history.epoch[values.index(low)]} with {low:.1f}"
            ends = f", and ends at {values[-1]:.1f}" if values[-1] > low else ", its last"
            said.append(f"{name} begins at {values[0]:.1f}, {lowest}{ends}")
            lowest = f"{name.capitalize()} {lowest} {history.unit}{ends}. "
    lines = [f"{name} stands at {nats:.0f}" for name, nats in levels.items()]
    said = f"{len(history)} epochs, in {history.unit}: {'; '.join(said + lines)}."
    return f"{lowest}Learning curve of {said}"


def nll_range(curves: Sequence[Sequence[float]], levels: Iterable[float]) -> tuple[float, float]:
    """Lowest and highest value to show, so that later epochs, and where curves cross, can be told.

    From four epochs on, what the second half of them spans fills a quarter of the height or more;
    what lies above is cut off. Levels are shown if they are not farther from the curves than these
    are high.

    Example:
        >>> nll_range([[425.0, 160.0, 90.0, 70.0]], [100.0, 543.0])
        (70.0, 150.0)
    """
    everything = [nats for values in curves for nats in values] or [0.0]  # none yet
    low, high = min(everything), max(everything)
    half = max(map(len, curves), default=0) // 2
    later = max((nats for values in curves for nats in values[half:]), default=high)
    if half > 1 and later > low:
        high = min(high, low + max(4 * (later - low), 0.04 * (high - low)))
    span = (high - low) or 0.02 * abs(low) or 1.0
    shown = [low, high, *(nats for nats in levels if low - span <= nats <= high + span)]
    low, high = min(shown), max(shown)
    return (low, high) if high > low else (low - span / 2, high + span / 2)


def draw_history(axes: Axes, history: History, levels: Mapping[str, float], scored: str) -> None:
    """Two curves, told apart by marker and line, with their last values."""
    curves = [("train, while the weights still move", history.train_nll, WORDS, "o", "--")]
    if history.valid_nll:
        curves.append((f"{scored}, at the end of the epoch", history.valid_nll, BLUE, "s", "-"))
    low, high = nll_range([values for _, values, *_ in curves], levels.values())
    highest = max((values[-1] for _, values, *_ in curves if values), default=None)
    size = 6 if len(history) <= 25 else 3
    for name, values, colour, marker, line in curves:
        look = {"marker": marker, "color": colour, "linestyle": line, "markersize": size}
        above = f" (from {max(values):.0f})" if values and max(values) > high else ""
        axes.plot(history.epoch, values, label=name + above, **look)
        if not values:  # interrupted in its first epoch
            continue
        end, by = (history.epoch[-1], values[-1]), (8, 4 if values[-1] == highest else -12)
        note(axes, f"{values[-1]:.1f}", end, by, color=colour, weight="bold")
    if history.best_epoch not in (None, len(history)):
        draw_lowest(axes, history)
    beyond = [f"{name}: {nats:.0f}" for name, nats in levels.items() if not low <= nats <= high]
    for name, nats in levels.items():
        if not low <= nats <= high:
            continue
        axes.axhline(nats, color=LINES, linestyle=":", linewidth=1.5)
        is_high = nats > (highest or 0)  # at the right, the ends of curves are in the way
        at, ha = (1, "right") if is_high else (0, "left")
        how = {"xycoords": axes.get_yaxis_transform(), "ha": ha, "parse_math": False}
        note(axes, f"{name}: {nats:.0f}", (at, nats), (-4 if is_high else 4, 3), **how)
    axes.set(xlabel="epoch", ylabel=f"NLL ({history.unit})")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.08)
    room = 0.12 * (high - low)
    axes.set_ylim(low - room, high + room)
    title = f"above or below the picture: {', '.join(beyond)}" if beyond else None
    axes.legend(title=title, loc="lower left", bbox_to_anchor=(0, 1), alignment="left")


def draw_lowest(axes: Axes, history: History) -> None:
    """A ring where the second curve turns, with its number and epoch."""
    nats = history.valid_nll[history.best_epoch - 1]
    ring = {"color": BLUE, "markersize": 10, "markerfacecolor": "none"}
    axes.plot(history.best_epoch, nats, "o", **ring)
    words = f"lowest: {nats:.1f}, epoch {history.best_epoch}"
    note(axes, words, (history.best_epoch, nats), (0, 12), color=BLUE, ha="center")
