"""Writes the versions that all tests passed with: ``python -m tools.checks.constraints``.

Run at a release, in the environment of the tests: of what requirements.txt asks for and what that
needs in turn, the versions that are installed here.
"""

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from made_course import __version__

ROOT = Path(__file__).parents[2]
FILE = ROOT / "constraints.txt"


def installed() -> dict[str, str]:
    """Name to version, without what a build adds to it, such as ``+cpu``."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    to_do = [Requirement(line) for line in lines if line and not line.startswith("#")]
    found, done = {}, set()
    while to_do:
        asked = to_do.pop()
        if str(asked) in done:
            continue
        done.add(str(asked))
        try:
            package = distribution(asked.name)
        except PackageNotFoundError:  # this system does not need it
            continue
        found[canonicalize_name(package.name)] = package.version.partition("+")[0]
        for line in package.requires or []:
            needed = Requirement(line)
            extras = asked.extras | {""}
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in extras):
                to_do.append(needed)
    return found


def page() -> str:
    python = ".".join(map(str, sys.version_info[:2]))
    return (
        f"# Versions with which all tests of {__version__} passed, on {sys.platform} with Python "
        f"{python}.\n# Written by python -m tools.checks.constraints; when to install with them: "
        "docs/troubleshooting.md\n"
        + "".join(f"{name}=={version}\n" for name, version in sorted(installed().items()))
    )


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
