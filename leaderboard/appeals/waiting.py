"""What of a round's appeals stands between a result and its being final, and whom rulings let stay."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leaderboard.models import Appeal, ParticipationState, Round, RoundState, Ruling, RulingEffect, Transition

RUN_AGAIN = (RoundState.OPEN, RoundState.ANNULLED)


def waiting_appeals(contest: Round) -> QuerySet[Appeal]:
    """The appeals that are neither ruled on nor withdrawn."""
    return contest.appeals.filter(settled_at=None).select_related("team").order_by("number")


def rulings_in_force(contest: Round) -> QuerySet[Ruling]:
    """The confirmed rulings, in the order in which they took effect."""
    found = Ruling.objects.filter(appeal__round=contest, confirmed_at__isnull=False)
    return found.select_related("appeal__team", "part__entry").order_by("confirmed_at", "pk")


def carried_out_by(ruling: Ruling) -> Transition | None:
    """The step that carried out a re-run: the first after the ruling that let votes in again, or annulled the round."""
    later = ruling.appeal.round.transitions.filter(number__gt=ruling.after_step or 0, to_state__in=RUN_AGAIN)
    return later.order_by("number").first() if ruling.effect == RulingEffect.RE_RUN else None


def re_runs_owed(contest: Round) -> list[Ruling]:
    """The re-runs that were ordered and that no step has carried out yet."""
    ordered = rulings_in_force(contest).filter(effect=RulingEffect.RE_RUN)
    return [ruling for ruling in ordered if carried_out_by(ruling) is None]


def refusal_to_finish(contest: Round) -> str | None:
    """Why the result cannot become final yet, in words; None if no appeal stands in the way."""
    if waiting := list(waiting_appeals(contest)):
        told = ", ".join(f"{one.number} ({one.team.name})" for one in waiting)
        return _("appeals wait for a ruling: {appeals}").format(appeals=told)
    if owed := re_runs_owed(contest):
        told = ", ".join(str(one.appeal.number) for one in owed)
        return _("the ruling on appeal {n} wants votes to come in again, or the round annulled").format(n=told)
    return None


@dataclass(frozen=True, slots=True)
class Reinstated:
    """Who stays by a ruling. kept: it would go out and nobody goes instead; otherwise the cut is among the others."""

    ruling: Ruling
    kept: bool


def reinstated(contest: Round) -> dict[str, Reinstated]:
    """Who stays by a ruling, by slug, as long as the result against which it was made has not been taken back."""
    last = contest.transitions.filter(to_state__in=RUN_AGAIN).order_by("-number").first()
    rulings = rulings_in_force(contest).filter(effect=RulingEffect.REINSTATE, after_step__gt=last.number if last else 0)
    return {
        ruling.part.entry.slug: Reinstated(
            ruling, kept=ruling.was == ParticipationState.ELIMINATED and not ruling.in_its_place
        )
        for ruling in rulings
        if ruling.part
    }
