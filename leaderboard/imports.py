"""Votes made elsewhere, into a series of their own. All of a file or nothing; a bad row is named.

Two forms: the arena JSON (`models`, `X` pairs, `Y` counts of win, loss, tie, both-bad; counts stay counts), and a CSV
of single votes with `worker, winner, left, right` (and the winner `left`, `right` or `tie`).
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from leaderboard.boards import publish_board, store_tally
from leaderboard.models import Board, Folded, ImportedBallot, Series
from rating import Tally, outcome_named

OUTCOMES = ("a", "b", "tie", "both_bad")
CSV_WINNERS = {"left": "a", "right": "b", "tie": "tie", "both_bad": "both_bad"}
BATCH = 5000
NAME_LIMIT = 120


class BadVotes(Exception):
    """The file cannot be imported; the words name the row."""


def read_votes(file: Path) -> list[ImportedBallot]:
    """The file's votes as unsaved rows. Raises BadVotes."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as wrong:
        raise BadVotes(f"{file} cannot be read: {wrong.strerror}") from None
    except UnicodeDecodeError as wrong:
        raise BadVotes(f"{file} is not UTF-8 text: {wrong.reason} at byte {wrong.start}") from None
    rows = list(arena_rows(text) if file.suffix == ".json" else csv_rows(text))
    if not rows:
        raise BadVotes(f"{file} holds no votes")
    return rows


def arena_rows(text: str) -> Iterator[ImportedBallot]:
    try:
        content = json.loads(text)
        models, pairs, counts = content["models"], content["X"], content["Y"]
    except json.JSONDecodeError as wrong:
        raise BadVotes(f"not JSON: {wrong}") from None
    except (KeyError, TypeError):
        raise BadVotes("not the arena JSON: it needs models, X and Y") from None
    if not all(isinstance(part, list) for part in (models, pairs, counts)) or len(pairs) != len(counts):
        raise BadVotes("X and Y must be lists of the same length")
    _refuse_bad_names(models)
    for row, (pair, ended) in enumerate(zip(pairs, counts, strict=True), 1):
        if not _whole(pair, 2) or not all(number < len(models) for number in pair) or pair[0] == pair[1]:
            raise BadVotes(f"row {row}: {json.dumps(pair)} is no pair of two of the {len(models)} models")
        if not _whole(ended, 4):
            raise BadVotes(f"row {row}: {json.dumps(ended)} are not four counts")
        for winner, count in zip(OUTCOMES, ended, strict=True):
            if count:
                first, second = models[pair[0]], models[pair[1]]
                yield ImportedBallot(line=row, first=first, second=second, winner=winner, count=count)


def _refuse_bad_names(models: list[Any]) -> None:
    for row, name in enumerate(models, 1):
        if not _is_name(name):
            raise BadVotes(f"model {row}: {json.dumps(name)[:80]} is no name")
    if len(set(models)) != len(models):
        raise BadVotes("two models have the same name")


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and name.isprintable()


def _whole(numbers: Any, length: int) -> bool:
    """Whether this is a list of so many non-negative whole numbers of a size that is a count of votes."""
    return (
        isinstance(numbers, list)
        and len(numbers) == length
        and all(type(number) is int and 0 <= number < 2**31 for number in numbers)
    )


def csv_rows(text: str) -> Iterator[ImportedBallot]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = {"left", "right", "winner"} - set(reader.fieldnames or ())
    if missing:
        raise BadVotes(f"row 1: the columns {', '.join(sorted(missing))} are missing")
    try:
        for row in reader:
            yield _csv_row(reader.line_num, row)
    except csv.Error as wrong:
        raise BadVotes(f"row {reader.line_num}: {wrong}") from None


def _csv_row(line: int, row: dict[str, Any]) -> ImportedBallot:
    if None in row or None in row.values():
        raise BadVotes(f"row {line}: it has not as many cells as the header")
    if row["winner"] not in CSV_WINNERS:
        raise BadVotes(f"row {line}: {row['winner']!r} is no winner (left, right, tie, both_bad)")
    for side in ("left", "right"):
        if not _is_name(row[side]):
            raise BadVotes(f"row {line}: {row[side][:80]!r} is no name")
    if row["left"] == row["right"]:
        raise BadVotes(f"row {line}: {row['left']!r} meets itself")
    return ImportedBallot(
        line=line,
        first=row["left"],
        second=row["right"],
        winner=CSV_WINNERS[row["winner"]],
        voter=row.get("worker", "")[:64],
    )


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
    place = {name: i for i, name in enumerate(names)}
    tally = Tally.empty(len(names))
    for row in rows:
        tally.add(place[row.first], place[row.second], outcome_named(row.winner), row.count)
    folded = Folded(series=series, slugs=[slugs[name] for name in names], position=len(rows))
    store_tally(folded, tally)
    folded.save()
    return publish_board(series, folded, tally, {slug: name for name, slug in slugs.items()})


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
