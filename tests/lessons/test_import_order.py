"""The exercises do not depend on which module is imported first."""

import re
import subprocess
import sys
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import pytest

MODULES = sorted(".".join(path.with_suffix("").parts) for path in Path().glob("made_*/**/*.py"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_any_module_may_be_imported_first():
    ran = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == (f"{len(MODULES)} modules\n", "")


def import_first(module):
    """Return name → all parts as text, for each exercise of the notebooks that a module loads."""
    try:
        import_module(module.removesuffix(".__init__"))
        numbers = {int(name[22:24]) for name in sys.modules if "made_lessons.notebook_" in name}
        exercises_in = import_module("made_lessons.checking.catalogue").exercises_in
        pairs = [(e, e.vary and e.vary(e, "maria")) for n in numbers for e in exercises_in(n)]
        return {pair[0].name: re.sub(" at 0x[0-9a-f]+", "", repr(pair)) for pair in pairs}
    except Exception as error:
        return {"error": repr(error)}


if __name__ == "__main__":
    # here, because these libraries would take seconds in each fork
    [*map(import_module, ("torch", "pandas", "matplotlib.pyplot", "IPython", "anywidget"))]
    right = {"error": ""}
    with get_context("fork").Pool(2, maxtasksperchild=1) as pool:  # a new fork for each module
        for module, found in zip(MODULES, pool.imap(import_first, MODULES), strict=True):
            for name, text in found.items():
                if text != right.setdefault(name, text):
                    print(f"If {module} is imported first: {name} {text}")
    print(len(MODULES), "modules")
