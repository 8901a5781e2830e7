"""What a decision rests on beside the votes, as data: the rules, the field, and what was found out at the line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self, get_args

from rating.composite import Normalisation
from rating.errors import BadGrounds
from rating.readings import (
    by_slug,
    canonical,
    decimal,
    digest_of,
    exact,
    figure,
    moment,
    parsed,
    perhaps,
    record,
    several,
    spelt,
    text,
    truth,
    whole,
)

STEPS = ("run_off", "head_to_head", "component", "score", "earlier_submission", "beacon")
SCORES = ("arena", "composite")


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a rulebook decides who goes."""

    cut_size: int = 1
    minimum_votes: int = 30
    tie_band: Decimal = Decimal(12)
    """Elo points; of a composite's totals only their errors make a tie."""
    fewest_voters: int = 20
    tie_chain: tuple[str, ...] = ("run_off", "head_to_head", "earlier_submission", "beacon")
    tie_component: str = ""
    """Which component the step `component` goes by."""
    score: str = "arena"

    def __post_init__(self) -> None:
        for step in self.tie_chain:
            if step not in STEPS:
                raise BadGrounds(f"rules.tie_chain: {step!r} is no step; known are {', '.join(STEPS)}")
        if len(set(self.tie_chain)) < len(self.tie_chain):
            raise BadGrounds("rules.tie_chain: a step stands twice")
        if self.score not in SCORES:
            raise BadGrounds(f"rules.score: {self.score!r} is none of {', '.join(SCORES)}")


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody on the board: whether the cut is about them, or why it is not."""

    slug: str
    competes: bool = True
    why: str = ""
    """Of who does not compete: reference, withdrawn, disqualified, ineligible, …"""
    submitted_at: str | None = None
    kept: bool = False
    """Whether a ruling lets it stay, whatever the votes say; nobody goes in its place."""


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a composite. Without scores it is the arena's: the ratings, to so many places."""

    name: str
    weight: Decimal
    normalisation: Normalisation
    maximum: Decimal | None = None
    places: int = 1
    scores: Mapping[str, Fraction] | None = None
    covariance: tuple[tuple[float, ...], ...] | None = None
    """Of the scores' errors, in their unit squared; rows and columns in the order of the slugs."""

    def __post_init__(self) -> None:
        wanted = len(self.scores or ())
        if self.covariance is not None and {len(self.covariance), *map(len, self.covariance)} != {wanted}:
            raise BadGrounds(f"component {self.name!r}: the covariance of {wanted} scores has as many rows and columns")


@dataclass(frozen=True, slots=True)
class RunOff:
    """What a run-off found: who of those in it stays, who goes, and its decisive votes."""

    key: str
    among: tuple[str, ...]
    stays: tuple[str, ...]
    goes: tuple[str, ...]
    wins: tuple[tuple[str, str, int], ...] = ()
    """How many counted votes the first won against the second."""
    digest: str = ""
    """Of the run-off's own decision."""

    def __post_init__(self) -> None:
        told = [*self.stays, *self.goes]
        if len(set(told)) < len(told) or not set(told) <= set(self.among):
            raise BadGrounds(f"run-off {self.key!r}: it decided of somebody twice, or of somebody who was not in it")


@dataclass(frozen=True, slots=True)
class Beacon:
    """A public random value, whose number was named before it existed, for all who competed."""

    source: str
    round: int
    among: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """Checked when made. Raises BadGrounds, naming what contradicts itself."""

    rules: Rules
    entrants: tuple[Entrant, ...]
    position: int = 0
    """The last vote that counts."""
    parts: tuple[Part, ...] = ()
    run_offs: tuple[RunOff, ...] = ()
    beacon: Beacon | None = None
    competing: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        slugs = [entrant.slug for entrant in self.entrants]
        if len(set(slugs)) < len(slugs):
            raise BadGrounds("field: somebody stands in it twice")
        if (self.rules.score == "composite") != bool(self.parts):
            raise BadGrounds("components: a composite needs some, and nothing else has any")
        if len({part.name for part in self.parts}) < len(self.parts):
            raise BadGrounds("components: two have one name")
        # Their order means nothing.
        object.__setattr__(self, "entrants", tuple(sorted(self.entrants, key=lambda one: one.slug)))
        object.__setattr__(self, "competing", frozenset(one.slug for one in self.entrants if one.competes))

    def canonical(self) -> str:
        """The one spelling, JSON."""
        return canonical(told(self))

    def digest(self) -> str:
        """SHA-256 of it."""
        return digest_of(self.canonical())

    @classmethod
    def read(cls, content: str | bytes) -> Self:
        """The grounds that this JSON tells. Raises BadGrounds."""
        given = record(parsed(content), "", WHOLE)
        if given["format"] != 1:
            raise BadGrounds(f"format: {given['format']} is not known here, only 1")
        rules = Rules(**record(given["rules"], "rules", RULES))
        return cls(
            rules=rules,
            entrants=given["field"],
            position=given["position"],
            parts=given["components"],
            run_offs=given["run_offs"],
            beacon=given["beacon"],
        )


