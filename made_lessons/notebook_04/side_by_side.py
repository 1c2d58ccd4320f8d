"""Show the code of functions side by side."""

import ast
import html
import inspect
import textwrap
from collections.abc import Callable


def side_by_side(**functions: Callable) -> None:
    """Show the code of functions side by side, under their names and without docstrings.

    Example:
        >>> side_by_side(one=_without_docstring, other=_without_docstring)
        {'text/html': ..., 'text/plain': 'one:...def _without_docstring(function: ...'}
    """
    from IPython.display import display  # imported here, because only notebooks need it

    code = {name: _without_docstring(function) for name, function in functions.items()}
    columns = "".join(
        f'<figure style="min-width:0;margin:0"><figcaption>{name}</figcaption>'
        '<pre style="overflow-x:auto;white-space:pre;font-size:.8em;margin:.5em 0;padding:.5em;'
        f'background:rgba(128,128,128,0.12)">{html.escape(lines)}</pre></figure>'
        for name, lines in code.items()
    )
    page = f'<div style="display:flex;flex-wrap:wrap;gap:1em">{columns}</div>'
    plain = "\n\n".join(f"{name}:\n{lines}" for name, lines in code.items())
    display({"text/html": page, "text/plain": plain}, raw=True)


def _without_docstring(function: Callable) -> str:
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    lines, first = source.splitlines(), definition.body[0]
    if isinstance(first, ast.Expr):
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)
