"""Expected numbers with their spread: ``python -m tests.spread``, some minutes on one core.

The code of each notebook is run with other seeds in place of its ``torch.manual_seed(0)`` and
``seed=0``. Of every number that an ``assert`` or a printed verdict compares with a bound, and that
a seed changes, it prints what the notebook itself gives and the range over the other seeds.
``python -m tests.spread 02 08`` runs these notebooks alone.
"""

import ast
import contextlib
import io
import re
import sys

from tests.minutes import NOTEBOOKS, read

TRAINS = re.compile(r"\b(?:fit|train_made|backward)\(")
SEEDS = (10, 20, 30)  # not 1: notebook 8 draws its test points with it


class Noting(ast.NodeTransformer):
    """Has what asserts and printed verdicts compare noted; the asserts no longer stop anything."""

    def __init__(self):
        self.loops = []

    def visit_For(self, node):
        self.loops.append({name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)})
        self.generic_visit(node)
        self.loops.pop()
        return node

    def visit_Assert(self, node):
        return self.notes(node) or ast.Pass()

    def visit_Expr(self, node):
        is_print = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "print"
        return [*self.notes(node), node] if is_print else node

    def notes(self, node):
        which = "name" if any("name" in targets for targets in self.loops) else "None"
        return [
            ast.parse(f"_note({ast.unparse(part)!r}, lambda: {ast.unparse(part)}, {which})").body[0]
            for compare in ast.walk(node)
            if isinstance(compare, ast.Compare)
            for side in (compare.left, *compare.comparators)
            for part in [measured(side)]
            if not isinstance(part, ast.Constant)
        ]


def measured(node):
    """Of ``abs(a - b)`` the ``a``: what came, not how far it is from what was expected."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "abs":
        return measured(node.args[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Add):
        return measured(node.left)
    return node


def source_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def with_seed(source, seed):
    source = source.replace("torch.manual_seed(0)", f"torch.manual_seed({seed})")
    return re.sub(r'\b(seed(?:": |=))0\b', rf"\g<1>{seed}", source)


def numbers(notebook, seed):
    """(place of the cell, what is compared) → its value, in a run with this seed."""
    found = {}

    def note(label, value, name):
        with contextlib.suppress(TypeError, ValueError, RuntimeError, NameError):
            found[place, label if name is None else f"{label} ({name})"] = float(value())

    names = {"__name__": "__main__", "_note": note}
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            tree = Noting().visit(ast.parse(with_seed(cell.source, seed)))
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                exec(compile(ast.fix_missing_locations(tree), f"cell {place}", "exec"), names)
    return found


def main():
    trained = [path.stem[:2] for path in NOTEBOOKS if TRAINS.search(source_of(read(path)))]
    chosen = sys.argv[1:] or trained
    print(f"| notebook | cell | number | as it is | seeds {', '.join(map(str, SEEDS))} |")
    print("|---|---|---|---|---|")
    for path in (path for path in NOTEBOOKS if path.stem[:2] in chosen):
        own, *others = [numbers(read(path), seed) for seed in (0, *SEEDS)]
        for (place, label), value in own.items():
            came = [other[place, label] for other in others if (place, label) in other]
            if came and {value} != set(came):
                print(
                    f"| {path.stem[:2]} | {place} | `{label}` | {value:.4g} "
                    f"| {min(came):.4g} to {max(came):.4g} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
