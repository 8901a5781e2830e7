"""The four verdicts a vote can give, as numbers and as words."""

import enum

from rating.errors import UnknownOutcome


class Outcome(enum.IntEnum):
    """The last index of `Tally.counts`. Never renumbered: stored counts depend on the numbers."""

    A = 0
    B = 1
    TIE = 2
    BOTH_BAD = 3


# What the first player scores, by Outcome; the second scores the rest of 1.
POINTS = (1.0, 0.0, 0.5, 0.5)

OUTCOME_NAMES = ("a", "b", "tie", "both_bad")


def outcome_named(name: str) -> Outcome:
    """Turn "a", "b", "tie" or "both_bad" into its Outcome. Raises UnknownOutcome for any other word."""
    if name not in OUTCOME_NAMES:
        raise UnknownOutcome(f"{name!r} is no outcome; known are {', '.join(OUTCOME_NAMES)}")
    return Outcome(OUTCOME_NAMES.index(name))
