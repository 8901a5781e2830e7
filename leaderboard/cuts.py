"""The cut: who is out by a round's last board. Decided when the result is published, taken back with it."""

from dataclasses import dataclass

from inference.models import Entry
from leaderboard.editions import newest
from leaderboard.judging import contenders, line_of
from leaderboard.models import Board, ParticipationState, Round, Standing
from leaderboard.participations import write_state
from leaderboard.rulebook import in_force


@dataclass(frozen=True, slots=True)
class Cut:
    """What a round decided: the board it was decided by, who is out, whom the line does not clearly separate."""

    board: Board
    eliminated: list[Entry]
    tied: list[str]


def below_the_line(contest: Round) -> list[Standing] | None:
    """The standings that the cut takes by the newest board; None if votes do not join all, so that nobody can say."""
    board = newest(contest.series)
    standings = list(board.standings.all()) if board else []
    line = line_of(standings, in_force(contest).cut_size)
    return contenders(standings)[line.survivors :] if line else None


def make_cut(contest: Round) -> bool:
    """Mark who is out. False if the votes do not tell; then nobody is."""
    out = below_the_line(contest)
    if out is None:
        return False
    slugs = [standing.slug for standing in out]
    for part in contest.participations.filter(entry__slug__in=slugs):
        write_state(part, ParticipationState.ELIMINATED)
    return True


def take_back_cut(contest: Round) -> None:
    """Who was out by this round competes in it again."""
    for part in contest.participations.filter(state=ParticipationState.ELIMINATED):
        write_state(part, ParticipationState.COMPETING)


def cut_of(contest: Round) -> Cut:
    """The cut that a round has made."""
    board = newest(contest.series)
    assert board is not None  # opening published one
    standings = list(board.standings.all())
    line = line_of(standings, in_force(contest).cut_size)
    tied = [one.slug for one in contenders(standings) if line and one.low <= line.rating <= one.high]
    out = contest.participations.filter(state=ParticipationState.ELIMINATED).values("entry")
    return Cut(board, list(Entry.objects.filter(pk__in=out)), tied)
