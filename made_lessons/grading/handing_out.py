"""Notebooks for a class: in each learner's, checks ask for the numbers of their own word."""

from __future__ import annotations

import ast
import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..checking.catalogue import exercise_named
from .folder import WORDS, listed
from .reports import write_csv


def hand_out(class_list: Path, notebooks: Sequence[Path], out: Path) -> int:
    """Write a folder for each learner, and a list of who should have which word.

    Args:
        class_list: a learner in each line; another column, such as an id, may follow.
        notebooks: to hand out.
        out: where to write; words that its list has already stay.

    Returns:
        how many notebooks were written.

    Raises:
        ValueError: if a file cannot be read, or a name is none of a folder.
    """
    learners = listed(class_list).lines
    if not learners:
        raise ValueError(f"there is no learner in {class_list}")
    for name in learners:
        if re.search(r'[/\\:*?"<>|\x00-\x1f]', name) or name.startswith(".") or name == WORDS:
            raise ValueError(f"{name!r} in {class_list} can be no folder's name")
    words = listed(out / WORDS).lines
    # one that no spreadsheet takes for a number
    words = {name: words.get(name) or f"w{secrets.token_hex(4)}" for name in learners}
    for name, word in words.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        for notebook in notebooks:
            (out / name / notebook.name).write_text(_with_word(notebook, word), "utf-8")
    write_csv(out / WORDS, pd.DataFrame(words.items(), columns=["learner", "word"]))
    return len(words) * len(notebooks)


def _with_word(path: Path, word: str) -> str:
    try:
        notebook = json.loads(path.read_bytes())
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                source = with_variant("".join(cell["source"]), word)
                cell["source"] = source.splitlines(keepends=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no notebook: {error}") from None
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def with_variant(source: str, word: str) -> str:
    """A cell whose checks have a word, where their exercise has variants.

    Example:
        >>> with_variant('check("1.1", f); check("4.4", {})', "maria")
        'check("1.1", f, variant="maria"); check("4.4", {})'
    """
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError:  # a line for IPython, of which none stands beside a check
        return source
    lines = source.encode().splitlines(keepends=True)
    for call in sorted(calls, key=lambda c: (c.end_lineno, c.end_col_offset), reverse=True):
        has_one = any(keyword.arg == "variant" for keyword in call.keywords)
        if getattr(call.func, "id", "") == "check" and call.args and not has_one:
            name = getattr(call.args[0], "value", None)
            if isinstance(name, str) and exercise_named(name).vary:
                line, end = lines[call.end_lineno - 1], call.end_col_offset - 1
                said = f", variant={json.dumps(word)}".encode()
                lines[call.end_lineno - 1] = line[:end] + said + line[end:]
    return b"".join(lines).decode()
