"""A round's last board against its ballots: whether the one still follows from the others."""

from dataclasses import dataclass

from arena.ballots import ballots
from leaderboard.counting import counted_anew
from leaderboard.judging import rated, votes_of
from leaderboard.models import Board, Folded, Round

EQUAL_POINTS = 1e-6  # as an outsider's `python -m rating fit` promises


@dataclass(frozen=True, slots=True)
class Recount:
    """What the last board says and what its ballots say; `apart` is the largest difference, in Elo points."""

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
    made = counted_anew(slugs, ballots(contest.gate), upto=board.position).fit(apart=True)
    fields = ("rating", "low", "high")
    shown = {slug: told for slug, *told in board.standings.values_list("slug", *fields)}
    apart = max(
        abs(getattr(standing, field) - was)
        for standing in rated(slugs, made)
        for field, was in zip(fields, shown[standing.slug], strict=True)
    )
    return Recount(board.number, board.votes, votes_of(made), apart)
