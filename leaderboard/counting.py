"""Between the database and `rating`: ballots become columns, and what a fold goes on from is kept."""

import io
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

import numpy as np

from arena.ballots import Ballot, ballots
from leaderboard.models import Board, Folded, Freeze, Round
from rating import OUTCOME_NAMES, Ballots, Intervals, Live, Running, Tally

MOST_CLUSTERED = 32  # players; the moments of more are too much to write with every fold
ANEW_AT_ONCE = 50_000


class Columns:
    """Gives players and voters their numbers; the same voter has the same in all ballots it is shown."""

    def __init__(self, slugs: Sequence[str]) -> None:
        self.place = {slug: i for i, slug in enumerate(slugs)}
        self.voters: dict[str, int] = {}

    def of(self, found: Iterable[Ballot], *, all_of_them: bool = False) -> Ballots:
        """The counted ballots as `rating` takes them. all_of_them: those that are set aside, too."""
        place, voters = self.place, self.voters
        rows = [
            (
                place[ballot.a],
                place[ballot.b],
                OUTCOME_NAMES.index(ballot.winner),
                voters.setdefault(ballot.voter, len(voters)),
            )
            for ballot in found
            if ballot.weight or all_of_them
        ]
        first, second, outcome, voter = zip(*rows, strict=True) if rows else ((), (), (), ())
        return Ballots.from_arrays(first, second, outcome, players=len(place), voter=voter)


def tally_of(running: Running) -> Tally:
    """Its counts: here a vote counts once or not at all."""
    return Tally(running.weights.astype(np.int64))


def store(folded: Folded, running: Running) -> None:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **running.arrays())
    folded.state = zlib.compress(file.getvalue(), level=1)


def intervals_for(slugs: Sequence[str]) -> Intervals:
    return "cautious" if len(slugs) <= MOST_CLUSTERED else "sandwich"


def stored(folded: Folded, contest: Round) -> Running:
    """What `store` kept; made from the round's ballots where nothing is kept, as after an upgrade."""
    if folded.state:
        with np.load(io.BytesIO(zlib.decompress(bytes(folded.state)))) as kept:
            return Running.resumed(kept, intervals=intervals_for(folded.slugs))
    if not folded.position:
        return Running(len(folded.slugs), intervals=intervals_for(folded.slugs))
    return counted_anew(folded.slugs, ballots(contest.gate), upto=folded.position)


def counted_anew(slugs: Sequence[str], found: Iterable[Ballot], *, upto: int) -> Running:
    """Count the ballots from the first to a position."""
    columns = Columns(slugs)
    intervals = intervals_for(slugs)
    counted = (Live if intervals == "cautious" else Running)(len(slugs), intervals=intervals)
    wanted = takewhile(lambda ballot: ballot.position <= upto, found)
    while some := list(islice(wanted, ANEW_AT_ONCE)):
        counted.count(columns.of(some))
    return counted.running if isinstance(counted, Live) else counted


def folded_served(contest: Round) -> tuple[Board, Folded] | None:
    """The edition that is served, and what its votes add up to, as a fold keeps it; None without one.

    While the public board stands still it is that of the freeze, in a row that is not stored: the fold itself goes on.
    """
    # Both in one query: what is folded belongs to the freeze, or to none.
    about = Folded.objects.select_related("series__round__freeze__board")
    folded = about.filter(series_id=contest.series_id).first()
    if folded is None:
        return None
    frozen: Freeze | None = getattr(folded.series.round, "freeze", None)
    if frozen is None:
        edition = Board.objects.filter(series_id=contest.series_id, position=folded.position).order_by("number").last()
        return (edition, folded) if edition else None
    kept = Folded(
        series_id=contest.series_id,
        position=frozen.board.position,
        slugs=frozen.slugs or folded.slugs,
        state=frozen.state,
        by_category=frozen.by_category,
    )
    return frozen.board, kept


def tally_served(contest: Round) -> tuple[Board, list[str], Tally] | None:
    """The edition that is served, the players' slugs, and the counted votes it knows; None without one."""
    found = folded_served(contest)
    if found is None:
        return None
    edition, folded = found
    return edition, folded.slugs, tally_of(stored(folded, contest))
