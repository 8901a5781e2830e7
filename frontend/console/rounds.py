"""A round's page for organizers, and its steps: each explained before, and done by one or asked for by one of two."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import organizer_required, recently, signed_in
from frontend.console.deciding import as_typed, decided, moment, reasons
from frontend.console.words import ENTERING, PART_CHANGES, PARTS, ROLE_MARKS, STATES, round_words, step_words
from frontend.followed import done_in_words
from frontend.views import in_language
from leaderboard.cut.beacons import asks_for_beacon
from leaderboard.cut.inviting import invites
from leaderboard.keys import rounds_by
from leaderboard.later import announced_after
from leaderboard.models import (
    UNOPENED,
    Participation,
    ParticipationRole,
    ParticipationState,
    Proposal,
    Round,
    RoundState,
)
from leaderboard.participations import CHANGES, changeable
from leaderboard.rulebook import in_force
from leaderboard.seen import ChangedMeanwhile, seen_as
from leaderboard.signing import confirm_move, propose_move, waiting_proposal, withdraw_proposal
from leaderboard.states import MOVED_END, REOPENED, REOPENED_FROZEN, Step, move, next_steps

REPLACED = "replaced"
WITH_NEW_END = (MOVED_END, REOPENED, REOPENED_FROZEN)


@require_safe
@organizer_required
def round_page(request: HttpRequest, key: str) -> HttpResponse:
    contest = the_round(key)
    proposal = waiting_proposal(contest)
    return render(
        request,
        "frontend/console/round.html",
        {
            **about(contest),
            "unopened": contest.state in UNOPENED,
            "draft": contest.state == RoundState.DRAFT,
            "composite": bool(in_force(contest).components) and contest.state not in UNOPENED,
            "amendable": contest.state == RoundState.OPEN,
            "beacon": asks_for_beacon(contest),
            "invites": invites(contest),
            "admits": contest.state == RoundState.OPEN and not contest.leg,
            "field": field_rows(contest),
            "done": done_in_words(contest),
            "appeals": contest.appeals.count(),
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


def the_round(key: str) -> Round:
    return get_object_or_404(rounds_by(key).select_related("series", "gate"))


def about(contest: Round) -> dict[str, Any]:
    """What each page of a round says above."""
    return {
        "contest": contest,
        "title": in_language(contest.series.title, contest.series.title_ko),
        "state_words": STATES[contest.state],
        "seen": seen_as(contest),
        "later": announced_after(contest),
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
def step(request: HttpRequest, key: str, state: str) -> HttpResponse:
    """What a step would do, and then the step itself."""
    contest = the_round(key)
    to = RoundState(state) if state in RoundState.values else None
    found = next_steps(contest).get(to) if to else None
    if request.method == "POST" and to:
        problem = decided(request, contest, lambda kept: take(request, kept, to, found))
        if not problem:
            messages.success(request, done_words(contest, to, found))
            return redirect("console_round", key=key)
        return step_page(request, the_round(key), to, found, problem=problem)
    if found is None or to is None:
        raise Http404
    return step_page(request, contest, to, found)


def take(request: HttpRequest, contest: Round, to: RoundState, found: Step | None) -> None:
    """Raises CannotMove."""
    if found and found.of_two:
        propose_move(contest, to, by=signed_in(request), **reasons(request))
    else:
        wants_end = found in WITH_NEW_END
        ends_at = moment(request.POST.get("ends_at", "")) if wants_end else None
        move(contest, to, by=signed_in(request), ends_at=ends_at, **reasons(request))


def done_words(contest: Round, to: RoundState, found: Step | None) -> str:
    if found and found.of_two:
        return _("It waits for another organizer to confirm it.")
    return _("{round} is now: {state}.").format(round=round_words(contest), state=STATES[to])


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
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """The second signature: what was asked for, by whom and why; then the step."""
    return settle(request, key, "confirm", lambda proposal: confirm_move(proposal, by=signed_in(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    return settle(request, key, "withdraw", lambda proposal: withdraw_proposal(proposal, by=signed_in(request)))


def settle(request: HttpRequest, key: str, how: str, act: Callable[[Proposal], object]) -> HttpResponse:
    contest = the_round(key)
    proposal = waiting_proposal(contest)
    problem = ""
    if request.method == "POST":
        problem = decided(request, contest, lambda kept: act_on(kept, act))
        if not problem:
            messages.success(request, _("Confirmed and done.") if how == "confirm" else _("Withdrawn."))
            return redirect("console_round", key=key)
        contest = the_round(key)
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


def field_rows(contest: Round) -> list[dict[str, Any]]:
    """The entries of a round with what may become of each."""
    rows = contest.participations.select_related("entry__team").order_by("entry__slug")
    return [
        {
            "part": part,
            "word": PARTS[part.state],
            "mark": ROLE_MARKS.get(part.role, ""),
            "changes": possible(contest, part),
        }
        for part in rows
    ]


def possible(contest: Round, part: Participation) -> list[dict[str, Any]]:
    if not changeable(contest):
        return []
    states = sorted(CHANGES.get(ParticipationState(part.state), ()))
    named = [str(state) for state in states]
    if (
        contest.state == RoundState.OPEN
        and not contest.leg
        and ParticipationState.WITHDRAWN in states
        and part.role != ParticipationRole.REFERENCE
    ):
        named.append(REPLACED)
    return [{"to": name, "words": PART_CHANGES[name][0]} for name in named]
