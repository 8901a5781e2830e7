"""What a team is told of its own entry: how its votes went by the kind of question and by side.

By the edition that is served: while the public board stands still, no team learns more than everybody.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts.models import Team
from leaderboard.categories import CATEGORIES, stored_counts
from leaderboard.counting import folded_served, stored
from leaderboard.models import UNOPENED, Participation, ParticipationState, Round
from rating import Outcome, share_interval


def latest_part(team: Team) -> Participation | None:
    """The team's part in the last round that it came into and that has opened; who competes goes before who left."""
    parts = team.participations.exclude(round__state__in=UNOPENED).select_related(
        "round__series", "round__gate", "entry"
    )
    last = parts.order_by("-round__number", "-round__leg").first()
    if last is None:
        return None
    same = parts.filter(round=last.round).order_by("-id")
    return same.filter(state__in=[ParticipationState.COMPETING, ParticipationState.ELIMINATED]).first() or same.first()


def shares(contest: Round, slug: str) -> dict[str, Any] | None:
    """The share of the points that an entry took, in all, on each side and in each category; None without a board.

    Read from what the fold keeps, so that it costs the same after a million votes.
    """
    found = folded_served(contest)
    if found is None:
        return None
    edition, folded = found
    place = folded.slugs.index(slug)
    counts = stored(folded, contest).weights
    by_category = zip(CATEGORIES, stored_counts(folded, contest), strict=True)
    as_a, as_b = taken_as_a(counts, place), taken_as_b(counts, place)
    return {
        "number": edition.number,
        "all": told(as_a + as_b),
        "sides": {"a": told(as_a), "b": told(as_b)},
        "categories": {name: told(taken_as_a(each, place) + taken_as_b(each, place)) for name, each in by_category},
    }


def taken_as_a(counts: NDArray[Any], place: int) -> NDArray[np.float64]:
    """(2,), the points that a player took as the first, and the votes it had there."""
    own = counts[place].sum(axis=0)
    return np.array([own[Outcome.A] + (own[Outcome.TIE] + own[Outcome.BOTH_BAD]) / 2, own.sum()])


def taken_as_b(counts: NDArray[Any], place: int) -> NDArray[np.float64]:
    """The same as the second."""
    own = counts[:, place].sum(axis=0)
    return np.array([own[Outcome.B] + (own[Outcome.TIE] + own[Outcome.BOTH_BAD]) / 2, own.sum()])


def told(taken: NDArray[np.float64]) -> dict[str, Any]:
    points, votes = taken.tolist()
    low, high = share_interval(points, votes)
    return {
        "votes": round(votes),
        "rate": points / votes if votes else None,
        "low": float(low),
        "high": float(high),
    }
