"""A submitted notebook: which exercises it answers, and which cells an answer needs.

It is read in the sandbox, because the file may be anything.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

MOST_BYTES = 20 * 2**20
"""Size of a notebook or an archive."""
MOST_CELLS = 1_000
_VARIANT = re.compile(r",\s*variant\s*=\s*(\"[^\"]*\"|'[^']*')")
_HARMLESS = {"check", "hint", "solution", "yours", "progress", "show", "print", "display"}
_TIMED = re.compile(r"\A\s*%%(?:time|capture|prun)\b.*|(?m:^([ \t]*)%time )")
"""Magics that run the code behind or below them as it would run without them."""


class Unreadable(Exception):
    """Why a file cannot be graded, in a few words."""


@dataclass(frozen=True)
class Cell:
    """A cell as Python, the exercises that it checks, and the names that it takes and gives.

    It gives a name if it binds it, or if a statement may change the object behind it. If the cell
    is not Python, its source raises the error.
    """

    source: str
    checks: list[str]
    takes: set[str]
    gives: set[str]


@dataclass(frozen=True)
class Submission:
    """The cells of a notebook.

    Args:
        cells: in their order.
        text: a digest of the code, which is the same for submissions that differ only in blanks and
            variants.
    """

    cells: list[Cell]
    text: str

    @property
    def checks(self) -> set[str]:
        """The names of the exercises that it has checks of."""
        return {name for cell in self.cells for name in cell.checks}

    def needed(self, name: str) -> list[Cell]:
        """Return the cells with a check of an exercise, and those that lead to them.

        A cell leads there if it gives a name that a later cell of the exercise takes. This cannot
        see everything. Therefore all cells are run where an answer is not right.
        """
        chosen = set()
        for at in [k for k, cell in enumerate(self.cells) if name in cell.checks]:
            chosen.add(at)
            wanted = {*self.cells[at].takes}
            for k in reversed(range(at)):
                if self.cells[k].gives & (wanted | {"*"}):
                    chosen.add(k)
                    wanted |= self.cells[k].takes
        return [self.cells[k] for k in sorted(chosen)]


def read(content: bytes) -> Submission:
    """Read a notebook, or a zip archive with one notebook.

    Raises:
        Unreadable: if it is neither.
    """
    if content.startswith(b"PK\3\4"):
        content = _unpacked(content)
    try:
        cells = json.loads(content)["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    except json.JSONDecodeError as error:
        raise Unreadable(f"broken JSON in line {error.lineno}") from None
    except (ValueError, RecursionError, KeyError, TypeError):
        raise Unreadable("not a notebook") from None
    if len(sources) > MOST_CELLS:
        raise Unreadable(f"too many cells: more than {MOST_CELLS:,}")
    code = "".join(_VARIANT.sub("", "\n".join(sources)).split())
    digest = hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
    return Submission([*map(_cell, sources)], digest[:16])


def _unpacked(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if "__MACOSX" not in name]
            names = [name for name in names if name.lower().endswith(".ipynb")]
            if len(names) != 1:
                raise Unreadable(f"an archive with {len(names)} notebooks; expected one")
            with archive.open(names[0]) as file:
                unpacked = file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError, EOFError):
        raise Unreadable("an archive that is broken or locked") from None
    if len(unpacked) > MOST_BYTES:
        raise Unreadable("an archive with a notebook that is too large")
    return unpacked


def _cell(source: str) -> Cell:
    try:
        if set(source) & set("%!?"):
            source = TransformerManager().transform_cell(_TIMED.sub(r"\1", source))
        tree = ast.parse(source, "the cell")
        code = compile(tree, "the cell", "exec")
        takes = _names(code, "LOAD_NAME", "LOAD_GLOBAL")
        gives = _names(code, "STORE_NAME", "STORE_GLOBAL", "DELETE_NAME") | _changed(tree)
        return Cell(source, [*_checked(tree)], takes, gives)
    except Exception as error:  # Python's own parser raises many kinds
        checks = re.findall(r"check\(\s*[\"'](\d+\.\d+)[\"']", source)
        return Cell(f"raise SyntaxError({str(error)!r})", checks, set(), set())


def _names(code: CodeType, *steps: str) -> set[str]:
    """Return the names in some steps of a cell, also in the bodies of its functions."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in steps}
    nested = (part for part in code.co_consts if isinstance(part, CodeType))
    return names.union(*(_names(part, *steps) for part in nested))


def _checked(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the exercises whose check is called in a cell."""
    for node in ast.walk(tree):
        called = getattr(node, "func", None)
        if "check" in (getattr(called, "id", ""), getattr(called, "attr", "")):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            name = getattr(node.args[0] if node.args else given.get("name"), "value", None)
            if isinstance(name, str):
                yield name


def _changed(tree: ast.Module) -> set[str]:
    """Return the names in statements that call something or set a part; ``*`` for any name."""
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
