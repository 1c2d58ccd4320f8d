"""Print where the notebooks are and how to open them: ``python -m made_course``."""

from __future__ import annotations

from importlib.metadata import metadata
from pathlib import Path

from . import __version__

OPEN = "jupyter lab --notebook-dir=. notebooks/00_start_here.ipynb"


def explain_opening(folder: Path) -> str:
    """Explain how to open the notebooks in ``folder/notebooks``, or how to fetch them first."""
    if (folder / "notebooks").is_dir():
        return (
            f"The notebooks are in {folder / 'notebooks'}. To open them, run in {folder}:\n\n{OPEN}"
        )
    urls = dict(url.split(", ", 1) for url in metadata("made-course").get_all("Project-URL", []))
    return (
        "The package does not include the notebooks. These lines fetch the notebooks of the same "
        f"version and open them:\n\ngit clone --branch v{__version__} {urls['Repository']}\n"
        f"cd made-course\npython -m pip install 'made-course[notebooks]=={__version__}'\n{OPEN}"
    )


if __name__ == "__main__":
    print(explain_opening(Path(__file__).parents[1]))
