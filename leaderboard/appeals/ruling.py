"""Ruling on an appeal: one organizer proposes, another one confirms, others may dissent; nobody in their own cause."""

from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import Team, User
from leaderboard.appeals.effects import carry_out, judge_anew
from leaderboard.appeals.filing import OUT, taking_part
from leaderboard.appeals.refusals import CannotRule
from leaderboard.eligibility import facing_gate
from leaderboard.models import (
    Appeal,
    Axis,
    Dissent,
    Outcome,
    Participation,
    Round,
    RoundState,
    Ruling,
    RulingEffect,
    RulingOutcome,
)
from leaderboard.reasons import as_text, text_amiss
from leaderboard.states import clock, held
from leaderboard.verdicts import verdict_on


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be ruled, and why. entry: the slug of whom it reinstates, or judges anew: on this axis, and how."""

    outcome: str
    effect: str = RulingEffect.NONE
    reasons: str = ""
    reasons_ko: str = ""
    entry: str = ""
    in_its_place: bool = False
    axis: str = ""
    finding: str = ""


def conflict_of(contest: Round, person: User) -> Team | None:
    """The team in this round that the organizer is a member of, if any.

    Who goes by a cut and who stays hangs together: what is ruled on one team's appeal is never nothing to another's.
    """
    return Team.objects.filter(memberships__user=person, participations__round=contest).order_by("name").first()


def reinstatable(appeal: Appeal) -> list[Participation]:
    """The team's entries that are out of the round."""
    return list(taking_part(appeal.round, appeal.team).filter(state__in=OUT).select_related("entry").order_by("pk"))


def waiting_ruling(appeal: Appeal) -> Ruling | None:
    """What is proposed and waits to be confirmed."""
    found = appeal.rulings.filter(withdrawn_by=None, confirmed_by=None)
    return found.select_related("proposed_by", "part__entry").first()


@transaction.atomic
def propose_ruling(appeal: Appeal, verdict: Verdict, *, by: User) -> Ruling:
    """Propose what to rule. It takes effect when another organizer confirms it. Raises CannotRule."""
    contest, appeal = _still_waiting(appeal, by)
    if waiting_ruling(appeal):
        raise CannotRule(_("a ruling on it waits to be confirmed; confirm or withdraw that first"))
    verdict = checked(verdict)
    part = named_part(appeal, verdict)
    try:
        with transaction.atomic():
            made = Ruling.objects.create(
                appeal=appeal,
                outcome=verdict.outcome,
                effect=verdict.effect,
                part=part,
                was=part.state if part and verdict.effect == RulingEffect.REINSTATE else "",
                in_its_place=verdict.in_its_place,
                axis=verdict.axis,
                finding=verdict.finding,
                reasons=verdict.reasons,
                reasons_ko=verdict.reasons_ko,
                proposed_by=by,
            )
    except IntegrityError:
        raise CannotRule(_("an outcome and an effect like these do not go together")) from None
    record(by, "ruling.proposed", contest.subject, n=appeal.number, outcome=verdict.outcome, effect=verdict.effect)
    return made


def checked(verdict: Verdict) -> Verdict:
    """The verdict in its one spelling. Raises CannotRule."""
    if verdict.outcome not in RulingOutcome.values or verdict.effect not in RulingEffect.values:
        raise CannotRule(_("a ruling has one of the outcomes and one of the effects that the form names"))
    if verdict.outcome == RulingOutcome.DISMISSED and verdict.effect != RulingEffect.NONE:
        raise CannotRule(_("a dismissed appeal has no effect"))
    if verdict.in_its_place and verdict.effect != RulingEffect.REINSTATE:
        raise CannotRule(_("nobody goes in the place of one who is not reinstated"))
    judges = verdict.effect == RulingEffect.VERDICT
    if judges and (verdict.axis not in Axis.values or verdict.finding not in Outcome.values):
        raise CannotRule(_("it does not say on which axis a model is judged anew, and how"))
    reasons, reasons_ko = as_text(verdict.reasons), as_text(verdict.reasons_ko)
    refuse_unsaid(reasons, reasons_ko)
    axis, finding = (verdict.axis, verdict.finding) if judges else ("", "")
    return replace(verdict, reasons=reasons, reasons_ko=reasons_ko, axis=axis, finding=finding)


def refuse_unsaid(words: str, words_ko: str) -> None:
    if not words:
        raise CannotRule(_("it needs reasons that everybody can read"))
    if wrong := text_amiss(words, words_ko):
        raise CannotRule(wrong)


def named_part(appeal: Appeal, verdict: Verdict) -> Participation | None:
    """Whom the ruling reinstates or judges anew, if it does. Raises CannotRule."""
    if verdict.effect == RulingEffect.VERDICT:
        return judged_part(appeal, verdict)
    if verdict.effect != RulingEffect.REINSTATE:
        return None
    found = [part for part in reinstatable(appeal) if verdict.entry in ("", part.entry.slug)]
    if len(found) != 1:
        raise CannotRule(_("it does not say which model of the team that is out is reinstated"))
    if verdict.in_its_place and found[0].state != OUT[0]:
        raise CannotRule(_("it did not go by the cut, so that nobody can go by it in its place"))
    return found[0]


def judged_part(appeal: Appeal, verdict: Verdict) -> Participation:
    """Whom it judges anew: anybody's model that the gate is about. Raises CannotRule."""
    part = next((one for one in facing_gate(appeal.round) if one.entry.slug == verdict.entry), None)
    if part is None:
        raise CannotRule(_("it does not say which model of the round, that has to pass the gate, is judged anew"))
    stands = verdict_on(part, Axis(verdict.axis))
    if stands and stands.outcome == verdict.finding:
        raise CannotRule(_("that verdict stands already"))
    return part


