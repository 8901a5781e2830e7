"""The pages of appeals: a round's for everybody, and a team's own, where its owners appeal and withdraw."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import RateLimitItemPerHour

from accounts.doors import member_required, signed_in
from accounts.models import Membership, Team
from arena.limits import spend
from arena.visitors import introduces_visitor
from frontend.countdown import countdown
from frontend.eligibility_words import AXES_SHORT, OUTCOMES
from frontend.views import in_language
from frontend.words import GROUNDS, RULING_EFFECTS, RULING_OUTCOMES
from leaderboard.appeals.files import FILE_BYTES, FILES, KINDS, Sent
from leaderboard.appeals.filing import (
    APPEALABLE,
    CannotAppeal,
    Statement,
    Unfit,
    appeals_of_team,
    file_appeal,
    may_file,
    refusal_of,
    taking_part,
    withdraw_appeal,
)
from leaderboard.appeals.ruling import conflict_of
from leaderboard.appeals.shown import appeal_told, appeals_told
from leaderboard.keys import rounds_by
from leaderboard.models import UNOPENED, Appeal, AppealFile, Round
from leaderboard.states import clock

FILED_AN_HOUR = 30  # of one person, refused ones too
FIELDS = ("ground", "text", "asks", "links")


@require_safe
@introduces_visitor
def round_appeals(request: HttpRequest, key: str) -> HttpResponse:
    found = appeals_told(key)
    if found is None:
        raise Http404
    end = found["appeals_end_at"] and datetime.fromisoformat(found["appeals_end_at"])
    return render(
        request,
        "frontend/appeals.html",
        {
            "told": found,
            "title": in_language(found["title"], found["title_ko"]),
            "has_board": found["state"] not in UNOPENED,
            "can_be_made": found["state"] in APPEALABLE and found["appeal_days"] > 0,
            "end_at": end,
            "end": countdown(end, _("The time for appeals is over.")),
            "appeals": [as_read(one) for one in reversed(found["appeals"])],
        },
    )


def as_read(told: Mapping[str, Any]) -> dict[str, Any]:
    """An appeal with its ruling, in the reader's language where it was written in it."""
    ruling = told["ruling"]
    return {
        **told,
        "ground_words": GROUNDS[told["ground"]],
        "filed_at": datetime.fromisoformat(told["filed_at"]),
        "ruling": {
            **ruling,
            "at": datetime.fromisoformat(ruling["at"]),
            "outcome_words": RULING_OUTCOMES[ruling["outcome"]],
            "effect_words": RULING_EFFECTS[ruling["effect"]],
            "verdict": ruling["verdict"] and verdict_as_read(ruling["verdict"]),
            "reasons": in_language(ruling["reasons"], ruling["reasons_ko"]),
            "dissents": [in_language(one["words"], one["words_ko"]) for one in ruling["dissents"]],
        },
    }


def verdict_as_read(told: Mapping[str, Any]) -> dict[str, Any]:
    return {**told, "axis_words": AXES_SHORT[told["axis"]], "outcome_words": OUTCOMES[told["outcome"]]}


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def team_appeals(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    """The team's appeals, for its members and the organizers; its owners make new ones."""
    refuse_rival(request, team)
    if request.method != "POST":
        return team_page(request, team)
    user = signed_in(request)
    spend(RateLimitItemPerHour(FILED_AN_HOUR), "appeal", str(user.pk))
    contest = get_object_or_404(Round.objects.filter(pk__in=under_appeal(team)), pk=whole(request.POST.get("round")))
    try:
        made = file_appeal(contest, team, statement(request), by=user)
    except CannotAppeal as why:
        return team_page(request, team, problem=why, status=400 if isinstance(why, Unfit) else 409)
    messages.success(request, _("Appeal {n} is filed. Two organizers will rule on it.").format(n=made.number))
    return redirect("team_appeals", slug=team.slug)


def refuse_rival(request: HttpRequest, team: Team) -> None:
    """An organizer who is a member of another team of the same round sees nothing of this one's. Raises 403."""
    user = signed_in(request)
    if Membership.objects.filter(team=team, user=user).exists():
        return
    contests = Round.objects.filter(participations__team=team).distinct()
    if any(conflict_of(contest, user) for contest in contests):
        raise PermissionDenied


def under_appeal(team: Team) -> list[int]:
    """The rounds with a published result in which the team took part, the newest first."""
    rounds = Round.objects.filter(state__in=APPEALABLE, run_off_of=None).order_by("-number")
    return [contest.pk for contest in rounds if taking_part(contest, team).exists()]


def whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def statement(request: HttpRequest) -> Statement:
    """What the form says; of a file no more is read than may be sent."""
    typed = {name: request.POST.get(name, "") for name in FIELDS}
    sent = request.FILES.getlist("files")[: FILES + 1]
    files = tuple(Sent(one.name or "", one.read(FILE_BYTES + 1)) for one in sent)
    return Statement(**typed, files=files)


def team_page(
    request: HttpRequest, team: Team, *, problem: CannotAppeal | None = None, status: int = 200
) -> HttpResponse:
    now, user = clock(), signed_in(request)
    contests = Round.objects.filter(pk__in=under_appeal(team)).select_related("series").order_by("-number")
    return render(
        request,
        "frontend/team_appeals.html",
        {
            "team": team,
            "owner": may_file(team, user),
            "rounds": [
                {
                    "row": contest,
                    "title": in_language(contest.series.title, contest.series.title_ko),
                    "refusal": refusal_of(contest, team, now=now),
                    "end": countdown(contest.appeals_end_at, _("The time for appeals is over.")),
                    "here": bool(problem) and str(contest.pk) == request.POST.get("round"),
                }
                for contest in contests
            ],
            "grounds": GROUNDS.items(),
            "kinds": ", ".join(KINDS),
            "files": FILES,
            "kilobytes": FILE_BYTES >> 10,
            "typed": request.POST.dict() if problem else {},
            "problem": problem and _("Nothing was filed: {why}.").format(why=problem),
            "appeals": [own(appeal) for appeal in appeals_of_team(team)],
        },
        status=status,
    )


def own(appeal: Appeal) -> dict[str, Any]:
    """One of the team's appeals as its members see it."""
    ruling = appeal.rulings.filter(confirmed_at__isnull=False).first()
    return {
        "row": appeal,
        "key": appeal.round.key,
        "round_title": in_language(appeal.round.series.title, appeal.round.series.title_ko),
        "ground_words": GROUNDS[appeal.ground],
        "files": appeal.files.defer("content"),
        "read": ruling and as_read(appeal_told(appeal, ruling)),
    }


@require_POST
@member_required
def withdraw(request: HttpRequest, team: Team, manages: bool, key: str, number: int) -> HttpResponse:
    found = one_of(team, key, number)
    try:
        withdraw_appeal(found, by=signed_in(request))
    except CannotAppeal as why:
        messages.error(request, _("Nothing was done: {why}.").format(why=why))
    else:
        messages.success(request, _("Appeal {n} is withdrawn.").format(n=number))
    return redirect("team_appeals", slug=team.slug)


@require_safe
@member_required
def download(request: HttpRequest, team: Team, manages: bool, key: str, number: int, place: int) -> HttpResponse:
    """A file that was sent with an appeal: to be kept, never to be shown or run here."""
    refuse_rival(request, team)
    file = get_object_or_404(AppealFile, appeal=one_of(team, key, number), number=place)
    answer = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
    return answer


def one_of(team: Team, key: str, number: int) -> Appeal:
    return get_object_or_404(team.appeals.select_related("round"), round__in=rounds_by(key), number=number)
