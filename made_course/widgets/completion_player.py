"""What is hidden of an image, drawn again: several completions, and what they are worth."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape

import numpy as np
import torch
from ipywidgets import HTML, BoundedIntText, Button, Dropdown, HBox, Layout, ToggleButton
from matplotlib.figure import Figure
from torch import BoolTensor, Generator, LongTensor, Tensor

from ..arguments import check_choice, check_count, check_switch
from ..colours import BLUE, GREY, INK, ORANGE, PALE, rgb
from ..completed import Completion
from ..completion import complete, completion_degrees
from ..data import load_binarized_mnist
from ..heads import Bernoulli
from ..made import MADE
from ..plotting import paint_completion, paint_variables, plot_completions
from ..words import listing, percent
from .board import Board, board
from .panel import Panel, picture
from .svg import element, operate, pixels, svg, text

MOST_IMAGES, MOST_COMPLETIONS, MOST_SEED = 10, 12, 999_999
PARTS = {
    "top": "the top",
    "bottom": "the bottom",
    "left": "the left",
    "right": "the right",
    "random": "a random half",
    "rectangle": "a rectangle",
}
OWN, MEMBER, MADE_FOR_IT, WEIGHTED = "own", "member", "made", "weighted"
WANTED = "p(hidden | known)"


class CompletionPlayer(Panel):
    r"""Hide a part of an image and see several completions of it, and what they are worth.

    They are draws from :math:`p(x_{hidden} \mid x_{known})` where an ordering has all known
    variables first: the model's own, one of its K, or one made for the purpose if the model was
    trained for any. Else each has a weight, and the player says how many exact draws they are
    worth: see :func:`made_course.complete`. It completes by the model as it is when the player is
    made.

    Args:
        model: a MADE over two binary variables or more.
        images: (D,) or (m, D), up to ten rows of the model's data to choose from. None takes ten
            digits of the small set, one of each, or, where D is not 784, samples of the model.
        n_samples: how many completions to draw, 2 to 12.
        seed: of the noise that they are drawn from.
        shape: rows and columns in which the variables are drawn; None draws a square if D is one,
            else a row.

    Attributes:
        words: what the player says of its state.
        description: what there is to see in ``figure()``, without trained numbers.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Example:
        >>> from made_course import load_pretrained
        >>> player = CompletionPlayer(load_pretrained("tiny"), torch.tensor([1, 0, 0, 1] * 4))
        >>> player.part, player.words
        ('bottom', "8 exact samples: the model's own ordering has every known pixel first. ...")
        >>> player.part = "top"  # what is known now comes last
        >>> player.words
        '8 samples, worth ... exact ones: 8 of the 8 known pixels come too late. ...'
        >>> player.close()
    """

    def __init__(
        self,
        model: MADE,
        images: Tensor | None = None,
        *,
        n_samples: int = 8,
        seed: int = 0,
        shape: tuple[int, int] | None = None,
    ) -> None:
        _check_model(model)
        self._n_samples = check_count("n_samples", n_samples, 2, MOST_COMPLETIONS)
        seed = check_count("seed", seed, 0, MOST_SEED)
        self._board = board(model.input_dim, shape)
        self._model = deepcopy(model).cpu().eval()
        self._are_drawn = images is None and model.input_dim != 784
        self._images = _check_images(images, self._model)
        self._parts = _parts_of(self._board)
        part = next(part for part in ("bottom", "right") if part in self._parts)
        self._question = Question(0, part, _middle(self._board), seed)
        self._found = self._complete(self._question)
        self._revealed = False
        self._prices = {}

        rows, columns = self._board.rows, self._board.columns
        narrow, style = Layout(width="max-content"), {"description_width": "initial"}
        self._image_control = Dropdown(
            description="Image",
            options=[(str(k + 1), k) for k in range(len(self._images))],
            style=style,
            layout=Layout(width="max-content", display="none" if len(self._images) == 1 else None),
        )
        self._image_control.add_class("made-image")
        self._part_control = Dropdown(
            description="Hide",
            options=[(PARTS[part], part) for part in self._parts],
            style=style,
            layout=narrow,
        )
        numbers = {
            "From row": rows,
            "From column": columns,
            "Rows": rows,
            "Columns": columns,
        }
        self._rectangle_controls = [
            _number_box(name, 1, largest, width="130px" if "From" in name else "110px")
            for name, largest in numbers.items()
        ]
        self._rectangle_row = HBox(
            self._rectangle_controls, layout=Layout(flex_flow="row wrap", grid_gap="2px 8px")
        )
        self._seed_control = _number_box("Seed", 0, MOST_SEED, width="120px")
        self._other = Button(description="Other completions", icon="random", layout=narrow)
        self._reveal = ToggleButton(layout=Layout(width="160px"))
        self._choice, self._picture = HTML(), HTML()
        controls = [
            self._image_control,
            self._part_control,
            self._rectangle_row,
            self._seed_control,
            self._other,
            self._reveal,
        ]
        row = Layout(flex_flow="row wrap", align_items="center", grid_gap="2px 8px")
        super().__init__([HBox(controls, layout=row), self._choice, self._picture])

        self.listen(self._image_control, self._set("image_index"))
        self.listen(self._part_control, self._set("part"))
        for place, control in enumerate(self._rectangle_controls):
            self.listen(control, self._resize(place))
        self.listen(self._seed_control, self._set("seed"))
        self.listen(self._reveal, self._set("revealed"))
        self.press(self._other, self.other_completions)
        self._show()

    # ---- state ------------------------------------------------------------------------------

    @property
    def image_index(self) -> int:
        """Which image is completed, from 0."""
        return self._question.image

    @image_index.setter
    def image_index(self, index: int) -> None:
        self._ask(image=check_count("image_index", index, 0, len(self._images) - 1))

    @property
    def part(self) -> str:
        """What is hidden: "top", "bottom", "left", "right", "random" or "rectangle"."""
        return self._question.part

    @part.setter
    def part(self, part: str) -> None:
        self._ask(part=check_choice("part", part, self._parts))

    @property
    def rectangle(self) -> tuple[int, int, int, int]:
        """What "rectangle" hides: first row, first column (from 0), rows, columns."""
        return self._question.rectangle

    @rectangle.setter
    def rectangle(self, rectangle: tuple[int, int, int, int]) -> None:
        self._ask(rectangle=_check_rectangle(rectangle, self._board))

    @property
    def seed(self) -> int:
        """Of the noise from which the completions are drawn."""
        return self._question.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._ask(seed=check_count("seed", seed, 0, MOST_SEED))

    @property
    def revealed(self) -> bool:
        """Whether the original is shown; that of another image is hidden again."""
        return self._revealed

    @revealed.setter
    def revealed(self, revealed: bool) -> None:
        self._revealed = check_switch("revealed", revealed)
        self._show()

    def other_completions(self) -> None:
        """Draw from the noise of the next seed."""
        self.seed = (self.seed + 1) % (MOST_SEED + 1)

    # ---- what follows from it ---------------------------------------------------------------

    @property
    def known(self) -> BoolTensor:
        """(D,) true where the image is known."""
        return self._found.known.clone()

    @property
    def completion(self) -> Completion:
        """What :func:`made_course.complete` returned: samples (1, n, D), weights, their worth."""
        return self._found.completion

    @property
    def prices(self) -> dict[str, tuple[float | None, float]]:
        """Part → nats of what it hides, given the rest, and of independent variables there.

        Means over the images. The first is None where the model has no ordering for it.
        """
        key = self.rectangle
        if key not in self._prices:
            self._prices[key] = {part: self._price(part, key) for part in self._parts}
        return self._prices[key]

    @property
    def ordering(self) -> LongTensor:
        """(D,) the ordering in which the hidden variables were drawn."""
        return torch.argsort(self._found.order)

    @property
    def words(self) -> str:
        """What the player says of its state."""
        found = self._found
        return " ".join([found.headline, *found.explanation, self._closing_words()])

    @property
    def description(self) -> str:
        """What there is to see in ``figure()``, without trained numbers."""
        found = self._found
        said = ["what is known", f"{self._n_samples} completions", "their mean"]
        said += ["the original"] if self._revealed else []
        weights = ", each with its share of the weight" if found.way == WEIGHTED else ""
        return (
            f"A row of pictures of {self._board.whole} {self.image_index + 1}: "
            f"{listing(said)}{weights}. Hidden is {PARTS[self.part]}: {found.count_hidden} of "
            f"{len(found.x)} {self._board.things}."
        )

    def figure(self) -> Figure:
        """The same state as a row of pictures for a saved notebook."""
        found = self._found
        return plot_completions(
            found.x[None],
            found.known,
            found.completion,
            (self._board.rows, self._board.columns),
            original=self._revealed,
        )

    # ---- parts ------------------------------------------------------------------------------

    def _ask(self, **changes: object) -> None:
        """Another question: answered before anything changes, so that an error changes nothing."""
        question = replace(self._question, **changes)
        if question != self._question:
            self._found = self._complete(question)
            self._revealed = self._revealed and question.image == self._question.image
            self._question = question
        self._show()

    def _complete(self, question: Question) -> Found:
        model, x = self._model, self._images[question.image]
        known = ~hidden_variables(self._board, question.part, question.rectangle)
        generator = Generator().manual_seed(question.seed)
        noise = torch.rand(1, self._n_samples, len(x), generator=generator)
        with warnings.catch_warnings():
            # the player says itself what they are worth
            warnings.filterwarnings("ignore", "these completions are worth")
            completion = complete(model, x[None], known, self._n_samples, noise=noise)
        (order, *_), is_exact = completion_degrees(model, known)
        way, number = (OWN if is_exact else WEIGHTED), 0
        if is_exact and not torch.equal(order, model.order):
            way = MADE_FOR_IT if model.num_masks is None else MEMBER
        orders = model.mask_sets.orders
        if way == MEMBER:
            number = (orders == order).all(dim=1).nonzero()[0].item()
        orderings = 1 if bool((orders == model.order).all()) else len(orders)
        if completion.log_weights is not None and not completion.log_weights.isfinite().all():
            raise ValueError("the model gives no finite log-probability: look at its weights")
        return Found(self._board, x, known, completion, order, way, number, orderings)

    @cached_property
    def _ink(self) -> Tensor:
        """(D,) how often each variable is 1 in samples of the model."""
        drawn = self._model.sample(SAMPLES_OF_INK, generator=Generator().manual_seed(0))
        return (drawn.sum(0) + 1) / (len(drawn) + 2)

    @torch.no_grad()
    def _price(self, part: str, rectangle: tuple[int, int, int, int]) -> tuple[float | None, float]:
        hidden = hidden_variables(self._board, part, rectangle)
        degrees, is_exact = completion_degrees(self._model, ~hidden)
        with self._model.under(degrees):
            given = self._model.log_conditionals(self._images)
        alone = torch.distributions.Bernoulli(self._ink).log_prob(self._images)
        given, alone = (-nats[:, hidden].sum(1).mean().item() for nats in (given, alone))
        return given if is_exact else None, alone

    def _set(self, name: str) -> Callable[[object], None]:
        return lambda value: setattr(self, name, value)

    def _resize(self, place: int) -> Callable[[int], None]:
        """What a number of the rectangle does; one that grows over the edge moves inside."""

        def action(value: int) -> None:
            sizes = list(self.rectangle)
            sizes[place] = value - 1 if place < 2 else value
            for axis, most in enumerate((self._board.rows, self._board.columns)):
                sizes[axis] = min(sizes[axis], most - sizes[axis + 2])
            self.rectangle = tuple(sizes)

        return action

    def _closing_words(self) -> str:
        return self._found.answer if self._revealed else self._found.prediction

    def _show(self) -> None:
        row, column, height, width = self.rectangle
        with self.quietly():
            self._image_control.value = self.image_index
            self._part_control.value = self.part
            values = (row + 1, column + 1, height, width)
            largest = (self._board.rows - height + 1, self._board.columns - width + 1)
            for control, most in zip(self._rectangle_controls, largest, strict=False):
                control.max = most
            for control, value in zip(self._rectangle_controls, values, strict=True):
                control.value = value
            self._rectangle_row.layout.display = None if self.part == "rectangle" else "none"
            self._seed_control.value = self.seed
            self._reveal.value = self._revealed
            self._reveal.description = f"{'Hide' if self._revealed else 'Show'} the original"
            self._reveal.icon = "eye-slash" if self._revealed else "eye"
        self._choice.value = draw_choice(
            self._board, self._images, self._found.known, self.image_index, self._are_drawn
        )
        prices = draw_prices(self._board, self.prices, self.part) if self._revealed else ""
        self._picture.value = draw_found(self._found, self._revealed, prices)
        self.problem = ""


# ---- what is asked and found ------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What decides the completions."""

    image: int
    part: str
    rectangle: tuple[int, int, int, int]
    seed: int


