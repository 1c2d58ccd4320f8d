"""What is found about an exercise and a hand-in."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_WORDS = 1000
"""Characters that are said about an exercise: some of them may come from the hand-in."""

WAITS = "waits"
"""The state of what would be right, if an instructor finds no fault with it."""
COURSES_OWN = "the course's own answer, 0 points"
FORGEABLE = "right, as the hand-in's own process says, which can forge it"
ALIKE = "step by step the course's solution"
NEVER_ENDS = "it was stopped"
"""How the check begins about an answer whose time was over."""


@dataclass
class Verdict:
    """What was found about one exercise of one hand-in."""

    state: str
    words: str = ""
    nats: float | None = None
    variant: str | None = None
    alike: bool = False
    title: str = field(default="", compare=False)  # of the exercise
    stars: int = field(default=0, compare=False)
    varies: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        self.words = self.words[:MOST_WORDS]


@dataclass
class Row:
    """What was found about one notebook of one learner."""

    learner: str = ""
    hand_in: str = ""
    notebook: str = ""
    word: str = "graded"
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    look_at: list[str] = field(default_factory=list)
    text: str = ""  # a digest of the code, without words of variants
    content: str = ""  # a digest of the file
    place: str = ""  # of the file in the folder
    when: float = 0  # it was last changed
    late: str = ""
    platform_id: str = ""
    school_id: str = ""
    theirs: str = ""  # the word of the variant that they should have

    def points(self, *states: str) -> int:
        """The stars of the exercises in some states; of all exercises, if none is given."""
        return sum(v.stars for v in self.verdicts.values() if not states or v.state in states)
