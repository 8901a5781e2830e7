"""The panel of a call: who sits on it, how each votes, and what follows by its majority, signed by two organizers.

Whoever is admitted has the yes of more than half of the whole panel, not of those who voted: who abstains or stays
away helps nobody in. Where more have it than there are places, those with more yes come first, then those with fewer
no, then who applied earlier. Nobody having it is an outcome like any other: no one is admitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import Membership, User
from leaderboard.calls import (
    JOINABLE,
    CannotCall,
    Stage,
    held_call,
    next_round,
    outcome_of,
    refuse_stranger,
    sitting,
    stage,
    standing,
    waiting_outcome,
)
from leaderboard.entering import CannotMove
from leaderboard.models import Application, Call, CallOutcome, Panelist, PanelVerdict, PanelVote, Round, RoundState
from leaderboard.participations import CannotChange, admit_wildcard
from leaderboard.reasons import amiss
from leaderboard.states import clock, move

FEWEST = 3  # of a panel: with two, one alone could always keep everybody out


@dataclass(frozen=True, slots=True)
class Count:
    """How the panel's votes on one application stand."""

    application: Application
    yes: int
    no: int
    abstain: int
    missing: int

    @property
    def has_majority(self) -> bool:
        return 2 * self.yes > self.yes + self.no + self.abstain + self.missing


@dataclass(frozen=True, slots=True)
class Plan:
    """What confirming an outcome would do: who comes into which round, and by how many days its end moves."""

    admitted: tuple[Application, ...]
    into: Round | None
    days: int

    @property
    def ids(self) -> list[int]:
        return [one.pk for one in self.admitted]


@transaction.atomic
def seat_panel(call: Call, users: Sequence[User], *, by: User) -> list[Panelist]:
    """Name the panel, once, when it is known who applies. Raises CannotCall."""
    refuse_stranger(by)
    call = held_call(call)
    if stage(call) != Stage.CLOSED:
        raise CannotCall(_("a panel is named once, between the end of the applications and the end of its votes"))
    if not standing(call).exists():
        raise CannotCall(_("nobody has applied, so that there is nothing to vote on"))
    if len({user.pk for user in users}) < max(FEWEST, len(users)):
        raise CannotCall(_("a panel has at least {n} members, each named once").format(n=FEWEST))
    for user in users:
        refuse_partial(call, user)
    seated = [Panelist.objects.create(call=call, user=user, seated_by=by) for user in users]
    record(by, "call.panel_seated", call.subject, who=", ".join(user.username for user in users))
    return seated


@transaction.atomic
def replace_panelist(call: Call, *, leaves: User, comes: User, by: User, reason: str, reason_ko: str = "") -> Panelist:
    """Name somebody else instead of one of the panel, as long as nobody has voted. Raises CannotCall."""
    refuse_stranger(by)
    call = held_call(call)
    seat = sitting(call).filter(user=leaves).first()
    if seat is None:
        raise CannotCall(_("{name} is not on the panel of this call").format(name=leaves.username))
    if stage(call) != Stage.VOTING or PanelVote.objects.filter(application__call=call).exists():
        raise CannotCall(_("the panel has begun to vote, or its time is over; it stays as it is"))
    if call.panel.filter(user=comes).exists():
        raise CannotCall(_("{name} is or was on the panel of this call").format(name=comes.username))
    refuse_partial(call, comes)
    if words := amiss(reason, reason_ko):
        raise CannotCall(words)
    record(
        by,
        "call.panelist_replaced",
        call.subject,
        who=leaves.username,
        comes=comes.username,
        reason=reason.strip(),
        reason_ko=reason_ko.strip(),
    )
    return Panelist.objects.create(call=call, user=comes, seated_by=by, replaces=seat)


def refuse_partial(call: Call, user: User) -> None:
    """Raise CannotCall for somebody who may not judge these applications."""
    if not user.is_active:
        raise CannotCall(_("the account of {name} is closed").format(name=user.username))
    conflict = (
        Membership.objects.filter(user=user, team__applications__in=standing(call)).select_related("team").first()
    )
    if conflict:
        raise CannotCall(
            _("{name} belongs to {team}, which applies").format(name=user.username, team=conflict.team.name)
        )


@transaction.atomic
def cast_panel_vote(application: Application, *, by: User, verdict: str, reason: str, reason_ko: str = "") -> PanelVote:
    """One of the panel says yes, no or nothing to an application, once. Raises CannotCall."""
    call = held_call(application.call)
    panelist = sitting(call).filter(user=by).first()
    if panelist is None:
        raise CannotCall(_("you are not on the panel of this call"))
    if stage(call) != Stage.VOTING or waiting_outcome(call):
        raise CannotCall(_("the panel votes until its time ends or its outcome is asked for"))
    refuse_partial(call, by)
    if not standing(call).filter(pk=application.pk).exists():
        raise CannotCall(_("{team} has withdrawn its application").format(team=application.team.name))
    if verdict not in PanelVerdict.values:
        raise CannotCall(_("a vote is yes, no or abstain"))
    if words := amiss(reason, reason_ko):
        raise CannotCall(words)
    try:
        with transaction.atomic():
            made = PanelVote.objects.create(
                application=application,
                panelist=panelist,
                verdict=verdict,
                reason=reason.strip(),
                reason_ko=reason_ko.strip(),
            )
    except IntegrityError:
        raise CannotCall(_("you have voted on this application, and a vote is not changed")) from None
    record(by, "call.voted", call.subject, team=application.team.name)
    return made


