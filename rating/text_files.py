"""CSV and JSON Lines, a block of rows at a time."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from rating.blocks import SIDES, VOTERS, WEIGHT, BadLine, BadRow, Block, Coded, Wanted, coded, shown, spelt
from rating.labels import Style, belongs, features_of, style_of

if TYPE_CHECKING:
    from _csv import Reader  # the class of csv.reader's result has no public name

ROWS = 1 << 15  # of a block: what numpy does with it is then a small part of the work

NO_PLAYERS = "the header names no columns a and b, or left and right, and winner"
LINE_END = re.compile(r"\r\n|\r|\n")


def csv_blocks(file: TextIO, wanted: Wanted) -> Iterator[Block]:
    """The rows of a CSV file with a header, numbered by the line they end on. Raises BadLine."""
    reader = csv.reader(file, strict=True)
    header = header_of(reader)
    places = columns_of(header, wanted)
    while True:
        rows: list[list[str]] = []
        before, wrong = reader.line_num, None
        try:
            # Extending keeps the rows before a broken one, so that the first bad row is the one that is named.
            rows.extend(islice(reader, ROWS))
        except csv.Error as why:
            wrong = BadLine(reader.line_num, str(why))
        good, ragged = cells_of(rows, len(header))
        if good:
            yield csv_block(rows, good, before, places)
        if ragged is not None:
            raise BadLine(before + lines_of(rows[: ragged + 1]), "not as many cells as in the header")
        if wrong:
            raise wrong
        if not rows:
            return


def header_of(reader: "Reader") -> list[str]:
    """The first row that is not blank. Raises BadLine."""
    try:
        header = next((row for row in reader if row), None)
    except csv.Error as why:
        raise BadLine(max(reader.line_num, 1), str(why)) from why
    if header is None:
        raise BadLine(1, f"{NO_PLAYERS}: the file holds no votes")
    return header


class Places(NamedTuple):
    """Where the columns of a table stand."""

    needed: list[int]
    """Of the first player, the second and the winner."""
    optional: list[int | None]
    """Of the weight and the voter."""
    sides: tuple[str, str]
    """How the players' columns are called."""


def columns_of(header: Sequence[str], wanted: Wanted) -> Places:
    """The places of the columns among their names. Raises BadLine."""
    sides = next((pair for pair in SIDES if {*pair, "winner"} <= {*header}), None)
    if sides is None:
        raise BadLine(1, NO_PLAYERS)
    needed, optional = [*sides, "winner"], optional_columns(header, wanted)
    for name in (*needed, *optional):
        if name is not None and header.count(name) > 1:
            raise BadLine(1, f"the header names the column {shown(name)} more than once")
    return Places(
        [header.index(name) for name in needed],
        [None if name is None else header.index(name) for name in optional],
        sides,
    )


def optional_columns(header: Sequence[str], wanted: Wanted) -> tuple[str | None, str | None]:
    """The names of the columns of weights and of voters, None where there is none. Raises BadLine."""
    for name in (wanted.weight, wanted.voter):
        if name is not None and name not in header:
            raise BadLine(1, f"the header names no column {shown(name)}")
    weight = wanted.weight or (WEIGHT if WEIGHT in header else None)
    return weight, wanted.voter or next((name for name in VOTERS if name in header), None)


def cells_of(rows: list[list[str]], width: int) -> tuple[list[list[str]], int | None]:
    """The rows up to the first of another width, blank lines left out, and the index of that one."""
    if {*map(len, rows)} <= {width}:
        return rows, None
    ragged = next((at for at, row in enumerate(rows) if row and len(row) != width), None)
    return [row for row in rows[:ragged] if row], ragged


def csv_block(rows: list[list[str]], good: list[list[str]], before: int, places: Places) -> Block:
    """The good ones among rows as columns; before: the line on which the row before them ended."""

    @cache
    def ends() -> list[int]:
        # Only whoever asks pays for them, and once for the whole block.
        found, end = [], before
        for row in rows:
            end += lines_of_row(row)
            if row:
                found.append(end)
        return found

    columns = list(zip(*good, strict=True))
    first, second, winner = (coded(columns[place], len(good)) for place in places.needed)
    weight, voter = (None if place is None else coded(columns[place], len(good)) for place in places.optional)
    return Block(
        lambda index: ends()[index],
        first,
        second,
        Coded(spelt(winner.words, places.sides), winner.codes),
        weight,
        known(voter),
    )


