"""Rows of a file in columns, checked by their distinct values: a million rows cost no more Python than a few words."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rating.errors import UnknownOutcome
from rating.outcomes import OUTCOME_NAMES, outcome_named
from rating.tally import LARGEST_COUNT

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

SHOWN = 80  # characters of a stranger's value in a message

# How columns call the two players; the winner may be named by its column, or a and b.
SIDES = (("a", "b"), ("left", "right"), ("model_a", "model_b"))
# Other words of arenas for the same verdicts.
SYNONYMS = {"tie (bothbad)": "both_bad", "bothbad": "both_bad"}
VOTERS = ("voter", "worker")
WEIGHT = "weight"


class BadRow(Exception):
    """What is wrong with a row; its reader knows the number and makes it a BadFile."""


class BadLine(Exception):
    """What is wrong with the row of this number."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line, self.why = line, why


class Wanted(NamedTuple):
    """Which columns hold the voter and the weight; None: the usual ones, where they are there."""

    voter: str | None = None
    weight: str | None = None
    whole: bool = False
    """Whether a weight must be 0 or 1."""
    category: str | None = None
    """The category whose votes count; None: all. See rating/labels.py."""
    style: bool = False
    """Whether to read how the answers looked; votes that do not say it do not count."""

    @property
    def labels(self) -> bool:
        """Whether labels are asked for, which only JSON Lines have."""
        return self.style or self.category is not None


class Coded(NamedTuple):
    """A column: its distinct values and, for each row, which of them stands there."""

    words: Sequence[Any]
    codes: Codes


class Block(NamedTuple):
    """Some rows of a file in columns of the same length, as they stand there."""

    line: Callable[[int], int]
    """The number, in the file, of the row at an index of the block."""
    first: Coded
    second: Coded
    winner: Coded
    weight: Coded | None = None
    voter: Coded | None = None
    """None among its words: a vote that does not say who cast it."""
    features: Floats | None = None
    """(rows, things), how the first answer differs from the second."""


class Checked(NamedTuple):
    """What a block says once every row of it is known to be good, (rows,) each."""

    outcome: NDArray[np.uint8]
    weight: Floats | None


def numbering() -> dict[Any, int]:
    """Numbers its keys 0, 1, … as they are first asked for; no Python runs for that."""
    numbers: defaultdict[Any, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def coded(values: Iterable[Any], length: int) -> Coded:
    """The column of these values, which must be hashable."""
    numbers = numbering()
    codes = np.fromiter(map(numbers.__getitem__, values), np.intp, length)
    return Coded(tuple(numbers), codes)


def shown(value: object) -> str:
    """A stranger's value in a message: on one line and not too long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def spelt(words: Iterable[Any], sides: tuple[str, str]) -> list[Any]:
    """Winners' words with the names of the players' columns as a and b."""
    first, second = sides
    names: Mapping[Any, str] = {first: "a", second: "b"}
    return [names.get(word, word) if isinstance(word, str) else word for word in words]


def checked(block: Block, wanted: Wanted) -> Checked:
    """The block's verdicts and weights. Raises BadLine for the first row that is wrong.

    Only distinct values are looked at in Python; rows are looked up by their codes.
    """
    firsts, seconds = block.first, block.second
    outcomes = np.array([outcome_of(word) for word in block.winner.words], dtype=np.int64)[block.winner.codes]
    # Two columns have codes of their own; the places of the first's words among the second's compare them.
    place = {word: at for at, word in enumerate(seconds.words)}
    same = np.array([place.get(word, -1) for word in firsts.words], dtype=np.intp)[firsts.codes] == seconds.codes
    nameless = [np.array([not named(word) for word in side.words], dtype=np.bool_)[side.codes] for side in block[1:3]]
    weights = None if block.weight is None else weights_of(block.weight)
    wrong = [*nameless, same, outcomes < 0]
    if weights is not None:
        wrong.append(~(weights >= 0) | (wanted.whole & (weights != 0) & (weights != 1)))
    rows = [int(np.argmax(bad)) if bad.any() else len(same) for bad in wrong]
    if (row := min(rows)) < len(same):
        raise BadLine(block.line(row), complaint(block, row, rows.index(row), wanted))
    return Checked(outcomes.astype(np.uint8), weights)


def complaint(block: Block, row: int, check: int, wanted: Wanted) -> str:
    """What is wrong with a row that fails a check of `checked`, by the check's place there."""
    column = (block.first, block.second, block.first, block.winner, block.weight)[check]
    assert column is not None  # only a weight may lack, and what lacks fails no check
    word = column.words[column.codes[row]]
    if check == 2:
        return f"{shown(word)} battles itself"
    if check == 3:
        return unknown_outcome(word)
    if check == 4:
        return f"the weight is {shown(word)}, not {'0 or 1' if wanted.whole else 'a number of 0 or more'}"
    return f"player {'ab'[check]} is {shown(word)}, not a name"


def named(word: object) -> bool:
    return isinstance(word, str) and bool(word)


def outcome_of(word: object) -> int:
    """The outcome a winner's word stands for, −1 for none."""
    try:
        return outcome_named(SYNONYMS.get(word, word)) if isinstance(word, str) else -1
    except UnknownOutcome:
        return -1


def unknown_outcome(word: object) -> str:
    if not isinstance(word, str):
        return f"the winner is {shown(word)}, not a word"
    return f"{shown(word)} is no outcome; known are {', '.join(OUTCOME_NAMES)}, and a player's column for a and b"


def weights_of(column: Coded) -> Floats:
    """The weights (rows,), NaN for what is none."""
    weights: Floats = np.array([weight_of(word) for word in column.words], dtype=np.float64)[column.codes]
    return weights


def weight_of(word: object) -> float:
    """A number of 0 or more that a count may be; NaN for anything else."""
    if isinstance(word, bool) or (isinstance(word, str) and "_" in word):
        return math.nan
    try:
        value = float(word)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value if 0 <= value <= LARGEST_COUNT else math.nan
