"""A model's servers in words: how each is, what its checks found, and what it has answered otherwise since."""

from collections.abc import Mapping
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
from inference.models import QUIET, Beat, Drain, ServingState, Worker
from inference.standing import drift_of, standing
from leaderboard.hosting import teams_host

CHECKING: Mapping[str | None, Any] = {
    "waiting": _("It waits to be checked."),
    "running": _("It is being checked. Meanwhile no battle comes to it."),
}
HELD_BY: Mapping[str, Any] = {
    "team": _("by its team"),
    "organizer": _("by an organizer"),
    "contest": _("by the contest, because its model went out"),
}
BEATS: Mapping[str, Any] = {
    ServingState.SERVING: _("serves"),
    ServingState.RESTARTING: _("starts its engine again"),
    ServingState.DRAINING: _("lets what runs finish"),
    ServingState.STOPPED: _("has stopped"),
}
# By the names of inference/serving/readings.py: those that say how busy a server is.
READINGS: Mapping[str, Any] = {
    "running": _("works on {value:.0f}"),
    "waiting": _("{value:.0f} in its own queue"),
    "cache_share": _("cache {value:.0%} full"),
    "tokens_per_second": _("{value:,.0f} tokens a second"),
    "first_token_seconds": _("first token after {value:.2f} s"),
    "refused": _("{value:,.0f} refused since its start"),
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
        **beat_told(beat),
        "drifts": [{"row": one, "question": QUESTIONS.get(one.prompt, one.prompt)} for one in drift_of(worker)],
    }


def beat_told(beat: Beat | None) -> dict[str, Any]:
    """What watches over a server says of it; nothing of how busy it is once it has fallen silent."""
    if beat is None:
        return {}
    quiet = timezone.now() - beat.said_at > QUIET
    said = {} if quiet else beat.readings
    return {
        "beat": beat,
        "beat_words": BEATS[beat.state],
        "quiet": quiet,
        "readings": [str(words).format(value=said[name]) for name, words in READINGS.items() if name in said],
    }


@require_safe
@member_required
def team_servers(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    """The servers of a team's models, for its members and for organizers."""
    entries = team.entries.order_by("slug")
    shown = [{"entry": one, "servers": servers_told(one.workers.all()), "hosts": teams_host(one)} for one in entries]
    return render(request, "frontend/team_servers.html", {"team": team, "entries": shown})
