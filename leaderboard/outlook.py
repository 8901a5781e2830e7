"""How sure the line of a board is: whether more votes could move it, how many, and how few turned it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from leaderboard.field import Field
from leaderboard.models import Margin
from rating import Fit, Tally, lock_verdict, robustness_margin


def outlook(
    made: Fit, votes: Tally, below: int, slugs: Sequence[str], field: Field, known: Margin | None
) -> tuple[dict[str, Any], frozenset[str]]:
    """What a board says of its line, JSON: `sure`, `votes_needed` {low, high}, `votes_to_flip`, `voters_to_flip`.

    And who surely goes, by slug.

    sure: the cut would be right in 95 % of contests though everybody looks at every vote; a round ends by the clock
    and not after so many votes, so the bound is the open-ended one. votes_needed: nine times in ten more than `low`
    and fewer than `high`, each null where that cannot be said; null once it is sure. votes_to_flip: the fewest votes
    found without which somebody else would go out; null where none are. voters_to_flip {voters, position}: the same of
    voters, as it was found last, among the votes up to a position; null before it was. Who surely goes does so by the
    bound of `sure`, each with 95 %: as many as stay are surely stronger. All of it is among those who compete.
    """
    ranked = field.ranked(slugs)
    verdict = lock_verdict(made, below, among=ranked)
    # Who competes is joined, or there were no line; a reference may not be yet, and nothing compares it.
    joined = np.array(made.groups[0])
    of_joined = Tally(votes.counts[np.ix_(joined, joined)])
    margin = robustness_margin(of_joined, below, by="votes", among=ranked[joined])
    needed = {"low": verdict.needed.low, "high": verdict.needed.high}
    told = {
        "sure": verdict.locked,
        "votes_needed": None if verdict.locked else needed,
        "votes_to_flip": margin.number if margin else None,
        "voters_to_flip": known and {"voters": known.voters, "position": known.position},
    }
    return told, frozenset(slug for slug, one in zip(slugs, verdict.players, strict=True) if one == "out")
