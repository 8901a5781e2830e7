"""Wildcard calls in the organizers' hands: made, given a panel, and signed by two. What follows is shown before."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import organizer_required, recently, signed_in
from accounts.models import User
from frontend.calls import DATES, STAGES, about
from frontend.console.deciding import as_typed, done, moment, reasons
from frontend.console.words import round_words
from leaderboard.calls import CannotCall, Stage, make_call, outcome_of, sitting, stage, standing, waiting_outcome
from leaderboard.calls_shown import calls_told
from leaderboard.models import Call, CallOutcome, Round, RoundState
from leaderboard.panels import (
    confirm_outcome,
    counts,
    plan,
    propose_outcome,
    ready,
    replace_panelist,
    seat_panel,
    withdraw_outcome,
)

DONE = {
    "seat": gettext_lazy("The panel is named."),
    "replace": gettext_lazy("The panel is changed."),
    "ask": gettext_lazy("It waits for another organizer to confirm it."),
    "confirm": gettext_lazy("Confirmed and done."),
    "withdraw": gettext_lazy("Withdrawn."),
}


@require_safe
@organizer_required
def calls(request: HttpRequest) -> HttpResponse:
    return render(request, "frontend/console/calls.html", {"calls": [about(told) for told in calls_told()]})


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def new(request: HttpRequest) -> HttpResponse:
    """A new call after a final round."""
    problem = ""
    if request.method == "POST":
        made: list[Call] = []
        problem = done(lambda: made.append(called(request)))
        if not problem:
            messages.success(request, _("The call is public."))
            return redirect("console_call", number=made[0].number)
    today = timezone.now().replace(minute=0, second=0, microsecond=0)
    stored = {name: as_typed(today + timedelta(days=7 * n)) for n, name in enumerate(DATES)}
    context = {
        "rounds": [
            {"key": one.key, "words": round_words(one)}
            for one in Round.objects.filter(state=RoundState.FINAL, leg=0).order_by("-number")
        ],
        "typed": request.POST.dict() if request.method == "POST" else {"places": "1", **stored},
        "problem": problem,
    }
    return render(request, "frontend/console/call_new.html", context, status=409 if problem else 200)


def called(request: HttpRequest) -> Call:
    """Raises CannotCall."""
    key, places = request.POST.get("round", ""), request.POST.get("places", "")
    after = Round.objects.filter(leg=0, number=whole(key)).first()
    if after is None:
        raise CannotCall(_("no round was chosen"))
    opens_at, closes_at, decides_at = (moment(request.POST.get(name, "")) for name in DATES)
    if opens_at is None or closes_at is None or decides_at is None:
        raise CannotCall(_("one of its dates is no date"))
    texts = {name: request.POST.get(name, "") for name in ("text", "text_ko")}
    dates = (opens_at, closes_at, decides_at)
    return make_call(after, by=signed_in(request), dates=dates, places=whole(places), **texts)


def whole(text: str) -> int:
    """The small number that was typed; 0 if it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def call(request: HttpRequest, number: int) -> HttpResponse:
    """Where it stands, what can be done now, and what that would do."""
    found = get_object_or_404(Call.objects.select_related("after"), number=number)
    problem = ""
    if request.method == "POST":
        act = request.POST.get("do", "")
        problem = done(lambda: take(request, found, act))
        if not problem:
            messages.success(request, str(DONE[act]))
            return redirect("console_call", number=number)
    return render(
        request,
        "frontend/console/call.html",
        {**seen_of(found, signed_in(request)), "typed": request.POST.dict(), "problem": problem},
        status=409 if problem else 200,
    )


def take(request: HttpRequest, found: Call, act: str) -> None:
    """Raises CannotCall."""
    by = signed_in(request)
    if act == "seat":
        seat_panel(found, named(request.POST.get("panel", "")), by=by)
    elif act == "replace":
        leaves, comes = (one_named(request.POST.get(name, "")) for name in ("leaves", "comes"))
        replace_panelist(found, leaves=leaves, comes=comes, by=by, **reasons(request))
    elif act == "ask":
        propose_outcome(found, by=by, **reasons(request))
    elif act in ("confirm", "withdraw"):
        waiting = waiting_outcome(found)
        if waiting is None:
            raise CannotCall(_("it has been settled already"))
        (confirm_outcome if act == "confirm" else withdraw_outcome)(waiting, by=by)
    else:
        raise CannotCall(_("there is no such step"))


def named(text: str) -> list[User]:
    """The accounts named in a list with commas. Raises CannotCall."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    possible = [name for name in names if name.isprintable()]
    people = {user.username: user for user in User.objects.filter(username__in=possible)}
    for name in names:
        if name not in people:
            raise CannotCall(_("there is no account {name}").format(name=name))
    return [people[name] for name in names]


def one_named(name: str) -> User:
    """Raises CannotCall."""
    people = named(name)
    if len(people) != 1:
        raise CannotCall(_("name one account"))
    return people[0]


def seen_of(found: Call, user: User) -> dict[str, Any]:
    """All that an organizer sees of a call: also votes that are not public yet."""
    waiting, at, so_far = waiting_outcome(found), stage(found), counts(found)
    return {
        "call": found,
        "stage": str(at),
        "stage_words": STAGES[at],
        "counts": so_far,
        "withdrawn": found.applications.exclude(withdrawal=None).select_related("team", "entry", "withdrawal"),
        "panel": [seat.user.username for seat in sitting(found).select_related("user")],
        "seats": at == Stage.CLOSED and standing(found).exists(),
        "replaces": at == Stage.VOTING and so_far and not any(one.yes + one.no + one.abstain for one in so_far),
        "asks": ready(found) and not waiting and at != Stage.DECIDED,
        "would": would(found) if ready(found) and at != Stage.DECIDED else None,
        "waiting": waiting and outcome_row(waiting),
        "mine": bool(waiting and waiting.asked_by_id == user.pk),
        "outcome": (settled := outcome_of(found)) and outcome_row(settled),
    }


def would(found: Call) -> dict[str, Any]:
    """What the panel's votes entail, with the dates: shown before anybody signs."""
    try:
        entailed = plan(found)
    except CannotCall as why:
        return {"hindrance": str(why)}
    into = entailed.into
    return {
        "names": [one.entry.name for one in entailed.admitted],
        "into": into and round_words(into),
        "days": entailed.days,
        "end": into and into.ends_at,
        "new_end": into and into.ends_at + timedelta(days=entailed.days),
    }


def outcome_row(outcome: CallOutcome) -> dict[str, Any]:
    rows = outcome.call.applications.filter(pk__in=outcome.admitted).select_related("entry")
    return {
        "row": outcome,
        "names": [row.entry.name for row in rows],
        "into": outcome.into and round_words(outcome.into),
    }