@dataclass(frozen=True, eq=False)
class Found:
    """Completions of one image, how they were drawn, and what there is to say of them.

    Attributes:
        board: where the variables stand.
        x: (D,) the original.
        known: (D,) BoolTensor.
        completion: its samples (1, n, D) and what they are worth.
        order: (D,) degrees of the variables under which they were drawn.
        way: whose ordering that is: OWN, MEMBER, MADE_FOR_IT, or with weights WEIGHTED.
        number: which of the model's orderings, from 0, if it is a member.
        count_orderings: how many the model keeps.
    """

    board: Board
    x: Tensor
    known: BoolTensor
    completion: Completion
    order: LongTensor
    way: str
    number: int
    count_orderings: int

    @property
    def samples(self) -> Tensor:
        """(n, D) completions."""
        return self.completion.samples[0]

    @property
    def shares(self) -> list[float]:
        """Share of the weight that each has."""
        return self.completion.shares[0].tolist()

    @property
    def count_hidden(self) -> int:
        """How many variables are hidden."""
        return int((~self.known).sum())

    @cached_property
    def too_late(self) -> BoolTensor:
        """(D,) true for the known variables that come after a hidden one in the ordering."""
        return self.known & (self.order > self.order[~self.known].min())

    @property
    def headline(self) -> str:
        """How many completions there are, and what they are worth, in a sentence."""
        n, thing = len(self.samples), self.board.things[:-1]
        if self.way == WEIGHTED:
            worth = self.completion.effective_sample_size[0].item()
            late, known = int(self.too_late.sum()), int(self.known.sum())
            which = f"{late} of the {known} known {thing}s" if known > 1 else f"the known {thing}"
            comes = "comes" if late == 1 else "come"
            return f"{n} samples, worth {worth:.1f} exact ones: {which} {comes} too late."
        if not self.known.any():
            return f"{n} exact samples: nothing is known, so they are samples as ever."
        whose = {
            OWN: "the model's own ordering has",
            MEMBER: f"ordering {self.number + 1} of the model's {self.count_orderings} has",
            MADE_FOR_IT: "an ordering was made for this, with",
        }[self.way]
        return f"{n} exact samples: {whose} every known {thing} first."

    @property
    def explanation(self) -> list[str]:
        """What is exact about them, and what is not, in sentences."""
        thing = self.board.things[:-1]
        going_on = (
            f"Each hidden {thing} was drawn given all that is known and the hidden {thing}s before "
            f"it: a draw from {WANTED}."
        )
        if not self.known.any():
            return []
        if self.way == OWN:
            return [going_on]
        if self.way == MEMBER:
            return [going_on, "That is the p of this ordering; each of the others has its own."]
        if self.way == MADE_FOR_IT:
            return [
                "The model was trained in ever new orderings, so one with all that is known first "
                f"is among those it may use. {going_on}",
                "They are exact for this one ordering. The same network in another ordering is "
                "another model, with a p of its own, and the mean over many orderings (an "
                "ensemble) has yet another.",
            ]
        orderings = "The model has one ordering, and in it"
        if self.count_orderings > 1:
            orderings = (
                f"None of the model's {self.count_orderings} orderings has every known {thing} "
                "first. In the one in use,"
            )
        best, worth = max(self.shares), self.completion.effective_sample_size[0].item()
        return [
            f"{orderings} what is too late comes after a hidden {thing}, which was drawn without "
            "it. Left at that, it would be clamping.",
            f"So each sample has a weight: how probable the known {thing}s are, given what was "
            f"drawn before them. Number {self.shares.index(best) + 1} has {percent(best)} of all "
            f"weight; the effective sample size is {worth:.1f}.",
            self._worth(),
        ]

    def _worth(self) -> str:
        n, worth = len(self.samples), self.completion.effective_sample_size[0].item()
        if max(self.shares) > 0.9:
            return (
                f"Nearly all weight lies on one sample, the least unlikely of {n}, which need not "
                "fit what is known."
            )
        if worth < n / 2:
            return "Few samples have most of the weight, and the others hardly count."
        return (
            f"Counted by weight they stand for {WANTED}, though only roughly: it takes many "
            "samples to come close."
        )

    @property
    def prediction(self) -> str:
        """What to ask before the original is shown."""
        return (
            f"Predict: which of the {len(self.samples)} comes closest to the original, and does "
            "one hit it? Choose a number, then show the original."
        )

    @property
    def answer(self) -> str:
        """How far the completions are from the original."""
        apart = (self.samples != self.x).sum(dim=1).tolist()
        things = self.board.things if self.count_hidden > 1 else self.board.things[:-1]
        things = f"{self.count_hidden} hidden {things}"
        closest = [str(k + 1) for k, differing in enumerate(apart) if differing == min(apart)]
        if min(apart) == max(apart):
            said = f"All {len(apart)} differ from the original in {min(apart)} of {things}."
        else:
            said = (
                f"Closest {'is number' if len(closest) == 1 else 'are numbers'} "
                f"{listing(closest)}: {min(apart)} of {things} "
                f"{'differs' if min(apart) == 1 else 'differ'} from the original; at most "
                f"{max(apart)} do."
            )
        return f"{said} The original is one possibility; no sample has to hit it."


