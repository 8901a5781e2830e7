"""Win rates: how the votes between each two entries went, up to the edition that is served."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.counting import tally_served
from leaderboard.keys import rounds_by
from rating import Outcome, share_interval


def win_rates(key: str) -> dict[str, Any] | None:
    """Every pair of a round, its entries in the order of the board; None if there is no such round, or no board.

    Read from the state of the fold, so that it costs the same after a million votes.
    """
    contest = rounds_by(key).select_related("series", "gate").first()
    found = tally_served(contest) if contest else None
    if contest is None or found is None:
        return None
    edition, slugs, tally = found
    standings = list(edition.standings.all())
    place = {slug: i for i, slug in enumerate(slugs)}
    order = [place[standing.slug] for standing in standings]
    pairs = _pairs(tally.counts[np.ix_(order, order)])
    return {
        "round": contest.number,
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "number": edition.number,
        "votes": edition.votes,
        "entries": [{"slug": standing.slug, "name": standing.name} for standing in standings],
        "pairs": [
            {"first": standings[i].slug, "second": standings[j].slug} | pairs[i, j]
            for i, j in combinations(range(len(standings)), 2)
        ],
    }


def _pairs(counts: NDArray[np.int64]) -> dict[tuple[int, int], dict[str, Any]]:
    """For each two, what the first of them got from the other, whichever side it was on."""
    a, b, tie, both_bad = (counts[:, :, outcome] for outcome in Outcome)
    wins, ties, bad = a + b.T, tie + tie.T, both_bad + both_bad.T
    votes = wins + wins.T + ties + bad
    points = wins + (ties + bad) / 2
    low, high = share_interval(points, votes)
    return {
        (i, j): {
            "votes": int(votes[i, j]),
            "wins": int(wins[i, j]),
            "losses": int(wins[j, i]),
            "ties": int(ties[i, j]),
            "both_bad": int(bad[i, j]),
            "rate": float(points[i, j] / votes[i, j]) if votes[i, j] else None,
            "low": float(low[i, j]),
            "high": float(high[i, j]),
        }
        for i, j in combinations(range(len(counts)), 2)
    }
