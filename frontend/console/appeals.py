"""Appeals in the organizers' hands: read, ruled on by a proposal, confirmed by another one, dissented from."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.doors import organizer_required, recently, signed_in
from accounts.models import User
from frontend.console.deciding import decided
from frontend.console.rounds import about, the_round
from frontend.console.words import PARTS, RULING_DOES
from frontend.eligibility_words import AXES, AXES_SHORT, OUTCOMES
from frontend.letters import send_letter
from frontend.views import in_language
from frontend.words import GROUNDS, RULING_EFFECTS, RULING_OUTCOMES
from leaderboard.appeals.refusals import CannotRule
from leaderboard.appeals.ruling import (
    Verdict,
    confirm_ruling,
    conflict_of,
    dissent,
    foresee,
    propose_ruling,
    reinstatable,
    waiting_ruling,
    withdraw_ruling,
)
from leaderboard.appeals.waiting import carried_out_by
from leaderboard.eligibility import facing_gate
from leaderboard.models import Appeal, RoundState, Ruling, RulingEffect
from leaderboard.seen import ChangedMeanwhile


@require_safe
@organizer_required
def appeals(request: HttpRequest, key: str) -> HttpResponse:
    """All appeals of a round: what waits, and what was ruled."""
    contest = the_round(key)
    rows = contest.appeals.select_related("team").order_by("-number")
    return render(
        request,
        "frontend/console/appeals.html",
        {**about(contest), "appeals": [{"row": row, **heading(row)} for row in rows]},
    )


def heading(appeal: Appeal) -> dict[str, Any]:
    """Where an appeal stands, in words."""
    ruled = appeal.rulings.filter(confirmed_at__isnull=False).first()
    return {
        "ground_words": GROUNDS[appeal.ground],
        "outcome_words": ruled and RULING_OUTCOMES[ruled.outcome],
        "to_confirm": waiting_ruling(appeal) is not None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def appeal(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One appeal with all that was said on it, and the forms for what can be said next."""
    found = the_appeal(key, number)
    if request.method == "POST":
        act, words = ACTS.get(request.POST.get("do", ""), (None, ""))
        if act is None:
            raise Http404
        problem = decided(request, found.round, lambda kept: act(request, found))
        if not problem:
            messages.success(request, str(words))
            return redirect("console_appeal", key=key, number=number)
        return appeal_page(request, the_appeal(key, number), problem=problem)
    return appeal_page(request, found)


def the_appeal(key: str, number: int) -> Appeal:
    contest = the_round(key)
    return get_object_or_404(contest.appeals.select_related("team", "filed_by", "round"), number=number)


def propose(request: HttpRequest, found: Appeal) -> None:
    """Raises CannotRule."""
    judges = request.POST.get("effect") == RulingEffect.VERDICT
    said = Verdict(
        outcome=request.POST.get("outcome", ""),
        effect=request.POST.get("effect", ""),
        reasons=request.POST.get("reasons", ""),
        reasons_ko=request.POST.get("reasons_ko", ""),
        entry=request.POST.get("judged" if judges else "entry", ""),
        axis=request.POST.get("axis", ""),
        finding=request.POST.get("finding", ""),
        in_its_place=request.POST.get("in_its_place") == "yes",
    )
    propose_ruling(found, said, by=signed_in(request))


def take_back(request: HttpRequest, found: Appeal) -> None:
    """Raises CannotRule, ChangedMeanwhile."""
    withdraw_ruling(the_ruling(request, found), by=signed_in(request))


def object_to(request: HttpRequest, found: Appeal) -> None:
    """Raises CannotRule, ChangedMeanwhile."""
    words = {name: request.POST.get(name, "") for name in ("words", "words_ko")}
    dissent(the_ruling(request, found), by=signed_in(request), **words)


def the_ruling(request: HttpRequest, found: Appeal) -> Ruling:
    """The ruling that was shown, if it still stands. Raises ChangedMeanwhile."""
    ruling = found.rulings.filter(withdrawn_by=None).first()
    if ruling is None or str(ruling.pk) != request.POST.get("ruling"):
        raise ChangedMeanwhile
    return ruling


ACTS: dict[str, tuple[Any, Any]] = {
    "propose": (propose, gettext_lazy("It waits for another organizer to confirm it.")),
    "withdraw": (take_back, gettext_lazy("Withdrawn.")),
    "dissent": (object_to, gettext_lazy("Your dissent is kept and published with the ruling.")),
}


