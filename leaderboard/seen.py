"""What somebody was shown of a round before they decided, in a few letters: whoever comes second is told so."""

import hashlib

from leaderboard.models import Round
from leaderboard.signing import waiting_proposal


class ChangedMeanwhile(Exception):
    """The round is no longer as it was when the page was made: another organizer, or the clock, was there first."""


def seen_as(contest: Round) -> str:
    """Stands for all that is decided of a round: state, dates, entries, rules, and the step that waits for a second."""
    last = contest.transitions.order_by("-number").first()
    proposal = waiting_proposal(contest)
    told = (
        last and last.number,
        contest.opens_at,
        contest.ends_at,
        contest.draft,
        contest.rulebooks.count(),
        sorted(contest.participations.values_list("entry_id", "state")),
        proposal and proposal.pk,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def refuse_changed(contest: Round, seen: str) -> None:
    """Raise ChangedMeanwhile unless the round, which the caller holds, is as it was shown."""
    if seen_as(contest) != seen:
        raise ChangedMeanwhile
