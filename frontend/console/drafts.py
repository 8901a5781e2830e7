"""The forms of a round before it opens, and of its amendment after."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.audit import record
from accounts.doors import organizer_required, recently, signed_in
from frontend.console.rounds import about, as_typed, changed_words, moment, the_round
from frontend.console.rule_fields import shown, tie_chain_shown, typed_rules
from frontend.console.words import round_words
from inference.models import Entry
from leaderboard.amending import CannotAmend, NotKept, amend_round
from leaderboard.drafts import CannotOpen, change_draft, draft_round, entrants
from leaderboard.entering import CannotMove
from leaderboard.models import Round, RoundState
from leaderboard.rulebook import BadRulebook, Rulebook, changed, in_force
from leaderboard.seen import ChangedMeanwhile, refuse_changed
from leaderboard.states import begin, held, subject_of

DAYS = 30  # between the dates that a new form proposes

REFUSED = (CannotOpen, CannotAmend, CannotMove, NotKept, BadRulebook)


class NoDate(CannotOpen):
    """A date that is none; the words say which."""


def attempted(act: Callable[[], None]) -> str | None:
    """Do it in one transaction; or why it was not done."""
    try:
        with transaction.atomic():
            act()
    except ChangedMeanwhile:
        return changed_words()
    except REFUSED as why:
        return _("Nothing was done: {why}.").format(why=why)
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def new(request: HttpRequest) -> HttpResponse:
    """A new draft: as the last round was, unless told otherwise."""
    last = Round.objects.order_by("-number").first()
    rules = in_force(last) if last else Rulebook()
    if request.method == "POST":
        made: list[Round] = []
        problem = attempted(lambda: made.append(drafted(request, rules)))
        if problem is None:
            messages.success(request, _("The draft is there. Nobody but organizers sees it."))
            return redirect("console_round", number=made[0].number)
        return draft_page(request, None, rules, problem=problem)
    return draft_page(request, None, rules)


def drafted(request: HttpRequest, rules: Rulebook) -> Round:
    user = signed_in(request)
    opens_at, ends_at = dates(request)
    contest = draft_round(
        chosen(request), opens_at=opens_at, ends_at=ends_at, rulebook=changed(rules, typed_rules(rules, request.POST))
    )
    begin(contest, by=user, reason=request.POST.get("reason", ""), reason_ko=request.POST.get("reason_ko", ""))
    return contest


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def edit(request: HttpRequest, number: int) -> HttpResponse:
    contest = the_round(number)
    if request.method == "POST":
        problem = attempted(lambda: redrafted(request, contest))
        if problem is None:
            messages.success(request, _("The draft is changed."))
            return redirect("console_round", number=number)
        return draft_page(request, the_round(number), in_force(contest), problem=problem)
    if contest.state != RoundState.DRAFT:
        raise Http404
    return draft_page(request, contest, in_force(contest))


def redrafted(request: HttpRequest, contest: Round) -> None:
    kept = held(contest)
    refuse_changed(kept, request.POST.get("seen", ""))
    opens_at, ends_at = dates(request)
    rules = typed_rules(in_force(kept), request.POST)
    change_draft(kept, entries=chosen(request), opens_at=opens_at, ends_at=ends_at, rules=rules)
    record(signed_in(request), "round.draft_changed", subject_of(contest))


def dates(request: HttpRequest) -> tuple[Any, Any]:
    opens_at, ends_at = moment(request.POST.get("opens_at", "")), moment(request.POST.get("ends_at", ""))
    if opens_at is None:
        raise NoDate(_("the day on which it opens is no date"))
    if ends_at is None:
        raise NoDate(_("its end is no date"))
    return opens_at, ends_at


def chosen(request: HttpRequest) -> list[Entry]:
    return list(Entry.objects.filter(slug__in=request.POST.getlist("entries")).order_by("slug"))


def draft_page(request: HttpRequest, contest: Round | None, rules: Rulebook, *, problem: str = "") -> HttpResponse:
    typed = request.POST if request.method == "POST" else None
    tomorrow = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    stored = {
        "opens_at": as_typed(contest.opens_at if contest else tomorrow),
        "ends_at": as_typed(contest.ends_at if contest else tomorrow + timedelta(days=DAYS)),
    }
    if typed is not None:
        taking = set(typed.getlist("entries"))
    else:
        taking = {entry.slug for entry in entrants(contest)} if contest else set()
    context = {
        **(about(contest) if contest else {}),
        "problem": problem,
        "typed": typed.dict() if typed is not None else stored,
        "chapters": shown(rules, typed),
        "tie_chain": tie_chain_shown(rules, typed),
        "entries": [
            {"entry": entry, "taking": entry.slug in taking}
            for entry in Entry.objects.select_related("team").order_by("team__name", "name")
        ],
    }
    return render(request, "frontend/console/draft.html", context, status=409 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def amend(request: HttpRequest, number: int) -> HttpResponse:
    """Other rules for an open round, for a reason that everybody can read."""
    contest = the_round(number)
    problem = ""
    if request.method == "POST":
        problem = attempted(lambda: amended(request, contest)) or ""
        if not problem:
            messages.success(request, _("{round} has new rules.").format(round=round_words(number)))
            return redirect("console_round", number=number)
        contest = the_round(number)
    elif contest.state != RoundState.OPEN:
        raise Http404
    rules = in_force(contest)
    typed = request.POST if request.method == "POST" else None
    context = {
        **about(contest),
        "problem": problem,
        "typed": typed.dict() if typed is not None else {},
        "chapters": shown(rules, typed, opened=True),
    }
    return render(request, "frontend/console/amend.html", context, status=409 if problem else 200)


def amended(request: HttpRequest, contest: Round) -> None:
    kept = held(contest)
    refuse_changed(kept, request.POST.get("seen", ""))
    reason, reason_ko = request.POST.get("reason", ""), request.POST.get("reason_ko", "")
    made = amend_round(kept, typed_rules(in_force(kept), request.POST), reason=reason, reason_ko=reason_ko)
    record(
        signed_in(request),
        "round.amended",
        subject_of(contest),
        version=made.version,
        reason=reason,
        reason_ko=reason_ko,
    )
