"""Whether entries may compete, in the organizers' hands: verdicts by one or by two."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import organizer_required, recently, signed_in
from frontend.console.allegations import buttons
from frontend.console.deciding import done
from frontend.console.rounds import about, the_round
from frontend.eligibility import axes_as_drawn, evidence_as_drawn, in_full, parts_of, raised_by_round, verdicts_by_part
from frontend.eligibility_words import AXES, OUTCOMES
from frontend.views import in_language
from leaderboard.evidence import read_evidence
from leaderboard.models import Axis, Outcome, Participation, Round, VerdictProposal
from leaderboard.rulebook import in_force
from leaderboard.seen import ChangedMeanwhile
from leaderboard.states import held
from leaderboard.verdicts import (
    GIVEN_IN,
    CannotJudge,
    Finding,
    confirm_verdict,
    give_verdict,
    needs_two,
    propose_verdict,
    verdict_on,
    waiting_verdict,
    withdraw_verdict,
)

TYPED = ("reason", "reason_ko", "findings", "findings_ko", "why_anew", "why_anew_ko", "reviewer")


@require_safe
@organizer_required
def overview(request: HttpRequest, key: str) -> HttpResponse:
    """Who has which verdict, what waits for a second signature, and what is alleged."""
    contest = the_round(key)
    parts = parts_of(contest)
    given = verdicts_by_part(parts)
    return render(
        request,
        "frontend/console/eligibility.html",
        {
            **about(contest),
            "wanted": [AXES[axis] for axis in in_force(contest).eligibility],
            "open": contest.state in GIVEN_IN and not contest.leg,
            "rows": [
                {
                    "part": part,
                    "axes": [
                        axis | {"waits": waiting_verdict(part, Axis(axis["axis"]))}
                        for axis in axes_as_drawn(given.get(part.pk, {}))
                    ],
                }
                for part in parts
            ],
            "allegations": [
                in_full(one) | {"buttons": buttons(one)}
                for one in raised_by_round(contest, [part.entry for part in parts])
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def judge(request: HttpRequest, key: str, slug: str, axis: str) -> HttpResponse:
    """What a verdict does, and the verdict itself: given at once, or asked for where it takes two."""
    contest, part, on = the_part(key, slug, axis)
    problem = ""
    if request.method == "POST":
        asked: list[bool] = []
        problem = judged(request, contest, part, on, lambda: asked.append(give_or_ask(request, part, on)))
        if not problem:
            said = _("It waits for another organizer to confirm it.") if asked[0] else _("The verdict is given.")
            messages.success(request, said)
            return redirect("console_eligibility", key=key)
        contest = the_round(key)
    stands = verdict_on(part, on)
    context = {
        **about_part(contest, part, on),
        "outcomes": OUTCOMES.items(),
        "anew": stands is not None,
        "overturns": stands is not None and stands.outcome == Outcome.FAILED,
        "open": contest.state in GIVEN_IN and not contest.leg,
        "waits": waiting_verdict(part, on),
        "typed": request.POST.dict(),
        "problem": problem,
    }
    return render(request, "frontend/console/verdict.html", context, status=409 if problem else 200)


def give_or_ask(request: HttpRequest, part: Participation, axis: Axis) -> bool:
    """Whether it has to be confirmed by another. Raises CannotJudge, NoEvidence."""
    said = finding(request)
    if needs_two(said.outcome, verdict_on(part, axis)):
        propose_verdict(part, axis, said, by=signed_in(request))
        return True
    give_verdict(part, axis, said, by=signed_in(request))
    return False


def finding(request: HttpRequest) -> Finding:
    """What the form says. Raises CannotJudge, NoEvidence."""
    outcome = request.POST.get("outcome", "")
    if outcome not in Outcome.values:
        raise CannotJudge(_("no verdict was chosen"))
    words = {name: request.POST.get(name, "") for name in TYPED}
    return Finding(Outcome(outcome), evidence=read_evidence(request.POST.get("evidence", "")), **words)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def confirm(request: HttpRequest, key: str, slug: str, axis: str) -> HttpResponse:
    """The second signature: what was asked for, by whom and why; then the verdict."""
    return settle(request, (key, slug, axis), "confirm", lambda one: confirm_verdict(one, by=signed_in(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def withdraw(request: HttpRequest, key: str, slug: str, axis: str) -> HttpResponse:
    return settle(request, (key, slug, axis), "withdraw", lambda one: withdraw_verdict(one, by=signed_in(request)))


def settle(
    request: HttpRequest, named: tuple[str, str, str], how: str, act: Callable[[VerdictProposal], object]
) -> HttpResponse:
    contest, part, axis = the_part(*named)
    waits = waiting_verdict(part, axis)
    problem = ""
    if request.method == "POST":
        problem = judged(request, contest, part, axis, lambda: act_on(part, axis, act))
        if not problem:
            messages.success(request, _("Confirmed and done.") if how == "confirm" else _("Withdrawn."))
            return redirect("console_eligibility", key=contest.key)
        contest = the_round(contest.key)
        waits = waiting_verdict(part, axis)
    elif waits is None:
        raise Http404
    context = {
        **about_part(contest, part, axis),
        "how": how,
        "waits": waits,
        "asked": waits and asked_as_drawn(waits),
        "problem": problem,
    }
    return render(request, "frontend/console/verdict_settle.html", context, status=409 if problem else 200)


def act_on(part: Participation, axis: Axis, act: Callable[[VerdictProposal], object]) -> None:
    waits = waiting_verdict(part, axis)
    if waits is None:
        raise ChangedMeanwhile
    act(waits)


def the_part(key: str, slug: str, axis: str) -> tuple[Round, Participation, Axis]:
    contest = the_round(key)
    part = get_object_or_404(contest.participations.select_related("entry__team", "round"), entry__slug=slug)
    if axis not in Axis.values:
        raise Http404
    return contest, part, Axis(axis)


def judged(request: HttpRequest, contest: Round, part: Participation, axis: Axis, act: Callable[[], object]) -> str:
    """Do it to what was shown, and to nothing in between; "", or why it was not done."""

    def on_what_was_shown() -> None:
        held(contest)
        if seen_of(part, axis) != request.POST.get("seen", ""):
            raise ChangedMeanwhile
        act()

    return done(on_what_was_shown)


def seen_of(part: Participation, axis: Axis) -> str:
    """Stands for the verdict that holds and the one that waits."""
    stands, waits = verdict_on(part, axis), waiting_verdict(part, axis)
    return f"{stands.number if stands else 0}-{waits.pk if waits else 0}"


def about_part(contest: Round, part: Participation, axis: Axis) -> dict[str, Any]:
    """What each page on a verdict says above."""
    given = verdicts_by_part([part]).get(part.pk, {})
    return {
        **about(contest),
        "part": part,
        "axis": axis.value,
        "axis_words": AXES[axis],
        "stands": next(one["stands"] for one in axes_as_drawn(given) if one["axis"] == axis),
        "allegations": [in_full(one) for one in raised_by_round(contest, [part.entry]) if one.axis == axis],
        "seen": seen_of(part, axis),
    }


def asked_as_drawn(waits: VerdictProposal) -> dict[str, Any]:
    said = waits.said
    return {
        "outcome": said["outcome"],
        "words": OUTCOMES[said["outcome"]],
        "by": waits.asked_by.username,
        "at": waits.asked_at,
        "reason": in_language(said["reason"], said["reason_ko"]),
        "findings": in_language(said["findings"], said["findings_ko"]),
        "why_anew": in_language(said["why_anew"], said["why_anew_ko"]),
        "reviewer": said["reviewer"],
        "evidence": evidence_as_drawn(said["evidence"]),
    }
