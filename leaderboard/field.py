"""The field of a round: whom the cut is about, and who stands beside them on the board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from leaderboard.models import Participation, ParticipationRole, ParticipationState, Round, Status
from leaderboard.rulebook import Rulebook
from rating import Fit

PERCENTS = ("percent", "percent_low", "percent_high")
LEFT = {
    ParticipationState.WITHDRAWN: Status.WITHDRAWN,
    ParticipationState.DISQUALIFIED: Status.DISQUALIFIED,
    ParticipationState.SUSPENDED: Status.SUSPENDED,
}


@dataclass(frozen=True, slots=True)
class Field:
    """What the participations of a round mean for its board, by slug."""

    beside: Mapping[str, Status]
    """Rated, never ranked: references and who has left, with what they are."""

    out: frozenset[str]
    """Whom the cut took. They stay ranked on the board that shows it."""

    reference: str | None
    """Of whose strength the others' is told in percent: the rulebook's first."""

    def ranked(self, slugs: Sequence[str]) -> NDArray[np.bool_]:
        """(n,), who is ranked."""
        return np.array([slug not in self.beside for slug in slugs], dtype=np.bool_)

    def standing(self, slug: str) -> Status:
        """What a standing is before it is judged by the line."""
        return Status.ELIMINATED if slug in self.out else self.beside.get(slug, Status.RANKED)

    def percents(self, slugs: Sequence[str], made: Fit, joined: NDArray[np.bool_]) -> dict[str, dict[str, float]]:
        """Percent of the reference, with its interval, of those who like it are joined to most others, by slug."""
        if self.reference not in slugs or not joined[place := slugs.index(self.reference)]:
            return {}
        told = zip(slugs, joined, *made.percent_of(place), strict=True)
        return {slug: dict(zip(PERCENTS, map(float, its), strict=True)) for slug, is_joined, *its in told if is_joined}


EVERYBODY = Field({}, frozenset(), None)
"""The field of a board without a cut."""


def competing(contest: Round) -> QuerySet[Participation]:
    """The participations that the cut is about, as things stand."""
    among = contest.participations.exclude(role=ParticipationRole.REFERENCE)
    return among.filter(state=ParticipationState.COMPETING)


def field_of(contest: Round, rules: Rulebook) -> Field:
    """The field as things stand."""
    beside, out = {}, set()
    for slug, role, state in contest.participations.values_list("entry__slug", "role", "state"):
        if left := LEFT.get(ParticipationState(state)):
            beside[slug] = left
        elif role == ParticipationRole.REFERENCE:
            beside[slug] = Status.REFERENCE
        elif state == ParticipationState.ELIMINATED:
            out.add(slug)
    return Field(beside, frozenset(out), rules.references[0] if rules.references else None)
