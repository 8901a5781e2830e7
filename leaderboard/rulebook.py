"""A round's rulebook: typed, checked, and written in one way only, so that its digest names it.

What opens and amends it is in rounds.py and amending.py; what the arena needs of it is a row of arena.Terms.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from leaderboard.components import Component, refuse_bad_sum
from leaderboard.models import Axis, Round, RulebookVersion
from leaderboard.rules import Exact, Hundredths, Rules, Slug, Text


class BadRulebook(Exception):
    """No rulebook can be like that; the words name the rules in question."""


class TieStep(StrEnum):
    """How a cut that the votes leave open is settled; the first step that decides is the last one taken."""

    RUN_OFF = "run_off"
    HEAD_TO_HEAD = "head_to_head"
    COMPONENT = "component"
    SCORE = "score"
    EARLIER_SUBMISSION = "earlier_submission"
    BEACON = "beacon"


class Pairing(Rules):
    """Who meets whom. What stands beside the method is for `contrast`; see rating.Design."""

    method: Literal["uniform", "contrast"] = "contrast"
    floor: Annotated[Exact, Field(ge=0)] = Decimal(10)
    explore: Annotated[Exact, Field(gt=0, le=1)] = Decimal("0.5")
    cap: Annotated[Exact, Field(gt=1)] = Decimal(3)


class Ratings(Rules):
    """How votes become ratings; see rating.Settings."""

    prior: Annotated[Exact, Field(ge=0)] = Decimal("0.5")
    ties: Literal["half"] = "half"
    both_bad: Literal["half"] = "half"
    intervals: Literal["cautious"] = "cautious"


class RunOff(Rules):
    """How a tie at the line is played out: for how long, how long after it was called, and who may vote there."""

    hours: Annotated[int, Field(ge=1, le=1000)] = 72
    notice_hours: Annotated[int, Field(ge=0, le=1000)] = 24
    voters: Literal["anyone", "verified"] = "anyone"


class Rulebook(Rules):
    """All that is agreed before a round opens. Times are in days and hours, distances in Elo points."""

    format: Literal[1] = 1
    stage: Literal["round", "run_off"] = "round"
    cut_size: Annotated[int, Field(ge=0, le=32_767)] = 1
    score: Literal["arena", "composite"] = "arena"
    components: Annotated[tuple[Component, ...], Field(max_length=20)] = ()
    total: Annotated[Exact, Field(gt=0)] = Decimal(100)
    total_places: Annotated[int, Field(ge=0, le=4)] = 1
    scores_public: Literal["result", "at_once"] = "result"
    minimum_votes: Annotated[int, Field(ge=0, le=2_147_483_647)] = 30
    tie_band: Annotated[Exact, Field(ge=0)] = Decimal(12)
    fewest_voters: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    tie_chain: tuple[TieStep, ...] = (
        TieStep.RUN_OFF,
        TieStep.HEAD_TO_HEAD,
        TieStep.EARLIER_SUBMISSION,
        TieStep.BEACON,
    )
    tie_component: Slug | None = None
    run_off: RunOff = RunOff()
    voters: Literal["anyone", "verified"] = "anyone"
    voter_cap: Annotated[int, Field(ge=1, le=32_767)] = 10
    max_turns: Annotated[int, Field(ge=1, le=32_767)] = 6
    pace: Annotated[int, Field(ge=0, le=32_767)] = 150
    reveal: Literal["vote", "close"] = "vote"
    temperature: Annotated[Hundredths, Field(ge=0, le=2)] = Decimal("0.7")
    top_p: Annotated[Hundredths, Field(gt=0, le=1)] = Decimal(1)
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    system_prompt: Annotated[Text, Field(max_length=20_000)] = ""
    pairing: Pairing = Pairing()
    ratings: Ratings = Ratings()
    hosting: Literal["organizers", "teams"] = "organizers"
    references: tuple[Slug, ...] = ()
    eligibility: tuple[Axis, ...] = ()
    freeze_hours: Annotated[int, Field(ge=0, le=1000)] = 0
    appeal_days: Annotated[int, Field(ge=0, le=365)] = 10
    appellants: Literal["field", "out"] = "field"
    old_votes: Literal["anchors"] = "anchors"

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> "Rulebook":
        for name in ("tie_chain", "references", "eligibility"):
            found = getattr(self, name)
            if len(set(found)) < len(found):
                raise ValueError(f"{name}: one is named twice")
        return self

    @model_validator(mode="after")
    def _breaks_ties_in_one_place(self) -> "Rulebook":
        if self.stage == "round" and not self.tie_chain:
            raise ValueError("tie_chain: it names no step, and a tie would stay one")
        if self.stage == "run_off" and self.tie_chain:
            raise ValueError("tie_chain: who is tied in a run-off is told apart by the steps of its round")
        return self

    @model_validator(mode="after")
    def _scores_by_what_it_names(self) -> "Rulebook":
        if (self.score == "composite") != bool(self.components):
            raise ValueError("components: a composite score is made of some, and the score of the arena of none")
        if self.components:
            refuse_bad_sum(self.components, self.total)
        if TieStep.COMPONENT in self.tie_chain and not self.components:
            raise ValueError("tie_chain: there is no component beside the score of the arena")
        if (TieStep.COMPONENT in self.tie_chain) != (self.tie_component is not None):
            raise ValueError("tie_component: the tie chain goes by a component, and here it is named which")
        if self.tie_component is not None and self.tie_component not in [one.name for one in self.components]:
            raise ValueError(f"tie_component: there is no component {self.tie_component}")
        return self

    def canonical(self) -> str:
        """The one spelling: JSON with sorted keys and without spaces, decimals as strings."""
        told = self.model_dump(mode="json")
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    """SHA-256 of the text as UTF-8, which is what `sha256sum` says of the published file."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_rulebook(text: str | bytes) -> Rulebook:
    """The rulebook that JSON means; what it leaves out is as usual. Raises BadRulebook."""
    try:
        json.loads(text, object_pairs_hook=_once_each)
        return Rulebook.model_validate_json(text)
    except ValidationError as why:
        raise BadRulebook(
            "; ".join(_said(fault["loc"], fault["type"], fault["msg"]) for fault in why.errors())
        ) from None
    except (ValueError, RecursionError) as why:
        raise BadRulebook(f"this is no JSON text: {why}") from None


