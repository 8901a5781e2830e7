"""The API for a team's own scripts: its workers, with a token. Team A sees nothing of team B's."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.cache import never_cache
from limits import RateLimitItemPerMinute
from ninja import Router, Schema
from ninja.decorators import decorate_view
from ninja.security import HttpBearer

from accounts.audit import record
from accounts.models import Team, Token
from accounts.teams import subject_of
from accounts.tokens import token_shown
from arena.limits import spend
from arena.refusals import NoSuchWorker, NoToken, TokenMayNot, TokenOnlyReads
from inference.draining import drain, resume, states
from inference.models import Drain, DrainCause, Worker
from leaderboard.answers import RefusalOut
from leaderboard.consequences import read_only_since

A_MINUTE = 120  # requests of one token


class TeamToken(HttpBearer):
    """Whose token it is; a missing or bad one is refused as everything is."""

    def __call__(self, request: HttpRequest) -> Token:
        found: Token | None = super().__call__(request)
        if found is None:
            raise NoToken
        spend(RateLimitItemPerMinute(A_MINUTE), "team-token", str(found.pk))
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return token_shown(token)


router = Router(auth=TeamToken())
REFUSED = {401: RefusalOut, 403: RefusalOut, 404: RefusalOut, 429: RefusalOut}


class WorkerOut(Schema):
    id: int
    entry: str
    url: str
    healthy: bool
    checked_at: str | None  # ISO 8601
    slots: int  # replies it may work on at once
    dealt: int  # and so many more, from who went out on the same machine
    state: str  # in_service, draining, drained
    held_by: list[str]  # team, contest: who took it out of service


class TeamWorkersOut(Schema):
    team: str
    read_only: bool  # no model of the team is in any more
    workers: list[WorkerOut]


@router.get("/team/workers", response={200: TeamWorkersOut, 401: RefusalOut}, summary="Your team's workers")
@decorate_view(never_cache)
def team_workers(request: HttpRequest) -> dict[str, Any]:
    """How they are, how many replies they may work on at once, and whether they are in service."""
    team = token_of(request).team
    return {"team": team.slug, "read_only": read_only_since(team) is not None, "workers": told(team)}


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
    """Drain or resume, and say how the worker is then. Raises TokenMayNot, TokenOnlyReads, NoSuchWorker."""
    token = token_of(request)
    if not token.workers:
        raise TokenMayNot
    if read_only_since(token.team):
        raise TokenOnlyReads
    worker = Worker.objects.filter(entry__team=token.team, pk=min(number, 2**63 - 1)).first()
    if worker is None:
        raise NoSuchWorker
    (drain if action == "worker.drained" else resume)([worker], DrainCause.TEAM)
    record(None, action, subject_of(token.team), url=worker.url, token=token.name)
    return next(one for one in told(token.team) if one["id"] == worker.pk)


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
            "healthy": worker.healthy,
            "checked_at": worker.checked_at.isoformat() if worker.checked_at else None,
            "slots": worker.slots,
            "dealt": worker.dealt,
            "state": state[worker.pk],
            "held_by": held.get(worker.pk, []),
        }
        for worker in workers.select_related("entry").order_by("entry__slug", "pk")
    ]
