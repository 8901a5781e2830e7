"""Between the database and `rating`: ballots become columns, and what a fold goes on from is kept."""

import io
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray

from arena.ballots import Ballot, ballots, totals
from leaderboard.editions import served
from leaderboard.models import Board, Folded, Round
from rating import OUTCOME_NAMES, Ballots, Intervals, Live, Running, Tally

MOST_CLUSTERED = 32  # players; the moments of more are too much to write with every fold
ANEW_AT_ONCE = 50_000
KEPT_SECONDS = 86_400


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


def tally_served(contest: Round) -> tuple[Board, list[str], Tally] | None:
    """The edition that is served, the players' slugs, and the counted votes it knows; None without one.

    Of the newest they lie in the state of the fold. Of an older one, as while the public board stands still, the
    database adds them up, and as an edition never changes, the sum is kept.
    """
    edition = served(contest.series)
    folded = Folded.objects.filter(series_id=contest.series_id).first()
    if folded and edition and folded.position > edition.position:
        edition = served(contest.series)  # perhaps a fold came between
    if folded is None or edition is None:
        return None
    if folded.state and folded.position == edition.position:
        return edition, folded.slugs, tally_of(stored(folded, contest))
    return edition, folded.slugs, Tally(_added_up(contest, edition, folded.slugs))


def _added_up(contest: Round, edition: Board, slugs: Sequence[str]) -> NDArray[np.int64]:
    key = f"tally:{edition.pk}:{edition.created_at.timestamp()}"
    counts: NDArray[np.int64] | None = cache.get(key)
    if counts is None:
        place = {slug: i for i, slug in enumerate(slugs)}
        counts = np.zeros((len(place), len(place), len(OUTCOME_NAMES)), dtype=np.int64)
        for total in totals(contest.gate, upto=edition.position):
            counts[place[total.a], place[total.b], OUTCOME_NAMES.index(total.winner)] = total.counted
        cache.set(key, counts, KEPT_SECONDS)
    return counts