def told(grounds: Grounds) -> dict[str, Any]:
    """As JSON has it; lists whose order means nothing are sorted."""
    rules = grounds.rules
    return {
        "format": 1,
        "rules": {
            "cut_size": rules.cut_size,
            "minimum_votes": rules.minimum_votes,
            "tie_band": f"{rules.tie_band:f}",
            "fewest_voters": rules.fewest_voters,
            "tie_chain": list(rules.tie_chain),
            "tie_component": rules.tie_component,
            "score": rules.score,
        },
        "position": grounds.position,
        "field": [{name: getattr(one, name) for name in ENTRANT} for one in grounds.entrants],
        "components": [told_part(part) for part in grounds.parts],
        "run_offs": [
            {
                "key": one.key,
                "among": sorted(one.among),
                "stays": sorted(one.stays),
                "goes": sorted(one.goes),
                "digest": one.digest,
                "wins": [{"winner": won, "loser": lost, "votes": n} for won, lost, n in sorted(one.wins)],
            }
            for one in grounds.run_offs
        ],
        "beacon": grounds.beacon
        and {
            "source": grounds.beacon.source,
            "round": grounds.beacon.round,
            "among": sorted(grounds.beacon.among),
            "value": grounds.beacon.value,
        },
    }


def told_part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "weight": f"{part.weight:f}",
        "normalisation": part.normalisation,
        "maximum": None if part.maximum is None else f"{part.maximum:f}",
        "places": part.places,
        "scores": None if part.scores is None else {slug: spelt(score) for slug, score in part.scores.items()},
        "covariance": None if part.covariance is None else [list(row) for row in part.covariance],
    }


def normalisation(given: Any, where: str) -> Any:
    if given not in get_args(Normalisation):
        raise BadGrounds(f"{where}: {given!r} is no normalisation")
    return given


def wins(given: Any, where: str) -> tuple[str, str, int]:
    found = record(given, where, {"winner": text, "loser": text, "votes": whole})
    return found["winner"], found["loser"], found["votes"]


def as_it_is(given: Any, where: str) -> Any:
    return given


ENTRANT = {"slug": text, "competes": truth, "why": text, "submitted_at": perhaps(moment), "kept": truth}
RULES = {
    "cut_size": whole,
    "minimum_votes": whole,
    "tie_band": decimal,
    "fewest_voters": whole,
    "tie_chain": several(text),
    "tie_component": text,
    "score": text,
}
PART = {
    "name": text,
    "weight": decimal,
    "normalisation": normalisation,
    "maximum": perhaps(decimal),
    "places": whole,
    "scores": perhaps(by_slug(exact)),
    "covariance": perhaps(several(several(figure))),
}
RUN_OFF = {
    "key": text,
    "among": several(text),
    "stays": several(text),
    "goes": several(text),
    "digest": text,
    "wins": several(wins),
}
BEACON = {"source": text, "round": whole, "among": several(text), "value": text}
WHOLE = {
    "format": whole,
    "rules": as_it_is,
    "position": whole,
    "field": several(lambda given, where: Entrant(**record(given, where, ENTRANT))),
    "components": several(lambda given, where: Part(**record(given, where, PART))),
    "run_offs": several(lambda given, where: RunOff(**record(given, where, RUN_OFF))),
    "beacon": perhaps(lambda given, where: Beacon(**record(given, where, BEACON))),
}
