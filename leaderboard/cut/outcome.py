"""What a round has decided, as who asked for it is told."""

import json
from dataclasses import dataclass

from inference.models import Entry
from leaderboard.cut.decisions import in_force
from leaderboard.editions import newest
from leaderboard.models import Board, ParticipationState, Round


@dataclass(frozen=True, slots=True)
class Cut:
    """The board it was decided by, who is out, who was tied at the line, and what decided."""

    board: Board
    eliminated: list[Entry]
    tied: list[str]
    decided_by: str


def cut_of(contest: Round) -> Cut:
    """The cut that a round has made."""
    board, decision = newest(contest.series), in_force(contest)
    assert board is not None  # opening published one
    assert decision is not None  # its result is published
    content = json.loads(decision.content)
    out = contest.participations.filter(state=ParticipationState.ELIMINATED).values("entry")
    return Cut(board, list(Entry.objects.filter(pk__in=out)), content["tied"], content["decided_by"])
