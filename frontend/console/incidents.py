"""Incidents, as organizers tell everybody of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, signed_in
from frontend.console.deciding import as_typed, done, moment
from frontend.views import in_language
from leaderboard.incidents import Account, CannotReport, report_incident
from leaderboard.keys import rounds_by
from leaderboard.models import Round, RoundState

TEXTS = ("what", "what_ko", "done", "done_ko")


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def report(request: HttpRequest) -> HttpResponse:
    """What happened, from when to when, and what was done about it."""
    problem = ""
    if request.method == "POST":
        problem = done(lambda: reported(request))
        if not problem:
            messages.success(request, _("It stands in the public log."))
            return redirect("log")
    rounds = Round.objects.exclude(state=RoundState.DRAFT).select_related("series").order_by("-pk")
    context = {
        "rounds": [{"key": one.key, "title": in_language(one.series.title, one.series.title_ko)} for one in rounds],
        "typed": request.POST.dict() or {"began_at": as_typed(timezone.now())},
        "problem": problem,
    }
    return render(request, "frontend/console/incident.html", context, status=409 if problem else 200)


def reported(request: HttpRequest) -> None:
    """Raises CannotReport."""
    began_at, ended = moment(request.POST.get("began_at", "")), request.POST.get("ended_at", "")
    ended_at = moment(ended)
    if began_at is None or (ended and ended_at is None):
        raise CannotReport(_("when it was is no date"))
    key = request.POST.get("round", "")
    contest = rounds_by(key).first() if key else None
    if key and contest is None:
        raise CannotReport(_("there is no such round"))
    told = Account(began_at=began_at, ended_at=ended_at, **{name: request.POST.get(name, "") for name in TEXTS})
    report_incident(told, by=signed_in(request), contest=contest)
