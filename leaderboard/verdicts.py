"""Verdicts on whether an entry may compete: given by one organizer, or by two where somebody goes out or comes in.

A verdict is never changed: a newer one on the same axis takes its place, and says why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from leaderboard.evidence import Evidence
from leaderboard.models import (
    Axis,
    EligibilityVerdict,
    Outcome,
    Participation,
    ParticipationRole,
    Round,
    RoundState,
    VerdictProposal,
)
from leaderboard.reasons import amiss, as_text, text_amiss

# Once the result is published, a verdict comes with the ruling on an appeal.
GIVEN_IN = (RoundState.OPEN, RoundState.FROZEN, RoundState.CLOSED, RoundState.TALLIED)
REVIEWER_LENGTH = 120


class CannotJudge(Exception):
    """No verdict is given, or nobody is taken out by it; the words say why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verdict says. why_anew: why the one before it on this axis does not stand."""

    outcome: Outcome
    reason: str
    reason_ko: str = ""
    findings: str = ""
    findings_ko: str = ""
    why_anew: str = ""
    why_anew_ko: str = ""
    reviewer: str = ""
    evidence: list[Evidence] = field(default_factory=list)


def verdicts_of(contest: Round) -> dict[tuple[int, str], EligibilityVerdict]:
    """The verdict that stands, by participation and axis."""
    found = EligibilityVerdict.objects.filter(part__round=contest).select_related("part__entry").order_by("number")
    return {(one.part_id, one.axis): one for one in found}


def verdict_on(part: Participation, axis: Axis) -> EligibilityVerdict | None:
    """The one that stands."""
    return part.verdicts.filter(axis=axis).order_by("-number").first()


def waiting_verdict(part: Participation, axis: Axis) -> VerdictProposal | None:
    """The verdict that waits for a second organizer, if one does."""
    return part.verdict_proposals.filter(axis=axis, withdrawn_by=None, verdict=None).select_related("asked_by").first()


def waiting_verdicts(contest: Round) -> QuerySet[VerdictProposal]:
    """All that wait in a round."""
    found = VerdictProposal.objects.filter(part__round=contest, withdrawn_by=None, verdict=None)
    return found.select_related("asked_by").order_by("id")


def needs_two(outcome: Outcome, before: EligibilityVerdict | None) -> bool:
    """Who goes out goes by the word of two, and what two have found is not undone by one."""
    return outcome == Outcome.FAILED or (before is not None and before.outcome == Outcome.FAILED)


@transaction.atomic
def give_verdict(part: Participation, axis: Axis, said: Finding, *, by: User) -> EligibilityVerdict:
    """Give a verdict that one organizer may give. Raises CannotJudge."""
    refuse_stranger(by)
    contest = _held(part.round)
    refuse_verdict(contest, part)
    if needs_two(said.outcome, verdict_on(part, axis)):
        raise CannotJudge(
            _("somebody goes out by it or comes back in, so that one organizer asks and another confirms")
        )
    return write_verdict(part, axis, said, by=by)


@transaction.atomic
def propose_verdict(part: Participation, axis: Axis, said: Finding, *, by: User) -> VerdictProposal:
    """Ask for a verdict that needs two. It is given when another organizer confirms it. Raises CannotJudge."""
    refuse_stranger(by)
    contest = _held(part.round)
    refuse_verdict(contest, part)
    before = verdict_on(part, axis)
    if not needs_two(said.outcome, before):
        raise CannotJudge(_("one organizer is enough for that"))
    if waiting_verdict(part, axis):
        raise CannotJudge(_("another verdict waits to be confirmed; confirm or withdraw that first"))
    told = checked(said, before)
    _log(by, "verdict.asked", part, axis, told)
    return VerdictProposal.objects.create(part=part, axis=axis, said=told, asked_by=by)


@transaction.atomic
def confirm_verdict(proposal: VerdictProposal, *, by: User) -> EligibilityVerdict:
    """Give the verdict that another organizer has asked for. Raises CannotJudge."""
    refuse_stranger(by)
    contest, proposal = _still_waiting(proposal)
    if by == proposal.asked_by:
        raise CannotJudge(_("who has asked for it cannot confirm it, too"))
    refuse_stranger(proposal.asked_by)
    refuse_verdict(contest, proposal.part)
    said = finding_of(proposal.said)
    proposal.verdict = write_verdict(proposal.part, Axis(proposal.axis), said, by=proposal.asked_by, confirmed_by=by)
    proposal.save(update_fields=["verdict"])
    return proposal.verdict


@transaction.atomic
def withdraw_verdict(proposal: VerdictProposal, *, by: User) -> None:
    """Any organizer may end the waiting. Raises CannotJudge."""
    refuse_stranger(by)
    _contest, proposal = _still_waiting(proposal)
    proposal.withdrawn_by = by
    proposal.save(update_fields=["withdrawn_by"])
    _log(by, "verdict.withdrawn", proposal.part, Axis(proposal.axis), proposal.said)


def write_verdict(
    part: Participation, axis: Axis, said: Finding, *, by: User, confirmed_by: User | None = None
) -> EligibilityVerdict:
    """Store the next verdict on this axis. In the caller's transaction, which holds the round. Raises CannotJudge.

    Also for a ruling on an appeal: whether the round's state lets one be given is the caller's to look at, and what
    follows from it is `eligibility.keep_gate`'s to do.
    """
    before = verdict_on(part, axis)
    if needs_two(said.outcome, before) and confirmed_by in (None, by):
        raise CannotJudge(
            _("somebody goes out by it or comes back in, so that one organizer asks and another confirms")
        )
    told = checked(said, before)
    _log(by, "verdict.given", part, axis, told, confirmed_by=confirmed_by.username if confirmed_by else "")
    number = before.number + 1 if before else 1
    return EligibilityVerdict.objects.create(
        part=part, axis=axis, number=number, by=by, confirmed_by=confirmed_by, **told
    )


def refuse_verdict(contest: Round, part: Participation) -> None:
    """Raise CannotJudge where nobody is judged, or not now."""
    if contest.leg:
        raise CannotJudge(_("a run-off has no gate of its own; the verdicts of its round hold in it"))
    if contest.state in (RoundState.PROVISIONAL, RoundState.APPEAL):
        raise CannotJudge(_("its result is published; a verdict comes with the ruling on an appeal now"))
    if contest.state not in GIVEN_IN:
        raise CannotJudge(_("it is {state}, and nobody is judged then").format(state=contest.state))
    if part.role == ParticipationRole.REFERENCE:
        raise CannotJudge(_("a reference does not compete"))


def checked(said: Finding, before: EligibilityVerdict | None) -> dict[str, Any]:
    """What a verdict says, as it is stored. Raises CannotJudge."""
    told = asdict(said) | {
        name: as_text(getattr(said, name))
        for name in ("reason", "reason_ko", "findings", "findings_ko", "why_anew", "why_anew_ko", "reviewer")
    }
    problem = (
        amiss(told["reason"], told["reason_ko"])
        or text_amiss(told["findings"], told["findings_ko"])
        or _amiss_anew(told, before)
    )
    if not problem and (len(told["reviewer"]) > REVIEWER_LENGTH or not told["reviewer"].isprintable()):
        problem = _("who looked into it is named in one line of at most {n} characters").format(n=REVIEWER_LENGTH)
    if problem:
        raise CannotJudge(problem)
    return told | {"outcome": str(said.outcome)}


def _amiss_anew(told: Mapping[str, str], before: EligibilityVerdict | None) -> str | None:
    if before is None:
        return _("there is no verdict before it, so there is nothing to be said of one") if told["why_anew"] else None
    if not told["why_anew"]:
        return _("it takes the place of another verdict, and has to say why that one does not stand")
    return amiss(told["why_anew"], told["why_anew_ko"])


def finding_of(told: Mapping[str, Any]) -> Finding:
    """What was asked for, as it was stored."""
    return Finding(**{**told, "outcome": Outcome(told["outcome"])})


def refuse_stranger(person: User) -> None:
    if not (person.is_staff and person.is_active):
        raise CannotJudge(_("{name} is no organizer").format(name=person.username))


def _still_waiting(proposal: VerdictProposal) -> tuple[Round, VerdictProposal]:
    contest = _held(proposal.part.round)
    found = VerdictProposal.objects.select_related("asked_by", "part__entry", "part__round").get(pk=proposal.pk)
    if found.verdict_id or found.withdrawn_by_id:
        raise CannotJudge(_("it has been settled already"))
    return contest, found


def _held(contest: Round) -> Round:
    """The round as it is now: nobody publishes its result while somebody is judged."""
    return Round.objects.select_for_update(of=("self",)).get(pk=contest.pk)


def _log(by: User, action: str, part: Participation, axis: Axis, told: Mapping[str, Any], **more: str) -> None:
    said = {"who": part.entry.slug, "axis": str(axis), "outcome": str(told["outcome"])}
    record(by, action, part.round.subject, **said, reason=told["reason"], reason_ko=told["reason_ko"], **more)
