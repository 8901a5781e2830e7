"""A round's page for organizers, and its steps: each explained before, and done by one or asked for by one of two."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import organizer_required, recently, signed_in
from frontend.console.words import ENTERING, STATES, round_words, step_words
from frontend.views import in_language
from leaderboard.entering import CannotMove
from leaderboard.models import UNOPENED, Proposal, Round, RoundState
from leaderboard.seen import ChangedMeanwhile, refuse_changed, seen_as
from leaderboard.signing import confirm_move, propose_move, waiting_proposal, withdraw_proposal
from leaderboard.states import MOVED_END, REOPENED, REOPENED_FROZEN, Step, held, move, next_steps

WITH_NEW_END = (MOVED_END, REOPENED, REOPENED_FROZEN)


@require_safe
@organizer_required
def round_page(request: HttpRequest, number: int) -> HttpResponse:
    contest = the_round(number)
    proposal = waiting_proposal(contest)
    return render(
        request,
        "frontend/console/round.html",
        {
            **about(contest),
            "unopened": contest.state in UNOPENED,
            "draft": contest.state == RoundState.DRAFT,
            "amendable": contest.state == RoundState.OPEN,
            "entries": contest.participations.select_related("entry__team").order_by("entry__slug"),
            "steps": [
                {"to": str(to), "words": step_words(contest.state, to)}
                for to in next_steps(contest)
                if to != RoundState.FROZEN or contest.freezes_at
            ],
            "proposal": proposal and told(proposal),
            "mine": bool(proposal and proposal.asked_by_id == signed_in(request).pk),
            "transitions": [
                {"row": row, "words": STATES[row.to_state], "reason": in_language(row.reason, row.reason_ko)}
                for row in contest.transitions.select_related("by", "confirmed_by").order_by("-number")
            ],
        },
    )


def the_round(number: int) -> Round:
    return get_object_or_404(Round.objects.select_related("series", "gate"), number=number)


def about(contest: Round) -> dict[str, Any]:
    """What each page of a round says above."""
    return {
        "contest": contest,
        "title": in_language(contest.series.title, contest.series.title_ko),
        "state_words": STATES[contest.state],
        "seen": seen_as(contest),
    }


def told(proposal: Proposal) -> dict[str, Any]:
    to = RoundState(proposal.to_state)
    return {
        "row": proposal,
        "words": step_words(proposal.from_state, to),
        "reason": in_language(proposal.reason, proposal.reason_ko),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def step(request: HttpRequest, number: int, state: str) -> HttpResponse:
    """What a step would do, and then the step itself."""
    contest = the_round(number)
    to = RoundState(state) if state in RoundState.values else None
    found = next_steps(contest).get(to) if to else None
    if request.method == "POST" and to:
        problem = attempted(request, contest, lambda held: take(request, held, to, found))
        if problem is None:
            messages.success(request, done_words(contest, to, found))
            return redirect("console_round", number=number)
        return step_page(request, the_round(number), to, found, problem=problem)
    if found is None or to is None:
        raise Http404
    return step_page(request, contest, to, found)


def take(request: HttpRequest, contest: Round, to: RoundState, found: Step | None) -> None:
    """Raises CannotMove."""
    reasons = {"reason": request.POST.get("reason", ""), "reason_ko": request.POST.get("reason_ko", "")}
    if found and found.of_two:
        propose_move(contest, to, by=signed_in(request), **reasons)
    else:
        wants_end = found in WITH_NEW_END
        ends_at = moment(request.POST.get("ends_at", "")) if wants_end else None
        move(contest, to, by=signed_in(request), ends_at=ends_at, **reasons)


def attempted(request: HttpRequest, contest: Round, act: Callable[[Round], None]) -> str | None:
    """Do it to the round as it was shown, and nothing in between; or why it was not done."""
    try:
        with transaction.atomic():
            kept = held(contest)
            refuse_changed(kept, request.POST.get("seen", ""))
            act(kept)
    except ChangedMeanwhile:
        return changed_words()
    except CannotMove as why:
        return _("Nothing was done: {why}.").format(why=why)
    return None


def changed_words() -> str:
    return _(
        "This was changed meanwhile, by somebody else or by the schedule. Nothing was done; what you wrote is still "
        "here. Look at how things stand now, and send it again if it is still right."
    )


def done_words(contest: Round, to: RoundState, found: Step | None) -> str:
    if found and found.of_two:
        return _("It waits for another organizer to confirm it.")
    return _("{round} is now: {state}.").format(round=round_words(contest.number), state=STATES[to])


def step_page(
    request: HttpRequest, contest: Round, to: RoundState, found: Step | None, *, problem: str = ""
) -> HttpResponse:
    possible = next_steps(contest)
    found = possible.get(to, found)
    return render(
        request,
        "frontend/console/step.html",
        {
            **about(contest),
            "to": str(to),
            "possible": to in possible,
            "words": step_words(contest.state, to),
            "does": found.does if found else "",
            "of_two": bool(found and found.of_two),
            "by_clock": bool(found and found.by_clock),
            "more": ENTERING.get(to, ""),
            "wants_end": found in WITH_NEW_END,
            "typed": typed(request, contest),
            "problem": problem,
        },
        status=409 if problem else 200,
    )


def typed(request: HttpRequest, contest: Round) -> Mapping[str, str]:
    """What somebody has written already."""
    if request.method == "POST":
        return request.POST.dict()
    return {"ends_at": as_typed(contest.ends_at)}


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    """The second signature: what was asked for, by whom and why; then the step."""
    return settle(request, number, "confirm", lambda proposal: confirm_move(proposal, by=signed_in(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    return settle(request, number, "withdraw", lambda proposal: withdraw_proposal(proposal, by=signed_in(request)))


def settle(request: HttpRequest, number: int, how: str, act: Callable[[Proposal], object]) -> HttpResponse:
    contest = the_round(number)
    proposal = waiting_proposal(contest)
    problem = None
    if request.method == "POST":
        problem = attempted(request, contest, lambda kept: act_on(kept, act))
        if problem is None:
            messages.success(request, _("Confirmed and done.") if how == "confirm" else _("Withdrawn."))
            return redirect("console_round", number=number)
        contest = the_round(number)
        proposal = waiting_proposal(contest)
    elif proposal is None:
        raise Http404
    context = {
        **about(contest),
        "how": how,
        "proposal": proposal and told(proposal),
        "does": next_steps(contest)[RoundState(proposal.to_state)].does if proposal else "",
        "problem": problem,
    }
    return render(request, "frontend/console/settle.html", context, status=409 if problem else 200)


def act_on(contest: Round, act: Callable[[Proposal], object]) -> None:
    proposal = waiting_proposal(contest)
    if proposal is None:
        raise ChangedMeanwhile
    act(proposal)


def moment(text: str) -> datetime | None:
    """The moment in Seoul that a form's field means; None if it means none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else timezone.make_aware(found)


def as_typed(at: datetime) -> str:
    """A moment as the field wants it."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")
