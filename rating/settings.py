"""What a board is made with: set by flags, or read from a board that was exported with it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, get_args

from rating.blocks import BadRow, shown
from rating.covariance import Intervals
from rating.errors import BadFile, BadSetting
from rating.fitting import MINIMUM_VOTES
from rating.tally import LARGEST_COUNT
from rating.text_files import parsed_object
from rating.totals import BothBad, Ties

INTERVALS = (*get_args(Intervals), "bootstrap")
CHOICES = {
    "ties": get_args(Ties),
    "both_bad": get_args(BothBad),
    "intervals": INTERVALS,
    "scale": ("elo", "nats"),
}
LARGEST_ANCHOR = 1e9  # beyond it a rating has no digits left for a difference


class Anchor(NamedTuple):
    """A player whose rating is given, in the unit of the scale."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked when made. Raises BadSetting, naming the setting."""

    prior: float = 0.5
    """Phantom games per player; see `fit`."""
    ties: str = "half"
    both_bad: str = "half"
    intervals: str | None = None
    """Left out: "cautious" where the file says who voted, else "sandwich"."""
    scale: str = "elo"
    anchor: Anchor | None = None
    minimum_votes: float = MINIMUM_VOTES
    """Below it a rating is provisional."""
    below: int | None = None
    """How many fall at the cut."""
    planned_votes: float | None = None
    """The weight of all votes at the deadline of the cut, if it has one; see `lock_verdict`."""
    unranked: tuple[str, ...] = ()
    """Players who are rated and never ranked: the cut is not about them."""
    reference: str | None = None
    """Of whose strength the others' are given in percent."""
    category: str | None = None
    """Whose votes count: those of one kind of question; see rating/labels.py. All where it is left out."""
    style: bool = False
    """Whether ratings are those of answers of the same style; see `fit_contextual`."""
    voter_column: str | None = None
    weight_column: str | None = None

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value not in known and not (name == "intervals" and value is None):
                raise BadSetting(f"the {said(name)} must be one of {', '.join(known)}, not {shown(value)}")
        for name in ("voter_column", "weight_column", "reference", "category"):
            if not isinstance(value := getattr(self, name), str | None):
                raise BadSetting(f"the {said(name)} must be a name, not {shown(value)}")
        if not (isinstance(self.unranked, tuple) and all(isinstance(name, str) for name in self.unranked)):
            raise BadSetting(f"the unranked must be a list of names, not {shown(self.unranked)}")
        if not isinstance(self.style, bool):
            raise BadSetting(f"the style must be true or false, not {shown(self.style)}")
        if self.style and (self.ties != "half" or self.intervals == "bootstrap"):
            raise BadSetting("style control takes ties for half a point, and has no bootstrap")
        self.refuse_bad_numbers()

    def refuse_bad_numbers(self) -> None:
        """Raise BadSetting for a number that is none or out of its range."""
        for name in ("prior", "minimum_votes"):
            if not (number(value := getattr(self, name)) and 0 <= value <= LARGEST_COUNT):
                raise BadSetting(f"the {said(name)} must be a number of 0 or more, not {shown(value)}")
        if self.below is not None and not (type(self.below) is int and self.below >= 1):
            raise BadSetting(f"the number below must be a whole number of 1 or more, not {shown(self.below)}")
        if not (self.planned_votes is None or number(self.planned_votes)):
            raise BadSetting(f"the planned votes must be a number, not {shown(self.planned_votes)}")
        if self.planned_votes is not None and self.below is None:
            raise BadSetting("planned votes tell the lock of a cut its deadline: --below says how many fall")
        if self.anchor is not None and not (number(self.anchor.value) and abs(self.anchor.value) <= LARGEST_ANCHOR):
            raise BadSetting(f"an anchor must be a number, not {shown(self.anchor.value)}")


def said(name: str) -> str:
    return name.replace("_", " ")


def number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def parameters(settings: Settings | None = None) -> dict[str, Any]:
    """The settings as an exported board carries them under "parameters", for `python -m rating fit --config`."""
    found = asdict(settings or Settings())
    anchor = settings.anchor if settings else None
    return found | {"anchor": anchor and anchor._asdict(), "unranked": list(found["unranked"])}


def settings_of(given: Mapping[str, Any]) -> Settings:
    """The settings that these parameters name; what is left out is as usual. Raises BadSetting."""
    known = [field.name for field in fields(Settings)]
    for name in given:
        if name not in known:
            raise BadSetting(f"there is no parameter {shown(name)}; known are {', '.join(known)}")
    anchor = given.get("anchor")
    if isinstance(anchor, Mapping):
        if {*anchor} != {"name", "value"} or not isinstance(anchor["name"], str):
            raise BadSetting(f"an anchor has a name and a value, not {shown(dict(anchor))}")
        anchor = Anchor(anchor["name"], anchor["value"])
    if not isinstance(anchor, Anchor | None):
        raise BadSetting(f"an anchor has a name and a value, not {shown(anchor)}")
    unranked = given.get("unranked", ())
    return Settings(
        **{**given, "anchor": anchor, "unranked": tuple(unranked) if isinstance(unranked, list) else unranked}
    )


def parameters_of(path: str) -> dict[str, Any]:
    """The parameters in an exported board. Raises BadFile, and OSError where the file cannot be opened.

    A board without them was exported before boards carried any, and made as usual.
    """
    file = Path(path)
    try:
        board = parsed_object(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as why:
        raise BadFile(file.name, None, "not UTF-8 text") from why
    except BadRow as why:
        raise BadFile(file.name, None, str(why)) from why
    found = board.get("parameters")
    if found is None and ("standings" in board or "players" in board):
        return {}
    if not isinstance(found, dict):
        raise BadFile(file.name, None, 'no exported board: there are no "parameters"')
    return found
