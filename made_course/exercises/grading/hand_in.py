"""A notebook that was handed in: which exercises it answers, and which cells an answer needs.

Reading it is left to a process in the sandbox: it may be anything.
"""

from __future__ import annotations

import ast
import json
import re
import symtable
from dataclasses import dataclass
from functools import cache

from IPython.core.inputtransformer2 import TransformerManager

MOST_CELLS = 1_000
_HARMLESS = {"check", "hint", "solution", "yours", "quiz", "progress", "show", "print", "display"}
_TIMED = re.compile(r"\A\s*%%(?:time|capture|prun)\b.*|(?m:^([ \t]*)%time )")
"""Magics that run what stands behind or below them as it would run without them."""
_ODD = {
    "looks into the interpreter": r"\b(gc|ctypes|inspect|sys\.modules|sys\.settrace|_getframe"
    r"|__globals__|importlib|__import__|__closure__|__code__|__subclasses__|f_back)\b",
    "starts processes or opens connections": r"\b(subprocess|os\.(system|fork\w*|exec\w+|popen)"
    r"|multiprocessing|socket|urllib|requests)\b",
    "leaves on purpose": r"\b(sys\.exit|os\._exit|os\.kill|os\.abort)\b",
    "replaces check": r"\bdef check\b|\bcheck\s*=(?!=)|[\"']check[\"']",
    "imports the course's own answers": r"import made_course\.exercises|made_course\.exercises\.\w"
    r"(?!.*import \(?(challenge_images|ring_points|MODELS, enlarge, random_networks)\b)",
}


class Unreadable(Exception):
    """Why a file cannot be graded, in a few words."""


@dataclass(frozen=True)
class HandIn:
    """The cells of a notebook as Python, and as a tree; one that is no Python raises its error."""

    cells: list[str]
    trees: list[ast.Module]
    look_at: list[str]

    def checks(self) -> dict[str, int]:
        """The exercises that it has checks of, each with the cell of the last one."""
        return {name: k for k, tree in enumerate(self.trees) for name in _checked(tree)}

    def needed(self, name: str) -> list[str]:
        """The cells that lead to the last check of an exercise, with that cell.

        A cell is needed where it gives a name, or changes what a name stands for, that a later cell
        needs. This cannot see everything: where the answer is not right, all cells are run.
        """
        at = self.checks()[name]
        chosen, wanted = [at], {*_used(self.trees[at])}
        for k in reversed(range(at)):
            given = _given(self.trees[k])
            if "*" in given or given & wanted:
                chosen.append(k)
                wanted |= _used(self.trees[k])
        return [self.cells[k] for k in reversed(chosen)]


def read(content: bytes) -> HandIn:
    """Read a notebook.

    Raises:
        Unreadable: if it is none.
    """
    try:
        cells = json.loads(content.decode("utf-8-sig"))["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    except json.JSONDecodeError as error:
        raise Unreadable(f"broken JSON in line {error.lineno}") from None
    except (ValueError, RecursionError, KeyError, TypeError):
        raise Unreadable("no notebook") from None
    if len(sources) > MOST_CELLS:
        raise Unreadable(f"too many cells: more than {MOST_CELLS:,}")
    cells, trees = zip(*map(_parsed, sources), strict=True) if sources else ((), ())
    source = "\n".join(sources)
    odd = [words for words, pattern in _ODD.items() if re.search(pattern, source)]
    return HandIn([*cells], [*trees], odd)


def _parsed(source: str) -> tuple[str, ast.Module]:
    """A cell without magics, ``?`` and ``!``, which would be for IPython."""
    try:
        cell = source
        if set(source) & set("%!?"):
            cell = TransformerManager().transform_cell(_TIMED.sub(r"\1", source))
        tree = ast.parse(cell, "the cell")
        compile(tree, "the cell", "exec")
        symtable.symtable(ast.unparse(tree), "the cell", "exec")
    except Exception as error:  # whatever Python's own reader cannot stand
        checks = re.findall(r"check\(\s*[\"'](\d+\.\d+)[\"']", source)
        cell = f"raise SyntaxError({str(error)!r})\n"
        cell += "\n".join(f"check({name!r}, ...)" for name in checks)
        tree = ast.parse(cell)
    return cell, tree


def _checked(tree: ast.Module) -> list[str]:
    """The exercises whose check is called in a cell."""
    names = []
    for node in ast.walk(tree):
        called = getattr(node, "func", None)
        if "check" in (getattr(called, "id", ""), getattr(called, "attr", "")):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            name = node.args[0] if node.args else given.get("name")
            names.append(getattr(name, "value", None))
    return [name for name in names if isinstance(name, str)]


@cache
def _used(tree: ast.Module) -> set[str]:
    """Names that a cell takes from the notebook, in the bodies of its functions, too."""
    tables = [symtable.symtable(ast.unparse(tree), "cell", "exec")]
    used = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_referenced()}
    while tables:
        table = tables.pop()
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return used


@cache
def _given(tree: ast.Module) -> set[str]:
    """Names that a cell binds, or whose objects it may change by a statement about them."""
    table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    given = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    for node in ast.walk(tree):
        is_statement = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if is_statement and getattr(node.value.func, "id", "") not in _HARMLESS:
            given |= _names(node)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            given |= _names(node.value)
        if isinstance(node, ast.alias) and node.name == "*":
            given.add("*")
    return given


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
