"""Files of ballots as other people write them, each read into one thing that can be rated."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from rating.ballots import Ballots
from rating.blocks import BadLine, BadRow, Block, Checked, Coded, Codes, Floats, Wanted, checked, numbering
from rating.errors import BadFile
from rating.outcomes import Outcome
from rating.parquet_files import NotParquet, parquet_blocks
from rating.tally import LARGEST_COUNT, Tally
from rating.text_files import csv_blocks, json_blocks, parsed_object

NO_SUCH_VOTES = "it holds no votes of this category, or none that tell how their answers looked"
NO_VOTES = "it holds no votes, and so no players to rate"

Names = tuple[str, ...]
Told = Callable[[int, float], object]
"""Is told how many rows were read so far and which share of the file they are."""


class Row(NamedTuple):
    """What one row of a file says: a ballot with its voter, or how often one outcome of a pair was counted."""

    line: int  # from 1: the line of a ballot, the place of a pair
    a: str
    b: str
    outcome: Outcome
    votes: int = 1  # 0 for a ballot that is set aside
    voter: str = ""


ENDINGS = (".json", ".csv", ".jsonl", ".ndjson", ".parquet")
LABELLED = (".jsonl", ".ndjson")


def read_votes(
    path: str | PathLike[str],
    *,
    voter: str | None = None,
    weight: str | None = None,
    category: str | None = None,
    style: bool = False,
    told: Told | None = None,
) -> tuple[Names, Ballots | Tally]:
    """The players' names and their votes; a player's place in the names is its id.

    By the file's ending, each also with .gz behind it:
    .csv             a header, then the columns left, right, winner (left, right, tie, both_bad), or a, b, winner
                     (a, b, tie, both_bad), or model_a, model_b, winner; others are passed over
    .jsonl, .ndjson  an object a line with the same keys
    .parquet         the same columns; needs pyarrow
    .json            {"models": [names], "X": [[i, j], …], "Y": [[win, loss, tie, both_bad], …]}, into a Tally

    voter, weight: the columns of who voted and of what a vote counts; left out, "voter", else "worker", and
    "weight", where the file has them. A vote of weight 0 is not counted, nor is who took part in no other. A vote
    that does not say who cast it is one of a voter of its own.
    category: count the votes of one category only; style: make `rating.labels.STYLE` the votes' features, and count
    those that tell of it; both are read from JSON Lines, see rating/labels.py.
    Ids follow the names in the order of their code points; those of a Tally follow "models".

    Raises BadFile, naming the row and what is wrong with it, and OSError where the file cannot be opened.
    """
    return votes_of(Path(path), Wanted(voter, weight, category=category, style=style), told)


def read_ballots(path: str | PathLike[str]) -> tuple[Names, Tally]:
    """As `read_votes`, but as counts; a weight must be 0 or 1."""
    names, votes = votes_of(Path(path), Wanted(whole=True), None)
    return names, votes.tally() if isinstance(votes, Ballots) else votes


def read_rows(path: str | PathLike[str]) -> Iterator[Row]:
    """The rows of a file that `read_ballots` reads, one by one. Raises what that raises for a bad row."""
    file, wanted = Path(path), Wanted(whole=True)
    with refusals(file):
        if ending_of(file) == ".json":
            with opened_text(file) as (text, _):
                yield from arena_counts(file.name, text)[1]
            return
        with blocks(file, wanted) as read:
            for block, _ in read:
                yield from rows_of(block, checked(block, wanted))


def votes_of(path: Path, wanted: Wanted, told: Told | None) -> tuple[Names, Ballots | Tally]:
    """What `read_votes` returns."""
    with refusals(path):
        if wanted.labels and ending_of(path) not in LABELLED:
            raise BadFile(path.name, None, f"categories and style are read from {' and '.join(LABELLED)} only")
        if ending_of(path) == ".json":
            return counts_of(path, wanted)
        columns = Columns()
        with blocks(path, wanted) as read:
            for block, share in read:
                columns.add(block, checked(block, wanted))
                if told:
                    told(columns.rows, share)
        if not columns.votes:
            raise BadFile(path.name, None, NO_SUCH_VOTES if wanted.labels else NO_VOTES)
        return columns.ballots()


def ending_of(path: Path) -> str:
    """How the file is written, by its ending. Raises BadFile."""
    packed = path.suffix.lower() == ".gz"
    ending = (path.with_suffix("") if packed else path).suffix.lower()
    if ending not in ENDINGS:
        raise BadFile(path.name, None, f"the name ends in none of {', '.join(ENDINGS)}, nor one of them with .gz")
    return ending


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """What goes wrong while a file is read is a BadFile."""
    try:
        yield
    except BadLine as why:
        raise BadFile(path.name, why.line, why.why) from why
    except NotParquet as why:
        raise BadFile(path.name, None, str(why)) from why
    except UnicodeDecodeError as why:
        raise BadFile(path.name, None, "not UTF-8 text") from why
    except (gzip.BadGzipFile, EOFError, zlib.error) as why:
        raise BadFile(path.name, None, "a broken gzip file") from why


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], float]]]:
    """The file's bytes, unpacked, and what tells the share of the file read so far."""
    with path.open("rb") as raw:
        size = max(path.stat().st_size, 1)
        packed = path.suffix.lower() == ".gz"
        source = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        with source:
            yield source, lambda: min(raw.tell() / size, 1.0)


