"""The results of grading: of an exercise, and of a submission."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_WORDS = 1000
"""Characters that are said about an exercise. Some of them may come from the submission."""
MOST_TRIES = 5
"""Number of answers to one exercise that are judged, the last ones."""

WAITS = "waits"
"""The state of an answer that is right if an instructor finds nothing wrong with it."""
COURSES_OWN = "the course's own answer, 0 points"
FORGEABLE = "right, as the submission's own process says, which can forge it"
ALIKE = "step by step the course's solution"


@dataclass
class Verdict:
    """The result of one exercise of one submission."""

    state: str
    words: str = ""
    variant: str | None = None
    alike: bool = False
    title: str = field(default="", compare=False)  # title of the exercise
    stars: int = field(default=0, compare=False)
    varies: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        self.words = self.words[:MOST_WORDS]


@dataclass
class Row:
    """The result of one learner's submission."""

    learner: str = ""
    submission: str = ""  # name of the file
    notebook: str = ""
    status: str = "graded"  # or the reason why not
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    look_at: list[str] = field(default_factory=list)
    text: str = ""  # digest of the code, without variants
    content: str = ""  # digest of the file
    place: str = ""  # path of the file in the folder
    platform_id: str = ""
    school_id: str = ""
    variant: str = ""  # the one that the learner was given

    def points(self, *states: str) -> int:
        """Return the stars of the exercises in some states, or of all exercises."""
        return sum(v.stars for v in self.verdicts.values() if not states or v.state in states)
