"""A team's page of allegations: against its own models, to be answered; and against others', to be raised."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from limits import RateLimitItemPerHour

from accounts.doors import member_required, signed_in
from accounts.models import Membership, Team
from arena.limits import spend
from frontend.console.deciding import done, reasons
from frontend.eligibility import as_public, in_full
from frontend.eligibility_words import AXES
from inference.models import Entry
from leaderboard.allegations import REBUTTALS, CannotAllege, Words, allegations_against, raise_allegation, rebut, settle
from leaderboard.evidence import read_evidence
from leaderboard.models import UNOPENED, Allegation, AllegationState, Axis, Participation, ParticipationRole, Source
from leaderboard.reasons import TEXT_LENGTH

WORDS_AN_HOUR = 10  # of one person


@require_safe
@member_required
def allegations(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    return allegations_page(request, team)


def allegations_page(request: HttpRequest, team: Team, *, problem: str = "", about: str = "") -> HttpResponse:
    """about: which form was not taken, "raise" or the number of an allegation; the page keeps what was typed."""
    theirs = Allegation.objects.filter(team=team).values("entry")
    raised = [one for one in allegations_against(Entry.objects.filter(pk__in=theirs)) if one.team_id == team.pk]
    against = allegations_against(team.entries.all())
    competing = Entry.objects.filter(participations__in=opened()).exclude(team=team).distinct().order_by("name")
    return render(
        request,
        "frontend/allegations.html",
        {
            "team": team,
            "against": [in_full(one) for one in against],
            "raised": [as_public(one) | {"back": f"back-{one.pk}"} for one in raised],
            "member": is_member(request, team),
            "entries": competing,
            "axes": AXES.items(),
            "most": REBUTTALS,
            "length": TEXT_LENGTH,
            "problem": problem,
            "about": about,
            "typed": request.POST.dict() if problem else {},
        },
        status=409 if problem else 200,
    )


def opened() -> QuerySet[Participation]:
    """Who competes, or did, in a round that has opened."""
    parts = Participation.objects.exclude(role=ParticipationRole.REFERENCE)
    return parts.exclude(round__state__in=UNOPENED)


def is_member(request: HttpRequest, team: Team) -> bool:
    return Membership.objects.filter(team=team, user=signed_in(request)).exists()


def refuse_outsider(request: HttpRequest, team: Team) -> None:
    """Organizers see the page, too, and do not speak for the team. Raises PermissionDenied."""
    if not is_member(request, team):
        raise PermissionDenied


@require_POST
@member_required
def answer(request: HttpRequest, team: Team, manages: bool, number: int) -> HttpResponse:
    """Rebut an allegation against one of the team's models."""
    refuse_outsider(request, team)
    found = get_object_or_404(Allegation, pk=number, entry__team=team)
    return spoken(request, team, lambda: rebut(found, said(request), by=signed_in(request)), str(number))


@require_POST
@member_required
def allege(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    """Raise an allegation against another team's model."""
    refuse_outsider(request, team)
    by = signed_in(request)
    return spoken(
        request, team, lambda: raise_allegation(*alleged(request), source=Source.TEAM, by=by, team=team), "raise"
    )


@require_POST
@member_required
def take_back(request: HttpRequest, team: Team, manages: bool, number: int) -> HttpResponse:
    """Withdraw what the team has alleged."""
    refuse_outsider(request, team)
    found = get_object_or_404(Allegation, pk=number, team=team)
    by, why = signed_in(request), reasons(request)
    return spoken(request, team, lambda: settle(found, AllegationState.WITHDRAWN, by=by, **why), f"back-{number}")


def spoken(request: HttpRequest, team: Team, act: Callable[[], object], about: str) -> HttpResponse:
    """Say it in public, or say why not; with what was typed."""
    spend(RateLimitItemPerHour(WORDS_AN_HOUR), "allegation", str(signed_in(request).pk))
    problem = done(act)
    if problem:
        return allegations_page(request, team, problem=problem, about=about)
    messages.success(request, _("It is public now."))
    return redirect("allegations", slug=team.slug)


def alleged(request: HttpRequest) -> tuple[Entry, Axis, Words]:
    """Against whom, on which axis, and what. Raises CannotAllege, NoEvidence."""
    entry = Entry.objects.filter(slug=request.POST.get("entry", "").replace("\0", "")).select_related("team").first()
    axis = request.POST.get("axis", "")
    if entry is None:
        raise CannotAllege(_("no model was chosen"))
    if axis not in Axis.values:
        raise CannotAllege(_("it does not say what it is about: technical, policy or ethical"))
    return entry, Axis(axis), said(request)


def said(request: HttpRequest) -> Words:
    """What is said in the form. Raises NoEvidence."""
    text, text_ko = request.POST.get("text", ""), request.POST.get("text_ko", "")
    return Words(text, text_ko, read_evidence(request.POST.get("evidence", "")))
