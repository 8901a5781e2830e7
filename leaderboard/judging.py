"""What a fit means for the cut: ranks among those who compete, the line, and who stands on which side of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.field import EVERYBODY, Field
from leaderboard.models import BESIDE, DECIDED, Round, RoundState, Standing, Status
from rating import Fit, cut_probabilities, rank_sets


@dataclass(frozen=True, slots=True)
class Line:
    """Where the cut falls: survivors at or above `rating` (Elo points), the others below."""

    rating: float
    survivors: int


def draw_line(ratings: Sequence[float], cut_size: int) -> Line | None:
    """The line through ratings from best to worst, halfway between the last to stay and the first to go."""
    survivors = len(ratings) - cut_size
    if cut_size < 1 or survivors < 1:
        return None
    return Line((ratings[survivors - 1] + ratings[survivors]) / 2, survivors)


def early_of(slugs: Sequence[str], made: Fit, minimum_votes: int) -> frozenset[str]:
    """Whose ratings are provisional."""
    return frozenset(slug for slug, early in zip(slugs, made.provisional(minimum_votes), strict=True) if early)


def votes_of(made: Fit) -> int:
    """How many votes a fit counted, on a site where a vote counts once or not at all."""
    return round(float(made.votes.sum()) / 2)


def rated(slugs: Sequence[str], made: Fit, field: Field = EVERYBODY) -> list[Standing]:
    """Unsaved standings, best first; after those with a rank all others.

    Only players joined by a chain of votes to most others get a rank, and of them only those who compete.
    """
    ratings, (low, high), ranks = made.ratings(), made.intervals(), made.ranks()
    joined = np.zeros(len(slugs), dtype=np.bool_)
    joined[list(made.groups[0])] = bool(made.votes.any())
    ranked = joined & field.ranked(slugs)
    best, worst = rank_sets(made, among=ranked)
    percents = field.percents(slugs, made, joined)
    order = sorted(range(len(slugs)), key=lambda i: (not ranked[i], not joined[i], ranks[i]))
    return [
        Standing(
            slug=slugs[i],
            joined=bool(joined[i]),
            rank=place if ranked[i] else None,
            rank_low=int(best[i]) if ranked[i] else None,
            rank_high=int(worst[i]) if ranked[i] else None,
            rating=float(ratings[i]),
            low=float(low[i]),
            high=float(high[i]),
            votes=round(float(made.votes[i])),
            status=field.standing(slugs[i]),
            **percents.get(slugs[i], {}),
        )
        for place, i in enumerate(order, 1)
    ]


def foretell(standings: Sequence[Standing], cut_size: int, slugs: Sequence[str], made: Fit, field: Field) -> None:
    """Say of each standing that competes how likely it is truly below the line."""
    chances = dict(zip(slugs, cut_probabilities(made, cut_size, among=field.ranked(slugs)), strict=True))
    for standing in contenders(standings):
        standing.p_cut = float(chances[standing.slug])


def judge(
    standings: Sequence[Standing],
    contest: Round,
    line: Line | None,
    early: Collection[str],
    locked_out: Collection[str] = (),
) -> None:
    """Say of each standing that competes what it means for the cut.

    early: the slugs whose ratings are provisional; locked_out: those who surely go.
    """
    for standing in contenders(standings):
        if contest.state == RoundState.ANNULLED or standing.status == Status.ELIMINATED:
            continue
        if contest.state in DECIDED:
            standing.status = Status.SAFE
        elif line is None or standing.slug in early:
            standing.status = Status.PROVISIONAL
        elif standing.slug in locked_out:
            standing.status = Status.LOCKED_OUT
        else:
            standing.status = _prospect(standing, line)


def _prospect(standing: Standing, line: Line) -> Status:
    assert standing.rank_low is not None  # there is a line only where all have ranks
    assert standing.rank_high is not None
    # Of all ranks at once they are true with 95 %: the line itself is as uncertain as whoever stands beside it.
    if standing.rank_high <= line.survivors:
        return Status.SAFE
    return Status.IN_DANGER if standing.rank_low > line.survivors else Status.AT_RISK


def contenders(standings: Sequence[Standing]) -> list[Standing]:
    """The standings that the cut is about."""
    return [standing for standing in standings if standing.status not in BESIDE]


def line_of(standings: Sequence[Standing], cut_size: int) -> Line | None:
    """The line of a board; none while some entry that competes cannot be ranked against the others."""
    ranked = contenders(standings)
    if any(standing.rank is None for standing in ranked):
        return None
    return draw_line([standing.rating for standing in ranked], cut_size)
