"""Votes made elsewhere, into a series of their own. All of a file or nothing; a bad row is named.

The forms are those that `rating` reads: the arena JSON, whose counts stay counts, CSV with a voter a row, JSON Lines.
"""

from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.utils.text import slugify

from leaderboard.boards import publish_board
from leaderboard.models import Board, Folded, ImportedBallot, Series
from rating import OUTCOME_NAMES, BadFile, Ballots, Intervals, Row, Tally, fit, outcome_named, read_rows

BATCH = 5000
NAME_LIMIT = 120
COUNT_LIMIT = 2**31 - 1


class BadVotes(Exception):
    """The file cannot be imported; the words name the row."""


def read_votes(file: Path) -> list[ImportedBallot]:
    """The file's votes as unsaved rows; those that are set aside in the file are left out. Raises BadVotes."""
    try:
        rows = [ballot_of(row) for row in read_rows(file) if row.votes]
    except OSError as wrong:
        raise BadVotes(f"{file} cannot be read: {wrong.strerror}") from None
    except BadFile as wrong:
        raise BadVotes(str(wrong)) from None
    if not rows:
        raise BadVotes(f"{file} holds no votes")
    return rows


def ballot_of(row: Row) -> ImportedBallot:
    """What the site keeps of a row. Raises BadVotes for what would not fit into a page or a column."""
    for name in (row.a, row.b):
        if len(name) > NAME_LIMIT or not name.isprintable():
            raise BadVotes(f"row {row.line}: {name[:80]!r} is no name of at most {NAME_LIMIT} characters")
    if row.votes > COUNT_LIMIT:
        raise BadVotes(f"row {row.line}: {row.votes} votes are more than a count holds")
    winner, voter = OUTCOME_NAMES[row.outcome], row.voter[:64]
    return ImportedBallot(line=row.line, first=row.a, second=row.b, winner=winner, voter=voter, count=row.votes)


@transaction.atomic
def import_votes(rows: list[ImportedBallot], series: Series, *, kept: Callable[[int], object] = int) -> Board:
    """Keep the rows in an unsaved series and publish its board, in one transaction: all of it or nothing.

    kept: told how many more rows are kept, now and then.
    """
    series.save()
    for row in rows:
        row.series = series
    for start in range(0, len(rows), BATCH):
        kept(len(ImportedBallot.objects.bulk_create(rows[start : start + BATCH])))
    names = sorted({name for row in rows for name in (row.first, row.second)})
    slugs = dict(zip(names, unique_slugs(names), strict=True))
    folded = Folded.objects.create(series=series, slugs=[slugs[name] for name in names], position=len(rows))
    votes = votes_of(rows, names)
    shown = {slugs[name]: name for name in names}
    intervals: Intervals = "cautious" if isinstance(votes, Ballots) and votes.voters()[1] > 1 else "sandwich"
    return publish_board(series, folded, fit(votes, intervals=intervals, apart=True), shown, intervals=intervals)


def votes_of(rows: list[ImportedBallot], names: list[str]) -> Tally | Ballots:
    """The rows as `rating` takes them; with their voters, where each row says who cast it."""
    place = {name: i for i, name in enumerate(names)}
    if all(row.voter and row.count == 1 for row in rows):
        voters = {voter: i for i, voter in enumerate({row.voter: None for row in rows})}
        return Ballots.from_arrays(
            [place[row.first] for row in rows],
            [place[row.second] for row in rows],
            [OUTCOME_NAMES.index(row.winner) for row in rows],
            players=len(names),
            voter=[voters[row.voter] for row in rows],
        )
    tally = Tally.empty(len(names))
    for row in rows:
        tally.add(place[row.first], place[row.second], outcome_named(row.winner), row.count)
    return tally


def unique_slugs(names: list[str]) -> list[str]:
    """A slug for each name, numbered where two names would share one."""
    taken: set[str] = set()
    slugs = []
    for name in names:
        base = slugify(name) or "player"
        slug, n = base, 2
        while slug in taken:
            slug, n = f"{base}-{n}", n + 1
        taken.add(slug)
        slugs.append(slug)
    return slugs