def known(voters: Coded | None) -> Coded | None:
    """A column of voters in which an empty cell says nothing of who voted."""
    return voters and Coded([word or None for word in voters.words], voters.codes)


def lines_of(rows: list[list[str]]) -> int:
    """How many lines these rows take: one each, and one more for each line end in their quoted cells."""
    return sum(map(lines_of_row, rows))


def lines_of_row(row: list[str]) -> int:
    return 1 + sum(len(LINE_END.findall(cell)) for cell in row)


def json_blocks(file: TextIO, wanted: Wanted) -> Iterator[Block]:
    """The ballots of JSON Lines. Raises BadLine."""
    lines = enumerate(file, start=1)
    while texts := list(islice(lines, ROWS)):
        rows, wrong = [], None
        for line, text in texts:
            if text.isspace():
                continue
            try:
                rows.append((line, *json_row(parsed_object(text), wanted)))
            except BadRow as why:
                wrong = BadLine(line, str(why))
                break
        if rows:
            yield json_block(rows)
        if wrong:
            raise wrong


def json_block(rows: list[tuple[Any, ...]]) -> Block:
    """The rows as columns."""
    numbers, *columns, styles = zip(*rows, strict=True)
    first, second, winner, weight, voter = (coded(column, len(rows)) for column in columns)
    features = None if styles[0] is None else features_of(styles)
    return Block(numbers.__getitem__, first, second, winner, weight, voter if any(voter.words) else None, features)


def json_row(said: dict[str, Any], wanted: Wanted) -> tuple[str, str, str, float, str | None, Style | None]:
    """Players, winner, weight, voter and, where asked for, style of one ballot. Raises BadRow.

    What is only hashable is looked at later. A ballot that is not asked for weighs nothing.
    """
    sides = SIDES[0]
    if "a" not in said and "b" not in said:
        sides = next((pair for pair in SIDES if pair[0] in said and pair[1] in said), sides)
    first, second, winner = said.get(sides[0]), said.get(sides[1]), said.get("winner")
    for side, player in zip("ab", (first, second), strict=True):
        if not isinstance(player, str):
            raise BadRow(f"player {side} is {shown(player)}, not a name")
    if not isinstance(winner, str):
        raise BadRow(f"the winner is {shown(winner)}, not a word")
    if winner in sides:
        winner = "ab"[sides.index(winner)]
    weight = json_weight(said, wanted)
    if wanted.labels and not belongs(said, wanted):
        weight = 0.0
    style = style_of(said) if wanted.style else None
    return str(first), str(second), winner, weight, json_voter(said, wanted), style


def json_weight(said: dict[str, Any], wanted: Wanted) -> float:
    """The weight of a ballot, not yet known to be 0 or more. Raises BadRow."""
    if wanted.weight is not None and wanted.weight not in said:
        raise BadRow(f"there is no {shown(wanted.weight)}")
    weight = said.get(wanted.weight or WEIGHT, 1)
    # True would pass for 1.
    if type(weight) not in (int, float):
        raise BadRow(f"the weight is {shown(weight)}, not {'0 or 1' if wanted.whole else 'a number of 0 or more'}")
    return weight  # type: ignore[no-any-return]


def json_voter(said: dict[str, Any], wanted: Wanted) -> str | None:
    """Who cast a ballot, None where it does not say. Raises BadRow."""
    if wanted.voter is not None and wanted.voter not in said:
        raise BadRow(f"there is no {shown(wanted.voter)}")
    voter = said.get(wanted.voter) if wanted.voter else said.get("voter", said.get("worker"))
    if voter is None or voter == "":
        return None
    if isinstance(voter, bool) or not isinstance(voter, str | int | float):
        raise BadRow(f"the voter is {shown(voter)}, not a name")
    return str(voter)


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
