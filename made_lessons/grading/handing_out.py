"""Notebooks for a class. In each learner's, checks ask for the numbers of the learner's variant."""

from __future__ import annotations

import ast
import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..checking.catalogue import exercise_named
from .folder import VARIANTS, listed
from .reports import write_csv


def hand_out(class_list: Path, notebooks: Sequence[Path], out: Path) -> int:
    """Write a folder per learner, and a list of their variants.

    Args:
        class_list: a learner in each line; another column, such as an id, may follow.
        notebooks: to hand out.
        out: where to write. Variants in its list stay.

    Returns:
        the number of notebooks that were written.

    Raises:
        ValueError: if a file cannot be read, or a learner's name cannot be the name of a folder.
    """
    learners = listed(class_list).lines
    if not learners:
        raise ValueError(f"there is no learner in {class_list}")
    for name in learners:
        if re.search(r'[/\\:*?"<>|\x00-\x1f]', name) or name.startswith(".") or name == VARIANTS:
            raise ValueError(f"{name!r} in {class_list} cannot be the name of a folder")
    known = listed(out / VARIANTS).lines
    # with a letter first, so that no spreadsheet takes it for a number
    variants = {name: known.get(name) or f"w{secrets.token_hex(4)}" for name in learners}
    for name, variant in variants.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        for notebook in notebooks:
            (out / name / notebook.name).write_text(_with_variants(notebook, variant), "utf-8")
    write_csv(out / VARIANTS, pd.DataFrame(variants.items(), columns=["learner", "variant"]))
    return len(variants) * len(notebooks)


def _with_variants(path: Path, variant: str) -> str:
    try:
        notebook = json.loads(path.read_bytes())
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                source = with_variant("".join(cell["source"]), variant)
                cell["source"] = source.splitlines(keepends=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a notebook: {error}") from None
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def with_variant(source: str, variant: str) -> str:
    """Return a cell whose checks ask for a variant, where their exercise has variants.

    Example:
        >>> with_variant('check("1.1", f); check("4.4", {})', "maria")
        'check("1.1", f, variant="maria"); check("4.4", {})'
    """
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except SyntaxError:  # a line for IPython, and none of the course's stands beside a check
        return source
    lines = source.encode().splitlines(keepends=True)
    for call in sorted(calls, key=lambda c: (c.end_lineno, c.end_col_offset), reverse=True):
        has_one = any(keyword.arg == "variant" for keyword in call.keywords)
        if getattr(call.func, "id", "") == "check" and call.args and not has_one:
            name = getattr(call.args[0], "value", None)
            if isinstance(name, str) and exercise_named(name).vary:
                line, end = lines[call.end_lineno - 1], call.end_col_offset - 1
                added = f", variant={json.dumps(variant)}".encode()
                lines[call.end_lineno - 1] = line[:end] + added + line[end:]
    return b"".join(lines).decode()
