"""Files of ballots as other people write them, each read into one tally."""

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import Any, TextIO

from rating.errors import BadFile, RatingError, UnknownOutcome
from rating.outcomes import Outcome, outcome_named
from rating.tally import Tally

Ballot = tuple[str, str, Outcome]  # the first player, the second, the verdict

JSON_LINES = (".jsonl", ".ndjson")
SIDES = {"left": "a", "right": "b"}  # what CSV files of other arenas call the winner


class BadRow(Exception):
    """What is wrong with a row; its reader knows the number and makes it a BadFile."""


def read_ballots(path: str | PathLike[str]) -> tuple[tuple[str, ...], Tally]:
    """The players' names and their votes; a player's place in the names is its id.

    By the file's ending, each also with .gz behind it:
    .jsonl, .ndjson  objects with "a", "b", "winner" (a, b, tie, both_bad) and perhaps "weight" (1, or 0 for a
                     ballot that is set aside and not counted); other keys are passed over
    .csv             a header, then the columns a, b or left, right, and winner (also left, right), weight
    .json            {"models": [names], "X": [[i, j], …], "Y": [[win, loss, tie, both_bad], …]}
    In the first two, ids follow the names in the order of their code points, players without a counted
    ballot left out; in the last they follow "models". Blank lines are passed over.

    Raises BadFile, naming the row and what is wrong with it, and OSError where the file cannot be opened.
    """
    path = Path(path)
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    try:
        with opened(path) as file:
            if ending == ".json":
                return arena_counts(path.name, file)
            if ending == ".csv":
                return tallied(csv_rows(path.name, file))
            if ending in JSON_LINES:
                return tallied(json_lines(path.name, file))
    except UnicodeDecodeError as why:
        raise BadFile(path.name, None, "not UTF-8 text") from why
    except (gzip.BadGzipFile, EOFError, zlib.error) as why:
        raise BadFile(path.name, None, "a broken gzip file") from why
    raise BadFile(path.name, None, "the name ends in none of .jsonl, .ndjson, .csv, .json, nor one of them with .gz")


def opened(path: Path) -> TextIO:
    """The file as text, unpacked; a byte order mark, which spreadsheets write, is dropped."""
    if path.suffix == ".gz":
        # Handing the stream to TextIOWrapper closes both together.
        return TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def tallied(ballots: Iterable[Ballot]) -> tuple[tuple[str, ...], Tally]:
    """Count ballots under ids by the order of the names."""
    counted = Counter(ballots)
    names = tuple(sorted({name for a, b, _ in counted for name in (a, b)}))
    ids = {name: place for place, name in enumerate(names)}
    tally = Tally.empty(len(names))
    for (a, b, outcome), count in counted.items():
        tally.add(ids[a], ids[b], outcome, count)
    return names, tally


def json_lines(name: str, file: TextIO) -> Iterator[Ballot]:
    """The counted ballots of JSON Lines."""
    for row, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            entry = parsed_object(line)
            ballot = ballot_of(entry.get("a"), entry.get("b"), entry.get("winner"))
            counts = is_counted(entry.get("weight", 1))
        except BadRow as why:
            raise BadFile(name, row, str(why)) from why
        if counts:
            yield ballot


def csv_rows(name: str, file: TextIO) -> Iterator[Ballot]:
    """The counted ballots of a CSV file with a header. Rows are numbered by the line they end on."""
    rows = csv.DictReader(file, strict=True)
    try:
        columns = rows.fieldnames or []
        first, second = ("a", "b") if {"a", "b"} <= {*columns} else ("left", "right")
        if not {first, second, "winner"} <= {*columns}:
            raise BadFile(name, 1, "the header names no columns a and b, or left and right, and winner")
        for cells in rows:
            if None in cells or None in cells.values():
                raise BadFile(name, rows.reader.line_num, f"not {len(columns)} cells, as in the header")
            winner, weight = cells["winner"], cells.get("weight", "1")
            ballot = ballot_of(cells[first], cells[second], SIDES.get(winner, winner))
            if is_counted({"0": 0, "1": 1}.get(weight, weight)):
                yield ballot
    except (BadRow, csv.Error) as why:
        raise BadFile(name, rows.reader.line_num, str(why)) from why


def ballot_of(a: object, b: object, winner: object) -> Ballot:
    """One ballot, checked. Raises BadRow."""
    for side, player in (("a", a), ("b", b)):
        if not isinstance(player, str) or not player:
            raise BadRow(f"player {side} is {player!r}, not a name")
    if a == b:
        raise BadRow(f"{a!r} battles itself")
    if not isinstance(winner, str):
        raise BadRow(f"the winner is {winner!r}, not a word")
    try:
        return str(a), str(b), outcome_named(winner)
    except UnknownOutcome as why:
        raise BadRow(str(why)) from why


def is_counted(weight: object) -> bool:
    """Whether a ballot of this weight counts. Raises BadRow for a weight that is neither 0 nor 1."""
    if type(weight) is not int or weight not in (0, 1):
        raise BadRow(f"the weight is {weight!r}, not 0 or 1")
    return weight == 1


def parsed_object(text: str) -> dict[str, Any]:
    """The JSON object a text stands for. Raises BadRow."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as why:
        raise BadRow(f"not JSON: {why.msg} at column {why.colno}") from why
    except (ValueError, RecursionError) as why:
        # A number of thousands of digits, or brackets thousands deep.
        raise BadRow("not JSON that anybody would write") from why
    if not isinstance(value, dict):
        raise BadRow("not a JSON object")
    return value


def arena_counts(name: str, file: TextIO) -> tuple[tuple[str, ...], Tally]:
    """The names and votes of arena JSON: counts by pair, in the names' own order."""
    try:
        content = parsed_object(file.read())
    except BadRow as why:
        raise BadFile(name, None, str(why)) from why
    if not all(isinstance(content.get(key), list) for key in ("models", "X", "Y")):
        raise BadFile(name, None, 'it must have the lists "models", "X" and "Y"')
    names, pairs, results = content["models"], content["X"], content["Y"]
    if not all(isinstance(model, str) and model for model in names) or len({*names}) != len(names):
        raise BadFile(name, None, '"models" must be names, each once')
    if len(pairs) != len(results):
        raise BadFile(name, None, f'"X" has {len(pairs)} rows, but "Y" has {len(results)}')

    tally = Tally.empty(len(names))
    for row, (pair, counts) in enumerate(zip(pairs, results, strict=True), start=1):
        if not whole(pair, 2) or not whole(counts, len(Outcome)):
            raise BadFile(name, row, f"{pair} and {counts} are not 2 ids and {len(Outcome)} counts")
        first, second = pair
        try:
            for outcome, count in zip(Outcome, counts, strict=True):
                tally.add(first, second, outcome, count)
        except RatingError as why:
            raise BadFile(name, row, str(why)) from why
    return tuple(names), tally


def whole(numbers: object, length: int) -> bool:
    """Whether this is a list of so many integers; JSON's true is an int to Python, but not to us."""
    return isinstance(numbers, list) and len(numbers) == length and all(type(number) is int for number in numbers)
