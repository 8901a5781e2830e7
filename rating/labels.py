"""What a ballot of JSON Lines says besides the verdict: the category of its question, and how its answers looked.

{"language": "ko", "categories": {"code": …}, "style": {"length": [812, 640], "headers": [0, 2], "lists": …, "bold": …}}
A category is a key (or an item) of `categories`, or a language, or "other" for languages that have no board here.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rating.blocks import BadRow, Wanted, shown
from rating.contextual import style_features

Style = tuple[float, ...]

STYLE = ("length", "headers", "lists", "bold")
UNSTYLED: Style = (0.0,) * (2 * len(STYLE))
LANGUAGES = ("ko", "en")  # what is asked in neither is "other"
OTHER = "other"


def belongs(said: dict[str, Any], wanted: Wanted) -> bool:
    """Whether a ballot is asked for; one that does not say what it is about is in no category. Raises BadRow."""
    if wanted.style and said.get("style") is None:
        return False
    return wanted.category is None or wanted.category in categories_of(said)


def categories_of(said: dict[str, Any]) -> set[str]:
    """The categories of a ballot. Raises BadRow."""
    if "language" not in said and "categories" not in said:
        raise BadRow("there are no categories and no language")
    language, categories = said.get("language"), said.get("categories")
    if not isinstance(language, str | None):
        raise BadRow(f"the language is {shown(language)}, not a word")
    if not isinstance(categories, dict | list | None) or not all(isinstance(one, str) for one in categories or ()):
        raise BadRow(f"the categories are {shown(categories)}, not words")
    found = set(categories or ())
    if language is not None:
        found.add(language if language in LANGUAGES else OTHER)
    return found


def style_of(said: dict[str, Any]) -> Style:
    """How much the answers have of each thing, those of the first side before those of the second. Raises BadRow."""
    style = said.get("style")
    if style is None:
        return UNSTYLED
    pairs = [style.get(thing) for thing in STYLE] if isinstance(style, dict) else [None]
    if not all(isinstance(pair, list) and len(pair) == 2 and all(map(amount, pair)) for pair in pairs):
        raise BadRow(f"the style is {shown(style)}, not two amounts each of {', '.join(STYLE)}")
    return tuple(float(pair[side]) for side in (0, 1) for pair in pairs)  # type: ignore[index]


def amount(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1e15  # type: ignore[operator]


def features_of(styles: Sequence[Style]) -> NDArray[np.float64]:
    """By how much the first answer has more of each thing, (rows, things)."""
    both = np.array(styles, dtype=np.float64).reshape(-1, 2, len(STYLE))
    return style_features(both[:, 0], both[:, 1])
