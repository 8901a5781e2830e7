"""Who takes part in a round that has opened: each change explained before, for a public reason."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, recently, signed_in
from frontend.console.deciding import decided, reasons
from frontend.console.rounds import REPLACED, about, possible, the_round
from frontend.console.words import PART_CHANGES, PARTS
from inference.models import Entry
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.models import Participation, ParticipationState, Round, RoundState
from leaderboard.participations import (
    CannotChange,
    admit_wildcard,
    change_participation,
    replace_entry,
)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def change(request: HttpRequest, key: str, slug: str, state: str) -> HttpResponse:
    """Suspend, withdraw, disqualify or replace an entry, or take that back."""
    contest = the_round(key)
    part = get_object_or_404(contest.participations.select_related("entry__team"), entry__slug=slug)
    if state not in PART_CHANGES:
        raise Http404
    problem = ""
    if request.method == "POST":
        problem = decided(request, contest, lambda kept: take(request, part, state))
        if not problem:
            messages.success(request, _("{entry}: done.").format(entry=part.entry.name))
            return redirect("console_round", key=key)
        contest = the_round(key)
        part.refresh_from_db()
    now_possible = state in {one["to"] for one in possible(contest, part)}
    if not now_possible and not problem:
        raise Http404
    words, does = PART_CHANGES[state]
    context = {
        **about(contest),
        "part": part,
        "part_words": PARTS[part.state],
        "possible": now_possible,
        "words": words,
        "does": does,
        "with_run_off": bool(contest.leg or run_off_that_counts(contest)),
        "newcomers": newcomers(contest).filter(team=part.team_id) if state == REPLACED else [],
        "wants_newcomer": state == REPLACED,
        "typed": request.POST.dict(),
        "problem": problem,
    }
    return render(request, "frontend/console/part.html", context, status=409 if problem else 200)


def take(request: HttpRequest, part: Participation, state: str) -> None:
    """Raises CannotChange."""
    by = signed_in(request)
    if state == REPLACED:
        replace_entry(part, newcomer(request), by=by, **reasons(request))
    else:
        change_participation(part, ParticipationState(state), by=by, **reasons(request))


def newcomer(request: HttpRequest) -> Entry:
    """The entry that the form names. Raises CannotChange."""
    found = Entry.objects.filter(slug=request.POST.get("entry", "")).first()
    if found is None:
        raise CannotChange(_("no model was chosen"))
    return found


def newcomers(contest: Round) -> Any:
    """Entries that have no part in the round."""
    return Entry.objects.exclude(participations__round=contest).select_related("team").order_by("team__name", "name")


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def admit(request: HttpRequest, key: str) -> HttpResponse:
    """A wildcard: one more entry in an open round."""
    contest = the_round(key)
    problem = ""
    if request.method == "POST":
        problem = decided(
            request,
            contest,
            lambda kept: admit_wildcard(kept, newcomer(request), by=signed_in(request), **reasons(request)),
        )
        if not problem:
            messages.success(request, _("It takes part from the next battle on."))
            return redirect("console_round", key=key)
        contest = the_round(key)
    elif contest.state != RoundState.OPEN:
        raise Http404
    context = {
        **about(contest),
        "newcomers": newcomers(contest),
        "typed": request.POST.dict(),
        "problem": problem,
    }
    return render(request, "frontend/console/admit.html", context, status=409 if problem else 200)
