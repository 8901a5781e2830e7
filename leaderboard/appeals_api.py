"""The appeals of a round in the public API."""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import conditional_page
from ninja import Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchRound
from leaderboard.answers import RefusalOut, shared_for_a_second
from leaderboard.appeals.shown import appeals_told

router = Router()


class NameOut(Schema):
    slug: str
    name: str


class EvidenceOut(Schema):
    url: str
    digest: str  # SHA-256 of what stood there; empty where nobody took it


class FileOut(Schema):
    name: str
    size: int
    sha256: str


class DissentOut(Schema):
    at: str  # ISO 8601
    words: str
    words_ko: str


class RuledVerdictOut(Schema):
    entry: NameOut
    axis: str  # technical, policy or ethical
    outcome: str  # passed, conditional or failed
    number: int  # on this axis, from 1


class RulingOut(Schema):
    outcome: str  # granted, partly or dismissed
    effect: str  # none, recompute, reinstate, verdict or re_run
    at: str  # ISO 8601
    reasons: str
    reasons_ko: str
    reinstated: NameOut | None
    in_its_place: bool  # whether the next one goes out instead of who was reinstated
    verdict: RuledVerdictOut | None  # by which the ruling judged a model anew
    decision: int | None  # the edition of the round's decision that it made
    carried_out_by: int | None  # of a re-run: the number of the round's step
    dissents: list[DissentOut]


class AppealOut(Schema):
    number: int
    team: NameOut
    ground: str  # counting, scoring, eligibility, procedure or conduct
    filed_at: str  # ISO 8601
    text: str
    asks: str
    evidence: list[EvidenceOut]
    files: list[FileOut]  # for the team and the organizers; their digests for all
    ruling: RulingOut


class AppealsOut(Schema):
    round: int
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    appellants: str  # field or out
    appeal_days: int
    appeals_end_at: str | None
    filed: int
    waiting: int  # not told before they are ruled on
    withdrawn: int  # not told at all
    appeals: list[AppealOut]


@router.get("/rounds/{key}/appeals", response={200: AppealsOut, 404: RefusalOut}, summary="Appeals against a result")
@decorate_view(shared_for_a_second, conditional_page)
def round_appeals(request: HttpRequest, key: str) -> dict[str, Any]:
    """Those that were ruled on, with the rulings; of the others only how many there are."""
    found = appeals_told(key)
    if found is None:
        raise NoSuchRound
    return found
