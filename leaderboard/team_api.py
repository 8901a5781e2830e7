"""The API for a team's own scripts: its workers, with a token. Team A sees nothing of team B's."""

from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.cache import never_cache
from ninja import Field, Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.security import HttpBearer
from pydantic import StringConstraints

from accounts.audit import record
from accounts.models import Team, Token
from accounts.teams import subject_of
from accounts.tokens import token_shown
from arena.refusals import (
    BadWorker,
    NoSuchEntry,
    NoSuchWorker,
    NoToken,
    TeamsDoNotHost,
    TokenMayNot,
    TokenOnlyReads,
)
from inference.addresses import BadAddress
from inference.draining import drain, resume, states
from inference.entries import Unfit, enter_worker
from inference.models import Drain, DrainCause, Entry, ServingState, Worker
from inference.serving.beats import hear_beat
from inference.serving.files import Files
from inference.standing import standing
from leaderboard.answers import RefusalOut
from leaderboard.consequences import read_only_since
from leaderboard.hosting import have_checked, teams_host
from leaderboard.quotas import charge_token


class TeamToken(HttpBearer):
    """Whose token it is; a missing or bad one is refused as everything is."""

    def __call__(self, request: HttpRequest) -> Token:
        found: Token | None = super().__call__(request)
        if found is None:
            raise NoToken
        charge_token(request, found)
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return token_shown(token)


router = Router(auth=TeamToken())
REFUSED = {401: RefusalOut, 403: RefusalOut, 404: RefusalOut, 429: RefusalOut}


class CheckOut(Schema):
    check: str  # free, address, files, models, stream, pace, hang_up, canaries
    words: str
    passed: bool
    reason: str  # why not; empty where it was passed
    found: str


class DriftOut(Schema):
    question: str
    times: int  # answered otherwise than at registration so often
    of: int
    first_at: str  # ISO 8601
    last_at: str
    now: bool  # the last answer was such a one


class WorkerOut(Schema):
    id: int
    entry: str
    url: str
    served_name: str
    weights_digest: str  # of its files, as the machine that serves it says; empty where it says nothing
    chat_template_digest: str
    registered: bool  # it passed the checks; until then no battle comes to it, unless organizers entered it so
    refused_because: str  # unchecked, checking, or the code of the check that it did not pass
    reason: str  # the same in words
    pace: float | None  # characters a second of each of so many answers at once as it has slots
    checking: str | None  # waiting, running; null when there is nothing to wait for
    checks: list[CheckOut]  # the last that were made
    drift: list[DriftOut]
    healthy: bool
    checked_at: str | None  # ISO 8601
    slots: int  # replies it may work on at once
    dealt: int  # and so many more, from who went out on the same machine
    state: str  # in_service, draining, drained
    held_by: list[str]  # team, organizer, contest: who took it out of service


class TeamWorkersOut(Schema):
    team: str
    read_only: bool  # no model of the team is in any more
    workers: list[WorkerOut]


Name = Annotated[str, StringConstraints(max_length=60)]


class EntryOut(Schema):
    """What an entry's record says of how it is served; empty or null where nothing is stated."""

    slug: str
    weights_digest: str
    weights_revision: str
    chat_template_digest: str
    context_length: int | None
    reasoning: str  # off, on, auto


class TeamEntriesOut(Schema):
    team: str
    entries: list[EntryOut]


class BeatIn(Schema):
    state: ServingState = ServingState.SERVING
    metrics: Annotated[dict[Name, Annotated[float, Field(allow_inf_nan=False)]], Field(max_length=40)] = {}


class WorkerIn(Schema):
    entry: str
    url: str
    served_name: str
    slots: int = 8
    key: str | None = None  # null leaves the one that it has
    weights_digest: str = ""  # SHA-256; what docs/serving.md says of several files
    chat_template_digest: str = ""


@router.get("/team/entries", response={200: TeamEntriesOut, 401: RefusalOut}, summary="Your team's entries")
@decorate_view(never_cache)
def team_entries(request: HttpRequest) -> dict[str, Any]:
    """How each is to be served, as its record says."""
    team = token_of(request).team
    return {"team": team.slug, "entries": Entry.objects.filter(team=team).order_by("slug")}


@router.get("/team/workers", response={200: TeamWorkersOut, 401: RefusalOut}, summary="Your team's workers")
@decorate_view(never_cache)
def team_workers(request: HttpRequest) -> dict[str, Any]:
    """How they are, how many replies they may work on at once, and whether they are in service."""
    team = token_of(request).team
    return {"team": team.slug, "read_only": read_only_since(team) is not None, "workers": told(team)}


