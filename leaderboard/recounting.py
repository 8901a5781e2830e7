"""A round's last board against its ballots: whether the one still follows from the others."""

from dataclasses import dataclass

from arena.ballots import ballots
from leaderboard.boards import rated
from leaderboard.models import Board, Folded, Round
from rating import Tally, outcome_named

EQUAL_POINTS = 1e-6  # as an outsider's `python -m rating fit` promises


@dataclass(frozen=True, slots=True)
class Recount:
    """What the last board says and what its ballots say; `apart` is the largest difference of a rating, in Elo."""

    board: int
    votes: int
    counted: int
    apart: float

    @property
    def agrees(self) -> bool:
        return self.votes == self.counted and self.apart <= EQUAL_POINTS


def recount(contest: Round) -> Recount:
    """Count and rate the round's ballots anew, up to the last that its last board knows."""
    board = Board.objects.filter(series_id=contest.series_id).latest("number")
    slugs = Folded.objects.get(series_id=contest.series_id).slugs
    place = {slug: i for i, slug in enumerate(slugs)}
    tally = Tally.empty(len(slugs))
    for ballot in ballots(contest.gate):
        if ballot.position > board.position:
            break
        tally.add(place[ballot.a], place[ballot.b], outcome_named(ballot.winner), ballot.weight)
    ratings = dict(board.standings.values_list("slug", "rating"))
    apart = max(abs(standing.rating - ratings[standing.slug]) for standing in rated(slugs, tally))
    return Recount(board.number, board.votes, tally.votes, apart)
