"""OrderingLab: which ordering suits a simple model, and what comes of averaging over orderings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from ipywidgets import HTML, Button, Checkbox, Dropdown, HBox, Layout, VBox
from torch import Tensor

from ..arguments import check_choice, check_count
from ..joint import OrderingFits, check_joint
from ..masks import check_ordering
from ..words import check_names, factorization, variable_names
from .ordering_picture import (
    describe_cases,
    draw_cases,
    draw_legend,
    draw_orderings,
    draw_steps,
    draw_together,
    rows_style,
)
from .panel import Panel, picture
from .study import SAME, Example, Ordering, Study, examples
from .svg import element

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN = "your own table"
MODEL = (
    "The model: each conditional is a logistic regression on the variables before it (a MADE "
    "without hidden layers), the best there is. What it costs: how many nats its NLL is above the "
    "entropy, which is the distance from the truth that is called KL."
)


@dataclass(frozen=True)
class View:
    """What a reader has chosen to see.

    Args:
        study: the orderings of an example.
        selected: the ordering whose steps are shown.
        step: of that ordering, counted from 1, whose cases are shown.
        guess: an ordering, "same", or None so far.
        revealed: whether costs are shown.
        best_first: whether orderings stand by cost, once revealed.
    """

    study: Study
    selected: Ordering
    step: int
    guess: Ordering | str | None = None
    revealed: bool = False
    best_first: bool = False

    @property
    def overview(self) -> tuple[Study, bool, bool]:
        """All that the picture of the orderings depends on, but for the marks of its rows."""
        return self.study, self.revealed, self.best_first

    @property
    def rows(self) -> list[Ordering]:
        """The orderings as they stand below one another."""
        return self.study.in_sequence(self.best_first and self.revealed)

    @property
    def sentence(self) -> str:
        """Of the selected ordering, or of the guess while costs are hidden."""
        if self.revealed:
            return self.study.sentence(self.selected)
        if self.guess is None:
            return "No guess yet."
        if self.guess == SAME:
            return "Your guess: all orderings cost the same. Press Reveal."
        return f"Your guess: {self.study.name(self.guess)} is the best. Press Reveal."

    @property
    def introduction(self) -> list[str]:
        """What the example is, the question or the verdict, and the reason; a paragraph each."""
        study, story = self.study, f"{self.study.example.story} {MODEL}"
        if not self.revealed:
            question = (
                f"Predict: in which of the {len(study.costs)} orderings does this model cost "
                "least? Or do all cost the same? Press an ordering below, or choose in the list "
                "Your guess; then press Reveal."
            )
            return [story, question if len(study.costs) > 1 else "Press Reveal."]
        said = f"{study.answer(self.guess)} {study.verdict} {study.selection}"
        return [story, " ".join(said.split()), study.example.reason]


class OrderingLab(Panel):
    """One simple model for every ordering of a few variables: which comes closest to the truth?

    The model is a logistic regression for each variable on those before it, and the best there is,
    see :func:`made_course.fit_orderings`. What it costs is its distance from the truth in nats, the
    NLL above the entropy. Guess first; what the orderings cost is shown when you press Reveal, or
    set ``revealed``. Up to 24 orderings are shown: of more, a best one, a worst one and 22 spread
    evenly by cost. Best and worst are so among all.

    Args:
        joint: an example, "half adder", "parity", "chain" or "rain diary", or your own joint
            distribution of 1 to 6 variables, (2, ..., 2) or (2^D,);
            :func:`made_course.joint_of` makes one from data.
        names: of the variables of your own table; None is x₁, x₂, ...

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Source:
        Germain et al. 2015, "Order-agnostic training", on averaging over orderings.

    Example:
        >>> lab = OrderingLab()  # a half adder: x₁, x₂, carry, sum
        >>> lab.guess = [0, 1, 3, 2]
        >>> lab.revealed = True
        >>> lab.verdict
        'Best: 0.017 nats, 18 of 24 orderings, such as x₁, x₂, carry, sum. Worst: 0.686 nats, ...
        >>> lab.sentence
        'x₁, x₂, sum, carry costs 0.686 nats: one of the worst. Step 3, p(sum | x₁, x₂), ...
        >>> round(lab.mixture_total, 3), round(lab.claimed_total, 3)  # Σp of two kinds of mean
        (1.0, 2.739)
    """

    def __init__(
        self, joint: str | Tensor = "half adder", names: Sequence[str] | None = None
    ) -> None:
        self._examples = examples()
        if isinstance(joint, str):
            first = check_choice("joint", joint, tuple(self._examples))
            if names is not None:
                raise ValueError("an example brings its own names: leave names out")
        else:
            first, table = OWN, check_joint(joint)
            count = len(table).bit_length() - 1
            names = variable_names(count) if names is None else check_names(names, count)
            story = f"Your own table of {count} variable{'s' * (count > 1)}."
            self._examples = {OWN: Example(table, names, story)} | self._examples
        self._studies: dict[str, Study] = {}
        self._view: View | None = None

        self._example_box = Dropdown(
            description="Example", options=list(self._examples), layout=Layout(width="260px")
        )
        self._guess_box = Dropdown(description="Your guess", layout=Layout(width="340px"))
        self._guess_box.add_class("made-guess")
        self._reveal_button = Button(layout=Layout(width="auto"))
        self._ordering_box = Dropdown(description="Ordering", layout=Layout(width="340px"))
        self._ordering_box.add_class("made-ordering")
        self._step_box = Dropdown(description="Step", layout=Layout(width="340px"))
        self._step_box.add_class("made-step")
        self._sort_box = Checkbox(
            description="Best first", indent=False, layout=Layout(width="auto")
        )
        self._intro, self._list, self._steps = HTML(), HTML(), HTML()
        self._cases, self._said, self._together = HTML(), HTML(), HTML()
        wrap = Layout(flex_flow="row wrap")
        beside = VBox([self._steps, self._cases], layout=Layout(flex="1 1 380px"))
        body = HBox([self._list, beside], layout=wrap)
        body.add_class("made-on-white")
        super().__init__(
            [
                HBox([self._example_box, self._guess_box, self._reveal_button], layout=wrap),
                HBox([self._ordering_box, self._step_box, self._sort_box], layout=wrap),
                self._intro,
                self._said,
                body,
                self._together,
            ]
        )
        self._scope = f"made-{self.model_id[:12]}"
        self._list.add_class(f"{self._scope}-list")
        self._steps.add_class(f"{self._scope}-steps")
        self.listen(self._example_box, self._set_example)
        self.listen(self._guess_box, self._guess_number, "index")
        self.press(self._reveal_button, self._turn)
        self.listen(self._ordering_box, self._select_number, "index")
        self.listen(self._step_box, lambda number: self._set_step(number + 1), "index")
        self.listen(self._sort_box, self._sort)
        self.example = first

    # ---- state ------------------------------------------------------------------------------

    @property
    def example(self) -> str:
        """The joint distribution by name; setting it hides the costs, and asks again."""
        return next(name for name, study in self._studies.items() if study is self._study)

    @example.setter
    def example(self, name: str) -> None:
        name = check_choice("example", name, tuple(self._examples))
        study = self._studies.setdefault(name, Study(self._examples[name]))
        first = study.shown[0]
        best_first = self._view is not None and self._view.best_first
        self._show(View(study, first, len(first), best_first=best_first))

    @property
    def guess(self) -> list[int] | str | None:
        """The reader's guess: the best ordering, "same" if all cost the same, or None so far."""
        guess = self._view.guess
        return list(guess) if isinstance(guess, tuple) else guess

    @guess.setter
    def guess(self, guess: Sequence[int] | Tensor | str | None) -> None:
        if isinstance(guess, str):
            self._show(replace(self._view, guess=check_choice("guess", guess, (SAME,))))
        elif guess is None:
            self._show(replace(self._view, guess=None))
        else:
            guess = self._check_shown(guess)
            self._show(replace(self._looking_at(guess), guess=guess))

    @property
    def revealed(self) -> bool:
        """Whether what the orderings cost is shown; hiding it forgets the guess."""
        return self._view.revealed

    @revealed.setter
    def revealed(self, revealed: bool) -> None:
        guess = self._view.guess if revealed else None
        view = replace(self._view, revealed=bool(revealed), guess=guess)
        if view.revealed and not self._view.revealed:
            view = replace(view, step=view.study.costliest(view.selected))
        self._show(view)

    @property
    def selected(self) -> list[int]:
        """The ordering whose steps are shown, one of ``orderings``."""
        return list(self._view.selected)

    @selected.setter
    def selected(self, ordering: Sequence[int] | Tensor) -> None:
        self._show(self._looking_at(self._check_shown(ordering)))

    @property
    def step(self) -> int:
        """The step of the selected ordering, counted from 1, whose cases are shown."""
        return self._view.step

    @step.setter
    def step(self, step: int) -> None:
        step, last = check_count("step", step), len(self._view.selected)
        if step > last:
            raise ValueError(f"step must be at most {last}, got {step}")
        self._show(replace(self._view, step=step))

    @property
    def best_first(self) -> bool:
        """Whether orderings stand by cost, once it is revealed, and not by name."""
        return self._view.best_first

    @best_first.setter
    def best_first(self, best_first: bool) -> None:
        self._show(replace(self._view, best_first=bool(best_first)))

    # ---- what follows from it ---------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Of the variables."""
        return list(self._study.names)

    @property
    def joint(self) -> Tensor:
        """(2^D,) the truth, in the sequence of ``binary_points(D)``."""
        return self.fits.joint

    @property
    def fits(self) -> OrderingFits:
        """The models of all orderings, with their weights."""
        return self._study.fits

    @property
    def costs(self) -> dict[Ordering, float]:
        """Each of all D! orderings, also of those not shown → its cost in nats."""
        return dict(self._study.costs)

    @property
    def orderings(self) -> list[list[int]]:
        """Those that are shown, as they stand below one another."""
        return [list(ordering) for ordering in self._view.rows]

    @property
    def verdict(self) -> str:
        """Which of all orderings are best and worst, whether it is shown or not."""
        return self._study.verdict

    @property
    def sentence(self) -> str:
        """What the selected ordering costs, and which of its steps; while hidden, the guess."""
        return self._view.sentence

    @property
    def mixture_cost(self) -> float:
        """Nats from the truth to the mean of the shown orderings' probabilities."""
        return self._study.mixture_cost

    @property
    def mixture_total(self) -> float:
        """Σp of the mean of the shown orderings' probabilities: 1."""
        return self._study.mixture_total

    @property
    def claimed_cost(self) -> float:
        """What the mean of the shown orderings' logits would cost, if it were a distribution."""
        return self._study.claimed_cost

    @property
    def claimed_total(self) -> float:
        """Σp of the mean of the shown orderings' logits."""
        return self._study.claimed_total

    def figure(self, together: bool = True) -> Figure:
        """The same orderings as a figure, for the saved notebook, with all costs revealed.

        Args:
            together: whether to show Σp of two kinds of mean over them, too.
        """
        from ..figures import plot_orderings  # only a figure waits for matplotlib

        study = self._study
        totals = {
            "mean of the probabilities": study.mixture_total,
            "mean of the logits": study.claimed_total,
        }
        return plot_orderings(
            {study.name(o): study.steps(o) for o in study.in_sequence(self.best_first)},
            totals if together else {},
            title=study.verdict,
        )

    # ---- between state and page -------------------------------------------------------------

    @property
    def _study(self) -> Study:
        return self._view.study

    def _check_shown(self, ordering: Sequence[int] | Tensor) -> Ordering:
        found = tuple(check_ordering(ordering, len(self._study.names)).tolist())
        if found not in self._study.shown:
            raise ValueError(
                f"{self._study.name(found)} is not among the {len(self._study.shown)} orderings "
                "that are shown: take one of .orderings"
            )
        return found

    def _set_example(self, name: str) -> None:
        self.example = name

    def _guess_number(self, index: int) -> None:
        self.guess = (None, SAME, *self._study.shown)[index]

    def _select_number(self, index: int) -> None:
        self.selected = self._study.shown[index]

    def _set_step(self, step: int) -> None:
        self.step = step

    def _sort(self, best_first: bool) -> None:
        self.best_first = best_first

    def _turn(self) -> None:
        self.revealed = not self.revealed

    def _looking_at(self, ordering: Ordering) -> View:
        """The view of another ordering, at its costliest step: the last, while costs are hidden."""
        view = self._view
        if ordering == view.selected:
            return view
        step = view.study.costliest(ordering) if view.revealed else len(ordering)
        return replace(view, selected=ordering, step=step)

    def _show(self, view: View) -> None:
        """Take over a view, once it has been drawn: a picture that fails changes nothing."""
        study, selected, step, revealed = view.study, view.selected, view.step, view.revealed
        drawn = {
            self._steps: picture(draw_steps(study, selected, revealed)),
            self._cases: picture(
                draw_cases(study, selected, step, revealed),
                _paragraphs(describe_cases(study, selected, step, revealed)),
            ),
            self._said: picture(
                self._marks(view),
                element("div", escape(factorization(study.names, selected)), class_="made-formula"),
                element("div", escape(view.sentence), role="status", class_="made-said"),
            ),
        }
        if self._view is None or view.overview != self._view.overview:
            drawn[self._list] = picture(
                element(
                    "div",
                    draw_orderings(study, view.best_first, revealed),
                    draw_legend(study) if revealed else "",
                )
            )
            drawn[self._together] = picture(*_together(study)) if revealed else ""
        drawn[self._intro] = picture(_paragraphs(view.introduction, said=1))
        self._view = view
        for part, markup in drawn.items():  # first what the reader waits for
            part.value = markup
        with self.quietly():
            self._follow(view)
        self.problem = ""

    def _marks(self, view: View) -> str:
        """CSS for the selected rows: the pictures stay, and with them the focus."""
        shown, guess = view.study.shown, view.guess
        guessed = shown.index(guess) if isinstance(guess, tuple) else None
        return (
            element("style", ".made-on-white{background:white}")
            + rows_style(f"{self._scope}-list", shown.index(view.selected), guessed)
            + rows_style(f"{self._scope}-steps", view.step - 1, None)
        )

    def _follow(self, view: View) -> None:
        """Set the controls to what is shown."""
        study = view.study
        names = list(map(study.name, study.shown))
        guesses = (None, SAME, *study.shown)
        factors = [study.factor(view.selected, t + 1) for t in range(len(view.selected))]
        self._example_box.value = self.example
        _set(self._step_box, [f"{t + 1}: {said}" for t, said in enumerate(factors)], view.step - 1)
        _set(self._ordering_box, names, study.shown.index(view.selected))
        _set(self._guess_box, ["none yet", "all cost the same", *names], guesses.index(view.guess))
        self._guess_box.disabled = view.revealed
        self._sort_box.value = view.best_first
        self._sort_box.disabled = not view.revealed
        self._reveal_button.description = "Hide, and guess again" if view.revealed else "Reveal"


def _set(box: Dropdown, options: list[str], index: int) -> None:
    """Set what can be chosen and what is, in one message to the page."""
    with box.hold_sync():
        if list(box.options) != options:
            box.options = options
        box.index = index


def _together(study: Study) -> list[str]:
    how_many = "" if len(study.shown) == 1 else f"All {len(study.shown)} orderings together"
    heading = element("b", how_many, style="flex-basis:100%")
    chart = draw_together(study) if how_many else ""
    return [heading, chart, _paragraphs(study.together)]


def _paragraphs(lines: Sequence[str], said: int | None = None) -> str:
    """Paragraphs of HTML; the one whose number is ``said`` reports what has changed."""
    style = {"style": "margin:0 0 6px;max-width:920px"}
    report = {"role": "status", "class_": "made-said"}
    words = (
        element("p", escape(line), **style | (report if k == said else {}))
        for k, line in enumerate(lines)
        if line
    )
    return element("div", *words, style="flex-basis:100%")
