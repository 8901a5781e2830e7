"""Allegations in the organizers' hands: entered, settled, hidden after a rights notice; each explained before."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, recently, signed_in
from frontend.allegations import alleged
from frontend.console.deciding import done, reasons
from frontend.console.rounds import about, the_round
from frontend.eligibility import in_full, parts_of
from frontend.eligibility_words import AXES, SOURCES
from leaderboard.allegations import CHANGES, CannotAllege, hide, raise_allegation, settle, show, state_of
from leaderboard.allegations import held as held_allegation
from leaderboard.models import HIDDEN_DAYS, Allegation, AllegationState, Source
from leaderboard.seen import ChangedMeanwhile

# What may be done with one: on a button, and what that does.
STEPS: dict[str, tuple[Any, Any]] = {
    "upheld": (
        gettext_lazy("Uphold"),
        gettext_lazy("It is public that it was found true. Nobody goes out by this alone: that takes a verdict."),
    ),
    "dismissed": (gettext_lazy("Dismiss"), gettext_lazy("It is public that it was found untrue, or not shown.")),
    "withdrawn": (
        gettext_lazy("Withdraw"),
        gettext_lazy("Whoever raised it takes it back. It stays readable and cannot be opened again."),
    ),
    "open": (gettext_lazy("Open again"), gettext_lazy("The model's team can answer it again.")),
    "hide": (
        gettext_lazy("Hide"),
        gettext_lazy(
            "After a rights notice: for some days only organizers and the team it is about are shown what it says. "
            "That it is hidden, for how long and why, everybody sees. This can be done once."
        ),
    ),
    "show": (gettext_lazy("Show again"), gettext_lazy("Everybody can read it again, for good.")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Raise an allegation, the organizers' own or one that somebody from the public brought."""
    contest = the_round(key)
    problem = ""
    if request.method == "POST":
        problem = done(lambda: entered(request))
        if not problem:
            messages.success(request, _("The allegation is public."))
            return redirect("console_eligibility", key=key)
    context = {
        **about(contest),
        "entries": [part.entry for part in parts_of(contest)],
        "axes": AXES.items(),
        "sources": [(source, SOURCES[source]) for source in (Source.ORGANIZER, Source.PUBLIC)],
        "typed": request.POST.dict() or {"entry": request.GET.get("entry", "")},
        "problem": problem,
    }
    return render(request, "frontend/console/allege.html", context, status=409 if problem else 200)


def entered(request: HttpRequest) -> None:
    """Raises CannotAllege, NoEvidence."""
    source = request.POST.get("source", "")
    if source not in (Source.ORGANIZER, Source.PUBLIC):
        raise CannotAllege(_("it does not say who alleges it"))
    raise_allegation(*alleged(request), source=Source(source), by=signed_in(request))


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def change(request: HttpRequest, number: int, to: str) -> HttpResponse:
    """Settle an allegation, hide it or show it again, for a reason that everybody can read."""
    found = get_object_or_404(Allegation.objects.select_related("entry__team", "team", "round"), pk=number)
    if to not in STEPS:
        raise Http404
    problem = ""
    if request.method == "POST":
        problem = done(lambda: on_what_was_shown(request, found, lambda: take(request, found, to)))
        if not problem:
            messages.success(request, _("Done: {what}.").format(what=STEPS[to][0]))
            return redirect("console_eligibility", key=found.round.key)
    words, does = STEPS[to]
    now_possible = to in possible(found)
    if not now_possible and not problem:
        raise Http404
    context = {
        **about(found.round),
        "one": in_full(found),
        "to": to,
        "words": words,
        "does": does,
        "possible": now_possible,
        "most_days": HIDDEN_DAYS,
        "typed": request.POST.dict() or {"days": str(HIDDEN_DAYS)},
        "seen": seen_of(found),
        "problem": problem,
    }
    return render(request, "frontend/console/allegation.html", context, status=409 if problem else 200)


def take(request: HttpRequest, found: Allegation, to: str) -> None:
    """Raises CannotAllege."""
    by, why = signed_in(request), reasons(request)
    if to == "hide":
        days = request.POST.get("days", "")
        whole = days.isascii() and days.isdecimal() and len(days) < 4
        hide(found, days=int(days) if whole else 0, by=by, **why)
    elif to == "show":
        show(found, by=by, **why)
    else:
        settle(found, AllegationState(to), by=by, **why)


def possible(found: Allegation) -> list[str]:
    """What an organizer may do with it now."""
    drawn = in_full(found)
    steps = [
        step.value for step in CHANGES[state_of(found)] if step != AllegationState.WITHDRAWN or found.team_id is None
    ]
    if drawn["hidden_until"]:
        return [*steps, "show"]
    return steps if drawn["hidings"] else [*steps, "hide"]


def buttons(found: Allegation) -> list[dict[str, Any]]:
    return [{"to": to, "words": STEPS[to][0]} for to in possible(found)]


def on_what_was_shown(request: HttpRequest, found: Allegation, act: Callable[[], object]) -> None:
    """Raises ChangedMeanwhile."""
    if seen_of(held_allegation(found)) != request.POST.get("seen", ""):
        raise ChangedMeanwhile
    act()


def seen_of(found: Allegation) -> str:
    """Stands for what has become of it."""
    return f"{found.changes.count()}-{found.hidings.count()}-{found.rebuttals.count()}"
