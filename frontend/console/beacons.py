"""The public random number of a round, for organizers: named beforehand, entered by one, confirmed by another."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, recently, signed_in
from frontend.console.deciding import as_typed, decided, moment
from frontend.console.rounds import about, the_round
from frontend.cuts import beacon_as_drawn
from frontend.eligibility import evidence_as_drawn
from leaderboard.cut.beacons import (
    asks_for_beacon,
    beacon_told,
    network_of,
    standing_beacon,
    value_of,
    waiting_value,
)
from leaderboard.cut.drawing import (
    ENTERED_IN,
    NAMED_IN,
    Chosen,
    confirm_value,
    enter_value,
    name_beacon,
    withdraw_value,
)
from leaderboard.cut.networks import NETWORKS
from leaderboard.evidence import read_evidence
from leaderboard.models import BeaconValue, Round
from leaderboard.rulebook import TieStep, in_force
from leaderboard.seen import ChangedMeanwhile
from leaderboard.states import clock


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def beacon(request: HttpRequest, key: str) -> HttpResponse:
    """What is named and known, and the form for what comes next."""
    contest = the_round(key)
    if request.method != "POST":
        if not asks_for_beacon(contest):
            raise Http404
        return beacon_page(request, contest)
    act, words = ACTS.get(request.POST.get("do", ""), (None, ""))
    if act is None:
        raise Http404
    problem = decided(request, contest, lambda kept: act(request, kept))
    if problem:
        return beacon_page(request, the_round(key), problem=problem)
    messages.success(request, str(words))
    return redirect("console_beacon", key=key)


def name(request: HttpRequest, kept: Round) -> None:
    """Raises CannotDraw."""
    typed = request.POST.get("number", "").strip()
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else 0 if typed else None
    at = request.POST.get("at", "")
    name_beacon(kept, Chosen(request.POST.get("network", ""), number, moment(at)), by=signed_in(request))


def enter(request: HttpRequest, kept: Round) -> None:
    """Raises CannotDraw, NoEvidence."""
    evidence = read_evidence(request.POST.get("evidence", ""))
    enter_value(kept, request.POST.get("value", ""), evidence, by=signed_in(request))


def confirm(request: HttpRequest, kept: Round) -> None:
    """Raises CannotDraw, ChangedMeanwhile."""
    confirm_value(the_value(request, kept), by=signed_in(request))


def withdraw(request: HttpRequest, kept: Round) -> None:
    """Raises CannotDraw, ChangedMeanwhile."""
    withdraw_value(the_value(request, kept), by=signed_in(request))


def the_value(request: HttpRequest, kept: Round) -> BeaconValue:
    """The value that was shown, if it still waits. Raises ChangedMeanwhile."""
    named = standing_beacon(kept)
    waits = waiting_value(named) if named else None
    if waits is None or str(waits.pk) != request.POST.get("waits"):
        raise ChangedMeanwhile
    return waits


ACTS: dict[str, tuple[Callable[[HttpRequest, Round], None] | None, Any]] = {
    "name": (name, gettext_lazy("It is named, and everybody can see it.")),
    "enter": (enter, gettext_lazy("It waits for another organizer to confirm it.")),
    "confirm": (confirm, gettext_lazy("Confirmed and done.")),
    "withdraw": (withdraw, gettext_lazy("Withdrawn.")),
}


def beacon_page(request: HttpRequest, contest: Round, *, problem: str = "") -> HttpResponse:
    now, named = clock(), standing_beacon(contest)
    told, waits = beacon_told(contest), waiting_value(named) if named else None
    comes_in = contest.state in ENTERED_IN and named is not None and named.published_at <= now
    context = {
        **about(contest),
        "beacon": told and beacon_as_drawn(told),
        "can_name": named is None and contest.state in NAMED_IN and contest.ends_at > now,
        "too_late": named is None and (contest.state in ENTERED_IN or contest.ends_at <= now),
        "can_enter": named is not None and comes_in and not waits and not value_of(named),
        "digits": network_of(named).digits if named else 0,
        "waits": waits,
        "waits_evidence": evidence_as_drawn(waits.evidence) if waits else [],
        "mine": bool(waits and waits.entered_by_id == signed_in(request).pk),
        "networks": [(str(value), one.title, int(one.period.total_seconds())) for value, one in NETWORKS.items()],
        "typed": request.POST.dict() or {"at": as_typed(proposed(contest))},
        "problem": problem,
    }
    return render(request, "frontend/console/beacon.html", context, status=409 if problem else 200)


def proposed(contest: Round) -> datetime:
    """A moment after the votes are in, those of a run-off that is called within two days among them."""
    rules = in_force(contest)
    held = TieStep.RUN_OFF in rules.tie_chain
    run_off = timedelta(days=2, hours=rules.run_off.notice_hours + rules.run_off.hours) if held else timedelta()
    return contest.ends_at + run_off + timedelta(hours=1)
