"""A model's servers in words: how each is, what its checks found, and what it has answered otherwise since."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.doors import member_required
from accounts.models import Team
from frontend.followed import WORKER_STATES
from inference.canaries import QUESTIONS
from inference.draining import WorkerState, states
from inference.models import Beat, Drain, Worker
from inference.standing import drift_of, standing
from leaderboard.hosting import teams_host

QUIET = timedelta(seconds=30)  # what watches over a worker says so every five
CHECKING: Mapping[str | None, Any] = {
    "waiting": _("It waits to be checked."),
    "running": _("It is being checked. Meanwhile no battle comes to it."),
}
HELD_BY: Mapping[str, Any] = {
    "team": _("by its team"),
    "organizer": _("by an organizer"),
    "contest": _("by the contest, because its model went out"),
}


def servers_told(workers: QuerySet[Worker]) -> list[dict[str, Any]]:
    """Each with all that there is to tell."""
    now = states(workers)
    return [told(worker, now[worker.pk]) for worker in workers.select_related("entry", "beat").order_by("url")]


def told(worker: Worker, state: WorkerState) -> dict[str, Any]:
    about = standing(worker)
    held = Drain.objects.filter(worker=worker, ended_at=None).order_by("cause").values_list("cause", flat=True)
    beat = Beat.objects.filter(worker=worker).first()
    return {
        "row": worker,
        "state": state,
        "words": WORKER_STATES[state],
        "held_by": [HELD_BY[cause] for cause in held],
        "in_service": state == WorkerState.IN_SERVICE,
        "gone": state == WorkerState.DRAINED or bool(worker.refused_because),
        "about": about,
        "checking": CHECKING.get(about["checking"], ""),
        "beat": beat,
        "quiet": beat is not None and timezone.now() - beat.said_at > QUIET,
        "drifts": [{"row": one, "question": QUESTIONS.get(one.prompt, one.prompt)} for one in drift_of(worker)],
    }


@require_safe
@member_required
def team_servers(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    """The servers of a team's models, for its members and for organizers."""
    entries = team.entries.order_by("slug")
    shown = [{"entry": one, "servers": servers_told(one.workers.all()), "hosts": teams_host(one)} for one in entries]
    return render(request, "frontend/team_servers.html", {"team": team, "entries": shown})