@contextmanager
def opened_text(path: Path) -> Iterator[tuple[TextIO, Callable[[], float]]]:
    """The file as text with its own line ends; a byte order mark, which spreadsheets write, is dropped."""
    with opened(path) as (source, share), TextIOWrapper(source, encoding="utf-8-sig", newline="") as text:
        yield text, share


@contextmanager
def blocks(path: Path, wanted: Wanted) -> Iterator[Iterator[tuple[Block, float]]]:
    """The blocks of a file of ballots, each with the share of the file read by then."""
    if ending_of(path) == ".parquet":
        with opened(path) as (source, _):
            yield parquet_blocks(source, wanted)
        return
    reader = csv_blocks if ending_of(path) == ".csv" else json_blocks
    with opened_text(path) as (text, share):
        yield ((block, share()) for block in reader(text, wanted))


def rows_of(block: Block, checks: Checked) -> Iterator[Row]:
    """The rows of a block whose weights are 0 or 1."""
    for index, outcome in enumerate(checks.outcome.tolist()):
        a, b = (side.words[side.codes[index]] for side in (block.first, block.second))
        votes = 1 if checks.weight is None else int(checks.weight[index])
        voter = block.voter.words[block.voter.codes[index]] if block.voter else None
        yield Row(block.line(index), a, b, Outcome(outcome), votes, voter or "")


class Columns:
    """Blocks put together. Players and voters are numbered as they come and given their ids at the end."""

    def __init__(self) -> None:
        self.rows = self.votes = 0
        self.players, self.voters = numbering(), numbering()
        self.parts: list[tuple[Codes, Codes, NDArray[np.uint8], Floats, Codes]] = []
        self.features: list[Floats] = []

    def add(self, block: Block, checks: Checked) -> None:
        """Take the votes of a block that weigh something."""
        rows = len(checks.outcome)
        weight = np.ones(rows) if checks.weight is None else checks.weight
        counted = weight > 0
        unknown = np.full(rows, -1, dtype=np.intp)
        self.parts.append(
            (
                numbered(block.first, counted, self.players),
                numbered(block.second, counted, self.players),
                checks.outcome[counted],
                weight[counted],
                numbered(block.voter, counted, self.voters) if block.voter else unknown[counted],
            )
        )
        if block.features is not None:
            self.features.append(block.features[counted])
        self.rows += rows
        self.votes += int(counted.sum())

    def ballots(self) -> tuple[Names, Ballots]:
        """The names by their code points, and the votes."""
        first, second, outcome, weight, voter = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        names = tuple(sorted(self.players))
        ids = np.empty(len(names), dtype=np.intp)
        ids[[self.players[name] for name in names]] = np.arange(len(names))
        return names, Ballots.from_arrays(
            ids[first],
            ids[second],
            outcome,
            players=len(names),
            voter=self.ids_of_voters(voter),
            weight=None if (weight == 1).all() else weight,
            features=np.concatenate(self.features) if self.features else None,
        )

    def ids_of_voters(self, numbers: Codes) -> Codes | None:
        """Voters' ids, one of its own for each vote that does not say who cast it; None where none does."""
        if not self.voters:
            return None
        unknown = numbers < 0
        numbers[unknown] = len(self.voters) + np.arange(int(unknown.sum()))
        return numbers


def numbered(column: Coded, counted: NDArray[np.bool_], known: dict[Any, int]) -> Codes:
    """The numbers of a column's values in the rows that count, (counted rows,); None gets −1."""
    codes = column.codes[counted]
    used = np.bincount(codes, minlength=len(column.words)) > 0
    numbers = [-1 if word is None or not here else known[word] for word, here in zip(column.words, used, strict=True)]
    found: Codes = np.array(numbers, dtype=np.intp)[codes]
    return found


def counts_of(path: Path, wanted: Wanted) -> tuple[Names, Tally]:
    """The names and counts of arena JSON. Raises BadFile."""
    for asked, what in ((wanted.voter, "who voted"), (wanted.weight, "what a vote weighs")):
        if asked is not None:
            raise BadFile(path.name, None, f"counts do not say {what}: there is no column {asked!r}")
    with opened_text(path) as (text, _):
        names, rows = arena_counts(path.name, text)
        ids = {name: place for place, name in enumerate(names)}
        tally = Tally.empty(len(names))
        for row in rows:
            tally.add(ids[row.a], ids[row.b], row.outcome, row.votes)
    if not tally.votes:
        raise BadFile(path.name, None, NO_VOTES)
    return names, tally


def arena_counts(name: str, file: TextIO) -> tuple[Names, Iterator[Row]]:
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
