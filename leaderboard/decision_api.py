"""The decision of a round in the public API, or what it would be if the round ended with the edition that is shown."""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import conditional_page
from ninja import Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchRound
from leaderboard.answers import RefusalOut, shared_for_a_second
from leaderboard.cut.preview import told
from leaderboard.models import UNOPENED
from leaderboard.timeline import public_round

router = Router()


class DecisionEditionOut(Schema):
    edition: int
    cause: str  # published or ruling
    at: str  # ISO 8601
    digest: str  # SHA-256 of the decision as it stands in the files
    goes: list[str]
    ineligible: list[str]  # who had not passed the gate then
    scores: bool  # whether a composite's scores were kept as they stood with it: /scores?edition=


class PreviewOut(Schema):
    number: int  # of the board
    position: int
    at: str
    set_aside: int  # votes
    decision: dict[str, Any]
    with_set_aside: dict[str, Any] | None  # null: no vote is set aside
    without_gate: dict[str, Any] | None  # null: the gate keeps nobody out


class BeaconOut(Schema):
    """The public random number named to decide a last tie, and its value once two organizers have entered it."""

    source: str
    chain: str  # its hash
    round: int  # which of the network's numbers
    address: str  # where the network tells it
    named_at: str
    published_at: str
    holds: bool  # false: the round's end has moved past it, so that another has to be named
    value: str | None
    evidence: list[dict[str, str]]
    confirmed_at: str | None


class RoundDecisionOut(Schema):
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    sealed: bool  # the total is not public before the result
    names: dict[str, str]
    editions: list[DecisionEditionOut]
    decision: dict[str, Any] | None  # as decision.json, the newest edition; null: none is in force
    grounds: dict[str, Any] | None  # as grounds.json
    beacon: BeaconOut | None  # null: none was named
    preview: PreviewOut | None  # null: decided, or not worked out yet


@router.get("/rounds/{key}/decision", response={200: RoundDecisionOut, 404: RefusalOut}, summary="Who is out, and why")
@decorate_view(shared_for_a_second, conditional_page)
def round_decision(request: HttpRequest, key: str) -> dict[str, Any]:
    """The decision in force; before there is one, what it would be, worked out once a minute."""
    contest = public_round(key)
    if contest is None or contest.state in UNOPENED:
        raise NoSuchRound
    return told(contest)
