"""An example table: how members of the US House of Representatives voted in 1984."""

from __future__ import annotations

from pathlib import Path


def example_table() -> Path:
    """Return the path of a CSV file that has a row for each of 335 of the 435 members.

    The column ``republican`` is 1 for Republicans and 0 for Democrats. Each of 16 votes has two
    columns, such as ``immigration yea`` and ``immigration nay``. Both are 0 if no position is
    known, and they are never both 1. The other 100 members are the test rows of exercise 9.4.

    Source: "Congressional Voting Records", UCI Machine Learning Repository (1987),
    doi:10.24432/C5C01P, CC BY 4.0; see ``votes_LICENSE.txt`` beside the file.

    Example:
        >>> example_table().name
        'votes.csv'
    """
    return Path(__file__).with_name("files") / "votes.csv"
