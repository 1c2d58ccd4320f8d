"""Give the repository its address: ``python -m tools.publish anna/made-course``.

The command replaces the present address, which is in ``pyproject.toml``, in all files. It lists the
blanks that only a person can fill in. ``docs/publishing.md`` has all steps of a publication.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLANK = "_" * 8


def address(root):
    """Return the address in ``pyproject.toml``, as "account/repository"."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def files_with(root, text):
    """Return the tracked text files that contain this text."""
    command = ["git", "-c", "safe.directory=*", "grep", "-IlzF", "-e", text]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True).stdout
    return [root / name for name in found.split("\0") if name]


def site_of(address):
    """Return the address on GitHub Pages of the site of "account/repository"."""
    return "{}.github.io/{}".format(*address.split("/"))


def rename(root, new):
    """Replace the old address with the new one, and return the files that changed."""
    old = address(root)
    pairs = [(name(old).encode(), name(new).encode()) for name in (str, site_of)]
    files = {file for before, _ in pairs for file in files_with(root, before.decode())}
    for file in files:
        content = file.read_bytes()
        for before, after in pairs:
            content = content.replace(before, after)
        file.write_bytes(content)
    return sorted(files)


def blanks(root):
    """Yield the file, line and text of each blank to fill in."""
    for file in files_with(root, BLANK):
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            if BLANK in line:
                yield f"{file.relative_to(root)}:{number}: {line.strip()}"


def main(arguments):
    if len(arguments) != 1 or not re.fullmatch(r"[\w-]+/[\w.-]+", arguments[0]):
        sys.exit(__doc__)
    for file in rename(ROOT, arguments[0]):
        print(f"wrote {file.relative_to(ROOT)}")
    print("\nLeft for a person to fill in:")
    print(*blanks(ROOT), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