def hidden_variables(
    board: Board, part: str, rectangle: tuple[int, int, int, int] | None = None
) -> BoolTensor:
    """Which variables a part hides; of an odd number of rows or columns the smaller half.

    Args:
        board: where the variables stand.
        part: "top", "bottom", "left", "right", "random", which hides the same half each time, or
            "rectangle".
        rectangle: first row, first column (from 0), rows, columns.

    Returns:
        (D,) true where hidden.

    Example:
        >>> from made_course.widgets.board import board
        >>> hidden_variables(board(9, None), "bottom").view(3, 3).tolist()[1:]
        [[False, False, False], [True, True, True]]
    """
    rows, columns = board.rows, board.columns
    if part == "random":
        hidden = torch.zeros(rows * columns, dtype=torch.bool)
        shuffled = torch.randperm(len(hidden), generator=Generator().manual_seed(0))
        hidden[shuffled[: len(hidden) // 2]] = True
        return hidden
    row, column, height, width = {
        "top": (0, 0, rows // 2, columns),
        "bottom": (rows - rows // 2, 0, rows // 2, columns),
        "left": (0, 0, rows, columns // 2),
        "right": (0, columns - columns // 2, rows, columns // 2),
        "rectangle": rectangle,
    }[part]
    hidden = torch.zeros(rows, columns, dtype=torch.bool)
    hidden[row : row + height, column : column + width] = True
    return hidden.flatten()


# ---- drawing ------------------------------------------------------------------------------------

SAMPLES_OF_INK = 256
CELL = "text-align:left;padding:1px 16px 1px 0"
SIDE, SAMPLE_SIDE, SMALL_SIDE = 140, 112, 56
"""Pixels along the longer edge of a picture, of a completion, and of an image to choose."""


def draw_found(found: Found, revealed: bool, prices: str = "") -> str:
    """What is known, the completions, their mean and the ordering, with words, as HTML.

    Args:
        found: what to draw.
        revealed: whether the original is shown; else a question stands in its place.
        prices: a table to put beside the ordering, as HTML.
    """
    weighted = found.way == WEIGHTED
    headline = element("b", f"{'⚠' if weighted else '✓'} {escape(found.headline)}")
    border = f"border-left:6px solid {ORANGE};padding-left:10px;" if weighted else ""
    closing = found.answer if revealed else found.prediction
    shares = found.shares if weighted else [None] * len(found.samples)
    x, samples = found.x.float().numpy(), found.samples.float().numpy()
    known = found.known.numpy()
    pictures = [
        _known(found, x, known),
        _original(found, x, known) if revealed else _question_mark(found.board),
        _mean(found, known),
        _ordering(found),
    ]
    drawn = [
        _completion(found.board, k, values, known, share)
        for k, (values, share) in enumerate(zip(samples, shares, strict=True))
    ]
    return picture(
        _block(
            element("div", headline, style="font-size:18px"),
            *(element("div", _in_html(line)) for line in found.explanation),
            role="status",
            style=f"{border}flex-basis:100%;min-height:76px",
        ),
        _block(element("b", escape(closing)), role="status"),
        _row(*pictures, style="flex:1 1 298px;max-width:300px"),
        _row(*drawn, style="flex:2 1 494px"),
        _block(*_legend(found)),
        prices,
    )


def draw_prices(board: Board, prices: dict[str, tuple[float | None, float]], chosen: str) -> str:
    """Which part costs how much, as a table of HTML; the chosen one is marked."""
    heads = [f"hidden {board.things}", "nats, given the rest", f"independent {board.things}"]
    rows = [element("tr", *(element("th", head, style=CELL) for head in heads))]
    for part, (given, alone) in prices.items():
        marked = part == chosen
        cells = [
            f"{PARTS[part]}{' ◀' if marked else ''}",
            "needs weights" if given is None else f"{given:.1f}",
            f"{alone:.1f}",
        ]
        style = f"{CELL};font-weight:{'bold' if marked else 'normal'}"
        rows.append(element("tr", *(element("td", cell, style=style) for cell in cells)))
    caption = (
        f"What a hidden part costs, mean over the {board.whole}s to choose from. Independent "
        f"{board.things} are 1 as often as in {SAMPLES_OF_INK} samples of the model."
    )
    caption = element("caption", caption, style="text-align:left;caption-side:bottom")
    return element("table", caption, *rows, style="flex-basis:100%;border-collapse:collapse")


def draw_choice(
    board: Board, images: Tensor, known: Tensor, chosen: int, are_drawn: bool = False
) -> str:
    """What is known of each image, to be chosen by a click, as HTML.

    Args:
        board: where the variables stand.
        images: (m, D).
        known: (D,) BoolTensor.
        chosen: which of them is completed.
        are_drawn: whether the model drew them.

    Returns:
        nothing if there is no choice.
    """
    if len(images) == 1:
        return ""
    known = known.numpy()
    shown = []
    for k, x in enumerate(images.float().numpy()):
        painted, width, height = _paint(board, SMALL_SIDE, paint_variables, x * known, ~known)
        is_chosen = k == chosen
        frame = {"stroke": INK if is_chosen else PALE, "stroke_width": 4 if is_chosen else 1}
        shown.append(
            svg(
                width + 6,
                height + 24,
                pixels(3, 21, width, height, painted),
                element("rect", x=3, y=21, width=width, height=height, fill="none", **frame),
                text(
                    3,
                    14,
                    f"{k + 1}{' ◀' if is_chosen else ''}",
                    text_anchor="start",
                    font_weight="bold" if is_chosen else None,
                ),
                label=f"{board.whole} {k + 1}, with its known {board.things} only"
                f"{', chosen' if is_chosen else ''}",
                style="cursor:pointer",
                onclick=operate(".made-image select", selectedIndex=k),
            )
        )
    note = "Drawn by the model itself. Click to choose." if are_drawn else "Click to choose."
    return picture(_row(*shown, element("span", note, style="align-self:center")))


def _in_html(sentence: str) -> str:
    """Escaped, and no line ends inside the formula."""
    formula = element("span", escape(WANTED), style="white-space:nowrap")
    return escape(sentence).replace(escape(WANTED), formula)


def _block(*content: str, **attributes: object) -> str:
    return element("div", *content, **{"style": "flex-basis:100%"} | attributes)


def _row(*content: str, style: str = "flex-basis:100%") -> str:
    style = f"display:flex;flex-wrap:wrap;gap:6px 10px;align-items:flex-start;{style}"
    return element("div", *content, style=style)


def _paint(
    board: Board, side: int, painter: Callable[..., np.ndarray], *variables: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """Pixels of a picture at most so wide or high, and its width and height; lists are bands."""
    scale = max(1, side // max(board.rows, board.columns))
    rows, columns = board.rows, board.columns
    band = 1 if board.is_image else math.ceil(24 / scale)  # each variable so many times beside it
    grids = [values.reshape(rows, columns) for values in variables]
    if rows == 1:
        grids = [grid.repeat(band, axis=0) for grid in grids]
    elif columns == 1:
        grids = [grid.repeat(band, axis=1) for grid in grids]
    shape = grids[0].shape
    painted = painter(*(grid.ravel() for grid in grids), shape, scale)
    return painted, shape[1] * scale, shape[0] * scale


def _picture(
    board: Board,
    title: str,
    label: str,
    painted: tuple[np.ndarray, int, int],
    *more: str,
    room: int = 0,
) -> str:
    """A titled picture; ``more`` is drawn below it, where there is so much room."""
    shown, width, height = painted
    breadth = max(width, 9 * len(title)) + 4
    frame = {"x": 2, "y": 22, "width": width, "height": height, "fill": "none", "stroke": GREY}
    return svg(
        breadth,
        height + 26 + room,
        text(2, 15, title, text_anchor="start", font_weight="bold"),
        pixels(2, 22, width, height, shown),
        _grid(board, width, height),
        element("rect", **frame),
        element("g", *more, transform=f"translate(2 {height + 22})"),
        label=label,
    )


def _grid(board: Board, width: int, height: int) -> str:
    """Lines between few variables, so that each can be counted."""
    if max(board.rows, board.columns) > 10:
        return ""
    down = [f"M{2 + width * k / board.columns:g} 22v{height}" for k in range(1, board.columns)]
    across = [f"M2 {22 + height * k / board.rows:g}h{width}" for k in range(1, board.rows)]
    return element("path", d="".join(down + across), stroke=GREY, stroke_width=0.5)


def _known(found: Found, x: np.ndarray, known: np.ndarray) -> str:
    painted = _paint(found.board, SIDE, paint_variables, x * known, ~known)
    said = (f"{value:.0f}" if given else "?" for value, given in zip(x, known, strict=True))
    whole = f"{int(known.sum())} of {len(x)} {found.board.things} known, the others hatched"
    return _picture(found.board, "Known", _label("Known", found.board, said, whole), painted)


def _original(found: Found, x: np.ndarray, known: np.ndarray) -> str:
    painted = _paint(found.board, SIDE, paint_completion, x, known)
    said = (f"{value:.0f}" for value in x)
    whole = f"{int(x[~known].sum())} of {found.count_hidden} hidden {found.board.things} are 1"
    return _picture(found.board, "Original", _label("Original", found.board, said, whole), painted)


def _question_mark(board: Board) -> str:
    blank = np.zeros(board.rows * board.columns)
    painted = _paint(board, SIDE, paint_completion, blank, blank == 0)
    _, width, height = painted
    size = min(64, height)
    mark = text(width / 2, 0.35 * size - height / 2, "?", font_size=size)
    return _picture(board, "Original", "Original: not shown yet", painted, mark)


def _mean(found: Found, known: np.ndarray) -> str:
    values = found.completion.mean[0].float().clamp(0, 1).numpy()
    painted = _paint(found.board, SIDE, paint_completion, values, known)
    title = "Mean by weight" if found.way == WEIGHTED else f"Mean of the {len(found.samples)}"
    said = (f"{value:.2f}" for value in values)
    whole = f"the bluer a hidden {found.board.things[:-1]}, the more samples have 1 there"
    return _picture(found.board, title, _label(title, found.board, said, whole), painted)


def _completion(
    board: Board, k: int, values: np.ndarray, known: np.ndarray, share: float | None
) -> str:
    painted = _paint(board, SAMPLE_SIDE, paint_completion, values, known)
    said = (
        f"{value:.0f}{'' if given else ' drawn'}"
        for value, given in zip(values, known, strict=True)
    )
    whole = f"{int(values[~known].sum())} of {int((~known).sum())} drawn {board.things} are 1"
    label = _label(f"Completion {k + 1}", board, said, whole)
    if share is None:
        return _picture(board, str(k + 1), label, painted)
    _, width, _ = painted
    bar = [
        element("rect", x=0, y=6, width=width, height=8, fill="none", stroke=GREY),
        element("rect", x=0, y=6, width=width * share, height=8, fill=BLUE, class_="made-share"),
    ]
    label = f"{label}, {percent(share)} of the weight"
    return _picture(board, f"{k + 1}: {percent(share)}", label, painted, *bar, room=16)


def _ordering(found: Found) -> str:
    steps = (found.order.numpy() - 1) / max(len(found.x) - 1, 1)
    painted = _paint(found.board, SIDE, _paint_ordering, steps, found.too_late.numpy())
    said = map(str, found.order.tolist())
    whole = "pale comes first, dark last"
    late = int(found.too_late.sum())
    if late:
        whole += f"; {late} known {found.board.things} that come too late are orange and striped"
    return _picture(found.board, "Ordering", _label("Ordering", found.board, said, whole), painted)


def _paint_ordering(
    steps: np.ndarray, too_late: np.ndarray, shape: tuple[int, int], scale: int
) -> np.ndarray:
    """Grey levels from the first step, pale, to the last; orange with stripes where too late."""
    level = (235 - 190 * steps).reshape(*shape, 1)
    picture = np.broadcast_to(level, (*shape, 3)).repeat(scale, axis=0).repeat(scale, axis=1)
    picture = picture.round().astype(np.uint8)
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    stripes = (rows + columns) % 7 < 3
    stripes &= too_late.reshape(shape).repeat(scale, axis=0).repeat(scale, axis=1)
    picture[stripes] = rgb(ORANGE)
    return picture


def _label(title: str, board: Board, said: Iterable[str], whole: str) -> str:
    """What a picture shows, variable by variable where they are few."""
    if not board.in_cells:
        return f"{title}: {whole}"
    values = (f"{name} {value}" for name, value in zip(board.names, said, strict=True))
    return f"{title}: {', '.join(values)}"


def _legend(found: Found) -> list[str]:
    one, zero = np.ones(1), np.zeros(1)
    ink, paper = ("ink", "paper") if found.board.is_image else ("1", "0")
    samples = [
        (paint_completion(one, one > 0, (1, 1), 18), f"known, {ink}"),
        (paint_variables(zero, zero == 0, (1, 1), 18), "hidden"),
        (paint_completion(one, zero > 0, (1, 1), 18), f"hidden, {ink}"),
        (paint_completion(zero, zero > 0, (1, 1), 18), f"hidden, {paper}"),
        (_paint_ordering(zero, zero > 0, (1, 1), 18), "first in the ordering"),
        (_paint_ordering(one, zero > 0, (1, 1), 18), "last"),
    ]
    said = [_sample(pixels(0, 0, 18, 18, painted), words) for painted, words in samples]
    if found.way == WEIGHTED:
        late = _paint_ordering(one / 2, one > 0, (1, 1), 18)
        said.append(_sample(pixels(0, 0, 18, 18, late), "known, but too late"))
        bar = element("rect", y=5, width=12, height=8, fill=BLUE)
        said.append(_sample(bar, "share of all weight", y=5, height=8))
    return said


def _sample(content: str, words: str, **frame: int) -> str:
    frame = element("rect", **{"width": 18, "height": 18} | frame, fill="none", stroke=GREY)
    shown = element(
        "svg",
        content,
        frame,
        width=18,
        height=18,
        style="vertical-align:middle",
        aria_hidden="true",
    )
    return element("span", shown, f" {words}", style="margin-right:1.2em;white-space:nowrap")


# ---- arguments ----------------------------------------------------------------------------------


def _number_box(name: str, smallest: int, largest: int, width: str) -> BoundedIntText:
    return BoundedIntText(
        value=smallest,
        min=smallest,
        max=largest,
        description=name,
        continuous_update=False,
        style={"description_width": "initial"},
        layout=Layout(width=width),
    )


def _parts_of(board: Board) -> list[str]:
    """The parts that hide something and leave something."""
    parts = ["top", "bottom"] if board.rows > 1 else []
    parts += ["left", "right"] if board.columns > 1 else []
    return [*parts, "random", "rectangle"]


def _middle(board: Board) -> tuple[int, int, int, int]:
    height, width = math.ceil(board.rows / 2), math.ceil(board.columns / 2)
    return (board.rows - height) // 2, (board.columns - width) // 2, height, width


def _check_model(model: MADE) -> None:
    if not isinstance(model, MADE):
        raise TypeError(f"model must be a MADE, got {type(model).__name__}")
    if not isinstance(model.head, Bernoulli):
        raise ValueError(
            f"the player draws binary variables, but the model's head is {model.head!r}: use "
            "complete(model, x, known) and a figure of yours"
        )
    if model.input_dim < 2:
        raise ValueError("of a single variable nothing can be hidden and something known")
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("the model has weights that are no finite numbers: look at its training")


def _check_images(images: Tensor | None, model: MADE) -> Tensor:
    if images is None and model.input_dim == 784:
        _, test, _ = load_binarized_mnist("small")
        images = test[:10]  # one of each digit
    if images is None:
        images = model.sample(8, generator=Generator().manual_seed(0))
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
    rows = images[None] if images.dim() == 1 else images
    if rows.dim() != 2 or rows.shape[1] != model.input_dim or len(rows) == 0:
        raise ValueError(
            f"images must have shape ({model.input_dim},) or (m, {model.input_dim}), "
            f"got {tuple(images.shape)}"
        )
    if len(rows) > MOST_IMAGES:
        raise ValueError(
            f"images must be at most {MOST_IMAGES}, got {len(rows)}: choose some, as in "
            f"images[:{MOST_IMAGES}]"
        )
    model.check_data(rows)
    return rows.cpu().to(model.net[0].weight.dtype)


def _check_rectangle(
    rectangle: tuple[int, int, int, int], board: Board
) -> tuple[int, int, int, int]:
    if not isinstance(rectangle, Sequence) or isinstance(rectangle, str) or len(rectangle) != 4:
        raise TypeError(
            f"rectangle must be (first row, first column, rows, columns), got {rectangle!r}"
        )
    row, column = (check_count("the first row and column", size, 0) for size in rectangle[:2])
    height, width = (check_count("the number of rows and columns", n) for n in rectangle[2:])
    if row + height > board.rows or column + width > board.columns:
        raise ValueError(
            f"rectangle must lie inside {board.rows} × {board.columns}, got {rectangle!r}: first "
            "row, first column (counted from 0), rows, columns"
        )
    return row, column, height, width
