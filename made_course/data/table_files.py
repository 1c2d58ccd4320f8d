"""What a reader brings, a file, an array or a frame, as one frame, and the way back to a cell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from pandas import DataFrame
from pandas.api.types import infer_dtype, is_numeric_dtype
from torch import Tensor

from ..common.words import listing, variable_names
from .table_cells import Notation, cleaned, notation_of, read_cells
from .table_texts import Header, read_text

KINDS = ("classes", "real", "drop")
Kind = str | tuple[float, float]
"""One of them, or bounds of numbers."""


@dataclass
class Source:
    """A table as it was found, what it says to its owner, and the way back to a cell of it.

    Args:
        frame: a column for each variable, by its name.
        name: what the table is called.
        has_names: whether columns have names of their own; else they are x₁, x₂, ...
        lines: number of the line of each row, in a file of text.
        kinds: what its owner says that columns are.
    """

    frame: DataFrame
    name: str
    has_names: bool = True
    lines: list[int] | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_rows, n_columns = self.frame.shape
        if not n_rows or not n_columns:
            raise ValueError(
                f"{self.name} has {n_rows} rows and {n_columns} columns: it needs at least one of "
                "each"
            )
        twice = self.frame.columns[self.frame.columns.duplicated()].tolist()
        if twice:
            raise ValueError(
                f"{self.name} has more than one column named {listing(twice)}: rename them, so "
                "that each name stands for one variable"
            )
        self.frame = self.frame.reset_index(drop=True).apply(cleaned)

    def select(self, names: Sequence[str]) -> None:
        """Keep the columns of another table, or name them so where they have no names."""
        if not self.has_names and self.frame.shape[1] == len(names):
            self.frame = self.frame.set_axis(list(names), axis=1)
        missing = [name for name in names if name not in self.frame]
        if missing:
            raise ValueError(
                f"{self.name} has no column named {listing(missing)}, which the table it is to be "
                f"like has; its columns are {listing([*self.frame])}"
            )
        self.frame = self.frame[list(names)]

    def take(self, kinds: Mapping[str, Kind]) -> None:
        """Keep what its owner says that columns are, and leave out those to be dropped."""
        for name, kind in kinds.items():
            is_bounds = isinstance(kind, tuple) and len(kind) == 2 and kind[0] < kind[1]
            if name not in self.frame or not (kind in KINDS or is_bounds):
                raise ValueError(
                    f"kinds has {kind!r} for {name!r}: columns are {listing([*self.frame])}, and "
                    f"each may be {', '.join(KINDS)} or bounds, two rising numbers"
                )
        self.kinds = kinds
        self.frame = self.frame[[name for name in self.frame if kinds.get(name) != "drop"]]

    def read_numbers(self, choices: Sequence[Notation]) -> Notation:
        """Make numbers of texts that are numbers, in the notation of most cells; return that."""
        texts = {k: v for k, v in self.frame.items() if infer_dtype(v, skipna=True) == "string"}
        notation = notation_of(texts.values(), choices)
        is_guessed = notation != choices[0]
        for name, cells in texts.items():
            is_real = self.kinds.get(name, "classes") != "classes"
            texts[name] = read_cells(cells, notation, is_real, partial(self.say, column=name))
            shown = cells[cells.str.contains(",", na=False)]
            if is_guessed and len(shown) and is_numeric_dtype(texts[name]):
                is_guessed = False
                self.say(
                    f"numbers are read as with decimal={notation[0]!r}, thousands={notation[1]!r}: "
                    f"{shown.iloc[0]!r} is {texts[name][shown.index[0]]:g}"
                )
        self.frame = self.frame.assign(**texts)
        return notation

    def say(self, text: str, column: str | None = None) -> None:
        """Print a line for the owner, of the table or of a column."""
        print(f"{self.name}: {'' if column is None else f'column {column!r} '}{text}")

    def cell(self, row: int, name: str) -> str:
        """Where a cell is, and what it holds."""
        where = f"row {row} (counted from 0)"
        if self.lines:
            where = f"row {row + 1} (line {self.lines[row]} of the file)"
        return f"{where}, column {name!r} holds {self.frame[name].tolist()[row]!r}"


def read_source(source: Any, header: Header = "infer", known: Sequence[str] = ()) -> Source:
    """Read what :func:`load_table` takes; ``known`` are names that the first row may have."""
    if isinstance(source, str | os.PathLike):
        frame, names, lines = read_text(source, header, known)
        frame.columns = names or variable_names(frame.shape[1])
        return Source(frame, str(source), bool(names), lines)
    if hasattr(source, "to_dicts"):  # polars
        source = DataFrame(source.to_dict(as_series=False))
    if isinstance(source, DataFrame):
        return Source(source.set_axis([*map(str, source.columns)], axis=1), "the frame")
    if isinstance(source, Tensor):
        name, source = "the tensor", source.detach().cpu().numpy()
    elif isinstance(source, np.ndarray):
        name = "the array"
    else:
        raise TypeError(
            "source must be the path of a CSV file, a NumPy array, a tensor or a frame of pandas "
            f"or polars, got {type(source).__name__}: lists of rows become a tensor by "
            "torch.tensor(rows)"
        )
    if source.ndim != 2:
        raise ValueError(
            f"{name} must have shape (N, D), one row for each observation, got {source.shape}: a "
            "single column is array[:, None], and images are array.reshape(N, -1)"
        )
    return Source(DataFrame(source, columns=variable_names(source.shape[1])), name, False)
