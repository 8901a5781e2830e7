"""The pages of wildcard calls: for everybody, for a team that applies, and for the panel that votes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import account_required, recently, signed_in
from accounts.models import Membership, Team
from arena.visitors import introduces_visitor
from frontend.views import in_language
from leaderboard.calls import CannotCall, Stage, applicants, apply, sitting, stage, standing, withdraw_application
from leaderboard.calls_shown import call_told, calls_told
from leaderboard.models import Call, PanelVerdict
from leaderboard.panels import cast_panel_vote
from leaderboard.reasons import TEXT_LENGTH

STAGES: Mapping[str, Any] = {
    "announced": gettext_lazy("Announced: teams cannot apply yet."),
    "open": gettext_lazy("Open: teams can apply."),
    "closed": gettext_lazy("Closed: the panel is being named."),
    "voting": gettext_lazy("The panel votes. Its votes are shown when all is decided."),
    "over": gettext_lazy("The time for votes is over. Two organizers sign what follows."),
    "decided": gettext_lazy("Decided."),
}
PANEL_VERDICTS: Mapping[str, Any] = {
    "yes": gettext_lazy("In favour"),
    "no": gettext_lazy("Opposed"),
    "abstain": gettext_lazy("Abstains"),
}
DATES = ("opens_at", "closes_at", "decides_at")


@require_safe
@introduces_visitor
def calls_page(request: HttpRequest) -> HttpResponse:
    return render(request, "frontend/calls.html", {"calls": [about(told) for told in calls_told()]})


@require_safe
@introduces_visitor
def call_page(request: HttpRequest, number: int) -> HttpResponse:
    told = call_told(number)
    if told is None:
        raise Http404
    return render(request, "frontend/call.html", {"call": as_read(told)})


def about(told: Mapping[str, Any]) -> dict[str, Any]:
    dates = {name: datetime.fromisoformat(told[name]) for name in DATES}
    return {**told, **dates, "stage_words": STAGES[told["stage"]]}


def as_read(told: Mapping[str, Any]) -> dict[str, Any]:
    """A call in the reader's language."""
    outcome = told["outcome"]
    return {
        **about(told),
        "text": in_language(told["text"], told["text_ko"]),
        "closed": told["stage"] not in (Stage.ANNOUNCED, Stage.OPEN),
        "applications": [application_as_read(one) for one in told["applications"]],
        "withdrawn": [{**one, "at": datetime.fromisoformat(one["at"])} for one in told["withdrawn"]],
        "outcome": outcome
        and {
            **outcome,
            "at": datetime.fromisoformat(outcome["at"]),
            "reason": in_language(outcome["reason"], outcome["reason_ko"]),
        },
    }


def application_as_read(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **told,
        "at": datetime.fromisoformat(told["at"]),
        "votes": [
            {
                "seat": vote["seat"],
                "verdict": vote["verdict"],
                "words": PANEL_VERDICTS[vote["verdict"]],
                "reason": in_language(vote["reason"], vote["reason_ko"]),
            }
            for vote in told["votes"]
        ],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@account_required
@introduces_visitor
def apply_page(request: HttpRequest, number: int) -> HttpResponse:
    """A team's application, by any of its members."""
    call = get_object_or_404(Call.objects.select_related("after"), number=number)
    teams = Team.objects.filter(memberships__user=signed_in(request)).order_by("name")
    problem = ""
    if request.method == "POST":
        team = teams.filter(slug=request.POST.get("team", "")).first()
        try:
            if team is None:
                raise PermissionDenied
            messages.success(request, applied_or_not(request, call, team))
            return redirect("call", number=number)
        except CannotCall as why:
            problem = _("Nothing was done: {why}.").format(why=why)
    context = {
        "call": call,
        "text": in_language(call.text, call.text_ko),
        "open": stage(call) == Stage.OPEN,
        "decided": stage(call) == Stage.DECIDED,
        "teams": [team_row(call, team) for team in teams],
        "typed": request.POST.dict(),
        "most": TEXT_LENGTH,
        "problem": problem,
    }
    return render(request, "frontend/apply.html", context, status=409 if problem else 200)


def applied_or_not(request: HttpRequest, call: Call, team: Team) -> str:
    """Do what the form asks for, and say what was done. Raises CannotCall."""
    by = signed_in(request)
    if request.POST.get("do") == "withdraw":
        withdraw_application(call, team=team, by=by)
        return _("Your team’s application is withdrawn.")
    said = {"entry_slug": request.POST.get("entry", ""), "statement": request.POST.get("statement", "")}
    apply(call, team=team, by=by, **said)
    return _("Your team has applied. It stays as you wrote it.")


def team_row(call: Call, team: Team) -> dict[str, Any]:
    return {
        "team": team,
        "applied": (applied := call.applications.filter(team=team).select_related("entry", "withdrawal").first()),
        "stands": applied is not None and standing(call).filter(pk=applied.pk).exists(),
        "entries": list(applicants(call, team)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@account_required
@recently
@introduces_visitor
def panel_page(request: HttpRequest, number: int) -> HttpResponse:
    """The applications, for those who vote on them."""
    call = get_object_or_404(Call.objects.select_related("after"), number=number)
    panelist = sitting(call).filter(user=signed_in(request)).first()
    if panelist is None:
        raise PermissionDenied
    problem = ""
    if request.method == "POST":
        found = get_object_or_404(call.applications, team__slug=request.POST.get("team", ""))
        said = {name: request.POST.get(name, "") for name in ("verdict", "reason", "reason_ko")}
        try:
            cast_panel_vote(found, by=signed_in(request), **said)
        except CannotCall as why:
            problem = _("Nothing was done: {why}.").format(why=why)
        else:
            messages.success(request, _("Your vote is kept. It cannot be changed."))
            return redirect("panel", number=number)
    votes = {vote.application_id: vote for vote in panelist.votes.all()}
    context = {
        "call": call,
        "text": in_language(call.text, call.text_ko),
        "voting": stage(call) == Stage.VOTING,
        "applications": [
            {"row": row, "vote": vote, "words": PANEL_VERDICTS[vote.verdict] if vote else ""}
            for row in standing(call).select_related("team", "entry")
            for vote in [votes.get(row.pk)]
        ],
        "verdicts": [(value, PANEL_VERDICTS[value]) for value in PanelVerdict.values],
        "conflict": Membership.objects.filter(user=panelist.user, team__applications__in=standing(call)).exists(),
        "typed": request.POST.dict(),
        "problem": problem,
    }
    return render(request, "frontend/panel.html", context, status=409 if problem else 200)
