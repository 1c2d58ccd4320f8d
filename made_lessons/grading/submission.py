"""A submitted notebook: which exercises it answers, and which cells an answer needs.

It is read in the sandbox, because the file may contain anything.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import json
import re
from dataclasses import dataclass
from types import CodeType

from IPython.core.inputtransformer2 import TransformerManager

MOST_BYTES = 20 * 2**20
"""Size of a notebook."""
MOST_CELLS = 1_000
_CHECK = re.compile(r"\bcheck\(\s*[\"'](\d+\.\d+)[\"']")
_CELL_MAGIC = re.compile(r"\A\s*%%.*")
_VARIANT = re.compile(r",\s*variant\s*=\s*(\"[^\"]*\"|'[^']*')")


class Unreadable(Exception):
    """The reason why a file cannot be graded."""


@dataclass(frozen=True)
class Cell:
    """A cell as Python, the exercises that it checks, and the names that it takes and gives.

    A cell gives a name if it binds it, or if a statement may change its object.
    """

    source: str
    checks: list[str]
    takes: set[str]
    gives: set[str]


@dataclass(frozen=True)
class Submission:
    """The cells of a notebook."""

    cells: list[Cell]
    text: str  # digest of the code without blanks and variant keys

    @property
    def checks(self) -> set[str]:
        """The names of the exercises whose check is in the notebook."""
        return {name for cell in self.cells for name in cell.checks}

    def needed(self, name: str) -> list[Cell]:
        """Return the cells with a check of an exercise, and the cells that they need.

        A cell needs an earlier one that gives a name which it takes.
        """
        chosen: set[int] = set()
        wanted: set[str] = set()
        for k in reversed(range(len(self.cells))):
            cell = self.cells[k]
            if name in cell.checks or (chosen and cell.gives & (wanted | {"*"})):
                chosen.add(k)
                wanted |= cell.takes
        return [self.cells[k] for k in sorted(chosen)]


def read(content: bytes) -> Submission:
    """Read a notebook.

    Raises:
        Unreadable: if it is not a notebook, or too long.
    """
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
    return Submission([_cell(source) for source in sources], digest[:16])


def _cell(source: str) -> Cell:
    checks = _CHECK.findall(source)
    try:
        try:
            tree = ast.parse(source)
        except SyntaxError:  # IPython may understand it
            source = TransformerManager().transform_cell(_CELL_MAGIC.sub("", source))
            tree = ast.parse(source)
        code = compile(tree, "the cell", "exec")
        takes = _names(code, "LOAD_NAME", "LOAD_GLOBAL")
        gives = _names(code, "STORE_NAME", "STORE_GLOBAL", "DELETE_NAME") | _changed(tree)
        return Cell(source, checks, takes, gives)
    except Exception as error:  # Python's parser raises many kinds of errors
        return Cell(f"raise SyntaxError({str(error)!r})", checks, set(), set())


def _names(code: CodeType, *steps: str) -> set[str]:
    """Return the names in some steps of a cell and of the functions in it."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in steps}
    nested = (part for part in code.co_consts if isinstance(part, CodeType))
    return names.union(*(_names(part, *steps) for part in nested))


def _changed(tree: ast.Module) -> set[str]:
    """Return the names in statements that call something or set a part; ``*`` for any name."""
    changed: set[str] = set()
    for node in ast.walk(tree):
        calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        sets = isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if calls or sets:
            function = node.value.func if calls else None
            names = (n for n in ast.walk(node.value) if isinstance(n, ast.Name))
            changed |= {name.id for name in names if name is not function}
        if isinstance(node, ast.alias) and node.name == "*":
            changed.add("*")
    return changed