def counts(call: Call) -> list[Count]:
    """The applications with the panel's votes on each, those with more yes first."""
    size = sitting(call).count()
    rows = standing(call).select_related("team", "entry").prefetch_related("votes")
    return sorted((_count(row, size) for row in rows), key=lambda one: (-one.yes, one.no, one.application.pk))


def _count(row: Application, size: int) -> Count:
    said = [vote.verdict for vote in row.votes.all()]
    yes, no, abstain = (said.count(verdict) for verdict in PanelVerdict.values)
    return Count(row, yes, no, abstain, size - len(said))


def by_the_votes(call: Call) -> list[Application]:
    """Whom the panel admits: those with its majority, as many as there are places."""
    return [one.application for one in counts(call) if one.has_majority][: call.places]


def ready(call: Call) -> bool:
    """Whether the votes are in: all of them, or the time for them is over; or nobody has applied."""
    found = stage(call)
    if found == Stage.OVER:
        return True
    if found == Stage.CLOSED:
        return not standing(call).exists()
    return found == Stage.VOTING and not any(one.missing for one in counts(call))


def plan(call: Call) -> Plan:
    """What the panel's votes entail as things stand. Raises CannotCall."""
    admitted = by_the_votes(call)
    if not admitted:
        return Plan((), None, 0)
    into = next_round(call.after)
    if into is None:
        raise CannotCall(_("there is no next round to come into; draft it first"))
    if into.state not in JOINABLE:
        raise CannotCall(_("the next round is {state}, and nobody comes into it any more").format(state=into.state))
    late = clock() - into.opens_at if into.state == RoundState.OPEN else timedelta()
    return Plan(tuple(admitted), into, max(0, ceil(late / timedelta(days=1))))


@transaction.atomic
def propose_outcome(call: Call, *, by: User, reason: str, reason_ko: str = "") -> CallOutcome:
    """Ask for what the panel's votes entail. It is so when another organizer confirms it. Raises CannotCall."""
    refuse_stranger(by)
    call = held_call(call)
    if outcome_of(call):
        raise CannotCall(_("the call is decided already"))
    if waiting_outcome(call):
        raise CannotCall(_("its outcome waits to be confirmed already"))
    if not ready(call):
        raise CannotCall(_("the panel has not voted on everything yet, and its time is not over"))
    if words := amiss(reason, reason_ko):
        raise CannotCall(words)
    found = plan(call)
    asked = CallOutcome.objects.create(
        call=call,
        admitted=found.ids,
        into=found.into,
        days=found.days,
        reason=reason.strip(),
        reason_ko=reason_ko.strip(),
        asked_by=by,
    )
    record(by, "call.outcome_asked", call.subject, admitted=len(found.ids), reason=asked.reason)
    return asked


@transaction.atomic
def confirm_outcome(outcome: CallOutcome, *, by: User) -> CallOutcome:
    """The second signature: who is admitted comes in, and the end moves for equal time. Raises CannotCall."""
    refuse_stranger(by)
    call = held_call(outcome.call)
    outcome = still_waiting(outcome)
    if by == outcome.asked_by:
        raise CannotCall(_("who has asked for it cannot confirm it, too"))
    found = plan(call)
    if (found.ids, found.into, found.days) != (outcome.admitted, outcome.into, outcome.days):
        raise CannotCall(_("things have changed since this was asked for; withdraw it and ask again"))
    CallOutcome.objects.filter(pk=outcome.pk).update(confirmed_by=by, settled_at=Now())
    record(by, "call.decided", call.subject, admitted=len(found.ids), confirmed_by=by.username)
    try:
        let_in(call, found, outcome)
    except (CannotChange, CannotMove) as why:
        raise CannotCall(str(why)) from None
    outcome.refresh_from_db()
    return outcome


def let_in(call: Call, found: Plan, outcome: CallOutcome) -> None:
    """Raises CannotChange, CannotMove."""
    if found.into is None:
        return
    for one in found.admitted:
        reasons = {"reason": f"Admitted by call {call.number}.", "reason_ko": f"모집 {call.number}에서 뽑혔습니다."}
        admit_wildcard(found.into, one.entry, by=outcome.asked_by, **reasons)
    if found.days:
        n = found.days
        move(
            found.into,
            RoundState.OPEN,
            by=outcome.asked_by,
            reason=f"Equal time for who was admitted by call {call.number}: it came {n} days after the round opened.",
            reason_ko=f"모집 {call.number}에서 뽑힌 모델이 {n}일 늦게 들어왔으므로 같은 시간을 줍니다.",
            ends_at=found.into.ends_at + timedelta(days=n),
        )


@transaction.atomic
def withdraw_outcome(outcome: CallOutcome, *, by: User) -> None:
    """Any organizer may end the waiting. Raises CannotCall."""
    refuse_stranger(by)
    held_call(outcome.call)
    still_waiting(outcome)
    CallOutcome.objects.filter(pk=outcome.pk).update(withdrawn_by=by, settled_at=Now())
    record(by, "call.outcome_withdrawn", outcome.call.subject)


def still_waiting(outcome: CallOutcome) -> CallOutcome:
    found = CallOutcome.objects.select_related("asked_by", "into").get(pk=outcome.pk)
    if found.settled_at:
        raise CannotCall(_("it has been settled already"))
    return found
