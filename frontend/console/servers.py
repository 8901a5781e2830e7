"""A model and what serves it, in the organizers' hands: entered, checked, taken out of service and let back in."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, recently, signed_in
from accounts.models import Team
from frontend.console.deciding import done
from frontend.servers import servers_told
from inference.entries import Unfit
from inference.models import Entry, Worker
from leaderboard.hosting import (
    CannotHost,
    asked_of,
    check_again,
    enter_entry,
    enter_server,
    forget_server,
    let_in,
    take_out,
)

ACTS = {"check": check_again, "drain": take_out, "resume": let_in, "remove": forget_server}
DONE = {
    "enter": gettext_lazy("It is entered, and being checked."),
    "check": gettext_lazy("It is being checked. Meanwhile no battle comes to it."),
    "drain": gettext_lazy("No new battle comes to it; those under way are finished."),
    "resume": gettext_lazy("It is back in service."),
    "remove": gettext_lazy("It is removed."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def entry(request: HttpRequest, slug: str) -> HttpResponse:
    """One model: its servers with what the checks found, and what can be done with them."""
    found = get_object_or_404(Entry.objects.select_related("team"), slug=slug)
    problem, act = "", request.POST.get("do", "")
    if request.method == "POST":
        problem = done(lambda: take(request, found, act))
        if not problem:
            messages.success(request, str(DONE[act]))
            return redirect("console_entry", slug=slug)
    context = {
        "entry": found,
        "servers": servers_told(found.workers.all()),
        "pace": asked_of(found)["pace"],
        "typed": request.POST.dict() if problem and act == "enter" else {"slots": "8", "extra_body": "{}"},
        "problem": problem,
    }
    return render(request, "frontend/console/entry.html", context, status=409 if problem else 200)


def take(request: HttpRequest, found: Entry, act: str) -> None:
    """Raises CannotHost, Unfit, BadAddress."""
    by = signed_in(request)
    if act == "enter":
        enter_server(found, by=by, **as_entered(request))
        return
    number = request.POST.get("worker", "")
    pk = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0
    worker = Worker.objects.filter(entry=found, pk=pk).first()
    if worker is None or act not in ACTS:
        raise CannotHost(_("there is no such server any more"))
    ACTS[act](worker, by=by)


def as_entered(request: HttpRequest) -> dict[str, Any]:
    """What the form says. Raises Unfit."""
    typed = request.POST
    try:
        extra = json.loads(typed.get("extra_body", "").strip() or "{}")
    except (ValueError, RecursionError):
        extra = None
    if not isinstance(extra, dict):
        raise Unfit(_("what is sent along must be a JSON object, as {example}").format(example="{}"))
    slots = typed.get("slots", "")
    return {
        "url": typed.get("url", ""),
        "served_name": typed.get("served_name", ""),
        "slots": int(slots) if slots.isascii() and slots.isdecimal() and len(slots) < 6 else 0,
        "key": typed.get("key") or None,  # nothing typed: the one that it has
        "extra_body": extra,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def new(request: HttpRequest) -> HttpResponse:
    """One more model of a team."""
    problem = ""
    if request.method == "POST":
        made: list[Entry] = []
        typed = {name: request.POST.get(name, "").strip() for name in ("slug", "name", "team")}
        problem = done(lambda: made.append(enter_entry(**typed, by=signed_in(request))))
        if not problem:
            return redirect("console_entry", slug=made[0].slug)
    context = {"teams": Team.objects.order_by("name"), "typed": request.POST.dict(), "problem": problem}
    return render(request, "frontend/console/entry_new.html", context, status=409 if problem else 200)
