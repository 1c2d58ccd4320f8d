"""The code of functions beside one another, as a notebook shows it."""

from __future__ import annotations

import ast
import html
import inspect
import textwrap
from collections.abc import Callable


def side_by_side(**functions: Callable) -> None:
    """Show the code of functions beside one another, without their docstrings.

    Args:
        functions: what stands above each → the function.

    Example:
        >>> side_by_side(one=_column, other=_column)
        {'text/html': ..., 'text/plain': 'one:...def _column(name: str, code: str) -> str:...'}
    """
    from IPython.display import display  # only a notebook needs it

    code = {name.replace("_", " "): _code_of(function) for name, function in functions.items()}
    plain = "\n\n".join(f"{name}:\n{lines}" for name, lines in code.items())
    columns = "".join(_column(name, lines) for name, lines in code.items())
    page = f'<div style="display:flex;flex-wrap:wrap;gap:1em">{columns}</div>'
    display({"text/html": page, "text/plain": plain}, raw=True)


def _column(name: str, code: str) -> str:
    width = max(map(len, code.splitlines()))  # the wider column gets more room
    return (
        f'<figure style="flex:{width} 1 {width // 2}em;min-width:0;margin:0">'
        f"<figcaption>{name}</figcaption>"
        '<pre style="overflow-x:auto;white-space:pre;font-size:.8em;margin:.5em 0;padding:.5em;'
        'background:rgba(128,128,128,0.12)">'
        f"{html.escape(code)}</pre></figure>"
    )


def _code_of(function: Callable) -> str:
    source = textwrap.dedent(inspect.getsource(function))
    definitions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    lines, first = source.splitlines(), definitions[0].body[0]
    if isinstance(first, ast.Expr):  # the docstring
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)
