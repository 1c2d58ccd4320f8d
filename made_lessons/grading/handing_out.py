"""Write notebooks for a class, with each learner's variant key in the checks."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..checking.catalogue import exercise_named
from .folder import CLASS, read_class
from .reports import write_csv

_CHECK = re.compile(r'(?m)^( *check\("(\d+\.\d+)", .*)\)$')


def hand_out(class_list: Path, notebooks: Sequence[Path], out: Path) -> str:
    """Write a folder per learner and a class list with variant keys, and return a message.

    Args:
        class_list: CSV file of the learners; see :func:`.folder.read_class`.
        notebooks: files to hand out.
        out: folder for the copies. If it has a class list, the keys in that list are kept.

    Raises:
        ValueError: if a file cannot be read, or a learner's name cannot be the name of a folder.
    """
    keys, known = read_class(class_list), read_class(out / CLASS)
    if not keys:
        raise ValueError(f"there is no learner in {class_list}")
    for name in keys:
        if re.search(r'[/\\:*?"<>|\x00-\x1f]', name) or name.startswith(".") or name == CLASS:
            raise ValueError(f"{name!r} in {class_list} cannot be the name of a folder")
    for name, key in keys.items():
        # a key begins with a letter, so that no spreadsheet takes it for a number
        keys[name] = known.get(name) or key or f"w{secrets.token_hex(4)}"
        (out / name).mkdir(parents=True, exist_ok=True)
        for notebook in notebooks:
            (out / name / notebook.name).write_text(_add_keys(notebook, keys[name]), "utf-8")
    write_csv(out / CLASS, pd.DataFrame(keys.items(), columns=["learner", "key"]))
    count = len(keys) * len(notebooks)
    return f"{count} notebooks and {CLASS}, which is only for you, in {out}"


def _add_keys(path: Path, key: str) -> str:
    """Return a notebook with a variant key in the check of each exercise that has variants."""

    def added(found: re.Match[str]) -> str:
        call, name = found.groups()
        return f'{call}, variant="{key}")' if exercise_named(name).vary else found[0]

    notebook = json.loads(path.read_bytes())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = _CHECK.sub(added, "".join(cell["source"]))
            cell["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
