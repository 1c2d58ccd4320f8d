"""Where the notebooks are, and how to open them: ``python -m made_course``."""

from __future__ import annotations

from importlib.metadata import metadata
from pathlib import Path

from . import __version__

OPEN = "jupyter lab --notebook-dir=. notebooks/00_start_here.ipynb"


def where(folder: Path) -> str:
    """Say how to open the notebooks of this folder or, if it has none, how to fetch them first."""
    if (folder / "notebooks").is_dir():
        return (
            f"The notebooks are in {folder / 'notebooks'}. In {folder}, this opens them:\n\n{OPEN}"
        )
    urls = dict(url.split(", ", 1) for url in metadata("made-course").get_all("Project-URL", []))
    return (
        "The notebooks do not come with the package. These lines fetch those of its version, and "
        f"open them:\n\ngit clone --branch v{__version__} {urls['Repository']}\n"
        f"cd made-course\npython -m pip install 'made-course[notebooks]=={__version__}'\n{OPEN}"
    )


if __name__ == "__main__":
    print(where(Path(__file__).parents[1]))