@router.post(
    "/team/workers",
    response={201: WorkerOut, 400: RefusalOut, **REFUSED, 422: RefusalOut},
    summary="Enter a worker, and have it checked",
)
@decorate_view(never_cache)
def enter(request: HttpRequest, wanted: WorkerIn) -> Status[dict[str, Any]]:
    """Where the rulebook lets teams host. No battle comes to it until it has passed the checks: ask again for those."""
    token = token_that_changes(request)
    entry = Entry.objects.filter(team=token.team, slug=wanted.entry).first()
    if entry is None:
        raise NoSuchEntry
    if not teams_host(entry):
        raise TeamsDoNotHost
    with transaction.atomic():
        try:
            how = wanted.dict(exclude={"entry", "weights_digest", "chat_template_digest"})
            worker = enter_worker(entry, **how, files=Files(wanted.weights_digest, wanted.chat_template_digest))
        except (Unfit, BadAddress) as why:
            raise BadWorker(str(why)) from None
        resume([worker], DrainCause.TEAM)
        have_checked(worker)
        record(None, "worker.entered", subject_of(token.team), url=worker.url, token=token.name)
    return Status(201, told_now(token.team, worker.pk))


@router.post(
    "/team/workers/{int:number}/heartbeat",
    response={200: WorkerOut, 400: RefusalOut, **REFUSED},
    summary="Say that one is there",
)
@decorate_view(never_cache)
def hear(request: HttpRequest, number: int, said: BeatIn) -> dict[str, Any]:
    """From what watches over it. Anything but `serving` takes it out of the rotation until it serves again."""
    token = token_that_changes(request)
    worker = worker_of(token.team, number)
    hear_beat(worker, said.state, said.metrics)
    return told_now(token.team, worker.pk)


@router.post(
    "/team/workers/{int:number}/drain", response={200: WorkerOut, **REFUSED}, summary="Take one out of service"
)
@decorate_view(never_cache)
def drain_worker(request: HttpRequest, number: int) -> dict[str, Any]:
    """No new battle comes to it, those under way are finished; after some minutes its `state` is `drained`."""
    return change(request, number, "worker.drained")


@router.post("/team/workers/{int:number}/resume", response={200: WorkerOut, **REFUSED}, summary="Let it back in")
@decorate_view(never_cache)
def resume_worker(request: HttpRequest, number: int) -> dict[str, Any]:
    """What the contest took out of service (`held_by`) stays out."""
    return change(request, number, "worker.resumed")


def token_of(request: HttpRequest) -> Token:
    token = request.auth  # type: ignore[attr-defined]  # ninja puts there what its door let through
    assert isinstance(token, Token)
    return token


@transaction.atomic
def change(request: HttpRequest, number: int, action: str) -> dict[str, Any]:
    """Drain or resume, and say how the worker is then."""
    token = token_that_changes(request)
    worker = worker_of(token.team, number)
    (drain if action == "worker.drained" else resume)([worker], DrainCause.TEAM)
    record(None, action, subject_of(token.team), url=worker.url, token=token.name)
    return told_now(token.team, worker.pk)


def token_that_changes(request: HttpRequest) -> Token:
    """Raises TokenMayNot, TokenOnlyReads."""
    token = token_of(request)
    if not token.workers:
        raise TokenMayNot
    if read_only_since(token.team):
        raise TokenOnlyReads
    return token


def worker_of(team: Team, number: int) -> Worker:
    """Raises NoSuchWorker."""
    worker = Worker.objects.filter(entry__team=team, pk=min(number, 2**63 - 1)).first()
    if worker is None:
        raise NoSuchWorker
    return worker


def told_now(team: Team, pk: int) -> dict[str, Any]:
    return next(one for one in told(team) if one["id"] == pk)


def told(team: Team) -> list[dict[str, Any]]:
    workers = Worker.objects.filter(entry__team=team)
    state = states(workers)
    held: dict[int, list[str]] = {}
    open_drains = Drain.objects.filter(worker__in=workers, ended_at=None).order_by("cause")
    for worker, cause in open_drains.values_list("worker", "cause"):
        held.setdefault(worker, []).append(cause)
    return [
        {
            "id": worker.pk,
            "entry": worker.entry.slug,
            "url": worker.url,
            "served_name": worker.served_name,
            "weights_digest": worker.weights_digest,
            "chat_template_digest": worker.chat_template_digest,
            **standing(worker),
            "healthy": worker.healthy,
            "checked_at": worker.checked_at.isoformat() if worker.checked_at else None,
            "slots": worker.slots,
            "dealt": worker.dealt,
            "state": state[worker.pk],
            "held_by": held.get(worker.pk, []),
        }
        for worker in workers.select_related("entry").order_by("entry__slug", "pk")
    ]
