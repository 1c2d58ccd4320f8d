"""Show the code of functions side by side."""

import html
import inspect
import re
import textwrap
from collections.abc import Callable


def side_by_side(**functions: Callable) -> None:
    """Show the code of functions side by side, under their names and without docstrings.

    Example:
        >>> side_by_side(one=textwrap.indent, other=textwrap.dedent)
        {'text/html': ..., 'text/plain': 'one:...def indent(text, prefix, ...'}
    """
    from IPython.display import display  # imported here, because only notebooks need it

    code = {}
    for name, function in functions.items():
        source = textwrap.dedent(inspect.getsource(function)).rstrip()
        code[name] = re.sub(r'\n *"""(?s:.*?)"""', "", source, count=1)
    columns = "".join(
        f'<figure style="min-width:0;margin:0"><figcaption>{name}</figcaption>'
        '<pre style="overflow-x:auto;white-space:pre;font-size:.8em;margin:.5em 0;padding:.5em;'
        f'background:rgba(128,128,128,0.12)">{html.escape(lines)}</pre></figure>'
        for name, lines in code.items()
    )
    page = f'<div style="display:flex;flex-wrap:wrap;gap:1em">{columns}</div>'
    plain = "\n\n".join(f"{name}:\n{lines}" for name, lines in code.items())
    display({"text/html": page, "text/plain": plain}, raw=True)
