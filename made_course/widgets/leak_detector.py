"""What each output truly depends on, against what the ordering allows: leaks are named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import torch
from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Text
from torch import BoolTensor, Tensor

from ..arguments import check_count
from ..leaks import Dependence, binary_points, measure_dependence
from ..made import MADE
from ..masks import check_ordering, direct_mask, input_degrees
from ..words import check_names, hat, listing, read_ordering, variable_names, write_ordering
from .dependence_picture import MOST_CELLS, draw_dependence, legend
from .panel import Panel, picture
from .svg import element, operate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMED = 6
"""Leaks that are told one by one."""
LONGEST_POINT = 10
"""Variables up to which a point is written out."""


class LeakDetector(Panel):
    """Finds out what each output depends on, and names every one that the ordering forbids.

    Each input is flipped at many points, and the derivatives are taken there: see
    :func:`made_course.measure_dependence`. What is found is drawn against what the ordering
    allows. The model is only looked at: neither its weights nor its masks nor its mode change.

    Args:
        model_or_function: a MADE, another module, or any callable (B, D) → (B, D).
        ordering: what the outputs are held against, a permutation of 0..D-1. None is the ordering
            of a MADE, also after its masks are resampled, and x₁, x₂, ... for anything else. One
            that is given counts more than the MADE's own.
        input_dim: number of variables D; can be left out where a MADE, an ordering or names tell.
        names: of the variables; None is x₁, x₂, ...
        seed: governs the points that are tried where there are too many to try all.

    Raises:
        TypeError, ValueError: if an argument is not as described, or the function cannot be
            measured: see :func:`made_course.measure_dependence`.

    Example:
        >>> def cheat(x):  # each output sees its own variable
        ...     return 2 * x - 1
        >>> detector = LeakDetector(cheat, input_dim=3)
        >>> detector.leaks
        [(0, 0), (1, 1), (2, 2)]
        >>> print(detector.verdict.splitlines()[1])
        output x₁ moved when x₁ did: by 2 logits at x = (0, 0, 0)
    """

    def __init__(
        self,
        model_or_function: MADE | Callable[[Tensor], Tensor],
        ordering: Tensor | Sequence[int] | None = None,
        input_dim: int | None = None,
        names: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self._function = model_or_function
        count = _count_variables(model_or_function, ordering, input_dim, names)
        self._names = variable_names(count) if names is None else check_names(names, count)
        self._follows_model = ordering is None and isinstance(model_or_function, MADE)
        if ordering is None:
            ordering = self._own_ordering or range(count)
        ordering = check_ordering(ordering, count).tolist()
        self._seed = check_count("seed", seed, smallest=0)
        dependence = measure_dependence(model_or_function, binary_points(count, self._seed))
        self._findings = Findings(dependence, ordering, self._names, self._own_ordering)
        self._selected = self._findings.most_telling

        wide = {"description_width": "initial"}
        self._ordering_text = Text(
            description="Ordering",
            continuous_update=False,
            style=wide,
            layout=Layout(width="320px", max_width="100%"),
        )
        self._output_choice = Dropdown(
            options=[(name, i) for i, name in enumerate(self._names)],
            description="Output",
            style=wide,
            layout=Layout(width="240px"),
        )
        self._output_choice.add_class("made-leaks-output")
        points = "" if dependence.exhaustive else ", at new random points"
        self._again = Button(
            description="Measure again", tooltip=f"Measure the model as it is now{points}"
        )
        self._picture = HTML()
        controls = [self._ordering_text, self._output_choice, self._again]
        row = HBox(controls, layout=Layout(flex_flow="row wrap", grid_gap="4px 12px"))
        super().__init__([row, self._picture])
        self.listen(self._ordering_text, self._read_ordering)
        self.listen(self._output_choice, self._select)
        self.press(self._again, self._measure_at_new_points)
        self._show()

    # ---- state ------------------------------------------------------------------------------

    @property
    def ordering(self) -> list[int]:
        """What the outputs are held against: ``ordering[t]`` is generated at step t."""
        return list(self._findings.ordering)

    @ordering.setter
    def ordering(self, ordering: Tensor | Sequence[int]) -> None:
        ordering = check_ordering(ordering, len(self._names)).tolist()
        self._follows_model = False
        self._hold(self.dependence, ordering)

    @property
    def selected(self) -> int:
        """The output, counted from 0, of which details are told."""
        return self._selected

    @selected.setter
    def selected(self, output: int) -> None:
        output = check_count("selected", output, smallest=0)
        if output >= len(self._names):
            raise ValueError(f"selected must be less than {len(self._names)}, got {output}")
        self._selected = output
        self._show()

    @property
    def dependence(self) -> Dependence:
        """All that was measured; random point k of the words is ``dependence.points[k - 1]``."""
        return self._findings.dependence

    @property
    def by_flip(self) -> BoolTensor:
        """(D, D); [i, j]: output i moved when input j was flipped."""
        return self.dependence.by_flip

    @property
    def by_gradient(self) -> BoolTensor | None:
        """(D, D); [i, j]: output i has a slope by input j; None for a function without any."""
        return self.dependence.by_gradient

    @property
    def leaks(self) -> list[tuple[int, int]]:
        """Pairs (output, input), counted from 0, that flipping found and the ordering forbids."""
        return self.dependence.leaks(self.ordering)

    @property
    def verdict(self) -> str:
        """Whether there is a leak, and the largest ones by name, a line each."""
        return "\n".join(self._findings.verdict)

    @property
    def disagreement(self) -> str:
        """Where flips and gradients disagree, and why that can be; empty where they agree."""
        return "\n".join(self._findings.disagreement)

    def measure(self) -> None:
        """Look again: at new points, unless all were tried, and at the model as it is by now.

        Raises:
            TypeError, ValueError: if the function cannot be measured any more; what was found
                before then stays.
        """
        points = binary_points(len(self._names), self._seed + 1)
        dependence = measure_dependence(self._function, points)
        self._seed += 1
        self._hold(dependence, self._own_ordering if self._follows_model else self.ordering)

    def figure(self) -> Figure:
        """The same state as a figure, for the saved notebook."""
        from ..figures import plot_dependence  # only a figure waits for matplotlib

        rows = self._findings.rows
        return plot_dependence(
            self._findings.matrices,
            self._findings.allowed[rows][:, rows],
            names=[self._names[i] for i in rows],
        )

    # ---- behind it --------------------------------------------------------------------------

    @property
    def _own_ordering(self) -> list[int] | None:
        if isinstance(self._function, MADE):
            return torch.argsort(self._function.order).tolist()
        return None

    def _hold(self, dependence: Dependence, ordering: list[int]) -> None:
        """Hold what was measured against an ordering."""
        self._findings = Findings(dependence, ordering, self._names, self._own_ordering)
        self._show()

    def _read_ordering(self, text: str) -> None:
        self.ordering = read_ordering(text, self._names)

    def _select(self, output: int) -> None:
        self.selected = output

    def _measure_at_new_points(self) -> None:
        self._again.description = "Measuring …"
        try:
            self.measure()
        finally:
            self._again.description = "Measure again"

    def _show(self) -> None:
        with self.quietly():
            self._ordering_text.value = write_ordering(self.ordering, self._names)
            self._output_choice.value = self._selected
        self._picture.value = draw_findings(self._findings, self._selected)
        self.problem = ""


# ---- what is found, in words ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Findings:
    """What was measured, held against an ordering; everything is worked out once.

    Args:
        dependence: what was measured.
        ordering: what it is held against.
        names: of the variables, as text.
        own_ordering: the model's, if it has one.
    """

    dependence: Dependence
    ordering: Sequence[int]
    names: Sequence[str]
    own_ordering: Sequence[int] | None = None

    @cached_property
    def allowed(self) -> BoolTensor:
        """(D, D); [i, j]: the ordering allows output i to depend on input j."""
        return direct_mask(input_degrees(self.ordering))

    @cached_property
    def leaking(self) -> BoolTensor:
        """(D, D); [i, j]: output i moved with input j, which the ordering forbids."""
        return self.dependence.by_flip & ~self.allowed

    @cached_property
    def largest_leaks(self) -> list[tuple[int, int]]:
        """The first few pairs (output, input), those that moved most before others."""
        leaks = self.leaking.nonzero()
        moves = self.dependence.largest_move[leaks[:, 0], leaks[:, 1]]
        if len(leaks) > MOST_NAMED:  # a full sort of all pairs of 784 variables would be felt
            large = moves >= moves.topk(MOST_NAMED).values[-1]
            leaks, moves = leaks[large], moves[large]
        first = moves.argsort(descending=True, stable=True)[:MOST_NAMED]
        return [(i, j) for i, j in leaks[first].tolist()]

    @property
    def most_telling(self) -> int:
        """The output that leaks most, or the last in the ordering, which may see most."""
        return self.largest_leaks[0][0] if self.largest_leaks else self.ordering[-1]

    @cached_property
    def rows(self) -> list[int]:
        """Which variable stands in which row and column of a picture.

        Of many variables a matrix in another sequence than the ordering's would be dust.
        """
        return list(self.ordering if self._are_many else range(len(self.names)))

    @cached_property
    def matrices(self) -> dict[str, BoolTensor]:
        """Title → what each of the two ways finds, as it stands in a picture."""
        found = {"What flipping finds": self.dependence.by_flip}
        if self.dependence.by_gradient is not None:
            found["What the gradient claims"] = self.dependence.by_gradient
        return {title: seen[self.rows][:, self.rows] for title, seen in found.items()}

    @cached_property
    def verdict(self) -> list[str]:
        """Whether there is a leak, then a line for each of the largest."""
        count, tried = int(self.leaking.sum()), len(self.dependence.points)
        exhaustive = self.dependence.exhaustive
        where = f"at all {tried:,} binary vectors x" if exhaustive else f"at {tried} random points"
        coarse = self.dependence.tolerance.max().item()
        if coarse > 0.01:  # in half precision
            where += f"; moves of less than {coarse:.2g} logits pass for rounding"
        if count:
            lines = [
                f"output {self.names[i]} moved when {self.names[j]} did: {self._move(i, j)}"
                for i, j in self.largest_leaks
            ]
            if count > MOST_NAMED:
                lines.append(f"and {count - MOST_NAMED:,} more")
            said = "1 leak was" if count == 1 else f"{count:,} leaks were"
            return [f"{said} found by flipping each variable {where}.", *lines]
        said = "No leak" if exhaustive else "No leak found"
        lines = [f"{said}: every output depends only on earlier variables, {where}."]
        if self.dependence.by_gradient is not None:
            doubtful = int((self.dependence.by_gradient & ~self.allowed).sum())
            if doubtful:
                said = "1 leak" if doubtful == 1 else f"{doubtful:,} leaks"
                lines.append(f"The gradient alone speaks of {said}: see below why that can be.")
        return lines

    @cached_property
    def disagreement(self) -> list[str]:
        """Where flips and gradients disagree and why that can be, a line for each reason."""
        by_flip, by_gradient = self.dependence.by_flip, self.dependence.by_gradient
        if by_gradient is None:
            return ["The function gives no gradients, so that flipping alone decides."]
        slope = self.dependence.largest_slope
        flip_only, gradient_only = by_flip & ~by_gradient, by_gradient & ~by_flip
        no_number = gradient_only & slope.isinf()
        faint = gradient_only & (slope <= self.dependence.tolerance[:, None])
        steep = gradient_only & ~no_number & ~faint
        elsewhere = "" if self.dependence.exhaustive else ", or it moves at points not tried"
        reasons = {
            "Flipping alone finds that {}: the output moves, though its gradient is zero at every "
            "point. Gradients do not see behind a ReLU that is off, or over a step.": flip_only,
            "The gradient alone finds that {}: there is a slope, but from 0 to 1 the output does "
            f"not move by more than rounding, as x² − x does not{elsewhere}.": steep,
            "The gradient alone finds that {}: its slope is within rounding. Either two paths "
            "cancel, or the dependence is too faint to tell from that.": faint,
            "The gradient alone finds that {}: it is not a finite number there, and tells "
            "nothing.": no_number,
        }
        return [
            words.format(self._pairs(where))
            for words, where in reasons.items()
            if bool(where.any())
        ]

    @cached_property
    def how_to_read(self) -> str:
        """What rows and columns are, and which ordering counts."""
        words = f"Rows are outputs, columns are inputs. The ordering is {self._said(self.ordering)}"
        if self._are_many:
            words += ", for rows and columns too: on the diagonal and above nothing is allowed"
        if self.own_ordering is not None and list(self.own_ordering) != list(self.ordering):
            words += f". It is not the model's own, which is {self._said(self.own_ordering)}"
        return f"{words}."

    def details(self, output: int) -> list[str]:
        """What one output depends on, what it may, and where it moved most; a line each."""
        name, seen, allowed = (
            self.names[output],
            self.dependence.by_flip[output],
            self.allowed[output],
        )
        step = list(self.ordering).index(output) + 1
        words = f"Output {name}, step {step} of {len(self.names)}, depends on {self._list(seen)}. "
        words += f"It may depend on {self._list(allowed)}."
        if bool(self.leaking[output].any()):
            words += f" Not allowed: {self._list(self.leaking[output])}."
        lines = [words]
        if bool(seen.any()):
            j = int(self.dependence.largest_move[output].argmax())
            lines.append(f"It moved most when {self.names[j]} did: {self._move(output, j)}.")
        if self.dependence.largest_slope is not None:
            slopes = self.dependence.largest_slope[output] != 0
            lines.append(f"By gradient it depends on {self._list(slopes)}.")
        return lines

    @property
    def _are_many(self) -> bool:
        return len(self.names) > MOST_CELLS

    def _list(self, inputs: Tensor) -> str:
        chosen = inputs.tolist()
        return listing([self.names[j] for j in self.ordering if chosen[j]])

    def _said(self, ordering: Sequence[int]) -> str:
        names = [self.names[i] for i in ordering[:MOST_CELLS]]
        return ", ".join([*names, "…"] if self._are_many else names)

    def _pairs(self, where: Tensor) -> str:
        """The first pairs (output, input), those that are not allowed before others."""
        pairs = torch.cat([(where & ~self.allowed).nonzero(), (where & self.allowed).nonzero()])
        said = [
            f"{hat(self.names[i])} {'on' if k else 'depends on'} {self.names[j]}"
            for k, (i, j) in enumerate(pairs[:MOST_NAMED].tolist())
        ]
        more = len(pairs) - len(said)
        return f"{', '.join(said)} and {more:,} more" if more else listing(said)

    def _move(self, i: int, j: int) -> str:
        k = int(self.dependence.moved_at[i, j])
        point = f"random point {k + 1}"
        if len(self.names) <= LONGEST_POINT:
            point = f"x = ({', '.join(map(str, self.dependence.points[k].int().tolist()))})"
        size = np.format_float_positional(
            self.dependence.largest_move[i, j].item(), precision=3, fractional=False, trim="-"
        )
        return f"by {size} logit{'s' * (size != '1')} at {point}"


# ---- drawing ------------------------------------------------------------------------------------


def draw_findings(findings: Findings, selected: int) -> str:
    """Verdict, matrices and details of one output, as HTML.

    Args:
        findings: what there is to say and to draw.
        selected: the output of which details are told.
    """
    rows = findings.rows
    names = [findings.names[i] for i in rows]
    allowed = findings.allowed[rows][:, rows]
    click = operate(".made-leaks-output select", selectedIndex=f"{json.dumps(rows)}[ROW]")
    headline, *lines = findings.verdict
    sign = "✗" if findings.largest_leaks else "✓"
    return picture(
        _block(element("b", f"{sign} {escape(headline)}"), _list(lines), role="status"),
        *(
            draw_dependence(seen, allowed, names, title, click, rows.index(selected))
            for title, seen in findings.matrices.items()
        ),
        legend(len(names)),
        _block(escape(findings.how_to_read)),
        _block(
            *(element("div", escape(line)) for line in findings.details(selected)), role="status"
        ),
        _block(_list(findings.disagreement)),
    )


def _block(*content: str, **attributes: object) -> str:
    return element("div", *content, style="flex-basis:100%", **attributes)


def _list(lines: Sequence[str]) -> str:
    items = (element("li", escape(line)) for line in lines)
    return element("ul", *items, style="margin:4px 0;padding-left:24px") if lines else ""


def _count_variables(
    function: object,
    ordering: Tensor | Sequence[int] | None,
    input_dim: int | None,
    names: Sequence[str] | None,
) -> int:
    if input_dim is not None:
        input_dim = check_count("input_dim", input_dim)
    if isinstance(function, MADE):
        if input_dim not in (None, function.input_dim):
            raise ValueError(
                f"the model has {function.input_dim} variables, got input_dim = {input_dim}: "
                "leave it out"
            )
        return function.input_dim
    if input_dim is not None:
        return input_dim
    if ordering is not None:
        return len(check_ordering(ordering))
    if names is not None:
        return len(names)
    if not callable(function):
        raise TypeError(f"give a model or a function (B, D) → (B, D), got {function!r}")
    raise ValueError(
        "only of a MADE is the number of variables known: give input_dim, as in "
        "LeakDetector(function, input_dim=3)"
    )
