"""JSON that rests on nothing but what it says: read strictly, and written in one way only, which a digest names."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from rating.composite import rounded
from rating.errors import BadGrounds

Read = TypeVar("Read")

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
FRACTION = re.compile(r"-?\d{1,300}/[1-9]\d{0,300}")
LONGEST = 10**12  # ten to the power of the most decimal places
DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?")


def canonical(told: Mapping[str, Any]) -> str:
    """The one spelling: sorted keys, no spaces, no number that is none."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(text: str) -> str:
    """SHA-256 of the text as UTF-8, which is what `sha256sum` says of a file that holds it."""
    return hashlib.sha256(text.encode()).hexdigest()


def parsed(text: str | bytes) -> Any:
    """What the JSON means. Raises BadGrounds."""
    try:
        return json.loads(text, object_pairs_hook=once_each)
    except (ValueError, RecursionError) as why:
        raise BadGrounds(f"this is no JSON text: {why}") from None


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def record(given: Any, where: str, keys: Mapping[str, Callable[[Any, str], Any]]) -> dict[str, Any]:
    """An object of exactly these keys, each read by its reader. Raises BadGrounds, naming the place."""
    if not isinstance(given, dict):
        raise BadGrounds(f"{where or 'all of it'}: an object is needed")
    if odd := sorted(given.keys() ^ keys.keys()):
        raise BadGrounds(f"{place(where, odd[0])}: it is {'unknown' if odd[0] in given else 'missing'}")
    return {name: read(given[name], place(where, name)) for name, read in keys.items()}


def place(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def whole(given: Any, where: str) -> int:
    if type(given) is not int or given < 0:
        raise BadGrounds(f"{where}: a whole number of 0 or more is needed")
    return given


def truth(given: Any, where: str) -> bool:
    if not isinstance(given, bool):
        raise BadGrounds(f"{where}: true or false is needed")
    return given


def text(given: Any, where: str) -> str:
    if not isinstance(given, str):
        raise BadGrounds(f"{where}: a text is needed")
    return given


def decimal(given: Any, where: str) -> Decimal:
    """Exact decimals are texts, lest a reader make floats of them."""
    if not (isinstance(given, str) and DECIMAL.fullmatch(given)):
        raise BadGrounds(f"{where}: a decimal number as a text is needed")
    return Decimal(given)


def exact(given: Any, where: str) -> Fraction:
    """A decimal, or a fraction where none ends: 33.6, 1/3."""
    if not (isinstance(given, str) and (DECIMAL.fullmatch(given) or FRACTION.fullmatch(given))):
        raise BadGrounds(f"{where}: a decimal number or a fraction as a text is needed")
    return Fraction(given)


def spelt(number: Fraction) -> str:
    """As `exact` reads it."""
    scale = 1
    while scale <= LONGEST and (number * scale).denominator != 1:
        scale *= 10
    if scale > LONGEST:
        return str(number)
    return f"{rounded(number, len(str(scale)) - 1):f}"


def figure(given: Any, where: str) -> float:
    """Any number."""
    if type(given) not in (int, float) or not math.isfinite(given):
        raise BadGrounds(f"{where}: a number is needed")
    return float(given)


def moment(given: Any, where: str) -> str:
    """A time in UTC with microseconds, in a spelling that sorts by time."""
    if not (isinstance(given, str) and MOMENT.fullmatch(given)):
        raise BadGrounds(f"{where}: a time like 2026-01-15T00:00:00.000000Z is needed")
    return given


def perhaps(read: Callable[[Any, str], Read]) -> Callable[[Any, str], Read | None]:
    """A reader that also takes null."""
    return lambda given, where: None if given is None else read(given, where)


def several(read: Callable[[Any, str], Read]) -> Callable[[Any, str], tuple[Read, ...]]:
    """A reader of a list of such."""

    def listed(given: Any, where: str) -> tuple[Read, ...]:
        if not isinstance(given, list):
            raise BadGrounds(f"{where}: a list is needed")
        return tuple(read(each, f"{where}.{n}") for n, each in enumerate(given))

    return listed


def by_slug(read: Callable[[Any, str], Read]) -> Callable[[Any, str], dict[str, Read]]:
    """A reader of an object that has one such for each of some entries."""

    def keyed(given: Any, where: str) -> dict[str, Read]:
        if not isinstance(given, dict):
            raise BadGrounds(f"{where}: an object is needed")
        return {slug: read(each, place(where, slug)) for slug, each in given.items()}

    return keyed