def appeal_page(request: HttpRequest, found: Appeal, *, problem: str = "") -> HttpResponse:
    user, contest = signed_in(request), found.round
    rulings = found.rulings.select_related("proposed_by", "confirmed_by", "withdrawn_by", "part__entry")
    stands = next((one for one in rulings if one.withdrawn_by_id is None), None)
    heard = contest.state == RoundState.APPEAL
    conflict = conflict_of(contest, user)
    context = {
        **about(contest),
        **heading(found),
        "appeal": found,
        "files": found.files.defer("content"),
        "conflict": conflict,
        "heard": heard,
        "rulings": [ruling_as_drawn(one) for one in rulings],
        "stands": stands,
        "can_rule": heard and not conflict and found.waits and stands is None,
        "can_confirm": heard and not conflict and stands and stands.waits and stands.proposed_by_id != user.pk,
        "can_withdraw": heard and not conflict and stands and stands.waits,
        "can_dissent": heard and not conflict and stands and may_dissent(stands, user),
        "outcomes": RULING_OUTCOMES.items(),
        "effects": [(value, words, RULING_DOES[value]) for value, words in RULING_EFFECTS.items()],
        "reinstatable": [(part.entry, PARTS[part.state]) for part in reinstatable(found)],
        "judgeable": [part.entry for part in facing_gate(contest)],
        "axes": AXES.items(),
        "findings": OUTCOMES.items(),
        "typed": request.POST.dict(),
        "problem": problem,
    }
    return render(request, "frontend/console/appeal.html", context, status=409 if problem else 200)


def may_dissent(ruling: Ruling, user: User) -> bool:
    signed = user.pk in (ruling.proposed_by_id, ruling.confirmed_by_id)
    return not signed and not ruling.dissents.filter(by=user).exists()


def ruling_as_drawn(ruling: Ruling) -> dict[str, Any]:
    step = carried_out_by(ruling) if ruling.confirmed_at else None
    return {
        "row": ruling,
        "outcome_words": RULING_OUTCOMES[ruling.outcome],
        "effect_words": RULING_EFFECTS[ruling.effect],
        "judged": ruling.axis and f"{AXES_SHORT[ruling.axis]}: {OUTCOMES[ruling.finding]}",
        "reasons": in_language(ruling.reasons, ruling.reasons_ko),
        "dissents": [
            {"by": one.by.username, "words": in_language(one.words, one.words_ko)}
            for one in ruling.dissents.select_related("by")
        ],
        "carried_out_by": step,
        "owed": ruling.effect == "re_run" and ruling.confirmed_at and step is None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def confirm(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The second signature: all that is ruled and what it would change, and then the ruling itself."""
    found, user = the_appeal(key, number), signed_in(request)
    problem = ""
    if request.method == "POST":
        problem = decided(request, found.round, lambda kept: confirm_ruling(the_ruling(request, found), by=user))
        if not problem:
            messages.success(request, _("Confirmed and done."))
            if not tell_team(request, found):
                messages.error(request, _("The team could not be told by mail; it sees the ruling on its page."))
            return redirect("console_appeal", key=key, number=number)
        found = the_appeal(key, number)
    ruling = waiting_ruling(found)
    if ruling is None and not problem:
        raise Http404
    context = {
        **about(found.round),
        **heading(found),
        "appeal": found,
        "conflict": conflict_of(found.round, user),
        "files": found.files.defer("content"),
        "ruling": ruling and ruling_as_drawn(ruling),
        "does": ruling and RULING_DOES[ruling.effect],
        **(foreseen(ruling, user) if ruling else {}),
        "problem": problem,
    }
    return render(request, "frontend/console/appeal_confirm.html", context, status=409 if problem else 200)


def tell_team(request: HttpRequest, found: Appeal) -> bool:
    """Write to the team's members that their appeal was ruled on. False where the mail server does not take it."""
    address = request.build_absolute_uri(reverse("team_appeals", args=[found.team.slug]))
    about = {"team": found.team.name, "n": found.number, "round": found.round.key, "link": address}
    members = found.team.members.exclude(email="").filter(is_active=True).order_by("pk")
    # The first that is not taken ends it: nobody waits for a mail server that is away once a member.
    return all(send_letter("ruling", about, to=member.email) for member in members)


def foreseen(ruling: Ruling, user: User) -> dict[str, Any]:
    """What the ruling would change now, or why it could not be done."""
    try:
        changes = foresee(ruling, by=user)
    except CannotRule as why:
        return {"hindered": str(why)}
    return {"changes": [{"name": one.name, "before": PARTS[one.before], "after": PARTS[one.after]} for one in changes]}