def changed(rules: Rulebook, changes: Mapping[str, Any]) -> Rulebook:
    """The rulebook with these rules instead of its own. Raises BadRulebook."""
    return read_rulebook(json.dumps(rules.model_dump(mode="json") | dict(changes), default=str))


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _said(place: tuple[int | str, ...], kind: str, words: str) -> str:
    name = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        return f"there is no rule {name}"
    words = words.removeprefix("Value error, ")
    return f"{name}: {words[0].lower()}{words[1:]}" if name else words


def version_of(contest: Round, version: int | None = None) -> RulebookVersion | None:
    """A version of the round's rulebook; without a number, the one in force."""
    versions = RulebookVersion.objects.filter(round=contest).order_by("-version")
    return (versions if version is None else versions.filter(version=version)).first()


def in_force(contest: Round) -> Rulebook:
    """The rules of the round as they are now; before it opens, those it is to open with."""
    return read_rulebook(rulebook_bytes(contest))


def rulebook_bytes(contest: Round) -> bytes:
    """The rulebook in force, byte by byte as its digest was made of it; before the round opens, its draft."""
    found = version_of(contest)
    return (found.content if found else contest.draft).encode()


def freezing(rules: Rulebook, ends_at: datetime) -> datetime | None:
    """When the board of a round with such an end stands still; None if it does not."""
    return ends_at - timedelta(hours=rules.freeze_hours) if rules.freeze_hours else None
