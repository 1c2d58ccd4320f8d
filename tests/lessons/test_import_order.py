"""Each module can be imported first, in a fresh process."""

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
    """Return the error that importing a module raises, as text."""
    try:
        import_module(module.removesuffix(".__init__"))
        return ""
    except Exception as error:
        return repr(error)


if __name__ == "__main__":
    # here, because these libraries would take seconds in each fork
    [*map(import_module, ("torch", "pandas", "matplotlib.pyplot", "IPython", "anywidget"))]
    with get_context("fork").Pool(2, maxtasksperchild=1) as pool:  # a new fork for each module
        for module, error in zip(MODULES, pool.imap(import_first, MODULES), strict=True):
            if error:
                print(f"If {module} is imported first: {error}")
    print(len(MODULES), "modules")
