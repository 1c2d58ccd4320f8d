"""A notebook that was handed in: which exercises it answers, and which cells an answer needs.

Reading it is left to a process in the sandbox: it may be anything.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

from .folder import MOST_BYTES, MOST_NOTEBOOKS

MOST_CELLS = 1_000
_VARIANT = re.compile(r",\s*variant\s*=\s*(\"[^\"]*\"|'[^']*')")
_HARMLESS = {"check", "hint", "solution", "yours", "progress", "show", "print", "display"}
_TIMED = re.compile(r"\A\s*%%(?:time|capture|prun)\b.*|(?m:^([ \t]*)%time )")
"""Magics that run what stands behind or below them as it would run without them."""
_ODD = re.compile(
    r"\b(?:gc|ctypes|inspect|importlib|subprocess|multiprocessing|socket|urllib|requests)\b"
    r"|\bsys\.(?:exit|modules|set\w+)\b|\bos\.(?:system|fork|exec|popen|_exit|kill|abort)\w*"
    r"|\b__(?:code|globals|import)__\b|made_lessons\.(?!\w+\.figures\b)\w+"
    r"(?!.*import \(?(?:challenge_images|ring_points|MODELS|enlarge, random_networks)\b)"
)
"""What an honest answer hardly needs; figures and some helpers live beside the exercises."""


class Unreadable(Exception):
    """Why a file cannot be graded, in a few words."""


@dataclass(frozen=True)
class Cell:
    """A cell as Python: the exercises that it checks, and the names that it takes and gives.

    It gives a name where it binds it, or may change what it stands for by a statement about it.
    One that is no Python raises its error.
    """

    source: str
    checks: list[str]
    takes: set[str]
    gives: set[str]


@dataclass(frozen=True)
class HandIn:
    """The cells of a notebook, and what is odd in them."""

    cells: list[Cell]
    look_at: list[str]
    text: str
    """A digest of the code: the same for hand-ins that differ in blanks and variants alone."""

    @property
    def checks(self) -> dict[str, list[int]]:
        """The exercises that it has checks of, each with the cells of these."""
        found: dict[str, list[int]] = {}
        for k, cell in enumerate(self.cells):
            for name in cell.checks:
                found.setdefault(name, []).append(k)
        return found

    def needed(self, names: Iterable[str]) -> list[Cell]:
        """The cells that lead to checks of exercises, with the cells of these.

        A cell is needed where it gives a name that a later cell of the exercise needs. This cannot
        see everything: where the answer is not right, all cells are run.
        """
        chosen = set()
        for at in {at for name in names for at in self.checks[name]}:
            chosen.add(at)
            wanted = {*self.cells[at].takes}
            for k in reversed(range(at)):
                if self.cells[k].gives & (wanted | {"*"}):
                    chosen.add(k)
                    wanted |= self.cells[k].takes
        return [self.cells[k] for k in sorted(chosen)]


def read(content: bytes, names: Iterable[str] = ()) -> HandIn:
    """Read a notebook; of a zip archive, the notebook with most checks of some exercises.

    Raises:
        Unreadable: if it is none.
    """
    if not content.startswith(b"PK\3\4"):
        return _read(content)
    wanted, found, why = {*names}, [], Unreadable("no notebook in this archive")
    for packed in _unpacked(content):
        try:
            found.append(_read(packed))
        except Unreadable as error:
            why = error
    if not found:
        raise why
    return max(found, key=lambda one: len(wanted & {*one.checks}))


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The notebooks of an archive, one after the other; nothing is written anywhere."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        inside = [one for one in archive.infolist() if _is_notebook(one)]
        if len(inside) > MOST_NOTEBOOKS:
            raise Unreadable(f"more than {MOST_NOTEBOOKS} notebooks in this archive")
        for one in inside:
            with archive.open(one) as file:
                unpacked = file.read(MOST_BYTES + 1)
            if len(unpacked) > MOST_BYTES:
                raise Unreadable("an archive with a notebook that is too large")
            yield unpacked
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError, EOFError):
        raise Unreadable("an archive that is broken or locked") from None


def _is_notebook(one: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(one.filename)
    is_hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    is_link = stat.S_ISLNK(one.external_attr >> 16)
    return path.suffix.lower() == ".ipynb" and not is_hidden and not is_link


def _read(content: bytes) -> HandIn:
    try:
        cells = json.loads(content)["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    except json.JSONDecodeError as error:
        raise Unreadable(f"broken JSON in line {error.lineno}") from None
    except (ValueError, RecursionError, KeyError, TypeError):
        raise Unreadable("no notebook") from None
    if len(sources) > MOST_CELLS:
        raise Unreadable(f"too many cells: more than {MOST_CELLS:,}")
    code = "\n".join(sources)
    odd = {" ".join(found.split())[:80] for found in _ODD.findall(code)}
    text = hashlib.sha256("".join(_VARIANT.sub("", code).split()).encode("utf-8", "replace"))
    return HandIn([*map(_cell, sources)], sorted(odd)[:20], text.hexdigest()[:16])


def _cell(source: str) -> Cell:
    """A cell without magics, ``?`` and ``!``, which would be for IPython."""
    try:
        if set(source) & set("%!?"):
            source = TransformerManager().transform_cell(_TIMED.sub(r"\1", source))
        tree = ast.parse(source, "the cell")
        code = compile(tree, "the cell", "exec")
        takes = _names(code, "LOAD_NAME", "LOAD_GLOBAL")
        gives = _names(code, "STORE_NAME", "STORE_GLOBAL", "DELETE_NAME") | _changed(tree)
        return Cell(source, [*_checked(tree)], takes, gives)
    except Exception as error:  # whatever Python's own reader cannot stand
        checks = re.findall(r"check\(\s*[\"'](\d+\.\d+)[\"']", source)
        return Cell(f"raise SyntaxError({str(error)!r})", checks, set(), set())


def _names(code: CodeType, *steps: str) -> set[str]:
    """The names of some steps of a cell, in the bodies of its functions, too."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in steps}
    nested = (part for part in code.co_consts if isinstance(part, CodeType))
    return names.union(*(_names(part, *steps) for part in nested))


def _checked(tree: ast.Module) -> Iterator[str]:
    """The exercises whose check is called in a cell."""
    for node in ast.walk(tree):
        called = getattr(node, "func", None)
        if "check" in (getattr(called, "id", ""), getattr(called, "attr", "")):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            name = getattr(node.args[0] if node.args else given.get("name"), "value", None)
            if isinstance(name, str):
                yield name


def _changed(tree: ast.Module) -> set[str]:
    """The names in statements that call something, or set a part of it; ``*`` for any name."""
    changed: set[str] = set()
    for node in ast.walk(tree):
        is_statement = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        calls = is_statement and getattr(node.value.func, "id", "") not in _HARMLESS
        sets = isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if calls or sets:
            changed |= {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
        if isinstance(node, ast.alias) and node.name == "*":
            changed.add("*")
    return changed
