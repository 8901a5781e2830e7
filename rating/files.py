"""Files of ballots as other people write them, each read into one tally."""

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from rating.errors import BadFile, UnknownOutcome
from rating.outcomes import Outcome, outcome_named
from rating.tally import LARGEST_COUNT, Tally


class Row(NamedTuple):
    """What one row of a file says: a ballot with its voter, or how often one outcome of a pair was counted."""

    line: int  # from 1: the line of a ballot, the place of a pair
    a: str
    b: str
    outcome: Outcome
    votes: int = 1  # 0 for a ballot that is set aside
    voter: str = ""


Contents = tuple[tuple[str, ...] | None, Iterator[Row]]  # the names, where the file lists them, and its rows

JSON_LINES = (".jsonl", ".ndjson")
SIDES = {"left": "a", "right": "b"}  # what CSV files of other arenas call the winner


class BadRow(Exception):
    """What is wrong with a row; its reader knows the number and makes it a BadFile."""


def read_ballots(path: str | PathLike[str]) -> tuple[tuple[str, ...], Tally]:
    """The players' names and their votes; a player's place in the names is its id.

    By the file's ending, each also with .gz behind it:
    .jsonl, .ndjson  objects with "a", "b", "winner" (a, b, tie, both_bad) and perhaps "weight" (1, or 0 for a
                     ballot that is set aside and not counted) and "voter"; other keys are passed over
    .csv             a header, then the columns a, b or left, right, and winner (also left, right), weight, worker
    .json            {"models": [names], "X": [[i, j], …], "Y": [[win, loss, tie, both_bad], …]}
    In the first two, ids follow the names in the order of their code points, players without a counted
    ballot left out; in the last they follow "models". Blank lines are passed over.

    Raises BadFile, naming the row and what is wrong with it, and OSError where the file cannot be opened.
    """
    counted: Counter[tuple[str, str, Outcome]] = Counter()
    with contents(Path(path)) as (listed, rows):
        for row in rows:
            if row.votes:
                counted[row.a, row.b, row.outcome] += row.votes
    names = listed or tuple(sorted({name for a, b, _ in counted for name in (a, b)}))
    ids = {name: place for place, name in enumerate(names)}
    tally = Tally.empty(len(names))
    for (a, b, outcome), count in counted.items():
        tally.add(ids[a], ids[b], outcome, count)
    return names, tally


def read_rows(path: str | PathLike[str]) -> Iterator[Row]:
    """The rows of a file that `read_ballots` reads, one by one. Raises what that raises."""
    with contents(Path(path)) as (_, rows):
        yield from rows


@contextmanager
def contents(path: Path) -> Iterator[Contents]:
    """An open file's names and rows; what goes wrong while they are read is a BadFile."""
    ending = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    readers = {".json": arena_counts, ".csv": csv_rows} | dict.fromkeys(JSON_LINES, json_lines)
    if ending not in readers:
        raise BadFile(path.name, None, f"the name ends in none of {', '.join(readers)}, nor one of them with .gz")
    try:
        with opened(path) as file:
            yield readers[ending](path.name, file)
    except UnicodeDecodeError as why:
        raise BadFile(path.name, None, "not UTF-8 text") from why
    except (gzip.BadGzipFile, EOFError, zlib.error) as why:
        raise BadFile(path.name, None, "a broken gzip file") from why


def opened(path: Path) -> TextIO:
    """The file as text, unpacked; a byte order mark, which spreadsheets write, is dropped."""
    if path.suffix == ".gz":
        # Handing the stream to TextIOWrapper closes both together.
        return TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def json_lines(name: str, file: TextIO) -> Contents:
    """The ballots of JSON Lines."""

    def rows() -> Iterator[Row]:
        for line, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                said = parsed_object(text)
                a, b, outcome = ballot_of(said.get("a"), said.get("b"), said.get("winner"))
                yield Row(line, a, b, outcome, counts(said.get("weight", 1)), str(said.get("voter", "")))
            except BadRow as why:
                raise BadFile(name, line, str(why)) from why

    return None, rows()


def csv_rows(name: str, file: TextIO) -> Contents:
    """The ballots of a CSV file with a header, numbered by the line they end on."""

    def rows() -> Iterator[Row]:
        table = csv.DictReader(file, strict=True)
        try:
            columns = table.fieldnames or []
            first, second = ("a", "b") if {"a", "b"} <= {*columns} else ("left", "right")
            if not {first, second, "winner"} <= {*columns}:
                raise BadFile(name, 1, "the header names no columns a and b, or left and right, and winner")
            for cells in table:
                yield csv_row(table.reader.line_num, cells, first, second)
        except (BadRow, csv.Error) as why:
            raise BadFile(name, table.reader.line_num, str(why)) from why

    return None, rows()


def csv_row(line: int, cells: dict[str, Any], first: str, second: str) -> Row:
    """The ballot of one row's cells by column. Raises BadRow."""
    if None in cells or None in cells.values():
        raise BadRow("not as many cells as in the header")
    winner, weight = cells["winner"], cells.get("weight", "1")
    a, b, outcome = ballot_of(cells[first], cells[second], SIDES.get(winner, winner))
    return Row(line, a, b, outcome, counts({"0": 0, "1": 1}.get(weight, weight)), cells.get("worker", ""))


def ballot_of(a: object, b: object, winner: object) -> tuple[str, str, Outcome]:
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


def counts(weight: object) -> int:
    """How often a ballot of this weight counts: once or not at all. Raises BadRow for any other weight."""
    if type(weight) is not int or weight not in (0, 1):
        raise BadRow(f"the weight is {weight!r}, not 0 or 1")
    return weight


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


def arena_counts(name: str, file: TextIO) -> Contents:
    """The names and counts of arena JSON: four counts a pair, a row for each that is not zero."""
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

    return tuple(names), pair_rows(name, names, pairs, results)


def pair_rows(name: str, names: list[str], pairs: list[Any], results: list[Any]) -> Iterator[Row]:
    """A row for each count that is not zero, checked."""
    for line, (pair, ended) in enumerate(zip(pairs, results, strict=True), start=1):
        if not whole(pair, 2) or not whole(ended, len(Outcome)):
            raise BadFile(name, line, f"{pair} and {ended} are not 2 ids and {len(Outcome)} counts")
        if max(pair) >= len(names) or pair[0] == pair[1]:
            raise BadFile(name, line, f"{pair} are not two of the {len(names)} models")
        for outcome, votes in zip(Outcome, ended, strict=True):
            if votes:
                yield Row(line, names[pair[0]], names[pair[1]], outcome, votes)


def whole(numbers: object, length: int) -> bool:
    """Whether this is a list of so many integers that can be counts; JSON's true is an int to Python, not to us."""
    return (
        isinstance(numbers, list)
        and len(numbers) == length
        and all(type(number) is int and 0 <= number <= LARGEST_COUNT for number in numbers)
    )
