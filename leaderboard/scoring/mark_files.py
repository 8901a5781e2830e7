"""Marks from a CSV file: read whole and strictly, each fault named by its row."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from leaderboard.scoring.marks import Given
from leaderboard.scoring.panels import CannotMark

COLUMNS = ("entry", "part", "test", "judge", "value", "error", "items")
NEEDED = ("entry", "value")
LARGEST = 1 << 20  # bytes
MOST_ROWS = 10_000
NUMBER = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?", re.ASCII)
COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16 and UTF-32


def read_marks(content: bytes) -> list[Given]:
    """The marks in a CSV file with a header of these columns; `entry` and `value` there must be. Raises CannotMark."""
    rows = csv.reader(io.StringIO(text_of(content), newline=""), strict=True)
    try:
        header = next(rows, [])
        names = columns_of(header)
        given = [given_in(n, names, row) for n, row in numbered(rows)]
    except csv.Error as why:
        raise CannotMark(_("row {n} is no CSV: {why}").format(n=rows.line_num, why=why)) from None
    if not given:
        raise CannotMark(_("there is no mark to enter"))
    return given


def digest_of_file(content: bytes) -> str:
    """SHA-256 of the file as it came, by which it can be recognized."""
    return hashlib.sha256(content).hexdigest()


def text_of(content: bytes) -> str:
    """The file as text: UTF-8, or what Excel in Korea writes, which is CP949. Raises CannotMark."""
    if len(content) > LARGEST:
        raise CannotMark(_("the file is larger than {n} KB").format(n=LARGEST // 1024))
    if content.startswith(OTHER_MARKS):
        raise CannotMark(_("the file is UTF-16; save it as “CSV UTF-8”"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError:
            raise CannotMark(_("the file is neither UTF-8 nor CP949; save it as “CSV UTF-8”")) from None
    if "\0" in text:
        raise CannotMark(_("this is no CSV file: it holds characters that are none"))
    return text


def columns_of(header: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    told = ", ".join(COLUMNS)
    if unknown := [name for name in names if name not in COLUMNS]:
        raise CannotMark(
            _("there is no column {name}; known are {columns}, between commas").format(
                name=unknown[0][:40] or "–", columns=told
            )
        )
    if len(set(names)) < len(names):
        raise CannotMark(_("a column stands twice"))
    if lacks := [name for name in NEEDED if name not in names]:
        raise CannotMark(_("the column {name} is missing").format(name=lacks[0]))
    return names


def numbered(rows: Iterable[list[str]]) -> Iterable[tuple[int, list[str]]]:
    """Rows with their numbers, the header's being 1; empty ones are passed over."""
    for n, row in enumerate(rows, start=2):
        if n > MOST_ROWS:
            raise CannotMark(_("the file has more than {n} rows").format(n=MOST_ROWS))
        if any(cell.strip() for cell in row):
            yield n, row


def given_in(n: int, names: Sequence[str], row: Sequence[str]) -> Given:
    place = _("row {n}").format(n=n)
    if len(row) != len(names):
        raise CannotMark(
            _("{row} has {found} cells, and the header {n}").format(row=place, found=len(row), n=len(names))
        )
    try:
        return given_of(dict(zip(names, (cell.strip() for cell in row), strict=True)), place)
    except CannotMark as why:
        raise CannotMark(f"{place}: {why}") from None


def given_of(cells: Mapping[str, str], place: str = "") -> Given:
    """The mark that these cells mean. Raises CannotMark."""
    value = number(cells["value"])
    if value is None:
        raise CannotMark(_("there is no mark in it"))
    items = cells.get("items", "")
    if items and not COUNT.fullmatch(items):
        raise CannotMark(_("{cell} is no number of questions").format(cell=shortened(items)))
    return Given(
        entry=cells["entry"],
        value=value,
        section=cells.get("part", ""),
        test=cells.get("test", ""),
        judge=cells.get("judge", ""),
        error=number(cells.get("error", "")),
        items=int(items) if items else None,
        place=place,
    )


def number(text: str) -> Decimal | None:
    """A decimal number as it is written, with at most four places; None for nothing. Raises CannotMark."""
    if not text:
        return None
    if not NUMBER.fullmatch(text):
        raise CannotMark(
            _("{cell} is no number like 31.6, with at most four decimal places").format(cell=shortened(text))
        )
    return Decimal(text)


def shortened(text: str) -> str:
    text = "".join(each if each.isprintable() else "?" for each in text)
    return text if len(text) <= 40 else f"{text[:40]}…"