@transaction.atomic
def confirm_ruling(ruling: Ruling, *, by: User) -> Ruling:
    """Put in force what another organizer has proposed, and do what it says. Raises CannotRule."""
    contest, appeal = _still_waiting(ruling.appeal, by)
    ruling = _unsettled(ruling, contest)
    if by == ruling.proposed_by:
        raise CannotRule(_("who has proposed it cannot confirm it, too"))
    if conflict := conflict_of(contest, ruling.proposed_by):
        raise CannotRule(_in_their_own_cause(ruling.proposed_by, conflict))
    put_in_force(ruling, contest, by=by)
    appeal.settled_at = ruling.confirmed_at
    appeal.save(update_fields=["settled_at"])
    carry_out(contest, ruling, by=by)
    told = {"n": appeal.number, "outcome": ruling.outcome, "effect": ruling.effect}
    record(by, "ruling.confirmed", contest.subject, **told, proposed_by=ruling.proposed_by.username)
    return ruling


def put_in_force(ruling: Ruling, contest: Round, *, by: User) -> None:
    """Sign it, with the verdict that it gives. Raises CannotRule."""
    if ruling.effect == RulingEffect.VERDICT:
        ruling.verdict = judge_anew(ruling, by=by)
    ruling.confirmed_by, ruling.confirmed_at = by, clock()
    ruling.after_step = contest.transitions.aggregate(last=Max("number"))["last"]
    ruling.save(update_fields=["confirmed_by", "confirmed_at", "after_step", "verdict"])


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of an entry by a ruling."""

    name: str
    before: str
    after: str


@transaction.atomic
def foresee(ruling: Ruling, *, by: User) -> list[Change]:
    """What would become of whom if it were confirmed now, found by doing it and taking it back. Raises CannotRule."""
    contest = held(ruling.appeal.round)
    before, tried = _states(contest), _unsettled(ruling, contest)
    put_in_force(tried, contest, by=by)
    carry_out(contest, tried, by=by)
    after = _states(contest)
    transaction.set_rollback(True)
    return [Change(name, before[name], after[name]) for name in before if before[name] != after[name]]


def _states(contest: Round) -> dict[str, str]:
    return dict(contest.participations.order_by("entry__name").values_list("entry__name", "state"))


@transaction.atomic
def withdraw_ruling(ruling: Ruling, *, by: User) -> None:
    """Any organizer of the panel may end the waiting; then another ruling can be proposed. Raises CannotRule."""
    contest, appeal = _heard(ruling.appeal, by)
    ruling = _unsettled(ruling, contest)
    ruling.withdrawn_by = by
    ruling.save(update_fields=["withdrawn_by"])
    record(by, "ruling.withdrawn", contest.subject, n=appeal.number)


@transaction.atomic
def dissent(ruling: Ruling, *, by: User, words: str, words_ko: str = "") -> Dissent:
    """Say what another organizer of the panel holds against it; published with the ruling. Raises CannotRule."""
    contest, appeal = _heard(ruling.appeal, by)
    ruling = Ruling.objects.get(pk=ruling.pk)
    if ruling.withdrawn_by_id:
        raise CannotRule(_("it has been withdrawn"))
    if by.pk in (ruling.proposed_by_id, ruling.confirmed_by_id):
        raise CannotRule(_("who signs a ruling does not dissent from it"))
    words, words_ko = as_text(words), as_text(words_ko)
    refuse_unsaid(words, words_ko)
    if ruling.dissents.filter(by=by).exists():
        raise CannotRule(_("you have dissented from it already"))
    record(by, "ruling.dissented", contest.subject, n=appeal.number)
    return Dissent.objects.create(ruling=ruling, by=by, words=words, words_ko=words_ko)


def refuse_unfit(contest: Round, person: User) -> None:
    """Raise CannotRule for who is no organizer, or judges in their own cause."""
    if not (person.is_staff and person.is_active):
        raise CannotRule(_("{name} is no organizer").format(name=person.username))
    if conflict := conflict_of(contest, person):
        raise CannotRule(_in_their_own_cause(person, conflict))


def _in_their_own_cause(person: User, team: Team) -> str:
    return _("{name} is a member of {team}, which takes part in this round").format(
        name=person.username, team=team.name
    )


def _heard(appeal: Appeal, by: User) -> tuple[Round, Appeal]:
    """The round, held, and its appeal as they are now. Raises CannotRule where nothing is ruled any more, or yet."""
    # The round first, as all who move it: two who rule at once queue up there.
    contest = held(appeal.round)
    refuse_unfit(contest, by)
    if contest.state == RoundState.FINAL:
        raise CannotRule(_("its result is final, and nothing is ruled on it any more"))
    if contest.state != RoundState.APPEAL:
        raise CannotRule(_("appeals are heard once they are opened, while the result is not final"))
    return contest, Appeal.objects.select_related("team", "round").get(pk=appeal.pk)


def _still_waiting(appeal: Appeal, by: User) -> tuple[Round, Appeal]:
    contest, appeal = _heard(appeal, by)
    if not appeal.waits:
        raise CannotRule(_("it has been ruled on or withdrawn already"))
    return contest, appeal


def _unsettled(ruling: Ruling, contest: Round) -> Ruling:
    found = Ruling.objects.select_related("appeal__team", "part__entry", "proposed_by").get(pk=ruling.pk)
    if not found.waits:
        raise CannotRule(_("it has been settled already"))
    if found.part:
        found.part.round = contest
    return found
