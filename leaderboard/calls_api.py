"""Wildcard calls in the public API."""

from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import conditional_page
from ninja import Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchCall
from leaderboard.answers import RefusalOut, shared_for_a_second
from leaderboard.calls_shown import call_told, calls_told

router = Router()


class CallOut(Schema):
    number: int
    after: str  # the key of the round that it follows
    stage: str  # announced, open, closed, voting, over, decided
    places: int
    opens_at: str  # ISO 8601
    closes_at: str
    decides_at: str  # until then the panel votes


class CallsOut(Schema):
    calls: list[CallOut]  # the newest first


class ApplicantOut(Schema):
    slug: str
    name: str


class PanelCountOut(Schema):
    yes: int
    no: int
    abstain: int
    missing: int


class PanelVoteOut(Schema):
    seat: int  # whose on the panel, from 1
    verdict: str  # yes, no, abstain
    reason: str
    reason_ko: str


class ApplicationOut(Schema):
    team: str
    entry: ApplicantOut
    statement: str
    at: str  # ISO 8601
    count: PanelCountOut | None  # null until it is decided
    votes: list[PanelVoteOut]


class WithdrawnOut(Schema):
    team: str
    entry: ApplicantOut
    at: str  # ISO 8601


class CallOutcomeOut(Schema):
    admitted: list[ApplicantOut]  # empty: no one
    into: str | None  # the key of the round
    days: int  # by so many its end moved
    at: str
    reason: str
    reason_ko: str


class CallInFullOut(CallOut):
    text: str
    text_ko: str
    panel: int  # how many sit on it; 0 as long as nobody is named
    majority: int | None  # so many yes admit
    applications: list[ApplicationOut]  # empty until the call has closed
    withdrawn: list[WithdrawnOut]  # applications that their teams took back
    outcome: CallOutcomeOut | None


@router.get("/calls", response={200: CallsOut}, summary="Calls for more models after a final round")
@decorate_view(shared_for_a_second, conditional_page)
def all_calls(request: HttpRequest) -> dict[str, Any]:
    return {"calls": calls_told()}


@router.get("/calls/{int:number}", response={200: CallInFullOut, 404: RefusalOut}, summary="One of them in full")
@decorate_view(shared_for_a_second, conditional_page)
def one_call(request: HttpRequest, number: int) -> dict[str, Any]:
    """Who applies once it has closed; how the panel voted, and why, once two organizers have signed what followed."""
    found = call_told(number)
    if found is None:
        raise NoSuchCall
    return found
