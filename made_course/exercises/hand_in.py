"""A notebook that was handed in: what is in it, and which of its cells an answer needs."""

from __future__ import annotations

import ast
import copy
import json
import re
import symtable
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 20 * 2**20
"""Size of a notebook that is read."""
HAND_OVER = "__hand_over__"
"""What check is called in the cells that are run."""
_HARMLESS = {"check", "hint", "solution", "yours", "quiz", "progress", "show", "print", "display"}
_GIVEN = {  # what notebooks themselves import
    *("check", "hint", "progress", "quiz", "solution", "yours"),
    *("challenge_images", "ring_points", "MODELS", "enlarge", "random_networks"),
}
_ODD = {
    "looks into the interpreter": r"\b(gc|ctypes|inspect|sys\.modules|sys\.settrace|_getframe"
    r"|__globals__|importlib|__import__|__closure__|__code__|__subclasses__|f_back)\b",
    "starts processes or opens connections": r"\b(subprocess|os\.(system|fork\w*|exec\w+|popen)"
    r"|multiprocessing|socket|urllib|requests)\b",
    "leaves on purpose": r"\b(sys\.exit|os\._exit|os\.kill|os\.abort)\b",
}


class Unreadable(Exception):
    """Why a file cannot be graded, in a few words."""


@dataclass(frozen=True)
class HandIn:
    """The code of a notebook, cell by cell."""

    cells: list[ast.Module]
    source: str

    def names(self) -> set[str]:
        """Exercises that it has a check of."""
        return {name for cell in self.cells for name, _ in _checks(cell)}

    def variant(self, name: str) -> str | None:
        """Whose variant of an exercise was answered, where its check says so.

        Raises:
            Unreadable: if the cells would have to be run to know it.
        """
        _, call = self._last_check(name)
        for keyword in call.keywords:
            if keyword.arg == "variant" and isinstance(keyword.value, ast.Constant):
                word = keyword.value.value
                return None if word is None else str(word)
            if keyword.arg in ("variant", None):  # None: it comes by **
                raise Unreadable('a variant is read only as a plain word in quotes: variant="..."')
        return None

    def _last_check(self, name: str) -> tuple[int, ast.Call]:
        """The number of a cell, and the call in it."""
        checks = [(k, *found) for k, cell in enumerate(self.cells) for found in _checks(cell)]
        *_, (at, call) = ((k, call) for k, other, call in checks if other == name)
        return at, call

    def needed(self, name: str) -> list[str]:
        """The source of the cells that lead to the last check of an exercise, with that cell.

        In it, the check of the exercise hands over its answer, and all other checks are gone. A
        cell is needed where it gives a name, or changes what a name stands for, that a later cell
        needs.
        """
        at, call = self._last_check(name)
        chosen = [self.cells[at]]
        wanted = _used(self.cells[at])
        for cell in reversed(self.cells[:at]):
            if "*" in _given(cell) or _given(cell) & wanted:
                chosen.append(cell)
                wanted |= _used(cell)
        last, *before = (copy.deepcopy(cell) for cell in chosen)
        before = [_OnlyCheck(None).visit(cell) for cell in reversed(before)]
        return [*map(ast.unparse, [*before, _OnlyCheck(call).visit(last)])]

    def oddities(self) -> list[str]:
        """What an instructor may want to look at, in a few words each."""
        found = [words for words, pattern in _ODD.items() if re.search(pattern, self.source)]
        if any(map(_replaces_check, self.cells)):
            found.append("replaces check")
        if any(map(_imports_answers, self.cells)):
            found.append("imports the course's own answers")
        return found


def read(path: Path) -> HandIn:
    """Read a notebook.

    Raises:
        Unreadable: if it is none.
    """
    if path.is_symlink() or not path.is_file():
        raise Unreadable("not a file: links and folders are not followed")
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(f"too large: more than {MOST_BYTES // 2**20} MB")
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    except json.JSONDecodeError as error:
        raise Unreadable(f"broken JSON in line {error.lineno}") from None
    except (ValueError, RecursionError, KeyError, TypeError, OSError):
        raise Unreadable("no notebook") from None
    return HandIn([_parsed(source) for source in sources], "\n".join(sources))


def _parsed(source: str) -> ast.Module:
    """A cell without magics; one that is no Python raises its error when it is run."""
    plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        return ast.parse(plain, "the cell")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        broken = ast.parse(f"raise SyntaxError({str(error)!r})")
        for name in re.findall(r"check\(\s*[\"'](\d+\.\d+)[\"']", source):
            broken.body += ast.parse(f"check({name!r}, ...)").body
        return broken


def _checks(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    """Checks in a cell and their exercises, as they stand one below the other."""
    found = [(name, call) for call in ast.walk(tree) if (name := _checked(call))]
    return sorted(found, key=lambda check: _place(check[1]))


def _place(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _checked(node: ast.AST) -> str | None:
    """The name of the exercise, where a node is the call of a check."""
    if not isinstance(node, ast.Call) or len(node.args) != 2:
        return None
    called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
    name = node.args[0]
    is_check = called == "check" and isinstance(name, ast.Constant) and isinstance(name.value, str)
    return name.value if is_check else None


class _OnlyCheck(ast.NodeTransformer):
    """Makes one check of a cell hand its answer over, and takes all others away."""

    def __init__(self, call: ast.Call | None) -> None:
        self.place = call and _place(call)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not _checked(node):
            return self.generic_visit(node)
        if _place(node) != self.place:
            return ast.Constant(None)
        return ast.Call(ast.Name(HAND_OVER, ast.Load()), [node.args[1]], [])


def _used(cell: ast.Module) -> set[str]:
    """Names that a cell takes from the notebook, in the bodies of its functions, too."""
    table = symtable.symtable(ast.unparse(cell), "cell", "exec")
    used = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    inner = [*table.get_children()]
    while inner:
        table = inner.pop()
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        inner += table.get_children()
    return used


def _given(cell: ast.Module) -> set[str]:
    """Names that a cell binds, or whose objects it may change by a statement about them."""
    names = _bound(cell)
    for node in ast.walk(cell):
        is_statement = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if is_statement and getattr(node.value.func, "id", "") not in _HARMLESS:
            names |= _names(node)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            names |= _names(node.value)
        if isinstance(node, ast.alias) and node.name == "*":
            names.add("*")
    return names


def _bound(cell: ast.Module) -> set[str]:
    symbols = symtable.symtable(ast.unparse(cell), "cell", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _replaces_check(cell: ast.Module) -> bool:
    """Whether something else is called check, or the word stands as a text, as for setattr."""
    nodes = [*ast.walk(cell)]
    defined = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
    stored = [node for node in nodes if isinstance(getattr(node, "ctx", None), ast.Store)]
    names = [getattr(node, "id", getattr(node, "attr", None)) for node in stored]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return "check" in [*defined, *names, *texts]


def _imports_answers(cell: ast.Module) -> bool:
    for node in ast.walk(cell):
        names = {alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)}
        if isinstance(node, ast.Import) and any("made_course.exercises." in n for n in names):
            return True
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if "made_course.exercises" in module and not names <= _GIVEN:
            return True
    return False
