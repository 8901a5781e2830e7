"""How sure the line of a board is: whether more votes could move it, how many, and how few turned it."""

from typing import Any

from leaderboard.models import Margin
from rating import Fit, Tally, lock_verdict, robustness_margin


def outlook(made: Fit, votes: Tally, below: int, known: Margin | None) -> dict[str, Any]:
    """What a board says of its line, JSON: `sure`, `votes_needed` {low, high}, `votes_to_flip`, `voters_to_flip`.

    sure: the cut would be right in 95 % of contests though everybody looks at every vote; a round ends by the clock
    and not after so many votes, so the bound is the open-ended one. votes_needed: nine times in ten more than `low`
    and fewer than `high`, each null where that cannot be said; null once it is sure. votes_to_flip: the fewest votes
    found without which somebody else would go out; null where none are. voters_to_flip {voters, position}: the same of
    voters, as it was found last, among the votes up to a position; null before it was.
    """
    verdict = lock_verdict(made, below)
    margin = robustness_margin(votes, below, by="votes")
    needed = {"low": verdict.needed.low, "high": verdict.needed.high}
    return {
        "sure": verdict.locked,
        "votes_needed": None if verdict.locked else needed,
        "votes_to_flip": margin.number if margin else None,
        "voters_to_flip": known and {"voters": known.voters, "position": known.position},
    }
